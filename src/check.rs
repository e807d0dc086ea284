//! `check`: reaches Unity Connection once, without credentials, and says what was found and what to
//! do. Written to be read at two in the morning.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ParsedExtension, parse_x509_certificate};

use crate::config;
use crate::upstream::tls;

/// How much of an answer is read: its head is enough.
const HEAD: u64 = 16 * 1024;

/// Prints the findings line by line. Fails with what is wrong, then what to do.
pub fn run(config: &config::Upstream, out: &mut impl Write) -> io::Result<()> {
    let url = &config.url;
    let (host, port) = (
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or(443),
    );
    writeln!(out, "upstream     {}", url.origin().ascii_serialization())?;

    let stream = connect(config, host, port, out)?;
    stream.set_read_timeout(Some(config.timeout))?;
    stream.set_write_timeout(Some(config.timeout))?;
    let answer = if url.scheme() == "https" {
        let mut stream = handshake(config, host, stream, out)?;
        ask(&mut stream, url.authority())
    } else {
        writeln!(out, "tls          none: passwords travel in clear")?;
        let mut stream = stream;
        ask(&mut stream, url.authority())
    };
    judge(&answer?, out)
}

fn connect(
    config: &config::Upstream,
    host: &str,
    port: u16,
    out: &mut impl Write,
) -> io::Result<TcpStream> {
    // Brackets are the URL's spelling of an IPv6 address.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = (name, port)
        .to_socket_addrs()
        .map_err(|error| {
            told(format!(
                "the name {host} does not resolve ({error}). Correct upstream.url, or the DNS of this machine."
            ))
        })?
        .collect();
    let mut last = told(format!(
        "the name {host} has no address. Correct upstream.url."
    ));
    for address in &addresses {
        let begun = Instant::now();
        match TcpStream::connect_timeout(address, config.connect_timeout) {
            Ok(stream) => {
                writeln!(
                    out,
                    "address      {address}, connected in {} ms",
                    begun.elapsed().as_millis()
                )?;
                return Ok(stream);
            }
            Err(error) => {
                writeln!(out, "address      {address}: {error}")?;
                last = told(format!(
                    "no connection to port {port} of {host}. Is the port right (8443 or 443), does the server run, \
                     does a firewall stand between?"
                ));
            }
        }
    }
    Err(last)
}

fn handshake(
    config: &config::Upstream,
    host: &str,
    stream: TcpStream,
    out: &mut impl Write,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let name = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_owned();
    let name = ServerName::try_from(name).map_err(io::Error::other)?;
    let witness = Arc::new(Witness {
        trust: tls::trust(config).map_err(told)?,
        verdict: Mutex::new(None),
    });
    let verifier: Arc<dyn ServerCertVerifier> = Arc::<Witness>::clone(&witness);
    let tls = Arc::new(tls::configure(verifier).map_err(told)?);
    let mut connection = ClientConnection::new(tls, name).map_err(io::Error::other)?;
    let mut stream = stream;
    while connection.is_handshaking() {
        connection.complete_io(&mut stream).map_err(|error| {
            let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
            told(match inner {
                Some(Error::InvalidMessage(_)) => {
                    "the port does not speak TLS. Use the HTTPS port (8443 or 443), or http:// in upstream.url."
                        .to_owned()
                }
                _ => format!("the TLS handshake failed: {error}. TLS 1.2 or newer is needed on both sides."),
            })
        })?;
    }

    let version = connection
        .protocol_version()
        .and_then(|version| version.as_str());
    writeln!(out, "tls          {}", version.unwrap_or("unknown version"))?;
    if let Some(certificate) = connection.peer_certificates().and_then(<[_]>::first) {
        describe(certificate, out)?;
        let verdict = witness
            .verdict
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(fault) = verdict {
            return Err(told(format!(
                "the certificate is not trusted: {fault}. If the fingerprint above is the one that the administrator \
                 sees on the server, set upstream.certificate_sha256 = [\"{}\"]; or name its authority with \
                 upstream.ca_bundle.",
                hex(&tls::fingerprint(certificate))
            )));
        }
        writeln!(out, "trust        yes")?;
    }
    Ok(StreamOwned::new(connection, stream))
}

