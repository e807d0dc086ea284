//! Puts the house together and opens its door: one app per worker, one listener.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::dev::Server;
use actix_web::http::header::HeaderName;
use actix_web::middleware::{Condition, from_fn};
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer, rt};
use secrecy::ExposeSecret;
use tokio::time::{sleep, timeout};

use certificate::Certificate;
use listener::{Service, listen};

use crate::access::Observers;
use crate::cache::Cache;
use crate::config::Config;
use crate::credentials::CallerKeys;
use crate::drain::{Drain, Phase};
use crate::error::Error;
use crate::gateway::Gateway;
use crate::gateway::audio::memory::Memory;
use crate::metrics::Metrics;
use crate::openapi::serve::{self, Docs};
use crate::signals::{Ending, Signals};
use crate::upstream::{Door, Upstream, tls};
use crate::{admin, middleware, resources};

pub mod certificate;
pub mod descriptors;
pub mod heads;
pub mod listener;
pub mod transport;

/// How long answers may take to leave once all are made and nobody else is waited for: time for the
/// last 64 KiB over a slow line.
const FLUSH: Duration = Duration::from_secs(2);

/// A server whose ports are taken already, so that its addresses are known before it runs.
pub struct Bound {
    /// Where the API is.
    pub address: SocketAddr,
    /// Where the operator's side is.
    pub admin_address: SocketAddr,
    /// `https` with a certificate of our own, else `http`.
    pub scheme: &'static str,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// Serves the API when it is awaited or spawned.
    pub server: Server,
    /// Serves the operator's side when it is awaited or spawned.
    pub admin: Server,
    door: Arc<Door>,
    drain: Drain,
    delay: Duration,
    grace: Duration,
    certificate: Option<Arc<Certificate>>,
}

/// Takes the ports that `config` names. `InvalidInput`: it is the configuration that is wrong.
pub fn bind(config: &Config) -> io::Result<Bound> {
    let invalid = |fault| io::Error::new(io::ErrorKind::InvalidInput, fault);
    descriptors::raise_limit();
    let tls = Arc::new(tls::client_config(&config.upstream).map_err(invalid)?);
    let certificate = match &config.server.tls {
        Some(files) => {
            let read = Certificate::read(files);
            Some(read.map_err(|fault| invalid(format!("server.tls: {fault}")))?)
        }
        None => None,
    };
    let listener = listen("server.bind", config.server.bind)?;
    let address = listener.local_addr()?;
    let admin_listener = listen("admin.bind", config.admin.bind)?;
    let admin_address = admin_listener.local_addr()?;

    let drain = Drain::new();
    let metrics = Arc::new(Metrics::new());
    let keys = match &config.shared.key {
        Some(key) => CallerKeys::with_key(key.expose_secret()),
        None => CallerKeys::new(),
    };
    let cache = Arc::new(Cache::new(config.cache, &metrics));
    let memory = Arc::new(Memory::new(config.audio.memory));
    let door = Arc::new(Door::new(config, &metrics)?);
    let admin = {
        let (drain, metrics, door) = (drain.clone(), Arc::clone(&metrics), Arc::clone(&door));
        HttpServer::new(move || {
            let (metrics, door) = (Arc::clone(&metrics), Arc::clone(&door));
            App::new().configure(admin::routes(drain.clone(), metrics, door))
        })
        .workers(1)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(admin_listener)?
        .run()
    };

    let sharing = Arc::clone(&door);
    let docs = Docs::new(config.docs.swagger_ui, config.server.public_url.as_ref());
    let (settings, serving, counting) = (config.clone(), drain.clone(), Arc::clone(&metrics));
    let app = move || {
        let upstream = Upstream::new(&settings.upstream, Arc::clone(&tls), Arc::clone(&door));
        let gateway = Gateway {
            cache: Arc::clone(&cache),
            upstream: Rc::new(upstream),
            keys: keys.clone(),
            observers: Rc::new(Observers {
                metrics: Arc::clone(&counting),
                drain: serving.clone(),
            }),
            settings: settings.upstream.clone(),
            audio: settings.audio,
            memory: Arc::clone(&memory),
            public_path: settings.server.public_path().into(),
        };
        App::new()
            .app_data(Rc::new(gateway))
            // For bodies, which are received below the gateway.
            .app_data(Data::new(serving.clone()))
            .wrap(Condition::new(
                !settings.cors.allowed_origins.is_empty(),
                cors(&settings.cors.allowed_origins),
            ))
            .wrap(from_fn(middleware::surround))
            .configure(resources::routes)
            .configure(serve::routes(Arc::clone(&docs)))
            .default_service(web::to(not_found))
    };
    let tls = certificate.as_ref().map(Certificate::server_config).transpose().map_err(invalid)?;
    let service =
        Service { workers: config.server.workers, grace: config.server.shutdown_grace, tls };
    let server = listener::serve(listener, service, app)?;
    Ok(Bound {
        address,
        admin_address,
        scheme: if certificate.is_some() { "https" } else { "http" },
        metrics,
        server,
        admin,
        door: sharing,
        drain,
        delay: config.server.shutdown_delay,
        grace: config.server.shutdown_grace,
        certificate,
    })
}

