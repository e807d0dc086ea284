//! The TLS side of `check`: whom it met, and whether the settings trust that.

use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;

use rustls::pki_types::CertificateDer;
use rustls::{AlertDescription, CertificateError, Error};
use url::Host;
use x509_parser::certificate::{Validity, X509Certificate};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{ParsedExtension, parse_x509_certificate};

use super::{Channel, patience, plain, told};
use crate::config;
use crate::upstream::cause::Cause;
use crate::upstream::key::{KeyFault, USABLE};
use crate::upstream::tls::fingerprint;
use crate::upstream::witness::Seen;

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

/// Prints whom the handshake met. Fails where the settings do not trust that one, after saying how they would.
pub fn met(config: &config::Upstream, seen: &Seen, out: &mut impl Write) -> io::Result<()> {
    let Some(certificate) = &seen.certificate else {
        return Ok(());
    };
    writeln!(out, "tls          {}", seen.version.unwrap_or("unknown version"))?;
    let parsed = parse_x509_certificate(certificate).ok().map(|(_, parsed)| parsed);
    if let Some(parsed) = &parsed {
        let names = names(parsed);
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        writeln!(out, "subject      {}", plain(&parsed.subject().to_string()))?;
        writeln!(out, "names        {names}")?;
        writeln!(out, "expires      {}", end(parsed.validity()))?;
    }
    writeln!(out, "sha256       {}", hex(&fingerprint(certificate)))?;
    let Some(fault) = &seen.fault else {
        return writeln!(out, "trust        yes");
    };
    let distrust = Distrust::new(config, parsed.as_ref(), fault);
    writeln!(out, "trust        no: {}", distrust.reason)?;
    if distrust.is_pinnable {
        advise_pin(certificate, out)?;
    }
    Err(told(distrust.sentence()))
}

/// Why there is no TLS, and what to do.
pub fn explain(config: &config::Upstream, cause: &Cause, seen: &Seen) -> String {
    match cause {
        Cause::Late => format!(
            "the port took the connection and ended no TLS handshake within {}. Is it the HTTPS port (8443 or 443)? If \
             so, the server is stuck or overburdened: look there.",
            patience(config)
        ),
        _ if seen.wants_certificate => format!(
            "the server ended the connection during the TLS handshake. {}",
            Channel::Mutual.advice()
        ),
        Cause::Tls(fault) => match &**fault {
            Error::InvalidMessage(_) => {
                "the port does not speak TLS. Use the HTTPS port (8443 or 443), or write http:// in upstream.url."
                    .to_owned()
            }
            Error::AlertReceived(alert) => refused(config, *alert),
            fault => format!("the TLS handshake ended with: {fault}. {COMMON}"),
        },
        Cause::NotConnected(_) | Cause::Closed | Cause::NotHttp(_) => {
            "the server ended the connection during the TLS handshake. Is it the HTTPS port (8443 or 443), and does it \
             speak TLS 1.2 or newer?"
                .to_owned()
        }
    }
}

const COMMON: &str = "Both sides need TLS 1.2 or newer with a common cipher suite, and the server a key that is RSA with \
                      2048 bits or more, ECDSA with P-256 or P-384, or Ed25519.";

fn refused(config: &config::Upstream, alert: AlertDescription) -> String {
    match (alert, config.url.host()) {
        (AlertDescription::NoApplicationProtocol, _) => {
            "the server does not speak HTTP/1.1, and the gateway speaks nothing else. Switch it on there, or use another \
             port (8443 or 443)."
                .to_owned()
        }
        (AlertDescription::UnrecognisedName, Some(Host::Domain(name))) => format!(
            "the server does not answer to the name {name}. Write the name in upstream.url that its certificate has, or \
             have it answer to this one."
        ),
        (AlertDescription::UnrecognisedName, _) => {
            "the server wants to be called by its name, and upstream.url has an address. Write the name in upstream.url \
             that its certificate has."
                .to_owned()
        }
        (alert, _) => format!("the server ended the TLS handshake with: {alert:?}. {COMMON}"),
    }
}

/// Why a certificate is not trusted, and what to do.
struct Distrust {
    reason: String,
    is_pinnable: bool,
    /// What else would help.
    instead: String,
}

impl Distrust {
    fn new(
        config: &config::Upstream,
        certificate: Option<&X509Certificate<'_>>,
        fault: &Error,
    ) -> Self {
        use CertificateError as Fault;

        let other = match fault {
            Error::InvalidCertificate(Fault::Other(other)) => Some(&other.0),
            _ => None,
        };
        if let Some(fault) = other.and_then(|other| other.downcast_ref::<KeyFault>()) {
            return Self {
                reason: fault.to_string(),
                is_pinnable: false,
                instead: format!("have one with a key that can be used: {USABLE}"),
            };
        }
        let webpki = other.and_then(|other| other.downcast_ref::<webpki::Error>());
        let mut instead = "name its authority with upstream.ca_bundle";
        let mut reason = match fault {
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
            Error::InvalidCertificate(Fault::BadSignature) => {
                "a signature on it, or that of the server, is not right".to_owned()
            }
            _ => match webpki {
                Some(webpki::Error::UnsupportedCriticalExtension) => {
                    instead = "have one without it";
                    "it has a critical extension that is not known here".to_owned()
                }
                Some(webpki::Error::UnsupportedCertVersion) => {
                    instead = "have one of version 3";
                    "it is of an old version of X.509".to_owned()
                }
                Some(webpki::Error::CaUsedAsEndEntity) => {
                    "it is self-signed, as that of most installations".to_owned()
                }
                _ => fault.to_string(),
            },
        };
        // Without a name no authority and no address makes it good.
        if certificate.is_some_and(|certificate| names(certificate).is_empty()) {
            instead = "have one with a subjectAltName";
            reason = match fault {
                Error::InvalidCertificate(
                    Fault::NotValidForName | Fault::NotValidForNameContext { .. },
                ) => "it has no name (no subjectAltName)".to_owned(),
                _ => format!("{reason}, and it has no name (no subjectAltName)"),
            };
        }
        Self { reason, is_pinnable: true, instead: instead.to_owned() }
    }

    fn sentence(&self) -> String {
        let Self { reason, instead, .. } = self;
        if self.is_pinnable {
            format!("the certificate is not trusted: {reason}. Pin it as said above, or {instead}.")
        } else {
            format!("the certificate is not trusted: {reason}. No setting changes that: {instead}.")
        }
    }
}

fn advise_pin(certificate: &CertificateDer<'_>, out: &mut impl Write) -> io::Result<()> {
    let pin = hex(&fingerprint(certificate));
    writeln!(
        out,
        "\nTo trust exactly this certificate, compare sha256 with what its administrator sees on the server, then set\n\
         \n  certificate_sha256 = [\"{pin}\"]\n\
         \nin [upstream] of the file, or\n\
         \n  CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256='[\"{pin}\"]'\n"
    )
}

/// The names of servers that a certificate is for.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extensions = certificate.extensions().iter();
    let names = extensions.filter_map(|extension| match extension.parsed_extension() {
        ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
        _ => None,
    });
    names.flatten().map(name).collect()
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
