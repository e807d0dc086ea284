//! A stand-in for Unity Connection's CUPI for End Users: a server of its own, for the demo, for tests and for trying.
//!
//! ```text
//!   serve.rs     what happens to a request, in order      switches.rs  how it differs from a healthy server
//!   throttle.rs  a few at once, the rest wait             store.rs     the table of collections
//!   guard.rs     sign-in, lock-out, sessions              person.rs    one person's objects, and the rules for them
//!   answer.rs    documents, refusals, pages               object.rs    one object, and how it is spelled
//!   wire.rs      connections, and how answers break       people.rs    who there is, and what they have
//!   log.rs       what it was asked                        wanted.rs    what a request wants of a collection
//!   xml.rs       its own codec
//! ```
//!
//! It shares no code with the gateway: what both get wrong the same way, no test would find.

pub mod answer;
pub mod guard;
pub mod log;
pub mod object;
pub mod people;
pub mod person;
pub mod serve;
pub mod store;
pub mod switches;
pub mod throttle;
pub mod wanted;
pub mod wire;
pub mod xml;

use std::fmt::Display;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::sync::Notify;

use guard::Guard;
use log::Log;
pub use log::LoggedRequest;
use store::Store;
pub use switches::Switches;
use switches::values::{Close, Stall};
use throttle::Throttle;
use wire::Connection;

/// How long an idle connection lives: what Tomcat does by default.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The largest body that is read.
const BODY_LIMIT: usize = 1 << 20;

/// The files for HTTPS, both PEM.
pub struct Tls {
    /// The certificate, and those that lead to its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Binds at once (port 0: any free port); the server runs when it is awaited or spawned. Its signals are the caller's.
pub fn bind(
    address: SocketAddr,
    tls: Option<&Tls>,
    switches: Switches,
) -> io::Result<(Simulator, Server)> {
    let scheme = if tls.is_some() { "https" } else { "http" };
    check(&switches, scheme).map_err(io::Error::other)?;
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let mut state = State {
        switches: Arc::new(switches),
        store: Store::default(),
        guard: Guard::default(),
        throttle: Throttle::default(),
        log: Log::default(),
        in_flight: 0,
    };
    state.give_many();
    let simulator = Simulator(Arc::new(Shared {
        address: listener.local_addr()?,
        scheme,
        state: Mutex::new(state),
        switched: Notify::new(),
    }));
    let handle = simulator.clone();
    let server = HttpServer::new(move || {
        let simulator = handle.clone();
        let answer = move |request, body| serve::serve(simulator.clone(), request, body);
        App::new().app_data(web::PayloadConfig::new(BODY_LIMIT)).default_service(web::to(answer))
    })
    .on_connect(|stream, data| {
        data.insert(Connection::new(stream));
    })
    .workers(1)
    .keep_alive(KEEP_ALIVE)
    .tcp_nodelay(true)
    .shutdown_timeout(1)
    .disable_signals();
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls.load()?)?,
        None => server.listen(listener)?,
    };
    Ok((simulator, server.run()))
}

/// Refuses what a server of this scheme cannot do.
fn check(switches: &Switches, scheme: &str) -> Result<(), String> {
    if scheme == "https" && switches.close != Close::Off {
        return Err("The switch `close` works without TLS only.".to_owned());
    }
    Ok(())
}

impl Tls {
    fn load(&self) -> io::Result<ServerConfig> {
        let fault = |path: &Path, error: &dyn Display| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{}: {error}", path.display()))
        };
        let certificates = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| fault(&self.certificate, &error))?;
        let key =
            PrivateKeyDer::from_pem_file(&self.key).map_err(|error| fault(&self.key, &error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
            .map_err(|error| fault(&self.certificate, &error))
    }
}

/// A handle of a simulator: its switches, its log, its people. Cheap to clone.
#[derive(Clone)]
pub struct Simulator(Arc<Shared>);

struct Shared {
    address: SocketAddr,
    scheme: &'static str,
    state: Mutex<State>,
    /// Told whenever a switch was set: a stalled answer may go on.
    switched: Notify,
}

