//! The values of those switches that choose among words.

#![expect(missing_docs, reason = "the switches explain their values")]

use std::time::Duration;

/// Whether the server does something.
#[derive(Clone, Copy, Eq, PartialEq)]
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
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Total {
    Guide,
    Present,
    Missing,
}

/// How flags are spelled.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Flags {
    Lower,
    Capital,
    Digits,
}

/// What a refusal carries.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum ErrorBody {
    Xml,
    Several,
    Html,
    Empty,
}

/// How the length of a body is told.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Framing {
    Length,
    Chunked,
}

/// Where an answer stops.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Stall {
    Off,
    Head,
    Body,
}

/// Where a body ends too early.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Cut {
    Off,
    Length,
    Chunked,
}

/// What a 201 carries.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum CreatedBody {
    Uri,
    Empty,
    Other,
}

/// Where a 201 says that the new object is.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Location {
    Good,
    Malformed,
    Missing,
}

/// The era of the session cookies.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Cookies {
    Off,
    Y2010,
    Y2012,
    Y2015,
}

/// The path that takes the user's PUT.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum UserUpdate {
    WithId,
    WithoutId,
    Both,
}

/// What becomes of something that a client sends.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Treatment {
    Accepted,
    NeedsEnabled,
    Refused,
    Ignored,
}
