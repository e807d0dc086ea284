//! What the operator is told of Unity Connection: that it went and came back, that its answers
//! cannot be used. However many calls meet the same, it is one line, and at most one a minute.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::answer::Answer;
use super::exchange::Failure;
use super::log_limit::LogLimit;
use crate::error::Error;
use crate::xml::Fault;

/// Whether Unity Connection is there, as far as the operator was told.
#[derive(Debug)]
pub struct Health {
    told: Mutex<Option<&'static str>>,
    going: LogLimit,
    useless: LogLimit,
}

impl Default for Health {
    /// Nothing was told yet.
    fn default() -> Self {
        Self { told: Mutex::default(), going: LogLimit::new(1), useless: LogLimit::new(1) }
    }
}

impl Health {
    /// Tells when Unity Connection goes, how, and when it is back. One that comes and goes all the
    /// time is told of once a minute.
    pub fn report(&self, result: &Result<Answer, Failure>, now: Instant) {
        let gone = match result {
            Err(failure) => absence(&failure.error).map(|sentence| (sentence, failure)),
            Ok(_) => None,
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        match gone {
            Some((sentence, failure)) if *told != Some(sentence) => {
                let Some(suppressed) = self.going.admit(now) else {
                    return;
                };
                *told = Some(sentence);
                let code = failure.error.problem_type().code;
                let cause = failure.cause.as_ref().map(tracing::field::display);
                tracing::warn!(code, cause, suppressed, "{sentence}");
            }
            None if told.take().is_some() => tracing::info!("Unity Connection answers again"),
            _ => {}
        }
    }

    /// Tells that an answer is not the document that was asked for.
    pub fn report_invalid(&self, fault: &Fault, now: Instant) {
        if let Some(suppressed) = self.useless.admit(now) {
            tracing::warn!(reason = %fault, suppressed, "Unity Connection's answer cannot be used");
        }
    }
}

/// What the operator is told of an error that is nobody's answer.
fn absence(error: &Error) -> Option<&'static str> {
    match error {
        Error::UpstreamUnreachable | Error::UpstreamTimeout => {
            Some("Unity Connection does not answer")
        }
        Error::UpstreamUntrusted => Some("Unity Connection's certificate is not trusted"),
        Error::UpstreamRedirected(_) => Some("Unity Connection redirects, which is not followed"),
        _ => None,
    }
}
