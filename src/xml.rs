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
//! | a bare item where a list is asked | a list where one item is asked |

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, Event};
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

#[cfg(test)]
mod tests;

/// How deep elements may lie in one another.
const MAX_DEPTH: usize = 64;

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
    /// One object was asked for and another one came.
    #[error("it is about another object than the one asked for")]
    OtherObject,
}

/// CUPI's identifier of an object: a UUID, printed in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(value_type = String, format = Uuid, example = "75436abf-8784-450f-ac61-23a08be2c364")]
pub struct ObjectId(Uuid);

impl ObjectId {
    /// Reads 8-4-4-4-12 hexadecimal digits in any case.
    pub fn parse(text: &str) -> Option<Self> {
        // The parser takes three more spellings, none of which is 36 characters long.
        let uuid = (text.len() == 36).then(|| Uuid::try_parse(text).ok())??;
        Some(Self(uuid))
    }
}

impl std::fmt::Display for ObjectId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_hyphenated().fmt(formatter)
    }
}

/// One object of a document: its elements with their text, trimmed.
#[derive(Debug, Default)]
pub struct Object<'a> {
    elements: Vec<(&'a str, Cow<'a, str>)>,
}

impl<'a> Object<'a> {
    /// The text of an element that may be absent.
    pub fn optional(&self, element: &str) -> Option<&str> {
        let (_, text) = self.elements.iter().find(|(name, _)| *name == element)?;
        Some(text)
    }

    /// The text of an element that must be there; it may be empty.
    pub fn text(&self, element: &'static str) -> Result<&str, Fault> {
        self.optional(element).ok_or(Fault::Missing(element))
    }

    /// A required yes or no: `true`, `false`, `1` or `0` in any case.
    pub fn flag(&self, element: &'static str) -> Result<bool, Fault> {
        let text = self.text(element)?;
        if text == "1" || text.eq_ignore_ascii_case("true") {
            Ok(true)
        } else if text == "0" || text.eq_ignore_ascii_case("false") {
            Ok(false)
        } else {
            Err(Fault::NotAFlag(element))
        }
    }

    /// The object's own identifier. `asked` is the one that a single object was asked by: it
    /// stands in where the answer leaves its own out, and another one is a fault.
    pub fn object_id(&self, asked: Option<ObjectId>) -> Result<ObjectId, Fault> {
        const OBJECT_ID: &str = "ObjectId";

        let found = match self.optional(OBJECT_ID) {
            Some(text) => Some(ObjectId::parse(text).ok_or(Fault::NotAnObjectId(OBJECT_ID))?),
            None => None,
        };
        match (found, asked) {
            (Some(found), Some(asked)) if found != asked => Err(Fault::OtherObject),
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => Err(Fault::Missing(OBJECT_ID)),
        }
    }

    fn push(&mut self, name: &'a str, text: Cow<'a, str>) {
        self.elements.push((name, text));
    }
}

/// Reads a document that is one object, `root`.
pub fn object<'a>(body: &'a [u8], root: &'static str) -> Result<Object<'a>, Fault> {
    let mut document = Document::open(body)?;
    if document.root()? != root {
        return Err(Fault::WrongRoot(root));
    }
    let object = document.object()?;
    document.close()?;
    Ok(object)
}

/// Reads a document that is a list `root` of objects `item`. A bare `item` is a list of one: so
/// CUPI answers now and then.
pub fn list<'a>(
    body: &'a [u8],
    root: &'static str,
    item: &'static str,
) -> Result<Vec<Object<'a>>, Fault> {
    let mut document = Document::open(body)?;
    let name = document.root()?;
    let objects = if name == item {
        vec![document.object()?]
    } else if name == root {
        document.objects(item)?
    } else {
        return Err(Fault::WrongRoot(root));
    };
    document.close()?;
    Ok(objects)
}

