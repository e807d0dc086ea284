//! What the operator is told of Unity Connection: that it went and came back, that its answers
//! cannot be used. However many calls meet the same, it is one line, and at most one a minute.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::exchange::Failure;
use crate::xml::Fault;

/// How long the same is not told again.
const QUIET: Duration = Duration::from_secs(60);

/// Whether Unity Connection is there, as far as the operator was told.
#[derive(Debug, Default)]
pub struct Health {
    down: Mutex<bool>,
    going: Seldom,
    useless: Seldom,
}

impl Health {
    /// Tells when Unity Connection goes and when it is back. One that comes and goes all the time
    /// is told of once a minute.
    pub fn note(&self, result: &Result<Answer, Failure>, now: Instant) {
        let gone = match result {
            Err(failure) if failure.is_silence() => Some(failure),
            _ => None,
        };
        let mut down = lock(&self.down);
        match gone {
            Some(failure) if !*down => {
                let Some(untold) = self.going.pass(now) else {
                    return;
                };
                *down = true;
                let code = failure.error.problem_type().code;
                let cause = failure.cause.as_deref();
                tracing::warn!(code, cause, untold, "Unity Connection does not answer");
            }
            None if *down => {
                *down = false;
                tracing::info!("Unity Connection answers again");
            }
            _ => {}
        }
    }

    /// Tells that an answer is not the document that was asked for.
    pub fn note_useless(&self, fault: &Fault, now: Instant) {
        if let Some(untold) = self.useless.pass(now) {
            tracing::warn!(reason = %fault, untold, "Unity Connection's answer cannot be used");
        }
    }
}

/// Lets one line a minute pass.
#[derive(Debug, Default)]
pub struct Seldom(Mutex<Passed>);

#[derive(Debug, Default)]
struct Passed {
    last: Option<Instant>,
    untold: u64,
}

impl Seldom {
    /// Says that a line may be written, and how many were not since the one before.
    pub fn pass(&self, now: Instant) -> Option<u64> {
        let mut passed = lock(&self.0);
        let quiet = |last| now.saturating_duration_since(last) < QUIET;
        if passed.last.is_some_and(quiet) {
            passed.untold += 1;
            return None;
        }
        passed.last = Some(now);
        Some(std::mem::take(&mut passed.untold))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_minute_passes_and_tells_of_the_others() {
        let seldom = Seldom::default();
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);

        assert_eq!(seldom.pass(begin), Some(0));
        assert_eq!(seldom.pass(begin), None);
        assert_eq!(seldom.pass(after(59)), None);
        assert_eq!(seldom.pass(after(60)), Some(2));
        assert_eq!(seldom.pass(after(119)), None);
        assert_eq!(seldom.pass(after(3600)), Some(1));
    }
}
