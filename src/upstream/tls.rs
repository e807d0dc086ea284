//! Whom to believe that it is Unity Connection.
//!
//! Most servers keep the self-signed certificate of their installation: without a subjectAltName,
//! often with the CA flag, sometimes past its date. No verifier accepts that, so such a
//! certificate is pinned: trusted for what it is, whatever it says. That the server holds its key
//! is checked all the same.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use sha2::{Digest, Sha256};

use crate::config;

/// The TLS side of the connections to Unity Connection: TLS 1.2 and 1.3, HTTP/1.1 only.
pub fn client_config(config: &config::Upstream) -> Result<ClientConfig, String> {
    configure(trust(config)?)
}

/// Whom these settings trust.
pub fn trust(config: &config::Upstream) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(Arc::new(Trust {
        pins: pins(config),
        authorities: authorities(config, &provider)?,
        provider,
    }))
}

/// The TLS side of connections to servers whom `verifier` accepts.
pub fn configure(verifier: Arc<dyn ServerCertVerifier>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(tls)
}

/// SHA-256 of a certificate's DER, as `openssl x509 -fingerprint -sha256` has it.
pub fn fingerprint(certificate: &CertificateDer<'_>) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

/// The certificates that are trusted themselves: those named by fingerprint, and a server's own
/// that stands in the bundle.
fn pins(config: &config::Upstream) -> Vec<[u8; 32]> {
    let bundle = config.ca_bundle.iter().map(fingerprint);
    config.certificate_sha256.iter().copied().chain(bundle).collect()
}

/// Those who vouch for a certificate: the bundle, else the platform's authorities, but nobody
/// where only pins are configured.
fn authorities(
    config: &config::Upstream,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<WebPkiServerVerifier>>, String> {
    let mut roots = RootCertStore::empty();
    if !config.ca_bundle.is_empty() {
        roots.add_parsable_certificates(config.ca_bundle.iter().cloned());
    } else if config.certificate_sha256.is_empty() {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() && config.url.scheme() == "https" {
            return Err(
                "upstream.ca_bundle: this system has no certificate authorities of its own: name \
                 a bundle, or pin the server's certificate with upstream.certificate_sha256"
                    .to_owned(),
            );
        }
    }
    if roots.is_empty() {
        return Ok(None);
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map(Some)
        .map_err(|error| format!("upstream.ca_bundle: {error}"))
}

#[derive(Debug)]
struct Trust {
    pins: Vec<[u8; 32]>,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.pins.contains(&fingerprint(certificate)) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.authorities {
            Some(verifier) => {
                verifier.verify_server_cert(certificate, intermediates, name, ocsp, now)
            }
            None => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
