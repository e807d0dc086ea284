//! Setting a switch: its name and a text become its value, or a sentence about what is wrong.

use std::time::Duration;

use super::Switches;
use super::values::{
    Close, Cookies, CreatedBody, Cut, ErrorBody, Flags, Framing, Location, Stall, Toggle, Total,
};

/// The names of the switches, in the order of [`Switches`].
const NAMES: [&str; 33] = [
    "total",
    "bare_root",
    "flags",
    "padding",
    "error_body",
    "malformed_id",
    "forbidden",
    "refused_write",
    "created_body",
    "location",
    "not_permitted",
    "status",
    "redirect",
    "document",
    "header",
    "framing",
    "delay",
    "stall",
    "cut",
    "close",
    "throttle",
    "throttle_queue",
    "throttle_wait",
    "work",
    "cookies",
    "session_ttl",
    "stale_session",
    "token_each",
    "cookies_alone",
    "lockout",
    "hack_reset",
    "lockout_time",
    "many",
];

impl Switches {
    /// Sets one switch. The error is a sentence that lists the switches, or the values, that there are.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        if !NAMES.contains(&name) {
            let known = NAMES.join(", ");
            return Err(format!("There is no switch `{name}`; there are: {known}."));
        }
        self.assign(name, value)
            .map_err(|values| format!("The switch `{name}` takes {values}, not `{value}`."))
    }

    /// Sets the switch of this name. The error names the values that it takes.
    fn assign(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "total" => {
                let words = [
                    ("guide", Total::Guide),
                    ("present", Total::Present),
                    ("missing", Total::Missing),
                ];
                self.total = one_of(value, &words)?;
            }
            "bare_root" => self.bare_root = toggle(value)?,
            "flags" => {
                let words = [
                    ("lower", Flags::Lower),
                    ("capital", Flags::Capital),
                    ("digits", Flags::Digits),
                ];
                self.flags = one_of(value, &words)?;
            }
            "padding" => self.padding = toggle(value)?,
            "error_body" => {
                let words = [
                    ("xml", ErrorBody::Xml),
                    ("several", ErrorBody::Several),
                    ("html", ErrorBody::Html),
                    ("empty", ErrorBody::Empty),
                ];
                self.error_body = one_of(value, &words)?;
            }
            "malformed_id" => self.malformed_id = refusal(value)?,
            "forbidden" => self.forbidden = refusal(value)?,
            "refused_write" => self.refused_write = refusal(value)?,
            "created_body" => {
                let words = [
                    ("uri", CreatedBody::Uri),
                    ("empty", CreatedBody::Empty),
                    ("other", CreatedBody::Other),
                ];
                self.created_body = one_of(value, &words)?;
            }
            "location" => {
                let words = [
                    ("good", Location::Good),
                    ("malformed", Location::Malformed),
                    ("missing", Location::Missing),
                ];
                self.location = one_of(value, &words)?;
            }
            "not_permitted" => self.not_permitted = text(value),
            "status" => self.status = status(value)?,
            "redirect" => self.redirect = toggle(value)?,
            "document" => self.document = text(value),
            "header" => self.header = header(value)?,
            "framing" => {
                let words = [("length", Framing::Length), ("chunked", Framing::Chunked)];
                self.framing = one_of(value, &words)?;
            }
            "delay" => self.delay = span(value)?,
            "stall" => {
                let words = [("off", Stall::Off), ("head", Stall::Head), ("body", Stall::Body)];
                self.stall = one_of(value, &words)?;
            }
            "cut" => {
                let words = [("off", Cut::Off), ("length", Cut::Length), ("chunked", Cut::Chunked)];
                self.cut = one_of(value, &words)?;
            }
            "close" => self.close = close(value)?,
            "throttle" => self.throttle = count(value)?,
            "throttle_queue" => self.throttle_queue = count(value)?,
            "throttle_wait" => self.throttle_wait = span(value)?,
            "work" => self.work = span(value)?,
            "cookies" => {
                let words = [
                    ("off", Cookies::Off),
                    ("2010", Cookies::Y2010),
                    ("2012", Cookies::Y2012),
                    ("2015", Cookies::Y2015),
                ];
                self.cookies = one_of(value, &words)?;
            }
            "session_ttl" => self.session_ttl = span(value)?,
            "stale_session" => {
                let words =
                    [("off", None), ("302", Some(302)), ("401", Some(401)), ("403", Some(403))];
                self.stale_session = one_of(value, &words)?;
            }
            "token_each" => self.token_each = toggle(value)?,
            "cookies_alone" => self.cookies_alone = toggle(value)?,
            "lockout" => self.lockout = count(value)?,
            "hack_reset" => self.hack_reset = span(value)?,
            "lockout_time" => self.lockout_time = span(value)?,
            "many" => self.many = count(value)?,
            _ => return Err("no value".to_owned()),
        }
        Ok(())
    }
}

fn one_of<T: Copy>(value: &str, words: &[(&str, T)]) -> Result<T, String> {
    let known = words.iter().find(|(word, _)| *word == value);
    let names = || words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    known.map(|(_, meaning)| *meaning).ok_or_else(names)
}

fn toggle(value: &str) -> Result<Toggle, String> {
    one_of(value, &[("on", Toggle::On), ("off", Toggle::Off)])
}

/// Reads the status of a refusal.
fn refusal(value: &str) -> Result<u16, String> {
    one_of(value, &[("400", 400), ("401", 401), ("403", 403), ("404", 404)])
}

/// Reads any status, or `off`.
fn status(value: &str) -> Result<Option<u16>, String> {
    match (value, value.parse()) {
        ("off", _) => Ok(None),
        (_, Ok(status @ 200..=599)) => Ok(Some(status)),
        _ => Err("off or a status from 200 to 599".to_owned()),
    }
}

/// Reads a number, or `off`.
fn count(value: &str) -> Result<Option<usize>, String> {
    match (value, value.parse()) {
        ("off", _) => Ok(None),
        (_, Ok(count)) => Ok(Some(count)),
        (_, Err(_)) => Err("off or a number".to_owned()),
    }
}

/// Reads a length of time.
fn span(value: &str) -> Result<Duration, String> {
    let takes = "a duration such as 50ms, 20s or 30m";
    humantime::parse_duration(value).ok().ok_or_else(|| takes.to_owned())
}

/// Reads any text, or `off`.
fn text(value: &str) -> Option<String> {
    (value != "off").then(|| value.to_owned())
}

/// Reads a header's name and value, or `off`.
fn header(value: &str) -> Result<Option<(String, String)>, String> {
    match (value, value.split_once(": ")) {
        ("off", _) => Ok(None),
        (_, Some((name, value))) => Ok(Some((name.to_owned(), value.to_owned()))),
        (_, None) => Err("off or `Name: value`".to_owned()),
    }
}

fn close(value: &str) -> Result<Close, String> {
    let known = match value.split_once(':') {
        None if value == "off" => Some(Close::Off),
        None if value == "unread" => Some(Close::Unread),
        Some(("unread", "reused")) => Some(Close::UnreadReused),
        Some(("every", count)) => count.parse().ok().map(Close::Every),
        Some(("idle", time)) => humantime::parse_duration(time).ok().map(Close::Idle),
        _ => None,
    };
    let takes = "off, every:NUMBER, idle:DURATION, unread or unread:reused";
    known.ok_or_else(|| takes.to_owned())
}
