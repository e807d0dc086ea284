//! What all workers share of the door: the queue, who signed in, sessions, health.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::answer::Answer;
use super::exchange::Failure;
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
    /// Whether the last call found nobody there.
    down: AtomicBool,
    /// What is counted.
    pub metrics: Arc<Metrics>,
}

impl Shared {
    /// Knows and keeps nothing yet.
    pub fn new(config: &config::Upstream, metrics: Arc<Metrics>) -> Self {
        Self {
            queue: Queue::new(config),
            sign_in: SignIn::new(config),
            sessions: Sessions::new(config),
            down: AtomicBool::new(false),
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

    /// Tells the operator when Unity Connection goes and when it is back, once each.
    pub fn note_health(&self, result: &Result<Answer, Failure>) {
        let gone = match result {
            Err(failure) if failure.is_silence() => Some(failure),
            _ => None,
        };
        let was_down = self.down.swap(gone.is_some(), Ordering::Relaxed);
        match gone {
            Some(failure) if !was_down => {
                let code = failure.error.problem_type().code;
                let cause = failure.cause.as_deref();
                tracing::warn!(code, cause, "Unity Connection does not answer");
            }
            None if was_down => tracing::info!("Unity Connection answers again"),
            _ => {}
        }
    }
}
