//! A JSON body, held against the rows of a [`Table`], into the XML that Unity Connection gets.
//!
//! Each refusal names the property and its rule and quotes no value: a value may be a secret.

use std::time::SystemTime;

use secrecy::ExposeSecret;

use super::body::{Body, Value};
use super::property::{Kind, Property};
use super::{Elements, Secret, Table, Word, refuse, time};
use crate::config::NoEndDate;
use crate::error::Error;
use crate::error::names::list_names;
use crate::object_id::ObjectId;
use crate::xml;

/// What a body is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A new object: what it needs must be there.
    Create,
    /// Changes: at least one.
    Change,
}

/// What the writing of a body needs besides.
#[derive(Clone, Copy, Debug)]
pub struct Writing<'a> {
    /// What the body is for.
    pub purpose: Purpose,
    /// The type or id of the object.
    pub key: Option<&'a str>,
    /// Now: a time must lie behind it.
    pub now: SystemTime,
    /// How "enabled without end" is sent.
    pub no_end_date: NoEndDate,
}

impl Table {
    /// The document to send for a body.
    pub fn write(&self, json: &[u8], writing: Writing<'_>) -> Result<String, Error> {
        let body = self.read_body(json, writing.purpose)?;
        let mut elements = Elements::new();
        for (row, value) in self.rows_of(&body) {
            elements.extend(row.encode(value, &body).map_err(|rule| refuse(&row.name(), &rule))?);
        }
        self.check_whole(&body, writing.purpose)?;
        self.write_until(&body, writing, &mut elements)?;
        if let Some(rules) = self.rules {
            rules(&body, &mut elements)?;
        }
        elements.sort_by_key(|(element, _)| self.order_of(element));
        let [item, _] = self.elements;
        Ok(xml::write(item, &elements))
    }

    /// The secret that a body sets.
    pub fn write_secret(&self, json: &[u8]) -> Result<Secret, Error> {
        let body = self.read_body(json, Purpose::Create)?;
        let found = self.rows_of(&body).next();
        match found {
            Some((row, Value::Text(secret))) if row.kind.fits(secret.expose_secret()) => {
                Ok((row.element, secret.clone()))
            }
            Some((row, _)) => Err(refuse(&row.name(), &row.rule())),
            None => Err(self.check_whole(&body, Purpose::Create).err().unwrap_or_else(no_object)),
        }
    }

    /// The properties of a body, each of them known and there once.
    fn read_body(&self, json: &[u8], purpose: Purpose) -> Result<Body, Error> {
        let Some(body) = Body::parse(json)? else {
            // Says what is missing in an object, where something is.
            return Err(self.missing(&Body::default(), purpose).unwrap_or_else(no_object));
        };
        let known = self.writable_names();
        let unknown = body.iter().map(|(name, _)| name);
        let unknown = unknown.filter(|name| !known.iter().any(|known| known == name));
        if let Some(unknown) = list_names(unknown) {
            return Err(Error::InvalidBody(format!(
                "The property {unknown} cannot be written here. Remove it from the body."
            )));
        }
        for name in &known {
            if body.iter().filter(|(other, _)| other == name).count() > 1 {
                return Err(refuse(name, "stands in the body more than once. Send it once."));
            }
        }
        Ok(body)
    }

    /// Refuses a body in which something is missing.
    fn check_whole(&self, body: &Body, purpose: Purpose) -> Result<(), Error> {
        if let Some(missing) = self.missing(body, purpose) {
            return Err(missing);
        }
        if body.iter().next().is_some() {
            return Ok(());
        }
        let names: Vec<_> = self.writable_names().iter().map(|name| format!("`{name}`")).collect();
        let names = match names.as_slice() {
            [one] => one.clone(),
            [one, other] => format!("{one}, {other} or both"),
            _ => format!("at least one of {}", names.join(", ")),
        };
        Err(Error::InvalidBody(format!("The body changes nothing. Send {names}.")))
    }

    fn missing(&self, body: &Body, purpose: Purpose) -> Option<Error> {
        let needed = |row: &&Property| row.is_needed && purpose == Purpose::Create;
        let mut names = self.properties.iter().filter(needed).map(Property::name);
        let missing = names.find(|name| body.get(name).is_none())?;
        Some(refuse(&missing, "is missing. Add it to the body."))
    }

    /// Each property of the body with its row, in the body's order.
    fn rows_of<'a>(&self, body: &'a Body) -> impl Iterator<Item = (&'static Property, &'a Value)> {
        let rows = self.properties;
        body.iter().filter_map(move |(name, value)| {
            let row = rows.iter().find(|row| row.is_writable() && row.name() == name)?;
            Some((row, value))
        })
    }

    /// The names of the properties that a body may have.
    pub fn writable_names(&self) -> Vec<String> {
        let rows = self.properties.iter().filter(|row| row.is_writable());
        rows.map(Property::name).collect()
    }

    /// The place of an element among those that are written; the last where nothing is said of it.
    fn order_of(&self, element: &str) -> usize {
        let found = match self.order {
            [] => self.properties.iter().position(|row| row.element == element),
            order => order.iter().position(|known| *known == element),
        };
        found.unwrap_or(usize::MAX)
    }
}

