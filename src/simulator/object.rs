//! One object of a collection, and how its elements are spelled.

use std::collections::BTreeMap;

use super::switches::Switches;
use super::switches::values::{Flags, Toggle};
use super::xml;

/// What an element is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Is {
    /// The object's URI, which only lists print.
    Uri,
    /// Yes or no; read-only.
    Flag,
    /// Any text; read-only.
    Text,
    /// A text of at most so many characters, which may be written.
    Optional(usize),
    /// The same, and it may be neither missing nor empty.
    Required(usize),
}

/// One object: its texts by element, flags as `true` or `false`.
#[derive(Clone, Default)]
pub struct Object {
    /// The texts; an element without one is not printed.
    pub texts: BTreeMap<&'static str, String>,
    /// The element that the guide's stray `>` stands in.
    pub stray: Option<&'static str>,
    /// What was set last through the collection's query parameter.
    pub secret: Option<String>,
}

impl Object {
    /// Makes an object of the texts of its elements.
    pub fn new<const N: usize>(texts: [(&'static str, &str); N]) -> Self {
        let texts = texts.map(|(name, text)| (name, text.to_owned()));
        Self { texts: BTreeMap::from(texts), ..Self::default() }
    }

    /// Tells whether an element has this text.
    pub fn is(&self, name: &str, text: &str) -> bool {
        self.texts.get(name).is_some_and(|known| known == text)
    }

    /// Spells the elements; the URI only for a list, whose path is given then.
    pub fn elements(
        &self,
        names: &[(&'static str, Is)],
        list: Option<&str>,
        switches: &Switches,
    ) -> Vec<xml::Element> {
        let element = |&(name, is): &(&'static str, Is)| {
            let text = match (is, list) {
                (Is::Uri, None) => None,
                (Is::Uri, Some(path)) => {
                    self.texts.get("ObjectId").map(|id| format!("/vmrest/user/{path}/{id}"))
                }
                _ => self.texts.get(name).cloned(),
            }?;
            let text = match (is, switches.flags, text.as_str()) {
                (Is::Flag, Flags::Capital, "true") => "True".to_owned(),
                (Is::Flag, Flags::Capital, _) => "False".to_owned(),
                (Is::Flag, Flags::Digits, "true") => "1".to_owned(),
                (Is::Flag, Flags::Digits, _) => "0".to_owned(),
                _ => text,
            };
            Some(xml::Element {
                name,
                text: match switches.padding {
                    Toggle::On => format!(" {text} "),
                    Toggle::Off => text,
                },
                stray: self.stray == Some(name),
            })
        };
        names.iter().filter_map(element).collect()
    }
}
