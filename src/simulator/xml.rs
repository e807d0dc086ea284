//! The simulator's own XML: documents as Unity Connection prints them (one unindented line), documents as clients send
//! them, and the simulator's own data.

use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::{BytesRef, Event};

const PROLOG: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;

/// One element of an object.
pub struct Element {
    /// Its name.
    pub name: &'static str,
    /// Its text, not yet escaped.
    pub text: String,
    /// Whether the guide's stray `>` stands before the text.
    pub stray: bool,
}

/// Writes a document that holds one object.
pub fn document(item: &str, elements: &[Element]) -> String {
    format!("{PROLOG}{}", object(item, elements))
}

/// Writes a document that holds a list of objects.
pub fn list(root: &str, total: Option<usize>, item: &str, objects: &[Vec<Element>]) -> String {
    let total = total.map_or_else(String::new, |total| format!(" total=\"{total}\""));
    if objects.is_empty() {
        return format!("{PROLOG}<{root}{total}/>");
    }
    let objects: String = objects.iter().map(|elements| object(item, elements)).collect();
    format!("{PROLOG}<{root}{total}>{objects}</{root}>")
}

fn object(item: &str, elements: &[Element]) -> String {
    let element = |element: &Element| {
        let Element { name, text, stray } = element;
        let stray = if *stray { ">" } else { "" };
        let text = escape(text.as_str());
        format!("<{name}>{stray}{text}</{name}>")
    };
    let elements: String = elements.iter().map(element).collect();
    format!("<{item}>{elements}</{item}>")
}

/// How deep elements may lie in each other.
const DEPTH: usize = 16;

/// An element as it was read.
#[derive(Default)]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Its own text, without that of its children.
    pub text: String,
    /// The elements in it.
    pub children: Vec<Node>,
}

impl Node {
    /// Lists the children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Reads the text of the first child of this name.
    pub fn text_of(&self, name: &str) -> Option<&str> {
        let child = self.children.iter().find(|child| child.name == name)?;
        Some(&child.text)
    }
}

/// Reads a document, strictly: what is not well-formed is refused with the reason.
pub fn parse(document: &[u8]) -> Result<Node, String> {
    let document = std::str::from_utf8(document).map_err(|error| error.to_string())?;
    if !document.chars().all(is_legal) {
        return Err("XML cannot carry this character.".to_owned());
    }
    let mut reader = Reader::from_str(document);
    reader.config_mut().expand_empty_elements = true;
    let mut root = None;
    let mut open: Vec<Node> = Vec::new();
    loop {
        let text = match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                if start.attributes().any(|attribute| attribute.is_err()) {
                    return Err("An attribute is malformed.".to_owned());
                }
                if root.is_some() || open.len() == DEPTH {
                    return Err("There are two roots, or elements lie too deep.".to_owned());
                }
                let name = start.name().into_inner().to_owned();
                open.push(Node { name, ..Node::default() });
                continue;
            }
            Event::End(_) => {
                match (open.pop(), open.last_mut()) {
                    (Some(node), Some(parent)) => parent.children.push(node),
                    (node, _) => root = node,
                }
                continue;
            }
            Event::Text(text) if text.contains("]]>") => {
                return Err("The text has a bare ]]>.".to_owned());
            }
            Event::Text(text) => text.xml10_content().into_owned(),
            Event::CData(text) => text.xml10_content().into_owned(),
            Event::GeneralRef(reference) => resolve(&reference)?,
            Event::Eof => return root.ok_or_else(|| "There is no whole element.".to_owned()),
            Event::DocType(_) => return Err("There is a document type.".to_owned()),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => continue,
        };
        match open.last_mut() {
            Some(node) => node.text.push_str(&text),
            None if text.trim_ascii().is_empty() => {}
            None => return Err("There is text beside the root.".to_owned()),
        }
    }
}

/// Reads a document that holds one object: an element of this name with elements alone in it.
pub fn parse_object(item: &str, document: &[u8]) -> Result<Node, String> {
    let object = parse(document)?;
    if object.name != item {
        return Err(format!("The root is not {item}."));
    }
    if !object.text.trim_ascii().is_empty() {
        return Err("There is text beside the elements.".to_owned());
    }
    Ok(object)
}

fn resolve(reference: &BytesRef) -> Result<String, String> {
    let unknown = || format!("&{}; means nothing.", reference.xml10_content());
    match reference.resolve_char_ref() {
        Ok(Some(character)) if is_legal(character) => Ok(character.to_string()),
        Ok(None) => resolve_predefined_entity(reference).map(ToOwned::to_owned).ok_or_else(unknown),
        _ => Err(unknown()),
    }
}

/// XML 1.0, section 2.2.
fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
