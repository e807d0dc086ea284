//! One object of a collection, and how its elements are spelled.

use std::collections::BTreeMap;

use super::collection::{Collection, Element, Kind, Shown};
use super::switches::Switches;
use super::switches::values::{Flags, Toggle};
use super::xml;

/// One object: its texts by element, in the form in which [`Kind::accept`] makes them.
#[derive(Clone, Default)]
pub struct Object {
    /// The texts; an element without one is not printed.
    pub texts: BTreeMap<&'static str, String>,
    /// The element that the guide's stray `>` stands in.
    pub stray: Option<&'static str>,
    /// What was set last through the collection's query parameter.
    pub secret: Option<String>,
}

/// How objects are shown.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Where they stand.
    pub form: Form,
    /// The class of service of the person who reads them.
    pub cos: &'a Object,
    /// How they are spelled.
    pub switches: &'a Switches,
}

/// Whether an object stands in a list.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Form {
    /// It does.
    List,
    /// It does not.
    Alone,
}

impl Object {
    /// Makes an object of the texts of its elements.
    pub fn new<const N: usize>(texts: [(&'static str, &str); N]) -> Self {
        let texts = texts.map(|(name, text)| (name, text.to_owned()));
        Self { texts: BTreeMap::from(texts), ..Self::default() }
    }

    /// Reads the text of an element; an element that is absent reads as an empty one.
    pub fn text(&self, name: &str) -> &str {
        self.texts.get(name).map_or("", String::as_str)
    }

    /// Tells whether an element has this text.
    pub fn is(&self, name: &str, text: &str) -> bool {
        self.texts.get(name).is_some_and(|known| known == text)
    }

    /// Tells whether this is the object with this key.
    pub fn has_key(&self, collection: &Collection, key: &str, switches: &Switches) -> bool {
        let Some(name) = collection.key else {
            return true;
        };
        let element = collection.elements.iter().find(|element| element.name == name);
        element.is_some_and(|element| spell(element.kind, self.text(name), switches) == key)
    }

    /// Spells the elements that are shown.
    pub fn elements(&self, collection: &Collection, view: View<'_>) -> Vec<xml::Element> {
        let shown = collection.elements.iter().filter(|element| view.shows(element));
        let element = |element: &Element| {
            let text = match element.kind {
                Kind::Uri(pattern) => self.link(pattern)?,
                kind => spell(kind, self.texts.get(element.name)?, view.switches),
            };
            Some(xml::Element {
                name: element.name,
                text: match view.switches.padding {
                    Toggle::On => format!(" {text} "),
                    Toggle::Off => text,
                },
                stray: self.stray == Some(element.name),
            })
        };
        shown.filter_map(element).collect()
    }

    /// Puts the texts of elements where a pattern names them. There is no link where one of them is absent.
    fn link(&self, pattern: &str) -> Option<String> {
        let mut parts = pattern.split('{');
        let mut link = parts.next()?.to_owned();
        for part in parts {
            let (name, rest) = part.split_once('}')?;
            link.push_str(&self.texts.get(name)?.replace(' ', "%20"));
            link.push_str(rest);
        }
        Some(link)
    }
}

impl View<'_> {
    fn shows(&self, element: &Element) -> bool {
        let Self { form, cos, switches } = self;
        match element.shown {
            Shown::Always => true,
            Shown::Lists => *form == Form::List,
            Shown::Alone => *form == Form::Alone || switches.device_lists == Toggle::On,
            Shown::Since2019 => switches.greeting_elements >= 2019,
            Shown::Permitted => {
                let permitted = element.right.is_none_or(|right| cos.is(right, "true"));
                permitted || switches.cos_hidden == Toggle::Off
            }
            Shown::Never => false,
        }
    }
}

/// Spells what an element holds.
fn spell(kind: Kind, text: &str, switches: &Switches) -> String {
    match (kind, switches.flags, text) {
        (Kind::Flag, Flags::Capital, "true") => "True",
        (Kind::Flag, Flags::Capital, _) => "False",
        (Kind::Flag, Flags::Digits, "true") => "1",
        (Kind::Flag, Flags::Digits, _) => "0",
        (Kind::GreetingType, _, "Off Hours") => switches.off_hours,
        (Kind::Time, _, time) => return format!("{time}{}", switches.time_fraction),
        (_, _, text) => text,
    }
    .to_owned()
}