impl Bound {
    /// Serves until a signal ends it, in order: readiness, delay, listener, requests in flight, and
    /// the operator's side last. Fails when requests were cut.
    pub async fn run(self, mut signals: Signals) -> io::Result<()> {
        let (handle, admin) = (self.server.handle(), self.admin.handle());
        let mut serving = rt::spawn(self.server);
        rt::spawn(self.admin);
        if let Some(certificate) = self.certificate {
            rt::spawn(certificate.follow(certificate::INTERVAL));
        }
        let api = self.address;
        tracing::info!(scheme = self.scheme, address = %api, admin = %self.admin_address, "listening");

        let delay = tokio::select! {
            ending = signals.any() => match ending {
                Ending::Orderly => self.delay,
                Ending::Prompt => Duration::ZERO,
            },
            ended = &mut serving => return ended.unwrap_or_else(|error| Err(io::Error::other(error))),
        };
        self.drain.enter(Phase::Leaving);
        tracing::info!(delay_s = delay.as_secs_f64(), "leaving: not ready any more");
        tokio::select! {
            () = sleep(delay) => {}
            _ = signals.any() => {}
        }

        self.drain.enter(Phase::Draining);
        tracing::info!(in_flight = self.drain.in_flight(), "draining: no new connections");
        rt::spawn(handle.stop(true));
        let drained = async {
            self.drain.idle().await;
            // What was answered still has to leave; whoever does not take it is not waited for.
            drop(timeout(FLUSH, &mut serving).await);
        };
        tokio::select! {
            () = drained => {}
            () = sleep(self.grace) => {}
            _ = signals.any() => {}
        }
        let cut = self.drain.in_flight();
        self.door.flush().await;
        self.drain.enter(Phase::Over);
        admin.stop(false).await;
        if cut > 0 {
            let requests = if cut == 1 { "request was" } else { "requests were" };
            return Err(io::Error::other(format!("{cut} {requests} cut at the end")));
        }
        tracing::info!("done");
        Ok(())
    }
}

async fn not_found() -> Result<HttpResponse, Error> {
    Err(Error::RouteNotFound)
}

/// The Fetch standard's cross-origin rules, for the configured origins only and never with
/// credentials that a browser adds on its own.
fn cors(origins: &[String]) -> Cors {
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
        // Tracing libraries add theirs; none of them opens anything here.
        .allow_any_header()
        .expose_headers(response.map(HeaderName::from_static))
        .max_age(3600)
        // Ours says the same for every answer.
        .disable_vary_header();
    if origins.iter().any(|origin| origin == "*") {
        return cors.allow_any_origin().send_wildcard();
    }
    origins.iter().fold(cors, |cors, origin| cors.allowed_origin(origin))
}
