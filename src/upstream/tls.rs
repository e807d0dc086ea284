//! Whom to believe that it is Unity Connection.
//!
//! Most servers keep the self-signed certificate of their installation: without a subjectAltName,
//! often with the CA flag, sometimes past its date. No verifier accepts that, so such a
//! certificate is pinned: trusted for what it is, whatever it says. That the server holds its key
//! is checked all the same, by the key alone, as rustls reads neither X.509 version 1 nor a certificate
//! with a critical extension that it does not know.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, PeerMisbehaved,
    RootCertStore, SignatureScheme,
};
use sha2::{Digest, Sha256};
use url::Host;
use webpki::RawPublicKeyEntity;
use x509_parser::parse_x509_certificate;

use super::key::{KeyFault, check_key};
use crate::config;

/// The TLS side of the connections to Unity Connection: TLS 1.2 and 1.3, HTTP/1.1 only.
pub fn client_config(config: &config::Upstream) -> Result<ClientConfig, String> {
    configure(config, trust(config)?)
}

/// Whom these settings trust.
pub fn trust(config: &config::Upstream) -> Result<Arc<dyn ServerCertVerifier>, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let host = config.url.host_str().unwrap_or_default();
    // Brackets are the URL's spelling of an IPv6 address.
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Arc::new(Trust {
        name: ServerName::try_from(name)
            .map_err(|_invalid| format!("upstream.url: {host} cannot be the name of a server"))?,
        pins: pins(config),
        authorities: authorities(config, &provider)?,
        provider,
    }))
}

/// The TLS side of connections to a server whom `verifier` accepts.
pub fn configure(
    config: &config::Upstream,
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    // An address is not told as a name (RFC 6066, section 3).
    tls.enable_sni = matches!(config.url.host(), Some(Host::Domain(_)));
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
    name: ServerName<'static>,
    pins: Vec<[u8; 32]>,
    authorities: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let (_, parsed) =
            parse_x509_certificate(certificate).map_err(|_fault| CertificateError::BadEncoding)?;
        // Its signature could not be checked, whoever vouches for it.
        check_key(parsed.public_key())
            .map_err(|fault: KeyFault| CertificateError::Other(OtherError(Arc::new(fault))))?;
        if self.pins.contains(&fingerprint(certificate)) {
            return Ok(ServerCertVerified::assertion());
        }
        match &self.authorities {
            Some(verifier) => {
                verifier.verify_server_cert(certificate, intermediates, &self.name, ocsp, now)
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
        let mapping = self.provider.signature_verification_algorithms.mapping;
        let (_, algorithms) = mapping
            .iter()
            .find(|(scheme, _)| *scheme == signature.scheme)
            .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        let key = public_key(certificate)?;
        let key =
            RawPublicKeyEntity::try_from(&key).map_err(|_fault| CertificateError::BadEncoding)?;
        // In TLS 1.2 the scheme does not say which curve the key is on.
        let is_valid = algorithms.iter().any(|algorithm| {
            key.verify_signature(*algorithm, message, signature.signature()).is_ok()
        });
        if is_valid {
            Ok(HandshakeSignatureValid::assertion())
        } else {
            Err(CertificateError::BadSignature.into())
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let key = public_key(certificate)?;
        verify_tls13_signature_with_raw_key(message, &key, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let mut schemes = self.provider.signature_verification_algorithms.supported_schemes();
        // With keys that cannot be used a server would end the handshake without showing its certificate,
        // and nobody would know why. They come last: a server that has another certificate shows that.
        schemes.extend([SignatureScheme::ECDSA_NISTP521_SHA512, SignatureScheme::ED448]);
        schemes
    }
}

fn public_key(certificate: &CertificateDer<'_>) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
    let (_, parsed) =
        parse_x509_certificate(certificate).map_err(|_fault| CertificateError::BadEncoding)?;
    Ok(SubjectPublicKeyInfoDer::from(parsed.public_key().raw.to_vec()))
}
