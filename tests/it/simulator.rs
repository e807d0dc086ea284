//! The simulator behaves as Unity Connection is known to, and as its switches say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use cupi_gateway::simulator::{Asked, Simulator, Switches, Tls, bind};
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Reply, ask, ask_by, basic};

const ACCOUNTS: &str = "/vmrest/user/externalserviceaccounts";
const FIRST: &str = "/vmrest/user/externalserviceaccounts/510eeaa6-6e85-40f3-88b3-863c2a4eec84";
const SECOND: &str = "/vmrest/user/externalserviceaccounts/75436abf-8784-450f-ac61-23a08be2c364";
const XML: (&str, &str) = ("content-type", "application/xml");

fn start() -> Simulator {
    let (simulator, server) = bind(
        SocketAddr::from(([127, 0, 0, 1], 0)),
        None,
        Switches::default(),
    )
    .unwrap();
    actix_web::rt::spawn(server);
    simulator
}

async fn call(simulator: &Simulator, method: &str, path: &str, authorization: &str) -> Reply {
    let headers = [("authorization", authorization), XML];
    ask(method, &format!("{}{path}", simulator.url()), &headers, b"").await
}

async fn fung(simulator: &Simulator, method: &str, path: &str) -> Reply {
    call(simulator, method, path, &basic("fung", "winter-2010")).await
}

