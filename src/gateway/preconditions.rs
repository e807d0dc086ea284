//! `If-Match` and `If-None-Match` (RFC 9110, sections 13.1.1 and 13.1.2).

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH};

use super::Read;
use crate::cache::etag;
use crate::error::Error;
use crate::upstream::turn::Turn;

/// What a write's preconditions are held against.
pub enum Representation {
    /// The address has no GET, so that there is nothing to match.
    None,
    /// What this read gives.
    Json(Read),
    /// A recording, which is not compared: no condition holds.
    Recording,
}

/// The preconditions of a request.
#[derive(Clone, Debug, Default)]
pub struct Preconditions {
    if_match: Option<Vec<String>>,
    if_none_match: Option<Vec<String>>,
}

impl Preconditions {
    /// Reads a request's fields.
    pub fn read(headers: &HeaderMap) -> Self {
        let tags = |name: HeaderName| {
            let fields = headers.get_all(&name).map(|field| field.to_str().unwrap_or_default());
            let mut fields = fields.peekable();
            fields.peek()?;
            let tags = fields.flat_map(|text| text.split(','));
            Some(tags.map(|tag| tag.trim().to_owned()).collect())
        };
        Self { if_match: tags(IF_MATCH), if_none_match: tags(IF_NONE_MATCH) }
    }

    /// Whether `If-None-Match` names this validator: the client has what it stands for.
    pub fn is_known(&self, etag: &HeaderValue) -> bool {
        self.if_none_match.is_some() && !self.none_matches(Some(etag))
    }

    /// Fails unless the preconditions hold for what a fresh read in this turn gives.
    pub async fn check(self, current: &Representation, turn: &mut Turn) -> Result<(), Error> {
        if self.if_match.is_none() && self.if_none_match.is_none() {
            return Ok(());
        }
        let etag = match current {
            Representation::Recording => return Err(Error::PreconditionFailed),
            Representation::None => None,
            Representation::Json(read) => match read.ask(turn).await {
                Ok(body) => Some(etag(&body)),
                Err(error) if error.upstream().is_some_and(|told| told.status == 404) => None,
                Err(error) => return Err(error),
            },
        };
        if self.matches(etag.as_ref()) && self.none_matches(etag.as_ref()) {
            Ok(())
        } else {
            Err(Error::PreconditionFailed)
        }
    }

    /// Whether `If-Match` holds, by the strong comparison: a weak tag matches nothing.
    fn matches(&self, etag: Option<&HeaderValue>) -> bool {
        let Some(tags) = &self.if_match else {
            return true;
        };
        etag.is_some_and(|etag| {
            tags.iter().any(|tag| tag == "*" || tag.as_bytes() == etag.as_bytes())
        })
    }

    /// Whether `If-None-Match` holds, by the weak comparison.
    fn none_matches(&self, etag: Option<&HeaderValue>) -> bool {
        let (Some(tags), Some(etag)) = (&self.if_none_match, etag) else {
            return true;
        };
        let same = |tag: &String| {
            let tag = tag.as_str();
            tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
        };
        !tags.iter().any(same)
    }
}
