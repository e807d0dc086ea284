//! Lines for the operator that must not become a flood.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long lines are counted together.
const MINUTE: Duration = Duration::from_mins(1);

/// Lets some lines a minute pass, and counts the others.
#[derive(Debug)]
pub struct LogLimit {
    most: u32,
    window: Mutex<Window>,
}

#[derive(Debug, Default)]
struct Window {
    since: Option<Instant>,
    lines: u32,
    suppressed: u64,
}

impl LogLimit {
    /// Lets `most` lines a minute pass.
    pub fn new(most: u32) -> Self {
        Self { most, window: Mutex::default() }
    }

    /// Says that a line may be written, and how many were not since the one before.
    pub fn admit(&self, now: Instant) -> Option<u64> {
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = |since| now.saturating_duration_since(since) < MINUTE;
        if !window.since.is_some_and(recent) {
            window.since = Some(now);
            window.lines = 0;
        }
        if window.lines == self.most {
            window.suppressed += 1;
            return None;
        }
        window.lines += 1;
        Some(std::mem::take(&mut window.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_lines_a_minute_pass_and_tell_of_the_others() {
        let log_limit = LogLimit::new(2);
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);

        assert_eq!(log_limit.admit(begin), Some(0));
        assert_eq!(log_limit.admit(after(1)), Some(0));
        assert_eq!(log_limit.admit(after(2)), None);
        assert_eq!(log_limit.admit(after(59)), None);
        assert_eq!(log_limit.admit(after(60)), Some(2));
        assert_eq!(log_limit.admit(after(61)), Some(0));
        assert_eq!(log_limit.admit(after(119)), None);
        assert_eq!(log_limit.admit(after(3600)), Some(1));
    }
}
