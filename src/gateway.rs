//! One call from a caller to Unity Connection and back: read this first.
//!
//! A resource says what to call and how to translate the answer; everything that is the same for
//! all resources happens here.

use std::future::{Ready, ready};
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::{Method, StatusCode, Version};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, rt};

use audio::memory::Memory;
use preconditions::{Preconditions, Representation};

use crate::access::{AccessRecord, Observers};
use crate::cache::directives::Directives;
use crate::cache::status::CacheStatus;
use crate::cache::{self, Cache, Fetched, Lookup};
use crate::config;
use crate::credentials::{Caller, CallerKeys};
use crate::drain::Phase;
use crate::error::{Error, Refusal};
use crate::object_id::ObjectId;
use crate::request::PathParameters;
use crate::upstream::Upstream;
use crate::upstream::exchange::Failure;
use crate::xml::Fault;

pub use crate::upstream::call::Call;
pub use crate::upstream::turn::Turn;

pub mod audio;
pub mod composite;
pub mod preconditions;
pub mod respond;
pub mod verbs;

/// Turns a CUPI document into JSON.
pub type Translate = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Fault>>;

/// A document and where it came from, or why there is none.
pub type Found = Result<(Arc<cache::Response>, CacheStatus), Error>;

/// What a handler returns.
pub type Response = Result<HttpResponse, Error>;

/// A read: `GET` on Unity Connection.
pub struct Read {
    /// What is asked.
    pub call: Call,
    /// The document into JSON.
    pub translate: Translate,
    /// What a 404 means, where the path names one object.
    pub not_found: Option<&'static Refusal>,
}

impl Read {
    /// The read of a path that is always there.
    pub fn new(
        path: impl Into<String>,
        translate: impl Fn(&[u8]) -> Result<Vec<u8>, Fault> + 'static,
    ) -> Self {
        Self { call: Call::get(path), translate: Box::new(translate), not_found: None }
    }

    /// Asks within a turn, and translates the answer.
    pub async fn ask(&self, turn: &mut Turn) -> Result<Vec<u8>, Error> {
        let answer = turn.ask(&self.call).await?;
        match (answer.status, self.not_found) {
            (StatusCode::OK, _) => (self.translate)(&answer.body).map_err(|fault| {
                turn.report_invalid(&fault);
                Error::UpstreamInvalidResponse {
                    reason: fault.to_string().into(),
                    answer: Some(answer.told),
                }
            }),
            (StatusCode::NOT_FOUND, Some(refusal)) => Err(Error::Resource(refusal, answer.told)),
            (status, _) if status.is_success() => Err(Error::UpstreamInvalidResponse {
                reason: "it is not the success that was asked for".into(),
                answer: Some(answer.told),
            }),
            _ => Err(Error::UpstreamError(answer.told)),
        }
    }
}

/// A write, which is never repeated.
pub struct Write {
    /// What is asked.
    pub call: Call,
    /// What a 404 means, where the path names one object.
    pub not_found: Option<&'static Refusal>,
    /// What a refusal with 400, 409 or 422 means.
    pub rejected: Option<&'static Refusal>,
    /// What preconditions are held against.
    pub current: Representation,
}

impl Write {
    /// Asks within a turn. A POST tells the id of what it made.
    pub async fn ask(&self, turn: &mut Turn) -> Result<Option<ObjectId>, Error> {
        let answer = turn.ask(&self.call).await?;
        let refusal = match answer.status {
            status if status.is_success() => return Ok(answer.created),
            StatusCode::NOT_FOUND => self.not_found,
            _ => self.rejected,
        };
        Err(match refusal {
            Some(refusal) => Error::Resource(refusal, answer.told),
            None => Error::UpstreamError(answer.told),
        })
    }
}

/// One worker's way to Unity Connection.
pub struct Gateway {
    /// What was kept of all workers' answers.
    pub cache: Arc<Cache>,
    /// The door.
    pub upstream: Rc<Upstream>,
    /// Makes the keys that callers are known by.
    pub keys: CallerKeys,
    /// Who is told of what is under way.
    pub observers: Rc<Observers>,
    /// Settings of what is sent.
    pub settings: config::Upstream,
    /// Bounds of recordings.
    pub audio: config::Audio,
    /// The room for the recordings of all workers.
    pub memory: Arc<Memory>,
    /// What clients see before each path, such as `/voicemail`: every link begins with it.
    pub public_path: Arc<str>,
}

impl Gateway {
    /// That of the worker that has the request.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the server registers a gateway with every app"
    )]
    pub fn of(request: &HttpRequest) -> &Rc<Self> {
        request.app_data().expect("a gateway")
    }
}