impl Property {
    /// The elements to send for a value, or the rule that it breaks.
    fn encode(&self, value: &Value, body: &Body) -> Result<Elements, String> {
        let text = match self.kind {
            Kind::Enabled(_) if value.flag().is_some() => return Ok(Elements::new()),
            Kind::EnabledUntil if value.is_null() => return Ok(Elements::new()),
            Kind::EnabledUntil => {
                let time = value.text().and_then(time::parse_rfc3339);
                let time = time.filter(|time| *time != time::NO_END);
                return time.map(|_| Elements::new()).ok_or_else(|| self.rule());
            }
            _ if self.is_clearable && value.is_null() => Some(String::new()),
            Kind::Own(own) => return (own.write)(value, body),
            _ => self.encode_text(value),
        };
        Ok(vec![(self.element, text.ok_or_else(|| self.rule())?)])
    }

    /// CUPI's spelling of a value, where it is one of this kind.
    fn encode_text(&self, value: &Value) -> Option<String> {
        match self.kind {
            Kind::Flag => value.flag().map(|flag| flag.to_string()),
            Kind::Number(least, most) => {
                let number = value.integer()?;
                (i64::from(least)..=i64::from(most)).contains(&number).then(|| number.to_string())
            }
            Kind::OneOf(words) => their_word(words, value.text()?).map(str::to_owned),
            Kind::SomeOf(words, writable) => their_words(words, writable, &value.texts()?),
            Kind::Id => ObjectId::parse(value.text()?).map(|id| id.to_string()),
            Kind::Text(_) | Kind::Digits(..) | Kind::MailAddress(_) => {
                let text = value.text()?;
                self.kind.fits(text).then(|| text.to_owned())
            }
            _ => None,
        }
    }

    /// What a value must be, as the end of a sentence that begins with the property.
    fn rule(&self) -> String {
        let or_null = if self.is_clearable { "`null` or " } else { "" };
        let rule = match self.kind {
            Kind::Flag | Kind::Enabled(_) => "`true` or `false`. Send one of them.".to_owned(),
            Kind::Number(least, most) => {
                format!("an integer from {least} to {most}. Send such a one.")
            }
            Kind::OneOf(words) => {
                let words = words.iter().map(|(ours, _)| *ours);
                format!("one of {}. Send one of them.", quoted(words))
            }
            Kind::SomeOf(_, writable) => {
                let words = quoted(writable.iter().copied());
                format!("a list of some of {words}, each at most once. Send such a one.")
            }
            Kind::Id => "a UUID. Send one as another resource gives it.".to_owned(),
            Kind::Text(most) => format!(
                "a string of 1 to {most} characters that XML can carry: no control characters. Leave it out to say \
                 nothing of it."
            ),
            Kind::MailAddress(most) => format!(
                "a mail address of at most {most} characters, without blanks and with an `@` within. Send such a one."
            ),
            Kind::Digits(charset, most) | Kind::Secret(charset, most) if !charset.is_empty() => {
                format!("a string of 1 to {most} {}. Send such a one.", characters(charset))
            }
            Kind::Digits(_, most) | Kind::Secret(_, most) => {
                format!("a string of 1 to {most} characters. Send such a one.")
            }
            Kind::EnabledUntil => {
                "a time with an offset, such as `2031-02-14T18:30:00+01:00`. Send such a one."
                    .to_owned()
            }
            Kind::ObjectId | Kind::Type | Kind::Link(_) | Kind::Own(_) => "left out.".to_owned(),
        };
        format!("must be {or_null}{rule}")
    }
}

impl Kind {
    /// Whether a text can be written.
    pub fn fits(&self, text: &str) -> bool {
        let length = text.chars().count();
        match self {
            Self::Text(most) => (1..=*most).contains(&length) && xml::can_carry(text),
            Self::MailAddress(most) => {
                let mut inner = text.chars();
                let _ends = (inner.next(), inner.next_back());
                let plain = |c: char| !c.is_whitespace() && !c.is_control();
                length <= *most
                    && text.chars().all(plain)
                    && xml::can_carry(text)
                    && inner.any(|c| c == '@')
            }
            Self::Digits(charset, most) | Self::Secret(charset, most) => {
                (1..=*most).contains(&length) && text.chars().all(|c| is_of(charset, c))
            }
            _ => false,
        }
    }
}

/// Whether a charset has a character: `0-9` in it stands for all digits, and an empty one has all.
fn is_of(charset: &str, character: char) -> bool {
    let others = charset.strip_prefix("0-9").unwrap_or(charset);
    charset.is_empty() || character.is_ascii_digit() || others.contains(character)
}

/// The characters of a charset in words.
fn characters(charset: &str) -> String {
    let others = charset.trim_start_matches("0-9").chars();
    let mut names: Vec<_> = others.map(|character| format!("`{character}`")).collect();
    let last = names.pop();
    let first = std::iter::once("digits".to_owned()).chain(names);
    let first = first.collect::<Vec<_>>().join(", ");
    last.map_or(first.clone(), |last| format!("{first} and {last}"))
}

fn quoted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// CUPI's word for ours.
fn their_word(words: &[Word], word: &str) -> Option<&'static str> {
    words.iter().find(|(ours, _)| *ours == word).map(|(_, theirs)| *theirs)
}

/// CUPI's words for ours, with commas between: never an empty element.
fn their_words(words: &[Word], writable: &[&str], chosen: &[&str]) -> Option<String> {
    let mut found = Vec::new();
    for word in chosen {
        let theirs = their_word(words, word)?;
        if !writable.contains(word) || found.contains(&theirs) {
            return None;
        }
        found.push(theirs);
    }
    Some(if found.is_empty() { "None".to_owned() } else { found.join(",") })
}

fn no_object() -> Error {
    const SENTENCE: &str =
        "The body must be a JSON object with the properties that are documented.";

    Error::InvalidBody(SENTENCE.to_owned())
}
