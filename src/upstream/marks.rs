//! What is held against credentials that were not accepted: a sign-in pause, or calls that were not
//! answered.
//!
//! Made-up credentials come by the hundred thousand, so an entry is small: moka would take 400 bytes
//! for it. There are two generations of entries. A new or used entry goes into the younger one. When
//! that is full it becomes the older one, and the older one is dropped. So those that were set or
//! used last are kept, at least [`MAX`] of them.

use std::collections::HashMap;
use std::mem;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Instant, SystemTime};

use crate::credentials::{BuildPlain, CallerKey};

/// How many entries a generation has at most.
pub const MAX: usize = 100_000;

/// What is held against credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Unity Connection rejected them.
    Rejected(SystemTime),
    /// Unity Connection did not answer calls with them.
    Unanswered(Unanswered),
}

/// Calls that were not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// How many.
    pub calls: u32,
    /// When the last of them ended.
    pub last: Instant,
}

/// The marks of all callers, each until its end.
#[derive(Default)]
pub struct Marks(RwLock<Generations>);

#[derive(Default)]
struct Generations {
    younger: Generation,
    older: Generation,
}

type Generation = HashMap<CallerKey, (Mark, Instant), BuildPlain>;

impl Marks {
    /// Finds the caller's mark and when it ends, and asks for the time only where there is one.
    pub fn get(&self, caller: CallerKey, now: impl FnOnce() -> Instant) -> Option<(Mark, Instant)> {
        let (entry, is_old) = {
            let generations = self.read();
            let young = generations.younger.get(&caller);
            (*young.or_else(|| generations.older.get(&caller))?, young.is_none())
        };
        let ((mark, ends), now) = (entry, now());
        if is_old && now < ends {
            self.set(caller, mark, ends);
        }
        (now < ends).then_some(entry)
    }

    /// Sets the caller's mark.
    pub fn set(&self, caller: CallerKey, mark: Mark, ends: Instant) {
        let mut generations = self.write();
        if generations.younger.len() >= MAX {
            generations.older = mem::take(&mut generations.younger);
        }
        generations.older.remove(&caller);
        generations.younger.insert(caller, (mark, ends));
    }

    /// Removes the caller's mark.
    pub fn remove(&self, caller: CallerKey) {
        let is_marked = {
            let Generations { younger, older } = &*self.read();
            younger.contains_key(&caller) || older.contains_key(&caller)
        };
        if is_marked {
            self.retain(|key, _| *key != caller);
        }
    }

    /// How many callers' sign-ins are paused.
    pub fn pauses(&self, now: Instant) -> usize {
        self.retain(|_, (_, ends)| now < *ends);
        let Generations { younger, older } = &*self.read();
        let marks = younger.values().chain(older.values());
        marks.filter(|(mark, _)| matches!(mark, Mark::Rejected(_))).count()
    }

    /// Ends the pauses of the callers with these first digits, or all, and says how many.
    pub fn end_pauses(&self, digits: Option<&str>, now: Instant) -> usize {
        let before = self.pauses(now);
        let named = |key: &CallerKey| digits.is_none_or(|digits| key.to_string() == digits);
        self.retain(|key, (mark, _)| !(matches!(mark, Mark::Rejected(_)) && named(key)));
        before - self.pauses(now)
    }

    fn retain(&self, keep: impl Fn(&CallerKey, &(Mark, Instant)) -> bool) {
        let Generations { younger, older } = &mut *self.write();
        younger.retain(|key, entry| keep(key, entry));
        older.retain(|key, entry| keep(key, entry));
    }

    fn read(&self) -> RwLockReadGuard<'_, Generations> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Generations> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ONE: CallerKey = CallerKey::numbered(0);
    const MARK: Mark = Mark::Rejected(SystemTime::UNIX_EPOCH);

    fn flood(marks: &Marks, numbers: std::ops::Range<usize>, ends: Instant) {
        for number in numbers {
            let number = u32::try_from(number).expect("a number");
            marks.set(CallerKey::numbered(number), MARK, ends);
        }
    }

    #[test]
    fn the_newest_marks_are_kept_and_those_that_are_used() {
        let (now, ends) = (Instant::now(), Instant::now() + Duration::from_mins(1));
        let marks = Marks::default();
        marks.set(ONE, MARK, ends);
        marks.set(CallerKey::numbered(1), MARK, ends);

        for round in 1..6 {
            flood(&marks, round * MAX..(round + 1) * MAX, ends);
            assert_eq!(marks.get(ONE, || now), Some((MARK, ends)), "{round}");
        }

        assert_eq!(marks.get(CallerKey::numbered(1), || now), None);
        for number in 5 * MAX..6 * MAX {
            let key = CallerKey::numbered(u32::try_from(number).expect("a number"));
            assert!(marks.get(key, || now).is_some(), "{number}");
        }
        assert!((MAX..=2 * MAX).contains(&marks.pauses(now)));
    }

    #[test]
    fn a_mark_ends_in_time() {
        let now = Instant::now();
        let marks = Marks::default();
        marks.set(ONE, MARK, now + Duration::from_mins(1));

        assert_eq!(marks.pauses(now + Duration::from_secs(59)), 1);
        assert!(marks.get(ONE, || now + Duration::from_secs(59)).is_some());
        assert_eq!(marks.get(ONE, || now + Duration::from_mins(1)), None);
        assert_eq!(marks.pauses(now + Duration::from_mins(1)), 0);
    }

    #[test]
    fn pauses_are_ended_and_other_marks_stay() {
        let (now, ends) = (Instant::now(), Instant::now() + Duration::from_mins(1));
        let marks = Marks::default();
        let [one, two, three] = [1, 2 << 8, 3 << 16].map(CallerKey::numbered);
        let unanswered = Mark::Unanswered(Unanswered { calls: 1, last: now });
        for (key, mark) in [(one, MARK), (two, MARK), (three, unanswered)] {
            marks.set(key, mark, ends);
        }

        assert_eq!(marks.end_pauses(Some(&three.to_string()), now), 0);
        assert_eq!(marks.end_pauses(Some(&one.to_string()), now), 1);
        assert_eq!((marks.get(one, || now), marks.get(two, || now)), (None, Some((MARK, ends))));
        assert_eq!(marks.end_pauses(None, now), 1);
        assert_eq!(marks.get(three, || now), Some((unanswered, ends)));
    }

    #[test]
    fn a_mark_takes_less_than_300_bytes_however_many_came_before() {
        let ends = Instant::now() + Duration::from_mins(1);
        let marks = Marks::default();

        flood(&marks, 0..4 * MAX, ends);

        // A table has a byte besides each entry, and room for an eighth more than it says.
        let entry = size_of::<(CallerKey, (Mark, Instant))>() + 1;
        let Generations { younger, older } = &*marks.read();
        let size = (younger.capacity() + older.capacity()) * entry * 8 / 7;
        assert!(size / MAX < 300, "{} bytes", size / MAX);
    }
}
