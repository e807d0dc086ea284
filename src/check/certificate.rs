//! The TLS side of `check`: whom it met, and whether the settings trust that.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConnection, DigitallySignedStruct, Error,
    SignatureScheme, StreamOwned,
};
use x509_parser::certificate::Validity;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ParsedExtension, parse_x509_certificate};

use super::timed::Timed;
use super::{Channel, is_late, plain, told};
use crate::config;
use crate::upstream::tls;

/// Prints until when the gateway's own certificate is good.
pub fn own(pair: &config::KeyPair, out: &mut impl Write) -> io::Result<()> {
    // It was good when the settings were read; it may have been replaced since.
    let own = pair.load().map_err(|(key, fault)| {
        io::Error::new(ErrorKind::InvalidInput, format!("{key}: {fault}"))
    })?;
    let first = own.cert.first().map(|der| parse_x509_certificate(der));
    if let Some(Ok((_, parsed))) = first {
        writeln!(out, "server.tls   expires {}", end(parsed.validity()))?;
    }
    Ok(())
}

/// Shakes hands and prints whom it met. Fails where the settings do not trust that one, after
/// saying how they would.
pub fn handshake(
    config: &config::Upstream,
    name: &str,
    mut stream: Timed,
    out: &mut impl Write,
) -> io::Result<(StreamOwned<ClientConnection, Timed>, Channel)> {
    let invalid = |fault| io::Error::new(ErrorKind::InvalidInput, fault);
    let witness = Arc::new(Witness {
        trust: tls::trust(config).map_err(invalid)?,
        verdict: Mutex::new(None),
        was_asked: AtomicBool::new(false),
    });
    let verifier: Arc<dyn ServerCertVerifier> = Arc::<Witness>::clone(&witness);
    let mut tls = tls::configure(verifier).map_err(invalid)?;
    tls.client_auth_cert_resolver = Arc::<Witness>::clone(&witness);
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(Arc::new(tls), name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        let shaken = connection.complete_io(&mut stream);
        shaken.map_err(|error| told(no_handshake(config, &error, witness.channel())))?;
    }

    let version = connection.protocol_version().and_then(|version| version.as_str());
    let version = version.unwrap_or("unknown version").replace("v1_", " 1.");
    writeln!(out, "tls          {version}")?;
    if let Some(certificate) = connection.peer_certificates().and_then(<[_]>::first) {
        describe(certificate, out)?;
        let verdict = witness.verdict.lock();
        match verdict.unwrap_or_else(PoisonError::into_inner).take() {
            None => writeln!(out, "trust        yes")?,
            Some(fault) => return Err(distrust(config, certificate, &fault, out)?),
        }
    }
    let channel = witness.channel();
    Ok((StreamOwned::new(connection, stream), channel))
}

fn no_handshake(config: &config::Upstream, error: &io::Error, channel: Channel) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match inner {
        None if is_late(error) => format!(
            "the port took the connection and ended no TLS handshake within {}. Is it the HTTPS port (8443 or 443)? If \
             so, the server is stuck or overburdened: look there.",
            humantime::format_duration(config.timeout)
        ),
        _ if matches!(channel, Channel::Mutual) => format!(
            "the server ended the connection during the TLS handshake. {}",
            channel.advice()
        ),
        Some(Error::InvalidMessage(_)) => {
            "the port does not speak TLS. Use the HTTPS port (8443 or 443), or write http:// in upstream.url."
                .to_owned()
        }
        Some(Error::AlertReceived(AlertDescription::NoApplicationProtocol)) => {
            "the server does not speak HTTP/1.1, and the gateway speaks nothing else. Switch it on there, or use another \
             port (8443 or 443)."
                .to_owned()
        }
        Some(fault) => format!(
            "the TLS handshake ended with: {fault}. Both sides need TLS 1.2 or newer with a common cipher suite."
        ),
        None => {
            "the server ended the connection during the TLS handshake. Is it the HTTPS port (8443 or 443), and does it \
             speak TLS 1.2 or newer?"
                .to_owned()
        }
    }
}

