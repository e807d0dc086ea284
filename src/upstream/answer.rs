//! What an answer of Unity Connection means, and what of it may be told.

use actix_web::http::header::{HeaderMap, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use secrecy::{ExposeSecret, SecretString};

use super::call::Call;
use super::exchange::{Failure, Reply};
use crate::credentials::{Credentials, discloses};
use crate::error::{Error, UpstreamAnswer};
use crate::object_id::ObjectId;
use crate::xml::{self, Fault, Object};

/// The longest code or message that is passed on, in characters.
const MAX_MESSAGE: usize = 500;

/// An answer that a resource understands: the success that was asked for, or one of 400, 404, 409
/// and 422.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body, as long as its head promised.
    pub body: Bytes,
    /// What of it may be told.
    pub told: UpstreamAnswer,
    /// The id of what a POST made.
    pub created: Option<ObjectId>,
}

/// Takes what can be used of an answer.
pub fn understand(reply: Reply, call: &Call, credentials: &Credentials) -> Result<Answer, Failure> {
    let Reply { status, headers, body } = reply;
    if !status.is_success() {
        let body = body.unwrap_or_default();
        let told = refused(status, public(status, &body, call, credentials))?;
        return Ok(Answer { status, body, told, created: None });
    }

    let told = UpstreamAnswer::new(status);
    let invalid = |reason: &'static str| {
        let answer = Some(UpstreamAnswer::new(status));
        Failure::late(Error::UpstreamInvalidResponse { reason: reason.into(), answer })
    };
    let body = body.map_err(invalid)?;
    if !is_asked_for(call, status, &body) {
        return Err(invalid("it is not the success that was asked for"));
    }
    let created = if call.method == Method::POST {
        let id = created_id(&call.path, &headers, &body);
        Some(id.ok_or_else(|| invalid("it does not say what was created"))?)
    } else {
        None
    };
    Ok(Answer { status, body, told, created })
}

/// Whether a success is the one that was asked for. A sign-in page after a write is none. An upload may make a recording
/// that was not there.
fn is_asked_for(call: &Call, status: StatusCode, body: &[u8]) -> bool {
    match (&call.method, status) {
        (&Method::GET, _) => true,
        (_, StatusCode::OK) => body.is_empty(),
        (&Method::POST, status) => status == StatusCode::CREATED,
        (_, StatusCode::CREATED) => call.is_upload(),
        (_, status) => status == StatusCode::NO_CONTENT,
    }
}

/// The id of what a POST made: the UUID after the collection's name in the answer's body, else in
/// its `Location`, which is never followed.
fn created_id(path: &str, headers: &HeaderMap, body: &[u8]) -> Option<ObjectId> {
    let collection = path.rsplit('/').next()?;
    let body = String::from_utf8_lossy(body);
    let location = headers.get(LOCATION).and_then(|location| location.to_str().ok());
    [Some(&*body), location].into_iter().flatten().find_map(|text| {
        let mut ids = text.split(collection).skip(1).filter_map(|rest| rest.strip_prefix('/'));
        ids.find_map(|rest| {
            ObjectId::parse(rest.split(|c: char| c != '-' && !c.is_alphanumeric()).next()?)
        })
    })
}

/// What an answer that is no success means for every resource alike; the rest is the resource's to
/// explain.
fn refused(status: StatusCode, told: UpstreamAnswer) -> Result<UpstreamAnswer, Failure> {
    let error = match status.as_u16() {
        400 | 404 | 409 | 422 => return Ok(told),
        300..=399 => Error::UpstreamRedirected(told),
        401 => Error::CredentialsRejected(told),
        403 => Error::Forbidden(told),
        429 | 503 => Error::UpstreamBusy(told),
        504 => Error::UpstreamTimeout(Some(told)),
        _ => Error::UpstreamError(told),
    };
    let reached = !(status.is_redirection() || status.is_client_error());
    Err(Failure { reached, ..error.into() })
}

/// The part of an answer that callers may see: its status, and code and message of its error
/// document unless they hold a secret of this very call.
fn public(
    status: StatusCode,
    body: &[u8],
    call: &Call,
    credentials: &Credentials,
) -> UpstreamAnswer {
    let secret = secret(call);
    let error = first_error(body).unwrap_or_default();
    let printable = |element: &str| {
        let text = error.as_ref()?.optional(element)?;
        // What is left out must not bring the parts of a secret together unseen.
        let joined = without_controls(text);
        let text = text.replace("\r\n", " ").replace(['\r', '\n'], " ");
        let text = without_controls(&text);
        let discloses = |text: &str| discloses(text, credentials, secret, seen);
        let shown = !joined.is_empty() && !discloses(&joined) && !discloses(&text);
        shown.then(|| text.chars().take(MAX_MESSAGE).collect::<String>())
    };
    UpstreamAnswer {
        status: status.as_u16(),
        code: printable("code"),
        message: printable("message"),
    }
}

fn without_controls(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// What may be seen of a text that is an element of its own, without controls in any case: as it is, and as XML's reader
/// takes it, which drops and replaces parts.
fn seen(text: &str) -> [String; 2] {
    let read = xml::text::normalized(text);
    // Blanks that only controls parted from the ends go too.
    [text, xml::text::value(&read)].map(|text| without_controls(text).trim().to_owned())
}

/// The secret that must not be told. Three digits of a PIN would be found in too many texts.
fn secret(call: &Call) -> Option<&SecretString> {
    let (parameter, secret) = call.secret.as_ref()?;
    let told = *parameter != "newpin" || secret.expose_secret().len() >= 4;
    told.then_some(secret)
}

/// The first error of an error document, where the document is whole.
fn first_error(body: &[u8]) -> Result<Option<Object<'_>>, Fault> {
    let object = Object::new(vec!["code", "message"]);
    let mut errors = xml::list(body, ["errors", "ErrorDetails"], object)?;
    let first = errors.advance()?.cloned();
    while errors.advance()?.is_some() {}
    Ok(first)
}
