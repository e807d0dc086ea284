//! Finished responses, kept for each caller: freshness (RFC 9111), collapsing, `Cache-Status`
//! (RFC 9211).
//!
//! Identical reads that arrive together share one call, in all workers and also where nothing is
//! kept. A response is kept under the generation of its caller. A write or a rejection ends that
//! generation: what was read before is out of reach from then on, even if it arrives later.

use std::collections::HashMap;
use std::future::Future;
use std::hash::{Hash, Hasher};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use actix_web::rt;
use actix_web::web::Bytes;
use moka::policy::EvictionPolicy;
use tokio::sync::oneshot;
use uuid::Uuid;
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128};

use directives::Directives;
use status::{CacheStatus, Kept};

use crate::config;
use crate::credentials::{BuildPlain, CallerKey};
use crate::error::Error;
use crate::metrics::Metrics;

pub mod directives;
pub mod status;

/// What an entry weighs besides its body and path, in bytes: key, validator, moka's own.
const OVERHEAD: usize = 256;

/// The responses of all callers, shared by all workers.
pub struct Cache {
    ttl: Duration,
    max_size: usize,
    responses: moka::sync::Cache<Key, Arc<Response>, BuildPlain>,
    in_flight: Mutex<HashMap<Key, Waiters, BuildPlain>>,
}

/// Those who wait for a call that another request makes.
type Waiters = Vec<oneshot::Sender<Outcome>>;

/// What comes of a call, and the generation under which it can be kept.
type Outcome = (Result<Arc<Response>, Error>, Option<u64>);

/// A place among those who wait for a call.
struct Waiter {
    outcome: oneshot::Receiver<Outcome>,
    /// The generation that the call must end with; none where any will do.
    generation: Option<u64>,
}

#[derive(Clone, PartialEq, Eq)]
struct Key {
    /// Of all that follows.
    hash: u64,
    caller: CallerKey,
    generation: Option<u64>,
    path: String,
}

impl Key {
    fn new(caller: CallerKey, generation: Option<u64>, path: String) -> Self {
        // The caller's number is a secret of the process, so that nobody can find paths that meet.
        let seed = caller.number() ^ generation.unwrap_or(u64::MAX);
        Self { hash: xxh3_64_with_seed(path.as_bytes(), seed), caller, generation, path }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.hash);
    }
}

/// A translated response, ready to send.
pub struct Response {
    /// JSON, or a recording, which is never kept.
    pub body: Bytes,
    /// A strong validator, equal on all replicas (RFC 9110, section 8.8.3).
    pub etag: HeaderValue,
    fetched: Instant,
}

impl Response {
    fn new(body: Bytes) -> Self {
        Self { etag: etag(&body), body, fetched: Instant::now() }
    }

    /// A list of the objects in these responses, as old as the oldest of them; none where there are none.
    pub fn list(parts: &[Arc<Self>]) -> Option<Self> {
        let fetched = parts.iter().map(|part| part.fetched).min()?;
        let bodies: Vec<&[u8]> = parts.iter().map(|part| part.body.as_ref()).collect();
        let total = format!("],\"total\":{}}}", parts.len());
        let body = [b"{\"items\":[", bodies.join(&b',').as_slice(), total.as_bytes()].concat();
        Some(Self { fetched, ..Self::new(body.into()) })
    }

    /// Seconds since it was fetched.
    pub fn age(&self) -> u64 {
        self.fetched.elapsed().as_secs()
    }
}

/// What is looked up.
pub struct Lookup {
    /// Whose response.
    pub caller: CallerKey,
    /// The generation of what is kept for the caller; none where nothing is.
    pub generation: Option<u64>,
    /// Path and query on Unity Connection.
    pub path: String,
    /// What the client wants of the cache.
    pub directives: Directives,
}

/// What was fetched.
pub struct Fetched {
    /// JSON, or a recording.
    pub body: Bytes,
    /// The generation under which it can be kept; none where it cannot.
    pub generation: Option<u64>,
}

impl Cache {
    /// Keeps nothing yet.
    pub fn new(config: config::Cache, metrics: &Metrics) -> Self {
        let responses = moka::sync::Cache::builder()
            .max_capacity(config.max_size as u64)
            // The default policy may refuse a new response while old ones are asked for.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|key: &Key, response: &Arc<Response>| weight(&key.path, response))
            .time_to_live(config.ttl)
            .build_with_hasher(BuildPlain::default());
        let weighed = responses.clone();
        metrics.watch("cupi_gateway_cache_size_bytes", "What all kept answers weigh.", move || {
            usize::try_from(weighed.weighted_size()).unwrap_or(usize::MAX)
        });
        Self { ttl: config.ttl, max_size: config.max_size, responses, in_flight: Mutex::default() }
    }

