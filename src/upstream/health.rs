//! What the operator is told of Unity Connection: that it went and came back, that its answers
//! cannot be used. However many calls meet the same, it is one line, and at most one a minute.

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::exchange::Failure;
use super::log_limit::LogLimit;
use crate::error::Error;

/// For how long nothing but 503 may come until somebody should look: a restart takes less.
const BUSY: Duration = Duration::from_mins(1);

/// Whether Unity Connection is there, as far as the operator was told.
#[derive(Debug)]
pub struct Health {
    state: Mutex<State>,
    going: LogLimit,
    useless: LogLimit,
}

#[derive(Debug, Default)]
struct State {
    told: Option<&'static str>,
    /// When the first 503 came after which nothing else did.
    busy_since: Option<Instant>,
}

impl State {
    /// For how long nothing but 503 has come.
    fn busy(&mut self, error: Option<&Error>, now: Instant) -> Duration {
        if matches!(error, Some(Error::UpstreamBusy(answer)) if answer.status == 503) {
            now.saturating_duration_since(*self.busy_since.get_or_insert(now))
        } else {
            self.busy_since = None;
            Duration::ZERO
        }
    }
}

impl Default for Health {
    /// Nothing was told yet.
    fn default() -> Self {
        Self { state: Mutex::default(), going: LogLimit::new(1), useless: LogLimit::new(1) }
    }
}

impl Health {
    /// Tells when Unity Connection goes, how, and when it is back. One that comes and goes all the
    /// time is told of once a minute.
    pub fn report(&self, result: &Result<Answer, Failure>, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = state.busy(result.as_ref().err().map(|failure| &failure.error), now);
        let gone = match result {
            Err(failure) => absence(&failure.error, busy).map(|sentence| (sentence, failure)),
            Ok(_) => None,
        };
        match gone {
            Some((sentence, failure)) if state.told != Some(sentence) => {
                let Some(suppressed) = self.going.admit(now) else {
                    return;
                };
                state.told = Some(sentence);
                let code = failure.error.problem_type().code;
                let cause = failure.cause.as_ref().map(tracing::field::display);
                tracing::warn!(code, cause, suppressed, "{sentence}");
            }
            None if state.told.take().is_some() => {
                tracing::info!("Unity Connection answers again");
            }
            _ => {}
        }
    }

    /// Tells that an answer is not the document that was asked for.
    pub fn report_invalid(&self, fault: &dyn Display, now: Instant) {
        if let Some(suppressed) = self.useless.admit(now) {
            tracing::warn!(reason = %fault, suppressed, "Unity Connection's answer cannot be used");
        }
    }
}

/// What the operator is told of an error that is nobody's answer, or of a 503 that has come for so long.
fn absence(error: &Error, busy: Duration) -> Option<&'static str> {
    match error {
        Error::UpstreamUnreachable | Error::UpstreamTimeout(_) => {
            Some("Unity Connection does not answer")
        }
        Error::UpstreamBusy(_) if busy >= BUSY => Some(
            "Unity Connection has answered nothing but 503 for a minute: a balancer may answer for a server that is down",
        ),
        Error::UpstreamUntrusted => Some("Unity Connection's certificate is not trusted"),
        Error::UpstreamRedirected(_) => Some("Unity Connection redirects, which is not followed"),
        _ => None,
    }
}
