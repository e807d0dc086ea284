//! One call from a caller to Unity Connection and back: read this first.
//!
//! A resource says what to call and how to translate the answer; everything that is the same for
//! all resources happens here.

use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::header::{
    AGE, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse, rt};
use secrecy::SecretString;
use serde::Serialize;

use crate::cache::{self, Cache, CacheStatus, Lookup};
use crate::credentials::Caller;
use crate::error::{Error, Refusal};
use crate::request::{no_cache, traceparent};
use crate::upstream::answer::Answer;
use crate::upstream::{Call, Upstream};
use crate::xml::{Fault, ObjectId};

/// Turns a CUPI document into [`json`].
pub type Translate = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Fault>>;

/// What an object's document says of a refusal to change it.
pub type Reconsider = fn(&[u8]) -> Option<&'static Refusal>;

/// A read: `GET` on Unity Connection.
pub struct Read {
    /// Path and query.
    pub path: String,
    /// The document into JSON.
    pub translate: Translate,
    /// What a 404 means, where the path names one object.
    pub not_found: Option<&'static Refusal>,
}

/// A write, which is never repeated.
pub struct Write {
    /// PUT, POST or DELETE.
    pub method: Method,
    /// Path.
    pub path: String,
    /// A `password` parameter for the query.
    pub password: Option<SecretString>,
    /// The CUPI document to send.
    pub body: Option<String>,
    /// What a refusal with 400, 404, 409 or 422 means.
    pub explain: fn(StatusCode) -> Option<&'static Refusal>,
    /// What the object itself, read once after a 400, says of the refusal.
    pub reconsider: Option<Reconsider>,
}

/// One worker's way to Unity Connection.
pub struct Gateway {
    cache: Arc<Cache>,
    upstream: Rc<Upstream>,
}

impl Gateway {
    /// Puts the gateway before `upstream`.
    pub fn new(cache: Arc<Cache>, upstream: Upstream) -> Self {
        Self {
            cache,
            upstream: Rc::new(upstream),
        }
    }

    /// Reads a document and answers with its translation: one that was kept, or a new one.
    pub async fn read(
        &self,
        request: &HttpRequest,
        caller: &Caller,
        read: Read,
    ) -> Result<HttpResponse, Error> {
        self.upstream.check_sign_in(caller.key)?;
        let headers = request.headers();
        let lookup = Lookup {
            caller: caller.key,
            path: read.path.clone(),
            no_cache: no_cache(headers),
        };
        let call = Call {
            method: Method::GET,
            path: read.path,
            password: None,
            body: None,
            look_again: false,
            in_session: true,
            caller: caller.clone(),
            traceparent: traceparent(headers),
        };
        let (cache, upstream) = (Arc::clone(&self.cache), Rc::clone(&self.upstream));
        let fetch = async move {
            let turn = upstream.turn(call.caller.key).await?;
            let answer = upstream.call(turn, &call).await;
            if let Err(Error::CredentialsRejected(_)) = answer {
                cache.renew(call.caller.key);
            }
            let answer = answer?;
            match (answer.status, read.not_found) {
                (StatusCode::OK, _) => translated(&answer, &read.translate),
                (StatusCode::NOT_FOUND, Some(refusal)) => {
                    Err(Error::Resource(refusal, answer.told))
                }
                _ => Err(unexpected(answer)),
            }
        };
        let (answer, status) = self.cache.get(lookup, fetch).await?;
        Ok(respond(headers, &answer, status))
    }

