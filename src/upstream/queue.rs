//! Waiting for one's turn: the side of [`Turns`] that has clients, tasks and time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::Histogram;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::log_limit::LogLimit;
use super::turns::{End, Ticket, Turns};
use crate::config;
use crate::credentials::CallerKey;
use crate::error::Error;

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

type Waiter = oneshot::Sender<Result<Turn, Error>>;

impl Queue {
    /// Nobody waits yet. How long waits are goes to `waits`, in seconds, those in vain included.
    pub fn new(config: &config::Upstream, waits: Histogram) -> Arc<Self> {
        Arc::new(Self {
            timeout: config.queue_timeout,
            max_in_flight: config.max_in_flight,
            halving: LogLimit::new(1),
            waits,
            state: Mutex::new(State {
                turns: Turns::new(config.max_in_flight, config.queue_limit),
                waiters: HashMap::new(),
                limit_logged: false,
            }),
        })
    }

    /// Waits for the caller's turn. Whoever drops the wait gives up the place. Fails when there is
    /// no slot or no turn in time, and with the answer that the caller's call in flight got, where
    /// that answer holds for all of them.
    pub async fn turn(self: &Arc<Self>, caller: CallerKey, known: bool) -> Result<Turn, Error> {
        let (sender, receiver) = oneshot::channel();
        let slot = {
            let mut state = self.lock();
            let ticket = state.turns.enter(caller, known).ok_or(Error::Overloaded)?;
            state.waiters.insert(ticket, sender);
            QueueSlot { queue: Arc::clone(self), caller, ticket, since: Instant::now() }
        };
        self.proceed();
        let turn = timeout(self.timeout, receiver).await;
        drop(slot);
        turn.unwrap_or(Ok(Err(Error::Overloaded))).unwrap_or(Err(Error::Overloaded))
    }

    /// Gives out every turn that there is.
    fn proceed(self: &Arc<Self>) {
        while let Some((turn, Some(waiter))) = self.next() {
            // A waiter that has just gone leaves its turn behind, which ends as it is dropped.
            drop(waiter.send(Ok(turn)));
        }
    }

    fn next(self: &Arc<Self>) -> Option<(Turn, Option<Waiter>)> {
        let mut state = self.lock();
        let (caller, ticket) = state.turns.begin()?;
        let turn = Turn { queue: Arc::clone(self), caller, ticket, end: End::Nothing };
        // A ticket and its waiter come and go together, under the lock.
        Some((turn, state.waiters.remove(&ticket)))
    }

    /// Calls in flight, the limit of these, and calls that wait.
    pub fn load(&self) -> Load {
        let state = self.lock();
        Load {
            in_flight: state.turns.in_flight(),
            limit: state.turns.limit(),
            waiting: state.turns.waiting(),
        }
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

/// How busy the door to Unity Connection is.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Calls in flight.
    pub in_flight: usize,
    /// Calls that may be in flight at once.
    pub limit: usize,
    /// Calls that wait.
    pub waiting: usize,
}

/// A slot in the queue, given up when dropped.
struct QueueSlot {
    queue: Arc<Queue>,
    caller: CallerKey,
    ticket: Ticket,
    since: Instant,
}

impl Drop for QueueSlot {
    fn drop(&mut self) {
        let waited = self.since.elapsed();
        self.queue.waits.observe(waited.as_secs_f64());
        let mut state = self.queue.lock();
        state.waiters.remove(&self.ticket);
        state.turns.leave(self.caller, self.ticket);
    }
}

/// Leave to have one call in flight, until it is dropped.
pub struct Turn {
    queue: Arc<Queue>,
    caller: CallerKey,
    ticket: Ticket,
    end: End,
}

impl Turn {
    /// Halves the limit while the call goes on.
    pub fn slow_down(&self) {
        let mut state = self.queue.lock();
        let before = state.turns.limit();
        state.turns.halve();
        self.queue.log_slowdown(&mut state, before);
    }

    /// Says how the call ended.
    pub fn end(mut self, end: End) {
        self.end = end;
    }

    /// Ends the call with an answer that holds for all that the caller waits for.
    pub fn end_for_all(self, error: &Error) {
        let waiters: Vec<_> = {
            let mut state = self.queue.lock();
            let tickets = state.turns.dismiss(self.caller);
            tickets.iter().filter_map(|ticket| state.waiters.remove(ticket)).collect()
        };
        for waiter in waiters {
            drop(waiter.send(Err(error.clone())));
        }
        self.end(End::Answered { accepted: false });
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        {
            let mut state = self.queue.lock();
            let before = state.turns.limit();
            state.turns.end(self.ticket, self.end);
            match self.end {
                End::Overloaded => self.queue.log_slowdown(&mut state, before),
                End::Answered { .. } | End::Nothing => self.queue.log_recovery(&mut state),
            }
        }
        self.queue.proceed();
    }
}
