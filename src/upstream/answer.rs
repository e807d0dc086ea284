//! What an answer of Unity Connection means, and what of it may be told.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::Bytes;

use super::Call;
use super::exchange::{Failure, Reply};
use crate::credentials::discloses;
use crate::error::{Error, UpstreamAnswer};
use crate::xml::{self, Fault, Object};

/// The longest code or message that is window on, in characters.
const MAX_MESSAGE: usize = 500;

/// An answer that a resource understands: 2xx, or one of 400, 404, 409 and 422.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its `Location`, which is never followed.
    pub location: Option<HeaderValue>,
    /// Its body, as long as its head promised.
    pub body: Bytes,
    /// What of it may be told.
    pub told: UpstreamAnswer,
    /// The document that was read after a 400.
    pub looked: Option<Bytes>,
}

/// Takes what can be used of an answer.
pub fn understand(reply: Reply, call: &Call) -> Result<Answer, Failure> {
    let Reply { status, headers, body } = reply;
    let (body, told) = match body {
        Ok(body) if status.is_success() => (body, UpstreamAnswer::new(status)),
        Err(reason) if status.is_success() => {
            return Err(Failure::late(Error::UpstreamInvalidResponse {
                reason: reason.into(),
                answer: Some(UpstreamAnswer::new(status)),
            }));
        }
        body => {
            let body = body.unwrap_or_default();
            let told = refused(status, public(status, &body, call))?;
            (body, told)
        }
    };
    Ok(Answer { status, location: headers.get(LOCATION).cloned(), body, told, looked: None })
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
        _ => Error::UpstreamError(told),
    };
    let reached = !(status.is_redirection() || status.is_client_error());
    Err(Failure { reached, ..error.into() })
}

/// The part of an answer that callers may see: its status, and code and message of its error
/// document unless they hold a secret of this very call.
fn public(status: StatusCode, body: &[u8], call: &Call) -> UpstreamAnswer {
    let error = first_error(body).unwrap_or_default();
    let printable = |element: &str| {
        let text = error.as_ref()?.optional(element)?;
        // What is left out must not bring the parts of a secret together unseen.
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let secret = discloses(&text, &call.caller.credentials, call.password.as_ref());
        let shown = !text.is_empty() && !secret;
        shown.then(|| text.chars().take(MAX_MESSAGE).collect::<String>())
    };
    UpstreamAnswer {
        status: status.as_u16(),
        code: printable("code"),
        message: printable("message"),
    }
}

/// The first error of an error document, where the document is whole.
fn first_error(body: &[u8]) -> Result<Option<Object<'_>>, Fault> {
    let mut errors = xml::list(body, "ErrorDetails", "errors")?;
    let first = errors.advance()?.cloned();
    while errors.advance()?.is_some() {}
    Ok(first)
}