/// Sends fung's GET of his accounts so many times on one connection, each when the answer before has begun, and reads
/// all bytes until the simulator closes.
async fn raw(simulator: &Simulator, times: usize) -> String {
    let authorization = basic("fung", "winter-2010");
    let mut socket = TcpStream::connect(simulator.address()).await.unwrap();
    let request = format!(
        "GET {ACCOUNTS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {authorization}\r\n\r\n"
    );
    let mut answer = Vec::new();
    for _ in 0..times {
        socket.write_all(request.as_bytes()).await.unwrap();
        socket.read_buf(&mut answer).await.unwrap();
    }
    socket.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn first_asked(simulator: &Simulator) -> Asked {
    simulator.log()[0].clone()
}

fn set(simulator: &Simulator, switches: &[(&str, &str)]) {
    for (name, value) in switches {
        simulator.set(name, value).unwrap();
    }
}

#[actix_web::test]
async fn the_guides_accounts_are_printed_as_real_servers_print() {
    let simulator = start();

    let list = fung(&simulator, "GET", ACCOUNTS).await;
    let single = fung(&simulator, "GET", SECOND).await;

    let second = "<IsEnabled>true</IsEnabled><UseServiceCredentials>>false</UseServiceCredentials>\
        <LoginType>2</LoginType><UserId>fung</UserId>\
        <ObjectId>75436abf-8784-450f-ac61-23a08be2c364</ObjectId><DisplayName>Exchange2K7</DisplayName>";
    let prolog = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
    assert_eq!(
        list.text(),
        format!(
            "{prolog}<UserExternalServiceAccounts><UserExternalServiceAccount><URI>{FIRST}</URI>\
             <IsEnabled>true</IsEnabled><UseServiceCredentials>true</UseServiceCredentials><LoginType>0</LoginType>\
             <ObjectId>510eeaa6-6e85-40f3-88b3-863c2a4eec84</ObjectId><DisplayName>Exchange2K3</DisplayName>\
             </UserExternalServiceAccount><UserExternalServiceAccount><URI>{SECOND}</URI>{second}\
             </UserExternalServiceAccount></UserExternalServiceAccounts>"
        )
    );
    assert_eq!(
        single.text(),
        format!("{prolog}<UserExternalServiceAccount>{second}</UserExternalServiceAccount>")
    );
    assert_eq!(
        (list.status, list.header("content-type")),
        (200, Some("application/xml"))
    );
    assert_eq!(list.header("server"), Some(""));
}

#[actix_web::test]
async fn everybody_listed_can_sign_in_and_sees_what_is_his() {
    let simulator = start();
    let counts = [
        ("fung", 2),
        ("nadia", 0),
        ("otto", 1),
        ("mira", 40),
        ("eva", 3),
        ("person01", 2),
    ];
    assert_eq!(Simulator::sign_ins().len(), counts.len());

    for (alias, password, _) in Simulator::sign_ins() {
        let list = call(&simulator, "GET", ACCOUNTS, &basic(alias, password)).await;
        let user = call(&simulator, "GET", "/vmrest/user", &basic(alias, password)).await;

        let count = list.text().matches("<UserExternalServiceAccount>").count();
        assert!(counts.contains(&(alias, count)), "{alias} has {count}");
        assert!(user.text().contains(&format!("<Alias>{alias}</Alias>")));
    }
}

#[actix_web::test]
async fn the_24_people_of_the_load_test_see_their_own_accounts_only() {
    let simulator = start();

    for number in 1..=24 {
        let alias = format!("person{number:02}");
        let authorization = basic(&alias, &format!("secret-{number:02}"));
        let list = call(&simulator, "GET", ACCOUNTS, &authorization)
            .await
            .text();

        assert_eq!(list.matches("person").count(), list.matches(&alias).count());
        assert!(list.matches(&alias).count() >= 2, "{list}");
    }
}

#[actix_web::test]
async fn names_are_escaped() {
    let simulator = start();

    let list = call(
        &simulator,
        "GET",
        ACCOUNTS,
        &basic("eva", "pass:wörd 😀&%+"),
    )
    .await;

    assert!(
        list.text()
            .contains("R&amp;D &lt;EMEA&gt; &quot;x&quot; é 😀</DisplayName>")
    );
    assert!(list.text().contains("<DisplayName></DisplayName>"));
}

#[actix_web::test]
async fn a_password_is_stored_as_it_was_meant_unless_service_credentials_are_used() {
    let simulator = start();
    let query = "?password=a%26b%3Dc%2Bd%25e%23f%20g%C3%A9%F0%9F%98%80";

    let set = fung(&simulator, "PUT", &format!("{SECOND}{query}")).await;
    let refused = fung(&simulator, "PUT", &format!("{FIRST}{query}")).await;
    let without = fung(&simulator, "PUT", SECOND).await;

    assert_eq!((set.status, set.text().as_str()), (204, ""));
    let password = |id| simulator.account_password("fung", id);
    assert_eq!(
        password("75436abf-8784-450f-ac61-23a08be2c364").unwrap(),
        "a&b=c+d%e#f gé😀"
    );
    assert_eq!(password("510eeaa6-6e85-40f3-88b3-863c2a4eec84"), None);
    assert_eq!((refused.status, without.status), (400, 400));
    assert!(
        refused
            .text()
            .contains("<ErrorDetails><errors><code>INVALID_PARAMETER</code><message>")
    );
}

#[actix_web::test]
async fn what_is_not_there_or_not_allowed_is_refused() {
    let simulator = start();
    let unknown = format!("{ACCOUNTS}/00000000-0000-4000-8000-000000000000");
    let malformed = format!("{ACCOUNTS}/1234567890");
    let cases = [
        ("GET", "/vmrest/nope", 404, None),
        ("GET", "/vmrest/user/nope", 404, None),
        ("GET", &unknown, 404, None),
        ("GET", &malformed, 404, None),
        ("GET", "/vmrest/users", 403, None),
        ("GET", "/vmrest/configurationvalues/x", 403, None),
        ("DELETE", SECOND, 405, Some("GET, PUT")),
        ("POST", ACCOUNTS, 405, Some("GET")),
        ("PUT", "/vmrest/user", 405, Some("GET")),
    ];

    for (method, path, status, allow) in cases {
        let refused = fung(&simulator, method, path).await;

        assert_eq!(
            (refused.status, refused.header("allow")),
            (status, allow),
            "{method} {path}"
        );
        assert_eq!(refused.header("content-type"), Some("application/xml"));
        assert!(
            refused.text().contains("<ErrorDetails><errors><code>"),
            "{path}"
        );
    }
}

#[actix_web::test]
async fn a_write_without_a_content_type_is_415() {
    let simulator = start();
    let url = format!("{}{SECOND}?password=x", simulator.url());
    let authorization = basic("fung", "winter-2010");

    for headers in [
        vec![("authorization", authorization.as_str())],
        vec![
            ("authorization", &authorization),
            ("content-type", "text/plain"),
        ],
    ] {
        let refused = ask("PUT", &url, &headers, b"").await;

        assert_eq!(
            (refused.status, refused.header("content-type")),
            (415, Some("text/html;charset=utf-8"))
        );
    }
}

#[actix_web::test]
async fn without_a_right_sign_in_the_container_answers() {
    let simulator = start();

    for authorization in [
        basic("fung", "wrong"),
        basic("nobody", "wrong"),
        "Bearer token-nobody".to_owned(),
        "Bearer fung".to_owned(),
        "Digest x".to_owned(),
        "Basic !".to_owned(),
    ] {
        let refused = call(&simulator, "GET", "/vmrest/user", &authorization).await;

        assert_eq!(refused.status, 401, "{authorization}");
        assert_eq!(
            refused.header("www-authenticate"),
            Some(r#"Basic realm="Cisco Web Services Realm""#)
        );
        assert_eq!(
            refused.header("content-type"),
            Some("text/html;charset=utf-8")
        );
        assert!(refused.text().starts_with("<html>"));
    }
    let token = call(&simulator, "GET", "/vmrest/user", "Bearer token-fung").await;
    assert!(token.text().contains("<Alias>fung</Alias>"));
}

#[actix_web::test]
async fn three_failures_lock_a_person_out_and_nobody_else() {
    let simulator = start();
    let wrong = basic("fung", "wrong");

    for _ in 0..3 {
        assert!(!simulator.is_locked("fung"));
        call(&simulator, "GET", "/vmrest/user", &wrong).await;
    }

    assert!(simulator.is_locked("fung"));
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 401);
    assert_eq!(simulator.failed_sign_ins("fung"), 4);
    let other = call(
        &simulator,
        "GET",
        "/vmrest/user",
        &basic("otto", "single-malt"),
    )
    .await;
    assert_eq!(other.status, 200);
    simulator.unlock("fung");
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);
}

