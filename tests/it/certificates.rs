//! Certificates as real servers have them, which no library makes a server with: what the gateway does with them, and what
//! `check` says of them.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, CustomExtension, DnType, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, Signer, SigningKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{
    Error, ServerConfig, ServerConnection, SignatureAlgorithm, SignatureScheme, Stream,
    SupportedProtocolVersion,
};
use sha2::{Digest, Sha256};

use crate::check::{check, serve};
use crate::support::{ACCOUNTS, TestGateway, problem};

const PINS: &str = "CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256";
const BUNDLE: &str = "CUPI_GATEWAY__UPSTREAM__CA_BUNDLE";

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls").join(name)
}

fn certificate(name: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_file(fixture(name)).unwrap()
}

/// A key that signs nothing: the certificate before it is to be refused.
#[derive(Clone, Debug)]
struct Pretender(SignatureScheme, SignatureAlgorithm);

impl SigningKey for Pretender {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn Signer>> {
        offered.contains(&self.0).then(|| Box::new(self.clone()) as Box<dyn Signer>)
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.1
    }
}

impl Signer for Pretender {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, Error> {
        Ok(vec![0; 128])
    }

    fn scheme(&self) -> SignatureScheme {
        self.0
    }
}

fn signing(key: &PrivateKeyDer) -> Arc<dyn SigningKey> {
    ring::sign::any_supported_type(key).unwrap()
}

