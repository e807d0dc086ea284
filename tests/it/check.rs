//! `check`: what the person reads who has to get it to work, line by line.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use actix_web::{rt, web};
use cupi_gateway::simulator::{self, Simulator, Switches, Tls};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};
use sha2::{Digest, Sha256};

use crate::process::run;

/// Checks with these settings besides; exit code, findings without what differs between runs, and the fault.
pub async fn check(url: &str, environment: &[(&str, &str)]) -> (i32, String, String) {
    let mut all =
        vec![("CUPI_GATEWAY__UPSTREAM__URL", url), ("CUPI_GATEWAY__UPSTREAM__TIMEOUT", "30s")];
    all.extend(environment);
    let all: Vec<_> =
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    // A simulator of this test runs on.
    let running = web::block(move || {
        let all: Vec<_> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        run(&["check"], &all)
    });
    let output = running.await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let findings = text(&output.stdout);
    let findings = findings.lines().map(|line| match line.split_once("connected in ") {
        Some((before, _)) => format!("{before}connected\n"),
        None => format!("{line}\n"),
    });
    let fault = text(&output.stderr);
    (output.status.code().unwrap(), findings.collect(), fault)
}

/// A port where every connection is treated so.
pub fn serve(treat: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            treat(socket.unwrap());
        }
    });
    address
}

/// A port where every request gets these bytes.
fn say(answer: &'static str) -> SocketAddr {
    serve(move |mut socket| {
        let mut request = [0; 1024];
        assert!(socket.read(&mut request).unwrap() > 0);
        socket.write_all(answer.as_bytes()).unwrap();
    })
}

/// Makes a pair and tells its fingerprint.
fn pair(folder: &Path) -> (Tls, String) {
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "cuc.example.com".to_owned()];
    let params = CertificateParams::new(names).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let tls = Tls { certificate: folder.join("certificate.pem"), key: folder.join("key.pem") };
    fs::write(&tls.certificate, certificate.pem()).unwrap();
    fs::write(&tls.key, key.serialize_pem()).unwrap();
    let digest = Sha256::digest(certificate.der());
    let digits: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    (tls, digits.join(":"))
}

fn simulate(tls: Option<&Tls>) -> Simulator {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let (simulator, server) = simulator::bind(address, tls, Switches::default()).unwrap();
    rt::spawn(server);
    simulator
}

/// What is found of a plain server at this address.
fn found(address: SocketAddr) -> String {
    format!(
        "upstream     http://{address}\naddress      {address}, connected\n\
         tls          none: passwords travel in clear\n"
    )
}

#[actix_web::test]
async fn a_server_that_asks_for_credentials_is_reached() {
    let simulator = simulate(None);

    let (code, findings, fault) = check(&simulator.url(), &[]).await;

    let expected =
        "http         401\n\nReached: it asks for credentials, as Unity Connection does.\n";
    assert_eq!(findings, found(simulator.address()) + expected);
    assert_eq!((code, fault.as_str()), (0, ""));
    assert_eq!(simulator.log().len(), 1);
    assert_eq!(simulator.log()[0].header("authorization"), None);
}

#[actix_web::test]
async fn the_fingerprint_of_a_server_that_is_not_trusted_works_as_printed() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, pin) = pair(folder.path());
    let simulator = simulate(Some(&tls));
    let address = simulator.address();

    let (code, findings, fault) = check(&simulator.url(), &[]).await;

    let met = format!(
        "upstream     https://{address}\naddress      {address}, connected\ntls          TLS 1.3\n\
         subject      CN=rcgen self signed cert\nnames        127.0.0.1, cuc.example.com\n\
         expires      Jan  1 00:00:00 4096 +00:00\nsha256       {pin}\n"
    );
    let reason = "no authority that is trusted here vouches for it";
    let advice = format!(
        "trust        no: {reason}\n\nTo trust exactly this certificate, compare sha256 with what its administrator sees \
         on the server, then set\n\n  certificate_sha256 = [\"{pin}\"]\n\nin [upstream] of the file, or\n\n  \
         CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256='[\"{pin}\"]'\n\n"
    );
    assert_eq!(findings, met.clone() + &advice);
    let expected = format!(
        "cupi-gateway: the certificate is not trusted: {reason}. Pin it as said above, or name its authority with \
         upstream.ca_bundle.\n"
    );
    assert_eq!((code, fault), (1, expected));
    assert!(simulator.log().is_empty());

    let line = findings
        .lines()
        .find_map(|line| line.trim().strip_prefix("CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256="));
    let pasted = line.unwrap().trim_matches('\'');
    let name = "CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256";
    let (code, findings, fault) = check(&simulator.url(), &[(name, pasted)]).await;
    let reached = "trust        yes\nhttp         401\n\nReached: it asks for credentials, as Unity Connection does.\n";
    assert_eq!(findings, met + reached);
    assert_eq!((code, fault.as_str()), (0, ""));

    let wrong = format!("[\"{}\"]", "ab".repeat(32));
    let (code, findings, fault) = check(&simulator.url(), &[(name, &wrong)]).await;
    let reason = "it is not the one that upstream.certificate_sha256 names";
    assert!(findings.contains(&format!("trust        no: {reason}\n")));
    assert!(findings.contains(&format!("'[\"{pin}\"]'")));
    assert!(fault.contains(reason), "{fault}");
    assert_eq!(code, 1);
}

