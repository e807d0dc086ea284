//! What is remembered of callers.
//!
//! A caller whose credentials Unity Connection accepted has one record: when it accepted them, the
//! generation of what is kept for the caller, and the session cookies. Rejected credentials have no
//! record, only a pause, in a table of its own: a flood of rejections evicts no record.
//!
//! Every record and every change of one gets a generation that was never used before. So nothing
//! that was kept under a record that was evicted, dropped or changed is ever found again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use actix_web::http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use prometheus::IntCounter;

use super::log_limit::LogLimit;
use crate::config::Config;
use crate::credentials::CallerKey;
use crate::error::Error;
use crate::metrics::Metrics;

/// How long an accepted caller is known.
const KNOWN: Duration = Duration::from_secs(35 * 60);

/// How old the time of an acceptance may be before it is written anew.
const NOTED: Duration = Duration::from_secs(60);

/// How many callers have a record, those that called last: as many as a server has mailboxes.
const MAX_RECORDS: u64 = 20_000;

/// How many pauses are remembered, the newest.
const MAX_PAUSES: u64 = 100_000;

/// How many pauses a minute have a log line each: made-up credentials come by the thousand.
const LINES: u32 = 10;

/// The cookies that make a session.
const COOKIES: [&str; 3] = ["JSESSIONID", "JSESSIONIDSSO", "REQUEST_TOKEN_KEY"];

/// The longest cookie that is kept; real ones have 32 digits.
const MAX_COOKIE: usize = 256;

/// What is remembered of all callers.
pub struct Callers {
    pause: Duration,
    session_reuse: Duration,
    records: Cache<CallerKey, Record>,
    pauses: Cache<CallerKey, Pause>,
    last_generation: AtomicU64,
    log_limit: LogLimit,
    pauses_begun: IntCounter,
}

/// What is remembered of one caller whose credentials were accepted. Only the caller's own call in
/// flight changes it.
#[derive(Clone)]
struct Record {
    accepted: Instant,
    generation: u64,
    session: Option<Arc<Session>>,
}

/// The session cookies of one caller. A session is an identity: it is never shared.
#[derive(Clone)]
struct Session {
    since: Instant,
    /// A value for each of [`COOKIES`].
    values: [Option<Arc<str>>; COOKIES.len()],
}

#[derive(Clone, Copy)]
struct Pause {
    since: SystemTime,
    ends: Instant,
}

impl Callers {
    /// Remembers nobody yet.
    pub fn new(config: &Config, metrics: &Metrics) -> Self {
        let Config { upstream, cache, .. } = config;
        let pauses = newest(MAX_PAUSES, upstream.sign_in_pause);
        let counted: Cache<CallerKey, Pause> = pauses.clone();
        metrics.watch(
            "cupi_gateway_sign_in_pauses",
            "Credentials that are not sent now, since Unity Connection rejected them.",
            move || {
                counted.run_pending_tasks();
                usize::try_from(counted.entry_count()).unwrap_or(usize::MAX)
            },
        );
        Self {
            pause: upstream.sign_in_pause,
            session_reuse: upstream.session_reuse,
            // A record outlives all that is kept under its generation.
            records: newest(MAX_RECORDS, NOTED + KNOWN.max(cache.ttl)),
            pauses,
            last_generation: AtomicU64::new(0),
            log_limit: LogLimit::new(LINES),
            pauses_begun: metrics.sign_in_pauses.clone(),
        }
    }

    /// Fails while the caller's sign-in is paused.
    pub fn check_sign_in(&self, caller: CallerKey) -> Result<(), Error> {
        let Some(pause) = self.pauses.get(&caller) else {
            return Ok(());
        };
        let remaining = pause.ends.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Ok(());
        }
        let until = pause.since + self.pause;
        Err(Error::SignInPaused { since: pause.since, until, remaining })
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
            Some(record) if record.accepted.elapsed() <= NOTED => return,
            Some(record) => Record { accepted, ..record },
            None => Record { accepted, generation: self.new_generation(), session: None },
        };
        self.records.insert(caller, record);
    }

    /// Notes that Unity Connection rejected the caller's credentials: the caller's record is gone,
    /// and a pause begins unless pauses are switched off.
    pub fn reject(&self, caller: CallerKey) {
        self.records.invalidate(&caller);
        if self.pause.is_zero() {
            return;
        }
        let pause = Pause { since: SystemTime::now(), ends: Instant::now() + self.pause };
        self.pauses.insert(caller, pause);
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
        let session = self.session(self.records.get(&caller)?.session)?;
        let pairs = COOKIES.iter().zip(&session.values);
        let pairs = pairs.filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        let mut cookie = HeaderValue::from_str(&pairs.collect::<Vec<_>>().join("; ")).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// Keeps the session cookies that an answer sets. Their attributes are ignored.
    pub fn keep_session(&self, caller: CallerKey, headers: &HeaderMap) {
        let mut fields = headers.get_all(SET_COOKIE).peekable();
        if self.session_reuse.is_zero() || fields.peek().is_none() {
            return;
        }
        let Some(record) = self.records.get(&caller) else {
            return;
        };
        let mut session = self.session(record.session.clone()).map_or_else(
            || Session { since: Instant::now(), values: Default::default() },
            |session| Session::clone(&session),
        );
        for field in fields {
            let pair = field.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            let place = COOKIES.iter().position(|known| *known == name);
            if let Some(kept) = place.and_then(|place| session.values.get_mut(place))
                && value.len() <= MAX_COOKIE
            {
                *kept = (!value.is_empty()).then(|| Arc::from(value));
            }
        }
        let is_empty = session.values.iter().all(Option::is_none);
        let session = (!is_empty).then(|| Arc::new(session));
        self.records.insert(caller, Record { session, ..record });
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
        session.filter(|session| session.since.elapsed() < self.session_reuse)
    }

    fn new_generation(&self) -> u64 {
        self.last_generation.fetch_add(1, Ordering::Relaxed)
    }
}

/// A table that keeps its newest entries. moka's default policy would refuse new ones while old
/// ones are in use.
fn newest<V: Clone + Send + Sync + 'static>(capacity: u64, ttl: Duration) -> Cache<CallerKey, V> {
    Cache::builder()
        .max_capacity(capacity)
        .eviction_policy(EvictionPolicy::lru())
        .time_to_live(ttl)
        .build()
}
