//! Setting a switch: its name and a text become its value, or a sentence about what is wrong.

use std::fmt::{self, Display};
use std::time::Duration;

use serde::Deserialize;
use serde::de::{self, IntoDeserializer};

use super::Switches;
use super::values::{Close, CreatedBody, Toggle};

/// The names of the switches, in the order of [`Switches`].
const NAMES: &str = "total, bare_root, flags, padding, error_body, malformed_id, forbidden, refused_write, \
    created_body, location, not_permitted, status, redirect, document, header, framing, delay, stall, cut, close, \
    throttle, throttle_queue, throttle_wait, work, cookies, session_ttl, stale_session, token_each, cookies_alone, \
    lockout, hack_reset, lockout_time, user_update, no_end_date, play_what, upload_sets_play_what, off_hours, \
    greeting_elements, member_writes, member_created, cos_refusal, cos_hidden, no_recording, audio_type, languages, \
    pin_fixed, ignored_element, version, address_type, time_fraction, device_lists, directory_crowd, many";

impl Switches {
    /// Sets one switch. The error is a sentence that lists the switches, or the values, that there are.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        if !NAMES.split(", ").any(|known| known == name) {
            return Err(format!("There is no switch `{name}`; there are: {NAMES}."));
        }
        self.assign(name, value)
            .map_err(|values| format!("The switch `{name}` takes {values}, not `{value}`."))
    }

    /// Sets the switch of this name. The error names the values that it takes.
    fn assign(&mut self, name: &str, value: &str) -> Result<(), String> {
        match name {
            "total" => self.total = word(value)?,
            "bare_root" => self.bare_root = word(value)?,
            "flags" => self.flags = word(value)?,
            "padding" => self.padding = word(value)?,
            "error_body" => self.error_body = word(value)?,
            "malformed_id" => self.malformed_id = refusal(value)?,
            "forbidden" => self.forbidden = refusal(value)?,
            "refused_write" => self.refused_write = refusal(value)?,
            "created_body" => self.created_body = word(value)?,
            "location" => self.location = word(value)?,
            "not_permitted" => self.not_permitted = text(value),
            "status" => self.status = status(value)?,
            "redirect" => self.redirect = word(value)?,
            "document" => self.document = text(value),
            "header" => self.header = header(value)?,
            "framing" => self.framing = word(value)?,
            "delay" => self.delay = span(value)?,
            "stall" => self.stall = word(value)?,
            "cut" => self.cut = word(value)?,
            "close" => self.close = close(value)?,
            "throttle" => self.throttle = count(value)?,
            "throttle_queue" => self.throttle_queue = count(value)?,
            "throttle_wait" => self.throttle_wait = span(value)?,
            "work" => self.work = span(value)?,
            "cookies" => self.cookies = word(value)?,
            "session_ttl" => self.session_ttl = span(value)?,
            "stale_session" => {
                let words =
                    [("off", None), ("302", Some(302)), ("401", Some(401)), ("403", Some(403))];
                self.stale_session = one_of(value, &words)?;
            }
            "token_each" => self.token_each = word(value)?,
            "cookies_alone" => self.cookies_alone = word(value)?,
            "lockout" => self.lockout = count(value)?,
            "hack_reset" => self.hack_reset = span(value)?,
            "lockout_time" => self.lockout_time = span(value)?,
            "user_update" => self.user_update = word(value)?,
            "no_end_date" => self.no_end_date = word(value)?,
            "play_what" => self.play_what = word(value)?,
            "upload_sets_play_what" => self.upload_sets_play_what = word(value)?,
            "off_hours" => {
                self.off_hours =
                    one_of(value, &[("off-hours", "Off Hours"), ("closed", "Closed")])?;
            }
            "greeting_elements" => {
                self.greeting_elements = one_of(value, &[("2019", 2019), ("2011", 2011)])?;
            }
            "member_writes" => self.member_writes = word(value)?,
            "member_created" => {
                let words = [("uri", None), ("empty", Some(CreatedBody::Empty))];
                self.member_created = one_of(value, &words)?;
            }
            "cos_refusal" => self.cos_refusal = refusal(value)?,
            "cos_hidden" => self.cos_hidden = word(value)?,
            "no_recording" => {
                self.no_recording = one_of(value, &[("404", 404), ("empty", 200), ("204", 204)])?;
            }
            "audio_type" => value.clone_into(&mut self.audio_type),
            "languages" => self.languages = languages(value)?,
            "pin_fixed" => self.pin_fixed = word(value)?,
            "ignored_element" => self.ignored_element = text(value),
            "version" => {
                let words = [("signed-in", Toggle::Off), ("open", Toggle::On)];
                self.version_open = one_of(value, &words)?;
            }
            "address_type" => value.clone_into(&mut self.address_type),
            "time_fraction" => {
                self.time_fraction = one_of(value, &[("0", ".0"), ("000", ".000"), ("none", "")])?;
            }
            "device_lists" => {
                self.device_lists = one_of(value, &[("guide", Toggle::Off), ("full", Toggle::On)])?;
            }
            "directory_crowd" => {
                self.directory_crowd = value.parse().ok().ok_or("a number")?;
            }
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

/// Reads one of the words of an enumeration.
fn word<'a, T: Deserialize<'a>>(value: &'a str) -> Result<T, String> {
    T::deserialize(value.into_deserializer()).map_err(|Words(words)| words)
}

/// The words that there are, where another was given.
#[derive(Debug)]
struct Words(String);

impl std::error::Error for Words {}

impl Display for Words {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl de::Error for Words {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }

    fn unknown_variant(_: &str, known: &'static [&'static str]) -> Self {
        Self(known.join(", "))
    }
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

/// Reads numbers with commas between.
fn languages(value: &str) -> Result<Vec<String>, String> {
    let numbers = || value.split(',');
    let all = numbers().all(|number| number.parse::<u32>().is_ok());
    let takes = "numbers with commas between";
    all.then(|| numbers().map(str::to_owned).collect()).ok_or_else(|| takes.to_owned())
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
