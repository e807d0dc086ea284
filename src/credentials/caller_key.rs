//! What callers are known by, and the maps by it.

use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};

/// What a caller is known by: a digest of the credentials under a key that lives as long as the
/// process, or that of `shared.key_file`. It is as wide as the hash, so that two callers never meet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallerKey([u8; 32]);

impl CallerKey {
    /// Takes a digest.
    pub fn new(digest: [u8; 32]) -> Self {
        Self(digest)
    }

    /// Reads what [`hex`](Self::hex) writes.
    pub fn parse(hex: &str) -> Option<Self> {
        let mut key = [0; 32];
        let mut digits = hex.as_bytes().iter().map(|digit| char::from(*digit).to_digit(16));
        for byte in &mut key {
            *byte = u8::try_from(digits.next()?? * 16 + digits.next()??).ok()?;
        }
        digits.next().is_none().then_some(Self(key))
    }

    /// All of its hexadecimal digits.
    pub fn hex(self) -> String {
        self.0.iter().fold(String::with_capacity(64), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// A key for tests of code that knows callers by their keys alone.
    #[cfg(test)]
    pub const fn numbered(number: u32) -> Self {
        let [a, b, c, d] = number.to_be_bytes();
        let mut key = [0; 32];
        [key[0], key[1], key[2], key[3]] = [a, b, c, d];
        [key[4], key[5], key[6], key[7]] = [a, b, c, d];
        Self(key)
    }

    /// A number that nobody can foresee, and that other callers have hardly ever.
    pub fn number(&self) -> u64 {
        u64::from_be_bytes(self.0.first_chunk().copied().unwrap_or_default())
    }
}

impl Hash for CallerKey {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.number());
    }
}

/// For maps by [`CallerKey`]s and numbers that are as good as random: each is its own hash.
pub type BuildPlain = BuildHasherDefault<Plain>;

/// A hasher of one number: that number.
#[derive(Debug, Default)]
pub struct Plain(u64);

impl Hasher for Plain {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = number;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The first 8 hexadecimal digits: they find a flooder and name nobody.
impl fmt::Display for CallerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(formatter, "{a:02x}{b:02x}{c:02x}{d:02x}")
    }
}

impl fmt::Debug for CallerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CallerKey({self})")
    }
}
