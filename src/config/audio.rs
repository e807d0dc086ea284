//! `audio.*`: the bounds of recordings.

use std::time::Duration;

use super::keys::Keys;

/// `audio.*`
#[derive(Clone, Copy, Debug)]
pub struct Audio {
    /// The largest recording in either direction, in bytes. Default 20 MiB: the 1,200 s that a class of service can allow,
    /// in 16-bit PCM at 8 kHz.
    pub max_size: usize,
    /// What all recordings that are held at once may weigh, in bytes. Default 40 MiB; twice `max_size` or more.
    pub memory: usize,
    /// How long an upload may take to arrive whole. Default 60 s.
    pub upload_timeout: Duration,
}

impl Audio {
    /// Takes down what is wrong with the settings together. One caller holds at most half of the memory.
    pub fn check(&self, keys: &mut Keys) {
        const MEMORY: &str = "audio.memory";

        if !keys.is_faulty(MEMORY) && self.memory / 2 < self.max_size {
            keys.fault(MEMORY, "must be at least twice audio.max_size");
        }
    }
}
