//! What the connections of one worker hold, how long each waits for its client, and when it ends for that.
//!
//! ```text
//!   transport  ── bytes read, deadline ──>  Connection  <── begin, body, answer, end ──  middleware
//!                                               │
//!                                           Connections: what all of them hold together
//! ```
//!
//! A client may be slow or silent; it must not be so at the cost of others. Each wait for a client has a time limit, and
//! when all connections together hold too much, those end that have waited longest.

use std::cell::RefCell;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::time::Instant;

use registry::Connections;
use request::Request;

pub mod reading;
pub mod registry;
pub mod request;

/// How long a client may take no byte of an answer.
pub const STALL: Duration = Duration::from_secs(20);

/// How long the head of a request may take from its first byte. The first one of a connection is actix's, which answers 408.
const HEAD: Duration = Duration::from_secs(5);

/// How long nothing may be under way on HTTP/1.1: longer than actix's keep-alive, which does not count while the rest of
/// a body is still to come.
const IDLE: Duration = Duration::from_secs(80);

/// How long a client may go on sending a body that nobody reads, after its answer.
pub const LINGER: Duration = Duration::from_secs(1);

/// Streams of one HTTP/2 connection that are served at once.
const MOST_SERVED: usize = 256;

/// Open streams of one HTTP/2 connection that end it.
const MOST_OPEN: usize = 1000;

/// Requests of one HTTP/1.1 connection that are read ahead. A head takes actix 7 KB, however short it is.
const MOST_AHEAD: usize = 2;

/// Bytes that one HTTP/2 connection may send without anything coming of them: frames that are no requests and bodies, or
/// a head without end.
const MOST_IDLE_BYTES: usize = 256 * 1024;

/// What an open request holds beside its body, as measured.
const REQUEST: usize = 16 * 1024;

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Requests come one after the other.
    Http1,
    /// They come beside each other.
    Http2,
}

/// One client's connection.
#[derive(Debug)]
pub struct Connection {
    id: u64,
    connections: Rc<Connections>,
    state: RefCell<State>,
}

#[derive(Debug)]
struct State {
    protocol: Protocol,
    /// About how many bytes it holds.
    held: usize,
    /// Requests under way.
    open: usize,
    /// Requests that ever began, which number them.
    begun: u64,
    /// The requests that wait for the client.
    waits: Vec<Wait>,
    /// Heads that were read and not yet answered.
    ahead: usize,
    /// How many requests had begun when more were asked for than may be read ahead, though none was under way.
    asked: Option<u64>,
    /// Whether a read was put off because of them.
    starved: bool,
    /// Bytes of HTTP/1.1 that nobody has taken yet.
    unread: usize,
    /// Bytes of HTTP/2 since anything came of them.
    idle_bytes: usize,
    /// Whether the last bytes began a head, or belong to a body.
    within: bool,
    /// Since when nothing is under way.
    idle_since: Instant,
    /// Since when a head has been arriving while nothing is under way.
    head_since: Option<Instant>,
    /// Which request is the last that is answered on it, once that is known.
    last: Option<u64>,
    /// When it ends, whatever comes.
    closes: Option<Instant>,
    ended: bool,
    waker: Option<Waker>,
}

/// A request that waits for its client.
#[derive(Debug)]
struct Wait {
    request: u64,
    /// Since when at all.
    begun: Instant,
    /// Since when without a byte.
    stalled: Instant,
}

impl State {
    fn new() -> Self {
        Self {
            protocol: Protocol::Http1,
            held: 0,
            open: 0,
            begun: 0,
            waits: Vec::new(),
            ahead: 0,
            asked: None,
            starved: false,
            unread: 0,
            idle_bytes: 0,
            within: false,
            idle_since: Instant::now(),
            head_since: None,
            last: None,
            closes: None,
            ended: false,
            waker: None,
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Lets reading go on where it was put off.
    fn feed(&mut self) {
        if std::mem::take(&mut self.starved) {
            self.wake();
        }
    }

    fn wait(&mut self, request: u64) -> Option<&mut Wait> {
        self.waits.iter_mut().find(|wait| wait.request == request)
    }
}

impl Connection {
    /// Nothing is under way on it yet.
    pub fn new(id: u64, connections: Rc<Connections>) -> Self {
        Self { id, connections, state: RefCell::new(State::new()) }
    }

    /// Says what is spoken on it.
    pub fn speak(&self, protocol: Protocol) {
        self.state.borrow_mut().protocol = protocol;
    }

    /// Adds to what it holds, at the cost of others where all hold too much.
    pub fn hold(&self, bytes: usize) {
        let mut state = self.state.borrow_mut();
        if state.ended {
            return;
        }
        state.held += bytes;
        drop(state);
        self.connections.hold(bytes);
    }

    /// Takes from what it holds.
    pub fn release(&self, bytes: usize) {
        let mut state = self.state.borrow_mut();
        let bytes = bytes.min(state.held);
        state.held -= bytes;
        drop(state);
        self.connections.release(bytes);
    }

    /// Ends it, with all that is under way on it.
    pub fn end(&self) {
        self.release(usize::MAX);
        let mut state = self.state.borrow_mut();
        state.ended = true;
        state.wake();
    }

    /// Since when it waits for its client: not while it works for him.
    pub fn waiting_since(&self) -> Option<Instant> {
        let state = self.state.borrow();
        if state.ended {
            return None;
        }
        match state.waits.iter().map(|wait| wait.begun).min() {
            None if state.open == 0 => Some(state.idle_since),
            since => since,
        }
    }

    /// Whether it has ended; if not, `context` is woken then.
    pub fn poll_ended(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if state.ended {
            return Poll::Ready(());
        }
        if state.waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
            state.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }

    /// When it ends if its client does nothing until then.
    pub fn deadline(&self) -> Option<Instant> {
        let state = self.state.borrow();
        let stall = state.waits.iter().map(|wait| wait.stalled + STALL).min();
        let idle = (state.open == 0 && state.begun > 0 && state.protocol == Protocol::Http1)
            .then(|| state.head_since.map_or(state.idle_since + IDLE, |since| since + HEAD));
        [stall, idle, state.closes].into_iter().flatten().min()
    }

    /// Begins a request. It is over when what comes back is dropped.
    pub fn begin(self: &Rc<Self>) -> Request {
        let mut state = self.state.borrow_mut();
        state.idle_bytes = 0;
        state.open += 1;
        state.begun += 1;
        state.head_since = None;
        let overloaded = state.protocol == Protocol::Http2 && state.open > MOST_SERVED;
        let request = Request::new(Rc::clone(self), state.begun, overloaded);
        let over = state.protocol == Protocol::Http2 && state.open >= MOST_OPEN;
        drop(state);
        self.hold(REQUEST);
        if over {
            self.end();
        }
        request
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.release(usize::MAX);
        self.connections.remove(self.id);
    }
}
