//! What a request wants of a collection.

use std::collections::BTreeMap;

use super::answer::Refusal;
use super::object::Is;
use super::store::Collection;
use super::switches::Switches;
use super::xml;

/// A request, as far as a collection is concerned.
pub struct Wanted<'a> {
    /// The collection.
    pub collection: &'static Collection,
    /// The query.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
    /// How to answer.
    pub switches: &'a Switches,
}

impl Wanted<'_> {
    /// Reads a query parameter as a servlet does: `+` is a blank, the first of several counts.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        let (_, value) = pairs.find(|(known, _)| known == name)?;
        Some(value.into_owned())
    }

    /// Reads what the body wants to set. Elements that are unknown or read-only are ignored without a word.
    pub fn texts(&self) -> Result<BTreeMap<&'static str, String>, Refusal> {
        let item = self.collection.item;
        let read = xml::read(item, self.body)
            .map_err(|fault| Refusal::bad_input("MALFORMED_DOCUMENT", fault))?;
        let mut texts = BTreeMap::new();
        for (name, text) in read {
            let known = self.collection.elements.iter().find(|(known, _)| *known == name);
            let Some((name, Is::Optional(longest) | Is::Required(longest))) = known else {
                continue;
            };
            if text.chars().count() > *longest {
                return Err(Refusal::bad_input(
                    "INVALID_PARAMETER",
                    format!("{name} is too long."),
                ));
            }
            texts.insert(*name, text);
        }
        Ok(texts)
    }
}
