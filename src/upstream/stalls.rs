//! Stalls: what is not sent while Unity Connection does not answer.
//!
//! A call that was not answered may still count as a failed sign-in once Unity Connection wakes up.
//! So after one such call a stranger's credentials wait until it has answered anybody. Where nobody
//! asks, the gateway asks without credentials. After two such calls they wait until it has answered
//! a call with credentials, since a stuck directory answers nobody, or for five minutes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::marks::Unanswered;

/// How long credentials wait at most: a pause as long as a lock-out would help nobody.
const LONGEST: Duration = Duration::from_mins(5);

/// When Unity Connection answered, and who waits to know whether it does.
#[derive(Debug, Default)]
pub struct Stalls {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    anybody: Option<Instant>,
    signed_in: Option<Instant>,
    /// Those who wait for the question that is under way.
    waiting: Option<Vec<oneshot::Sender<bool>>>,
}

/// Whether a stranger's credentials may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// They may.
    Open,
    /// They may once Unity Connection has answered a question without credentials.
    Ask,
    /// They may not.
    Closed,
}

/// The question whether Unity Connection answers: asked, or joined.
pub enum Question<'a> {
    /// It is to be asked.
    Asked(Asking<'a>),
    /// Another call asks it.
    Joined(oneshot::Receiver<bool>),
}

/// A question under way. Dropped, it has no answer.
pub struct Asking<'a> {
    stalls: &'a Stalls,
    answered: bool,
}

impl Stalls {
    /// Notes an answer to a call without credentials.
    pub fn note_answer(&self, status: u16, now: Instant) {
        if is_answer(status) {
            self.lock().anybody = Some(now);
        }
    }

    /// Notes an answer to a call with credentials.
    pub fn note_sign_in(&self, status: u16, now: Instant) {
        self.note_answer(status, now);
        if matches!(status, 200..=299 | 401 | 403 | 404) {
            self.lock().signed_in = Some(now);
        }
    }

    /// Whether credentials may be sent after these calls.
    pub fn gate(&self, unanswered: Unanswered, now: Instant) -> Gate {
        let state = self.lock();
        let since = |answer: Option<Instant>| answer.is_some_and(|at| at > unanswered.last);
        match unanswered.calls {
            0 => Gate::Open,
            1 if since(state.anybody) => Gate::Open,
            1 => Gate::Ask,
            _ if since(state.signed_in) || now >= unanswered.last + LONGEST => Gate::Open,
            _ => Gate::Closed,
        }
    }

    /// Joins the question that is under way, or begins one.
    pub fn question(&self) -> Question<'_> {
        let mut state = self.lock();
        if let Some(waiting) = &mut state.waiting {
            let (sender, receiver) = oneshot::channel();
            waiting.push(sender);
            return Question::Joined(receiver);
        }
        state.waiting = Some(Vec::new());
        Question::Asked(Asking { stalls: self, answered: false })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a status is Unity Connection's own and says that it works. It is busy before a sign-in
/// (429, 503), and a balancer may stand before it (502, 504).
pub fn is_answer(status: u16) -> bool {
    !matches!(status, 429 | 502..=504)
}

impl Asking<'_> {
    /// Tells all who joined whether Unity Connection answered, and says so too.
    pub fn end(mut self, answered: bool) -> bool {
        self.answered = answered;
        answered
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let waiting = self.stalls.lock().waiting.take();
        for waiter in waiting.into_iter().flatten() {
            // A waiter that has gone needs no answer.
            waiter.send(self.answered).unwrap_or_default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Gate::{Ask, Closed, Open};
    use super::*;

    #[test]
    fn credentials_wait_for_an_answer_that_came_after_their_own_calls() {
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        let stalls = Stalls::default();
        let gates = |seconds| {
            [0, 1, 2, 3]
                .map(|calls| stalls.gate(Unanswered { calls, last: after(10) }, after(seconds)))
        };
        stalls.note_sign_in(200, after(9));
        assert_eq!(gates(20), [Open, Ask, Closed, Closed]);
        for status in [429, 502, 503, 504] {
            stalls.note_sign_in(status, after(20));
        }
        assert_eq!(gates(21), [Open, Ask, Closed, Closed]);
        stalls.note_answer(401, after(21));
        stalls.note_sign_in(500, after(22));
        assert_eq!(gates(22), [Open, Open, Closed, Closed]);
        assert_eq!(gates(309), [Open, Open, Closed, Closed]);
        assert_eq!(gates(310), [Open; 4]);
        stalls.note_sign_in(401, after(23));
        assert_eq!(gates(24), [Open; 4]);
    }

    #[test]
    fn a_question_is_asked_once_and_its_answer_is_everybodys() {
        let stalls = Stalls::default();
        for answered in [true, false] {
            let Question::Asked(asking) = stalls.question() else {
                panic!("nobody asks yet");
            };
            let Question::Joined(mut joined) = stalls.question() else {
                panic!("somebody asks");
            };

            asking.end(answered);

            assert_eq!(joined.try_recv(), Ok(answered));
        }
    }
}
