//! One request on a connection: what has come of its body, and whether it waits for its client.

use std::cell::Cell;
use std::rc::Rc;

use tokio::time::Instant;

use super::{Connection, LINGER, Protocol, REQUEST, Wait};

/// What counts of a body. Larger ones, recordings, have bounds of their own.
const MOST_OF_A_BODY: usize = 32 * 1024;

/// What a byte of a body holds: it lies in the room that it was read into, and again where the body is put together.
const COPIES: usize = 2;

/// What has come of a request's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none, or it is not looked at.
    None,
    /// Not all of it.
    Arriving,
    /// All of it.
    Arrived,
}

/// A request under way on a connection.
#[derive(Debug)]
pub struct Request {
    connection: Rc<Connection>,
    number: u64,
    overloaded: bool,
    body: Cell<Body>,
    held: Cell<usize>,
}

impl Request {
    /// Nothing is known of its body yet.
    pub fn new(connection: Rc<Connection>, number: u64, overloaded: bool) -> Self {
        let (body, held) = (Cell::new(Body::None), Cell::new(REQUEST));
        Self { connection, number, overloaded, body, held }
    }

    /// Whether its connection has too many others under way.
    pub fn is_overloaded(&self) -> bool {
        self.overloaded
    }

    /// Whether another one before it is the last of its connection.
    pub fn is_late(&self) -> bool {
        self.connection.state.borrow().last.is_some_and(|last| last < self.number)
    }

    /// Makes it the last of its connection.
    pub fn set_last(&self) {
        self.connection.state.borrow_mut().last = Some(self.number);
    }

    /// Ends its connection.
    pub fn end_connection(&self) {
        self.connection.end();
    }

    /// What has come of its body.
    pub fn body(&self) -> Body {
        self.body.get()
    }

    /// Takes down what has come of its body. One that has arrived is not waited for any more.
    pub fn set_body(&self, body: Body) {
        self.body.set(body);
        if body == Body::Arrived {
            self.proceed();
        }
    }

    /// Adds a part of its body.
    pub fn receive(&self, bytes: usize) {
        let bytes =
            (COPIES * bytes).min((REQUEST + MOST_OF_A_BODY).saturating_sub(self.held.get()));
        self.held.set(self.held.get() + bytes);
        self.connection.hold(bytes);
        let mut state = self.connection.state.borrow_mut();
        state.idle_bytes = 0;
        if let Some(wait) = state.wait(self.number) {
            wait.stalled = Instant::now();
        }
    }

    /// Waits for its client, if it does not yet: for more of the body.
    pub fn wait_for_body(&self) {
        let mut state = self.connection.state.borrow_mut();
        if state.wait(self.number).is_none() {
            let now = Instant::now();
            state.waits.push(Wait { request: self.number, begun: now, stalled: now });
        }
        // What was taken for heads are parts of this body, which is to arrive. All that came of it was taken.
        state.ahead = 0;
        state.unread = 0;
        state.feed();
    }

    /// Waits for its client anew: to take what it was given just now of the answer.
    pub fn wait_for_taking(&self) {
        let mut state = self.connection.state.borrow_mut();
        let now = Instant::now();
        state.idle_bytes = 0;
        match state.wait(self.number) {
            Some(wait) => wait.stalled = now,
            None => state.waits.push(Wait { request: self.number, begun: now, stalled: now }),
        }
    }

    /// Waits for nothing of its client's.
    pub fn proceed(&self) {
        let mut state = self.connection.state.borrow_mut();
        state.idle_bytes = 0;
        state.waits.retain(|wait| wait.request != self.number);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.proceed();
        self.connection.release(self.held.get());
        let mut state = self.connection.state.borrow_mut();
        let now = Instant::now();
        state.open -= 1;
        state.ahead = state.ahead.saturating_sub(1);
        state.idle_since = now;
        if state.protocol == Protocol::Http2 {
            return;
        }
        match self.body.get() {
            Body::None if state.within => state.head_since = Some(now),
            Body::None | Body::Arrived => {}
            Body::Arriving => {
                state.closes = Some(now + LINGER);
                // Its time is looked at when it is polled.
                state.starved = true;
            }
        }
        state.feed();
    }
}
