//! What one call shows, without anything that was in it: names of fields and elements, sizes, times.

use std::time::Duration;

use actix_web::http::header::{CONTENT_TYPE, SET_COOKIE};
use serde::Serialize;

use crate::table::Table;
use crate::table::property::Kind;
use crate::upstream::callers::session::COOKIES;
use crate::upstream::exchange::Reply;
use crate::xml;

/// The most names of elements that are listed.
const MOST_NAMES: usize = 200;

/// Media types that are shown; another one may say whose it is.
const MEDIA_TYPES: [&str; 9] = [
    "application/json",
    "application/octet-stream",
    "application/xml",
    "audio/wav",
    "audio/wave",
    "audio/x-wav",
    "text/html",
    "text/plain",
    "text/xml",
];

/// One call.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Always GET.
    pub method: &'static str,
    /// The path, `{id}` for ids.
    pub path: String,
    /// The status; none without an answer.
    pub status: Option<u16>,
    /// From the beginning to the last byte.
    pub milliseconds: u64,
    /// The length of the body.
    pub bytes: usize,
    /// The media type and the charset, as far as they are known ones.
    pub content_type: Option<String>,
    /// The names of fields, in lower case, each once.
    pub headers: Vec<String>,
    /// The cookies that were set.
    pub cookies: Cookies,
    /// The root element.
    pub root: Option<String>,
    /// The elements in it, each once.
    pub elements: Vec<String>,
    /// Those of them that the gateway does not know.
    pub unknown_elements: Vec<String>,
    /// Those without which the gateway does not take the answer.
    pub missing_elements: Vec<String>,
    /// Whether the gateway takes the answer; none where no document was to come.
    pub accepted: Option<bool>,
    /// Why not.
    pub fault: Option<String>,
    /// What people read behind the path.
    #[serde(skip)]
    pub note: &'static str,
}

/// Cookies without their values.
#[derive(Debug, Default, Serialize)]
pub struct Cookies {
    /// Those that make a session.
    pub session: Vec<Cookie>,
    /// How many others there are.
    pub others: usize,
}

/// A cookie without its value.
#[derive(Debug, Serialize)]
pub struct Cookie {
    /// Its name.
    pub name: &'static str,
    /// The names of its attributes.
    pub attributes: Vec<String>,
}

impl Entry {
    /// The call of `check`.
    pub fn checked(reply: &Reply, took: Duration) -> Self {
        let path = "/vmrest/user".to_owned();
        Self { path, note: "without credentials", ..Self::of(reply, took) }
    }

    /// What an answer shows.
    pub fn of(reply: &Reply, took: Duration) -> Self {
        let body = reply.body.as_deref().unwrap_or_default();
        let outline = xml::outline(body, MOST_NAMES).ok();
        let (root, elements) =
            outline.map_or((None, Vec::new()), |(root, names)| (Some(root), names));
        let names = reply.headers.keys().map(|name| name.as_str().to_ascii_lowercase());
        let mut headers: Vec<_> = names.collect();
        headers.sort_unstable();
        headers.dedup();
        Self {
            status: Some(reply.status.as_u16()),
            bytes: body.len(),
            content_type: reply.headers.get(CONTENT_TYPE).map(|value| media_type(value.as_bytes())),
            headers,
            cookies: cookies(reply),
            root: root.map(str::to_owned),
            elements: elements.into_iter().map(str::to_owned).collect(),
            ..Self::unanswered(took)
        }
    }

    /// A call without an answer.
    pub fn unanswered(took: Duration) -> Self {
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        Self { method: "GET", milliseconds, ..Self::default() }
    }

    /// Holds the elements against those that a table knows.
    pub fn compare(&mut self, table: &Table, is_list: bool) {
        let [item, _] = table.elements;
        let mut known = vec![item];
        for row in table.properties {
            known.push(row.element);
            if let Kind::Own(own) = row.kind {
                known.extend(own.elements);
            }
        }
        let unknown = self.elements.iter().filter(|name| !known.contains(&name.as_str()));
        self.unknown_elements = unknown.cloned().collect();

        let has_object = !is_list
            || self.root.as_deref() == Some(item)
            || self.elements.iter().any(|name| name == item);
        let is_there = |element: &str| self.elements.iter().any(|name| name == element);
        // Other kinds have an element that stands in, or the path's id does.
        let required = table.properties.iter().filter(|row| {
            let may_be_absent = match row.kind {
                Kind::ObjectId => !is_list,
                Kind::Link(_) | Kind::Enabled(_) | Kind::EnabledUntil | Kind::Own(_) => true,
                _ => false,
            };
            row.is_required && !may_be_absent
        });
        let missing =
            required.map(|row| row.element).filter(|element| has_object && !is_there(element));
        self.missing_elements = missing.map(str::to_owned).collect();
    }

    /// Adds what the reader misses.
    pub fn miss(&mut self, element: &str) {
        if !self.missing_elements.iter().any(|known| known == element) {
            self.missing_elements.push(element.to_owned());
        }
    }

    /// The status, as a word for people.
    pub fn told_status(&self) -> String {
        self.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string())
    }
}

/// A media type with its charset, where both are known.
fn media_type(value: &[u8]) -> String {
    let text = String::from_utf8_lossy(value).to_ascii_lowercase();
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let Some(known) = MEDIA_TYPES.into_iter().find(|known| *known == essence) else {
        return "another one".to_owned();
    };
    let mut charsets = parts.filter_map(|part| part.strip_prefix("charset="));
    match charsets.next().map(|charset| charset.trim_matches('"')) {
        None => known.to_owned(),
        Some("utf-8") => format!("{known};charset=utf-8"),
        Some("iso-8859-1") => format!("{known};charset=iso-8859-1"),
        Some(_) => format!("{known};charset=another one"),
    }
}

fn cookies(reply: &Reply) -> Cookies {
    let mut cookies = Cookies::default();
    for field in reply.headers.get_all(SET_COOKIE) {
        let text = String::from_utf8_lossy(field.as_bytes()).into_owned();
        let mut parts =
            text.split(';').map(|part| part.split('=').next().unwrap_or_default().trim());
        let name = parts.next().unwrap_or_default();
        match COOKIES.into_iter().find(|known| *known == name) {
            None => cookies.others += 1,
            Some(name) => {
                let known =
                    ["path", "domain", "secure", "httponly", "samesite", "expires", "max-age"];
                let attributes = parts
                    .map(str::to_ascii_lowercase)
                    .filter(|part| known.contains(&part.as_str()));
                cookies.session.push(Cookie { name, attributes: attributes.collect() });
            }
        }
    }
    cookies
}