struct State {
    switches: Arc<Switches>,
    store: Store,
    guard: Guard,
    throttle: Throttle,
    log: Log,
    in_flight: usize,
}

impl Simulator {
    /// Lists who can sign in: alias, password, what there is to see.
    pub fn sign_ins() -> &'static [(&'static str, &'static str, &'static str)] {
        people::SIGN_INS
    }

    /// Tells the address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.0.address
    }

    /// Tells the origin, such as `http://127.0.0.1:8444`.
    pub fn url(&self) -> String {
        let mut address = self.0.address;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("{}://{address}", self.0.scheme)
    }

    /// Sets a switch, also while requests are under way: one that has begun keeps the switches it began with.
    pub fn set(&self, name: &str, value: &str) -> Result<(), String> {
        let mut state = self.state();
        let mut switches = Switches::clone(&state.switches);
        switches.set(name, value)?;
        check(&switches, self.0.scheme)?;
        state.switches = Arc::new(switches);
        if name == "many" {
            state.give_many();
        }
        self.0.switched.notify_waiters();
        Ok(())
    }

    /// Reads what was asked since the start or the last [`Self::clear_log`], the newest 20,000 requests.
    pub fn log(&self) -> Vec<LoggedRequest> {
        self.state().log.entries().cloned().collect()
    }

    /// Empties the log.
    pub fn clear_log(&self) {
        self.state().log.clear();
    }

    /// Tells whether a person is locked out.
    pub fn is_locked(&self, alias: &str) -> bool {
        let mut state = self.state();
        let switches = Arc::clone(&state.switches);
        state.guard.is_locked(alias, &switches, Instant::now())
    }

    /// Ends a person's lock-out, as an administrator can.
    pub fn unlock(&self, alias: &str) {
        self.state().guard.unlock(alias);
    }

    /// Counts the sign-ins of this alias that succeeded. One that a session spared is none.
    pub fn sign_ins_done(&self, alias: &str) -> usize {
        let (done, _) = self.state().guard.sign_ins(alias);
        done
    }

    /// Counts the sign-ins that were refused to this alias, while it was locked out too.
    pub fn failed_sign_ins(&self, alias: &str) -> usize {
        let (_, failed) = self.state().guard.sign_ins(alias);
        failed
    }

    /// Tells how many requests were open at once at most, since the start or the last [`Self::clear_log`]: those that
    /// were worked on, and those that waited.
    pub fn most_in_flight(&self) -> usize {
        let state = self.state();
        let counts = state.log.entries().map(|asked| asked.in_flight_when_begun);
        counts.max().unwrap_or(0)
    }

    /// Changes the password that a person signs in with, and ends his sessions.
    pub fn set_password(&self, alias: &str, password: &str) -> Result<(), String> {
        let mut state = self.state();
        let person = state.store.person(alias);
        let person = person.ok_or_else(|| format!("There is no {alias}."))?;
        password.clone_into(&mut person.password);
        state.guard.end_sessions(alias);
        Ok(())
    }

    /// Ends a person's sessions, as a restart of the server does.
    pub fn end_sessions(&self, alias: &str) {
        self.state().guard.end_sessions(alias);
    }

    /// Reads the password that was set last for one of a person's accounts.
    pub fn account_password(&self, alias: &str, object_id: &str) -> Option<String> {
        self.state().store.person(alias)?.secret(object_id)
    }

    /// Gives a person exactly these objects in the collection of this path, each as its elements' names and texts.
    pub fn set_objects(
        &self,
        alias: &str,
        path: &str,
        objects: &[Vec<(&str, &str)>],
    ) -> Result<(), String> {
        let mut state = self.state();
        let person = state.store.person(alias);
        person.ok_or_else(|| format!("There is no {alias}."))?.set_objects(path, objects)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the switch `stall` has another value.
    async fn released(self, stall: Stall) {
        loop {
            let switched = self.0.switched.notified();
            if self.state().switches.stall != stall {
                return;
            }
            switched.await;
        }
    }
}

impl State {
    /// Gives the person with many accounts as many as the switch says.
    fn give_many(&mut self) {
        self.store.set_many(self.switches.many.unwrap_or(0));
    }
}
