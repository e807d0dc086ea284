//! The operator's side: `/livez`, `/readyz`, `/metrics` and sign-in pauses, on a listener of its own.

use std::sync::Arc;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Responder};

use crate::drain::{Drain, Phase};
use crate::metrics::Metrics;
use crate::upstream::Door;

pub mod pauses;

/// The text format of Prometheus, which promtool reads too.
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Registers all. Some health checks of load balancers send HEAD.
pub fn routes(
    drain: Drain,
    metrics: Arc<Metrics>,
    door: Arc<Door>,
) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config
            .configure(pauses::routes)
            .app_data(Data::new(drain))
            .app_data(Data::from(door))
            .app_data(Data::from(metrics))
            .service(web::resource("/livez").get(get_liveness).route(web::head().to(get_liveness)))
            .service(
                web::resource("/readyz").get(get_readiness).route(web::head().to(get_readiness)),
            )
            .service(web::resource("/metrics").get(get_metrics));
    }
}

/// 200 while the process runs.
async fn get_liveness() -> impl Responder {
    "alive\n"
}

/// 200 while it takes traffic. Unity Connection being down does not count: no other replica would
/// do better.
async fn get_readiness(drain: Data<Drain>) -> HttpResponse {
    match drain.phase() {
        Phase::Ready => HttpResponse::Ok().body("ready\n"),
        Phase::Leaving | Phase::Draining | Phase::Over => {
            HttpResponse::ServiceUnavailable().body("draining\n")
        }
    }
}

async fn get_metrics(metrics: Data<Metrics>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, METRICS)).body(metrics.text())
}