    /// Makes a change. The answer is a success: 204, 201 for a POST, or 200 without a body.
    pub async fn write(
        &self,
        request: &HttpRequest,
        caller: &Caller,
        write: Write,
    ) -> Result<Answer, Error> {
        self.upstream.check_sign_in(caller.key)?;
        let (explain, reconsider) = (write.explain, write.reconsider);
        let call = Call {
            method: write.method,
            path: write.path,
            password: write.password,
            body: write.body,
            look_again: reconsider.is_some(),
            in_session: true,
            caller: caller.clone(),
            traceparent: traceparent(request.headers()),
        };
        // A client that goes away while it waits takes its write along.
        let turn = self.upstream.turn(caller.key).await?;
        let (cache, upstream) = (Arc::clone(&self.cache), Rc::clone(&self.upstream));
        let calling = rt::spawn(async move {
            let answer = upstream.call(turn, &call).await;
            cache.renew(call.caller.key);
            let answer = answer?;
            if answer.status.is_success() {
                return if is_done(&call.method, &answer) {
                    Ok(answer)
                } else {
                    Err(Error::OutcomeUnknown(Box::new(unexpected(answer))))
                };
            }
            let document = answer.looked.as_deref();
            let looked = document.and_then(|document| reconsider.and_then(|r| r(document)));
            match looked.or_else(|| explain(answer.status)) {
                Some(refusal) => Err(Error::Resource(refusal, answer.told)),
                None => Err(unexpected(answer)),
            }
        });
        // It ends early only with its worker.
        calling
            .await
            .unwrap_or(Err(Error::OutcomeUnknown(Box::new(Error::UpstreamTimeout))))
    }
}

/// The JSON of a resource's type.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "texts, numbers and flags always have a JSON form"
)]
pub fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data")
}

/// The id of what a POST made: the UUID after the collection's name in the answer's body, else in
/// its `Location`, of which nothing else is to be believed.
pub fn created(answer: &Answer, collection: &str) -> Result<ObjectId, Error> {
    let name = collection.rsplit('/').next().unwrap_or(collection);
    let body = String::from_utf8_lossy(&answer.body);
    let location = answer
        .location
        .as_ref()
        .and_then(|location| location.to_str().ok());
    let found = [Some(&*body), location]
        .into_iter()
        .flatten()
        .find_map(|text| {
            let mut ids = text
                .split(name)
                .skip(1)
                .filter_map(|rest| rest.strip_prefix('/'));
            ids.find_map(|rest| {
                ObjectId::parse(
                    rest.split(|c: char| c != '-' && !c.is_alphanumeric())
                        .next()?,
                )
            })
        });
    found.ok_or_else(|| {
        Error::OutcomeUnknown(Box::new(Error::UpstreamInvalidResponse {
            reason: "it does not say what was created".into(),
            answer: Some(answer.told.clone()),
        }))
    })
}

/// 200, or 304 where the client has this very answer (RFC 9110, section 13.1.2).
fn respond(headers: &HeaderMap, answer: &cache::Answer, status: CacheStatus) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((VARY, "Authorization, Origin"))
        .insert_header((ETAG, answer.etag.clone()))
        .insert_header((AGE, answer.age().to_string()))
        .insert_header((CACHE_STATUS, status.to_string()));
    if has(headers, &answer.etag) {
        response.status(StatusCode::NOT_MODIFIED).finish()
    } else {
        response
            .content_type("application/json")
            .body(answer.body.clone())
    }
}

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// Whether `If-None-Match` names the validator, by the weak comparison.
fn has(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let fields = headers.get_all(IF_NONE_MATCH);
    let mut tags = fields
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == etag.as_bytes()
    })
}

/// Whether a write's answer is the success that was asked for: a sign-in page is none.
fn is_done(method: &Method, answer: &Answer) -> bool {
    match answer.status {
        StatusCode::NO_CONTENT => method != Method::POST,
        StatusCode::CREATED => method == Method::POST,
        StatusCode::OK => answer.body.is_empty(),
        _ => false,
    }
}

fn translated(answer: &Answer, translate: &Translate) -> Result<Vec<u8>, Error> {
    translate(&answer.body).map_err(|fault| {
        tracing::warn!(reason = %fault, "Unity Connection's answer cannot be used");
        Error::UpstreamInvalidResponse {
            reason: fault.to_string().into(),
            answer: Some(answer.told.clone()),
        }
    })
}

/// A status that nobody asked for.
fn unexpected(answer: Answer) -> Error {
    if answer.status.is_success() {
        Error::UpstreamInvalidResponse {
            reason: "it is not the success that was asked for".into(),
            answer: Some(answer.told),
        }
    } else {
        Error::UpstreamError(answer.told)
    }
}