#[actix_web::test]
async fn the_wrong_scheme_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, _) = pair(folder.path());
    let (secure, plain) = (simulate(Some(&tls)), simulate(None));

    let to_tls = check(&format!("http://{}", secure.address()), &[]).await;
    let to_plain = check(&format!("https://{}", plain.address()), &[]).await;

    assert_eq!(to_tls.0, 1);
    assert!(to_tls.2.contains("write https:// in upstream.url"), "{}", to_tls.2);
    let line = "cupi-gateway: the port does not speak TLS. Use the HTTPS port (8443 or 443), or write http:// in \
                upstream.url.\n";
    assert_eq!((to_plain.0, to_plain.2.as_str()), (1, line));
}

#[actix_web::test]
async fn nobody_there_is_told() {
    // The port is taken and nobody listens.
    let (code, findings, fault) = check("http://127.0.0.1:1", &[]).await;
    assert_eq!(
        findings,
        "upstream     http://127.0.0.1:1\naddress      127.0.0.1:1: Connection refused (os error 111)\n"
    );
    let line = "cupi-gateway: no connection to port 1 of 127.0.0.1. Is the port right (8443 or 443), does the server run, \
                does a firewall stand between?\n";
    assert_eq!((code, fault.as_str()), (1, line));

    let (code, findings, fault) = check("https://nowhere.invalid:8443", &[]).await;
    assert_eq!(findings, "upstream     https://nowhere.invalid:8443\n");
    assert!(
        fault.starts_with("cupi-gateway: the name nowhere.invalid does not resolve ("),
        "{fault}"
    );
    assert!(fault.ends_with("). Correct upstream.url, or the DNS of this machine.\n"));
    assert_eq!(code, 1);
}

#[actix_web::test]
async fn a_server_that_is_no_unity_connection_is_told() {
    let other = "a server is there, but without credentials Unity Connection would answer 401, not";
    let is_it = "Is upstream.url that of a Unity Connection?";
    let ended = "the server ended the connection without an answer. If the port speaks TLS, write https:// in \
                 upstream.url; else use another port (8443 or 443).";
    let cases = [
        (
            "HTTP/1.1 302 Found\r\nLocation: https://login.example.com/\u{9b}31msaml\r\n\r\n",
            "http         302\n",
            "the server redirects to another host, https://login.example.com/31msaml, which is never followed. That may be \
             single sign-on: ask the administrator of Unity Connection whether it is switched on for the REST API. \
             Callers then need its tokens instead of passwords. If it is not, is upstream.url that of a Unity Connection?"
                .to_owned(),
        ),
        (
            "HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/vmrest/user\r\n\r\n",
            "http         301\n",
            "the server redirects to https://127.0.0.1/vmrest/user, which is never followed. Set upstream.url to the origin \
             that answers itself: the first part of that address."
                .to_owned(),
        ),
        (
            "HTTP/1.1 302 Found\r\nLocation: /vmrest/user/\r\n\r\n",
            "http         302\n",
            "the server redirects to /vmrest/user/, which is never followed. Set upstream.url to the origin that answers \
             itself: the first part of that address."
                .to_owned(),
        ),
        (
            "HTTP/1.1 301\r\n\r\n",
            "http         301\n",
            "the server redirects without saying where to. Set upstream.url to the origin that answers itself.".to_owned(),
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "http         404\n",
            format!("{other} 404. {is_it}"),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
            "http         200\n",
            format!("{other} 200. {is_it}"),
        ),
        (
            "HTTP/1.1 503 Busy\r\n\r\n",
            "http         503\n",
            "a server is there and busy, or still starting. Try again in some minutes. If it stays so and a balancer such \
             as HAProxy stands between, the server behind it may be down: look there."
                .to_owned(),
        ),
        (
            "HTTP/1.1 504 Gateway Time-out\r\n\r\n",
            "http         504\n",
            "a balancer is there and gets no answer from the server behind it (504). Look whether that one runs.".to_owned(),
        ),
        (
            "HTTP/1.1 500 Oh\r\n\r\n",
            "http         500\n",
            "a server is there and has trouble of its own (500). Look at its Tomcat, then try again.".to_owned(),
        ),
        (
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            "http         400\n",
            "the server does not understand the request. If the port speaks TLS, write https:// in upstream.url; else use \
             another port (8443 or 443)."
                .to_owned(),
        ),
        (
            "220 mail.example.com ESMTP\r\n",
            "",
            "the answer is not HTTP. If the port speaks TLS, write https:// in upstream.url; else use another port (8443 \
             or 443)."
                .to_owned(),
        ),
        ("", "", ended.to_owned()),
        (
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 401 No\r\n\r\n",
            "http         100\n",
            "the server sends an interim answer (100) that nobody asked for, and the gateway takes none. If the port \
             speaks TLS, write https:// in upstream.url; else use another port (8443 or 443)."
                .to_owned(),
        ),
    ];
    for (answer, line, expected) in cases {
        let address = say(answer);
        let (code, findings, fault) = check(&format!("http://{address}"), &[]).await;

        assert_eq!(findings, found(address) + line, "{answer}");
        assert_eq!(fault, format!("cupi-gateway: {expected}\n"), "{answer}");
        assert_eq!(code, 1, "{answer}");
    }
}

