//! A stand-in for Unity Connection's CUPI for End Users: a server of its own, for the demo, for tests and for trying.
//!
//! ```text
//!   serve.rs         what happens to a request, in order      switches.rs     how it differs from a healthy server
//!   throttle.rs      a few at once, the rest wait             state.rs        what handle and server share
//!   guard.rs         sign-in, lock-out, sessions              log.rs          what it was asked
//!   resources.rs     what a path asks for                     answer.rs       documents, refusals, pages
//!   verbs.rs         list, read, create, change, delete       wire.rs         connections, and how answers break
//!   rules.rs         what may be written                      request.rs      a request
//!   recordings.rs    voice names and greetings                wav.rs          the files of recordings
//!   directory.rs     the search over all people               pin.rs          the PIN
//!   collections.rs   the list of all collections              collection.rs   what a collection is made of
//!   devices.rs       the elements of notification devices     class_of_service.rs   those of a class of service
//!   store.rs         everybody and everything                 people.rs       makes the people of people.xml
//!   person.rs        one person, and what they have           object.rs       one object, and how it is spelled
//!   place.rs         what a path means                        xml.rs          its own codec
//! ```
//!
//! It shares no code with the gateway: what both get wrong the same way, no test would find. None of its files uses one
//! that uses it.

pub mod answer;
pub mod class_of_service;
pub mod collection;
pub mod collections;
pub mod devices;
pub mod directory;
pub mod guard;
pub mod log;
pub mod object;
pub mod people;
pub mod person;
pub mod pin;
pub mod place;
pub mod recordings;
pub mod request;
pub mod resources;
pub mod rules;
pub mod serve;
pub mod state;
pub mod store;
pub mod switches;
pub mod throttle;
pub mod verbs;
pub mod wav;
pub mod wire;
pub mod xml;

use std::fmt::Display;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

use actix_web::dev::Server;
use actix_web::{App, HttpServer, web};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub use log::LoggedRequest;
use state::{Shared, State};
pub use switches::Switches;
use switches::values::Close;
use wire::Connection;

/// How long an idle connection lives: what Tomcat does by default.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// The largest body that is read: more than any recording that a class of service can allow.
const BODY_LIMIT: usize = 32 << 20;

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
    let shared = Arc::new(Shared::new(switches).map_err(io::Error::other)?);
    let simulator =
        Simulator { address: listener.local_addr()?, scheme, shared: Arc::clone(&shared) };
    let server = HttpServer::new(move || {
        let shared = Arc::clone(&shared);
        let answer = move |request, body| serve::serve(Arc::clone(&shared), request, body);
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
pub struct Simulator {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

/// Somebody whom a visitor can sign in as.
pub struct SignIn {
    /// The name to sign in with.
    pub alias: String,
    /// The password.
    pub password: String,
    /// What there is to see.
    pub description: String,
}

impl Simulator {
    /// Lists whom a visitor can sign in as.
    pub fn sign_ins(&self) -> Vec<SignIn> {
        let state = self.state();
        let sign_in = |(person, description): (&person::Person, &str)| SignIn {
            alias: person.alias.clone(),
            password: person.password.clone(),
            description: description.to_owned(),
        };
        state.store.described().map(sign_in).collect()
    }

    /// Tells the address that was bound.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Tells the origin, such as `http://127.0.0.1:8444`.
    pub fn url(&self) -> String {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
        }
        format!("{}://{address}", self.scheme)
    }

    /// Sets a switch, also while requests are under way: one that has begun keeps the switches it began with.
    pub fn set(&self, name: &str, value: &str) -> Result<(), String> {
        let mut state = self.state();
        let mut switches = Switches::clone(&state.switches);
        switches.set(name, value)?;
        check(&switches, self.scheme)?;
        state.switch(switches);
        self.shared.switched();
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

    /// Reads the PIN that was set last for a person.
    pub fn pin(&self, alias: &str) -> Option<String> {
        self.state().store.person(alias)?.pin.clone()
    }

    /// Reads a person's recording by its path below `/vmrest/`, such as
    /// `user/greetings/Off Hours/greetingstreamfiles/1033`.
    pub fn recording(&self, alias: &str, path: &str) -> Option<Vec<u8>> {
        Some(self.state().store.person(alias)?.recordings.get(path)?.to_vec())
    }

    /// Gives a person a recording at this path below `/vmrest/`, whatever its bytes.
    pub fn set_recording(&self, alias: &str, path: &str, file: &[u8]) -> Result<(), String> {
        let mut state = self.state();
        let person = state.store.person(alias).ok_or_else(|| format!("There is no {alias}."))?;
        person.recordings.insert(path.to_owned(), file.to_vec().into());
        Ok(())
    }

    /// Gives a person exactly these objects in the collection of this path below `/vmrest/user/` or `/vmrest/`, each as
    /// its elements' names and texts.
    pub fn set_objects(
        &self,
        alias: &str,
        path: &str,
        objects: &[Vec<(&str, &str)>],
    ) -> Result<(), String> {
        self.state().store.set_objects(alias, path, objects)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}