/// Prints why, and what to set.
fn distrust(
    config: &config::Upstream,
    certificate: &CertificateDer<'_>,
    fault: &Error,
    out: &mut impl Write,
) -> io::Result<io::Error> {
    use CertificateError as Fault;

    let mut instead = "name its authority with upstream.ca_bundle";
    let reason = match fault {
        // No authority makes these good.
        Error::InvalidCertificate(Fault::Expired | Fault::ExpiredContext { .. }) => {
            instead = "have it renewed";
            "it has expired".to_owned()
        }
        Error::InvalidCertificate(Fault::NotValidYet | Fault::NotValidYetContext { .. }) => {
            instead = "set the clock right";
            "it is not valid yet".to_owned()
        }
        Error::InvalidCertificate(
            Fault::NotValidForName | Fault::NotValidForNameContext { .. },
        ) => {
            instead = "correct upstream.url";
            "its names are not the one in upstream.url".to_owned()
        }
        _ if !config.certificate_sha256.is_empty() => {
            "it is not the one that upstream.certificate_sha256 names".to_owned()
        }
        Error::InvalidCertificate(Fault::UnknownIssuer) => {
            "no authority that is trusted here vouches for it".to_owned()
        }
        // rustls has no variant for the CA flag of a self-signed certificate.
        Error::InvalidCertificate(Fault::Other(other))
            if format!("{other:?}").contains("CaUsedAsEndEntity") =>
        {
            "it is self-signed, as that of most installations".to_owned()
        }
        other => other.to_string(),
    };
    let pin = hex(&tls::fingerprint(certificate));
    writeln!(out, "trust        no: {reason}")?;
    writeln!(
        out,
        "\nTo trust exactly this certificate, compare sha256 with what its administrator sees on the server, then set\n\
         \n  certificate_sha256 = [\"{pin}\"]\n\
         \nin [upstream] of the file, or\n\
         \n  CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256='[\"{pin}\"]'\n"
    )?;
    Ok(told(format!(
        "the certificate is not trusted: {reason}. Pin it as said above, or {instead}."
    )))
}

fn describe(certificate: &CertificateDer<'_>, out: &mut impl Write) -> io::Result<()> {
    if let Ok((_, parsed)) = parse_x509_certificate(certificate) {
        let subject = plain(&parsed.subject().to_string());
        writeln!(out, "subject      {subject}")?;
        let extensions = parsed.extensions().iter();
        let names = extensions.filter_map(|extension| match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
            _ => None,
        });
        let names: Vec<String> = names.flatten().map(name).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        writeln!(out, "names        {names}")?;
        writeln!(out, "expires      {}", end(parsed.validity()))?;
    }
    writeln!(out, "sha256       {}", hex(&tls::fingerprint(certificate)))
}

fn end(validity: &Validity) -> String {
    let now = if validity.is_valid() { "" } else { " (not valid now)" };
    format!("{}{now}", validity.not_after)
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(name) => plain(name),
        GeneralName::IPAddress(bytes) => {
            let four = <[u8; 4]>::try_from(*bytes).map(|bytes| IpAddr::from(bytes).to_string());
            let address =
                four.or(<[u8; 16]>::try_from(*bytes).map(|b| IpAddr::from(b).to_string()));
            address.unwrap_or_else(|_length| "an address of a strange length".to_owned())
        }
        other => plain(&other.to_string()),
    }
}

fn hex(fingerprint: &[u8]) -> String {
    let digits: Vec<_> = fingerprint.iter().map(|byte| format!("{byte:02X}")).collect();
    digits.join(":")
}

/// Lets every certificate pass, to be able to show it, keeps the verdict of the settings, and
/// notes whether the server asked for a certificate of ours.
struct Witness {
    trust: Arc<dyn ServerCertVerifier>,
    verdict: Mutex<Option<Error>>,
    was_asked: AtomicBool,
}

impl Witness {
    fn channel(&self) -> Channel {
        if self.was_asked.load(Ordering::Relaxed) { Channel::Mutual } else { Channel::Tls }
    }
}

impl ResolvesClientCert for Witness {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.was_asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
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
        let verdict = self.trust.verify_server_cert(certificate, intermediates, name, ocsp, now);
        *self.verdict.lock().unwrap_or_else(PoisonError::into_inner) = verdict.err();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.trust.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.supported_verify_schemes()
    }
}