#[actix_web::test]
async fn a_lock_out_ends_and_failures_are_forgotten() {
    let simulator = start();
    let wrong = basic("fung", "wrong");

    set(&simulator, &[("lockout", "1"), ("lockout_time", "1ns")]);
    call(&simulator, "GET", "/vmrest/user", &wrong).await;
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);

    set(
        &simulator,
        &[
            ("lockout", "2"),
            ("lockout_time", "0s"),
            ("hack_reset", "1ns"),
        ],
    );
    for _ in 0..4 {
        call(&simulator, "GET", "/vmrest/user", &wrong).await;
    }
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);

    set(&simulator, &[("hack_reset", "30m"), ("lockout", "off")]);
    for _ in 0..4 {
        call(&simulator, "GET", "/vmrest/user", &wrong).await;
    }
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);
}

#[actix_web::test]
async fn switches_change_how_documents_are_spelled() {
    let simulator = start();
    let cases = [
        (
            "fung",
            "flags",
            "capital",
            "<UseServiceCredentials>>False</UseServiceCredentials>",
        ),
        (
            "fung",
            "flags",
            "digits",
            "<IsEnabled>1</IsEnabled><UseServiceCredentials>>0<",
        ),
        (
            "fung",
            "padding",
            "on",
            "<DisplayName> Exchange2K7 </DisplayName>",
        ),
        (
            "fung",
            "total",
            "present",
            r#"<UserExternalServiceAccounts total="2">"#,
        ),
        (
            "nadia",
            "total",
            "present",
            r#"<UserExternalServiceAccounts total="0"/>"#,
        ),
        (
            "nadia",
            "total",
            "missing",
            "<UserExternalServiceAccounts/>",
        ),
        (
            "otto",
            "bare_root",
            "on",
            r#"standalone="yes"?><UserExternalServiceAccount><URI>"#,
        ),
        ("otto", "document", "<X/>", "<X/>"),
        (
            "otto",
            "framing",
            "chunked",
            "</UserExternalServiceAccounts>",
        ),
    ];
    for (alias, name, value, text) in cases {
        let simulator = start();
        simulator.set(name, value).unwrap();

        let token = format!("Bearer token-{alias}");
        let list = call(&simulator, "GET", ACCOUNTS, &token).await.text();

        assert!(list.contains(text), "{name}={value}: {list}");
    }
    set(&simulator, &[("many", "10000")]);
    let list = call(&simulator, "GET", ACCOUNTS, "Bearer token-mira").await;
    assert_eq!(list.text().matches("<URI>").count(), 10_000);
}

#[actix_web::test]
async fn switches_change_how_refusals_look() {
    let malformed = format!("{ACCOUNTS}/1");
    let cases = [
        (
            "error_body",
            "several",
            "/vmrest/users",
            403,
            "</errors><errors><code>SECOND</code>",
        ),
        ("error_body", "html", "/vmrest/users", 403, "<html>"),
        ("error_body", "empty", "/vmrest/users", 403, ""),
        ("malformed_id", "400", &malformed, 400, "<ErrorDetails>"),
        ("forbidden", "401", "/vmrest/users", 401, "<html>"),
        ("not_permitted", ACCOUNTS, SECOND, 401, "<html>"),
        ("status", "500", "/vmrest/user", 500, "<ErrorDetails>"),
        ("status", "503", "/nope", 503, "<html>"),
        ("redirect", "on", "/vmrest/user", 302, "<html>"),
    ];

    for (name, value, path, status, text) in cases {
        let simulator = start();
        simulator.set(name, value).unwrap();

        let refused = fung(&simulator, "GET", path).await;

        assert_eq!(refused.status, status, "{name}={value}");
        assert!(
            refused.text().contains(text),
            "{name}={value}: {}",
            refused.text()
        );
        assert_eq!(refused.text().is_empty(), text.is_empty());
        assert_eq!(simulator.failed_sign_ins("fung"), 0);
    }
}

