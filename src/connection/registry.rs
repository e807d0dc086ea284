//! All connections of one worker: what they hold together, and which of them end when it is too much.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use super::Connection;

/// The connections of one worker.
#[derive(Debug)]
pub struct Connections {
    open: RefCell<BTreeMap<u64, Weak<Connection>>>,
    next: Cell<u64>,
    held: Cell<usize>,
    limit: usize,
}

impl Connections {
    /// None yet. They may hold about `limit` bytes together.
    pub fn new(limit: usize) -> Rc<Self> {
        Rc::new(Self { open: RefCell::default(), next: Cell::new(0), held: Cell::new(0), limit })
    }

    /// Adds a connection that holds about `held` bytes.
    pub fn add(self: &Rc<Self>, held: usize) -> Rc<Connection> {
        let id = self.next.get();
        self.next.set(id + 1);
        let connection = Rc::new(Connection::new(id, Rc::clone(self)));
        self.open.borrow_mut().insert(id, Rc::downgrade(&connection));
        connection.hold(held);
        connection
    }

    /// Forgets a connection that is no more.
    pub fn remove(&self, id: u64) {
        self.open.borrow_mut().remove(&id);
    }

    /// Adds to what all hold, and makes room where it is too much.
    pub fn hold(&self, bytes: usize) {
        self.held.set(self.held.get() + bytes);
        if self.held.get() > self.limit {
            self.relieve();
        }
    }

    /// Takes from what all hold.
    pub fn release(&self, bytes: usize) {
        self.held.set(self.held.get() - bytes);
    }

    /// Ends those that have waited longest for their clients, until the rest holds three quarters of the limit.
    fn relieve(&self) {
        let open: Vec<_> = self.open.borrow().values().filter_map(Weak::upgrade).collect();
        let mut waiting: Vec<_> = open
            .into_iter()
            .filter_map(|connection| Some((connection.waiting_since()?, connection)))
            .collect();
        waiting.sort_unstable_by_key(|(since, _)| *since);
        for (_, connection) in waiting {
            if self.held.get() <= self.limit / 4 * 3 {
                return;
            }
            connection.end();
        }
    }
}