/// A request with credentials, on its way to Unity Connection.
pub struct Incoming {
    gateway: Rc<Gateway>,
    request: HttpRequest,
    parameters: PathParameters,
    caller: Caller,
    record: AccessRecord,
}

impl FromRequest for Incoming {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let gateway = Gateway::of(request);
        if request.version() == Version::HTTP_2
            && gateway.observers.drain.phase() >= Phase::Draining
        {
            // Such a connection cannot be told that it ends: it would bring requests to the last.
            return ready(Err(Error::Overloaded));
        }
        let caller = gateway.keys.caller(request.headers());
        let record = request.extensions().get::<AccessRecord>().cloned();
        let record = record.unwrap_or_default();
        record.arrive(request);
        ready(caller.and_then(|caller| {
            record.update(|progress| progress.caller = Some(caller.key));
            let parameters = PathParameters::read(request)?;
            let (gateway, request) = (Rc::clone(gateway), request.clone());
            Ok(Self { gateway, request, parameters, caller, record })
        }))
    }
}

impl Incoming {
    /// The settings of what is sent to Unity Connection.
    pub fn settings(&self) -> &config::Upstream {
        &self.gateway.settings
    }

    /// The request's query.
    pub fn query(&self) -> &str {
        self.request.query_string()
    }

    /// What the links in an answer begin with.
    pub fn public_path(&self) -> &str {
        &self.gateway.public_path
    }

    /// Reads a document from a path on Unity Connection and answers with its translation: one that was kept, or a new one.
    /// `read` says what to call where nothing was kept.
    #[expect(clippy::manual_async_fn, reason = "an async fn holds each of its arguments twice")]
    pub fn read(
        self,
        path: String,
        read: impl FnOnce(&Self, &str) -> Read,
    ) -> impl Future<Output = Response> {
        async move {
            let (response, status) = self.fetch(path, read).await?;
            Ok(respond::read(self.request.headers(), &response, status))
        }
    }

    /// Fetches a translated document: one that was kept, or a new one. Nothing is made ready for a call before it is known
    /// that there is one.
    pub fn fetch(
        &self,
        path: String,
        read: impl FnOnce(&Self, &str) -> Read,
    ) -> impl Future<Output = Found> {
        self.look_up(path, |path| {
            let (upstream, record) = (Rc::clone(&self.gateway.upstream), self.record.clone());
            let (read, caller) = (read(self, path), self.caller.clone());
            async move {
                let mut turn = upstream.turn(caller, record).await?;
                let body = read.ask(&mut turn).await?;
                Ok(Fetched { body: body.into(), generation: turn.generation() })
            }
        })
    }

    /// Finds what was kept of a path on Unity Connection, or fetches it together with all who ask for it now.
    async fn look_up<F: Future<Output = Result<Fetched, Error>> + 'static>(
        &self,
        path: String,
        fetch: impl FnOnce(&str) -> F,
    ) -> Found {
        let Self { gateway, request, caller, record, .. } = self;
        let lookup = Lookup {
            caller: caller.key,
            generation: gateway.upstream.check_sign_in(caller.key).await?,
            path,
            directives: Directives::read(request.headers()),
        };
        let (response, status) = gateway.cache.get(lookup, fetch).await;
        let result = status.result();
        gateway.observers.metrics.cache_lookups.with_label_values(&[result]).inc();
        record.update(|progress| progress.cache = Some(result));
        Ok((response?, status))
    }

    /// Makes a change with one call. A POST tells the id of what it made.
    pub async fn write(self, mut write: Write) -> Result<Option<ObjectId>, Error> {
        let current = std::mem::replace(&mut write.current, Representation::None);
        self.change(current, async move |turn| write.ask(turn).await).await
    }

    /// Makes a change that takes several calls, one after the other in one turn, if the request's
    /// preconditions hold for what is there. A client that goes away while it waits for the turn
    /// takes its change along. A change that has its turn runs to its end.
    pub async fn change<T: 'static>(
        self,
        current: Representation,
        change: impl AsyncFnOnce(&mut Turn) -> Result<T, Error> + 'static,
    ) -> Result<T, Error> {
        let Self { gateway, request, caller, record, .. } = self;
        let preconditions = match *request.method() {
            // They are about the object at the address, and a POST makes another one.
            Method::POST => Preconditions::default(),
            _ => Preconditions::read(request.headers()),
        };
        gateway.upstream.check_sign_in(caller.key).await?;
        let mut turn = gateway.upstream.turn(caller, record).await?;
        let changing = rt::spawn(async move {
            preconditions.check(&current, &mut turn).await?;
            change(&mut turn).await
        });
        // It ends early only with its worker.
        let cut = || Failure::late(Error::UpstreamTimeout(None)).into_error(&Method::PUT);
        changing.await.unwrap_or_else(|_ended| Err(cut()))
    }
}