/// A server with this certificate. It wants credentials and has no accounts.
fn secure(
    certificate: &CertificateDer<'static>,
    key: &Arc<dyn SigningKey>,
    version: &'static SupportedProtocolVersion,
) -> SocketAddr {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_protocol_versions(&[version]).unwrap().with_no_client_auth();
    let pair = CertifiedKey::new(vec![certificate.clone()], Arc::clone(key));
    let config = Arc::new(config.with_cert_resolver(Arc::new(SingleCertAndKey::from(pair))));
    serve(move |mut socket| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = Stream::new(&mut connection, &mut socket);
        let mut request = [0; 4096];
        // Some handshakes are to fail.
        let Ok(length) = stream.read(&mut request) else {
            return;
        };
        let request = String::from_utf8_lossy(&request[..length]).to_lowercase();
        let answer = if request.contains("authorization:") {
            "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n<UserExternalServiceAccounts/>"
        } else {
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
        };
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

fn fingerprint(certificate: &CertificateDer) -> String {
    let digits: Vec<_> =
        Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    digits.join(":")
}

fn gateway(address: SocketAddr, pin: &str) -> TestGateway<()> {
    let toml = format!("upstream.certificate_sha256 = ['{pin}']");
    TestGateway::before((), &format!("https://{address}"), &toml)
}

/// A certificate with an extension that nobody knows and everybody must.
fn critical() -> (CertificateDer<'static>, Arc<dyn SigningKey>) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let mut extension = CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 9, 9], vec![5, 0]);
    extension.set_criticality(true);
    params.custom_extensions.push(extension);
    let certificate = params.self_signed(&key).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    (certificate.der().clone(), signing(&key))
}

/// A certificate of X.509 version 1, as old installations made it.
fn version_1() -> (CertificateDer<'static>, Arc<dyn SigningKey>) {
    let key = PrivateKeyDer::from_pem_file(fixture("version-1.key")).unwrap();
    (certificate("version-1.pem"), signing(&key))
}

#[actix_web::test]
async fn a_pin_looks_at_no_version_and_no_critical_extension() {
    for (certificate, key) in [critical(), version_1()] {
        for version in [&TLS12, &TLS13] {
            let address = secure(&certificate, &key, version);
            let pin = fingerprint(&certificate);

            let reply = gateway(address, &pin).get(ACCOUNTS).await;
            let pins = format!("[\"{pin}\"]");
            let (code, findings, fault) =
                check(&format!("https://{address}"), &[(PINS, &pins)]).await;

            assert_eq!((reply.status, &reply.json()["total"]), (200, &0.into()));
            assert_eq!((code, fault.as_str()), (0, ""), "{findings}");
            assert!(findings.contains("trust        yes\nhttp         401\n"), "{findings}");
            let tls = if version == &TLS12 { "TLS 1.2" } else { "TLS 1.3" };
            assert!(findings.contains(&format!("tls          {tls}\nsubject ")), "{findings}");
        }
    }
}

#[actix_web::test]
async fn a_pinned_certificate_without_its_key_is_not_trusted() {
    let (_, other) = critical();
    for version in [&TLS12, &TLS13] {
        let (certificate, _) = version_1();
        let address = secure(&certificate, &other, version);

        let reply = gateway(address, &fingerprint(&certificate)).get(ACCOUNTS).await;

        problem("upstream_untrusted", ACCOUNTS).assert(&reply);
    }
}

#[actix_web::test]
async fn a_key_that_cannot_be_used_is_the_reason_even_for_a_pinned_certificate() {
    let usable = "RSA with 2048 to 8192 bits, ECDSA with P-256 or P-384, or Ed25519";
    for (certificate, scheme, algorithm, reason) in [
        (
            certificate("rsa-1024.pem"),
            SignatureScheme::RSA_PSS_SHA256,
            SignatureAlgorithm::RSA,
            "its RSA key has 1024 bits",
        ),
        (
            certificate("p-521.pem"),
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureAlgorithm::ECDSA,
            "its key is ECDSA with P-521, which is not supported",
        ),
    ] {
        let key: Arc<dyn SigningKey> = Arc::new(Pretender(scheme, algorithm));
        let address = secure(&certificate, &key, &TLS13);
        let pin = fingerprint(&certificate);

        let reply = gateway(address, &pin).get(ACCOUNTS).await;
        problem("upstream_untrusted", ACCOUNTS).assert(&reply);

        let pins = format!("[\"{pin}\"]");
        for settings in [&[][..], &[(PINS, pins.as_str())]] {
            let (code, findings, fault) = check(&format!("https://{address}"), settings).await;

            let expected = format!(
                "upstream     https://{address}\naddress      {address}, connected\ntls          TLS 1.3\n\
                 subject      CN=cuc.example.com\nnames        127.0.0.1\n\
                 expires      Nov  2 01:34:53 2126 +00:00\nsha256       {pin}\ntrust        no: {reason}\n"
            );
            assert_eq!(findings, expected);
            let expected = format!(
                "cupi-gateway: the certificate is not trusted: {reason}. No setting changes that: have one with a key that \
                 can be used: {usable}.\n"
            );
            assert_eq!((code, fault), (1, expected));
        }
    }
}

#[actix_web::test]
async fn what_only_a_pin_makes_good_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let nameless = {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![]).unwrap().self_signed(&key).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (certificate.der().clone(), signing(&key))
    };
    // Somebody else's, which vouches for none of them.
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.distinguished_name.push(DnType::CommonName, "somebody else");
    let authority = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    let bundle = folder.path().join("ca.pem");
    std::fs::write(&bundle, authority.pem()).unwrap();
    let bundle = (BUNDLE, bundle.to_str().unwrap());
    for ((certificate, key), reason, instead) in [
        (critical(), "it has a critical extension that is not known here", "have one without it"),
        (
            version_1(),
            "it is of an old version of X.509, and it has no name (no subjectAltName)",
            "have one with a subjectAltName",
        ),
        (
            nameless,
            "no authority that is trusted here vouches for it, and it has no name (no subjectAltName)",
            "have one with a subjectAltName",
        ),
    ] {
        let address = secure(&certificate, &key, &TLS13);

        let (code, findings, fault) = check(&format!("https://{address}"), &[bundle]).await;

        assert!(findings.contains(&fingerprint(&certificate)), "{findings}");
        assert!(findings.contains("To trust exactly this certificate"), "{findings}");
        let expected = format!(
            "cupi-gateway: the certificate is not trusted: {reason}. Pin it as said above, or {instead}.\n"
        );
        assert_eq!((code, fault), (1, expected));
    }
}

#[actix_web::test]
async fn a_server_that_wants_another_name_is_told() {
    let address = serve(|mut socket: TcpStream| {
        let mut hello = [0; 4096];
        assert!(socket.read(&mut hello).unwrap() > 0);
        // A fatal alert: unrecognized_name.
        socket.write_all(b"\x15\x03\x03\x00\x02\x02\x70").unwrap();
    });
    for (url, expected) in [
        (
            format!("https://{address}"),
            "the server wants to be called by its name, and upstream.url has an address. Write the name in upstream.url \
             that its certificate has."
                .to_owned(),
        ),
        (
            format!("https://localhost:{}", address.port()),
            "the server does not answer to the name localhost. Write the name in upstream.url that its certificate has, or \
             have it answer to this one."
                .to_owned(),
        ),
    ] {
        let (code, _, fault) = check(&url, &[]).await;

        assert_eq!((code, fault), (1, format!("cupi-gateway: {expected}\n")));
    }
}
