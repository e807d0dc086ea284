//! One call from a caller to Unity Connection and back: read this first.
//!
//! A resource says what to call and how to translate the answer; everything that is the same for
//! all resources happens here.

use std::future::{Future, Ready, ready};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, Version};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, rt};
use secrecy::SecretString;
use serde::Serialize;

use crate::access::AccessRecord;
use crate::cache::{Cache, Lookup};
use crate::credentials::Caller;
use crate::drain::{Drain, Phase};
use crate::error::{Error, Refusal};
use crate::metrics::Metrics;
use crate::request::{no_cache, traceparent};
use crate::upstream::answer::Answer;
use crate::upstream::queue::Turn;
use crate::upstream::{Call, Upstream};
use crate::xml::Fault;

pub mod respond;

/// Turns a CUPI document into [`json`].
pub type Translate = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Fault>>;

/// What an object's document says of a refusal to change it.
pub type Reconsider = fn(&[u8]) -> Option<&'static Refusal>;

/// What a handler returns.
pub type Response = Result<HttpResponse, Error>;

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
    /// What a 404 means, where the path names one object.
    pub not_found: Option<&'static Refusal>,
    /// What a refusal with 400, 409 or 422 means.
    pub rejected: &'static Refusal,
    /// What the object itself, read once after a 400, says of the refusal.
    pub reconsider: Option<Reconsider>,
}

/// One worker's way to Unity Connection.
pub struct Gateway {
    cache: Arc<Cache>,
    upstream: Rc<Upstream>,
    metrics: Arc<Metrics>,
}

impl Gateway {
    /// Puts the gateway before `upstream`.
    pub fn new(cache: Arc<Cache>, upstream: Upstream, metrics: Arc<Metrics>) -> Self {
        Self { cache, upstream: Rc::new(upstream), metrics }
    }
}

/// A request with credentials, on its way to Unity Connection.
pub struct Incoming {
    gateway: Data<Gateway>,
    request: HttpRequest,
    caller: Caller,
    record: AccessRecord,
}

impl FromRequest for Incoming {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    #[expect(clippy::expect_used, reason = "the server registers a gateway with every app")]
    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let drain = request.app_data::<Data<Drain>>();
        let draining = drain.is_some_and(|drain| drain.phase() >= Phase::Draining);
        if draining && request.version() == Version::HTTP_2 {
            // Such a connection cannot be told that it ends: it would bring requests to the last.
            return ready(Err(Error::Overloaded));
        }
        let caller = Caller::from_request(request, payload).into_inner();
        let gateway = request.app_data::<Data<Gateway>>().expect("a gateway");
        let record = request.extensions().get::<AccessRecord>().cloned();
        let record = record.unwrap_or_default();
        ready(caller.map(|caller| {
            record.update(|progress| progress.caller = Some(caller.key));
            Self { gateway: Data::clone(gateway), request: request.clone(), caller, record }
        }))
    }
}

impl Incoming {
    /// The request's query.
    pub fn query(&self) -> &str {
        self.request.query_string()
    }

    /// Reads a document and answers with its translation: one that was kept, or a new one.
    pub async fn read(self, read: Read) -> Response {
        let Self { gateway, request, caller, record } = self;
        gateway.upstream.check_sign_in(caller.key)?;
        let headers = request.headers();
        let lookup =
            Lookup { caller: caller.key, path: read.path.clone(), no_cache: no_cache(headers) };
        let call = Call {
            method: Method::GET,
            path: read.path,
            password: None,
            body: None,
            look_again: false,
            in_session: true,
            caller,
            traceparent: traceparent(headers),
        };
        let (cache, upstream) = (Arc::clone(&gateway.cache), Rc::clone(&gateway.upstream));
        let recording = record.clone();
        let fetch = async move {
            let turn = turn(&upstream, &call, &recording).await?;
            let answer = timed(&recording, upstream.call(turn, &call)).await;
            if let Err(Error::CredentialsRejected(_)) = answer {
                cache.renew(call.caller.key);
            }
            let answer = answer?;
            match (answer.status, read.not_found) {
                (StatusCode::OK, _) => (read.translate)(&answer.body).map_err(|fault| {
                    upstream.report_invalid(&fault);
                    Error::UpstreamInvalidResponse {
                        reason: fault.to_string().into(),
                        answer: Some(answer.told),
                    }
                }),
                (StatusCode::NOT_FOUND, Some(refusal)) => {
                    Err(Error::Resource(refusal, answer.told))
                }
                _ => Err(unexpected(answer)),
            }
        };
        let (answer, status) = gateway.cache.get(lookup, fetch).await;
        let result = status.result();
        gateway.metrics.cache_lookups.with_label_values(&[result]).inc();
        record.update(|progress| progress.cache = Some(result));
        Ok(respond::read(headers, &*answer?, status))
    }

    /// Makes a change. The answer is a success: 204, 201 for a POST, or 200 without a body.
    pub async fn write(self, write: Write) -> Result<Answer, Error> {
        let Self { gateway, request, caller, record } = self;
        gateway.upstream.check_sign_in(caller.key)?;
        let (not_found, rejected, reconsider) = (write.not_found, write.rejected, write.reconsider);
        let call = Call {
            method: write.method,
            path: write.path,
            password: write.password,
            body: write.body,
            look_again: reconsider.is_some(),
            in_session: true,
            caller,
            traceparent: traceparent(request.headers()),
        };
        // A client that goes away while it waits takes its write along.
        let turn = turn(&gateway.upstream, &call, &record).await?;
        let (cache, upstream) = (Arc::clone(&gateway.cache), Rc::clone(&gateway.upstream));
        let calling = rt::spawn(async move {
            let answer = timed(&record, upstream.call(turn, &call)).await;
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
            let refusal = match answer.status {
                StatusCode::NOT_FOUND => not_found,
                _ => looked.or(Some(rejected)),
            };
            match refusal {
                Some(refusal) => Err(Error::Resource(refusal, answer.told)),
                None => Err(unexpected(answer)),
            }
        });
        // It ends early only with its worker.
        let ended = calling.await;
        ended.unwrap_or(Err(Error::OutcomeUnknown(Box::new(Error::UpstreamTimeout))))
    }
}

/// Waits for the caller's turn, and record how long, come of it what may.
async fn turn(upstream: &Upstream, call: &Call, record: &AccessRecord) -> Result<Turn, Error> {
    let begun = Instant::now();
    record.update(|progress| progress.queued_since = Some(begun));
    let turn = upstream.turn(call.caller.key).await;
    record.update(|progress| progress.queue_time = Some(begun.elapsed()));
    turn
}

/// AccessRecord how long a call takes.
async fn timed(
    record: &AccessRecord,
    call: impl Future<Output = Result<Answer, Error>>,
) -> Result<Answer, Error> {
    let begun = Instant::now();
    let answer = call.await;
    record.update(|progress| progress.upstream_time = Some(begun.elapsed()));
    answer
}

/// The JSON of a resource's type, which takes about `size` bytes.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "texts, numbers and flags always have a JSON form"
)]
pub fn json(value: &impl Serialize, size: usize) -> Vec<u8> {
    let mut json = Vec::with_capacity(size);
    serde_json::to_writer(&mut json, value).expect("plain data");
    json
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
