//! What replicas and restarts must remember of callers: digests and times, nothing else.

use std::time::SystemTime;

use prometheus::IntCounter;
use tokio::sync::{mpsc, oneshot};

use crate::credentials::CallerKey;

/// How much may wait for a store that does not answer.
const MOST: usize = 10_000;

/// A sign-in pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pause {
    /// When Unity Connection rejected the credentials.
    pub since: SystemTime,
    /// When they may be sent again.
    pub ends: SystemTime,
}

/// What became of a caller's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Unity Connection accepted them.
    Accepted(SystemTime),
    /// They were sent without an answer, or twice for one call.
    Unanswered(SystemTime),
    /// Unity Connection rejected them. A pause that has ended makes them unknown.
    Rejected(Pause),
}

/// What the store has of a caller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Remembered {
    /// When Unity Connection last accepted the credentials.
    pub accepted: Option<SystemTime>,
    /// The pause that follows their rejection.
    pub pause: Option<Pause>,
    /// How often they were sent since without an answer, and when last.
    pub unanswered: Option<(u32, SystemTime)>,
}

/// What other replicas tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A caller's sign-in is paused.
    Paused(CallerKey, Pause),
    /// A caller's credentials were sent without an answer.
    Unanswered(CallerKey),
    /// An administrator has ended the pauses of the callers with these digits, or all.
    Ended(Option<String>),
}

/// What is on its way to the store.
#[derive(Debug)]
pub enum Letter {
    /// News of a caller.
    News(CallerKey, News),
    /// Is answered when all before it has arrived.
    Flush(oneshot::Sender<()>),
}

/// Where news of callers go: to the store, or nowhere where there is none. Nobody waits for it.
#[derive(Clone, Debug)]
pub struct Outbox {
    letters: Option<mpsc::Sender<Letter>>,
    lost: IntCounter,
}

impl Outbox {
    /// For a process that shares nothing.
    pub fn none(lost: IntCounter) -> Self {
        Self { letters: None, lost }
    }

    /// The outbox, and what takes the letters out of it. Letters that do not fit are counted.
    pub fn open(lost: IntCounter) -> (Self, mpsc::Receiver<Letter>) {
        let (letters, inbox) = mpsc::channel(MOST);
        (Self { letters: Some(letters), lost }, inbox)
    }

    /// Tells news of a caller.
    pub fn tell(&self, caller: CallerKey, news: News) {
        self.send(Letter::News(caller, news));
    }

    /// Sends a letter.
    pub fn send(&self, letter: Letter) {
        if let Some(letters) = &self.letters
            && letters.try_send(letter).is_err()
        {
            self.lost.inc();
        }
    }
}
