//! What is read of a connection, and what of it waits for somebody to take it.

use tokio::time::Instant;

use super::{Connection, MOST_AHEAD, MOST_IDLE_BYTES};

/// Bytes of HTTP/1.1 that are read before anybody takes them. actix would read 128 KiB. Its buffer has 8 KiB at first, and
/// doubles when less than one of them is free.
pub const MOST_UNREAD: usize = 7 * 1024;

/// What may be read of HTTP/1.1.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// At most so many bytes.
    pub bytes: usize,
    /// No more than so many heads.
    pub heads: usize,
}

impl Connection {
    /// What may be read now. Where that is nothing, whoever asks is woken when there may be more.
    pub fn wanted(&self) -> Wanted {
        let mut state = self.state.borrow_mut();
        let bytes = MOST_UNREAD.saturating_sub(state.unread);
        if bytes == 0 && state.open == 0 {
            // actix looks at them now, and drops what belongs to a body that nobody wants.
            state.unread = 0;
            state.wake();
        }
        if state.ahead >= MOST_AHEAD && state.open == 0 {
            if state.asked == Some(state.begun) {
                // None of them has begun a request: they were parts of a body, or empty lines.
                state.ahead = 0;
            } else {
                state.asked = Some(state.begun);
                state.wake();
            }
        }
        let heads = MOST_AHEAD.saturating_sub(state.ahead);
        state.starved = bytes == 0 || heads == 0;
        Wanted { bytes, heads }
    }

    /// Counts what was read of HTTP/1.1: bytes, how many heads ended, and whether more came after the last.
    pub fn heads_read(&self, bytes: usize, ends: usize, within: bool) {
        let mut state = self.state.borrow_mut();
        state.unread += bytes;
        state.ahead += ends;
        state.within = within;
        if !within {
            state.head_since = None;
        } else if state.open == 0 && state.head_since.is_none() {
            state.head_since = Some(Instant::now());
        }
    }

    /// Counts bytes of HTTP/2, and ends it when nothing comes of too many.
    pub fn bytes_read(&self, bytes: usize) {
        let mut state = self.state.borrow_mut();
        state.idle_bytes += bytes;
        if state.idle_bytes > MOST_IDLE_BYTES {
            drop(state);
            self.end();
        }
    }
}
