//! Finished responses, kept for each caller: freshness (RFC 9111), collapsing, `Cache-Status`
//! (RFC 9211).
//!
//! Identical reads that arrive together share one call, in all workers and also where nothing is
//! kept. A response is kept under the generation of its caller. A write or a rejection ends that
//! generation: what was read before is out of reach from then on, even if it arrives later.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use actix_web::rt;
use actix_web::web::Bytes;
use moka::policy::EvictionPolicy;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use directives::Directives;
use status::{CacheStatus, Kept};

use crate::config;
use crate::credentials::CallerKey;
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
    responses: moka::sync::Cache<Key, Arc<Response>>,
    in_flight: Mutex<HashMap<Key, Waiters>>,
}

/// Those who wait for a call that another request makes.
type Waiters = Vec<oneshot::Sender<Result<Arc<Response>, Error>>>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    caller: CallerKey,
    generation: Option<u64>,
    path: String,
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
            .build();
        let weighed = responses.clone();
        metrics.watch("cupi_gateway_cache_size_bytes", "What all kept answers weigh.", move || {
            usize::try_from(weighed.weighted_size()).unwrap_or(usize::MAX)
        });
        Self { ttl: config.ttl, max_size: config.max_size, responses, in_flight: Mutex::default() }
    }

    /// Finds a fresh response, or fetches one: at most once for all who look for it together. A
    /// fetch that has begun ends for the others and for later, even when every client has gone.
    pub async fn get(
        self: &Arc<Self>,
        lookup: Lookup,
        fetch: impl Future<Output = Result<Fetched, Error>> + 'static,
    ) -> (Result<Arc<Response>, Error>, CacheStatus) {
        let Lookup { caller, generation, path, directives } = lookup;
        let key = Key { caller, generation, path };
        if directives.no_cache {
            self.responses.invalidate(&key);
        } else if let Some(response) = self.kept(&key) {
            let ttl = self.ttl.saturating_sub(response.fetched.elapsed()).as_secs();
            return (Ok(response), CacheStatus::Hit(ttl));
        }

        let (response, kept) = if let Some(waiter) = self.join(&key) {
            let response = waiter.await.unwrap_or(Err(Error::Overloaded));
            (response, Kept::Collapsed)
        } else {
            let call = Fetch { cache: Arc::clone(self), key, response: None };
            // A task of its own, which goes on when the client has gone.
            let making = rt::spawn(call.make(directives, fetch));
            // It ends early only with its worker.
            let nothing = (Err(Error::Overloaded), Kept::No);
            making.await.unwrap_or(nothing)
        };
        let status =
            if directives.no_cache { CacheStatus::Request(kept) } else { CacheStatus::Miss(kept) };
        (response, status)
    }

    /// A fresh response that is kept. Nothing is kept without a generation.
    fn kept(&self, key: &Key) -> Option<Arc<Response>> {
        key.generation.and_then(|_| self.responses.get(key))
    }

    /// A place among those who wait for a call that is under way; none where there is none yet:
    /// then it is to be made.
    fn join(&self, key: &Key) -> Option<oneshot::Receiver<Result<Arc<Response>, Error>>> {
        let mut in_flight = self.in_flight();
        let Some(waiters) = in_flight.get_mut(key) else {
            in_flight.insert(key.clone(), Vec::new());
            return None;
        };
        let (sender, receiver) = oneshot::channel();
        waiters.push(sender);
        Some(receiver)
    }

    fn in_flight(&self) -> MutexGuard<'_, HashMap<Key, Waiters>> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a response where it can be found later, and says whether it did.
    fn keep(&self, key: Key, response: &Arc<Response>) -> Kept {
        let fits = weight(&key.path, response) as usize <= self.max_size;
        if key.generation.is_none() || self.ttl.is_zero() || !fits {
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
    response: Option<Result<Arc<Response>, Error>>,
}

impl Fetch {
    async fn make(
        mut self,
        directives: Directives,
        fetch: impl Future<Output = Result<Fetched, Error>>,
    ) -> (Result<Arc<Response>, Error>, Kept) {
        // The call before this one may have ended just now.
        if !directives.no_cache
            && let Some(response) = self.cache.kept(&self.key)
        {
            self.response = Some(Ok(Arc::clone(&response)));
            return (Ok(response), Kept::Stored);
        }
        let mut kept = Kept::No;
        let response = fetch.await.map(|fetched| {
            let response = Arc::new(Response::new(fetched.body));
            if !directives.no_store {
                let key = Key { generation: fetched.generation, ..self.key.clone() };
                kept = self.cache.keep(key, &response);
            }
            response
        });
        self.response = Some(response.clone());
        (response, kept)
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        let waiters = self.cache.in_flight().remove(&self.key);
        // Without a response they learn that none comes. A waiter that has gone needs none.
        if let Some(response) = &self.response {
            for waiter in waiters.into_iter().flatten() {
                drop(waiter.send(response.clone()));
            }
        }
    }
}

/// The strong validator of a body: the first half of its SHA-256.
#[expect(clippy::expect_used, clippy::missing_panics_doc, reason = "quotes and hexadecimal digits")]
pub fn etag(body: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(body);
    let half = digest.first_chunk().copied().unwrap_or_default();
    let etag = format!("\"{:032x}\"", u128::from_be_bytes(half));
    HeaderValue::from_str(&etag).expect("a header value")
}

fn weight(path: &str, response: &Response) -> u32 {
    u32::try_from(response.body.len() + path.len() + OVERHEAD).unwrap_or(u32::MAX)
}
