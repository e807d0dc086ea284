//! The simulator's own XML: documents as Unity Connection prints them (one unindented line), objects as
//! clients send them.

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

/// Reads the names and texts of an object's elements, strictly: what is not well-formed is refused with the reason.
pub fn read(item: &str, body: &[u8]) -> Result<Vec<(String, String)>, String> {
    let document = std::str::from_utf8(body).map_err(|error| error.to_string())?;
    if !document.chars().all(is_legal) {
        return Err("XML cannot carry this character.".to_owned());
    }
    let mut reader = Reader::from_str(document);
    reader.config_mut().expand_empty_elements = true;
    let mut elements: Vec<(String, String)> = Vec::new();
    let (mut depth, mut ended) = (0, false);
    loop {
        let text = match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                depth += 1;
                if start.attributes().any(|attribute| attribute.is_err()) {
                    return Err("An attribute is malformed.".to_owned());
                }
                match (depth, start.name().into_inner()) {
                    (1, name) if ended || name != item => {
                        return Err(format!("The root is not {item} alone."));
                    }
                    (2, name) => elements.push((name.to_owned(), String::new())),
                    _ => {}
                }
                continue;
            }
            Event::End(_) => {
                depth -= 1;
                ended = depth == 0;
                continue;
            }
            Event::Text(text) if text.contains("]]>") => {
                return Err("The text has a bare ]]>.".to_owned());
            }
            Event::Text(text) => text.xml10_content().into_owned(),
            Event::CData(text) => text.xml10_content().into_owned(),
            Event::GeneralRef(reference) => resolve(&reference)?,
            Event::Eof if ended => return Ok(elements),
            Event::Eof | Event::DocType(_) => {
                return Err("The document is no single whole element.".to_owned());
            }
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => continue,
        };
        match (depth, elements.last_mut()) {
            (2, Some((_, known))) => known.push_str(&text),
            (0 | 1, _) if !text.trim_ascii().is_empty() => {
                return Err("There is text beside the elements.".to_owned());
            }
            _ => {}
        }
    }
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
