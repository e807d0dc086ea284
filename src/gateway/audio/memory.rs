//! The memory that recordings take: room is reserved before a byte comes, and given back with the last use of the bytes.
//!
//! ```text
//!   all recordings            at most `audio.memory`
//!   ├─ those of one caller    at most half of it, and one upload at a time
//!   └─ those of strangers     at most half of it together
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix_web::web::Bytes;

use crate::credentials::CallerKey;
use crate::error::Error;

/// The room for all recordings, shared by all workers.
#[derive(Debug)]
pub struct Memory {
    size: usize,
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    all: usize,
    strangers: usize,
    callers: HashMap<CallerKey, Holder>,
}

/// What one caller holds.
#[derive(Debug, Default)]
struct Holder {
    rooms: usize,
    bytes: usize,
    is_uploading: bool,
}

/// What room is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// For whom.
    pub caller: CallerKey,
    /// Whether Unity Connection accepted the caller's credentials lately.
    pub is_known: bool,
    /// Which way the recording goes.
    pub direction: Direction,
    /// How much.
    pub bytes: usize,
}

/// Which way a recording goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To Unity Connection.
    Up,
    /// From Unity Connection.
    Down,
}

/// Room for one recording, until it is dropped.
#[derive(Debug)]
pub struct Room {
    memory: Arc<Memory>,
    claim: Claim,
}

/// Bytes that give their room back when nobody has a part of them any more.
struct Housed {
    bytes: Bytes,
    _room: Room,
}

impl Memory {
    /// All of it is free.
    pub fn new(size: usize) -> Self {
        Self { size, held: Mutex::default() }
    }

    /// Reserves room, or fails where there is none.
    pub fn reserve(self: &Arc<Self>, claim: Claim) -> Result<Room, Error> {
        let half = self.size / 2;
        let Claim { caller, is_known, direction, bytes } = claim;
        let mut held = self.held();
        let holder = held.callers.get(&caller);
        let of_caller = holder.map_or(0, |holder| holder.bytes);
        let is_uploading = holder.is_some_and(|holder| holder.is_uploading);
        if held.all + bytes > self.size
            || of_caller + bytes > half
            || (!is_known && held.strangers + bytes > half)
            || (direction == Direction::Up && is_uploading)
        {
            return Err(Error::Overloaded);
        }
        let holder = held.callers.entry(caller).or_default();
        holder.rooms += 1;
        holder.bytes += bytes;
        holder.is_uploading |= direction == Direction::Up;
        held.all += bytes;
        held.strangers += if is_known { 0 } else { bytes };
        Ok(Room { memory: Arc::clone(self), claim })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn give_back(&mut self, claim: Claim, bytes: usize) {
        self.all -= bytes;
        self.strangers -= if claim.is_known { 0 } else { bytes };
        if let Some(holder) = self.callers.get_mut(&claim.caller) {
            holder.bytes -= bytes;
        }
    }
}

impl Room {
    /// Gives back what is more than this.
    pub fn shrink(&mut self, bytes: usize) {
        let spare = self.claim.bytes.saturating_sub(bytes);
        self.memory.held().give_back(self.claim, spare);
        self.claim.bytes -= spare;
    }

    /// Puts a recording into the room, which is given back with the last part of it.
    pub fn house(mut self, recording: Bytes) -> Bytes {
        self.shrink(recording.len());
        Bytes::from_owner(Housed { bytes: recording, _room: self })
    }
}

impl AsRef<[u8]> for Housed {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut held = self.memory.held();
        held.give_back(self.claim, self.claim.bytes);
        let Claim { caller, direction, .. } = self.claim;
        let is_last = held.callers.get_mut(&caller).is_some_and(|holder| {
            holder.rooms -= 1;
            holder.is_uploading &= direction != Direction::Up;
            holder.rooms == 0
        });
        if is_last {
            held.callers.remove(&caller);
        }
    }
}
