//! What the simulator's handle and its server share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::guard::Guard;
use super::log::Log;
use super::store::Store;
use super::switches::Switches;
use super::switches::values::Stall;
use super::throttle::Throttle;

/// The state under its lock, and what needs no lock or has its own.
pub struct Shared {
    /// Who is worked on.
    pub throttle: Throttle,
    state: Mutex<State>,
    /// Signals that a switch was set: a stalled answer may go on.
    switched: Notify,
}

/// What changes while the simulator runs.
pub struct State {
    /// How to answer.
    pub switches: Arc<Switches>,
    /// The people and their objects.
    pub store: Store,
    /// Sign-ins and sessions.
    pub guard: Guard,
    /// What was asked.
    pub log: Log,
    /// How many requests are open.
    pub in_flight: usize,
}

impl Shared {
    /// Starts with the people of the demo.
    pub fn new(switches: Switches) -> Result<Self, String> {
        let mut state = State {
            switches: Arc::default(),
            store: Store::new()?,
            guard: Guard::default(),
            log: Log::default(),
            in_flight: 0,
        };
        state.switch(switches);
        let (throttle, state) = (Throttle::default(), Mutex::new(state));
        Ok(Self { throttle, state, switched: Notify::new() })
    }

    /// Locks the state.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets stalled answers look at the switches again.
    pub fn switched(&self) {
        self.switched.notify_waiters();
    }

    /// Waits until the switch `stall` has another value.
    pub async fn released(&self, stall: Stall) {
        loop {
            let switched = self.switched.notified();
            if self.state().switches.stall != stall {
                return;
            }
            switched.await;
        }
    }
}

impl State {
    /// Replaces the switches for requests that begin from now on.
    pub fn switch(&mut self, switches: Switches) {
        if switches.many != self.switches.many {
            self.store.set_many(switches.many.unwrap_or(0));
        }
        self.switches = Arc::new(switches);
    }
}
