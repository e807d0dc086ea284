//! What CUPI's objects are made of: a [`Table`] for each kind of object, with a row for each property, in the guide's
//! words and order.
//!
//! | from the rows follows | file |
//! | --- | --- |
//! | Unity Connection's XML into JSON | `table/read.rs` |
//! | a JSON body, checked, into XML | `table/body.rs`, `table/write.rs`, `table/until.rs` |
//! | the schemas of the API's document | `table/schema.rs` |
//!
//! A row begins with one of the functions of [`property`]; [`Property::required`] and its neighbours say what is special
//! about it. The vocabulary of [`property::Kind`] is small: what one resource alone has is a [`property::Own`] kind,
//! three functions in that resource's file.

use secrecy::SecretString;

use crate::error::{Error, Refusal};
use crate::xml::{Fault, Object};

use body::Body;
use property::Property;

pub mod address;
pub mod body;
pub mod property;
pub mod read;
pub mod schema;
#[cfg(test)]
mod tests;
pub mod time;
pub mod until;
pub mod write;

/// A word of ours and its spelling in CUPI.
pub type Word = (&'static str, &'static str);

/// Elements with their texts.
pub type Elements = Vec<(&'static str, String)>;

/// A secret, and the parameter of Unity Connection's query that takes it.
pub type Secret = (&'static str, SecretString);

/// A kind of object. Write one as `Table { …, ..Table::NEW }`.
#[derive(Debug)]
pub struct Table {
    /// Names of one object and of a list, as the document calls them. The second is empty where there is no list.
    pub names: [&'static str; 2],
    /// What an object is, for users of the API.
    pub about: &'static str,
    /// Our path of one object, such as `/api/v1/accounts/{objectId}`. The list lies at the path without its last
    /// parameter, where it ends with one. The name of a parameter that is an id ends with `Id`.
    pub path: &'static str,
    /// The same on Unity Connection, with the same parameters.
    pub upstream: &'static str,
    /// CUPI's elements of one object and of a list; the second is empty where CUPI has no list.
    pub elements: [&'static str; 2],
    /// The rows. Where the path ends with a parameter, the first row is its value.
    pub properties: &'static [Property],
    /// The values of a parameter that is a type, such as `off-hours` (`Off Hours`).
    pub types: &'static [Word],
    /// The elements that are written in their order, where it is not that of the rows.
    pub order: &'static [&'static str],
    /// What is checked of a body as a whole. It may add elements.
    pub rules: Option<Rules>,
    /// What is checked of an object as a whole.
    pub check: Option<Check>,
    /// How many items CUPI lists at most. The list gets a property `truncated` then.
    pub limit: Option<usize>,
    /// Whether one object is a recording, which is sent as it is and has no properties of its own.
    pub is_audio: bool,
    /// What a 404 means where the path names one object.
    pub not_found: Option<&'static Refusal>,
    /// What a 404 means where the path names the object that has the list.
    pub parent_not_found: Option<&'static Refusal>,
    /// What a refusal of a write with 400, 409 or 422 means.
    pub rejected: Option<&'static Refusal>,
    /// What a 400 means where the object itself, read once after it, explains it.
    pub conflict: Option<&'static Conflict>,
    /// Whether a write ends the caller's session.
    pub ends_session: bool,
    /// Whether one object can be read at its own address.
    pub has_get: bool,
    /// Another object for examples: one that may be deleted at last, and whose recording is there until then.
    pub second_example: Option<&'static str>,
}

/// A check of an object that is read.
pub type Check = fn(&Object<'_>) -> Result<(), Fault>;

/// A check of a body: each property in it is known and right alone. It adds elements or refuses, best with [`refuse`].
pub type Rules = fn(&Body, &mut Elements) -> Result<(), Error>;

/// A refusal that the object itself explains.
#[derive(Debug)]
pub struct Conflict {
    /// What it means.
    pub refusal: &'static Refusal,
    /// The object's table.
    pub object: &'static Table,
    /// Says whether the object shows it, as JSON.
    pub is_shown: fn(&[u8]) -> bool,
}

/// Refuses a body for what is wrong with one property: `rule` ends the sentence that begins with "The property `x`".
pub fn refuse(property: &str, rule: &str) -> Error {
    Error::InvalidBody(format!("The property `{property}` {rule}"))
}

impl Table {
    /// What most tables do not say.
    pub const NEW: Self = Self {
        names: [""; 2],
        about: "",
        path: "",
        upstream: "",
        elements: [""; 2],
        properties: &[],
        types: &[],
        order: &[],
        rules: None,
        check: None,
        limit: None,
        is_audio: false,
        not_found: None,
        parent_not_found: None,
        rejected: None,
        conflict: None,
        ends_session: false,
        has_get: true,
        second_example: None,
    };

    /// Our path of the list; that of the object where it has no parameter of its own.
    pub fn collection(&self) -> &'static str {
        address::without_key(self.path)
    }

    /// The name of the path's last parameter, which names one object in the list.
    pub fn key(&self) -> Option<&'static str> {
        address::key(self.path)
    }

    /// Our type of this spelling in CUPI.
    fn type_of(&self, text: &str) -> Option<&'static str> {
        let word = self.types.iter().find(|(_, theirs)| *theirs == text);
        word.map(|(ours, _)| *ours)
    }
}
