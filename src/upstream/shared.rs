//! What all workers share of the door: the queue, who signed in, sessions, health.

use std::sync::Arc;

use super::health::Health;
use super::queue::{Load, Queue};
use super::session::Sessions;
use super::sign_in::SignIn;
use crate::config;
use crate::metrics::Metrics;

/// What all workers have in common.
pub struct Shared {
    /// Who may call next.
    pub queue: Arc<Queue>,
    /// Who was rejected, who was accepted.
    pub sign_in: SignIn,
    /// Session cookies.
    pub sessions: Sessions,
    /// What the operator was told.
    pub health: Health,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Shared {
    /// Knows and keeps nothing yet.
    pub fn new(config: &config::Upstream, metrics: Arc<Metrics>) -> Self {
        Self {
            queue: Queue::new(config, metrics.queue_wait.clone()),
            sign_in: SignIn::new(config),
            sessions: Sessions::new(config),
            health: Health::default(),
            metrics,
        }
    }

    /// How busy the door is.
    pub fn load(&self) -> Load {
        self.queue.load()
    }

    /// How many callers' sign-ins are paused.
    pub fn pauses(&self) -> usize {
        self.sign_in.pauses()
    }
}
