//! Who was rejected and is not tried again for a while, and who was accepted lately.
//!
//! Unity Connection locks a person out after a few failed sign-ins (by default three within 30
//! minutes), whoever made them. So credentials that it rejected once are not sent again until it
//! has forgotten the failure.

use std::time::{Duration, Instant, SystemTime};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::log_limit::LogLimit;
use crate::config;
use crate::credentials::CallerKey;
use crate::error::Error;

/// How long an accepted caller is known.
const KNOWN: Duration = Duration::from_secs(35 * 60);

/// How long it is not noted again that a caller was accepted.
const NOTED: Duration = Duration::from_secs(60);

/// How many pauses and how many accepted callers are remembered, the newest.
const CAPACITY: u64 = 100_000;

/// How many pauses a minute are told of one by one: made-up credentials come by the thousand.
const TOLD: u32 = 10;

/// What is known of callers' credentials.
pub struct SignIn {
    pause: Duration,
    told: LogLimit,
    paused: Cache<CallerKey, Pause>,
    /// When it was noted: at most [`NOTED`] before the last time.
    accepted: Cache<CallerKey, Instant>,
}

#[derive(Clone, Copy)]
struct Pause {
    since: SystemTime,
    ends: Instant,
}

impl SignIn {
    /// Knows nobody yet.
    pub fn new(config: &config::Upstream) -> Self {
        Self {
            pause: config.sign_in_pause,
            told: LogLimit::new(TOLD),
            paused: newest(config.sign_in_pause),
            accepted: newest(KNOWN + NOTED),
        }
    }

    /// Fails while the caller's credentials are paused.
    pub fn check(&self, caller: CallerKey) -> Result<(), Error> {
        let Some(pause) = self.paused.get(&caller) else {
            return Ok(());
        };
        let remaining = pause.ends.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Ok(());
        }
        let until = pause.since + self.pause;
        Err(Error::SignInPaused { since: pause.since, until, remaining })
    }

    /// How many callers' sign-ins are paused.
    pub fn pauses(&self) -> usize {
        self.paused.run_pending_tasks();
        usize::try_from(self.paused.entry_count()).unwrap_or(usize::MAX)
    }

    /// Whether Unity Connection accepted the caller lately.
    pub fn is_known(&self, caller: CallerKey) -> bool {
        self.accepted.contains_key(&caller)
    }

    /// Notes that Unity Connection accepted the caller.
    pub fn accept(&self, caller: CallerKey) {
        let noted = self.accepted.get(&caller);
        if noted.is_none_or(|noted| noted.elapsed() > NOTED) {
            self.accepted.insert(caller, Instant::now());
        }
    }

    /// Notes that Unity Connection rejected the caller: the pause begins, if there are any.
    pub fn reject(&self, caller: CallerKey) -> bool {
        self.accepted.invalidate(&caller);
        if self.pause.is_zero() {
            return false;
        }
        let pause = Pause { since: SystemTime::now(), ends: Instant::now() + self.pause };
        self.paused.insert(caller, pause);
        if let Some(suppressed) = self.told.admit(Instant::now()) {
            tracing::warn!(%caller, suppressed, "sign-in paused: Unity Connection rejected these credentials");
        }
        true
    }
}

/// A table that keeps its newest entries. moka's default policy would refuse new ones while old
/// ones are in use.
fn newest<V: Clone + Send + Sync + 'static>(ttl: Duration) -> Cache<CallerKey, V> {
    Cache::builder()
        .max_capacity(CAPACITY)
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(ttl)
        .build()
}
