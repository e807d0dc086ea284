//! What replicas and restarts remember together of callers, in a store beside them: sign-in pauses and their ends, calls
//! that were not answered, acceptances.
//!
//! Only a caller who is unknown here is looked up. News go to the store without anybody waiting for them, and those of
//! others come in the background. A store that does not answer is left alone for a while; the gateway goes on with what it
//! knows itself.

use std::io;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError, Weak, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use prometheus::IntCounter;
use redis::RedisError;
use secrecy::SecretString;
use tokio::sync::Notify;
use tokio::sync::mpsc::Receiver;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};
use uuid::Uuid;

use super::callers::{Callers, KNOWN};
use super::log_limit::LogLimit;
use crate::config::Config;
use crate::credentials::CallerKey;
use crate::metrics::Metrics;
use news::{Letter, News, Outbox, Remembered};
use store::Store;

pub mod news;
pub mod store;

/// For how long a store that does not answer is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// How often what others tell is read.
const FOLLOW: Duration = Duration::from_secs(2);

/// How long a start waits for the store, so that the first callers are known again.
const START: Duration = Duration::from_secs(1);

/// How long the end waits until the last news have arrived.
const END: Duration = Duration::from_secs(1);

/// The store, as those see it who answer requests.
pub struct Shared {
    /// None: nothing is shared.
    link: Option<Arc<Link>>,
    outbox: Outbox,
    pause: Duration,
}

/// The way to the store.
struct Link {
    store: Mutex<Option<Store>>,
    /// Woken when the connection is of no use any more.
    lost: Notify,
    errors: IntCounter,
    log_limit: LogLimit,
}

impl Shared {
    /// Connects, where a store is configured, and keeps to it in a thread of its own until the outbox is closed.
    pub fn start(
        config: &Config,
        metrics: &Metrics,
        callers: &Arc<Callers>,
        outbox: Outbox,
        inbox: Option<Receiver<Letter>>,
    ) -> io::Result<Self> {
        let pause = config.upstream.sign_in_pause;
        let (Some(url), Some(inbox)) = (config.shared.url.clone(), inbox) else {
            return Ok(Self { link: None, outbox, pause });
        };
        let link = Arc::new(Link {
            store: Mutex::default(),
            lost: Notify::new(),
            errors: metrics.shared_errors.clone(),
            log_limit: LogLimit::new(1),
        });
        let (tried, first) = mpsc::sync_channel(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let follower = Follower {
            link: Arc::clone(&link),
            url,
            timeout: config.shared.timeout,
            callers: Arc::downgrade(callers),
            inbox,
            unsent: None,
            last: Store::begin(),
        };
        thread::Builder::new()
            .name("shared-store".to_owned())
            .spawn(move || runtime.block_on(follower.run(&tried)))?;
        // Without it the gateway starts all the same.
        first.recv_timeout(START).unwrap_or_default();
        Ok(Self { link: Some(link), outbox, pause })
    }

    /// Whether anything is shared.
    pub fn is_on(&self) -> bool {
        self.link.is_some()
    }

    /// Finds what is known of a caller; nothing where the store does not tell.
    pub async fn look_up(&self, caller: CallerKey) -> Option<Remembered> {
        let link = self.link.as_ref()?;
        let store = link.store()?;
        store.look_up(caller).await.map_err(|error| link.fail(&error)).ok()
    }

    /// Ends the pauses of the callers with these first digits, or all, for all replicas. Says how many the store had.
    pub async fn end_pauses(&self, digits: Option<&str>) -> usize {
        let Some((link, store)) = self.link.as_ref().and_then(|link| Some((link, link.store()?)))
        else {
            return 0;
        };
        store
            .end_pauses(digits, self.pause)
            .await
            .map_err(|error| link.fail(&error))
            .unwrap_or_default()
    }

    /// Waits until all news have arrived, if the store answers.
    pub async fn flush(&self) {
        if self.link.as_ref().is_some_and(|link| link.store().is_some()) {
            let (arrived, waiting) = tokio::sync::oneshot::channel();
            self.outbox.send(Letter::Flush(arrived));
            drop(timeout(END, waiting).await);
        }
    }
}

impl Link {
    /// The connection, while it is of use.
    fn store(&self) -> Option<Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn replace(&self, store: Option<Store>) -> Option<Store> {
        mem::replace(&mut *self.store.lock().unwrap_or_else(PoisonError::into_inner), store)
    }

