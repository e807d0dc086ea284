//! The access line: what is progress of a request on its way, and the line and the count that come of
//! it, be it answered or not.

use std::cell::Cell;
use std::rc::Rc;
use std::thread::panicking;
use std::time::{Duration, Instant};

use actix_web::HttpMessage;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderValue, LOCATION};
use actix_web::web::Data;

use crate::credentials::CallerKey;
use crate::drain::{Drain, Phase};
use crate::error::Error;
use crate::metrics::{Exchange, Metrics};
use crate::object_id::ObjectId;
use crate::request::traceparent;

/// What its client's going away is called beside the codes of problems.
const CLIENT_GONE: &str = "client_gone";

/// What is known of a request on its way: one of its extensions.
#[derive(Clone, Debug, Default)]
pub struct AccessRecord {
    /// The trace that the request belongs to.
    pub trace: Option<HeaderValue>,
    progress: Rc<Cell<Progress>>,
}

impl AccessRecord {
    /// Adds to what is known.
    pub fn update(&self, change: impl FnOnce(&mut Progress)) {
        let mut known = self.progress.get();
        change(&mut known);
        self.progress.set(known);
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

/// A request from its arrival to its answer. Dropped without one, it tells that its client went
/// away, since nobody else can; but what the gateway itself has cut, the gateway tells of.
pub struct AccessLine {
    begun: Instant,
    method: Method,
    route: Option<String>,
    /// The object that a write's path names: its id, or its type and language.
    object: Option<String>,
    request_id: HeaderValue,
    metrics: Option<Data<Metrics>>,
    drain: Option<Data<Drain>>,
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
        drain: Option<Data<Drain>>,
    ) -> Self {
        let method = request.method().clone();
        let pattern = request.match_pattern();
        // Decoded, as the handler will see it.
        let path = request.match_info().as_str();
        let written = pattern.as_ref().filter(|_| is_write(&method));
        let object = written.and_then(|pattern| object(pattern, path));
        let trace = traceparent(request.headers());
        let record = AccessRecord { trace, ..AccessRecord::default() };
        request.extensions_mut().insert(record.clone());
        Self {
            begun: Instant::now(),
            route: pattern.map(|pattern| without_expressions(&pattern)),
            object,
            method,
            request_id,
            metrics: request.app_data::<Data<Metrics>>().cloned(),
            drain,
            record,
            answered: false,
        }
    }

    /// Tells of the answer.
    pub fn end(mut self, response: &ServiceResponse, error: Option<&Error>) {
        self.answered = true;
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
        if let Some(metrics) = &self.metrics {
            metrics.request(&Exchange {
                method: &self.method,
                route: self.route.as_deref(),
                status: outcome.status,
                code: outcome.code,
                duration,
            });
        }
        let progress = self.record.progress.get();
        // Whoever has no credentials changes nothing.
        let write = is_write(&self.method) && progress.caller.is_some();
        let made = outcome.made.map(|id| id.to_string());
        let still = progress.queued_since.map(|since| since.elapsed());
        let waited = progress.queue_time.or(still);
        let trace = self.record.trace.as_ref();
        tracing::info!(
            target: "cupi_gateway::access",
            method = self.method.as_str(),
            route = self.route.as_deref().unwrap_or("other"),
            status = outcome.status,
            code = outcome.code,
            duration_ms = milliseconds(duration),
            queue_ms = waited.map(milliseconds),
            upstream_ms = progress.upstream_time.map(milliseconds),
            cache = progress.cache,
            object = made.as_deref().or(self.object.as_deref()).filter(|_| write),
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
        let drain = self.drain.as_ref();
        let cut = drain.is_some_and(|drain| drain.phase() == Phase::Over) || panicking();
        if !self.answered && !cut {
            self.write(&Outcome {
                code: Some(CLIENT_GONE),
                // What had its turn is sent all the same.
                effect: self.record.progress.get().queue_time.map(|_| "unknown"),
                ..Outcome::default()
            });
        }
    }
}

/// The object that a path names: the first id in it; where there is none, its type and language, which have no other
/// spellings than those of the route.
fn object(pattern: &str, path: &str) -> Option<String> {
    // The last one: a member of a list, not the list.
    if let Some(id) = path.rsplit('/').find_map(ObjectId::parse) {
        return Some(id.to_string());
    }
    let segments = pattern.split('/').zip(path.split('/'));
    let names =
        segments.filter(|(name, _)| name.contains("Type:") || name.starts_with("{languageCode:"));
    let names: Vec<_> = names.map(|(_, value)| value).collect();
    (!names.is_empty()).then(|| names.join("/"))
}

/// A route as the API's document has it: `{type:a|b}` is `{type}`.
fn without_expressions(pattern: &str) -> String {
    let segments = pattern.split('/').map(|segment| match segment.split_once(':') {
        Some((name, _)) if segment.starts_with('{') => format!("{name}}}"),
        _ => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

fn is_write(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// With three digits after the point.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}
