//! Puts the house together and opens its door: one app per worker, one listener.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::http::header::HeaderName;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};

use crate::cache::Cache;
use crate::config::Config;
use crate::credentials::CallerKeys;
use crate::error::Error;
use crate::gateway::Gateway;
use crate::upstream::{Shared, Upstream, tls};
use crate::{middleware, openapi, resources};

/// How long an idle client connection is kept: longer than a load balancer keeps its own.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// A server whose ports are taken already, so that its addresses are known before it runs.
pub struct Bound {
    /// Where the API is.
    pub address: SocketAddr,
    /// Runs when it is awaited.
    pub server: Server,
}

/// Takes the ports that `config` names. `InvalidInput`: it is the configuration that is wrong.
pub fn bind(config: &Config) -> io::Result<Bound> {
    let tls = tls::client_config(&config.upstream)
        .map_err(|fault| io::Error::new(io::ErrorKind::InvalidInput, fault))?;
    let tls = Arc::new(tls);
    let listener = TcpListener::bind(config.server.bind).map_err(|error| {
        let address = config.server.bind;
        io::Error::new(error.kind(), format!("server.bind: {address}: {error}"))
    })?;
    let address = listener.local_addr()?;

    let keys = CallerKeys::new();
    let cache = Arc::new(Cache::new(config));
    let shared = Arc::new(Shared::new(&config.upstream));
    let config = config.clone();
    let workers = config.server.workers;
    let app = move || {
        let upstream = Upstream::new(&config.upstream, Arc::clone(&tls), Arc::clone(&shared));
        let gateway = Gateway::new(Arc::clone(&cache), upstream);
        App::new()
            .app_data(Data::new(keys.clone()))
            .app_data(Data::new(gateway))
            .wrap(Condition::new(
                !config.cors.allowed_origins.is_empty(),
                cors(&config.cors.allowed_origins),
            ))
            .wrap(from_fn(middleware::surround))
            .configure(resources::routes)
            .configure(openapi::routes(config.docs.swagger_ui))
            .default_service(web::to(not_found))
    };
    let server = HttpServer::new(app)
        .workers(workers)
        .keep_alive(KEEP_ALIVE)
        // A client that closes its connection cancels its wait.
        .h1_allow_half_closed(false)
        .tcp_nodelay(true)
        .listen(listener)?
        .run();
    Ok(Bound { address, server })
}

async fn not_found() -> Result<HttpResponse, Error> {
    Err(Error::RouteNotFound)
}

/// The Fetch standard's cross-origin rules, for the configured origins only and never with
/// credentials that a browser adds on its own.
fn cors(origins: &[String]) -> Cors {
    let request = [
        "authorization",
        "content-type",
        "if-none-match",
        "cache-control",
        "x-request-id",
        "x-requested-with",
        "traceparent",
    ];
    let response = [
        "retry-after",
        "etag",
        "x-request-id",
        "cache-status",
        "age",
        "location",
        "www-authenticate",
    ];
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers(request.map(HeaderName::from_static))
        .expose_headers(response.map(HeaderName::from_static))
        .max_age(3600)
        // Ours says the same for every answer.
        .disable_vary_header();
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin().send_wildcard();
    }
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}
