//! The access line: what is progress of a request on its way, and the line and the count that come of
//! it, be it answered or not.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::thread::panicking;
use std::time::{Duration, Instant};

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::{HttpMessage, HttpRequest};

use crate::credentials::CallerKey;
use crate::drain::{Drain, Phase};
use crate::error::Error;
use crate::metrics::{Exchange, Metrics};
use crate::object_id::ObjectId;
use crate::request::route::Route;
use crate::request::traceparent;

/// What its client's going away is called beside the codes of problems.
const CLIENT_GONE: &str = "client_gone";

/// What is known of a request on its way: one of its extensions.
#[derive(Clone, Debug, Default)]
pub struct AccessRecord {
    /// The trace that the request belongs to.
    pub trace: Option<HeaderValue>,
    known: Rc<Known>,
}

#[derive(Debug, Default)]
struct Known {
    route: RefCell<Option<Route>>,
    progress: Cell<Progress>,
}

impl AccessRecord {
    /// Adds to what is known.
    pub fn update(&self, change: impl FnOnce(&mut Progress)) {
        let mut progress = self.known.progress.get();
        change(&mut progress);
        self.known.progress.set(progress);
    }

    /// Takes down the route of a request that has come to its handler.
    pub fn arrive(&self, request: &HttpRequest) {
        if self.known.route.borrow().is_none()
            && let Some(route) = request.app_data::<Route>()
        {
            self.known.route.replace(Some(route.clone()));
        }
    }
}

/// What is known of a request only on its way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Whose it is.
    pub caller: Option<CallerKey>,
    /// What came of the look into the cache.
    pub cache: Option<&'static str>,
    /// Since when it waits for its turn, or has waited.
    pub queued_since: Option<Instant>,
    /// How long it waited for its turn, or for none.
    pub queue_time: Option<Duration>,
    /// How long its calls took.
    pub upstream_time: Option<Duration>,
    /// The bytes of the recording that it brought.
    pub recording: Option<usize>,
}

/// Who is told of the requests of a worker.
#[derive(Debug)]
pub struct Observers {
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Whether the gateway takes traffic, and how much of it is under way.
    pub drain: Drain,
}

/// A request from its arrival to its answer. Dropped without one, it tells that its client went
/// away, since nobody else can; but what the gateway itself has cut, the gateway tells of.
pub struct AccessLine {
    begun: Instant,
    method: Method,
    /// The path of a write, decoded as its handler will see it.
    path: Option<String>,
    request_id: HeaderValue,
    observers: Rc<Observers>,
    record: AccessRecord,
    answered: bool,
}

/// What came of a request.
#[derive(Default)]
struct Outcome {
    status: Option<u16>,
    code: Option<&'static str>,
    /// The object that a write made.
    made: Option<ObjectId>,
    /// What a write did to its object.
    effect: Option<&'static str>,
}

impl AccessLine {
    /// Takes down what a request says of itself, and gives it its [`AccessRecord`].
    pub fn begin(
        request: &ServiceRequest,
        request_id: HeaderValue,
        observers: Rc<Observers>,
    ) -> Self {
        let method = request.method().clone();
        let path = is_write(&method).then(|| request.match_info().as_str().to_owned());
        let trace = traceparent(request.headers());
        let record = AccessRecord { trace, ..AccessRecord::default() };
        request.extensions_mut().insert(record.clone());
        Self { begun: Instant::now(), path, method, request_id, observers, record, answered: false }
    }

    /// Tells of the answer.
    pub fn end(mut self, response: &ServiceResponse, error: Option<&Error>) {
        self.answered = true;
        self.record.arrive(response.request());
        if self.record.known.route.borrow().is_none() {
            // It came to no resource of ours: actix compares its path with all there are.
            let pattern = response.request().match_pattern();
            self.record.known.route.replace(pattern.map(|pattern| Route::new(&pattern)));
        }
        let location = response.headers().get(LOCATION);
        self.write(&Outcome {
            status: Some(response.status().as_u16()),
            code: error.map(|error| error.problem_type().code),
            made: location.and_then(|uri| ObjectId::parse(uri.to_str().ok()?.rsplit('/').next()?)),
            effect: Some(match error {
                None => "done",
                Some(Error::OutcomeUnknown(_)) => "unknown",
                Some(_) => "refused",
            }),
        });
    }

    fn write(&self, outcome: &Outcome) {
        let duration = self.begun.elapsed();
        let route = self.record.known.route.borrow();
        let route = route.as_ref().map(Route::name);
        self.observers.metrics.request(&Exchange {
            method: &self.method,
            route,
            status: outcome.status,
            code: outcome.code,
            duration,
        });
        let progress = self.record.known.progress.get();
        // Whoever has no credentials changes nothing.
        let write = is_write(&self.method) && progress.caller.is_some();
        let made = outcome.made.map(|id| id.to_string());
        let named = || object(route?, self.path.as_deref()?);
        let still = progress.queued_since.map(|since| since.elapsed());
        let waited = progress.queue_time.or(still);
        let trace = self.record.trace.as_ref();
        tracing::info!(
            target: "cupi_gateway::access",
            method = self.method.as_str(),
            route = route.unwrap_or("other"),
            status = outcome.status,
            code = outcome.code,
            duration_ms = milliseconds(duration),
            queue_ms = waited.map(milliseconds),
            upstream_ms = progress.upstream_time.map(milliseconds),
            cache = progress.cache,
            object = made.or_else(named).filter(|_| write),
            recording_bytes = progress.recording,
            outcome = outcome.effect.filter(|_| write),
            request_id = self.request_id.to_str().ok(),
            trace_id = trace.and_then(|trace| trace.to_str().ok()?.get(3..35)),
            caller = progress.caller.map(|caller| caller.to_string()),
            "request",
        );
    }
}

impl Drop for AccessLine {
    fn drop(&mut self) {
        let cut = self.observers.drain.phase() == Phase::Over || panicking();
        if !self.answered && !cut {
            self.write(&Outcome {
                code: Some(CLIENT_GONE),
                // What had its turn is sent all the same.
                effect: self.record.known.progress.get().queue_time.map(|_| "unknown"),
                ..Outcome::default()
            });
        }
    }
}

/// The object that a path names: the first id in it; where there is none, its type and language, which have no other
/// spellings than those of the route.
fn object(route: &str, path: &str) -> Option<String> {
    // The last one: a member of a list, not the list.
    if let Some(id) = path.rsplit('/').find_map(ObjectId::parse) {
        return Some(id.to_string());
    }
    let segments = route.split('/').zip(path.split('/'));
    let names = segments.filter(|(name, _)| name.ends_with("Type}") || *name == "{languageCode}");
    let names: Vec<_> = names.map(|(_, value)| value).collect();
    (!names.is_empty()).then(|| names.join("/"))
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// With three digits after the point.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