#[actix_web::test]
async fn a_redirect_leads_to_https_and_a_header_can_be_added() {
    let simulator = start();
    set(
        &simulator,
        &[("redirect", "on"), ("header", "Content-Encoding: gzip")],
    );

    let moved = fung(&simulator, "GET", "/vmrest/user?a=b").await;

    assert_eq!(
        moved.header("location"),
        Some("https://localhost:8443/vmrest/user?a=b")
    );
    assert_eq!(moved.header("content-encoding"), Some("gzip"));
}

#[actix_web::test]
async fn a_cut_body_ends_without_what_was_promised() {
    let simulator = start();
    let whole = fung(&simulator, "GET", ACCOUNTS).await.body.len();

    simulator.set("cut", "length").unwrap();
    let answer = raw(&simulator, 1).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {whole}")), "{head}");
    assert_eq!(body.len(), whole / 2);

    simulator.set("cut", "chunked").unwrap();
    let answer = raw(&simulator, 1).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(
        head.contains("transfer-encoding: chunked") && !head.contains("content-length"),
        "{head}"
    );
    let (promise, part) = body.split_once("\r\n").unwrap();
    assert_eq!(usize::from_str_radix(promise, 16).unwrap(), whole);
    assert_eq!(part.len(), whole / 2);
}

#[actix_web::test]
async fn a_stalled_answer_goes_on_when_the_switch_is_turned_off() {
    let simulator = start();
    let whole = fung(&simulator, "GET", ACCOUNTS).await.text();

    for stall in ["head", "body"] {
        simulator.clear_log();
        simulator.set("stall", stall).unwrap();
        let asking = simulator.clone();
        let asked = actix_web::rt::spawn(async move { fung(&asking, "GET", ACCOUNTS).await });
        let status = if stall == "head" { 0 } else { 200 };
        while simulator.log().first().map(|asked| asked.status) != Some(status) {
            tokio::task::yield_now().await;
        }
        assert!(!asked.is_finished());

        simulator.set("stall", "off").unwrap();

        assert_eq!(asked.await.unwrap().text(), whole);
        fung(&simulator, "GET", "/nope").await;
        assert_eq!(simulator.log()[1].in_flight_when_begun, 1);
    }
}

#[actix_web::test]
async fn what_was_asked_is_done_before_a_slow_answer() {
    let simulator = start();
    set(&simulator, &[("stall", "head")]);
    let asking = simulator.clone();

    let asked =
        actix_web::rt::spawn(
            async move { fung(&asking, "PUT", &format!("{SECOND}?password=x")).await },
        );
    while simulator
        .account_password("fung", "75436abf-8784-450f-ac61-23a08be2c364")
        .is_none()
    {
        tokio::task::yield_now().await;
    }

    assert_eq!(first_asked(&simulator).status, 0);
    set(&simulator, &[("stall", "off"), ("delay", "1ms")]);
    assert_eq!(asked.await.unwrap().status, 204);
}

#[actix_web::test]
async fn the_log_tells_what_was_asked() {
    let simulator = start();
    let headers = [("authorization", "Bearer token-fung"), ("x-test", "é")];
    let url = format!("{}{SECOND}?password=%2B&x", simulator.url());

    ask("PUT", &url, &headers, b"<A/>").await;

    assert_eq!(simulator.log().len(), 1);
    let asked = first_asked(&simulator);
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("PUT", SECOND)
    );
    assert_eq!(asked.query.as_deref(), Some("password=%2B&x"));
    assert_eq!(asked.header("x-test").as_deref(), Some("é"));
    assert_eq!(
        (asked.body.as_ref(), asked.alias.as_deref()),
        (&b"<A/>"[..], Some("fung"))
    );
    assert_eq!((asked.status, asked.in_flight_when_begun), (415, 1));
    assert!(asked.peer.is_some());
    simulator.clear_log();
    assert!(simulator.log().is_empty());
}

#[actix_web::test]
async fn objects_can_be_put_in_place() {
    let simulator = start();
    let id = "00000000-0000-4000-8000-000000000000";

    let account = vec![("ObjectId", id), ("DisplayName", "a\rb")];
    simulator
        .set_objects("nadia", "externalserviceaccounts", &[account])
        .unwrap();

    let single = call(
        &simulator,
        "GET",
        &format!("{ACCOUNTS}/{id}"),
        "Bearer token-nadia",
    )
    .await;
    assert!(single.text().ends_with(&format!(
        "<UserExternalServiceAccount><ObjectId>{id}</ObjectId><DisplayName>a&#13;b</DisplayName></UserExternalServiceAccount>"
    )));
    let unknown = vec![("Nope", "")];
    let fault = simulator.set_objects("nadia", "externalserviceaccounts", &[unknown]);
    assert_eq!(
        fault.unwrap_err(),
        "externalserviceaccounts has no element Nope."
    );
}

