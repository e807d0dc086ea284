//! Waiting for a turn: the side of [`Turns`] that has clients, tasks and time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::Histogram;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::log_limit::LogLimit;
use super::turns::{End, Ticket, Turns};
use crate::access::AccessRecord;
use crate::config;
use crate::credentials::CallerKey;
use crate::error::Error;
use crate::metrics::Metrics;

/// The queue of all workers for Unity Connection.
pub struct Queue {
    timeout: Duration,
    max_in_flight: usize,
    halving: LogLimit,
    waits: Histogram,
    state: Mutex<State>,
}

struct State {
    turns: Turns,
    waiters: HashMap<Ticket, Waiter>,
    limit_logged: bool,
}

type Waiter = oneshot::Sender<Result<InFlight, Error>>;

impl Queue {
    /// Nobody waits yet.
    pub fn new(config: &config::Upstream, metrics: &Metrics) -> Arc<Self> {
        let queue = Arc::new(Self {
            timeout: config.queue_timeout,
            max_in_flight: config.max_in_flight,
            halving: LogLimit::new(1),
            waits: metrics.queue_wait.clone(),
            state: Mutex::new(State {
                turns: Turns::new(config.max_in_flight, config.queue_limit),
                waiters: HashMap::new(),
                limit_logged: false,
            }),
        });
        let [in_flight, limit, waiting] = std::array::from_fn(|_| Arc::clone(&queue));
        metrics.watch(
            "cupi_gateway_upstream_in_flight",
            "Calls to Unity Connection in flight.",
            move || in_flight.lock().turns.in_flight(),
        );
        metrics.watch(
            "cupi_gateway_upstream_limit",
            "Calls that may be in flight at once: less than configured while Unity Connection is overburdened.",
            move || limit.lock().turns.limit(),
        );
        metrics.watch(
            "cupi_gateway_upstream_queue_length",
            "Calls that wait for their turn.",
            move || waiting.lock().turns.waiting(),
        );
        queue
    }

    /// Waits for the caller's turn. Dropping the wait gives up the place. Fails when there is no
    /// place or no turn in time, and with the answer to the caller's call in flight where that
    /// answer holds for all of the caller's calls.
    pub async fn turn(
        self: &Arc<Self>,
        caller: CallerKey,
        known: bool,
        record: &AccessRecord,
    ) -> Result<InFlight, Error> {
        if let Some(turn) = self.turn_at_once(caller, known) {
            self.waits.observe(0.0);
            record.update(|progress| progress.queue_time = Some(Duration::ZERO));
            return Ok(turn);
        }
        let since = Instant::now();
        record.update(|progress| progress.queued_since = Some(since.into_std()));
        let (sender, mut receiver) = oneshot::channel();
        let slot = {
            let mut state = self.lock();
            let ticket = state.turns.enter(caller, known).ok_or(Error::Overloaded)?;
            state.waiters.insert(ticket, sender);
            QueueSlot { queue: Arc::clone(self), caller, ticket, since, waited: None }
        };
        self.proceed();
        let turn = if let Ok(turn) = receiver.try_recv() {
            // A free turn needs no timer.
            turn
        } else {
            let turn = timeout(self.timeout, receiver).await;
            turn.unwrap_or(Ok(Err(Error::Overloaded))).unwrap_or(Err(Error::Overloaded))
        };
        let waited = slot.end();
        record.update(|progress| progress.queue_time = Some(waited));
        turn
    }

    /// The caller's turn where nobody has to be waited for: it needs no timer and nobody to hand it over.
    fn turn_at_once(self: &Arc<Self>, caller: CallerKey, known: bool) -> Option<InFlight> {
        let ticket = self.lock().turns.begin_at_once(caller, known)?;
        Some(InFlight { queue: Arc::clone(self), caller, ticket, end: End::Nothing })
    }

    /// Gives out every turn that there is.
    fn proceed(self: &Arc<Self>) {
        while let Some((turn, Some(waiter))) = self.next() {
            // A waiter that has just gone leaves its turn behind, which ends as it is dropped.
            drop(waiter.send(Ok(turn)));
        }
    }

    fn next(self: &Arc<Self>) -> Option<(InFlight, Option<Waiter>)> {
        let mut state = self.lock();
        let (caller, ticket) = state.turns.begin()?;
        let turn = InFlight { queue: Arc::clone(self), caller, ticket, end: End::Nothing };
        // A ticket and its waiter come and go together, under the lock.
        Some((turn, state.waiters.remove(&ticket)))
    }

    /// Tells the operator that Unity Connection does not keep up, unless he knows it of this limit.
    fn log_slowdown(&self, state: &mut State, before: usize) {
        let limit = state.turns.limit();
        let known = state.limit_logged && limit == before;
        if limit == self.max_in_flight || known {
            return;
        }
        if let Some(suppressed) = self.halving.admit(Instant::now().into_std()) {
            state.limit_logged = true;
            tracing::warn!(
                limit,
                suppressed,
                "Unity Connection is overburdened: fewer calls at once"
            );
        }
    }

    /// Tells the operator that the limit is back where it was.
    fn log_recovery(&self, state: &mut State) {
        let limit = state.turns.limit();
        if limit == self.max_in_flight && std::mem::take(&mut state.limit_logged) {
            tracing::info!(
                limit,
                "Unity Connection keeps up again: as many calls at once as configured"
            );
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the queue, given up when dropped.
struct QueueSlot {
    queue: Arc<Queue>,
    caller: CallerKey,
    ticket: Ticket,
    since: Instant,
    waited: Option<Duration>,
}

impl QueueSlot {
    /// Gives up the place, and says how long it was held.
    fn end(mut self) -> Duration {
        let waited = self.since.elapsed();
        self.waited = Some(waited);
        waited
    }
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        let waited = self.waited.unwrap_or_else(|| self.since.elapsed());
        self.queue.waits.observe(waited.as_secs_f64());
        let mut state = self.queue.lock();
        state.waiters.remove(&self.ticket);
        state.turns.leave(self.caller, self.ticket);
    }
}

/// A caller's turn as the queue counts it, until it is dropped.
pub struct InFlight {
    queue: Arc<Queue>,
    caller: CallerKey,
    ticket: Ticket,
    end: End,
}

impl InFlight {
    /// Halves the limit: Unity Connection does not keep up.
    pub fn slow_down(&self) {
        let mut state = self.queue.lock();
        let before = state.turns.limit();
        state.turns.halve();
        self.queue.log_slowdown(&mut state, before);
    }

    /// Says how the turn ends as far as is known now.
    pub fn will_end(&mut self, end: End) {
        self.end = end;
    }

    /// Gives an error to all calls of the caller that wait.
    pub fn dismiss(&self, error: &Error) {
        let waiters: Vec<_> = {
            let mut state = self.queue.lock();
            let tickets = state.turns.dismiss(self.caller);
            tickets.iter().filter_map(|ticket| state.waiters.remove(ticket)).collect()
        };
        for waiter in waiters {
            drop(waiter.send(Err(error.clone())));
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.turns.end(self.ticket, self.end);
        self.queue.log_recovery(&mut state);
        let is_awaited = state.turns.waiting() > 0;
        drop(state);
        if is_awaited {
            self.queue.proceed();
        }
    }
}
