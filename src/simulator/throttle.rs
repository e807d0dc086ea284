//! The simulator's throttle: a few requests are worked on at once, the rest wait in line.
//!
//! Unity Connection counts five over all its web applications; up to 255 wait; a wait that takes too long is a 503.

use std::collections::VecDeque;

use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Simulator;
use super::switches::Switches;

/// Who is worked on, and who waits.
#[derive(Default)]
pub struct Throttle {
    busy: usize,
    queue: VecDeque<oneshot::Sender<Place>>,
}

/// A place among those that are worked on. Dropped, it goes to whoever has waited longest.
pub struct Place(Simulator);

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let next = state.throttle.queue.pop_front();
        if next.is_none() {
            state.throttle.busy -= 1;
        }
        drop(state);
        if let Some(next) = next {
            // If nobody waits there any more, the place comes back here, and is dropped again.
            let _ = next.send(Place(self.0.clone()));
        }
    }
}

/// Waits for a place. There is none when the queue is full or the wait too long.
pub async fn enter(simulator: &Simulator, switches: &Switches) -> Option<Place> {
    let (sender, place) = oneshot::channel();
    {
        let mut state = simulator.state();
        let Throttle { busy, queue } = &mut state.throttle;
        if switches.throttle.is_none_or(|limit| *busy < limit) {
            *busy += 1;
            return Some(Place(simulator.clone()));
        }
        queue.retain(|waiter| !waiter.is_closed());
        if switches.throttle_queue.is_some_and(|limit| queue.len() >= limit) {
            return None;
        }
        queue.push_back(sender);
    }
    timeout(switches.throttle_wait, place).await.ok()?.ok()
}
