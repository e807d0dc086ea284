//! Why an exchange has no answer: awc's errors, and what they mean for callers and operators.

use std::io;

use actix_web::error::ParseError;
use awc::error::{ConnectError, SendRequestError};
use rustls::CertificateError;
use rustls::Error::InvalidCertificate;
use thiserror::Error as ThisError;

use crate::error::Error;

/// Why there is no answer, in words for the operator.
#[derive(Debug, ThisError)]
pub enum Cause {
    /// The name has no address, nobody listens, or the connection broke.
    #[error("{0}")]
    NotConnected(String),
    /// The connection or the handshake took too long.
    #[error("it took too long to connect")]
    Late,
    /// The TLS handshake failed.
    #[error("{}", words(.0))]
    Tls(Box<rustls::Error>),
    /// It took the request, perhaps, and closed.
    #[error("it closed the connection without an answer")]
    Closed,
    /// What came is not HTTP, or its head is too large.
    #[error("{0}")]
    NotHttp(String),
}

impl From<&SendRequestError> for Cause {
    fn from(error: &SendRequestError) -> Self {
        let tls = |error: &io::Error| error.get_ref()?.downcast_ref::<rustls::Error>().cloned();
        match error {
            // It took the request, perhaps, and closed without an answer: awc cannot say.
            SendRequestError::Connect(ConnectError::Disconnected)
            | SendRequestError::Send(_)
            | SendRequestError::Response(ParseError::Io(_)) => Self::Closed,
            SendRequestError::Connect(ConnectError::Timeout) => Self::Late,
            SendRequestError::Connect(ConnectError::Io(cause)) => match tls(cause) {
                Some(fault) => Self::Tls(Box::new(fault)),
                None => Self::NotConnected(error.to_string()),
            },
            SendRequestError::Connect(_) => Self::NotConnected(error.to_string()),
            _ => Self::NotHttp(error.to_string()),
        }
    }
}

impl Cause {
    /// What callers are told.
    pub fn error(&self) -> Error {
        match self {
            Self::Tls(fault) if matches!(**fault, InvalidCertificate(_)) => {
                Error::UpstreamUntrusted
            }
            Self::NotConnected(_) | Self::Late | Self::Tls(_) | Self::Closed => {
                Error::UpstreamUnreachable
            }
            Self::NotHttp(_) => Error::UpstreamInvalidResponse {
                reason: "its head is not HTTP or too large".into(),
                answer: None,
            },
        }
    }

    /// Whether the request may have been read before.
    pub fn was_sent(&self) -> bool {
        matches!(self, Self::Closed | Self::NotHttp(_))
    }
}

/// What rustls would print as Rust code is a sentence here.
fn words(error: &rustls::Error) -> String {
    match error {
        InvalidCertificate(CertificateError::Other(fault)) => {
            format!("its certificate is not good: {fault}")
        }
        error => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;
    use crate::upstream::key::KeyFault;

    #[test]
    fn a_key_that_cannot_be_used_is_told_in_words() {
        let fault = CertificateError::Other(OtherError(Arc::new(KeyFault::Length(1024))));
        let cause = Cause::Tls(Box::new(fault.into()));

        assert_eq!(cause.to_string(), "its certificate is not good: its RSA key has 1024 bits");
        assert!(matches!(cause.error(), Error::UpstreamUntrusted));
    }
}