#[actix_web::test]
async fn a_server_that_says_nothing_is_not_waited_for() {
    const SOON: [(&str, &str); 1] = [("CUPI_GATEWAY__UPSTREAM__TIMEOUT", "700ms")];

    let silent = serve(std::mem::forget);
    let trickle = serve(|mut socket| {
        thread::spawn(move || {
            assert!(socket.write_all(b"HTTP/1.1 401 No\r\nX: ").is_ok());
            while socket.write_all(b"H").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        });
    });

    for address in [silent, trickle] {
        let (code, findings, fault) = check(&format!("http://{address}"), &SOON).await;
        let line = "cupi-gateway: the server took the request and gave no whole answer within 700ms. Is it an HTTP server? \
                    If so, it is stuck or overburdened: look there.\n";
        assert_eq!(findings, found(address));
        assert_eq!((code, fault.as_str()), (1, line));
    }
    let trickle = serve(|mut socket| {
        thread::spawn(move || {
            // The head of a long record with a ServerHello.
            let begun = socket.write_all(b"\x16\x03\x03\x3e\x80\x02");
            assert!(begun.is_ok());
            while socket.write_all(b"\0").is_ok() {
                thread::sleep(Duration::from_millis(100));
            }
        });
    });
    for address in [silent, trickle] {
        let (code, _, fault) = check(&format!("https://{address}"), &SOON).await;
        let line = "cupi-gateway: the port took the connection and ended no TLS handshake within 700ms. Is it the HTTPS \
                    port (8443 or 443)? If so, the server is stuck or overburdened: look there.\n";
        assert_eq!((code, fault.as_str()), (1, line));
    }
}

/// How a server with this pair speaks TLS.
fn secure(
    tls: &Tls,
    version: &'static SupportedProtocolVersion,
    clients: Arc<dyn ClientCertVerifier>,
) -> ServerConfig {
    let certificate = CertificateDer::from_pem_file(&tls.certificate).unwrap();
    let key = PrivateKeyDer::from_pem_file(&tls.key).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_protocol_versions(&[version]).unwrap();
    let config = config.with_client_cert_verifier(clients);
    config.with_single_cert(vec![certificate], key).unwrap()
}

/// A port that speaks TLS so, where every request gets these bytes.
fn say_securely(config: ServerConfig, answer: &'static str) -> SocketAddr {
    let config = Arc::new(config);
    serve(move |mut socket| {
        let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = rustls::Stream::new(&mut connection, &mut socket);
        let mut request = [0; 1024];
        // Some handshakes are to fail.
        if stream.read(&mut request).is_ok() {
            stream.write_all(answer.as_bytes()).unwrap();
        }
    })
}