    /// Reports an error, and leaves the store alone where it did not answer.
    fn fail(&self, error: &RedisError) {
        self.report(error);
        // Those who failed together lose one connection, not the next one too.
        if is_lost(error) && self.replace(None).is_some() {
            self.lost.notify_one();
        }
    }

    /// Counts what the store did not do, and tells of it once a minute. What a store says may quote a command: it is told
    /// by its code alone.
    fn report(&self, error: &RedisError) {
        self.errors.inc();
        if let Some(suppressed) = self.log_limit.admit(Instant::now()) {
            let reason = error.code().unwrap_or(error.category());
            tracing::warn!(
                reason,
                suppressed,
                "the shared store fails: this replica goes on with what it knows itself"
            );
        }
    }
}

/// Whether an error means that the store does not answer; else it answers and refuses.
fn is_lost(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_timeout()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
}

/// Brings news to the store and those of others to the callers.
struct Follower {
    link: Arc<Link>,
    url: SecretString,
    timeout: Duration,
    /// They hold the outbox, whose end ends this.
    callers: Weak<Callers>,
    inbox: Receiver<Letter>,
    /// What the store has not confirmed.
    unsent: Option<(CallerKey, News)>,
    /// Up to where the others' news are known.
    last: String,
}

impl Follower {
    /// Goes on until the outbox is closed.
    async fn run(mut self, tried: &mpsc::SyncSender<()>) {
        // Who tells is only compared.
        let me = Uuid::new_v4().as_u64_pair().0 >> 1;
        loop {
            let connected = Store::connect(&self.url, self.timeout, me, KNOWN).await;
            let ended = match connected {
                Ok(store) => {
                    self.link.replace(Some(store.clone()));
                    // Nobody may wait any more.
                    tried.try_send(()).unwrap_or_default();
                    self.serve(&store).await
                }
                Err(error) => Err(error),
            };
            match ended {
                Ok(()) => return,
                Err(error) => self.link.report(&error),
            }
            self.link.replace(None);
            tried.try_send(()).unwrap_or_default();
            sleep(LEFT_ALONE).await;
        }
    }

    /// Works with one connection. Fails when it is of no use any more.
    async fn serve(&mut self, store: &Store) -> Result<(), RedisError> {
        let mut ticks = interval(FOLLOW);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            if let Some((caller, news)) = self.unsent {
                self.heed(store.keep(caller, news).await)?;
                self.unsent = None;
            }
            tokio::select! {
                letter = self.inbox.recv() => match letter {
                    Some(Letter::News(caller, news)) => self.unsent = Some((caller, news)),
                    Some(Letter::Flush(arrived)) => arrived.send(()).unwrap_or_default(),
                    None => return Ok(()),
                },
                _ = ticks.tick() => self.follow(store).await?,
                () = self.link.lost.notified() => {
                    let silence = io::Error::from(io::ErrorKind::TimedOut);
                    return Err(silence.into());
                }
            }
        }
    }

    async fn follow(&mut self, store: &Store) -> Result<(), RedisError> {
        let told = store.follow(&mut self.last).await;
        let callers = self.callers.upgrade();
        for (told, callers) in self.heed(told)?.into_iter().flatten().zip(callers.iter().cycle()) {
            callers.hear(&told);
        }
        Ok(())
    }

    /// Fails where the store does not answer. Where it refuses, that is reported.
    fn heed<T>(&self, result: Result<T, RedisError>) -> Result<Option<T>, RedisError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if is_lost(&error) => Err(error),
            Err(error) => {
                self.link.report(&error);
                Ok(None)
            }
        }
    }
}
