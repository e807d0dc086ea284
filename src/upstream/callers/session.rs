//! The session of one caller: what of it is kept, and what is sent again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::http::header::{HeaderMap, HeaderValue, SET_COOKIE};

/// The cookies that make a session.
pub const COOKIES: [&str; 3] = ["JSESSIONID", "JSESSIONIDSSO", "REQUEST_TOKEN_KEY"];

/// The longest cookie that is kept; real ones have 32 digits.
const MAX_COOKIE: usize = 256;

/// The session cookies of one caller. A session is an identity: it is never shared.
#[derive(Clone)]
pub struct Session {
    since: Instant,
    /// A value for each of [`COOKIES`].
    values: [Option<Arc<str>>; COOKIES.len()],
}

impl Default for Session {
    /// Begins now, without cookies.
    fn default() -> Self {
        Self { since: Instant::now(), values: Default::default() }
    }
}

impl Session {
    /// How long ago it began.
    pub fn age(&self) -> Duration {
        self.since.elapsed()
    }

    /// With the cookies that an answer sets, whose attributes are ignored; none where no cookie is left.
    pub fn with(mut self, headers: &HeaderMap) -> Option<Self> {
        for field in headers.get_all(SET_COOKIE) {
            let pair = field.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let (name, value) = (name.trim(), value.trim());
            let place = COOKIES.iter().position(|known| *known == name);
            if let Some(kept) = place.and_then(|place| self.values.get_mut(place))
                && value.len() <= MAX_COOKIE
            {
                *kept = (!value.is_empty()).then(|| Arc::from(value));
            }
        }
        self.values.iter().any(Option::is_some).then_some(self)
    }

    /// Its `Cookie` field.
    pub fn field(&self) -> Option<HeaderValue> {
        let pairs = COOKIES.iter().zip(&self.values);
        let pairs = pairs.filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        let mut cookie = HeaderValue::from_str(&pairs.collect::<Vec<_>>().join("; ")).ok()?;
        cookie.set_sensitive(true);
        Some(cookie)
    }
}