fn describe(certificate: &CertificateDer<'_>, out: &mut impl Write) -> io::Result<()> {
    if let Ok((_, parsed)) = parse_x509_certificate(certificate) {
        writeln!(out, "subject      {}", parsed.subject())?;
        let extensions = parsed.extensions().iter();
        let names = extensions.filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
            _ => None,
        });
        let names: Vec<String> = names.flatten().map(name).collect();
        let names = if names.is_empty() {
            "none".to_owned()
        } else {
            names.join(", ")
        };
        writeln!(out, "names        {names}")?;
        let validity = parsed.validity();
        let expired = if validity.is_valid() {
            ""
        } else {
            " (not valid now)"
        };
        writeln!(out, "expires      {}{expired}", validity.not_after)?;
    }
    writeln!(out, "sha256       {}", hex(&tls::fingerprint(certificate)))
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => (*name).to_owned(),
        GeneralName::IPAddress([a, b, c, d]) => format!("{a}.{b}.{c}.{d}"),
        other => format!("{other:?}"),
    }
}

/// Asks for what every user may read, without saying who asks.
fn ask(stream: &mut (impl Read + Write), authority: &str) -> io::Result<String> {
    let agent = concat!("cupi-gateway/", env!("CARGO_PKG_VERSION"));
    write!(
        stream,
        "GET /vmrest/user HTTP/1.1\r\nHost: {authority}\r\nAccept: application/xml\r\n\
         User-Agent: {agent}\r\nConnection: close\r\n\r\n"
    )?;
    stream.flush()?;
    let mut answer = Vec::new();
    // Many servers end without a TLS close; what came before it counts.
    match stream.take(HEAD).read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => Err(told(format!(
            "the server took the request and did not answer ({error}). Is it an HTTP server?"
        ))),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

fn judge(answer: &str, out: &mut impl Write) -> io::Result<()> {
    let status = answer
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1)?.parse::<u16>().ok());
    let Some(status) = status else {
        return Err(told(
            "the answer is not HTTP. If the port speaks TLS, write https:// in upstream.url."
                .to_owned(),
        ));
    };
    writeln!(out, "http         {status}")?;
    match status {
        401 => writeln!(out, "\nReached: it asks for credentials, as Unity Connection does."),
        300..=399 => {
            let location = answer.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("location").then(|| value.trim().to_owned())
            });
            let location = location.unwrap_or_else(|| "an address that it does not name".to_owned());
            Err(told(format!(
                "the server redirects to {location}, which is never followed. Set upstream.url to that origin."
            )))
        }
        400 => Err(told(
            "the server does not understand the request. If the port speaks TLS, write https:// in upstream.url."
                .to_owned(),
        )),
        429 | 503 => Err(told("Unity Connection is there and busy. Try again later.".to_owned())),
        _ => Err(told(format!(
            "a server is there, but without credentials Unity Connection would answer 401, not {status}. Is \
             upstream.url that of a Unity Connection?"
        ))),
    }
}

fn told(sentence: String) -> io::Error {
    io::Error::other(sentence)
}

fn hex(fingerprint: &[u8]) -> String {
    let digits: Vec<_> = fingerprint
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect();
    digits.join(":")
}

/// Lets every certificate pass, to be able to show it, and keeps the verdict of the settings.
struct Witness {
    trust: Arc<dyn ServerCertVerifier>,
    verdict: Mutex<Option<Error>>,
}

impl fmt::Debug for Witness {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Witness")
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self
            .trust
            .verify_server_cert(certificate, intermediates, name, ocsp, now);
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = verdict.err();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.supported_verify_schemes()
    }
}
