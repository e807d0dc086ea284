//! Every setting: its key, default, unit and check.
//!
//! Defaults in the code, then the file that `--config` names, then environment variables
//! (`CUPI_GATEWAY__UPSTREAM__URL`); the last wins. All faults are reported at once.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use figment::providers::{Env, Format, Toml};
use figment::{Figment, Provider};
use rustls::pki_types::CertificateDer;
use tracing::Level;
use url::Url;

use keys::Keys;

pub use audio::Audio;
pub use forms::{NoEndDate, UserUpdate};
pub use log::{Log, LogFormat};
pub use shared::Shared;

pub mod audio;
pub mod checks;
pub mod forms;
pub mod keys;
pub mod log;
pub mod pem;
pub mod public_url;
pub mod shared;

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The API's listener.
    pub server: Server,
    /// The operator's listener.
    pub admin: Admin,
    /// Unity Connection.
    pub upstream: Upstream,
    /// Answers that are kept.
    pub cache: Cache,
    /// Recordings.
    pub audio: Audio,
    /// What replicas and restarts share.
    pub shared: Shared,
    /// Pages of other origins.
    pub cors: Cors,
    /// Swagger UI.
    pub docs: Docs,
    /// Log lines.
    pub log: Log,
}

/// `server.*`
#[derive(Clone, Debug)]
pub struct Server {
    /// Address of the API. Default `0.0.0.0:8080`.
    pub bind: SocketAddr,
    /// Threads that serve. Default: the CPUs available, a cgroup's quota counted, at most 512.
    pub workers: usize,
    /// How long new connections are taken after SIGTERM. Default 5 s.
    pub shutdown_delay: Duration,
    /// How long requests in flight may take after that. Default 30 s.
    pub shutdown_grace: Duration,
    /// Where clients reach the gateway, where something in front strips a path. Default: none.
    pub public_url: Option<Url>,
    /// Certificate and key of our own, PEM files. Default: none, plain HTTP.
    pub tls: Option<KeyPair>,
}

/// `server.tls.*`
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// The certificate and those that lead to its authority.
    pub certificate: PathBuf,
    /// The certificate's private key.
    pub key: PathBuf,
}

/// `admin.*`
#[derive(Clone, Copy, Debug)]
pub struct Admin {
    /// Address of `/livez`, `/readyz` and `/metrics`. Default `0.0.0.0:9090`.
    pub bind: SocketAddr,
}

/// `upstream.*`
#[derive(Clone, Debug)]
pub struct Upstream {
    /// Unity Connection's origin, such as `https://cuc-publisher.example.com:8443`. Required.
    pub url: Url,
    /// Certificate authorities to trust, and certificates that are trusted themselves. Default: the
    /// platform's authorities.
    pub ca_bundle: Vec<CertificateDer<'static>>,
    /// SHA-256 of the certificates that are trusted whatever they say. Default: none.
    pub certificate_sha256: Vec<[u8; 32]>,
    /// How long a connection may take to come about. Default 3 s.
    pub connect_timeout: Duration,
    /// How long a call may take from its turn to the last byte. Default 15 s.
    pub timeout: Duration,
    /// Calls that may be in flight at once. Default 3.
    pub max_in_flight: usize,
    /// Calls that may wait for their turn. Default 512.
    pub queue_limit: usize,
    /// How long a call may wait for its turn. Default 10 s.
    pub queue_timeout: Duration,
    /// How long session cookies are sent again. Default 60 s; zero: never.
    pub session_reuse: Duration,
    /// How long rejected credentials are not sent again. Default 35 min, longer than Unity
    /// Connection counts failed sign-ins; zero: they are.
    pub sign_in_pause: Duration,
    /// The largest answer, in bytes. Default 8 MiB.
    pub max_response_size: usize,
    /// What is sent for "enabled without end". Default [`NoEndDate::Empty`].
    pub no_end_date: NoEndDate,
    /// The path of the user's PUT. Default [`UserUpdate::WithId`].
    pub user_update: UserUpdate,
}

/// `cache.*`
#[derive(Clone, Copy, Debug)]
pub struct Cache {
    /// How long an answer is fresh. Default 10 s; zero: nothing is kept.
    pub ttl: Duration,
    /// What all kept answers may weigh together, in bytes. Default 16 MiB.
    pub max_size: usize,
}

/// `cors.*`
#[derive(Clone, Debug)]
pub struct Cors {
    /// Origins whose pages may call. Default: none.
    pub allowed_origins: Vec<String>,
}

/// `docs.*`
#[derive(Clone, Copy, Debug)]
pub struct Docs {
    /// Whether `/swagger-ui/` is served. Default true.
    pub swagger_ui: bool,
}

/// What is wrong with the settings: a line each.
#[derive(Debug)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

/// The most threads that actix serves with.
const MOST_WORKERS: usize = 512;

/// What the names of environment variables begin with.
pub const PREFIX: &str = "CUPI_GATEWAY__";

impl Config {
    /// Reads `file`, if one is named, and the environment.
    pub fn read(file: Option<&Path>) -> Result<Self, Faults> {
        Self::extract(read_file(file)?, environment())
    }

