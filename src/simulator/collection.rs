//! What CUPI's objects are made of: collections, the elements of their objects, and what an element may hold.
//!
//! The list of all collections is in `collections.rs`.

use std::time::SystemTime;

/// One kind of object, and where it is.
pub struct Collection {
    /// The path of the list below `/vmrest/`; `{}` stands for the id of the object that the list belongs to.
    pub path: &'static str,
    /// The root of the list; none where there is no list.
    pub root: Option<&'static str>,
    /// The name of one object.
    pub item: &'static str,
    /// The element that tells objects apart in a path; none where there is one object alone, at `path`.
    pub key: Option<&'static str>,
    /// The second part of the ids of these objects.
    pub tag: &'static str,
    /// Whether the guide prints `total="N"` on the list.
    pub total: bool,
    /// The elements, in the guide's order.
    pub elements: &'static [Element],
    /// The methods on the list, and on one object.
    pub methods: [&'static [&'static str]; 2],
    /// The query parameter that is all a PUT may set, and the flag that refuses it.
    pub secret: Option<(&'static str, &'static str)>,
    /// The flag that tells a person's own objects from the administrator's, and the query parameter that asks for it.
    pub own: Option<(&'static str, &'static str)>,
    /// The most objects of their own that a person may have.
    pub limit: Limit,
    /// The elements whose text no two objects share.
    pub unique: &'static [&'static str],
    /// A flag, and the element without which it cannot be true.
    pub needs: Option<(&'static str, &'static str)>,
    /// The objects that cannot be disabled, by their keys.
    pub always_enabled: &'static [&'static str],
}

/// The beginning of every entry: objects that can only be read.
pub const READ_ONLY: Collection = Collection {
    path: "",
    root: None,
    item: "",
    key: Some("ObjectId"),
    tag: "",
    total: false,
    elements: &[],
    methods: [&["GET"], &["GET"]],
    secret: None,
    own: None,
    limit: Limit::None,
    unique: &[],
    needs: None,
    always_enabled: &[],
};

/// How many objects there may be.
#[derive(Clone, Copy)]
pub enum Limit {
    /// Any number.
    None,
    /// So many.
    Count(usize),
    /// As many as this element of the class of service says.
    Cos(&'static str),
}

/// One element of an object.
#[derive(Clone, Copy)]
#[must_use]
pub struct Element {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it can be written.
    pub access: Access,
    /// Where it is printed.
    pub shown: Shown,
    /// The flag of the class of service without which it cannot be written.
    pub right: Option<&'static str>,
}

/// Whether an element can be written.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Access {
    /// It cannot.
    Read,
    /// It can.
    Write,
    /// It can, and it may be neither missing in a new object nor empty.
    Required,
}

/// Where an element is printed.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Shown {
    /// Wherever the object is.
    Always,
    /// In lists alone.
    Lists,
    /// Where the object stands alone, and in lists where the switch `device_lists` says so.
    Alone,
    /// Wherever the object is, by releases that know it.
    Since2019,
    /// Where the class of service gives the right to write it.
    Permitted,
    /// Nowhere: clients send it.
    Never,
}

/// What an element holds, which decides how it is spelled and what can be written.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A link; `{Name}` stands for the text of another element.
    Uri(&'static str),
    /// Yes or no.
    Flag,
    /// A text of at most so many characters.
    Text(usize),
    /// At most so many of the signs that can be dialled.
    Digits(usize),
    /// A number between two.
    Number(u32, u32),
    /// An object id.
    Id,
    /// A moment in GMT. Its absence means "never".
    Time,
    /// Some of these events; those that end in `!` stand alone.
    Events(&'static [&'static str]),
    /// Times of day.
    Hours,
    /// The type of a greeting.
    GreetingType,
}

/// Makes an element that can only be read.
pub const fn read(name: &'static str, kind: Kind) -> Element {
    Element { name, kind, access: Access::Read, shown: Shown::Always, right: None }
}

/// Makes an element that can be written.
pub const fn write(name: &'static str, kind: Kind) -> Element {
    Element { access: Access::Write, ..read(name, kind) }
}

impl Element {
    /// Says that the element is required.
    pub const fn required(self) -> Self {
        Self { access: Access::Required, ..self }
    }

    /// Says where the element is printed.
    pub const fn shown(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }

    /// Says which right it takes to write the element.
    pub const fn right(self, flag: &'static str) -> Self {
        Self { right: Some(flag), ..self }
    }
}

impl Kind {
    /// Reads a text that is to be written, in the form in which it is kept. There is none where it cannot be written.
    pub fn accept(self, text: &str) -> Option<String> {
        let dialled = |character: char| character.is_ascii_digit() || "*#+,".contains(character);
        match self {
            Self::Text(longest) if text.chars().count() <= longest => Some(text.to_owned()),
            Self::Digits(longest) if text.len() <= longest && text.chars().all(dialled) => {
                Some(text.to_owned())
            }
            Self::Flag => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" => Some("true".to_owned()),
                "false" | "0" => Some("false".to_owned()),
                _ => None,
            },
            Self::Number(least, most) => {
                let number: u32 = text.trim().parse().ok()?;
                (least..=most).contains(&number).then(|| number.to_string())
            }
            Self::Id => is_uuid(text.trim()).then(|| text.trim().to_ascii_lowercase()),
            Self::Time => moment(text.trim()),
            Self::Events(known) => {
                let events: Vec<_> = text.split(',').map(str::trim).collect();
                let among = |event: &&str| known.contains(event);
                let alone =
                    |event: &&str| known.iter().any(|known| known.strip_suffix('!') == Some(event));
                match events.as_slice() {
                    [event] if alone(event) => Some(text.trim().to_owned()),
                    events if events.iter().all(among) => Some(text.trim().to_owned()),
                    _ => None,
                }
            }
            Self::Hours => {
                let hours = text.split(',').all(|hour| is_hour(hour.trim()));
                (text.is_empty() || hours).then(|| text.trim().to_owned())
            }
            Self::Text(_) | Self::Digits(_) | Self::Uri(_) | Self::GreetingType => None,
        }
    }
}

/// Tells whether a text has the form of an object id.
pub fn is_uuid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

/// Tells the time in the form in which moments are kept: two of them compare as texts do.
pub fn now() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.trim_end_matches('Z').replace('T', " ")
}

/// Reads `YYYY-MM-DD HH:MM:SS` and a fraction, which is not kept.
fn moment(text: &str) -> Option<String> {
    let (time, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits =
        (1..=9).contains(&fraction.len()) && fraction.bytes().all(|byte| byte.is_ascii_digit());
    let form = time.len() == 19 && time.as_bytes().get(10) == Some(&b' ');
    let known = humantime::parse_rfc3339_weak(time).is_ok();
    (digits && form && known).then(|| time.to_owned())
}

/// Tells whether a text is a time of day, such as `9:00` or `17:30`.
fn is_hour(text: &str) -> bool {
    let below = |text: &str, limit: u32| {
        text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u32>().is_ok_and(|number| number < limit)
    };
    let parts = text.split_once(':');
    parts.is_some_and(|(hours, minutes)| {
        hours.len() <= 2 && minutes.len() == 2 && below(hours, 24) && below(minutes, 60)
    })
}
