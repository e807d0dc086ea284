//! Finished responses, kept for each caller: freshness (RFC 9111), collapsing, generations,
//! `Cache-Status` (RFC 9211).
//!
//! Identical reads that arrive together share one call, in all workers and also where nothing is
//! kept. A write, or a rejection, starts a new generation of the caller's responses: what was read
//! before it is out of reach from then on, even if it arrives later.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::http::header::HeaderValue;
use actix_web::rt;
use actix_web::web::Bytes;
use moka::policy::EvictionPolicy;
use sha2::{Digest, Sha256};
use tokio::sync::oneshot;

use status::{CacheStatus, Kept};

use crate::config::Config;
use crate::credentials::CallerKey;
use crate::error::Error;

pub mod status;

/// What an entry weighs besides its body and path, in bytes: key, validator, moka's own.
const OVERHEAD: usize = 256;

/// How many callers' generations are remembered, the newest.
const CAPACITY: u64 = 100_000;

/// The responses of all callers, shared by all workers.
pub struct Cache {
    ttl: Duration,
    max_size: usize,
    responses: moka::future::Cache<Key, Arc<Response>>,
    in_flight: Mutex<HashMap<Key, Waiters>>,
    generations: moka::sync::Cache<CallerKey, u64>,
    last_generation: AtomicU64,
}

/// Those who wait for a call that another request makes.
type Waiters = Vec<oneshot::Sender<Result<Arc<Response>, Error>>>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    caller: CallerKey,
    generation: u64,
    path: String,
}

/// A translated response, ready to send.
pub struct Response {
    /// JSON.
    pub body: Bytes,
    /// A strong validator, equal on all replicas (RFC 9110, section 8.8.3).
    pub etag: HeaderValue,
    fetched: Instant,
}

impl Response {
    fn new(body: Vec<u8>) -> Self {
        let digest = Sha256::digest(&body);
        let half = digest.first_chunk().copied().unwrap_or_default();
        let etag = format!("\"{:032x}\"", u128::from_be_bytes(half));
        Self {
            body: Bytes::from(body),
            #[expect(clippy::expect_used, reason = "quotes and hexadecimal digits")]
            etag: HeaderValue::from_str(&etag).expect("a header value"),
            fetched: Instant::now(),
        }
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
    /// Path and query on Unity Connection.
    pub path: String,
    /// Whether the client wants no response that was kept.
    pub no_cache: bool,
}

impl Cache {
    /// Keeps nothing yet.
    pub fn new(config: &Config) -> Self {
        // A generation has to outlive every response whose call began before it.
        let call = config.upstream.queue_timeout + config.upstream.timeout;
        Self {
            ttl: config.cache.ttl,
            max_size: config.cache.max_size,
            responses: moka::future::Cache::builder()
                .max_capacity(config.cache.max_size as u64)
                // The default policy may refuse a new response while old ones are asked for.
                .eviction_policy(EvictionPolicy::lru())
                .weigher(|key: &Key, response: &Arc<Response>| weight(&key.path, response))
                .time_to_live(config.cache.ttl)
                .build(),
            in_flight: Mutex::default(),
            generations: moka::sync::Cache::builder()
                .max_capacity(CAPACITY)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_live(2 * (config.cache.ttl + call))
                .build(),
            last_generation: AtomicU64::new(0),
        }
    }

    /// Finds a fresh response, or fetches one: at most once for all who look for it together. What
    /// `fetch` has begun it ends, for the others and for later, even when every client has gone.
    pub async fn get(
        self: &Arc<Self>,
        lookup: Lookup,
        fetch: impl Future<Output = Result<Vec<u8>, Error>> + 'static,
    ) -> (Result<Arc<Response>, Error>, CacheStatus) {
        let Lookup { caller, path, no_cache } = lookup;
        let key = Key { caller, generation: self.generation(caller), path };
        if no_cache {
            self.responses.invalidate(&key).await;
        } else if let Some(response) = self.responses.get(&key).await {
            let age = response.fetched.elapsed();
            let ttl = self.ttl.saturating_sub(age).as_secs();
            return (Ok(response), CacheStatus::Hit(ttl));
        }

        let (response, kept) = if let Some(waiter) = self.join(&key) {
            let response = waiter.await.unwrap_or(Err(Error::Overloaded));
            (response, Kept::Collapsed)
        } else {
            let call = Fetch { cache: Arc::clone(self), key, response: None };
            // A task of its own, which goes on when the client has gone.
            let making = rt::spawn(call.make(no_cache, fetch));
            // It ends early only with its worker.
            let nothing = (Err(Error::Overloaded), Kept::No);
            making.await.unwrap_or(nothing)
        };
        let status = if no_cache { CacheStatus::Request(kept) } else { CacheStatus::Miss(kept) };
        (response, status)
    }

    /// What all kept responses weigh, in bytes.
    pub fn size(&self) -> usize {
        usize::try_from(self.responses.weighted_size()).unwrap_or(usize::MAX)
    }

    /// Drops what the caller has, and what is on its way to him.
    pub fn renew(&self, caller: CallerKey) {
        let generation = 1 + self.last_generation.fetch_add(1, Ordering::Relaxed);
        self.generations.insert(caller, generation);
    }

    fn generation(&self, caller: CallerKey) -> u64 {
        self.generations.get(&caller).unwrap_or(0)
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

    /// Whether later readers find this response.
    fn keeps(&self, key: &Key, response: &Response) -> bool {
        !self.ttl.is_zero()
            && weight(&key.path, response) as usize <= self.max_size
            && self.generation(key.caller) == key.generation
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
        no_cache: bool,
        fetch: impl Future<Output = Result<Vec<u8>, Error>>,
    ) -> (Result<Arc<Response>, Error>, Kept) {
        let responses = &self.cache.responses;
        // The call before this one may have ended just now.
        if !no_cache && let Some(response) = responses.get(&self.key).await {
            self.response = Some(Ok(Arc::clone(&response)));
            return (Ok(response), Kept::Stored);
        }
        let response = fetch.await.map(|body| Arc::new(Response::new(body)));
        let mut kept = Kept::No;
        if let Ok(response) = &response
            && self.cache.keeps(&self.key, response)
        {
            kept = Kept::Stored;
            responses.insert(self.key.clone(), Arc::clone(response)).await;
            // Done here, so that what is counted is what is kept.
            responses.run_pending_tasks().await;
        }
        self.response = Some(response.clone());
        (response, kept)
    }
}

impl Drop for Fetch {
    fn drop(&mut self) {
        let waiters = self.cache.in_flight().remove(&self.key);
        // Without an response they learn that none comes. Who has gone needs none.
        if let Some(response) = &self.response {
            for waiter in waiters.into_iter().flatten() {
                drop(waiter.send(response.clone()));
            }
        }
    }
}

fn weight(path: &str, response: &Response) -> u32 {
    u32::try_from(response.body.len() + path.len() + OVERHEAD).unwrap_or(u32::MAX)
}
