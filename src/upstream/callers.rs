//! What is remembered of callers.
//!
//! A caller whose credentials Unity Connection accepted has one record: when it accepted them, the
//! generation of what is kept for the caller, the session cookies. Other callers have none, only
//! [marks](super::marks): a flood of made-up credentials evicts no record.
//!
//! Every record and every change of one gets a generation that was never used before. So nothing
//! that was kept under a record that was evicted, dropped or changed is ever found again.
//!
//! What replicas and restarts must remember too is told to the [shared store](super::shared), and learned from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use actix_web::http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use prometheus::IntCounter;

use session::Session;

use super::log_limit::LogLimit;
use super::marks::{Mark, Marks, Unanswered};
use super::shared::news::{News, Outbox, Pause};
use crate::config::Config;
use crate::credentials::{BuildPlain, CallerKey};
use crate::error::Error;
use crate::metrics::Metrics;

pub mod learned;
pub mod session;
#[cfg(test)]
mod tests;

/// How long an accepted caller is known.
pub const KNOWN: Duration = Duration::from_mins(35);

/// How old the time of an acceptance may be before it is written anew.
const RENEWAL: Duration = Duration::from_mins(1);

/// How many callers have a record, those that called last: as many as a server has mailboxes.
const MAX_RECORDS: u64 = 20_000;

/// How many pauses a minute have a log line each: made-up credentials come by the thousand.
const LINES: u32 = 10;

/// What is remembered of all callers.
pub struct Callers {
    pause: Duration,
    session_reuse: Duration,
    records: Cache<CallerKey, Record, BuildPlain>,
    marks: Arc<Marks>,
    last_generation: AtomicU64,
    log_limit: LogLimit,
    pauses_begun: IntCounter,
    outbox: Outbox,
}

/// What is remembered of one caller whose credentials were accepted. Only the caller's own call in
/// flight changes it.
#[derive(Clone)]
struct Record {
    accepted: Instant,
    generation: u64,
    /// Whether the credentials were sent since then without an answer, or twice for one call.
    doubtful: bool,
    session: Option<Arc<Session>>,
}

impl Callers {
    /// Remembers nobody yet.
    pub fn new(config: &Config, metrics: &Metrics, outbox: Outbox) -> Self {
        let Config { upstream, cache, .. } = config;
        let marks = Arc::new(Marks::default());
        let counted = Arc::clone(&marks);
        metrics.watch(
            "cupi_gateway_sign_in_pauses",
            "Credentials that are not sent now, since Unity Connection rejected them.",
            move || counted.pauses(Instant::now()),
        );
        Self {
            pause: upstream.sign_in_pause,
            session_reuse: upstream.session_reuse,
            // A record outlives all that is kept under its generation.
            records: Cache::builder()
                .max_capacity(MAX_RECORDS)
                // The default policy would refuse new records while old ones are in use.
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(RENEWAL + KNOWN.max(cache.ttl))
                .build_with_hasher(BuildPlain::default()),
            marks,
            last_generation: AtomicU64::new(0),
            log_limit: LogLimit::new(LINES),
            pauses_begun: metrics.sign_in_pauses.clone(),
            outbox,
        }
    }

    /// Fails while the caller's sign-in is paused. Tells a stranger's calls that were not answered.
    pub fn check_sign_in(&self, caller: CallerKey) -> Result<Option<Unanswered>, Error> {
        match self.marks.get(caller, Instant::now) {
            None => Ok(None),
            Some((Mark::Unanswered(calls), _)) => Ok(Some(calls)),
            Some((Mark::Rejected(since), ends)) => Err(Error::SignInPaused {
                since,
                until: since + self.pause,
                remaining: ends.saturating_duration_since(Instant::now()),
                caller: caller.to_string(),
            }),
        }
    }

    /// Ends the pauses of the callers with these first digits, or all, and says how many.
    pub fn end_pauses(&self, digits: Option<&str>) -> usize {
        self.marks.end_pauses(digits, Instant::now())
    }

    /// Whether Unity Connection accepted the caller's credentials lately.
    pub fn is_known(&self, caller: CallerKey) -> bool {
        self.records.get(&caller).is_some_and(|record| record.accepted.elapsed() <= KNOWN)
    }

    /// The generation of what is kept for the caller. A caller without one has nothing kept.
    pub fn generation(&self, caller: CallerKey) -> Option<u64> {
        self.records.get(&caller).map(|record| record.generation)
    }

