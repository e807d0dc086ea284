//! CUPI's XML: a lenient reader of documents.
//!
//! A document holds one object, or a list of them under a root of its own; an object is a row of
//! elements with text. Readers ask by CUPI's element names, in any order; what they do not ask for
//! is ignored (CUPI, "Versioning": clients must ignore fields they do not know).
//!
//! | tolerated | refused |
//! | --- | --- |
//! | any order, unknown elements and attributes, namespaces | another root, a second root, text beside it |
//! | blanks round values, comments, CDATA, a BOM | a DTD, an unknown entity, another encoding than UTF-8 |
//! | `True`, `1`; a stray `>` before a value, as the guide's sample has it | a document that ends too early, or is too deep |
//! | in values what XML excludes, as U+FFFD; a pair of surrogates as references | in markup what XML excludes |
//! | a bare item where a list is asked | a list where one item is asked |

use std::borrow::Cow;

use quick_xml::escape::partial_escape;
use thiserror::Error;

use document::Document;

pub mod document;
pub mod tags;
#[cfg(test)]
mod tests;
pub mod text;

/// Why a body is not the document that was asked for. The texts are ours alone: nothing of the
/// body is in them.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Fault {
    /// Bytes that are not UTF-8, or a declaration of another encoding.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// Not well-formed, or not XML at all.
    #[error("it is not well-formed XML")]
    NotXml,
    /// The root or an element within it is not closed.
    #[error("it ends too early")]
    CutOff,
    /// A document type declaration: CUPI sends none, attackers do.
    #[error("it has a document type declaration")]
    DocumentType,
    /// Deeper than any CUPI document.
    #[error("its elements lie too deep in one another")]
    TooDeep,
    /// Another root element than the one named.
    #[error("its root element is not `{0}`")]
    WrongRoot(&'static str),
    /// A required element is not there.
    #[error("an object in it has no `{0}`")]
    Missing(&'static str),
    /// A value that is no yes or no.
    #[error("`{0}` in it is neither true nor false")]
    NotAFlag(&'static str),
    /// A value that is no UUID.
    #[error("`{0}` in it is not a UUID")]
    NotAnObjectId(&'static str),
    /// A value that is no integer of 32 bits.
    #[error("`{0}` in it is not a number")]
    NotANumber(&'static str),
    /// A value that is no time of the calendar.
    #[error("`{0}` in it is not a time")]
    NotATime(&'static str),
    /// A value that makes no sense where it stands.
    #[error("`{0}` in it makes no sense")]
    Senseless(&'static str),
    /// One object was asked for and another one came.
    #[error("it is about another object than the one asked for")]
    OtherObject,
}

/// One object of a document: the texts, trimmed, of the elements that are asked for. The first of several with one name
/// counts; nothing is kept of what is not asked for.
#[derive(Clone, Debug)]
pub struct Object<'a> {
    elements: Vec<&'static str>,
    texts: Vec<Option<Cow<'a, str>>>,
    /// Where the next element is looked for first: Unity Connection keeps an order.
    next: usize,
}

impl<'a> Object<'a> {
    /// Asks for these elements, each named once.
    pub fn new(elements: Vec<&'static str>) -> Self {
        Self { texts: vec![None; elements.len()], elements, next: 0 }
    }

    /// The text of the element that was asked for in this place.
    pub fn get(&self, index: usize) -> Option<&Cow<'a, str>> {
        self.texts.get(index)?.as_ref()
    }

    /// The text of an element that may be absent.
    pub fn optional(&self, element: &str) -> Option<&Cow<'a, str>> {
        self.get(self.elements.iter().position(|name| *name == element)?)
    }

    /// The text of an element that must be there; it may be empty.
    pub fn text(&self, element: &'static str) -> Result<&Cow<'a, str>, Fault> {
        self.optional(element).ok_or(Fault::Missing(element))
    }

    /// A required yes or no.
    pub fn flag(&self, element: &'static str) -> Result<bool, Fault> {
        flag(element, self.text(element)?)
    }

    /// The name of the element that is looked for first; the first again after the last, and empty where none is asked for.
    pub fn expected(&self) -> &'static str {
        self.elements.get(self.next).copied().unwrap_or_default()
    }

    /// The place for the text of this element, where it is asked for and not there yet.
    pub fn vacancy(&mut self, element: &str) -> Option<&mut Option<Cow<'a, str>>> {
        let index = if self.expected() == element {
            self.next
        } else {
            self.elements.iter().position(|name| *name == element)?
        };
        self.next = if index + 1 < self.elements.len() { index + 1 } else { 0 };
        self.texts.get_mut(index).filter(|text| text.is_none())
    }

    /// Forgets the texts and keeps the room for them.
    pub fn clear(&mut self) {
        self.texts.fill(None);
        self.next = 0;
    }
}

/// A yes or no: `true`, `false`, `1` or `0` in any case.
pub fn flag(element: &'static str, text: &str) -> Result<bool, Fault> {
    if text == "1" || text.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if text == "0" || text.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(Fault::NotAFlag(element))
    }
}

/// A list of objects, read one after another.
pub struct List<'a> {
    document: Document<'a>,
    item: &'static str,
    /// The only object, where the document is a bare one.
    bare: bool,
    ended: bool,
    object: Object<'a>,
}

