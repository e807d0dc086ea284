//! Lines for the operator that must not become a flood.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long lines are counted together.
const MINUTE: Duration = Duration::from_secs(60);

/// Lets some lines a minute pass, and counts the others.
#[derive(Debug)]
pub struct Seldom {
    most: u32,
    passed: Mutex<Passed>,
}

#[derive(Debug, Default)]
struct Passed {
    since: Option<Instant>,
    lines: u32,
    untold: u64,
}

impl Seldom {
    /// Lets `most` lines a minute pass.
    pub fn new(most: u32) -> Self {
        Self { most, passed: Mutex::default() }
    }

    /// Says that a line may be written, and how many were not since the one before.
    pub fn pass(&self, now: Instant) -> Option<u64> {
        let mut passed = self.passed.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |since| now.saturating_duration_since(since) < MINUTE;
        if !passed.since.is_some_and(recent) {
            passed.since = Some(now);
            passed.lines = 0;
        }
        if passed.lines == self.most {
            passed.untold += 1;
            return None;
        }
        passed.lines += 1;
        Some(std::mem::take(&mut passed.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_a_minute_pass_and_tell_of_the_others() {
        let seldom = Seldom::new(2);
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);

        assert_eq!(seldom.pass(begin), Some(0));
        assert_eq!(seldom.pass(after(1)), Some(0));
        assert_eq!(seldom.pass(after(2)), None);
        assert_eq!(seldom.pass(after(59)), None);
        assert_eq!(seldom.pass(after(60)), Some(2));
        assert_eq!(seldom.pass(after(61)), Some(0));
        assert_eq!(seldom.pass(after(119)), None);
        assert_eq!(seldom.pass(after(3600)), Some(1));
    }
}
