//! What is learned of callers from the shared store: of somebody unknown here, and what other replicas tell.

use std::time::{Instant, SystemTime};

use super::{Callers, KNOWN, Record};
use crate::credentials::CallerKey;
use crate::upstream::marks::{Mark, Unanswered};
use crate::upstream::shared::news::{Pause, Remembered, Told};

impl Callers {
    /// Learns what the shared store has of a caller who is unknown here.
    pub fn learn(&self, caller: CallerKey, remembered: &Remembered) {
        let now = Instant::now();
        let Remembered { accepted, pause, unanswered } = *remembered;
        if let Some(pause) = pause {
            self.pause(caller, pause);
        } else if let Some(accepted) =
            accepted.and_then(past).filter(|accepted| now - *accepted <= KNOWN)
        {
            // The store may have been asked while Unity Connection answered.
            if !self.is_known(caller) {
                let generation = self.new_generation();
                let doubtful = unanswered.is_some();
                self.records
                    .insert(caller, Record { accepted, generation, doubtful, session: None });
                self.marks.remove(caller);
            }
        } else if let Some((calls, last)) =
            unanswered.and_then(|(calls, last)| Some((calls, past(last)?)))
        {
            let known_here = match self.marks.get(caller, || now) {
                Some((Mark::Unanswered(unanswered), _)) => unanswered.calls,
                Some((Mark::Rejected(_), _)) => return,
                None => 0,
            };
            let unanswered = Unanswered { calls: calls.max(known_here), last };
            self.marks.set(caller, Mark::Unanswered(unanswered), last + KNOWN);
        }
    }

    /// Hears what another replica tells.
    pub fn hear(&self, told: &Told) {
        match told {
            Told::Paused(caller, pause) => {
                let record = self.records.get(caller);
                let since = past(pause.since);
                // What Unity Connection has accepted since counts more.
                if record.is_none_or(|record| since.is_none_or(|since| record.accepted <= since)) {
                    self.pause(*caller, *pause);
                }
            }
            Told::Unanswered(caller) => {
                self.begin_doubt(*caller);
            }
            Told::Ended(digits) => {
                self.end_pauses(digits.as_deref());
            }
        }
    }

    /// Begins a pause that another process began.
    fn pause(&self, caller: CallerKey, pause: Pause) {
        let left = pause.ends.duration_since(SystemTime::now()).unwrap_or_default();
        if !left.is_zero() && !self.pause.is_zero() {
            self.records.invalidate(&caller);
            self.marks.set(
                caller,
                Mark::Rejected(pause.since),
                Instant::now() + left.min(self.pause),
            );
        }
    }
}

/// When that was by the clock of this process; now where another replica's clock is ahead. None before the machine's start.
fn past(time: SystemTime) -> Option<Instant> {
    Instant::now().checked_sub(time.elapsed().unwrap_or_default())
}