#[actix_web::test]
async fn a_server_that_speaks_tls_and_is_no_unity_connection_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, pin) = pair(folder.path());
    let pin = format!("[\"{pin}\"]");
    let trust = ("CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256", pin.as_str());
    let clients = || {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_file(&tls.certificate).unwrap();
        roots.add(certificate).unwrap();
        let provider = Arc::new(ring::default_provider());
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
    };
    let nobody = || secure(&tls, &TLS13, WebPkiClientVerifier::no_client_auth());
    let optional = clients().allow_unauthenticated().build().unwrap();
    let old = secure(&tls, &TLS12, clients().build().unwrap());
    let new = secure(&tls, &TLS13, clients().build().unwrap());
    let mut two = nobody();
    two.alpn_protocols = vec![b"h2".to_vec()];
    let bad = "HTTP/1.1 400 Bad Request\r\n\r\n";
    let is_it = "Is upstream.url that of a Unity Connection, with its HTTPS port (8443 or 443)?";
    let wants = "It wants a certificate of its client, and the gateway has none to show: use a port that does without (8443 \
                 or 443), or have the server ask for none.";
    let (unknown, ended) = (
        "the server does not understand the request.",
        "the server ended the connection without an answer.",
    );

    for (config, answer, expected) in [
        (nobody(), bad, format!("{unknown} {is_it}")),
        (nobody(), "", format!("{ended} {is_it}")),
        (
            nobody(),
            "220 mail.example.com ESMTP\r\n",
            format!("the answer is not HTTP. {is_it}"),
        ),
        (
            secure(&tls, &TLS13, optional),
            bad,
            format!("{unknown} {wants}"),
        ),
        (new, "", format!("{ended} {wants}")),
        (
            old,
            "",
            format!("the server ended the connection during the TLS handshake. {wants}"),
        ),
        (
            two,
            "",
            "the server does not speak HTTP/1.1, and the gateway speaks nothing else. Switch it on there, or use another \
             port (8443 or 443)."
                .to_owned(),
        ),
    ] {
        let address = say_securely(config, answer);

        let (code, _, fault) = check(&format!("https://{address}"), &[trust]).await;

        assert_eq!(fault, format!("cupi-gateway: {expected}\n"));
        assert_eq!(code, 1);
    }
}

#[actix_web::test]
async fn a_certificate_that_no_authority_makes_good_gets_other_advice() {
    let folder = tempfile::tempdir().unwrap();
    let mut authority = CertificateParams::new(vec![]).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let bundle = folder.path().join("ca.pem");
    fs::write(&bundle, authority.pem()).unwrap();
    let trust = ("CUPI_GATEWAY__UPSTREAM__CA_BUNDLE", bundle.to_str().unwrap());
    let params = |name: &str| CertificateParams::new(vec![name.to_owned()]).unwrap();
    let mut expired = params("127.0.0.1");
    expired.not_after = date_time_ymd(2001, 1, 1);
    let mut early = params("127.0.0.1");
    early.not_before = date_time_ymd(3000, 1, 1);

    for (params, expected) in [
        (
            params("cuc.example.com"),
            "its names are not the one in upstream.url. Pin it as said above, or correct upstream.url.",
        ),
        (expired, "it has expired. Pin it as said above, or have it renewed."),
        (early, "it is not valid yet. Pin it as said above, or set the clock right."),
    ] {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &authority).unwrap();
        let tls = Tls {
            certificate: folder.path().join("certificate.pem"),
            key: folder.path().join("key.pem"),
        };
        fs::write(&tls.certificate, certificate.pem()).unwrap();
        fs::write(&tls.key, key.serialize_pem()).unwrap();
        let simulator = simulate(Some(&tls));

        let (code, _, fault) = check(&simulator.url(), &[trust]).await;

        let line = format!("cupi-gateway: the certificate is not trusted: {expected}\n");
        assert_eq!((code, fault), (1, line));
    }
}

#[actix_web::test]
async fn the_end_of_the_gateways_own_certificate_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let (tls, _) = pair(folder.path());
    let simulator = simulate(None);
    let own = [
        ("CUPI_GATEWAY__SERVER__TLS__CERTIFICATE", tls.certificate.to_str().unwrap()),
        ("CUPI_GATEWAY__SERVER__TLS__KEY", tls.key.to_str().unwrap()),
    ];

    let (code, findings, fault) = check(&simulator.url(), &own).await;

    let line = "server.tls   expires Jan  1 00:00:00 4096 +00:00\n";
    assert!(findings.starts_with(&format!("{line}upstream ")), "{findings}");
    assert_eq!((code, fault.as_str()), (0, ""));
}

#[actix_web::test]
async fn an_answer_that_does_not_end_is_none_as_for_the_gateway() {
    let address = serve(|mut socket| {
        socket.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 10\r\n\r\n").unwrap();
        std::mem::forget(socket);
    });
    let soon = ("CUPI_GATEWAY__UPSTREAM__TIMEOUT", "700ms");

    let (code, _, fault) = check(&format!("http://{address}"), &[soon]).await;

    assert_eq!(code, 1);
    assert!(fault.contains("gave no whole answer within 700ms"), "{fault}");
}

#[actix_web::test]
async fn faulty_settings_are_told_before_anything_is_tried() {
    let (code, findings, fault) = check("ftp://x", &[("CUPI_GATEWAY__CACHE__TTL", "soon")]).await;

    assert_eq!((code, findings.as_str()), (2, ""));
    assert_eq!(fault.lines().count(), 2, "{fault}");
}
