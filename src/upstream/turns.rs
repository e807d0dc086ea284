//! Who may call Unity Connection next: pure rules, without I/O and without a clock.
//!
//! Each caller has a line of tickets and at most one call in flight. Those callers who wait and have
//! no call in flight stand in a round; the first of the round begins, and comes back to its end when
//! his call has ended and somebody still stands in his line. So a caller with a thousand requests
//! costs every other caller one call a round.
//!
//! Callers whose credentials Unity Connection has not accepted lately are strangers. All strangers
//! stand in the round as one, take turns among themselves behind that one place, and may have one
//! call in flight while anybody known waits; what nobody known waits for is theirs too. They fill at
//! most half of the queue. So a flood of made-up credentials is one caller among others.
//!
//! The limit of calls in flight halves when Unity Connection is busy or does not answer, and rises
//! by one after ten answers. A ticket leaves when its owner no longer waits; a call in flight keeps
//! its place until it has ended.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use crate::credentials::{BuildPlain, CallerKey};

#[cfg(test)]
mod tests;

/// How many waiting calls one caller may have.
const MAX_PER_CALLER: usize = 64;

/// After how many answers the limit rises by one.
const ANSWERS_TO_RISE: usize = 10;

/// A place in a caller's line, then in flight. It is given out once and never again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Unity Connection answered; with `accepted`, it knew the credentials.
    Answered {
        /// Whether the caller is known from now on.
        accepted: bool,
    },
    /// Nothing was learned: not sent, or failed on the way.
    Nothing,
}

/// The lines, the round and the limit.
#[derive(Debug)]
pub struct Turns {
    max_in_flight: usize,
    queue_limit: usize,
    limit: usize,
    answers: usize,
    lines: HashMap<CallerKey, Line, BuildPlain>,
    round: VecDeque<RoundEntry>,
    strangers: VecDeque<CallerKey>,
    in_flight: HashMap<Ticket, CallerKey, BuildPlain>,
    strangers_in_flight: usize,
    waiting: usize,
    strangers_waiting: usize,
    next_ticket: u64,
}

#[derive(Debug)]
struct Line {
    known: bool,
    in_flight: bool,
    waiting: VecDeque<Ticket>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RoundEntry {
    Known(CallerKey),
    Strangers,
}

impl Turns {
    /// Nobody waits yet. Both numbers are at least 1.
    pub fn new(max_in_flight: usize, queue_limit: usize) -> Self {
        Self {
            max_in_flight,
            queue_limit,
            limit: max_in_flight,
            answers: 0,
            lines: HashMap::default(),
            round: VecDeque::new(),
            strangers: VecDeque::new(),
            in_flight: HashMap::default(),
            strangers_in_flight: 0,
            waiting: 0,
            strangers_waiting: 0,
            next_ticket: 0,
        }
    }

    /// Calls that may be in flight at once now.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// Calls in flight.
    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Tickets that wait.
    pub fn waiting(&self) -> usize {
        self.waiting
    }

    /// Lets a call of the caller begin at once; none where it has to wait.
    pub fn begin_at_once(&mut self, caller: CallerKey, known: bool) -> Option<Ticket> {
        if !self.is_free() || self.lines.contains_key(&caller) {
            return None;
        }
        let ticket = self.next_ticket();
        self.lines.insert(caller, Line { known, in_flight: true, waiting: VecDeque::new() });
        self.strangers_in_flight += usize::from(!known);
        self.in_flight.insert(ticket, caller);
        Some(ticket)
    }

    /// Takes a ticket in the caller's line; none where the queue, the strangers' half of it or the
    /// caller's share of it is full. A call that can begin at once needs no place in the queue.
    pub fn enter(&mut self, caller: CallerKey, known: bool) -> Option<Ticket> {
        let line = self.lines.get(&caller);
        let known = line.map_or(known, |line| line.known || known);
        let at_once = line.is_none() && self.is_free();
        let waiting = line.map_or(0, |line| line.waiting.len());
        let full = self.waiting >= self.queue_limit
            || waiting >= MAX_PER_CALLER
            || (!known && self.strangers_waiting >= (self.queue_limit / 2).max(1));
        if full && !at_once {
            return None;
        }

        self.become_known(caller, known);
        let ticket = self.next_ticket();
        let line = self.lines.entry(caller).or_insert_with(|| Line {
            known,
            in_flight: false,
            waiting: VecDeque::new(),
        });
        line.waiting.push_back(ticket);
        let first = line.waiting.len() == 1 && !line.in_flight;
        self.waiting += 1;
        self.strangers_waiting += usize::from(!known);
        if first {
            self.join_round(caller, known);
        }
        Some(ticket)
    }

