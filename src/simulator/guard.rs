//! The simulator's doorkeeper: sign-in, lock-out and sessions.
//!
//! `MaxHacks` failed sign-ins (default 3) within `HackResetTime` (30 min) lock a person out for `LockoutDuration`
//! (30 min): then the right password is refused too. What that looks like is not documented; here it is the same 401.
//!
//! A request that carries a live session's cookies and the credentials that opened it is not signed in anew. With the
//! switch `cookies_alone` the cookies suffice.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::switches::Switches;
use super::switches::values::Cookies;

/// What an `Authorization` header claims.
#[derive(Clone, PartialEq)]
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
            return value.strip_prefix("token-").map(|alias| Self::Bearer(alias.to_owned()));
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

/// What is known about the sign-ins of each alias, and the live sessions by the value of their `JSESSIONIDSSO`.
#[derive(Default)]
pub struct Guard {
    records: HashMap<String, Record>,
    sessions: HashMap<String, Session>,
}

#[derive(Default)]
struct Record {
    done: usize,
    failed: usize,
    /// The failures that still count.
    failures: Vec<Instant>,
    locked: Option<Instant>,
}

struct Session {
    claim: Claim,
    used: Instant,
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
        let right = match claim {
            Claim::Bearer(_) => password.is_some(),
            Claim::Basic(_, given) => password == Some(given) && !locked,
        };
        if right {
            record.done += 1;
            record.failures.clear();
            return true;
        }
        record.failed += 1;
        let counts = |failure: &Instant| now.duration_since(*failure) < switches.hack_reset;
        record.failures.retain(counts);
        record.failures.push(now);
        if !locked && switches.lockout.is_some_and(|most| record.failures.len() >= most) {
            record.locked = Some(now);
        }
        false
    }

    /// Tells whether a person is locked out.
    pub fn is_locked(&mut self, alias: &str, switches: &Switches, now: Instant) -> bool {
        let Some(record) = self.records.get_mut(alias) else {
            return false;
        };
        let lasts = switches.lockout_time;
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

    /// Counts the sign-ins of an alias: done and failed.
    pub fn sign_ins(&self, alias: &str) -> (usize, usize) {
        let record = self.records.get(alias);
        record.map_or((0, 0), |record| (record.done, record.failed))
    }

    /// Finds who opened the session with this id, as long as it lives.
    pub fn session_of(&self, id: &str, switches: &Switches, now: Instant) -> Option<&Claim> {
        let session = self.sessions.get(id)?;
        let lives = now.duration_since(session.used) < switches.session_ttl;
        (lives && switches.cookies != Cookies::Off).then_some(&session.claim)
    }

    /// Uses a session: tells whether it lives and was opened by this very claim.
    pub fn resume(&mut self, id: &str, claim: &Claim, switches: &Switches, now: Instant) -> bool {
        if self.session_of(id, switches, now) != Some(claim) {
            return false;
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.used = now;
        }
        true
    }

    /// Opens a session and makes its cookies.
    pub fn open(&mut self, claim: &Claim, switches: &Switches, now: Instant) -> Vec<String> {
        if switches.cookies == Cookies::Off {
            return Vec::new();
        }
        let lives = |used: Instant| now.duration_since(used) < switches.session_ttl;
        self.sessions.retain(|_, session| lives(session.used));
        let id = session_id();
        let cookies = session_cookies(&id, switches.cookies);
        let claim = claim.clone();
        self.sessions.insert(id, Session { claim, used: now });
        cookies
    }

    /// Ends all sessions of a person.
    pub fn end_sessions(&mut self, alias: &str) {
        self.sessions.retain(|_, session| session.claim.alias() != alias);
    }
}

/// Makes a session's id: 32 hexadecimal digits.
pub fn session_id() -> String {
    format!("{:016X}{:016X}", random(), random())
}

/// Makes the cookies of a session, in the manner of their time.
pub fn session_cookies(id: &str, era: Cookies) -> Vec<String> {
    let Some((path, attributes)) = manner(era) else {
        return Vec::new();
    };
    let mut cookies = vec![
        format!("JSESSIONIDSSO={id}; Path=/{attributes}"),
        format!("JSESSIONID={}; Path={path}{attributes}", session_id()),
    ];
    if era == Cookies::Y2015 {
        cookies.extend(request_token(era));
    }
    cookies
}

/// Makes a new `REQUEST_TOKEN_KEY`.
pub fn request_token(era: Cookies) -> Option<String> {
    let (_, attributes) = manner(era)?;
    Some(format!("REQUEST_TOKEN_KEY={}; Path=/{attributes}", random().cast_signed()))
}

/// Tells the path of JSESSIONID and the attributes of all cookies.
fn manner(era: Cookies) -> Option<(&'static str, &'static str)> {
    match era {
        Cookies::Off => None,
        Cookies::Y2010 => Some(("/vmrest", "")),
        Cookies::Y2012 => Some(("/vmrest", "; Secure")),
        Cookies::Y2015 => Some(("/vmrest/", "; Secure; HttpOnly")),
    }
}

/// Makes a number that differs every time: the hasher of std has a random key.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}
