//! The simulator's throttle: a few requests are worked on at once, the rest wait in line.
//!
//! Unity Connection counts five over all its web applications; up to 255 wait; a wait that takes too long is a 503.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::switches::Switches;

/// What is worked on, and what waits. Cheap to clone.
#[derive(Clone, Default)]
pub struct Throttle(Arc<Mutex<Line>>);

#[derive(Default)]
struct Line {
    busy: usize,
    queue: VecDeque<oneshot::Sender<Slot>>,
}

/// A slot among those that are worked on. When it is dropped, the request that has waited longest gets it.
pub struct Slot(Throttle);

impl Drop for Slot {
    fn drop(&mut self) {
        let mut line = self.0.line();
        let next = line.queue.pop_front();
        if next.is_none() {
            line.busy -= 1;
        }
        drop(line);
        if let Some(next) = next {
            // If nothing waits there any more, the slot comes back here, and is dropped again.
            let _ = next.send(Slot(self.0.clone()));
        }
    }
}

impl Throttle {
    /// Waits for a slot. There is none when the queue is full or the wait too long.
    pub async fn enter(&self, switches: &Switches) -> Option<Slot> {
        let (sender, slot) = oneshot::channel();
        {
            let mut line = self.line();
            if switches.throttle.is_none_or(|limit| line.busy < limit) {
                line.busy += 1;
                return Some(Slot(self.clone()));
            }
            line.queue.retain(|waiter| !waiter.is_closed());
            if switches.throttle_queue.is_some_and(|limit| line.queue.len() >= limit) {
                return None;
            }
            line.queue.push_back(sender);
        }
        timeout(switches.throttle_wait, slot).await.ok()?.ok()
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
