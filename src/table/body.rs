//! A request's JSON body: the properties of one object, in their order, each with a value that nobody has checked yet.
//! Any text may be a secret, so that no part of it can be printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::Error;

/// The properties of a body.
#[derive(Default)]
pub struct Body(Vec<(String, Value)>);

/// A value in a body.
pub enum Value {
    /// `null`
    Null,
    /// `true` or `false`
    Flag(bool),
    /// A number as it is spelled.
    Number(String),
    /// A string.
    Text(SecretString),
    /// An array.
    List(Vec<Value>),
    /// An object, an array within an array, or a string that is no Unicode text.
    Other,
}

impl Body {
    /// Reads JSON text. It is `None` where that is no object. serde's own sentences may quote values: only the place of
    /// a mistake is passed on.
    pub fn parse(json: &[u8]) -> Result<Option<Self>, Error> {
        let Ok(json) = std::str::from_utf8(json) else {
            let sentence = "The body is not UTF-8. Send JSON in that encoding.";
            return Err(Error::InvalidBody(sentence.to_owned()));
        };
        if let Err(error) = serde_json::from_str::<IgnoredAny>(json) {
            return Err(Error::InvalidBody(format!(
                "The body is not valid JSON: look at line {}, column {}.",
                error.line(),
                error.column()
            )));
        }
        let pairs = serde_json::Deserializer::from_str(json).deserialize_map(Pairs);
        let read = |(name, raw): (String, &RawValue)| (name, Value::read(raw.get()));
        Ok(pairs.ok().map(|pairs| Self(pairs.into_iter().map(read).collect())))
    }

    /// The value of a property.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.iter().find_map(|(known, value)| (known == name).then_some(value))
    }

    /// All properties, in the body's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl Value {
    /// Reads valid JSON text.
    fn read(json: &str) -> Self {
        if !json.starts_with('[') {
            return Self::read_item(json);
        }
        let items: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
        Self::List(items.into_iter().map(|item| Self::read_item(item.get())).collect())
    }

    fn read_item(json: &str) -> Self {
        match json.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Flag(true),
            Some(b'f') => Self::Flag(false),
            Some(b'"') => serde_json::from_str(json)
                .map_or(Self::Other, |text: String| Self::Text(SecretString::from(text))),
            Some(b'[' | b'{') | None => Self::Other,
            Some(_) => Self::Number(json.to_owned()),
        }
    }

    /// The text of a string.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.expose_secret()),
            _ => None,
        }
    }

    /// A number without fraction and exponent.
    pub fn integer(&self) -> Option<i64> {
        match self {
            Self::Number(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// `true` or `false`.
    pub fn flag(&self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The texts of an array of strings.
    pub fn texts(&self) -> Option<Vec<&str>> {
        match self {
            Self::List(items) => items.iter().map(Self::text).collect(),
            _ => None,
        }
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// Reads an object as pairs, those with the same name too.
struct Pairs;

impl<'de> Visitor<'de> for Pairs {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(pairs)
    }
}
