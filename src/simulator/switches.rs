//! The simulator's switches: how it differs from a healthy Unity Connection as the guide describes it.
//!
//! A switch is one field here, with its values and its default. All of them are set by name and text, by tests and by
//! the command line alike.

pub mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::MapDeserializer;

use values::{
    Close, Cookies, Count, CreatedBody, Cut, ErrorBody, Flags, Framing, Header, Location, Refuses,
    Span, Stall, Status, Text, Toggle, Total,
};

/// Every switch. `Switches::default()` is a healthy server.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// `total="N"` on lists: `guide` (where the guide prints it), `present`, `missing`.
    pub total: Total,
    /// Whether a list of one item is printed as that item alone: `on`, `off`.
    pub bare_root: Toggle,
    /// How flags are spelled: `lower` (`true`), `capital` (`True`), `digits` (`1`).
    pub flags: Flags,
    /// Whether blanks stand round values: `on`, `off`.
    pub padding: Toggle,
    /// What a refusal carries: `xml`, `several` (more than one `errors`), `html`, `empty`.
    pub error_body: ErrorBody,
    /// The status for an id that is no UUID: `400`, `401`, `403`, `404`.
    pub malformed_id: Refuses,
    /// The status for URIs that only administrators may use: `400`, `401`, `403`, `404`.
    pub forbidden: Refuses,
    /// The status for writes to what the administrator defined: `400`, `401`, `403`, `404`.
    pub refused_write: Refuses,
    /// The body of a 201: `uri`, `empty`, `other`.
    pub created_body: CreatedBody,
    /// The `Location` of a 201: `good`, `malformed`, `missing`.
    pub location: Location,
    /// A path at and below which a valid sign-in is answered 401, or `off`.
    pub not_permitted: Text,
    /// The status of every answer, such as `503`, or `off`.
    pub status: Status,
    /// Whether everything is redirected to https: `on`, `off`.
    pub redirect: Toggle,
    /// The document that every GET is answered with, or `off`.
    pub document: Text,
    /// A header on every answer, as `Name: value`, or `off`.
    pub header: Header,
    /// How the length of a body is told: `length`, `chunked`.
    pub framing: Framing,
    /// The time between work and answer, such as `50ms`.
    pub delay: Span,
    /// Where an answer stops until this switch changes: `off`, `head` (before it), `body` (within its body).
    pub stall: Stall,
    /// Where a body ends too early: `off`, `length` (short of its `Content-Length`), `chunked` (within a chunk).
    pub cut: Cut,
    /// When connections are closed without a word (plain HTTP only): `off`, `every:N` (after N answers),
    /// `idle:DURATION`, `unread` (each request is read and gets no answer and no effect), `unread:reused` (so are those
    /// on a connection that has carried one before).
    pub close: Close,
    /// Requests that are worked on at once, or `off`. More wait their turn.
    pub throttle: Count,
    /// The most requests that wait; one more is answered 503.
    pub throttle_queue: Count,
    /// The longest wait, then 503.
    pub throttle_wait: Span,
    /// The time for which a request is worked on.
    pub work: Span,
    /// The session cookies, as in the releases of `2010`, `2012`, `2015`, or `off`.
    pub cookies: Cookies,
    /// The time after which an unused session ends.
    pub session_ttl: Span,
    /// Failed sign-ins that lock a person out (`MaxHacks`), or `off`.
    pub lockout: Count,
    /// The time after which failed sign-ins are forgotten (`HackResetTime`).
    pub hack_reset: Span,
    /// The time for which a person is locked out (`LockoutDuration`); `0s`: until unlocked.
    pub lockout_time: Span,
    /// The number of accounts that the person `mira` has.
    pub many: Count,
    #[serde(skip)]
    given: BTreeMap<String, String>,
}

impl Default for Switches {
    fn default() -> Self {
        let minutes = |count: u64| Span(Duration::from_secs(60 * count));
        Self {
            total: Total::Guide,
            bare_root: Toggle::Off,
            flags: Flags::Lower,
            padding: Toggle::Off,
            error_body: ErrorBody::Xml,
            malformed_id: Refuses::NotFound,
            forbidden: Refuses::Forbidden,
            refused_write: Refuses::Forbidden,
            created_body: CreatedBody::Uri,
            location: Location::Good,
            not_permitted: Text(None),
            status: Status(None),
            redirect: Toggle::Off,
            document: Text(None),
            header: Header(None),
            framing: Framing::Length,
            delay: Span(Duration::ZERO),
            stall: Stall::Off,
            cut: Cut::Off,
            close: Close::Off,
            throttle: Count(Some(5)),
            throttle_queue: Count(Some(255)),
            throttle_wait: Span(Duration::from_secs(20)),
            work: Span(Duration::ZERO),
            cookies: Cookies::Y2015,
            session_ttl: minutes(30),
            lockout: Count(Some(3)),
            hack_reset: minutes(30),
            lockout_time: minutes(30),
            many: Count(Some(40)),
            given: BTreeMap::new(),
        }
    }
}

impl Switches {
    /// Sets one switch. The error is a sentence that lists the switches, or the values, that there are.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let mut given = self.given.clone();
        given.insert(name.to_owned(), value.to_owned());
        let pairs = given.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        match Self::deserialize(MapDeserializer::<_, Fault>::new(pairs)) {
            Ok(switches) => *self = Self { given, ..switches },
            Err(Fault::Name(sentence)) => return Err(sentence),
            Err(Fault::Value(sentence)) => return Err(format!("The switch `{name}` {sentence}.")),
        }
        Ok(())
    }
}

#[derive(Debug)]
enum Fault {
    Name(String),
    Value(String),
}

impl std::error::Error for Fault {}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Name(sentence) | Self::Value(sentence)) = self;
        formatter.write_str(sentence)
    }
}

impl serde::de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Value(message.to_string())
    }

    fn unknown_variant(value: &str, known: &'static [&'static str]) -> Self {
        Self::Value(format!("takes {}, not `{value}`", known.join(", ")))
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let known = known.join(", ");
        Self::Name(format!("There is no switch `{name}`; there are: {known}."))
    }
}