#[test]
fn a_wrong_switch_or_value_is_told_with_those_that_there_are() {
    let cases = [
        (
            "flag",
            "lower",
            "There is no switch `flag`; there are: total, bare_root, flags, ",
        ),
        (
            "flags",
            "upper",
            "The switch `flags` takes lower, capital, digits, not `upper`.",
        ),
        (
            "forbidden",
            "200",
            "The switch `forbidden` takes 400, 401, 403, 404, not `200`.",
        ),
        (
            "status",
            "99",
            "The switch `status` takes off or a status from 200 to 599, not `99`.",
        ),
        (
            "delay",
            "soon",
            "The switch `delay` takes a duration such as 50ms, 20s or 30m, not `soon`.",
        ),
        (
            "lockout",
            "-1",
            "The switch `lockout` takes off or a number, not `-1`.",
        ),
        (
            "header",
            "x",
            "The switch `header` takes off or `Name: value`, not `x`.",
        ),
    ];

    for (name, value, sentence) in cases {
        let fault = Switches::default().set(name, value).unwrap_err();

        assert!(fault.starts_with(sentence), "{fault}");
    }
}

#[actix_web::test]
async fn it_serves_https() {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls {
        certificate: folder.path().join("certificate.pem"),
        key: folder.path().join("key.pem"),
    };
    std::fs::write(&tls.certificate, made.cert.pem()).unwrap();
    std::fs::write(&tls.key, made.signing_key.serialize_pem()).unwrap();
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let (simulator, server) = bind(address, Some(&tls), Switches::default()).unwrap();
    actix_web::rt::spawn(server);

    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(rustls::pki_types::CertificateDer::from_pem_file(&tls.certificate).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = awc::Connector::new().rustls_0_23(Arc::new(config));
    let client = awc::Client::builder().connector(connector).finish();
    let url = format!(
        "https://localhost:{}/vmrest/user",
        simulator.address().port()
    );
    let user = ask_by(
        &client,
        "GET",
        &url,
        &[("authorization", "Bearer token-fung")],
        b"",
    )
    .await;

    assert_eq!(user.status, 200);
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let fault = simulator.set("close", "every:1").unwrap_err();
    assert_eq!(fault, "The switch `close` works without TLS only.");
}

#[test]
fn files_that_hold_no_certificate_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let tls = Tls {
        certificate: folder.path().join("none.pem"),
        key: folder.path().join("none.pem"),
    };

    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let fault = bind(address, Some(&tls), Switches::default())
        .err()
        .unwrap();

    assert!(fault.to_string().contains("none.pem: "), "{fault}");
}

