//! The only door to Unity Connection: who may call and when, calls there and back within a
//! deadline, and what comes of them.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::access::AccessRecord;
use crate::config::{self, Config};
use crate::credentials::{Caller, CallerKey};
use crate::error::Error;
use crate::metrics::Metrics;

use callers::Callers;
use exchange::Connections;
use health::Health;
use queue::Queue;
use stalls::Stalls;
use turn::Turn;

pub mod answer;
pub mod call;
pub mod callers;
pub mod cause;
pub mod connect;
pub mod exchange;
pub mod framing;
pub mod health;
pub mod key;
pub mod log_limit;
pub mod marks;
pub mod parts;
pub mod queue;
pub mod socket;
pub mod stalls;
pub mod tls;
pub mod turn;
pub mod turns;
pub mod witness;

/// What all workers have in common.
pub struct Door {
    queue: Arc<Queue>,
    callers: Callers,
    stalls: Stalls,
    health: Health,
    metrics: Arc<Metrics>,
}

impl Door {
    /// Nobody has called yet.
    pub fn new(config: &Config, metrics: &Arc<Metrics>) -> Self {
        Self {
            queue: Queue::new(&config.upstream, metrics),
            callers: Callers::new(config, metrics),
            stalls: Stalls::default(),
            health: Health::default(),
            metrics: Arc::clone(metrics),
        }
    }

    /// Ends the sign-in pauses of the callers whose keys begin with these digits, or all, and says
    /// how many.
    pub fn end_sign_in_pauses(&self, caller: Option<&str>) -> usize {
        self.callers.end_pauses(caller)
    }
}

/// One worker's way through the door.
pub struct Upstream {
    timeout: Duration,
    connections: Connections,
    door: Arc<Door>,
}

impl Upstream {
    /// Connects nothing yet.
    pub fn new(config: &config::Upstream, tls: Arc<rustls::ClientConfig>, door: Arc<Door>) -> Self {
        Self { timeout: config.timeout, connections: Connections::new(config, tls), door }
    }

    /// Tells the generation of what is kept for the caller, who has nothing kept without one. Fails
    /// while the caller's sign-in is paused.
    pub fn check_sign_in(&self, caller: CallerKey) -> Result<Option<u64>, Error> {
        self.door.callers.check_sign_in(caller)?;
        Ok(self.door.callers.generation(caller))
    }

    /// Whether Unity Connection accepted the caller's credentials lately.
    pub fn is_known(&self, caller: CallerKey) -> bool {
        self.door.callers.is_known(caller)
    }

    /// Waits until the caller may call.
    pub async fn turn(
        self: &Rc<Self>,
        caller: Caller,
        record: AccessRecord,
    ) -> Result<Turn, Error> {
        Turn::wait(self, caller, record).await
    }
}
