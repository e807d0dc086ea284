//! What may be written: the rules of single elements, and those between the elements and objects of one collection.

use std::collections::BTreeMap;

use super::answer::Refusal;
use super::collection::{self, Access, Element, Kind, Shown};
use super::object::Object;
use super::person::Person;
use super::place::Place;
use super::request::Request;
use super::switches::values::{NoEndDate, PlayWhat};
use super::xml;

/// The elements that say what a member of a private list is.
pub const MEMBERS: [&str; 4] = [
    "MemberSubscriberObjectId",
    "MemberDistributionListObjectId",
    "MemberPersonalVoiceMailListObjectId",
    "MemberContactObjectId",
];

/// Texts that are to be written, by element.
pub type Texts = BTreeMap<&'static str, String>;

/// A write, and what decides whether it is done.
pub struct Write<'a> {
    /// The request.
    pub request: Request<'a>,
    /// The object, or the list that it will be in.
    pub place: &'a Place<'a>,
    /// Who writes.
    pub person: &'a Person,
    /// All users of the server.
    pub users: &'a [Object],
}

impl Write<'_> {
    /// Makes of an object what the body says. Elements that are unknown or read-only are ignored without a word.
    pub fn apply(&self, before: &Object) -> Result<Object, Refusal> {
        let mut texts = self.texts()?;
        match self.place.collection.item {
            "Greeting" => self.play_what(&mut texts)?,
            "TransferOption" => extension(&texts, before)?,
            _ => {}
        }
        self.end_date(&mut texts)?;
        let mut after = before.clone();
        after.texts.extend(texts);
        match self.place.collection.item {
            "TransferOption" if after.is("UsePrimaryExtension", "true") => {
                let extension = self.person.single("User").text("DtmfAccessId").to_owned();
                after.texts.insert("Extension", extension);
            }
            "PrivateList" if !after.texts.contains_key("NumericId") => {
                let lists = self.person.objects("PrivateList");
                let free = |number: &String| lists.iter().all(|list| !list.is("NumericId", number));
                let number = (1..=99).map(|number: u32| number.to_string()).find(free);
                after.texts.extend(number.map(|number| ("NumericId", number)));
            }
            "PrivateListMember" => self.member(&after)?,
            _ => {}
        }
        self.check(&after)?;
        // An end that never comes is not shown.
        after.texts.retain(|name, text| *name != "TimeExpires" || !text.is_empty());
        Ok(after)
    }

    /// Reads what the body wants to set.
    fn texts(&self) -> Result<Texts, Refusal> {
        let Self { request, place, person, .. } = self;
        let object = xml::parse_object(place.collection.item, request.body)
            .map_err(|fault| Refusal::bad_input("MALFORMED_DOCUMENT", fault))?;
        let mut texts = Texts::new();
        for node in object.children {
            let mut elements = place.collection.elements.iter();
            let known = elements.find(|element| element.name == node.name);
            let Some(element) = known.filter(|element| self.takes(element)) else {
                continue;
            };
            if let Some(right) = element.right.filter(|right| !person.may(right)) {
                return Err(request.not_permitted(right));
            }
            let text = match (element.kind, node.text.as_str()) {
                (Kind::Time, "") => Some(String::new()),
                (_, "") if element.access == Access::Required => None,
                (kind, text) => kind.accept(text),
            };
            let text = text.ok_or_else(|| invalid(&format!("{} cannot be this.", element.name)))?;
            texts.insert(element.name, text);
        }
        Ok(texts)
    }

    /// Tells whether an element can be written here.
    fn takes(&self, element: &Element) -> bool {
        let switches = self.request.switches;
        let dropped = self.request.method == "PUT"
            && switches.ignored_element.as_deref() == Some(element.name);
        let unknown = element.shown == Shown::Since2019 && switches.greeting_elements < 2019;
        element.access != Access::Read && !dropped && !unknown
    }

    fn play_what(&self, texts: &mut Texts) -> Result<(), Refusal> {
        match self.request.switches.play_what {
            PlayWhat::Refused if texts.contains_key("PlayWhat") => {
                return Err(invalid("PlayWhat cannot be set."));
            }
            PlayWhat::Ignored => {
                texts.remove("PlayWhat");
            }
            _ => {}
        }
        Ok(())
    }

    /// Decides about the end of a greeting or a transfer option; an empty one is "never".
    fn end_date(&self, texts: &mut Texts) -> Result<(), Refusal> {
        let enabled = texts.remove("Enabled").is_some_and(|flag| flag == "true");
        let Some(end) = texts.get("TimeExpires") else {
            return Ok(());
        };
        let always_enabled = self.place.key.is_some_and(|key| {
            let objects = self.place.collection.always_enabled;
            objects.contains(&key)
        });
        match (end.as_str(), self.request.switches.no_end_date) {
            ("", NoEndDate::Refused) => return Err(invalid("TimeExpires cannot be empty.")),
            ("", treatment)
                if treatment == NoEndDate::Ignored
                    || treatment == NoEndDate::NeedsEnabled && !enabled =>
            {
                texts.remove("TimeExpires");
            }
            ("", _) => {}
            (end, _) if always_enabled && end <= collection::now().as_str() => {
                return Err(invalid("It cannot be disabled."));
            }
            _ => {}
        }
        Ok(())
    }

    /// Decides about a new member of a private list.
    fn member(&self, after: &Object) -> Result<(), Refusal> {
        let Self { place, person, users, .. } = self;
        let named: Vec<_> =
            MEMBERS.iter().filter(|name| after.texts.contains_key(**name)).collect();
        let [name] = named.as_slice() else {
            return Err(invalid("A member is exactly one of the four."));
        };
        let id = after.text(name);
        let known = |objects: &[Object]| objects.iter().any(|object| object.is("ObjectId", id));
        let exists = match **name {
            "MemberSubscriberObjectId" => known(users),
            "MemberPersonalVoiceMailListObjectId" => known(person.objects("PrivateList")),
            _ => true,
        };
        if !exists {
            return Err(Refusal::bad_input("DATA_EXCEPTION", format!("There is no {id}.")));
        }
        if place.parent == Some(id) {
            return Err(invalid("A list cannot be its own member."));
        }
        let mut others = person.objects("PrivateListMember").iter();
        let list = "PersonalVoiceMailListObjectId";
        if others.any(|other| other.is(list, after.text(list)) && other.is(name, id)) {
            return Err(Refusal::bad_input("DUPLICATE", "It is a member already.".to_owned()));
        }
        Ok(())
    }

    /// Refuses texts that another object has and may not share, and flags that need another element.
    fn check(&self, after: &Object) -> Result<(), Refusal> {
        let collection = self.place.collection;
        let others = || {
            let objects = self.person.objects(collection.item).iter();
            objects.filter(|other| other.text("ObjectId") != after.text("ObjectId"))
        };
        for name in collection.unique {
            let text = after.texts.get(name);
            if text.is_some_and(|text| others().any(|other| other.is(name, text))) {
                let message = format!("There is another {} with this {name}.", collection.item);
                return Err(Refusal::bad_input("DUPLICATE", message));
            }
        }
        match collection.needs {
            Some((flag, needed)) if after.is(flag, "true") && after.text(needed).is_empty() => {
                Err(invalid(&format!("{flag} needs {needed}.")))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses an extension beside the primary one, and no extension in its place.
fn extension(texts: &Texts, before: &Object) -> Result<(), Refusal> {
    let primary = texts.get("UsePrimaryExtension").map(String::as_str);
    match (primary, texts.get("Extension").map(String::as_str)) {
        (Some("true"), Some(_)) => {
            Err(invalid("Extension cannot stand beside UsePrimaryExtension."))
        }
        (Some("false"), None) => Err(invalid("Extension is missing.")),
        (Some("false"), Some("")) => Err(invalid("Extension is empty.")),
        (None, Some("")) if !before.is("UsePrimaryExtension", "true") => {
            Err(invalid("Extension is empty."))
        }
        _ => Ok(()),
    }
}

fn invalid(message: &str) -> Refusal {
    Refusal::bad_input("INVALID_PARAMETER", message.to_owned())
}
