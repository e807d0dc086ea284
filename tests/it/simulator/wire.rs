//! How answers travel: late, in turn, cut off, over TLS, on connections that close.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::net::TcpStream;
use cupi_gateway::simulator::{Simulator, Switches, Tls, bind};
use rustls::pki_types::pem::PemObject;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{ACCOUNTS, SECOND, first_asked, fung, set, start};
use crate::support::{ask_by, basic};

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
    while simulator.account_password("fung", "75436abf-8784-450f-ac61-23a08be2c364").is_none() {
        tokio::task::yield_now().await;
    }

    assert_eq!(first_asked(&simulator).status, 0);
    set(&simulator, &[("stall", "off"), ("delay", "1ms")]);
    assert_eq!(asked.await.unwrap().status, 204);
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
        set(&simulator, &[("throttle", "1"), ("work", "1h"), (name, value)]);
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
    let cases =
        [("every:1", 1), ("every:2", 2), ("idle:1ms", 1), ("unread:reused", 2), ("unread", 1)];

    for (close, requests) in cases {
        let simulator = start();
        set(&simulator, &[("close", close)]);

        let answers = raw(&simulator, requests).await;

        let answered = if close.starts_with("unread") { requests - 1 } else { requests };
        assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), answered, "{close}");
        assert_eq!(answers.matches("</UserExternalServiceAccounts>").count(), answered, "{close}");
        assert!(!answers.contains("connection: "), "{answers}");
        let log = simulator.log();
        assert_eq!(log.len(), requests);
        assert_eq!(log.iter().filter(|asked| asked.status == 200).count(), answered);
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
    roots.add(rustls::pki_types::CertificateDer::from_pem_file(&tls.certificate).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = awc::Connector::new().rustls_0_23(Arc::new(config));
    let client = awc::Client::builder().connector(connector).finish();
    let url = format!("https://localhost:{}/vmrest/user", simulator.address().port());
    let user = ask_by(&client, "GET", &url, &[("authorization", "Bearer token-fung")], b"").await;

    assert_eq!(user.status, 200);
    assert!(simulator.url().starts_with("https://127.0.0.1:"));
    let fault = simulator.set("close", "every:1").unwrap_err();
    assert_eq!(fault, "The switch `close` works without TLS only.");
}

#[test]
fn files_that_hold_no_certificate_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let tls =
        Tls { certificate: folder.path().join("none.pem"), key: folder.path().join("none.pem") };

    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let fault = bind(address, Some(&tls), Switches::default()).err().unwrap();

    assert!(fault.to_string().contains("none.pem: "), "{fault}");
}
