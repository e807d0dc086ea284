//! Whether the gateway takes traffic, and how much of it is under way.
//!
//! ```text
//!   Ready ──signal──> Leaving ──delay over──> Draining ──nothing in flight, or grace over──> Over
//! ```

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

/// The states of a gateway, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It takes traffic.
    Ready,
    /// It still takes traffic, and says that it should get none.
    Leaving,
    /// It takes no new connections; requests whose body has arrived are answered.
    Draining,
    /// What is in flight is cut.
    Over,
}

/// The state of one gateway, shared by all who look at it.
#[derive(Clone, Debug)]
pub struct Drain {
    phase: Arc<watch::Sender<Phase>>,
    traffic: Arc<Traffic>,
}

#[derive(Debug, Default)]
struct Traffic {
    in_flight: AtomicUsize,
    idle: Notify,
}

impl Drain {
    /// Ready, with nothing in flight.
    pub fn new() -> Self {
        Self { phase: Arc::new(watch::Sender::new(Phase::Ready)), traffic: Arc::default() }
    }

    /// Where it stands.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Goes on to a later phase.
    pub fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    /// Waits until it drains.
    pub async fn draining(&self) {
        let mut phase = self.phase.subscribe();
        // The sender lives as long as this value.
        drop(phase.wait_for(|phase| *phase >= Phase::Draining).await);
    }

    /// Counts a request as in flight until the guard is dropped.
    pub fn begin(&self) -> InFlight {
        self.traffic.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(Arc::clone(&self.traffic))
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> usize {
        self.traffic.in_flight.load(Ordering::Acquire)
    }

    /// Waits until nothing is in flight.
    pub async fn idle(&self) {
        loop {
            // Listens before it looks, or the last one could leave in between.
            let mut idle = pin!(self.traffic.idle.notified());
            idle.as_mut().enable();
            if self.in_flight() == 0 {
                return;
            }
            idle.await;
        }
    }
}

impl Default for Drain {
    fn default() -> Self {
        Self::new()
    }
}

/// A request in flight.
#[derive(Debug)]
pub struct InFlight(Arc<Traffic>);

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}