/// The cookies that an answer sets, as a client sends them back.
fn cookies(answer: &Reply) -> String {
    let set = answer
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie");
    let pairs = set.map(|(_, cookie)| cookie.split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

async fn with_cookies(simulator: &Simulator, authorization: &str, cookies: &str) -> Reply {
    let headers = [("authorization", authorization), ("cookie", cookies)];
    ask(
        "GET",
        &format!("{}/vmrest/user", simulator.url()),
        &headers,
        b"",
    )
    .await
}

#[actix_web::test]
async fn session_cookies_look_as_in_their_time() {
    let eras: [(&str, &[(&str, &str)]); 4] = [
        ("off", &[]),
        (
            "2010",
            &[("JSESSIONIDSSO", "Path=/"), ("JSESSIONID", "Path=/vmrest")],
        ),
        (
            "2012",
            &[
                ("JSESSIONIDSSO", "Path=/; Secure"),
                ("JSESSIONID", "Path=/vmrest; Secure"),
            ],
        ),
        (
            "2015",
            &[
                ("JSESSIONIDSSO", "Path=/; Secure; HttpOnly"),
                ("JSESSIONID", "Path=/vmrest/; Secure; HttpOnly"),
                ("REQUEST_TOKEN_KEY", "Path=/; Secure; HttpOnly"),
            ],
        ),
    ];

    for (era, expected) in eras {
        let simulator = start();
        simulator.set("cookies", era).unwrap();

        for path in ["/vmrest/user", "/vmrest/users"] {
            let answer = fung(&simulator, "GET", path).await;

            let set = answer
                .headers
                .iter()
                .filter(|(name, _)| name == "set-cookie");
            let seen: Vec<_> = set
                .map(|(_, cookie)| {
                    let (pair, attributes) = cookie.split_once("; ").unwrap();
                    let (name, value) = pair.split_once('=').unwrap();
                    assert!(value.len() == 32 || value.parse::<i64>().is_ok(), "{value}");
                    (name, attributes)
                })
                .collect();
            assert_eq!(seen, expected, "{era} {path}");
            let options = (era == "2015").then_some("SAMEORIGIN");
            assert_eq!(answer.header("x-frame-options"), options);
        }
    }
}

#[actix_web::test]
async fn a_session_spares_the_sign_in_of_those_who_opened_it() {
    let simulator = start();
    let right = basic("fung", "winter-2010");
    let first = with_cookies(&simulator, &right, "").await;
    let session = cookies(&first);
    simulator.clear_log();

    let again = with_cookies(&simulator, &right, &session).await;

    assert_eq!((again.status, cookies(&again).as_str()), (200, ""));
    assert_eq!(simulator.sign_ins_done("fung"), 1);
    assert_eq!(first_asked(&simulator).session_of.as_deref(), Some("fung"));

    let wrong = with_cookies(&simulator, &basic("fung", "wrong"), &session).await;
    assert_eq!((wrong.status, simulator.failed_sign_ins("fung")), (401, 1));

    simulator.set("session_ttl", "0s").unwrap();
    let late = with_cookies(&simulator, &right, &session).await;
    assert_ne!(cookies(&late), "");
    assert_eq!(simulator.sign_ins_done("fung"), 2);
}

#[actix_web::test]
async fn a_foreign_session_shows_nothing_of_its_owner_but_is_seen() {
    let simulator = start();
    let session = cookies(&fung(&simulator, "GET", "/vmrest/user").await);
    simulator.clear_log();

    let answer = with_cookies(&simulator, &basic("otto", "single-malt"), &session).await;

    assert!(answer.text().contains("<Alias>otto</Alias>"));
    assert_ne!(cookies(&answer), "");
    let asked = first_asked(&simulator);
    assert_eq!(
        (asked.alias.as_deref(), asked.session_of.as_deref()),
        (Some("otto"), Some("fung"))
    );
    assert_eq!(simulator.sign_ins_done("otto"), 1);
}

#[actix_web::test]
async fn a_changed_password_ends_sessions_and_the_old_one() {
    let simulator = start();
    let old = basic("fung", "winter-2010");
    let session = cookies(&with_cookies(&simulator, &old, "").await);

    simulator.set_password("fung", "spring").unwrap();

    assert_eq!(with_cookies(&simulator, &old, &session).await.status, 401);
    assert_eq!(
        with_cookies(&simulator, &basic("fung", "spring"), &session)
            .await
            .status,
        200
    );
    assert_eq!(
        simulator.set_password("nobody", "x").unwrap_err(),
        "There is no nobody."
    );
}

#[actix_web::test]
async fn requests_beyond_the_throttle_wait_in_line() {
    let simulator = start();
    set(&simulator, &[("throttle", "1"), ("work", "5ms")]);

    let ask = |_| {
        let simulator = simulator.clone();
        actix_web::rt::spawn(async move { fung(&simulator, "GET", "/vmrest/user").await })
    };
    let tasks: Vec<_> = (0..6).map(ask).collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().status, 200);
    }

    let log = simulator.log();
    assert!(log.is_sorted_by_key(|asked| asked.answered_at.unwrap()));
    for (before, asked) in (1..).zip(&log) {
        let since = asked.answered_at.unwrap() - log[0].at;
        assert!(since >= before * Duration::from_millis(5), "{since:?}");
    }
}

#[actix_web::test]
async fn a_full_queue_and_a_long_wait_are_503() {
    for (name, value) in [("throttle_queue", "0"), ("throttle_wait", "1ms")] {
        let simulator = start();
        set(
            &simulator,
            &[("throttle", "1"), ("work", "1h"), (name, value)],
        );
        let asking = simulator.clone();
        actix_web::rt::spawn(async move { fung(&asking, "GET", "/vmrest/user").await });
        while simulator.log().is_empty() {
            tokio::task::yield_now().await;
        }

        let busy = fung(&simulator, "GET", "/vmrest/user").await;

        assert_eq!(
            (busy.status, busy.header("content-type")),
            (503, Some("text/html;charset=utf-8"))
        );
        assert!(busy.text().contains("The server is busy."));
        assert_eq!(simulator.most_in_flight(), 2);
        simulator.set("throttle", "off").unwrap();
        simulator.set("work", "0s").unwrap();
        assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);
    }
}

#[actix_web::test]
async fn connections_are_closed_without_a_word() {
    let cases = [
        ("every:1", 1),
        ("every:2", 2),
        ("idle:1ms", 1),
        ("unread:reused", 2),
        ("unread", 1),
    ];

    for (close, requests) in cases {
        let simulator = start();
        set(&simulator, &[("close", close)]);

        let answers = raw(&simulator, requests).await;

        let answered = if close.starts_with("unread") {
            requests - 1
        } else {
            requests
        };
        assert_eq!(
            answers.matches("HTTP/1.1 200 OK").count(),
            answered,
            "{close}"
        );
        assert_eq!(
            answers.matches("</UserExternalServiceAccounts>").count(),
            answered,
            "{close}"
        );
        assert!(!answers.contains("connection: "), "{answers}");
        let log = simulator.log();
        assert_eq!(log.len(), requests);
        assert_eq!(
            log.iter().filter(|asked| asked.status == 200).count(),
            answered
        );
    }
}

