//! Unity Connection's XML into JSON, straight from the rows of a [`Table`]: no value in between.
//!
//! | kind | JSON | absent or empty | anything else |
//! | --- | --- | --- | --- |
//! | text, digits | string | `null`; required: a fault where absent, `""` where empty | |
//! | flag, number, id | `true`, `7`, a UUID in lower case | `null`; required: a fault | a fault |
//! | one of | a word | `null`; required: a fault where absent, `"unknown"` where empty | `"unknown"` |
//! | some of | words | absent `null`, empty or `None` `[]` | `"unknown"` for a word |
//! | until | `enabled`, and a time or `null` | `true`, `null` | a fault |

use std::borrow::Cow;
use std::ops::Range;
use std::time::SystemTime;

use serde::Serialize;

use super::address::Address;
use super::property::{Kind, Property, TIME_EXPIRES};
use super::{Table, Word, time};
use crate::object_id::ObjectId;
use crate::xml::{self, Fault, Object};

/// What stands for a word that this version does not know.
pub const UNKNOWN: &str = "unknown";

impl Table {
    /// A list at this address, as JSON. `now` decides what has ended.
    pub fn read_list(
        &'static self,
        body: &[u8],
        address: &Address,
        now: SystemTime,
    ) -> Result<Vec<u8>, Fault> {
        let reading = Reading::new(self, address, now);
        let mut list = xml::list(body, self.elements, reading.object())?;
        // CUPI's names and tags take more room than ours.
        let mut json = Vec::with_capacity(body.len());
        json.extend_from_slice(b"{\"items\":[");
        let mut total = 0;
        while let Some(object) = list.advance()? {
            if total > 0 {
                json.push(b',');
            }
            reading.print(object, &mut json)?;
            total += 1;
        }
        json.extend_from_slice(b"],\"total\":");
        print(&total, &mut json);
        if let Some(limit) = self.limit {
            json.extend_from_slice(b",\"truncated\":");
            print(&(total >= limit), &mut json);
        }
        json.push(b'}');
        Ok(json)
    }

    /// The object at this address, as JSON. `now` decides what has ended.
    pub fn read_one(
        &'static self,
        body: &[u8],
        address: &Address,
        now: SystemTime,
    ) -> Result<Vec<u8>, Fault> {
        let reading = Reading::new(self, address, now);
        let [item, _] = self.elements;
        let object = xml::object(body, item, reading.object())?;
        let mut json = Vec::with_capacity(body.len());
        reading.print(&object, &mut json)?;
        Ok(json)
    }
}

/// The reading of one document.
struct Reading<'a> {
    table: &'static Table,
    address: &'a Address,
    now: i64,
    /// The elements that are asked for, each once.
    elements: Vec<&'static str>,
    /// Which of them each row reads, and where its key ends in `keys`.
    places: Vec<(usize, usize)>,
    /// What is printed before the values, such as `,"isEnabled":`, of all rows.
    keys: Vec<u8>,
}

