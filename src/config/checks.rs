//! The settings that are more than a number or a text: origins, certificates, how to log.

use std::path::PathBuf;

use rustls::pki_types::CertificateDer;
use tracing::Level;
use url::{Host, Url};

use super::keys::Keys;
use super::{KeyPair, LogFormat, NoEndDate, UserUpdate, pem};

impl Keys {
    /// Reads an origin; without `plaintext`, http only to this host.
    pub fn upstream_url(&mut self, key: &'static str, plaintext: bool) -> Url {
        const FORM: &str = "an origin such as https://cuc-publisher.example.com:8443";

        // Never quoted: somebody may have put credentials into it.
        let Some(text) = self.text(key, FORM) else {
            if !self.is_faulty(key) {
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

    /// Reads the URL at which clients reach the gateway.
    pub fn public_url(&mut self, key: &'static str) -> Option<Url> {
        const FORM: &str = "an address such as https://apps.example.com/voicemail";

        let text = self.text(key, FORM)?;
        let url = Url::parse(&text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.host().is_some() && is_bare(url)
        });
        if url.is_none() {
            self.fault(
                key,
                &format!("write {FORM}: http or https, a path if there is one, and no user, query or fragment"),
            );
        }
        url
    }

    /// Reads the paths of a certificate and its key: both or none, and a pair.
    pub fn key_pair(&mut self, certificate: &'static str, key: &'static str) -> Option<KeyPair> {
        const FORM: &str = "the path of a PEM file";

        match (self.text(certificate, FORM), self.text(key, FORM)) {
            (Some(certificate), Some(key)) => {
                let pair = KeyPair { certificate: certificate.into(), key: key.into() };
                if let Err((key, fault)) = pair.load() {
                    self.fault(key, &fault);
                }
                Some(pair)
            }
            (Some(_), None) => {
                self.fault(key, &format!("is required beside {certificate}: write {FORM}"));
                None
            }
            (None, Some(_)) => {
                self.fault(certificate, &format!("is required beside {key}: write {FORM}"));
                None
            }
            (None, None) => None,
        }
    }

    /// Reads the certificates of a PEM file.
    pub fn certificates(&mut self, key: &'static str) -> Vec<CertificateDer<'static>> {
        let Some(path) = self.text(key, "the path of a PEM file").map(PathBuf::from) else {
            return Vec::new();
        };
        pem::certificates(&path).unwrap_or_else(|fault| {
            self.fault(key, &fault);
            Vec::new()
        })
    }

    /// Reads a list of SHA-256 fingerprints.
    pub fn fingerprints(&mut self, key: &'static str) -> Vec<[u8; 32]> {
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

    /// Reads a list of origins, or of `*` alone.
    pub fn origins(&mut self, key: &'static str) -> Vec<String> {
        let origins = self.list(key, r#"["https://app.example.com"]"#);
        let any = origins.iter().any(|origin| origin == "*");
        if any && origins.len() > 1 {
            self.fault(key, "\"*\" allows every origin: let it stand alone");
        }
        for origin in &origins {
            if !is_exact(origin) && origin != "*" {
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

    /// Reads how log lines look.
    pub fn log_format(&mut self, key: &'static str) -> Option<LogFormat> {
        match self.text(key, "json or text")?.as_str() {
            "json" => Some(LogFormat::Json),
            "text" => Some(LogFormat::Text),
            _ => {
                self.fault(key, "write json or text");
                None
            }
        }
    }

    /// Reads what is sent for "without end".
    pub fn no_end_date(&mut self, key: &'static str) -> NoEndDate {
        let words = [
            ("empty", NoEndDate::Empty),
            ("empty-and-enabled", NoEndDate::EmptyAndEnabled),
            ("far-future", NoEndDate::FarFuture),
        ];
        self.word(key, &words)
    }

    /// Reads the path of the user's PUT.
    pub fn user_update(&mut self, key: &'static str) -> UserUpdate {
        let words = [("with-id", UserUpdate::WithId), ("without-id", UserUpdate::WithoutId)];
        self.word(key, &words)
    }

    /// Reads one of these words.
    fn word<T: Copy + Default>(&mut self, key: &'static str, words: &[(&str, T)]) -> T {
        let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
        let form = names.join(" or ");
        let Some(text) = self.text(key, &form) else {
            return T::default();
        };
        let known = words.iter().find(|(name, _)| *name == text);
        known.map_or_else(
            || {
                self.fault(key, &format!("write {form}"));
                T::default()
            },
            |(_, value)| *value,
        )
    }

    /// Reads a level.
    pub fn log_level(&mut self, key: &'static str, default: Level) -> Level {
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
}

fn is_origin(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.path() == "/"
        && is_bare(url)
}

/// Without user, query and fragment.
fn is_bare(url: &Url) -> bool {
    url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none()
}

/// Whether it is an origin as a browser sends it, of any scheme: `https://app.example.com`, `capacitor://localhost`.
fn is_exact(origin: &str) -> bool {
    let Some(url) = Url::parse(origin).ok().filter(|url| !origin.contains('*') && is_bare(url))
    else {
        return false;
    };
    let parts = url.origin();
    if parts.is_tuple() {
        return parts.ascii_serialization() == origin;
    }
    // Only those of the Web have an origin by its standard; a browser writes others the same way.
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let host = url.host_str().filter(|host| !host.is_empty());
    host.is_some_and(|host| format!("{}://{host}{port}", url.scheme()) == origin)
}

/// Stands for an upstream that is not there: the faults that go with it end the start.
fn placeholder() -> Url {
    #[expect(clippy::expect_used, reason = "a constant that parses")]
    Url::parse("https://invalid.invalid").expect("a URL")
}

/// Reads a fingerprint as people copy it: the whole line that openssl prints, or digits with colons and blanks
/// between, and the marks of direction that Windows puts before them.
fn parse_fingerprint(text: &str) -> Option<[u8; 32]> {
    let shown =
        |c: &char| !c.is_whitespace() && !matches!(c, ':' | '\u{200e}' | '\u{200f}' | '\u{feff}');
    let digits = match text.split_once('=') {
        None => text,
        Some((label, digits)) => {
            let label: String = label.chars().filter(|c| shown(c)).collect();
            let is_sha256 = ["sha256fingerprint", "sha-256fingerprint"]
                .into_iter()
                .any(|known| label.eq_ignore_ascii_case(known));
            is_sha256.then_some(digits)?
        }
    };
    let digits = digits.chars().filter(shown).map(|c| c.to_digit(16));
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    let bytes = digits.chunks(2).map(|pair| match pair {
        [high, low] => u8::try_from(high << 4 | low).ok(),
        _ => None,
    });
    bytes.collect::<Option<Vec<_>>>()?.try_into().ok()
}
