//! Unity Connection's session cookies, a jar for each caller.
//!
//! With them it need not sign the caller in anew for every call. A session is an identity: a jar is
//! never shared, and each call still carries its own `Authorization`. 60 s is the time that Cisco's
//! own client keeps them.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::config;
use crate::credentials::CallerKey;

/// The cookies that make a session.
const NAMES: [&str; 3] = ["JSESSIONID", "JSESSIONIDSSO", "REQUEST_TOKEN_KEY"];

/// The longest value that is kept; real ones have 32 digits.
const MAX_VALUE: usize = 256;

/// How many callers have a jar, the newest.
const CAPACITY: u64 = 10_000;

/// A cookie's value for each of [`NAMES`].
type Jar = [Option<Arc<str>>; NAMES.len()];

/// All callers' sessions.
pub struct Sessions {
    reuse: Duration,
    jars: Cache<CallerKey, Jar>,
}

impl Sessions {
    /// No sessions yet.
    pub fn new(config: &config::Upstream) -> Self {
        Self {
            reuse: config.session_reuse,
            jars: Cache::builder()
                .max_capacity(CAPACITY)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(config.session_reuse)
                .build(),
        }
    }

    /// The `Cookie` field of the caller's session, where there is one.
    pub fn cookie(&self, caller: CallerKey) -> Option<HeaderValue> {
        let jar = self.jars.get(&caller)?;
        let cookies: Vec<String> = NAMES
            .iter()
            .zip(jar.iter())
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)))
            .collect();
        let mut cookie = HeaderValue::from_str(&cookies.join("; ")).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }

    /// Keeps what an answer sets; attributes are ignored.
    pub fn keep(&self, caller: CallerKey, headers: &HeaderMap) {
        if self.reuse.is_zero() {
            return;
        }
        let mut jar: Option<Jar> = None;
        for field in headers.get_all(SET_COOKIE) {
            let pair = field.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let name = name.trim();
            let value = value.trim();
            let slot = NAMES.iter().position(|known| *known == name);
            if value.len() > MAX_VALUE {
                continue;
            }
            let jar = jar.get_or_insert_with(|| self.jars.get(&caller).unwrap_or_default());
            if let Some(slot) = slot.and_then(|slot| jar.get_mut(slot)) {
                *slot = (!value.is_empty()).then(|| Arc::from(value));
            }
        }
        match jar {
            Some(jar) if jar.iter().any(Option::is_some) => self.jars.insert(caller, jar),
            Some(_) => self.drop(caller),
            None => {}
        }
    }

    /// Forgets the caller's session.
    pub fn drop(&self, caller: CallerKey) {
        self.jars.invalidate(&caller);
    }
}
