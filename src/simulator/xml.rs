//! The simulator's own XML: documents as Unity Connection prints them (one unindented line).

use quick_xml::escape::escape;

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
    let objects: String = objects
        .iter()
        .map(|elements| object(item, elements))
        .collect();
    format!("{PROLOG}<{root}{total}>{objects}</{root}>")
}

fn object(item: &str, elements: &[Element]) -> String {
    let element = |element: &Element| {
        let Element { name, text, stray } = element;
        let stray = if *stray { ">" } else { "" };
        // A bare CR would come back as a line feed (XML 1.0, section 2.11).
        let text = escape(text.as_str()).replace('\r', "&#13;");
        format!("<{name}>{stray}{text}</{name}>")
    };
    let elements: String = elements.iter().map(element).collect();
    format!("<{item}>{elements}</{item}>")
}