    /// Lets the next call begin; none where the limit is reached or nobody waits who may.
    pub fn begin(&mut self) -> Option<(CallerKey, Ticket)> {
        if self.in_flight.len() >= self.limit {
            return None;
        }
        let caller = match self.round.front().copied()? {
            RoundEntry::Strangers if self.strangers_in_flight > 0 && self.round.len() > 1 => {
                // They had their turn; whoever is known comes first.
                match self.round.remove(1) {
                    Some(RoundEntry::Known(caller)) => caller,
                    Some(RoundEntry::Strangers) | None => return None,
                }
            }
            RoundEntry::Strangers => {
                self.round.pop_front();
                let caller = self.strangers.pop_front()?;
                if !self.strangers.is_empty() {
                    self.round.push_back(RoundEntry::Strangers);
                }
                caller
            }
            RoundEntry::Known(caller) => {
                self.round.pop_front();
                caller
            }
        };

        let line = self.lines.get_mut(&caller)?;
        let ticket = line.waiting.pop_front()?;
        line.in_flight = true;
        self.waiting -= 1;
        self.strangers_waiting -= usize::from(!line.known);
        self.strangers_in_flight += usize::from(!line.known);
        self.in_flight.insert(ticket, caller);
        Some((caller, ticket))
    }

    /// Gives up a ticket that waits; one in flight stays.
    pub fn leave(&mut self, caller: CallerKey, ticket: Ticket) {
        let Some(line) = self.lines.get_mut(&caller) else {
            return;
        };
        let Some(place) = line.waiting.iter().position(|waiting| *waiting == ticket) else {
            return;
        };
        line.waiting.remove(place);
        self.waiting -= 1;
        self.strangers_waiting -= usize::from(!line.known);
        if line.waiting.is_empty() && !line.in_flight {
            self.leave_round(caller);
            self.lines.remove(&caller);
        }
    }

    /// Ends a call in flight and puts the caller's next one into the round.
    pub fn end(&mut self, ticket: Ticket, end: End) {
        let Some(caller) = self.in_flight.remove(&ticket) else {
            return;
        };
        self.answers += usize::from(end != End::Nothing);
        if self.answers >= ANSWERS_TO_RISE && self.limit < self.max_in_flight {
            self.limit += 1;
            self.answers = 0;
        }

        let Entry::Occupied(mut line) = self.lines.entry(caller) else {
            return;
        };
        line.get_mut().in_flight = false;
        self.strangers_in_flight -= usize::from(!line.get().known);
        if line.get().waiting.is_empty() {
            line.remove();
            return;
        }
        self.become_known(caller, end == End::Answered { accepted: true });
        let known = self.lines.get(&caller).is_some_and(|line| line.known);
        self.join_round(caller, known);
    }

    /// Halves the limit: Unity Connection does not keep up.
    pub fn halve(&mut self) {
        self.limit = (self.limit / 2).max(1);
        self.answers = 0;
    }

    /// Takes all the caller's waiting tickets out of the line: they have their answer.
    pub fn dismiss(&mut self, caller: CallerKey) -> Vec<Ticket> {
        let Some(line) = self.lines.get(&caller) else {
            return Vec::new();
        };
        let tickets: Vec<Ticket> = line.waiting.iter().copied().collect();
        for ticket in &tickets {
            self.leave(caller, *ticket);
        }
        tickets
    }

    /// Whether a call more may be in flight, and nobody waits for it.
    fn is_free(&self) -> bool {
        self.in_flight.len() < self.limit && self.round.is_empty()
    }

    fn next_ticket(&mut self) -> Ticket {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        ticket
    }

    /// Turns a stranger into somebody known, with all who wait in his line.
    fn become_known(&mut self, caller: CallerKey, known: bool) {
        let Some(line) = self.lines.get_mut(&caller).filter(|line| known && !line.known) else {
            return;
        };
        line.known = true;
        self.strangers_waiting -= line.waiting.len();
        if line.in_flight {
            self.strangers_in_flight -= 1;
        } else if let Some(place) = self.strangers.iter().position(|stranger| *stranger == caller) {
            self.strangers.remove(place);
            if self.strangers.is_empty() {
                self.round.retain(|place| *place != RoundEntry::Strangers);
            }
            self.round.push_back(RoundEntry::Known(caller));
        }
    }

    fn join_round(&mut self, caller: CallerKey, known: bool) {
        if known {
            self.round.push_back(RoundEntry::Known(caller));
            return;
        }
        self.strangers.push_back(caller);
        if self.strangers.len() == 1 {
            self.round.push_back(RoundEntry::Strangers);
        }
    }

    fn leave_round(&mut self, caller: CallerKey) {
        self.round.retain(|place| *place != RoundEntry::Known(caller));
        let before = self.strangers.len();
        self.strangers.retain(|stranger| *stranger != caller);
        if before > 0 && self.strangers.is_empty() {
            self.round.retain(|place| *place != RoundEntry::Strangers);
        }
    }
}
