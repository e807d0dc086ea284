//! The rows of a table: [`Property`], begun with [`id`], [`uri`], [`link`], [`kind`], [`read`], [`write()`], [`secret`],
//! [`enabled`] or [`enabled_until`], and the [`Kind`] of its values.

use utoipa::openapi::{RefOr, Schema};

use super::body::{Body, Value};
use super::{Elements, Word};
use crate::xml::{Fault, Object};

/// A row: a property of an object.
#[derive(Clone, Copy, Debug)]
pub struct Property {
    /// CUPI's element; the parameter of a query for a secret; empty for a link.
    pub element: &'static str,
    /// The kind of its value.
    pub kind: Kind,
    /// What it means, for users of the API.
    pub about: &'static str,
    /// A value in CUPI's spelling. Empty is one too.
    pub example: &'static str,
    /// The same for a POST, where no two objects may have the same.
    pub created_example: Option<&'static str>,
    /// Its name in JSON, where it is not its element in camelCase.
    pub given_name: Option<&'static str>,
    /// Whether an answer without it cannot be used.
    pub is_required: bool,
    /// Whether a POST without it is refused.
    pub is_needed: bool,
    /// Whether a PATCH may set it to `null`.
    pub is_clearable: bool,
    access: Access,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Read,
    Write,
}

/// The kinds of values. Where a kind says what it holds, that is checked of what is written; what is read is passed on.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// The object's own id. The path's stands in where the answer for one object leaves it out.
    ObjectId,
    /// The path's type. Another known one in the answer is a fault; an unknown word is not.
    Type,
    /// Our own link to the object, with this behind it: not an element.
    Link(&'static str),
    /// The id of another object.
    Id,
    /// 1 to so many characters that XML can carry.
    Text(usize),
    /// 1 to so many of these characters; `0-9` in the charset stands for all digits.
    Digits(&'static str, usize),
    /// 1 to so many characters, without blanks, with an `@` between others.
    MailAddress(usize),
    /// 1 to so many characters, of this charset if it is not empty. It can be written only, as a query's parameter.
    Secret(&'static str, usize),
    /// Yes or no.
    Flag,
    /// An integer from one bound to the other.
    Number(i32, i32),
    /// One of these words. `unknown` stands for any other one that is read.
    OneOf(&'static [Word]),
    /// Some of the first words, of which the second can be written. CUPI writes them with commas between, none as `None`.
    SomeOf(&'static [Word], &'static [&'static str]),
    /// Whether `TimeExpires` is to come or absent. This type cannot be disabled.
    Enabled(&'static str),
    /// `TimeExpires`, where it is to come.
    EnabledUntil,
    /// What one resource alone has.
    Own(&'static Own),
}

/// A kind that one resource alone has: three functions.
#[derive(Debug)]
pub struct Own {
    /// The elements that [`Own::read`] asks for besides the row's own.
    pub elements: &'static [&'static str],
    /// The property's value. All elements that any row of the table asks for are there.
    pub read: fn(&Object<'_>) -> Result<serde_json::Value, Fault>,
    /// The elements to send for the body's value, or the rule that the value breaks, such as "must be a list of times."
    /// The whole body is there too.
    pub write: fn(&Value, &Body) -> Result<Elements, String>,
    /// The schema of a value that is written, without description and example. Reading adds `unknown` and `null`.
    pub schema: fn() -> RefOr<Schema>,
}

/// An [`Own::write`] for what cannot be written.
pub fn read_only(_: &Value, _: &Body) -> Result<Elements, String> {
    Err("cannot be written.".to_owned())
}

/// An object's own `objectId`.
pub const fn id(about: &'static str, example: &'static str) -> Property {
    Property { is_required: true, ..read("ObjectId", Kind::ObjectId, about, example) }
}

/// The path's type, such as `greetingType` of the element `GreetingType`.
pub const fn kind(element: &'static str, about: &'static str, example: &'static str) -> Property {
    Property { is_required: true, ..read(element, Kind::Type, about, example) }
}

/// An object's own `uri`.
pub const fn uri(about: &'static str) -> Property {
    link("uri", "", about)
}

/// A link to what lies below an object, such as `membersUri` with `/members`.
pub const fn link(name: &'static str, suffix: &'static str, about: &'static str) -> Property {
    Property { is_required: true, ..read("", Kind::Link(suffix), about, "").named(name) }
}

/// A property that cannot be written.
pub const fn read(
    element: &'static str,
    kind: Kind,
    about: &'static str,
    example: &'static str,
) -> Property {
    Property {
        element,
        kind,
        about,
        example,
        created_example: None,
        access: Access::Read,
        given_name: None,
        is_required: false,
        is_needed: false,
        is_clearable: false,
    }
}

/// A property that can be read and written.
pub const fn write(
    element: &'static str,
    kind: Kind,
    about: &'static str,
    example: &'static str,
) -> Property {
    Property { access: Access::Write, ..read(element, kind, about, example) }
}

/// The secret that a PUT sets: the parameter of Unity Connection's query, charset (empty for any) and length.
pub const fn secret(
    parameter: &'static str,
    (charset, most): (&'static str, usize),
    about: &'static str,
    example: &'static str,
) -> Property {
    let kind = Kind::Secret(charset, most);
    Property { is_needed: true, ..write(parameter, kind, about, example) }
}

/// The element of [`enabled`] and [`enabled_until`].
pub const TIME_EXPIRES: &str = "TimeExpires";

/// `enabled`, of `TimeExpires`. This type cannot be disabled.
pub const fn enabled(always: &'static str, about: &'static str) -> Property {
    let row = write(TIME_EXPIRES, Kind::Enabled(always), about, "2091-02-14 17:30:00.0");
    Property { is_required: true, ..row.named("enabled") }
}

/// `enabledUntil`, of `TimeExpires`: it belongs to [`enabled`], and both are written as one.
pub const fn enabled_until(about: &'static str) -> Property {
    let row = write(TIME_EXPIRES, Kind::EnabledUntil, about, "2091-02-14 17:30:00.0");
    row.named("enabledUntil").clearable()
}

impl Property {
    /// Names it otherwise than its element in camelCase.
    #[must_use]
    pub const fn named(self, name: &'static str) -> Self {
        Self { given_name: Some(name), ..self }
    }

    /// An answer without it cannot be used. It is never `null` then.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { is_required: true, ..self }
    }

    /// A POST without it is refused.
    #[must_use]
    pub const fn needed_to_create(self) -> Self {
        Self { is_needed: true, ..self }
    }

    /// A PATCH may set it to `null`, which sends the empty element.
    #[must_use]
    pub const fn clearable(self) -> Self {
        Self { is_clearable: true, ..self }
    }

    /// Gives the body of a POST an example of its own.
    #[must_use]
    pub const fn created(self, example: &'static str) -> Self {
        Self { created_example: Some(example), ..self }
    }

    /// Its name in JSON: the element with its first letter in lower case, where none is given.
    pub fn name(&self) -> String {
        let mut name = self.given_name.unwrap_or(self.element).to_owned();
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        name
    }

    /// Whether a body may hold it.
    pub fn is_writable(&self) -> bool {
        self.access == Access::Write
    }

    /// Whether answers hold it.
    pub fn is_readable(&self) -> bool {
        !matches!(self.kind, Kind::Secret(..))
    }
}
