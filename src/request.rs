//! What a resource takes from a request besides the caller: the parameters of its path, its query, its JSON body. Each is
//! checked once, here, and kept in a type that says so.

use std::collections::BTreeSet;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::{
    CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
};
use actix_web::web::{self, Bytes};
use actix_web::{FromRequest, HttpRequest};
use tokio::time::timeout;
use url::form_urlencoded;

use crate::drain::Drain;
use crate::error::Error;
use crate::error::names::list_names;
use crate::object_id::ObjectId;

pub mod route;
#[cfg(test)]
mod tests;
pub mod upload;

/// The largest body, in bytes.
const MAX_BODY: usize = 16 * 1024;

const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// How long a body may take to arrive whole.
const BODY_DEADLINE: Duration = Duration::from_secs(10);

/// The parameters of a path, by name. Those whose name ends with `Id` are UUIDs in lower case; the others are what their
/// route allows.
#[derive(Clone, Debug)]
pub struct PathParameters(pub Vec<(String, String)>);

impl PathParameters {
    /// Reads them from a request that has its route.
    pub fn read(request: &HttpRequest) -> Result<Self, Error> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let read = |(name, value): (&str, &str)| {
            let value = if name.ends_with("Id") {
                ObjectId::parse(value).ok_or(Error::InvalidObjectId)?.to_string()
            } else if value.contains(|c| !plain(c)) {
                // Such a value would lead elsewhere on Unity Connection.
                return Err(Error::RouteNotFound);
            } else {
                value.to_owned()
            };
            Ok((name.to_owned(), value))
        };
        request.match_info().iter().map(read).collect::<Result<_, _>>().map(Self)
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

    let is_known = |name: &str| known.contains(&name);
    let mut seen = BTreeSet::new();
    let names = || parameters.iter().map(|(name, _)| name.as_str());
    let unknown = list_names(names().filter(|name| !is_known(name)));
    let repeated = list_names(names().filter(|name| is_known(name) && !seen.insert(*name)));
    let mut faults = Vec::new();
    if let Some(names) = unknown {
        faults.push(format!("This address does not take the query parameter {names}. Remove it."));
    }
    if let Some(names) = repeated {
        faults.push(format!(
            "The query parameter {names} stands there more than once. Send it once."
        ));
    }
    if faults.is_empty() { Ok(parameters) } else { Err(Error::InvalidQuery(faults.join(" "))) }
}

/// The one parameter that a query may have, `true` or `false` in any case.
pub fn flag_parameter(query: &str, name: &str) -> Result<Option<bool>, Error> {
    match check_query(query, &[name])?.first() {
        None => Ok(None),
        Some((_, value)) => value.to_ascii_lowercase().parse().map(Some).map_err(|_neither| {
            Error::InvalidQuery(format!("The query parameter `{name}` is `true` or `false`."))
        }),
    }
}

/// A body that is declared as JSON and has arrived whole. What is in it, nobody has looked at.
pub struct JsonBody(pub Bytes);

impl FromRequest for JsonBody {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let declared = check_declaration(request);
        let drain = request.app_data::<web::Data<Drain>>().cloned();
        let payload = web::Payload::from_request(request, payload);
        Box::pin(async move {
            declared?;
            let Ok(payload) = payload.await else {
                return Err(cut_off());
            };
            let receive = payload.to_bytes_limited(MAX_BODY);
            let receive = timeout(BODY_DEADLINE, receive);
            let received = match drain {
                None => receive.await,
                // A body that has not arrived by then is not waited for.
                Some(drain) => tokio::select! {
                    biased;
                    received = receive => received,
                    () = drain.draining() => return Err(Error::RequestTimeout),
                },
            };
            match received {
                Ok(Ok(Ok(body))) => Ok(Self(body)),
                Ok(Ok(Err(_))) => Err(cut_off()),
                Ok(Err(_)) => Err(Error::BodyTooLarge),
                Err(_) => Err(Error::RequestTimeout),
            }
        })
    }
}

/// The media type that is declared, without its parameters, which may be of any bytes. It is empty where none is declared,
/// or more than one.
pub fn media_type(headers: &HeaderMap) -> &[u8] {
    let mut fields = headers.get_all(CONTENT_TYPE);
    let (Some(field), None) = (fields.next(), fields.next()) else {
        return b"";
    };
    field.as_bytes().split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
}

/// Refuses a body for what its head says: another media type, an encoding, more bytes than a body may have.
fn check_declaration(request: &HttpRequest) -> Result<(), Error> {
    let headers = request.headers();
    let declared = media_type(headers);
    let is = |media_type: &[u8]| declared.eq_ignore_ascii_case(media_type);
    let json = is(b"application/json")
        || (request.method() == Method::PATCH && is(b"application/merge-patch+json"));
    if !json {
        return Err(Error::UnsupportedMediaType);
    }
    if headers.contains_key(CONTENT_ENCODING) {
        return Err(Error::UnsupportedContentCoding);
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: usize| length > MAX_BODY) {
        return Err(Error::BodyTooLarge);
    }
    Ok(())
}

/// A client that cuts a body short does not read this any more.
fn cut_off() -> Error {
    Error::InvalidBody("The body was cut off. Send it whole.".to_owned())
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
