//! What a resource takes from a request besides the caller: the id in its path, its query, its
//! JSON body. Each is checked once, here, and kept in a type that says so.

use std::collections::BTreeSet;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use actix_web::web;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use tokio::time::timeout;
use url::form_urlencoded;

use crate::drain::Drain;
use crate::error::Error;
use crate::object_id::ObjectId;

#[cfg(test)]
mod tests;

/// The largest body, in bytes.
const MAX_BODY: usize = 16 * 1024;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// How long a body may take to arrive whole.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// The `{objectId}` of a path, in a call that takes no query.
#[derive(Clone, Copy, Debug)]
pub struct PathId(pub ObjectId);

impl FromRequest for PathId {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = request.match_info().get("objectId").and_then(ObjectId::parse);
        let id = id.ok_or(Error::InvalidObjectId);
        ready(id.and_then(|id| check_query(request.query_string(), &[]).map(|_| Self(id))))
    }
}

/// The query of a call that takes no parameters: nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoQuery;

impl FromRequest for NoQuery {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(check_query(request.query_string(), &[]).map(|_| Self))
    }
}

/// The parameters of a query, each of them one of `known` and there once.
pub fn check_query(query: &str, known: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let parameters: Vec<(String, String)> =
        form_urlencoded::parse(query.as_bytes()).into_owned().collect();

    let mut seen = BTreeSet::new();
    let mut unknown = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    for (name, _) in &parameters {
        if !known.contains(&name.as_str()) {
            unknown.insert(name.as_str());
        } else if !seen.insert(name) {
            repeated.insert(name.as_str());
        }
    }
    let mut faults = Vec::new();
    if !unknown.is_empty() {
        faults.push(format!(
            "This address does not take the query parameter {}. Remove it.",
            names(&unknown)
        ));
    }
    if !repeated.is_empty() {
        faults.push(format!(
            "The query parameter {} stands there more than once. Send it once.",
            names(&repeated)
        ));
    }
    if faults.is_empty() { Ok(parameters) } else { Err(Error::InvalidQuery(faults.join(" "))) }
}

/// The one parameter that a query may have, `true` or `false`.
pub fn flag_parameter(query: &str, name: &str) -> Result<Option<bool>, Error> {
    match check_query(query, &[name])?.first() {
        None => Ok(None),
        Some((_, value)) => value.parse().map(Some).map_err(|_neither| {
            Error::InvalidQuery(format!("The query parameter `{name}` is `true` or `false`."))
        }),
    }
}

/// A JSON body, read into an input type that denies unknown properties.
#[derive(Clone, Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let json = request.content_type().eq_ignore_ascii_case("application/json");
        let single = request.headers().get_all(CONTENT_TYPE).count() == 1;
        let announced = request.headers().get(CONTENT_LENGTH);
        let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        let drain = request.app_data::<web::Data<Drain>>().cloned();
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            if !(json && single) {
                return Err(Error::UnsupportedMediaType);
            }
            if announced.is_some_and(|length| length > MAX_BODY) {
                return Err(Error::BodyTooLarge);
            }
            let Ok(payload) = payload.await else {
                return Err(cut_off());
            };
            let receive = payload.to_bytes_limited(MAX_BODY);
            let receive = timeout(BODY_DEADLINE, receive);
            let received = match drain {
                None => receive.await,
                // Whoever has not sent all by then is not waited for.
                Some(drain) => tokio::select! {
                    biased;
                    received = receive => received,
                    () = drain.draining() => return Err(Error::RequestTimeout),
                },
            };
            match received {
                Ok(Ok(Ok(body))) => parse_json(&body).map(Self),
                Ok(Ok(Err(_))) => Err(cut_off()),
                Ok(Err(_)) => Err(Error::BodyTooLarge),
                Err(_) => Err(Error::RequestTimeout),
            }
        })
    }
}

/// Whoever cuts a body short is not there any more to read this.
fn cut_off() -> Error {
    Error::InvalidBody("The body was cut off. Send it whole.".to_owned())
}

/// Reads a JSON body. serde's own sentences quote values, and a value may be a secret: only those
/// that name a property are passed on, and those of our input types.
fn parse_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    if let Err(error) = serde_json::from_slice::<IgnoredAny>(body) {
        return Err(Error::InvalidBody(format!(
            "The body is not valid JSON: look at line {}, column {}.",
            error.line(),
            error.column()
        )));
    }
    if !body.trim_ascii_start().starts_with(b"{") {
        // serde would take a list of values for an object. Say what is asked of one.
        return Err(parse_json::<T>(b"{}").err().unwrap_or_else(no_object));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let fault = match serde_path_to_error::deserialize(&mut json) {
        Ok(value) => return Ok(value),
        Err(fault) => fault,
    };

    let sentence = fault.inner().to_string();
    let property = fault.path().to_string();
    let quoted = sentence.split('`').nth(1).unwrap_or_default();
    Err(Error::InvalidBody(if sentence.starts_with("missing field ") {
        format!("The property `{quoted}` is missing. Add it to the body.")
    } else if sentence.starts_with("unknown field ") {
        format!(
            "The property `{}` cannot be written here. Remove it from the body.",
            shorten(&property)
        )
    } else if sentence.starts_with("duplicate field ") {
        format!("The property `{quoted}` stands in the body more than once. Send it once.")
    } else if let Some(rule) = sentence.strip_prefix(RULE) {
        let rule = rule.split(" at line ").next().unwrap_or(rule);
        match property.as_str() {
            "." => rule.to_owned(),
            _ => format!("The property `{property}` {rule}"),
        }
    } else {
        return Err(no_object());
    }))
}

fn no_object() -> Error {
    const SENTENCE: &str =
        "The body must be a JSON object with the properties that are documented.";

    Error::InvalidBody(SENTENCE.to_owned())
}

/// Marks a sentence of ours among serde's.
const RULE: &str = "rule: ";

/// Reads a string property and holds it against `check`, which says of it what is not right. The
/// value is in no error.
pub fn checked_string<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
    rule: &'static str,
    check: fn(&str) -> bool,
) -> Result<String, D::Error> {
    match String::deserialize(deserializer) {
        Ok(text) if check(&text) => Ok(text),
        Ok(_) | Err(_) => Err(broken_rule(rule)),
    }
}

/// An error with a sentence of ours, which begins with a verb and ends what `The property x`
/// began.
pub fn broken_rule<E: serde::de::Error>(rule: &str) -> E {
    E::custom(format_args!("{RULE}{rule}"))
}

/// The request's trace context, where it is there once and valid (W3C Trace Context, section 3.2).
pub fn traceparent(headers: &HeaderMap) -> Option<HeaderValue> {
    let mut fields = headers.get_all(TRACEPARENT);
    let (Some(value), None) = (fields.next(), fields.next()) else {
        return None;
    };
    let parts: Vec<&str> = value.to_str().ok()?.split('-').collect();
    let [version, trace, parent, flags, rest @ ..] = parts.as_slice() else {
        return None;
    };
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let set = |text: &str| text.bytes().any(|b| b != b'0');
    let valid = hex(version, 2)
        && *version != "ff"
        && (*version != "00" || rest.is_empty())
        && hex(trace, 32)
        && set(trace)
        && hex(parent, 16)
        && set(parent)
        && hex(flags, 2);
    valid.then(|| value.clone())
}

fn names(names: &BTreeSet<&str>) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{}`", shorten(name))).collect();
    names.join(", ")
}

/// A name that came with the request, fit for a sentence.
fn shorten(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}
