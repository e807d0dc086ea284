//! The values that the simulator's switches take.

#![expect(missing_docs, reason = "the switches explain their values")]

use std::time::Duration;

use serde::Deserialize;

/// A number, or `off`.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct Count(pub Option<usize>);

impl TryFrom<String> for Count {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match (text.as_str(), text.parse()) {
            ("off", _) => Ok(Self(None)),
            (_, Ok(count)) => Ok(Self(Some(count))),
            (_, Err(_)) => Err(format!("takes off or a number, not `{text}`")),
        }
    }
}

/// A status, or `off`.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct Status(pub Option<u16>);

impl TryFrom<String> for Status {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match (text.as_str(), text.parse()) {
            ("off", _) => Ok(Self(None)),
            (_, Ok(status @ 200..=599)) => Ok(Self(Some(status))),
            _ => Err(format!("takes off or a status from 200 to 599, not `{text}`")),
        }
    }
}

/// A length of time.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match humantime::parse_duration(&text) {
            Ok(duration) => Ok(Self(duration)),
            Err(_) => Err(format!("takes a duration such as 50ms, 20s or 30m, not `{text}`")),
        }
    }
}

/// When connections are closed without a word.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub enum Close {
    Off,
    Every(usize),
    Idle(Duration),
    Unread,
    UnreadReused,
}

impl TryFrom<String> for Close {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let known = match text.split_once(':') {
            None if text == "off" => Some(Self::Off),
            None if text == "unread" => Some(Self::Unread),
            Some(("unread", "reused")) => Some(Self::UnreadReused),
            Some(("every", count)) => count.parse().ok().map(Self::Every),
            Some(("idle", time)) => humantime::parse_duration(time).ok().map(Self::Idle),
            _ => None,
        };
        known.ok_or_else(|| {
            format!("takes off, every:NUMBER, idle:DURATION, unread or unread:reused, not `{text}`")
        })
    }
}

/// Any text, or `off`.
#[derive(Clone, Deserialize)]
#[serde(from = "String")]
pub struct Text(pub Option<String>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Some(text).filter(|text| text != "off"))
    }
}

/// A header's name and value, or `off`.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Header(pub Option<(String, String)>);

impl TryFrom<String> for Header {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text == "off" {
            return Ok(Self(None));
        }
        match text.split_once(": ") {
            Some((name, value)) => Ok(Self(Some((name.to_owned(), value.to_owned())))),
            None => Err(format!("takes off or `Name: value`, not `{text}`")),
        }
    }
}

/// `on` or `off`.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Toggle {
    On,
    Off,
}

/// Where lists tell their length.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Total {
    Guide,
    Present,
    Missing,
}

/// How flags are spelled.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Flags {
    Lower,
    Capital,
    Digits,
}

/// What a refusal carries.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum ErrorBody {
    Xml,
    Several,
    Html,
    Empty,
}

/// How the length of a body is told.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Framing {
    Length,
    Chunked,
}

/// Where an answer stops.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Stall {
    Off,
    Head,
    Body,
}

/// Where a body ends too early.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Cut {
    Off,
    Length,
    Chunked,
}

/// What a 201 carries.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum CreatedBody {
    Uri,
    Empty,
    Other,
}

/// Where a 201 says that the new object is.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    Good,
    Malformed,
    Missing,
}

/// The era of the session cookies.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
pub enum Cookies {
    #[serde(rename = "off")]
    Off,
    #[serde(rename = "2010")]
    Y2010,
    #[serde(rename = "2012")]
    Y2012,
    #[serde(rename = "2015")]
    Y2015,
}

/// The status of a refusal.
#[derive(Clone, Copy, Deserialize)]
pub enum Refuses {
    #[serde(rename = "400")]
    BadRequest = 400,
    #[serde(rename = "401")]
    Unauthorized = 401,
    #[serde(rename = "403")]
    Forbidden = 403,
    #[serde(rename = "404")]
    NotFound = 404,
}
