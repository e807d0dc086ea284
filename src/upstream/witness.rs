//! Who sees how a connection comes about, and tells `check`: the addresses, the server's certificate and
//! what the settings make of it. It changes nothing.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};

use super::tls;
use crate::config;

/// Sees one connection.
#[derive(Debug, Default)]
pub struct Witness {
    seen: Mutex<Seen>,
}

/// What was seen.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Why the name has no address.
    pub unresolved: Option<String>,
    /// The addresses that were tried, one after another.
    pub attempts: Vec<Attempt>,
    /// The server's own certificate.
    pub certificate: Option<CertificateDer<'static>>,
    /// Why the settings do not trust it.
    pub fault: Option<Error>,
    /// The version of TLS.
    pub version: Option<&'static str>,
    /// Whether the server wanted a certificate of the gateway's.
    pub wants_certificate: bool,
}

/// One address.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Where.
    pub address: SocketAddr,
    /// How long it took, or why it came to nothing; neither while it is under way.
    pub result: Option<Result<Duration, String>>,
    begun: Instant,
}

impl Witness {
    /// What has been seen so far.
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// The TLS side of the connections, as [`tls::client_config`] makes it, with this witness.
    pub fn client_config(
        self: &Arc<Self>,
        config: &config::Upstream,
    ) -> Result<ClientConfig, String> {
        let trust = WitnessedTrust { witness: Arc::clone(self), trust: tls::trust(config)? };
        let trust = Arc::new(trust);
        let mut tls = tls::configure(config, Arc::<WitnessedTrust>::clone(&trust))?;
        tls.client_auth_cert_resolver = trust;
        Ok(tls)
    }

    /// The name has no address.
    pub fn unresolved(&self, error: &io::Error) {
        self.lock().unresolved = Some(error.to_string());
    }

    /// An address is tried now.
    pub fn tries(&self, address: SocketAddr) {
        let attempt = Attempt { address, result: None, begun: Instant::now() };
        self.lock().attempts.push(attempt);
    }

    /// The address was tried, with this error or with none.
    pub fn tried(&self, error: Option<&io::Error>) {
        if let Some(attempt) = self.lock().attempts.last_mut() {
            let result = error.map_or(Ok(attempt.begun.elapsed()), |error| Err(error.to_string()));
            attempt.result = Some(result);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The trust of the settings, with a witness of what it is asked.
#[derive(Debug)]
struct WitnessedTrust {
    witness: Arc<Witness>,
    trust: Arc<dyn ServerCertVerifier>,
}

impl WitnessedTrust {
    /// Notes the version and then says what was found of the certificate.
    fn verdict(&self, version: &'static str) -> Result<(), Error> {
        let mut seen = self.witness.lock();
        seen.version = Some(version);
        seen.fault.clone().map_or(Ok(()), Err)
    }

    fn note(
        &self,
        verified: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        if let Err(fault) = &verified {
            self.witness.lock().fault = Some(fault.clone());
        }
        verified
    }
}

impl ServerCertVerifier for WitnessedTrust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verdict = self.trust.verify_server_cert(certificate, intermediates, name, ocsp, now);
        let mut seen = self.witness.lock();
        seen.certificate = Some(certificate.clone().into_owned());
        seen.fault = verdict.err();
        // The handshake ends with the fault a moment later, when the version is known.
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verdict("TLS 1.2")?;
        self.note(self.trust.verify_tls12_signature(message, certificate, signature))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verdict("TLS 1.3")?;
        self.note(self.trust.verify_tls13_signature(message, certificate, signature))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.supported_verify_schemes()
    }
}

impl ResolvesClientCert for WitnessedTrust {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.witness.lock().wants_certificate = true;
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}
