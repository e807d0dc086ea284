//! The values of those switches that choose among words.

#![expect(missing_docs, reason = "the switches explain their values")]

use std::time::Duration;

use serde::Deserialize;

/// Whether the server does something.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Toggle {
    On,
    Off,
}

/// When connections are closed without a word.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Close {
    Off,
    Every(usize),
    Idle(Duration),
    Unread,
    UnreadReused,
}

/// Where lists tell their length.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Total {
    Guide,
    Present,
    Missing,
}

/// How flags are spelled.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Flags {
    Lower,
    Capital,
    Digits,
}

/// What a refusal carries.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorBody {
    Xml,
    Several,
    Html,
    Empty,
}

/// How the length of a body is told.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    Length,
    Chunked,
}

/// Where an answer stops.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Stall {
    Off,
    Head,
    Body,
}

/// Where a body ends too early.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    Off,
    Length,
    Chunked,
}

/// What a 201 carries.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum CreatedBody {
    Uri,
    Empty,
    Other,
}

/// Where a 201 says that the new object is.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Location {
    Good,
    Malformed,
    Missing,
}

/// The era of the session cookies.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Cookies {
    Off,
    #[serde(rename = "2010")]
    Y2010,
    #[serde(rename = "2012")]
    Y2012,
    #[serde(rename = "2015")]
    Y2015,
}

/// The path that takes the user's PUT.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum UserUpdate {
    WithId,
    WithoutId,
    Both,
}

/// What becomes of an empty end date.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum NoEndDate {
    Accepted,
    NeedsEnabled,
    Refused,
    Ignored,
}

/// What becomes of `PlayWhat`.
#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum PlayWhat {
    Writable,
    Ignored,
    Refused,
}