/// What the reader does with an event.
enum Piece<'a> {
    Start(&'a str),
    End,
    Text(Cow<'a, str>),
    /// Text that was written so on purpose: CDATA or a reference. A `>` in it is no stray.
    Data(Cow<'a, str>),
    Nothing,
}

/// A document under way: quick-xml's events with our rules.
struct Document<'a> {
    body: &'a str,
    events: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Document<'a> {
    fn open(body: &'a [u8]) -> Result<Self, Fault> {
        let Ok(body) = std::str::from_utf8(body) else {
            return Err(Fault::NotUtf8);
        };
        let body = body.strip_prefix('\u{feff}').unwrap_or(body);
        let control = body.bytes().any(|byte| !is_legal(char::from(byte)));
        if control || body.contains('\u{fffe}') || body.contains('\u{ffff}') {
            return Err(Fault::NotXml);
        }
        let mut events = Reader::from_str(body);
        events.config_mut().expand_empty_elements = true;
        events.config_mut().check_comments = true;
        Ok(Self {
            body,
            events,
            depth: 0,
        })
    }

    /// Reads up to the root element and returns its name.
    fn root(&mut self) -> Result<&'a str, Fault> {
        loop {
            match self.next()? {
                Some(Piece::Start(name)) => return Ok(name),
                Some(Piece::Nothing) => {}
                Some(Piece::Text(text)) if is_blank(&text) => {}
                Some(_) | None => return Err(Fault::NotXml),
            }
        }
    }

    /// Reads the rest, which must be nothing.
    fn close(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                None => return Ok(()),
                Some(Piece::Nothing) => {}
                Some(Piece::Text(text)) if is_blank(&text) => {}
                Some(_) => return Err(Fault::NotXml),
            }
        }
    }

    fn objects(&mut self, item: &str) -> Result<Vec<Object<'a>>, Fault> {
        let mut objects = Vec::new();
        loop {
            match self.next()?.ok_or(Fault::CutOff)? {
                Piece::Start(name) if name == item => objects.push(self.object()?),
                Piece::Start(_) => self.skip()?,
                Piece::End => return Ok(objects),
                _ => {}
            }
        }
    }

    fn object(&mut self) -> Result<Object<'a>, Fault> {
        let mut object = Object {
            elements: Vec::with_capacity(8),
        };
        loop {
            match self.next()?.ok_or(Fault::CutOff)? {
                Piece::Start(name) => {
                    let text = self.text()?;
                    object.push(name, text);
                }
                Piece::End => return Ok(object),
                _ => {}
            }
        }
    }

    /// The text of the element that has just begun, without that of elements in it.
    fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next()?.ok_or(Fault::CutOff)? {
                Piece::Text(more) if is_blank(&text) => append(&mut text, without_stray(more)),
                Piece::Text(more) | Piece::Data(more) => append(&mut text, more),
                Piece::Start(_) => self.skip()?,
                Piece::End => return Ok(trim(text)),
                Piece::Nothing => {}
            }
        }
    }

    fn skip(&mut self) -> Result<(), Fault> {
        let outside = self.depth - 1;
        while self.depth > outside {
            self.next()?.ok_or(Fault::CutOff)?;
        }
        Ok(())
    }

    /// The next piece; `None` at the end of the body, which is an error within the root.
    fn next(&mut self) -> Result<Option<Piece<'a>>, Fault> {
        let start = usize::try_from(self.events.buffer_position()).unwrap_or(usize::MAX);
        let event = match self.events.read_event() {
            Ok(event) => event,
            Err(quick_xml::Error::Syntax(_)) => return Err(Fault::CutOff),
            Err(_) => return Err(Fault::NotXml),
        };
        Ok(Some(match event {
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return Err(Fault::TooDeep);
                }
                // The tag lends its name for its own life only; the body lends it for longer.
                let name = start + 1..start + 1 + tag.name().as_ref().len();
                let name = self.body.get(name).ok_or(Fault::NotXml)?;
                Piece::Start(name.rsplit_once(':').map_or(name, |(_, local)| local))
            }
            Event::End(_) => {
                self.depth -= 1;
                Piece::End
            }
            Event::Text(text) => Piece::Text(text.xml10_content()),
            Event::CData(text) => Piece::Data(text.xml10_content()),
            Event::GeneralRef(reference) => Piece::Data(match reference.resolve_char_ref() {
                Ok(Some(character)) if is_legal(character) => Cow::Owned(character.to_string()),
                Ok(None) => resolve_predefined_entity(&reference)
                    .map(Cow::Borrowed)
                    .ok_or(Fault::NotXml)?,
                Ok(Some(_)) | Err(_) => return Err(Fault::NotXml),
            }),
            Event::Comment(_) | Event::PI(_) => Piece::Nothing,
            Event::Decl(declaration) if start == 0 => {
                check_encoding(&declaration)?;
                Piece::Nothing
            }
            Event::DocType(_) => return Err(Fault::DocumentType),
            Event::Eof if self.depth > 0 => return Err(Fault::CutOff),
            Event::Eof => return Ok(None),
            Event::Decl(_) | Event::Empty(_) => return Err(Fault::NotXml),
        }))
    }
}

fn check_encoding(declaration: &BytesDecl) -> Result<(), Fault> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => Err(Fault::NotUtf8),
    }
}

/// The characters of XML 1.0 (section 2.2).
fn is_legal(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

fn is_blank(text: &str) -> bool {
    text.trim_matches(BLANKS).is_empty()
}

/// The guide's own sample prints `<UseServiceCredentials>>false</UseServiceCredentials>`.
fn without_stray(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => {
            let value = text.trim_start_matches(BLANKS);
            Cow::Borrowed(value.strip_prefix('>').unwrap_or(text))
        }
        Cow::Owned(text) => {
            let value = text.trim_start_matches(BLANKS);
            Cow::Owned(value.strip_prefix('>').unwrap_or(&text).to_owned())
        }
    }
}

fn trim(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(BLANKS)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(BLANKS).to_owned()),
    }
}

fn append<'a>(text: &mut Cow<'a, str>, more: Cow<'a, str>) {
    if text.is_empty() {
        *text = more;
    } else {
        text.to_mut().push_str(&more);
    }
}
