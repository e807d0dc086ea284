//! Whom the gateway believes that it is Unity Connection.

use std::fs;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use actix_web::rt;
use actix_web::rt::net::TcpListener;
use cupi_gateway::simulator::{self, Simulator, Switches, Tls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::process::Process;
use crate::raw::send;
use crate::support::{ACCOUNTS, FUNG, PASSWORD, Reply, TestGateway, ask, problem};

const LOOPBACK: &str = "127.0.0.1";

/// A server's certificate and key, and files with them.
struct Identity {
    pem: String,
    fingerprint: String,
    tls: Tls,
    _directory: TempDir,
}

impl Identity {
    fn new(pem: String, der: &[u8], key: &KeyPair) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| -> PathBuf {
            let path = directory.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let tls = Tls {
            certificate: write("certificate.pem", &pem),
            key: write("key.pem", &key.serialize_pem()),
        };
        let digest = Sha256::digest(der);
        let pairs: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
        Self { pem, fingerprint: pairs.join(":"), tls, _directory: directory }
    }

    /// One that nobody vouches for, as most Unity Connection servers have it.
    fn alone(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = params(&[LOOPBACK]);
        change(&mut params);
        let certificate = params.self_signed(&key).unwrap();
        Self::new(certificate.pem(), certificate.der(), &key)
    }
}

fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

/// A certificate authority.
struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = params(&[]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn vouch(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity::new(certificate.pem(), certificate.der(), &key)
    }

    fn pem(&self) -> String {
        self.0.pem()
    }
}

/// Starts a simulator with this identity.
fn simulate(identity: &Identity) -> Simulator {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let (simulator, server) =
        simulator::bind(address, Some(&identity.tls), Switches::default()).unwrap();
    rt::spawn(server);
    simulator
}

/// Starts a gateway before a simulator with this identity.
fn start(identity: &Identity, toml: &str) -> TestGateway<Simulator> {
    let simulator = simulate(identity);
    let url = simulator.url();
    TestGateway::before(simulator, &url, toml)
}

/// A bundle of these certificates, as a setting.
fn bundle(directory: &Path, pems: &[&str]) -> String {
    let path = directory.join("bundle.pem");
    fs::write(&path, pems.concat()).unwrap();
    format!("upstream.ca_bundle = '{}'\n", path.display())
}

fn pins(fingerprints: &[&str]) -> String {
    format!("upstream.certificate_sha256 = {fingerprints:?}\n")
}

#[track_caller]
fn assert_listed(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["total"], 2);
}

async fn assert_untrusted(gateway: &TestGateway<Simulator>) {
    let read = gateway.get(ACCOUNTS).await;
    let write = gateway.set_password("abc123").await;

    problem("upstream_untrusted", ACCOUNTS).assert(&read);
    // Nothing was sent, so that the outcome is known.
    problem("upstream_untrusted", PASSWORD).assert(&write);
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[actix_web::test]
async fn an_authority_of_the_bundle_vouches_for_names_and_dates() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("ours");
    let other = Authority::new("other");
    let trusted = bundle(directory.path(), &[&other.pem(), &authority.pem()]);
    let mut expired = params(&[LOOPBACK]);
    expired.not_after = date_time_ymd(2001, 1, 1);

    let good = start(&authority.vouch(&params(&["cuc.example.com", LOOPBACK])), &trusted);
    assert_listed(&good.get(ACCOUNTS).await);
    good.set_password("abc123").await.assert_written();

    let other_name = authority.vouch(&params(&["cuc.example.com"]));
    let no_name = authority.vouch(&params(&[]));
    let expired = authority.vouch(&expired);
    let stranger = Authority::new("ours").vouch(&params(&[LOOPBACK]));
    let alone = Identity::alone(|_| ());
    for identity in [other_name, no_name, expired, stranger, alone] {
        assert_untrusted(&start(&identity, &trusted)).await;
    }
}

#[actix_web::test]
async fn an_ipv6_address_is_a_name_like_any_other() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("ours");
    let trusted = bundle(directory.path(), &[&authority.pem()]);
    for (names, is_trusted) in [
        (["::1"], true),
        (["::2"], false),
        // The host that actix-tls is given in its place.
        (["ipv6.invalid"], false),
    ] {
        let identity = authority.vouch(&params(&names));
        let address = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
        let (simulator, server) =
            simulator::bind(address, Some(&identity.tls), Switches::default()).unwrap();
        rt::spawn(server);
        let url = simulator.url();
        let gateway = TestGateway::before(simulator, &url, &trusted);

        if is_trusted {
            assert_listed(&gateway.get(ACCOUNTS).await);
            let host = format!("[::1]:{}", gateway.upstream.address().port());
            assert_eq!(gateway.upstream.log()[0].header("host"), Some(host));
        } else {
            assert_untrusted(&gateway).await;
        }
    }
}

