//! What went wrong with a call, and whether Unity Connection may have done what it was asked.

use actix_web::error::ParseError;
use actix_web::http::StatusCode;
use awc::error::{ConnectError, SendRequestError};

use super::Call;
use crate::credentials::discloses;
use crate::error::{Error, UpstreamAnswer};
use crate::xml;

/// The longest code or message that is passed on, in characters.
const MAX_MESSAGE: usize = 500;

/// An error, and whether the request may have reached Unity Connection before it.
pub struct Failure {
    /// What to tell the caller.
    pub error: Error,
    /// Whether the request may have been read.
    pub reached: bool,
}

/// What an answer that is no success means for every resource alike; the rest is the resource's to
/// explain.
pub fn refused(status: StatusCode, told: UpstreamAnswer) -> Result<UpstreamAnswer, Failure> {
    let error = match status.as_u16() {
        400 | 404 | 409 | 422 => return Ok(told),
        300..=399 => Error::UpstreamRedirected(told),
        401 => Error::CredentialsRejected(told),
        403 => Error::Forbidden(told),
        429 | 503 => Error::UpstreamBusy(told),
        _ => Error::UpstreamError(told),
    };
    let reached = !(status.is_redirection() || status.is_client_error());
    Err(Failure { error, reached })
}

/// The part of an answer that callers may see: its status, and code and message of its error
/// document unless they hold a secret of this very call.
pub fn tell(status: StatusCode, body: &[u8], call: &Call) -> UpstreamAnswer {
    let errors = xml::list(body, "ErrorDetails", "errors").unwrap_or_default();
    let printable = |element: &str| {
        let text = errors.first()?.optional(element)?;
        // What is left out must not bring the parts of a secret together unseen.
        let text: String = text.chars().filter(|c| !c.is_control()).collect();
        let shown =
            !text.is_empty() && !discloses(&text, &call.credentials, call.password.as_ref());
        shown.then(|| text.chars().take(MAX_MESSAGE).collect::<String>())
    };
    UpstreamAnswer {
        status: status.as_u16(),
        code: printable("code"),
        message: printable("message"),
    }
}

/// What it means that there is no answer.
pub fn failed_to_send(error: &SendRequestError) -> Failure {
    let (error, reached) = match error {
        // It took the request, perhaps, and closed without an answer.
        SendRequestError::Connect(ConnectError::Disconnected) | SendRequestError::Send(_) => {
            (Error::UpstreamUnreachable, true)
        }
        SendRequestError::Connect(ConnectError::Io(error)) if is_untrusted(error) => {
            tracing::warn!(%error, "Unity Connection's certificate is not trusted");
            (Error::UpstreamUntrusted, false)
        }
        SendRequestError::Connect(error) => {
            tracing::warn!(%error, "Unity Connection cannot be reached");
            (Error::UpstreamUnreachable, false)
        }
        SendRequestError::Timeout => (Error::UpstreamTimeout, true),
        SendRequestError::Response(ParseError::Io(_)) => (Error::UpstreamUnreachable, true),
        SendRequestError::Response(_) => {
            let reason = "its head is not HTTP or too large".into();
            (
                Error::UpstreamInvalidResponse {
                    reason,
                    answer: None,
                },
                true,
            )
        }
        _ => (Error::UpstreamUnreachable, true),
    };
    Failure { error, reached }
}

fn is_untrusted(error: &std::io::Error) -> bool {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}
