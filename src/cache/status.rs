//! Where a response came from: `Cache-Status` (RFC 9211).

use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;

/// Where a response came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheStatus {
    /// It was kept, and is fresh for so many seconds more.
    Hit(u64),
    /// It was fetched, since there was none.
    Miss(Kept),
    /// It was fetched, since the client wanted it so.
    Request(Kept),
}

/// What became of a response that was fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Kept for later.
    Stored,
    /// Not kept.
    No,
    /// Fetched by a call that another request made.
    Collapsed,
}

impl CacheStatus {
    /// That of a response made of several. It is complete where nothing was fetched besides these parts.
    pub fn of_all(parts: &[Self], complete: bool) -> Self {
        let lifetime = |part: &Self| match part {
            Self::Hit(ttl) => Some(*ttl),
            _ => None,
        };
        let lifetimes: Option<Vec<u64>> = parts.iter().map(lifetime).collect();
        if let Some(ttl) = lifetimes.filter(|_| complete).and_then(|ttls| ttls.into_iter().min()) {
            return Self::Hit(ttl);
        }
        let is_kept = |part: &Self| {
            matches!(part, Self::Hit(_) | Self::Miss(Kept::Stored) | Self::Request(Kept::Stored))
        };
        let kept = if complete && parts.iter().all(is_kept) { Kept::Stored } else { Kept::No };
        if parts.iter().any(|part| matches!(part, Self::Request(_))) {
            Self::Request(kept)
        } else {
            Self::Miss(kept)
        }
    }

    /// Its name in metrics and log lines.
    pub fn result(self) -> &'static str {
        match self {
            Self::Hit(_) => "hit",
            Self::Miss(Kept::Collapsed) | Self::Request(Kept::Collapsed) => "collapsed",
            Self::Miss(_) => "miss",
            Self::Request(_) => "bypass",
        }
    }

    /// Its `Cache-Status` (RFC 9211).
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Hit(ttl) => return hit(ttl),
            Self::Miss(Kept::Stored) => "cupi-gateway; fwd=miss; stored",
            Self::Miss(Kept::No) => "cupi-gateway; fwd=miss",
            Self::Miss(Kept::Collapsed) => "cupi-gateway; fwd=miss; collapsed",
            Self::Request(Kept::Stored) => "cupi-gateway; fwd=request; stored",
            Self::Request(Kept::No) => "cupi-gateway; fwd=request",
            Self::Request(Kept::Collapsed) => "cupi-gateway; fwd=request; collapsed",
        })
    }
}

#[expect(clippy::expect_used, reason = "letters and digits")]
fn hit(ttl: u64) -> HeaderValue {
    let text = [b"cupi-gateway; hit; ttl=", HeaderValue::from(ttl).as_bytes()].concat();
    HeaderValue::from_maybe_shared(Bytes::from(text)).expect("a header value")
}
