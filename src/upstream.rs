//! The only door to Unity Connection: who may call and when, calls there and back within a
//! deadline, and what comes of them.

use std::io;
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
use shared::Shared;
use shared::news::Outbox;
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
pub mod shared;
pub mod socket;
pub mod stalls;
pub mod tls;
pub mod turn;
pub mod turns;
pub mod witness;

/// What all workers have in common.
pub struct Door {
    queue: Arc<Queue>,
    callers: Arc<Callers>,
    shared: Shared,
    stalls: Stalls,
    health: Health,
    metrics: Arc<Metrics>,
}

impl Door {
    /// Nobody has called yet. Fails where the thread for the shared store cannot be started.
    pub fn new(config: &Config, metrics: &Arc<Metrics>) -> io::Result<Self> {
        let lost = metrics.shared_errors.clone();
        let (outbox, inbox) = match &config.shared.url {
            Some(_) => {
                let (outbox, inbox) = Outbox::open(lost);
                (outbox, Some(inbox))
            }
            None => (Outbox::none(lost), None),
        };
        let callers = Arc::new(Callers::new(config, metrics, outbox.clone()));
        let shared = Shared::start(config, metrics, &callers, outbox, inbox)?;
        Ok(Self {
            queue: Queue::new(&config.upstream, metrics),
            callers,
            shared,
            stalls: Stalls::default(),
            health: Health::default(),
            metrics: Arc::clone(metrics),
        })
    }

    /// Ends the sign-in pauses of the callers whose keys begin with these digits, or all, those of other replicas
    /// included, and says how many.
    pub async fn end_sign_in_pauses(&self, caller: Option<&str>) -> usize {
        // First where they could be learned from again.
        let shared = self.shared.end_pauses(caller).await;
        shared.max(self.callers.end_pauses(caller))
    }

    /// Waits until what other processes must know has left this one.
    pub async fn flush(&self) {
        self.shared.flush().await;
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
    /// while the caller's sign-in is paused. Somebody unknown may be known to other replicas.
    pub async fn check_sign_in(&self, caller: CallerKey) -> Result<Option<u64>, Error> {
        let Door { callers, shared, .. } = &*self.door;
        callers.check_sign_in(caller)?;
        if shared.is_on()
            && !callers.is_known(caller)
            // In a box: the way to the store takes much room, and most callers are known here.
            && let Some(remembered) = Box::pin(shared.look_up(caller)).await
        {
            callers.learn(caller, &remembered);
            callers.check_sign_in(caller)?;
        }
        Ok(callers.generation(caller))
    }

    /// Whether Unity Connection accepted the caller's credentials lately.
    pub fn is_known(&self, caller: CallerKey) -> bool {
        self.door.callers.is_known(caller)
    }

    /// Waits until the caller may call.
    pub fn turn(
        self: &Rc<Self>,
        caller: Caller,
        record: AccessRecord,
    ) -> impl Future<Output = Result<Turn, Error>> {
        Turn::wait(self, caller, record)
    }
}
