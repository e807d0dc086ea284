//! The reading of a document, piece by piece: quick-xml's events with our rules.

use std::borrow::Cow;
use std::ops::Range;

use memchr::memchr2;
use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, Event};

use super::tags::{end_tag, expected_tag, local, start_tag};
use super::text::{
    BLANKS, append, code_point, is_blank, is_legal, is_verbatim, join, normalized, trim_end, value,
    without_stray,
};
use super::{Fault, Object};

/// How deep elements may lie in one another.
const MAX_DEPTH: usize = 64;

/// A document under way. It is read in a time that grows with its length and with nothing else.
pub struct Document<'a> {
    body: &'a str,
    /// What has not been read yet.
    rest: &'a str,
    /// Reads the rest where it is no plain tag.
    events: Reader<&'a [u8]>,
    /// Whether all texts can be taken as they stand.
    verbatim: bool,
    /// Whether quick-xml is ready for whatever comes. After a text it insists on markup.
    ready: bool,
    /// The elements that are open. quick-xml does not know of those that it has not read.
    open: Vec<&'a str>,
    /// Whether the element that has just begun is an empty one, so that its end comes next.
    empty: bool,
}

impl<'a> Document<'a> {
    /// Begins to read a body.
    pub fn open(body: &'a [u8]) -> Result<Self, Fault> {
        let Ok(body) = std::str::from_utf8(body) else {
            return Err(Fault::NotUtf8);
        };
        let body = body.strip_prefix('\u{feff}').unwrap_or(body);
        // quick-xml passes over a second one.
        if body.starts_with('\u{feff}') {
            return Err(Fault::NotXml);
        }
        let mut events = Reader::from_str(body);
        let config = events.config_mut();
        config.check_comments = true;
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let open = Vec::with_capacity(4);
        let verbatim = is_verbatim(body);
        Ok(Self { body, rest: body, events, verbatim, ready: false, open, empty: false })
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
            if let Some((name, text)) = self.plain(object.expected()) {
                if let Some(place) = object.vacancy(name) {
                    *place = Some(Cow::Borrowed(value(text)));
                }
                continue;
            }
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

    /// The names of all elements within the one that has just begun, at any depth, each once: at most `most` of them.
    pub fn names(&mut self, most: usize) -> Result<Vec<&'a str>, Fault> {
        let outside = self.open.len() - 1;
        let mut names = Vec::new();
        while self.open.len() > outside {
            if let Piece::Start(name) = self.next()?.ok_or(Fault::CutOff)?
                && names.len() < most
                && !names.contains(&name)
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// An element as Unity Connection prints nearly all of them: `<Name>text</Name>`, with nothing else in it and a text
    /// that stands for itself. It is taken by its place in the body, at a fraction of what three events of quick-xml cost.
    /// The expected name is compared first.
    #[inline]
    fn plain(&mut self, expected: &str) -> Option<(&'a str, &'a str)> {
        if !self.can_take_tags() {
            return None;
        }
        let rest = self.rest;
        let rest = if rest.starts_with('<') { rest } else { rest.trim_start_matches(BLANKS) };
        let (name, rest) = expected_tag(rest, expected).or_else(|| start_tag(rest))?;
        let (text, rest) = rest.split_at_checked(memchr2(b'<', b'&', rest.as_bytes())?)?;
        self.rest = end_tag(rest, name)?;
        Some((name, text))
    }

    /// A tag as Unity Connection prints nearly all of them, without blanks and attributes: `<Name>` or `</Name>`.
    #[inline]
    fn tag(&mut self) -> Option<Piece<'a>> {
        if !self.can_take_tags() {
            return None;
        }
        if let Some(rest) = self.open.last().and_then(|name| end_tag(self.rest, name)) {
            self.open.pop();
            self.rest = rest;
            return Some(Piece::End);
        }
        let (name, rest) = start_tag(self.rest)?;
        self.open.push(name);
        self.rest = rest;
        Some(Piece::Start(name))
    }

    /// Whether what comes may be taken by its place in the body, without quick-xml.
    fn can_take_tags(&self) -> bool {
        self.verbatim && self.ready && !self.empty && self.open.len() < MAX_DEPTH
    }

    /// The text of the element that has just begun, trimmed and without that of elements in it.
    #[inline]
    fn text(&mut self) -> Result<Cow<'a, str>, Fault> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next()?.ok_or(Fault::CutOff)? {
                Piece::Text(more) if text.is_empty() => append(&mut text, without_stray(more)),
                Piece::Text(more) | Piece::Data(more) => append(&mut text, more),
                Piece::Start(_) => self.skip()?,
                Piece::End => return Ok(trim_end(text)),
                Piece::Nothing => {}
            }
        }
    }

    fn skip(&mut self) -> Result<(), Fault> {
        let outside = self.open.len() - 1;
        while self.open.len() > outside {
            self.next()?.ok_or(Fault::CutOff)?;
        }
        Ok(())
    }

    /// The next piece; `None` at the end of the body, which is an error within the root.
    #[inline]
    fn next(&mut self) -> Result<Option<Piece<'a>>, Fault> {
        if self.empty {
            self.empty = false;
            self.open.pop();
            return Ok(Some(Piece::End));
        }
        if let Some(piece) = self.tag() {
            return Ok(Some(piece));
        }
        let rest = self.rest;
        *self.events.get_mut() = rest.as_bytes();
        let event = match self.events.read_event() {
            Ok(event) => event,
            Err(quick_xml::Error::Syntax(_)) => return Err(Fault::CutOff),
            Err(_) => return Err(Fault::NotXml),
        };
        // An event lends its text for its own life only; the body lends it for longer.
        let length = rest.len() - self.events.get_ref().len();
        self.rest = rest.get(length..).unwrap_or_default();
        let source = |span: Range<usize>| rest.get(span).ok_or(Fault::NotXml);
        let is_text = matches!(event, Event::Text(_) | Event::CData(_) | Event::GeneralRef(_));
        if !self.verbatim && !is_text && !source(0..length)?.chars().all(is_legal) {
            return Err(Fault::NotXml);
        }
        self.ready = matches!(event, Event::Start(_) | Event::Empty(_) | Event::End(_));
        Ok(Some(match event {
            Event::Start(_) | Event::Empty(_) if self.open.len() == MAX_DEPTH => {
                return Err(Fault::TooDeep);
            }
            Event::Start(ref tag) | Event::Empty(ref tag) => {
                let name = source(1..1 + tag.name().as_ref().len())?;
                self.open.push(name);
                self.empty = matches!(event, Event::Empty(_));
                Piece::Start(local(name))
            }
            Event::End(tag) if self.open.pop() == Some(tag.name().as_ref()) => Piece::End,
            Event::Text(_) => Piece::Text(self.normalize(source(0..length)?)),
            Event::CData(_) => {
                Piece::Data(self.normalize(source("<![CDATA[".len()..length - "]]>".len())?))
            }
            Event::GeneralRef(_) => Piece::Data(self.resolve(source(1..length - 1)?)?),
            Event::Comment(_) | Event::PI(_) => Piece::Nothing,
            Event::Decl(declaration) if rest.len() == self.body.len() => {
                check_encoding(&declaration)?;
                Piece::Nothing
            }
            Event::DocType(_) => return Err(Fault::DocumentType),
            Event::Eof if !self.open.is_empty() => return Err(Fault::CutOff),
            Event::Eof => return Ok(None),
            Event::End(_) | Event::Decl(_) => return Err(Fault::NotXml),
        }))
    }

    /// The text that a reference stands for.
    fn resolve(&mut self, reference: &str) -> Result<Cow<'a, str>, Fault> {
        let Some(number) = reference.strip_prefix('#') else {
            return resolve_predefined_entity(reference).map(Cow::Borrowed).ok_or(Fault::NotXml);
        };
        let number = code_point(number).ok_or(Fault::NotXml)?;
        let pair = self.rest.strip_prefix("&#").and_then(|next| {
            let (next, rest) = next.split_once(';')?;
            Some((join(number, code_point(next)?)?, rest))
        });
        if let Some((_, rest)) = pair {
            self.rest = rest;
        }
        let character = pair
            .map(|(character, _)| character)
            .or_else(|| char::from_u32(number).filter(|c| is_legal(*c)));
        Ok(Cow::Owned(character.unwrap_or(char::REPLACEMENT_CHARACTER).to_string()))
    }

    /// Text with the line ends of XML (section 2.11), and U+FFFD for what XML 1.0 excludes.
    #[inline]
    fn normalize<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.verbatim { Cow::Borrowed(text) } else { normalized(text) }
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

fn check_encoding(declaration: &BytesDecl) -> Result<(), Fault> {
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(name)) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => Err(Fault::NotUtf8),
    }
}
