//! Every setting: its key, default, unit and check.
//!
//! Defaults in the code, then the file that `--config` names, then environment variables
//! (`CUPI_GATEWAY__UPSTREAM__URL`); the last wins. All faults are reported at once.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use figment::providers::{Env, Format, Toml};
use figment::value::{Dict, Value};
use figment::{Figment, Provider};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tracing::Level;
use url::{Host, Url};

/// All settings, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The API's listener.
    pub server: Server,
    /// Unity Connection.
    pub upstream: Upstream,
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
    /// Threads that serve. Default: the CPUs available, a cgroup's quota counted.
    pub workers: usize,
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
    /// The largest answer, in bytes. Default 8 MiB.
    pub max_response_size: usize,
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

/// `log.*`
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// Default: text on a terminal, JSON elsewhere.
    pub format: Option<LogFormat>,
    /// The level of our own lines; libraries log from `warn` up. Default `info`.
    pub level: Level,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For machines: one JSON object a line.
    Json,
    /// For people.
    Text,
}

/// What is wrong with the settings: a line each.
#[derive(Debug)]
pub struct Faults(pub Vec<String>);

impl fmt::Display for Faults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("\n"))
    }
}

const PREFIX: &str = "CUPI_GATEWAY__";

impl Config {
    /// Reads `file`, if one is named, and the environment.
    pub fn read(file: Option<&Path>) -> Result<Self, Faults> {
        let mut figment = Figment::new();
        if let Some(file) = file {
            let text = std::fs::read_to_string(file)
                .map_err(|error| Faults(vec![format!("{}: {error}", file.display())]))?;
            let toml = Toml::string(&text);
            toml.data().map_err(|error| {
                Faults(vec![format!("{}: {}", file.display(), one_line(&error))])
            })?;
            figment = figment.merge(toml);
        }
        Self::extract(&figment.merge(environment()))
    }

    /// The settings of `demo`: the environment, loopback addresses, and the simulator as Unity
    /// Connection.
    pub fn demo(simulator: &str) -> Result<Self, Faults> {
        let base = Toml::string("server.bind = '127.0.0.1:8080'");
        Self::extract(
            &Figment::from(base)
                .merge(environment())
                .merge(("upstream.url", simulator)),
        )
    }

    /// Reads settings from TOML text alone.
    pub fn parse(toml: &str) -> Result<Self, Faults> {
        Self::extract(&Figment::from(Toml::string(toml)))
    }

    fn extract(figment: &Figment) -> Result<Self, Faults> {
        let values: Dict = figment
            .extract()
            .map_err(|error| Faults(error.into_iter().map(|e| one_line(&e)).collect()))?;
        let mut keys = Keys {
            values: Value::from(values),
            known: Vec::new(),
            faults: Vec::new(),
        };

        let server = Server {
            bind: keys.address(
                "server.bind",
                SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            ),
            workers: keys.count(
                "server.workers",
                std::thread::available_parallelism().map_or(1, usize::from),
            ),
        };
        let plaintext = keys.flag("upstream.allow_plaintext", false);
        let upstream = Upstream {
            url: keys.upstream_url("upstream.url", plaintext),
            ca_bundle: keys.certificates("upstream.ca_bundle"),
            certificate_sha256: keys.fingerprints("upstream.certificate_sha256"),
            connect_timeout: keys.duration("upstream.connect_timeout", Duration::from_secs(3)),
            timeout: keys.duration("upstream.timeout", Duration::from_secs(15)),
            max_response_size: keys.size("upstream.max_response_size", ByteSize::mib(8)),
        };
        let cors = Cors {
            allowed_origins: keys.origins("cors.allowed_origins"),
        };
        let docs = Docs {
            swagger_ui: keys.flag("docs.swagger_ui", true),
        };
        let log = Log {
            format: keys.log_format("log.format"),
            level: keys.log_level("log.level", Level::INFO),
        };

        let faults = keys.finish();
        if !faults.is_empty() {
            return Err(Faults(faults));
        }
        Ok(Self {
            server,
            upstream,
            cors,
            docs,
            log,
        })
    }
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

/// Reads one key after the other and collects what is wrong with them.
struct Keys {
    values: Value,
    known: Vec<&'static str>,
    faults: Vec<String>,
}

impl Keys {
    fn value(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.values.find_ref(key).cloned()
    }

