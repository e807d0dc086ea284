//! The reading of a document, piece by piece: quick-xml's events with our rules.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, Event};

use super::{Fault, Object};

/// How deep elements may lie in one another.
const MAX_DEPTH: usize = 64;

/// A document under way.
pub struct Document<'a> {
    body: &'a str,
    events: Reader<&'a [u8]>,
    depth: usize,
}

impl<'a> Document<'a> {
    /// Begins to read a body.
    pub fn open(body: &'a [u8]) -> Result<Self, Fault> {
        let Ok(body) = std::str::from_utf8(body) else {
            return Err(Fault::NotUtf8);
        };
        let body = body.strip_prefix('\u{feff}').unwrap_or(body);
        // Without a way out early it is done for many bytes at once.
        let control = body.bytes().fold(false, |found, byte| found | !is_legal(char::from(byte)));
        let noncharacter =
            !body.is_ascii() && (body.contains('\u{fffe}') || body.contains('\u{ffff}'));
        if control || noncharacter {
            return Err(Fault::NotXml);
        }
        let mut events = Reader::from_str(body);
        events.config_mut().expand_empty_elements = true;
        events.config_mut().check_comments = true;
        Ok(Self { body, events, depth: 0 })
    }

    /// Reads up to the root element and returns its name.
    pub fn root(&mut self) -> Result<&'a str, Fault> {
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
    pub fn close(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                None => return Ok(()),
                Some(Piece::Nothing) => {}
                Some(Piece::Text(text)) if is_blank(&text) => {}
                Some(_) => return Err(Fault::NotXml),
            }
        }
    }

    /// Goes on to the next element `item` of the list that is under way; false at its end.
    pub fn enter(&mut self, item: &str) -> Result<bool, Fault> {
        loop {
            match self.next()?.ok_or(Fault::CutOff)? {
                Piece::Start(name) if name == item => return Ok(true),
                Piece::Start(_) => self.skip()?,
                Piece::End => return Ok(false),
                _ => {}
            }
        }
    }

    /// Reads the elements of the object that has just begun into `object`.
    pub fn object(&mut self, object: &mut Object<'a>) -> Result<(), Fault> {
        loop {
            match self.next()?.ok_or(Fault::CutOff)? {
                Piece::Start(name) => match object.vacancy(name) {
                    Some(text) => *text = Some(self.text()?),
                    None => self.skip()?,
                },
                Piece::End => return Ok(()),
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
                Piece::Start(local(name))
            }
            Event::End(_) => {
                self.depth -= 1;
                Piece::End
            }
            Event::Text(text) => Piece::Text(text.xml10_content()),
            Event::CData(text) => Piece::Data(text.xml10_content()),
            Event::GeneralRef(reference) => Piece::Data(match reference.resolve_char_ref() {
                Ok(Some(character)) if is_legal(character) => Cow::Owned(character.to_string()),
                Ok(None) => {
                    resolve_predefined_entity(&reference).map(Cow::Borrowed).ok_or(Fault::NotXml)?
                }
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

/// What the reader does with an event.
enum Piece<'a> {
    Start(&'a str),
    End,
    Text(Cow<'a, str>),
    /// Text that was written so on purpose: CDATA or a reference. A `>` in it is no stray.
    Data(Cow<'a, str>),
    Nothing,
}

/// A name without its namespace's prefix.
fn local(name: &str) -> &str {
    // Names are short: a search that is made for long texts costs more than it finds.
    let colon = name.bytes().rposition(|byte| byte == b':');
    colon.and_then(|colon| name.get(colon + 1..)).unwrap_or(name)
}

fn check_encoding(declaration: &BytesDecl) -> Result<(), Fault> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => Err(Fault::NotUtf8),
    }
}

/// The characters of XML 1.0 (section 2.2).
pub fn is_legal(character: char) -> bool {
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
    let blank = |end: Option<&u8>| end.is_some_and(|byte| *byte <= b' ');
    let bytes = text.as_bytes();
    match text {
        text if !blank(bytes.first()) && !blank(bytes.last()) => text,
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
