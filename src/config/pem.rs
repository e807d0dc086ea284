//! PEM files: certificates, and the pair of certificate and key. The texts say which file is wrong and never quote it: it
//! may hold a key.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::{Error as Fault, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{Error, sign::CertifiedKey};
use x509_parser::parse_x509_certificate;

use super::KeyPair;

/// Reads the certificates of a file: at least one, and nothing else under that name.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .map_err(|fault| explain(path, &fault))?;
    let shown = path.display();
    if certificates.is_empty() {
        return Err(match conversion(&text) {
            Some((form, command)) => format!(
                "{shown} is not in PEM form but in that of {form}. Convert it: openssl {command} -in {shown} -out \
                 {shown}.pem"
            ),
            None => format!("{shown} holds no certificate in PEM form"),
        });
    }
    for (number, certificate) in (1..).zip(&certificates) {
        // rustls leaves out what it cannot read: nobody would be trusted, and nothing said.
        if parse_x509_certificate(certificate).is_err() {
            return Err(format!(
                "certificate {number} of {shown} is damaged: it is no X.509 certificate. Write the file anew, or leave \
                 that one out"
            ));
        }
    }
    Ok(certificates)
}

/// The form of a file with certificates that is not PEM, and how openssl makes PEM of it.
fn conversion(text: &[u8]) -> Option<(&'static str, &'static str)> {
    /// 1.2.840.113549.1.7.2, signed data.
    const PKCS_7: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

    let holds = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    let begin = text.get(..32).unwrap_or(text);
    if parse_x509_certificate(text).is_ok() {
        Some(("DER", "x509 -inform DER"))
    } else if begin.first() == Some(&0x30)
        && begin.windows(PKCS_7.len()).any(|window| window == PKCS_7)
    {
        Some(("PKCS #7 (DER)", "pkcs7 -inform DER -print_certs"))
    } else if holds(b"-----BEGIN PKCS7-----") || holds(b"-----BEGIN PKCS #7 SIGNED DATA-----") {
        Some(("PKCS #7", "pkcs7 -print_certs"))
    } else if holds(b"-----BEGIN TRUSTED CERTIFICATE-----") {
        Some(("OpenSSL's trusted certificates", "x509"))
    } else {
        None
    }
}

/// The bytes of a file. In a text there are no byte order marks, which some editors of Windows begin a file with.
fn read(path: &Path) -> Result<Vec<u8>, String> {
    let bytes =
        fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    Ok(match String::from_utf8(bytes) {
        Ok(text) => text.replace('\u{feff}', "").into_bytes(),
        Err(other) => other.into_bytes(),
    })
}

impl KeyPair {
    /// Reads the pair and checks that the two belong together. Fails with the setting that is wrong, and why.
    pub fn load(&self) -> Result<Arc<CertifiedKey>, (&'static str, String)> {
        const CERTIFICATE: &str = "server.tls.certificate";
        const KEY: &str = "server.tls.key";

        let chain = certificates(&self.certificate).map_err(|fault| (CERTIFICATE, fault))?;
        let key = key(&self.key).map_err(|fault| (KEY, fault))?;
        let (certificate, path) = (self.certificate.display(), self.key.display());
        CertifiedKey::from_der(chain, key, &ring::default_provider())
            .map(Arc::new)
            .map_err(|error| match error {
                Error::InconsistentKeys(_) => (
                    KEY,
                    format!("{path} is not the key of the first certificate in {certificate}"),
                ),
                Error::InvalidCertificate(_) => (
                    CERTIFICATE,
                    format!("the first certificate in {certificate} is none that TLS can use"),
                ),
                _ => (
                    KEY,
                    format!(
                        "{path} holds a private key of a kind that is not known here: use RSA with 2048 bits or more, \
                         ECDSA with P-256 or P-384, or Ed25519"
                    ),
                ),
            })
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(&read(path)?).map_err(|fault| match fault {
        // An encrypted key has a name of its own in PEM, which is passed over.
        Fault::NoItemsFound => {
            format!("{} holds no unencrypted private key in PEM form", path.display())
        }
        fault => explain(path, &fault),
    })
}

fn explain(path: &Path, fault: &Fault) -> String {
    let path = path.display();
    match fault {
        Fault::MissingSectionEnd { .. } => {
            format!("{path} is cut off: an END line is missing. Write the file anew")
        }
        _ => format!("{path} is damaged: a part of it is not PEM. Write the file anew"),
    }
}