    /// Notes that Unity Connection accepted the caller's credentials.
    pub fn accept(&self, caller: CallerKey) {
        let accepted = Instant::now();
        let record = match self.records.get(&caller) {
            Some(record) if !record.doubtful && record.accepted.elapsed() <= RENEWAL => return,
            Some(record) => Record { accepted, doubtful: false, ..record },
            None => Record {
                accepted,
                generation: self.new_generation(),
                doubtful: false,
                session: None,
            },
        };
        self.records.insert(caller, record);
        self.marks.remove(caller);
        self.outbox.tell(caller, News::Accepted(SystemTime::now()));
    }

    /// Notes that the caller's credentials were sent and that Unity Connection did not answer.
    pub fn note_unanswered(&self, caller: CallerKey) {
        if self.is_known(caller) {
            self.note_doubt(caller);
            return;
        }
        let last = Instant::now();
        let before = match self.marks.get(caller, || last) {
            Some((Mark::Unanswered(before), _)) => before.calls,
            _ => 0,
        };
        let unanswered = Unanswered { calls: before.saturating_add(1), last };
        self.marks.set(caller, Mark::Unanswered(unanswered), last + KNOWN);
        self.outbox.tell(caller, News::Unanswered(SystemTime::now()));
    }

    /// Notes that a next rejection of the caller's credentials is not the first sign-in that failed.
    fn note_doubt(&self, caller: CallerKey) {
        if self.begin_doubt(caller) {
            self.outbox.tell(caller, News::Unanswered(SystemTime::now()));
        }
    }

    /// Says whether that is new.
    fn begin_doubt(&self, caller: CallerKey) -> bool {
        let record = self.records.get(&caller).filter(|record| !record.doubtful);
        let is_new = record.is_some();
        if let Some(record) = record {
            self.records.insert(caller, Record { doubtful: true, ..record });
        }
        is_new
    }

    /// Whether a rejection of the caller's credentials may mean something else: they were accepted
    /// lately, and every time that they were sent since.
    pub fn is_trusted(&self, caller: CallerKey) -> bool {
        let record = self.records.get(&caller);
        record.is_some_and(|record| record.accepted.elapsed() <= KNOWN && !record.doubtful)
    }

    /// Notes that Unity Connection rejected the caller's credentials: the caller's record is gone,
    /// and a pause begins unless pauses are switched off.
    pub fn reject(&self, caller: CallerKey) {
        self.records.invalidate(&caller);
        let since = SystemTime::now();
        self.outbox.tell(caller, News::Rejected(Pause { since, ends: since + self.pause }));
        if self.pause.is_zero() {
            self.marks.remove(caller);
            return;
        }
        self.marks.set(caller, Mark::Rejected(since), Instant::now() + self.pause);
        self.pauses_begun.inc();
        if let Some(suppressed) = self.log_limit.admit(Instant::now()) {
            tracing::warn!(%caller, suppressed, "sign-in paused: Unity Connection rejected these credentials");
        }
    }

    /// Puts what is kept for the caller out of reach.
    pub fn renew(&self, caller: CallerKey) {
        if let Some(record) = self.records.get(&caller) {
            let generation = self.new_generation();
            self.records.insert(caller, Record { generation, ..record });
        }
    }

    /// The `Cookie` field of the caller's session.
    pub fn cookie(&self, caller: CallerKey) -> Option<HeaderValue> {
        self.session(self.records.get(&caller)?.session)?.field()
    }

    /// Keeps the session cookies that an answer sets. Their attributes are ignored.
    pub fn keep_session(&self, caller: CallerKey, headers: &HeaderMap) {
        if self.session_reuse.is_zero() || !headers.contains_key(SET_COOKIE) {
            return;
        }
        let Some(record) = self.records.get(&caller) else {
            return;
        };
        let session = self.session(record.session.clone());
        let session = session.as_deref().cloned().unwrap_or_default().with(headers);
        self.records.insert(caller, Record { session: session.map(Arc::new), ..record });
    }

    /// Forgets the caller's session.
    pub fn drop_session(&self, caller: CallerKey) {
        if let Some(record) = self.records.get(&caller)
            && record.session.is_some()
        {
            self.records.insert(caller, Record { session: None, ..record });
        }
    }

    /// The session, unless it is too old to be used again.
    fn session(&self, session: Option<Arc<Session>>) -> Option<Arc<Session>> {
        session.filter(|session| session.age() < self.session_reuse)
    }

    fn new_generation(&self) -> u64 {
        self.last_generation.fetch_add(1, Ordering::Relaxed)
    }
}