    /// Finds a fresh response, or fetches one from its path: at most once for all who look for it together. A
    /// fetch that has begun ends for the others and for later, even when every client has gone.
    pub async fn get<F: Future<Output = Result<Fetched, Error>> + 'static>(
        self: &Arc<Self>,
        lookup: Lookup,
        fetch: impl FnOnce(&str) -> F,
    ) -> (Result<Arc<Response>, Error>, CacheStatus) {
        let Lookup { caller, generation, path, directives } = lookup;
        let key = Key::new(caller, generation, path);
        if directives.no_cache {
            self.responses.invalidate(&key);
        } else if let Some(response) = self.kept(&key) {
            let ttl = self.ttl.saturating_sub(response.fetched.elapsed()).as_secs();
            return (Ok(response), CacheStatus::Hit(ttl));
        }

        // In boxes, here and below: what is large is slow to move, and a response that is kept needs none of it.
        let (response, kept) = Box::pin(self.fetch(key, directives, fetch)).await;
        let status =
            if directives.no_cache { CacheStatus::Request(kept) } else { CacheStatus::Miss(kept) };
        (response, status)
    }

    /// Joins a call that is under way, or makes one.
    async fn fetch<F: Future<Output = Result<Fetched, Error>> + 'static>(
        self: &Arc<Self>,
        key: Key,
        directives: Directives,
        fetch: impl FnOnce(&str) -> F,
    ) -> (Result<Arc<Response>, Error>, Kept) {
        while let Some(waiter) = self.join(&key) {
            let outcome = waiter.outcome.await.unwrap_or((Err(Error::Overloaded), None));
            if waiter.generation.is_none_or(|wanted| outcome.1 == Some(wanted)) {
                return (outcome.0, Kept::Collapsed);
            }
        }
        let call = Fetch { cache: Arc::clone(self), key, outcome: None };
        let fetch = Box::pin(fetch(&call.key.path));
        // A task of its own, which goes on when the client has gone. It ends early only with its worker.
        let made = rt::spawn(call.make(directives, fetch)).await;
        made.unwrap_or((Err(Error::Overloaded), Kept::No))
    }

    /// A fresh response that is kept. Nothing is kept without a generation, or for no time.
    fn kept(&self, key: &Key) -> Option<Arc<Response>> {
        key.generation.filter(|_| !self.ttl.is_zero()).and_then(|_| self.responses.get(key))
    }

    /// A place among those who wait for a call that is under way; none where there is none yet:
    /// then it is to be made.
    fn join(&self, key: &Key) -> Option<Waiter> {
        let mut in_flight = self.in_flight();
        let others = !in_flight.is_empty() && !in_flight.contains_key(key);
        // The call that makes its caller known began without a generation, and ends with his first.
        let generation = key.generation.filter(|_| others);
        let first = generation.map(|_| Key::new(key.caller, None, key.path.clone()));
        let Some(waiters) = in_flight.get_mut(first.as_ref().unwrap_or(key)) else {
            in_flight.insert(key.clone(), Vec::new());
            return None;
        };
        let (sender, outcome) = oneshot::channel();
        waiters.push(sender);
        Some(Waiter { outcome, generation })
    }

    fn in_flight(&self) -> MutexGuard<'_, HashMap<Key, Waiters, BuildPlain>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a response where it can be found later, and says whether it did.
    fn keep(&self, key: Key, response: &Arc<Response>) -> Kept {
        let fits = weight(&key.path, response) as usize <= self.max_size;
        if key.generation.is_none() || !fits {
            return Kept::No;
        }
        self.responses.insert(key, Arc::clone(response));
        // Done here, so that what is counted is what is kept.
        self.responses.run_pending_tasks();
        Kept::Stored
    }
}

/// A call that others may join, until it is dropped.
struct Fetch {
    cache: Arc<Cache>,
    key: Key,
    outcome: Option<Outcome>,
}

impl Fetch {
    async fn make(
        mut self,
        directives: Directives,
        fetch: Pin<Box<impl Future<Output = Result<Fetched, Error>>>>,
    ) -> (Result<Arc<Response>, Error>, Kept) {
        // The call before this one may have ended just now.
        if !directives.no_cache
            && let Some(response) = self.cache.kept(&self.key)
        {
            self.outcome = Some((Ok(Arc::clone(&response)), self.key.generation));
            return (Ok(response), Kept::Stored);
        }
        let (mut kept, mut generation) = (Kept::No, None);
        let response = fetch.await.map(|fetched| {
            generation = fetched.generation;
            let response = Arc::new(Response::new(fetched.body));
            if !directives.no_store && !self.cache.ttl.is_zero() {
                let Key { caller, path, .. } = self.key.clone();
                let key = Key::new(caller, fetched.generation, path);
                kept = self.cache.keep(key, &response);
            }
            response
        });
        self.outcome = Some((response.clone(), generation));
        (response, kept)
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        let waiters = self.cache.in_flight().remove(&self.key);
        // Without a response they learn that none comes. A waiter that has gone needs none.
        if let Some(outcome) = &self.outcome {
            for waiter in waiters.into_iter().flatten() {
                drop(waiter.send(outcome.clone()));
            }
        }
    }
}

/// The strong validator of a body: its XXH3 of 128 bits. Nobody gains by two bodies with the same: both are the caller's.
#[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "quotes and hexadecimal digits")]
pub fn etag(body: &[u8]) -> HeaderValue {
    let mut etag = [b'"'; 34];
    if let Some(digits) = etag.get_mut(1..33) {
        Uuid::from_u128(xxh3_128(body)).simple().encode_lower(digits);
    }
    HeaderValue::from_bytes(&etag).expect("a header value")
}

fn weight(path: &str, response: &Response) -> u32 {
    u32::try_from(response.body.len() + path.len() + OVERHEAD).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validator_is_the_same_everywhere() {
        // From the sanity checks of xxHash 0.8.
        assert_eq!(etag(b""), "\"99aa06d3014798d86001c324468d497f\"");
    }
}