    /// Reads the operator's listener from the same places. No upstream has to be named, so that this
    /// works beside `demo` too.
    pub fn admin(file: Option<&Path>) -> Result<Admin, Faults> {
        let base = read_file(file)?.join(("upstream.url", "http://localhost"));
        Self::extract(base, environment()).map(|config| config.admin)
    }

    /// The settings of `demo`: the environment, loopback addresses, and the simulator as Unity
    /// Connection. `bind` replaces the address of the API.
    pub fn demo(simulator: &str, bind: Option<SocketAddr>) -> Result<Self, Faults> {
        let base = Toml::string("server.bind = '127.0.0.1:8080'\nadmin.bind = '127.0.0.1:9090'");
        let mut over = Figment::from(environment()).merge(("upstream.url", simulator));
        if let Some(bind) = bind {
            over = over.merge(("server.bind", bind));
        }
        Self::extract(Figment::from(base), over)
    }

    /// Reads settings from TOML text alone.
    pub fn parse(toml: &str) -> Result<Self, Faults> {
        Self::extract(Figment::from(Toml::string(toml)), Figment::new())
    }

    fn extract(file: Figment, over: impl Provider) -> Result<Self, Faults> {
        let told =
            |error: figment::Error| Faults(error.into_iter().map(|e| one_line(&e)).collect());
        let covered = file.extract().map_err(told)?;
        let values = file.merge(over).extract().map_err(told)?;
        let mut keys = Keys::new(&covered, values);

        let server = Server {
            bind: keys.address("server.bind", SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080))),
            workers: keys.count_within(
                "server.workers",
                MOST_WORKERS,
                std::thread::available_parallelism().map_or(1, usize::from).min(MOST_WORKERS),
            ),
            shutdown_delay: keys.duration_or_off("server.shutdown_delay", Duration::from_secs(5)),
            shutdown_grace: keys.duration_or_off("server.shutdown_grace", Duration::from_secs(30)),
            public_url: keys.public_url("server.public_url"),
            tls: keys.key_pair("server.tls.certificate", "server.tls.key"),
        };
        let admin = Admin {
            bind: keys.address("admin.bind", SocketAddr::from((Ipv4Addr::UNSPECIFIED, 9090))),
        };
        let plaintext = keys.flag("upstream.allow_plaintext", false);
        let upstream = Upstream {
            url: keys.upstream_url("upstream.url", plaintext),
            ca_bundle: keys.certificates("upstream.ca_bundle"),
            certificate_sha256: keys.fingerprints("upstream.certificate_sha256"),
            connect_timeout: keys.duration("upstream.connect_timeout", Duration::from_secs(3)),
            timeout: keys.duration("upstream.timeout", Duration::from_secs(15)),
            max_in_flight: keys.count("upstream.max_in_flight", 3),
            queue_limit: keys.count("upstream.queue_limit", 512),
            queue_timeout: keys.duration("upstream.queue_timeout", Duration::from_secs(10)),
            session_reuse: keys.duration_or_off("upstream.session_reuse", Duration::from_mins(1)),
            sign_in_pause: keys.duration_or_off("upstream.sign_in_pause", Duration::from_mins(35)),
            max_response_size: keys.size("upstream.max_response_size", ByteSize::mib(8)),
            no_end_date: keys.no_end_date("upstream.no_end_date"),
            user_update: keys.user_update("upstream.user_update"),
        };
        let cache = Cache {
            ttl: keys.duration_or_off("cache.ttl", Duration::from_secs(10)),
            max_size: keys.size("cache.max_size", ByteSize::mib(16)),
        };
        let audio = Audio {
            max_size: keys.size("audio.max_size", ByteSize::mib(20)),
            memory: keys.size("audio.memory", ByteSize::mib(40)),
            upload_timeout: keys.duration("audio.upload_timeout", Duration::from_mins(1)),
        };
        audio.check(&mut keys);
        let shared = keys.shared();
        let cors = Cors { allowed_origins: keys.origins("cors.allowed_origins") };
        let docs = Docs { swagger_ui: keys.flag("docs.swagger_ui", true) };
        let log = Log {
            format: keys.log_format("log.format"),
            level: keys.log_level("log.level", Level::INFO),
        };

        let faults = keys.finish();
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        Ok(Self { server, admin, upstream, cache, audio, shared, cors, docs, log })
    }
}

/// Where a program on this machine reaches what listens at an address: at the loopback address when
/// that is every address.
pub fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}

fn read_file(file: Option<&Path>) -> Result<Figment, Faults> {
    let Some(file) = file else {
        return Ok(Figment::new());
    };
    let fault = |error: &str| Faults(vec![format!("{}: {error}", file.display())]);
    let text = std::fs::read_to_string(file).map_err(|error| fault(&error.to_string()))?;
    let toml = Toml::string(&text);
    toml.data().map_err(|error| fault(&one_line(&error)))?;
    Ok(Figment::from(toml))
}

/// A fault of the TOML, without the lines of the file that it quotes: they may hold a secret.
fn one_line(error: &figment::Error) -> String {
    let text = error.kind.to_string();
    let lines = text.lines().filter(|line| !line.contains('|'));
    lines.map(str::trim).collect::<Vec<_>>().join(": ")
}

fn environment() -> Env {
    Env::prefixed(PREFIX).split("__")
}
