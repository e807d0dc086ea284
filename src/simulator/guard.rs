//! The simulator's doorkeeper: sign-in and lock-out.
//!
//! `MaxHacks` failed sign-ins (default 3) within `HackResetTime` (30 min) lock a person out for `LockoutDuration`
//! (30 min): then the right password is refused too. What that looks like is not documented; here it is the same 401.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::switches::Switches;

/// What an `Authorization` header claims.
pub enum Claim {
    /// Alias and password.
    Basic(String, String),
    /// The token of the person with this alias: `token-` and the alias. Lock-out is for passwords only.
    Bearer(String),
}

impl Claim {
    /// Reads the header's value.
    pub fn parse(authorization: &str) -> Option<Self> {
        let (scheme, value) = authorization.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("Bearer") {
            return value
                .strip_prefix("token-")
                .map(|alias| Self::Bearer(alias.to_owned()));
        }
        if !scheme.eq_ignore_ascii_case("Basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
        let (alias, password) = decoded.split_once(':')?;
        Some(Self::Basic(alias.to_owned(), password.to_owned()))
    }

    /// The alias that the claim names.
    pub fn alias(&self) -> &str {
        let (Self::Basic(alias, _) | Self::Bearer(alias)) = self;
        alias
    }
}

/// What is known about the sign-ins of each alias.
#[derive(Default)]
pub struct Guard {
    records: HashMap<String, Record>,
}

#[derive(Default)]
struct Record {
    failed: usize,
    /// The failures that still count.
    failures: Vec<Instant>,
    locked: Option<Instant>,
}

impl Guard {
    /// Tells whether the claim is right; `password` is that of the person whom it names, if there is one.
    pub fn sign_in(
        &mut self,
        claim: &Claim,
        password: Option<&str>,
        switches: &Switches,
        now: Instant,
    ) -> bool {
        let locked = self.is_locked(claim.alias(), switches, now);
        let record = self.records.entry(claim.alias().to_owned()).or_default();
        match claim {
            Claim::Bearer(_) if password.is_some() => return true,
            Claim::Basic(_, given) if password == Some(given) && !locked => {
                record.failures.clear();
                return true;
            }
            _ => {}
        }
        record.failed += 1;
        let counts = |failure: &Instant| now.duration_since(*failure) < switches.hack_reset.0;
        record.failures.retain(counts);
        record.failures.push(now);
        if !locked
            && switches
                .lockout
                .0
                .is_some_and(|most| record.failures.len() >= most)
        {
            record.locked = Some(now);
        }
        false
    }

    /// Tells whether a person is locked out.
    pub fn is_locked(&mut self, alias: &str, switches: &Switches, now: Instant) -> bool {
        let Some(record) = self.records.get_mut(alias) else {
            return false;
        };
        let lasts = switches.lockout_time.0;
        let locked = record
            .locked
            .is_some_and(|since| lasts == Duration::ZERO || now.duration_since(since) < lasts);
        if !locked && record.locked.take().is_some() {
            record.failures.clear();
        }
        locked
    }

    /// Ends a lock-out, as an administrator can.
    pub fn unlock(&mut self, alias: &str) {
        if let Some(record) = self.records.get_mut(alias) {
            record.locked = None;
            record.failures.clear();
        }
    }

    /// Counts the failed sign-ins of an alias.
    pub fn failed(&self, alias: &str) -> usize {
        self.records.get(alias).map_or(0, |record| record.failed)
    }
}