/// Certificates that no authority would vouch for, all of them met on real servers.
fn odd() -> Vec<Identity> {
    vec![
        Identity::alone(|_| ()),
        Identity::alone(|params| *params = self::params(&["cuc.example.com"])),
        Identity::alone(|params| *params = self::params(&[])),
        Identity::alone(|params| params.not_after = date_time_ymd(2001, 1, 1)),
        Identity::alone(|params| params.not_before = date_time_ymd(2199, 1, 1)),
        Identity::alone(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)),
        Authority::new("unknown").vouch(&params(&["cuc.example.com"])),
    ]
}

#[actix_web::test]
async fn a_pinned_certificate_is_trusted_whatever_it_says() {
    for identity in odd() {
        let openssl = identity.fingerprint.as_str();
        let plain = openssl.replace(':', "").to_lowercase();
        for fingerprint in [openssl, &plain] {
            let gateway = start(&identity, &pins(&[&"00".repeat(32), fingerprint]));

            assert_listed(&gateway.get(ACCOUNTS).await);
            gateway.set_password("abc123").await.assert_written();
        }
    }
}

#[actix_web::test]
async fn a_servers_own_certificate_in_the_bundle_is_a_pin() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("ours");
    for identity in odd() {
        let trusted = bundle(directory.path(), &[&authority.pem(), &identity.pem]);
        let gateway = start(&identity, &trusted);

        assert_listed(&gateway.get(ACCOUNTS).await);
    }
}

#[actix_web::test]
async fn another_certificate_than_the_pinned_one_is_not_trusted() {
    let pinned = Identity::alone(|_| ());
    let other = Identity::alone(|_| ());

    assert_untrusted(&start(&other, &pins(&[&pinned.fingerprint]))).await;
}

#[actix_web::test]
async fn bundle_or_pin_suffices_where_both_are_given() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("ours");
    let pinned = Identity::alone(|_| ());
    let both = bundle(directory.path(), &[&authority.pem()]) + &pins(&[&pinned.fingerprint]);

    let vouched = authority.vouch(&params(&[LOOPBACK]));

    assert_listed(&start(&vouched, &both).get(ACCOUNTS).await);
    assert_listed(&start(&pinned, &both).get(ACCOUNTS).await);
    assert_untrusted(&start(&Identity::alone(|_| ()), &both)).await;
}

#[actix_web::test]
async fn the_platforms_authorities_vouch_where_nothing_else_is_said() {
    let authority = Authority::new("platform");
    let directory = tempfile::tempdir().unwrap();
    let roots = directory.path().join("roots.pem");
    fs::write(&roots, authority.pem()).unwrap();
    let roots = ("SSL_CERT_FILE", roots.to_str().unwrap());
    let vouched = simulate(&authority.vouch(&params(&[LOOPBACK])));
    let stranger = simulate(&Identity::alone(|_| ()));
    let pin = format!(r#"["{}"]"#, "00".repeat(32));
    let pin = ("CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256", pin.as_str());

    for (simulator, environment, trusted) in [
        (&vouched, vec![roots], true),
        (&stranger, vec![roots], false),
        // A pin is there to trust that certificate alone.
        (&vouched, vec![roots, pin], false),
    ] {
        let (_process, address) = Process::serve(&simulator.url(), &environment);
        let url = format!("http://{address}{ACCOUNTS}");

        let reply = ask("GET", &url, &[FUNG], b"").await;

        if trusted {
            assert_listed(&reply);
        } else {
            problem("upstream_untrusted", ACCOUNTS).assert(&reply);
        }
    }
}

#[actix_web::test]
async fn a_server_that_does_not_speak_tls_has_done_nothing() {
    let plain = TestGateway::raw(vec![send("HTTP/1.1 204 No Content\r\n\r\n")]);
    let pin = pins(&[&"00".repeat(32)]);
    let address = plain.upstream.url().replace("http://", "https://");
    // It waits for the end of a request, which never comes.
    let silent =
        TestGateway::before((), &address, &format!("{pin}upstream.connect_timeout = '200ms'"));
    // It hangs up on whoever calls.
    let listener = TcpListener::bind((LOOPBACK, 0)).await.unwrap();
    let address = format!("https://{}", listener.local_addr().unwrap());
    rt::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    let closing = TestGateway::before((), &address, &pin);

    for gateway in [silent, closing] {
        let read = gateway.get(ACCOUNTS).await;
        let write = gateway.set_password("abc123").await;

        problem("upstream_unreachable", ACCOUNTS).assert(&read);
        problem("upstream_unreachable", PASSWORD).assert(&write);
    }
}

#[actix_web::test]
async fn faults_under_tls_are_those_without() {
    let identity = Identity::alone(|_| ());
    let gateway = start(&identity, &pins(&[&identity.fingerprint]));
    gateway.upstream.set("cut", "length").unwrap();

    let read = gateway.get(ACCOUNTS).await;

    problem("upstream_invalid_response", ACCOUNTS)
        .reason("it was cut off")
        .upstream(json!({ "status": 200 }))
        .assert(&read);
}