impl<'a> List<'a> {
    /// The next object; `None` after the last, when the whole document has been read.
    pub fn advance(&mut self) -> Result<Option<&Object<'a>>, Fault> {
        if self.ended {
            return Ok(None);
        }
        self.object.clear();
        if self.bare {
            self.document.object(&mut self.object)?;
            self.document.close()?;
            self.ended = true;
        } else if self.document.enter(self.item)? {
            self.document.object(&mut self.object)?;
        } else {
            self.document.close()?;
            self.ended = true;
            return Ok(None);
        }
        Ok(Some(&self.object))
    }
}

/// Reads a document that is one object, `root`, into `object`, which asks for its elements.
pub fn object<'a>(
    body: &'a [u8],
    root: &'static str,
    mut object: Object<'a>,
) -> Result<Object<'a>, Fault> {
    let mut document = Document::open(body)?;
    if document.root()? != root {
        return Err(Fault::WrongRoot(root));
    }
    document.object(&mut object)?;
    document.close()?;
    Ok(object)
}

/// Begins to read a document that is a list of objects, named by the elements of an object and of the list; `object`
/// asks for the elements of each. A bare object is a list of one: so CUPI answers now and then.
pub fn list<'a>(
    body: &'a [u8],
    [item, root]: [&'static str; 2],
    object: Object<'a>,
) -> Result<List<'a>, Fault> {
    let mut document = Document::open(body)?;
    let name = document.root()?;
    let bare = name == item;
    if !bare && name != root {
        return Err(Fault::WrongRoot(root));
    }
    Ok(List { document, item, bare, ended: false, object })
}

/// The name of a document's root, and those of all elements in it, each once: at most `most` of them.
pub fn outline(body: &[u8], most: usize) -> Result<(&str, Vec<&str>), Fault> {
    let mut document = Document::open(body)?;
    let root = document.root()?;
    let names = document.names(most)?;
    document.close()?;
    Ok((root, names))
}

/// Writes a document that is one object: `root` with these elements and their texts, in this order, on one line. The
/// texts must be such as XML [`can_carry`]; they are sent as they are, untrimmed.
pub fn write(root: &str, elements: &[(&'static str, String)]) -> String {
    let mut document = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{root}>");
    for (element, text) in elements {
        // The rest of what a line break could be is escaped already.
        let text = partial_escape(text.as_str()).replace('\n', "&#10;");
        document.extend(["<", element, ">", &text, "</", element, ">"]);
    }
    document.extend(["</", root, ">"]);
    document
}

/// Whether XML 1.0 has all these characters (section 2.2).
pub fn can_carry(text: &str) -> bool {
    text.chars().all(text::is_legal)
}