    fn text(&mut self, key: &'static str, form: &str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            self.fault(key, &format!("write {form}"));
        }
        text
    }

    fn fault(&mut self, key: &str, sentence: &str) {
        self.faults.push(format!("{key}: {sentence}"));
    }

    fn address(&mut self, key: &'static str, default: SocketAddr) -> SocketAddr {
        const FORM: &str = "an address and port such as 0.0.0.0:8080 or [::]:8080";

        let Some(text) = self.text(key, FORM) else {
            return default;
        };
        text.parse().unwrap_or_else(|_| {
            self.fault(key, &format!("write {FORM}"));
            default
        })
    }

    fn count(&mut self, key: &'static str, default: usize) -> usize {
        let Some(value) = self.value(key) else {
            return default;
        };
        match value.deserialize() {
            Ok(number) if number > 0 => number,
            _ => {
                self.fault(key, "write a whole number above 0");
                default
            }
        }
    }

    fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.value(key) else {
            return default;
        };
        value.to_bool().unwrap_or_else(|| {
            self.fault(key, "write true or false");
            default
        })
    }

    fn duration(&mut self, key: &'static str, default: Duration) -> Duration {
        let duration = self.duration_or_off(key, default);
        if duration.is_zero() {
            self.fault(key, "must be longer than 0");
        }
        duration
    }

    fn duration_or_off(&mut self, key: &'static str, default: Duration) -> Duration {
        const FORM: &str = "a duration such as 10s or 500ms";

        let Some(text) = self.text(key, FORM) else {
            return default;
        };
        humantime::parse_duration(&text).unwrap_or_else(|_| {
            self.fault(key, &format!("write {FORM}"));
            default
        })
    }

    fn size(&mut self, key: &'static str, default: ByteSize) -> usize {
        const FORM: &str = "a size above 0 such as 8MiB";

        let size = match self.text(key, FORM) {
            Some(text) => text.parse().unwrap_or(ByteSize(0)),
            None => default,
        };
        match usize::try_from(size.0) {
            Ok(size) if size > 0 => size,
            _ => {
                self.fault(key, &format!("write {FORM}"));
                1
            }
        }
    }

    fn list(&mut self, key: &'static str, form: &str) -> Vec<String> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let texts = value.as_array().and_then(|values| {
            values
                .iter()
                .map(|value| value.as_str().map(str::to_owned))
                .collect()
        });
        texts.unwrap_or_else(|| {
            self.fault(key, &format!("write a list of texts such as {form}"));
            Vec::new()
        })
    }

    fn upstream_url(&mut self, key: &'static str, plaintext: bool) -> Url {
        const FORM: &str = "an origin such as https://cuc-publisher.example.com:8443";

        // Never quoted: somebody may have put credentials into it.
        let Some(text) = self.text(key, FORM) else {
            if !self.faults.iter().any(|fault| fault.starts_with(key)) {
                self.fault(key, &format!("is required: write {FORM}"));
            }
            return placeholder();
        };
        let Some(url) = Url::parse(&text).ok().filter(is_origin) else {
            self.fault(key, &format!("write {FORM}, without user, path or query"));
            return placeholder();
        };
        let loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        if url.scheme() == "http" && !loopback && !plaintext {
            self.fault(
                key,
                "http would send passwords in clear: write https, or set \
                 upstream.allow_plaintext = true if the network between is safe",
            );
        }
        url
    }

    fn certificates(&mut self, key: &'static str) -> Vec<CertificateDer<'static>> {
        let Some(path) = self.text(key, "the path of a PEM file").map(PathBuf::from) else {
            return Vec::new();
        };
        let certificates = CertificateDer::pem_file_iter(&path).and_then(Iterator::collect);
        match certificates {
            Ok(certificates) if Vec::is_empty(&certificates) => {
                self.fault(
                    key,
                    &format!("{} holds no certificate in PEM form", path.display()),
                );
                Vec::new()
            }
            Ok(certificates) => certificates,
            Err(error) => {
                self.fault(key, &format!("{} cannot be used: {error}", path.display()));
                Vec::new()
            }
        }
    }

    fn fingerprints(&mut self, key: &'static str) -> Vec<[u8; 32]> {
        let texts = self.list(key, r#"["AB:CD:…"]"#);
        let mut fingerprints = Vec::new();
        for text in texts {
            match parse_fingerprint(&text) {
                Some(fingerprint) => fingerprints.push(fingerprint),
                None => self.fault(
                    key,
                    "a fingerprint is 64 hexadecimal digits, as openssl x509 -fingerprint -sha256 \
                     prints them",
                ),
            }
        }
        fingerprints
    }

    fn origins(&mut self, key: &'static str) -> Vec<String> {
        let origins = self.list(key, r#"["https://app.example.com"]"#);
        let any = origins.iter().any(|origin| origin == "*");
        if any && origins.len() > 1 {
            self.fault(key, "\"*\" allows every origin: let it stand alone");
        }
        for origin in &origins {
            let exact = !origin.contains('*')
                && Url::parse(origin)
                    .is_ok_and(|url| url.origin().ascii_serialization() == *origin);
            if !exact && origin != "*" {
                self.fault(
                    key,
                    &format!(
                        "{origin:?} is not an origin: write scheme, host and port alone, as a \
                         browser sends them, such as https://app.example.com"
                    ),
                );
            }
        }
        origins
    }

    fn log_format(&mut self, key: &'static str) -> Option<LogFormat> {
        match self.text(key, "json or text")?.as_str() {
            "json" => Some(LogFormat::Json),
            "text" => Some(LogFormat::Text),
            _ => {
                self.fault(key, "write json or text");
                None
            }
        }
    }

    fn log_level(&mut self, key: &'static str, default: Level) -> Level {
        const FORM: &str = "error, warn, info, debug or trace";

        let Some(text) = self.text(key, FORM) else {
            return default;
        };
        match text.as_str() {
            "error" => Level::ERROR,
            "warn" => Level::WARN,
            "info" => Level::INFO,
            "debug" => Level::DEBUG,
            "trace" => Level::TRACE,
            _ => {
                self.fault(key, &format!("write {FORM}"));
                default
            }
        }
    }

    /// All faults, those of keys that nobody asked for included.
    fn finish(mut self) -> Vec<String> {
        let mut found = Vec::new();
        if let Some(values) = self.values.as_dict() {
            leaves("", values, &mut found);
        }
        for key in found {
            if !self.known.contains(&key.as_str()) {
                self.fault(&key, "there is no such setting");
            }
        }
        self.faults
    }
}

/// The keys that have a value, with dots between the levels.
fn leaves(prefix: &str, values: &Dict, found: &mut Vec<String>) {
    for (name, value) in values {
        let key = format!("{prefix}{name}");
        match value.as_dict() {
            Some(values) if !values.is_empty() => leaves(&format!("{key}."), values, found),
            Some(_) => {}
            None => found.push(key),
        }
    }
}

fn is_origin(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.path() == "/"
        && url.query().is_none()
        && url.fragment().is_none()
}

/// Stands for an upstream that is not there: the faults that go with it end the start.
fn placeholder() -> Url {
    #[expect(clippy::expect_used, reason = "a constant that parses")]
    Url::parse("https://invalid.invalid").expect("a URL")
}

fn parse_fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|character| *character != ':')
        .map(|character| {
            character
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(high << 4 | low),
            _ => None,
        })
        .collect::<Option<_>>()?;
    bytes.try_into().ok()
}