#[actix_web::test]
async fn an_answer_is_whole_before_its_connection_closes() {
    let simulator = start();
    let text = "x".repeat(10_000_000);
    set(&simulator, &[("close", "every:1"), ("document", &text)]);

    let answer = raw(&simulator, 1).await;

    assert!(answer.ends_with(&text));
}

#[actix_web::test]
async fn what_is_read_but_not_answered_has_no_effect() {
    let simulator = start();
    set(&simulator, &[("close", "unread")]);
    let mut socket = TcpStream::connect(simulator.address()).await.unwrap();
    let request = format!(
        "PUT {SECOND}?password=x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer token-fung\r\n\
         Content-Type: application/xml\r\nContent-Length: 0\r\n\r\n"
    );

    socket.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).await.unwrap();

    assert_eq!((answer.len(), simulator.log().len()), (0, 1));
    let password = simulator.account_password("fung", "75436abf-8784-450f-ac61-23a08be2c364");
    assert_eq!(password, None);
}

const DEVICES: &str = "/vmrest/user/alternatedevices";
const PROLOG: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
/// The first device of fung, which the administrator defined, and the third, his own.
const GIVEN: &str = "/vmrest/user/alternatedevices/00000064-de71-4000-8000-000000000001";
const OWN: &str = "/vmrest/user/alternatedevices/00000064-de71-4000-8000-000000000003";
/// What fung creates first.
const CREATED: &str = "/vmrest/user/alternatedevices/00000064-c0de-4000-8000-000000000001";

async fn send(simulator: &Simulator, method: &str, path: &str, body: &str) -> Reply {
    let headers = [("authorization", "Bearer token-fung"), XML];
    ask(
        method,
        &format!("{}{path}", simulator.url()),
        &headers,
        body.as_bytes(),
    )
    .await
}

#[actix_web::test]
async fn a_device_is_created_read_changed_and_deleted() {
    let simulator = start();
    let body = "<AlternateDevice><DisplayName> A &amp; &lt;B&gt; &#233; <![CDATA[<]]></DisplayName>\
                <DtmfAccessId>0044207946</DtmfAccessId></AlternateDevice>";

    let created = send(&simulator, "POST", DEVICES, body).await;
    let read = send(&simulator, "GET", CREATED, "").await;

    assert_eq!((created.status, created.text().as_str()), (201, CREATED));
    let location = format!("https://localhost:8443{CREATED}");
    assert_eq!(created.header("location"), Some(location.as_str()));
    assert_eq!(
        read.text(),
        format!(
            "{PROLOG}<AlternateDevice><ObjectId>00000064-c0de-4000-8000-000000000001</ObjectId>\
             <DisplayName> A &amp; &lt;B&gt; é &lt;</DisplayName><DtmfAccessId>0044207946</DtmfAccessId>\
             <UserDefined>true</UserDefined></AlternateDevice>"
        )
    );

    let body = "<AlternateDevice><DisplayName>Flat</DisplayName><UserDefined>false</UserDefined><New>x<A/></New>\
                </AlternateDevice>";
    let changed = send(&simulator, "PUT", CREATED, body).await;
    let list = send(
        &simulator,
        "GET",
        &format!("{DEVICES}?userDefined=true"),
        "",
    )
    .await;

    assert_eq!((changed.status, changed.text().as_str()), (204, ""));
    assert!(list.text().ends_with(&format!(
        "<AlternateDevice><URI>{CREATED}</URI><ObjectId>00000064-c0de-4000-8000-000000000001</ObjectId>\
         <DisplayName>Flat</DisplayName><DtmfAccessId>0044207946</DtmfAccessId>\
         <UserDefined>true</UserDefined></AlternateDevice></AlternateDevices>"
    )));

    assert_eq!(send(&simulator, "DELETE", CREATED, "").await.status, 204);
    assert_eq!(send(&simulator, "GET", CREATED, "").await.status, 404);
}

