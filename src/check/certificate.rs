//! The TLS side of `check`: whom it met, and whether the settings trust that.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ParsedExtension, parse_x509_certificate};

use super::{plain, told};
use crate::config;
use crate::upstream::tls;

/// Shakes hands and prints whom it met. Fails where the settings do not trust that one, after
/// saying how they would.
pub fn handshake(
    config: &config::Upstream,
    name: &str,
    mut stream: TcpStream,
    out: &mut impl Write,
) -> io::Result<StreamOwned<ClientConnection, TcpStream>> {
    let invalid = |fault| io::Error::new(ErrorKind::InvalidInput, fault);
    let witness = Arc::new(Witness {
        trust: tls::trust(config).map_err(invalid)?,
        verdict: Mutex::new(None),
    });
    let verifier: Arc<dyn ServerCertVerifier> = Arc::<Witness>::clone(&witness);
    let tls = Arc::new(tls::configure(verifier).map_err(invalid)?);
    let name = ServerName::try_from(name.to_owned()).map_err(io::Error::other)?;
    let mut connection = ClientConnection::new(tls, name).map_err(io::Error::other)?;
    while connection.is_handshaking() {
        let shaken = connection.complete_io(&mut stream);
        shaken.map_err(|error| told(no_handshake(config, &error)))?;
    }

    let version = connection
        .protocol_version()
        .and_then(|version| version.as_str());
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
    Ok(StreamOwned::new(connection, stream))
}

fn no_handshake(config: &config::Upstream, error: &io::Error) -> String {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    match (inner, error.kind()) {
        (Some(Error::InvalidMessage(_)), _) => {
            "the port does not speak TLS. Use the HTTPS port (8443 or 443), or write http:// in upstream.url."
                .to_owned()
        }
        (Some(fault), _) => format!(
            "the TLS handshake ended with: {fault}. Both sides need TLS 1.2 or newer with a common cipher suite."
        ),
        (None, ErrorKind::WouldBlock | ErrorKind::TimedOut) => format!(
            "the port took the connection and said nothing for {}. Is it the HTTPS port (8443 or 443)? If so, the \
             server is stuck or overburdened: look there.",
            humantime::format_duration(config.timeout)
        ),
        (None, _) => {
            "the server ended the connection during the TLS handshake. Is it the HTTPS port (8443 or 443), and does it \
             speak TLS 1.2 or newer?"
                .to_owned()
        }
    }
}

/// Says why, and prints what to set.
fn distrust(
    config: &config::Upstream,
    certificate: &CertificateDer<'_>,
    fault: &Error,
    out: &mut impl Write,
) -> io::Result<io::Error> {
    use CertificateError as Fault;

    let reason = match fault {
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
        Error::InvalidCertificate(Fault::Expired | Fault::ExpiredContext { .. }) => {
            "it has expired".to_owned()
        }
        Error::InvalidCertificate(Fault::NotValidYet | Fault::NotValidYetContext { .. }) => {
            "it is not valid yet; is the clock right?".to_owned()
        }
        Error::InvalidCertificate(
            Fault::NotValidForName | Fault::NotValidForNameContext { .. },
        ) => "its names are not the one in upstream.url".to_owned(),
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
        "the certificate is not trusted: {reason}. Pin it as said above, or name its authority with upstream.ca_bundle."
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
