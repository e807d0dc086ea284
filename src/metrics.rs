//! The names, help and labels of every metric, in one registry per gateway.
//!
//! Durations of requests and calls have the names of OpenTelemetry's HTTP conventions. A label's
//! values come from a fixed set, whatever a client sends: an unknown route or method is `other`.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts,
    Registry, TextEncoder,
};

/// From an answer out of the cache to a call that used up its time, in seconds.
const BUCKETS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The labels of a request or call.
const LABELS: [&str; 4] =
    ["http_request_method", "http_route", "http_response_status_code", "error_type"];

/// The metrics of one gateway.
#[derive(Debug)]
pub struct Metrics {
    /// Looks into the cache, by what came of them.
    pub cache_lookups: IntCounterVec,
    /// How long calls waited for their turn, in seconds.
    pub queue_wait: Histogram,
    /// Sign-in pauses that began.
    pub sign_in_pauses: IntCounter,
    /// What the shared store failed to do.
    pub shared_errors: IntCounter,
    requests: HistogramVec,
    calls: HistogramVec,
    registry: Registry,
}

/// One request that was answered, or one call that ended.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The pattern of its path; `None`: no such route.
    pub route: Option<&'a str>,
    /// The status of its answer, where there was one.
    pub status: Option<u16>,
    /// The code of the problem that it met, or what else became of it.
    pub code: Option<&'static str>,
    /// From its begin to its end.
    pub duration: Duration,
}

impl Metrics {
    /// Nothing is counted yet.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "names, labels and help are constants that the registry takes"
    )]
    pub fn new() -> Self {
        let registry = Registry::new();
        let durations = |name, help| {
            let options = HistogramOpts::new(name, help).buckets(BUCKETS.to_vec());
            HistogramVec::new(options, &LABELS).expect("a histogram")
        };
        let metrics = Self {
            cache_lookups: IntCounterVec::new(
                Opts::new(
                    "cupi_gateway_cache_lookups_total",
                    "Reads by what the cache had: hit, miss, collapsed (joined a call under way), bypass (no-cache).",
                ),
                &["result"],
            )
            .expect("a counter"),
            queue_wait: Histogram::with_opts(
                HistogramOpts::new(
                    "cupi_gateway_upstream_queue_wait_seconds",
                    "How long calls waited for their turn.",
                )
                .buckets(BUCKETS.to_vec()),
            )
            .expect("a histogram"),
            sign_in_pauses: IntCounter::new(
                "cupi_gateway_sign_in_pauses_total",
                "Credentials that Unity Connection rejected and that are not sent again for a while.",
            )
            .expect("a counter"),
            shared_errors: IntCounter::new(
                "cupi_gateway_shared_errors_total",
                "What the shared store did not do or did not answer in time.",
            )
            .expect("a counter"),
            requests: durations(
                "http_server_request_duration_seconds",
                "Requests to the gateway.",
            ),
            calls: durations(
                "http_client_request_duration_seconds",
                "Calls to Unity Connection, from their turn to their end.",
            ),
            registry,
        };
        let build = Gauge::with_opts(
            Opts::new("cupi_gateway_build_info", "The version that runs.")
                .const_label("version", env!("CARGO_PKG_VERSION")),
        )
        .expect("a gauge");
        build.set(1.0);
        let collectors: [Box<dyn Collector>; 8] = [
            Box::new(metrics.cache_lookups.clone()),
            Box::new(metrics.queue_wait.clone()),
            Box::new(metrics.sign_in_pauses.clone()),
            Box::new(metrics.shared_errors.clone()),
            Box::new(metrics.requests.clone()),
            Box::new(metrics.calls.clone()),
            Box::new(build),
            Box::new(prometheus::process_collector::ProcessCollector::for_self()),
        ];
        for collector in collectors {
            metrics.registry.register(collector).expect("a name of its own");
        }
        for result in ["hit", "miss", "collapsed", "bypass"] {
            metrics.cache_lookups.with_label_values(&[result]).inc_by(0);
        }
        metrics
    }

    /// Adds what another room counts.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "names are constants, each with one owner"
    )]
    pub fn add(&self, collector: impl Collector + 'static) {
        self.registry.register(Box::new(collector)).expect("a name of its own");
    }

    /// Adds a gauge that is read whenever somebody asks for it.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "names and help are constants that the registry takes"
    )]
    pub fn watch(&self, name: &str, help: &str, read: impl Fn() -> usize + Send + Sync + 'static) {
        let gauge = Gauge::new(name, help).expect("a gauge");
        let watched = Watched { gauge, read: Box::new(read) };
        self.registry.register(Box::new(watched)).expect("a name of its own");
    }

    /// Counts a request.
    pub fn request(&self, request: &Exchange) {
        observe(&self.requests, request);
    }

    /// Counts a call.
    pub fn call(&self, call: &Exchange) {
        observe(&self.calls, call);
    }

    /// All metrics as Prometheus text.
    pub fn text(&self) -> Vec<u8> {
        let mut text = Vec::new();
        // Writing to memory cannot fail, and half a text is better than none.
        TextEncoder::new().encode(&self.registry.gather(), &mut text).unwrap_or_default();
        text
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

fn observe(durations: &HistogramVec, exchange: &Exchange) {
    let method = match *exchange.method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    };
    let status = exchange.status.and_then(|status| StatusCode::from_u16(status).ok());
    durations
        .with_label_values(&[
            method,
            exchange.route.unwrap_or("other"),
            status.as_ref().map(StatusCode::as_str).unwrap_or_default(),
            exchange.code.unwrap_or_default(),
        ])
        .observe(exchange.duration.as_secs_f64());
}

struct Watched {
    gauge: Gauge,
    read: Box<dyn Fn() -> usize + Send + Sync>,
}

impl Collector for Watched {
    fn desc(&self) -> Vec<&Desc> {
        self.gauge.desc()
    }

    #[expect(clippy::cast_precision_loss, reason = "sizes and counts far below 2^53")]
    fn collect(&self) -> Vec<MetricFamily> {
        self.gauge.set((self.read)() as f64);
        self.gauge.collect()
    }
}