#[actix_web::test]
async fn devices_can_be_listed_by_who_defined_them() {
    let simulator = start();

    for (query, count) in [("", 3), ("?userDefined=true", 1), ("?userDefined=false", 2)] {
        let list = send(&simulator, "GET", &format!("{DEVICES}{query}"), "")
            .await
            .text();

        assert_eq!(list.matches("<AlternateDevice>").count(), count, "{query}");
        assert!(
            list.contains(&format!(r#"<AlternateDevices total="{count}">"#)),
            "{list}"
        );
    }
}

#[actix_web::test]
async fn what_the_administrator_defined_cannot_be_written() {
    let simulator = start();
    let body = "<AlternateDevice><DisplayName>Mine</DisplayName></AlternateDevice>";
    let before = send(&simulator, "GET", DEVICES, "").await.text();

    for status in [403, 400] {
        simulator.set("refused_write", &status.to_string()).unwrap();
        for method in ["PUT", "DELETE"] {
            let refused = send(&simulator, method, GIVEN, body).await;

            assert_eq!(refused.status, status);
            assert!(
                refused
                    .text()
                    .contains("<ErrorDetails><errors><code>FORBIDDEN</code>")
            );
        }
    }

    assert_eq!(send(&simulator, "GET", DEVICES, "").await.text(), before);
    assert_eq!(send(&simulator, "PUT", OWN, body).await.status, 204);
}

#[actix_web::test]
async fn at_most_five_devices_are_ones_own_and_none_is_there_twice() {
    let simulator = start();
    let device = |number| {
        format!("<AlternateDevice><DtmfAccessId>{number}</DtmfAccessId></AlternateDevice>")
    };

    for number in 1..=4 {
        assert_eq!(
            send(&simulator, "POST", DEVICES, &device(number))
                .await
                .status,
            201
        );
    }
    let sixth = send(&simulator, "POST", DEVICES, &device(5)).await;
    let twice = send(&simulator, "POST", DEVICES, &device(4)).await;
    let other = send(&simulator, "PUT", OWN, &device(4)).await;
    let same = send(&simulator, "PUT", CREATED, &device(1)).await;

    assert!(sixth.status == 400 && sixth.text().contains("<code>LIMIT_EXCEEDED</code>"));
    assert!(twice.status == 400 && twice.text().contains("<code>DUPLICATE</code>"));
    assert!(other.status == 400 && other.text().contains("<code>DUPLICATE</code>"));
    assert_eq!(same.status, 204);
}

#[actix_web::test]
async fn a_document_that_is_not_well_formed_or_not_allowed_is_refused() {
    let long = format!(
        "<AlternateDevice><DtmfAccessId>{}</DtmfAccessId></AlternateDevice>",
        "1".repeat(41)
    );
    let whole = "<AlternateDevice><DtmfAccessId>1</DtmfAccessId></AlternateDevice>";
    let twice = format!("{whole}{whole}");
    let wrapped = format!("<!DOCTYPE x>{whole}");
    let trailing = format!("{whole}x");
    let malformed = [
        "",
        "{}",
        "<AlternateDevice>",
        "<AlternateDevice/",
        "<AlternateDevice><DtmfAccessId>1</AlternateDevice>",
        "<Other><DtmfAccessId>1</DtmfAccessId></Other>",
        "<AlternateDevice>x<DtmfAccessId>1</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId a=b>1</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>1 & 2</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>&eacute;</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>&#0;</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>&#1;</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>\u{1}</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>]]></DtmfAccessId></AlternateDevice>",
        &twice,
        &wrapped,
        &trailing,
    ];
    let refused = [
        (
            "<AlternateDevice><DisplayName>x</DisplayName></AlternateDevice>",
            "MISSING_PARAMETER",
        ),
        (
            "<AlternateDevice><DtmfAccessId/></AlternateDevice>",
            "INVALID_PARAMETER",
        ),
        (long.as_str(), "INVALID_PARAMETER"),
    ];
    let simulator = start();
    let before = send(&simulator, "GET", DEVICES, "").await.text();

    let malformed = malformed.map(|body| (body, "MALFORMED_DOCUMENT"));
    for (body, code) in malformed.into_iter().chain(refused) {
        let answer = send(&simulator, "POST", DEVICES, body).await;

        assert_eq!(answer.status, 400, "{body}");
        assert!(
            answer.text().contains(&format!("<code>{code}</code>")),
            "{body}: {}",
            answer.text()
        );
    }
    assert_eq!(send(&simulator, "GET", DEVICES, "").await.text(), before);
}

#[actix_web::test]
async fn switches_change_how_a_creation_is_answered() {
    let good = format!("https://localhost:8443{CREATED}");
    let malformed = format!("http://localhost{DEVICES}{CREATED}");
    let cases = [
        ("location", "malformed", CREATED, Some(malformed.as_str())),
        ("location", "missing", CREATED, None),
        ("created_body", "empty", "", Some(good.as_str())),
        ("created_body", "other", "Created", Some(good.as_str())),
    ];

    for (name, value, body, location) in cases {
        let simulator = start();
        simulator.set(name, value).unwrap();

        let device = "<AlternateDevice><DtmfAccessId>1</DtmfAccessId></AlternateDevice>";
        let created = send(&simulator, "POST", DEVICES, device).await;

        assert_eq!(created.status, 201);
        assert_eq!(
            (created.text().as_str(), created.header("location")),
            (body, location)
        );
    }
}