impl<'a> Reading<'a> {
    fn new(table: &'static Table, address: &'a Address, now: SystemTime) -> Self {
        let mut elements = Vec::with_capacity(table.properties.len());
        let mut place = |element: &'static str| {
            let known = elements.iter().position(|known| *known == element);
            known.unwrap_or_else(|| {
                elements.push(element);
                elements.len() - 1
            })
        };
        let mut keys = Vec::with_capacity(32 * table.properties.len());
        let mut places = Vec::with_capacity(table.properties.len());
        for row in table.properties {
            keys.push(if keys.is_empty() { b'{' } else { b',' });
            print_name(row, &mut keys);
            places.push((place(row.element), keys.len()));
        }
        for row in table.properties {
            if let Kind::Own(own) = row.kind {
                for element in own.elements {
                    place(element);
                }
            }
        }
        Self { table, address, now: time::seconds(now), elements, places, keys }
    }

    /// An object that asks for what the rows read.
    fn object<'b>(&self) -> Object<'b> {
        Object::new(self.elements.clone())
    }

    /// Appends an object.
    fn print(&self, object: &Object<'_>, json: &mut Vec<u8>) -> Result<(), Fault> {
        if let Some(check) = self.table.check {
            check(object)?;
        }
        let mut key = 0..0;
        let mut printed = 0;
        let rows = self.table.properties.iter().zip(&self.places);
        for (index, (row, (place, end))) in rows.enumerate() {
            json.extend_from_slice(self.keys.get(printed..*end).unwrap_or_default());
            printed = *end;
            let begins = json.len();
            match row.kind {
                Kind::Link(suffix) => self.print_link(key.clone(), suffix, json),
                Kind::Own(own) => print(&(own.read)(object)?, json),
                _ => self.print_value(row, object.get(*place), json)?,
            }
            if index == 0 {
                key = begins..json.len();
            }
        }
        json.push(b'}');
        Ok(())
    }

    /// Appends our link to the object whose key was printed before.
    fn print_link(&self, mut key: Range<usize>, suffix: &str, json: &mut Vec<u8>) {
        json.push(b'"');
        json.extend_from_slice(self.address.collection.as_bytes());
        if self.table.key().is_some() {
            json.push(b'/');
            if json.get(key.start) == Some(&b'"') {
                key = key.start + 1..key.end - 1;
            }
            json.extend_from_within(key);
        }
        json.extend_from_slice(suffix.as_bytes());
        json.push(b'"');
    }

    /// Appends the value of an element.
    fn print_value(
        &self,
        row: &Property,
        text: Option<&Cow<'_, str>>,
        json: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let element = row.element;
        match row.kind {
            Kind::ObjectId => return print_id(self.object_id(element, text)?, json),
            Kind::Enabled(_) | Kind::EnabledUntil => return self.print_until(row, text, json),
            _ => {}
        }
        let Some(text) = text else {
            if row.is_required {
                return Err(Fault::Missing(element));
            }
            json.extend_from_slice(b"null");
            return Ok(());
        };
        match row.kind {
            Kind::SomeOf(words, _) => print_words(words, text, json),
            _ if text.is_empty() && !row.is_required => json.extend_from_slice(b"null"),
            Kind::Type => return self.print_type(text, json),
            Kind::OneOf(words) => print_word(word(words, text), json),
            Kind::Flag => print(&xml::flag(element, text)?, json),
            Kind::Number(..) => {
                let number: i32 = text.parse().map_err(|_no_number| Fault::NotANumber(element))?;
                print(&number, json);
            }
            Kind::Id => {
                return print_id(ObjectId::parse(text).ok_or(Fault::NotAnObjectId(element))?, json);
            }
            _ => print(text, json),
        }
        Ok(())
    }

    /// The object's own id. The one that a single object was asked by stands in where the answer leaves its own out, and
    /// another one is a fault.
    fn object_id(&self, element: &'static str, text: Option<&Cow<str>>) -> Result<ObjectId, Fault> {
        let asked = self.address.key.as_deref().and_then(ObjectId::parse);
        let found = match text {
            Some(text) => Some(ObjectId::parse(text).ok_or(Fault::NotAnObjectId(element))?),
            None => None,
        };
        match (found, asked) {
            (Some(found), Some(asked)) if found != asked => Err(Fault::OtherObject),
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => Err(Fault::Missing(element)),
        }
    }

    /// Appends the type that was asked for.
    fn print_type(&self, text: &str, json: &mut Vec<u8>) -> Result<(), Fault> {
        let asked = self.address.key.as_deref();
        let found = self.table.type_of(text);
        match (found, asked) {
            (Some(found), Some(asked)) if found != asked => return Err(Fault::OtherObject),
            _ => print_word(asked.or(found).unwrap_or(UNKNOWN), json),
        }
        Ok(())
    }

    /// Appends what `TimeExpires` says.
    fn print_until(
        &self,
        row: &Property,
        text: Option<&Cow<'_, str>>,
        json: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        let text = text.filter(|text| !text.is_empty());
        let end = match text {
            Some(text) => time::parse(text).ok_or(Fault::NotATime(TIME_EXPIRES))?,
            None => time::NO_END,
        };
        let is_to_come = end == time::NO_END || end > self.now;
        match row.kind {
            Kind::Enabled(_) => print(&is_to_come, json),
            _ if is_to_come && end != time::NO_END => print(&time::show(end), json),
            _ => json.extend_from_slice(b"null"),
        }
        Ok(())
    }
}

fn print_name(row: &Property, json: &mut Vec<u8>) {
    json.push(b'"');
    let begins = json.len();
    json.extend_from_slice(row.given_name.unwrap_or(row.element).as_bytes());
    if let Some(first) = json.get_mut(begins) {
        first.make_ascii_lowercase();
    }
    json.extend_from_slice(b"\":");
}

#[expect(clippy::expect_used, reason = "texts, numbers and flags always have a JSON form")]
fn print(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) {
    serde_json::to_writer(json, value).expect("plain data");
}

#[expect(clippy::unnecessary_wraps, reason = "the last of the calls that may fail")]
fn print_id(id: ObjectId, json: &mut Vec<u8>) -> Result<(), Fault> {
    print_word(id.encode(&mut [0; 36]), json);
    Ok(())
}

/// Appends a text that needs no escapes.
fn print_word(word: &str, json: &mut Vec<u8>) {
    json.push(b'"');
    json.extend_from_slice(word.as_bytes());
    json.push(b'"');
}

fn print_words(words: &[Word], text: &str, json: &mut Vec<u8>) {
    let mut found = Vec::new();
    for piece in text.split(',').map(str::trim) {
        let known = words.iter().find(|(_, theirs)| theirs.eq_ignore_ascii_case(piece));
        let word = known.map_or(UNKNOWN, |(ours, _)| *ours);
        if !(piece.is_empty() || piece.eq_ignore_ascii_case("None") || found.contains(&word)) {
            found.push(word);
        }
    }
    print(&found, json);
}

/// Our word for CUPI's.
fn word(words: &[Word], text: &str) -> &'static str {
    let known = words.iter().find(|(_, theirs)| *theirs == text);
    known.map_or(UNKNOWN, |(ours, _)| *ours)
}
