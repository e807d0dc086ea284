//! No secret is shown: not in a log line at any level, not in an answer, whatever Unity Connection sends back; and what it
//! sends back does not fill the memory.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::process::Process;
use crate::raw::{RawUpstream, Step, answer, send};
use crate::support::{ACCOUNTS, JSON, PASSWORD, Reply, TestGateway, ask, until};

/// What the caller signs in with.
const SIGN_IN: &str = "Wïnter&<2010>+%/ ?";

/// What the caller sets.
const NEW: &str = "ñew=\"pass\\word\"+ #😀%25'>";

fn authorization() -> String {
    format!("Basic {}", STANDARD.encode(format!("fung:{SIGN_IN}")))
}

/// Percent-encodes all bytes but letters and digits, or all bytes.
fn percent(text: &str, all: bool, upper: bool) -> String {
    let byte = |byte: &u8| match byte {
        byte if byte.is_ascii_alphanumeric() && !all => char::from(*byte).to_string(),
        byte if upper => format!("%{byte:02X}"),
        byte => format!("%{byte:02x}"),
    };
    text.as_bytes().iter().map(byte).collect()
}

/// Every spelling of a secret that is not passed on.
fn spellings(secret: &str) -> Vec<String> {
    let mut spellings = vec![secret.to_owned()];
    for (all, upper) in [(false, false), (false, true), (true, false), (true, true)] {
        let encoded = percent(secret, all, upper);
        spellings.push(encoded.replace("%20", "+"));
        spellings.push(encoded);
    }
    // What encodes a text that the secret is a part of, wherever it begins.
    for before in ["", "x", "xy", "password=", "fung:"] {
        for after in ["", "&x=y"] {
            let text = format!("{before}{secret}{after}");
            spellings.push(STANDARD.encode(&text));
            spellings.push(STANDARD_NO_PAD.encode(&text));
            spellings.push(URL_SAFE.encode(&text));
            spellings.push(URL_SAFE_NO_PAD.encode(&text));
        }
    }
    spellings
}

/// Every spelling of all that must not be seen.
fn secrets() -> Vec<String> {
    let header = authorization();
    let value = header.replace("Basic ", "");
    let pair = format!("fung:{SIGN_IN}");
    let secrets = [SIGN_IN, NEW, &pair, &value, &header];
    secrets.into_iter().flat_map(spellings).collect()
}

/// The secrets as JSON and Rust quote them: so they would stand in a log line.
fn quoted() -> Vec<String> {
    let quoted = [SIGN_IN, NEW].map(|secret| {
        let json = serde_json::to_string(secret).unwrap();
        [json, format!("{secret:?}")]
    });
    let quoted = quoted.as_flattened().iter();
    quoted.map(|text| text.trim_matches('"').to_owned()).collect()
}

/// Expects that no spelling of a secret is in a text.
#[track_caller]
fn assert_silent(text: &str, secrets: &[String], about: &str) {
    for secret in secrets.iter().chain(&quoted()) {
        assert!(!text.contains(secret), "{secret} in {about}: {text}");
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn details(message: &str) -> Vec<u8> {
    let message = escape(message);
    format!("<ErrorDetails><errors><code>{message}</code><message>{message}</message></errors></ErrorDetails>").into_bytes()
}

async fn read(address: SocketAddr) -> Reply {
    let url = format!("http://{address}{ACCOUNTS}");
    ask("GET", &url, &[("authorization", &authorization())], b"").await
}

async fn write(address: SocketAddr) -> Reply {
    let url = format!("http://{address}{PASSWORD}");
    let authorization = authorization();
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    ask("PUT", &url, &headers, json!({ "password": NEW }).to_string().as_bytes()).await
}

fn trace(format: &'static str) -> [(&'static str, &'static str); 4] {
    [
        ("CUPI_GATEWAY__LOG__LEVEL", "trace"),
        ("CUPI_GATEWAY__LOG__FORMAT", format),
        ("CUPI_GATEWAY__UPSTREAM__TIMEOUT", "500ms"),
        // It is not read: libraries print whole URLs at these levels.
        ("RUST_LOG", "trace"),
    ]
}

#[actix_web::test]
async fn a_message_that_echoes_a_secret_is_left_out() {
    let secrets = secrets();
    let mut scripts = Vec::new();
    let mut expected = Vec::new();
    for secret in &secrets {
        for (status, message) in
            [(422, secret.clone()), (500, format!("Not set: '{secret}', sorry."))]
        {
            scripts.push(vec![answer(&format!("{status} X"), &details(&message))]);
            expected.push((status, message));
        }
    }
    let upstream = RawUpstream::start(scripts);
    let (process, address) = Process::serve(&upstream.url(), &trace("json"));

    for (status, message) in &expected {
        let reply = write(address).await;

        assert_eq!(reply.json()["upstream"], json!({ "status": status }), "{message}");
        assert_silent(&reply.text(), &secrets, message);
    }

    let lines = |log: &str| log.lines().filter(|line| line.contains("\"request\"")).count();
    // Lines are written a moment after the answer.
    until(|| lines(&process.wait_for(1, "\"request\"")) == expected.len()).await;
    let [printed, log] = process.end();
    assert_silent(&format!("{printed}{log}"), &secrets, "the log");
}

/// Whatever may go wrong, with secrets in every place that a server can put them.
fn faults(secret: &str) -> Vec<Vec<Step>> {
    let field = percent(secret, false, true);
    let document = format!(
        "<UserExternalServiceAccounts><{field}/>{}</UserExternalServiceAccounts",
        escape(secret)
    );
    let head =
        |status: &str| format!("{status}\r\nX-Echo: {field}\r\nSet-Cookie: JSESSIONID={field}");
    vec![
        vec![answer(&head("200 OK"), document.as_bytes())],
        vec![answer(&head("200 OK"), secret.as_bytes())],
        vec![answer(&head("200 OK"), details(secret).as_slice())],
        vec![answer(&head("400 Bad"), &details(secret))],
        vec![answer(&head("401 No"), format!("<html>{secret}</html>").as_bytes())],
        vec![answer(&head("403 No"), &details(secret))],
        vec![answer(&head("404 No"), &details(secret))],
        vec![answer(&head(&format!("302 Found\r\nLocation: /?password={field}")), b"")],
        vec![answer(&head(&format!("500 {field}")), &details(secret))],
        vec![answer(&head("503 Busy"), &details(secret))],
        vec![send(&format!("HTTP/1.1 {field}\r\n\r\n"))],
        vec![send(&format!("{field}\r\n\r\n")), Step::Close],
        vec![send(&format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n"))],
        vec![send(&format!("HTTP/1.1 200 OK\r\nContent-Length: {field}\r\n\r\n"))],
        vec![send(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{field}\r\n"))],
        vec![send("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"), send(secret), Step::Close],
        vec![send("HTTP/1.1 100 Continue\r\n\r\n")],
        vec![Step::Close],
        vec![Step::Reset],
        vec![Step::Hold],
    ]
}

#[actix_web::test]
async fn no_fault_shows_a_secret() {
    let secrets = secrets();
    // A read has no other secret than what its caller signs in with.
    let reads = faults(SIGN_IN).into_iter().map(|fault| (fault, true));
    let writes = faults(NEW).into_iter().map(|fault| (fault, false));
    for (number, (fault, is_read)) in reads.chain(writes).enumerate() {
        let format = ["json", "text"][number % 2];
        let upstream = RawUpstream::start(vec![fault]);
        let (process, address) = Process::serve(&upstream.url(), &trace(format));

        let reply = if is_read { read(address).await } else { write(address).await };

        assert_silent(&reply.text(), &secrets, "an answer");
        assert_silent(&format!("{:?}", reply.headers), &secrets, "its headers");
        assert!(reply.status >= 400, "{}", reply.text());
        assert!(!upstream.received().is_empty());
        process.wait_for(1, "cupi_gateway::access");
        let [printed, log] = process.end();
        assert!(log.lines().count() > 1);
        assert!(!log.contains("panicked"), "{log}");
        assert_silent(&format!("{printed}{log}"), &secrets, "the log");
    }
}

#[actix_web::test]
async fn bad_requests_and_a_server_out_of_reach_show_no_secret() {
    let secrets = secrets();
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let (process, address) = Process::serve(&url, &trace("json"));
    let authorization = authorization();
    let json = ("content-type", "application/json");
    let url = |path: &str| format!("http://{address}{path}");
    let query = format!("{PASSWORD}?password={}", percent(NEW, false, true));
    let quoted = serde_json::to_string(NEW).unwrap();

    let mut replies = vec![read(address).await, write(address).await];
    for (path, body) in [
        (query.as_str(), String::new()),
        (PASSWORD, quoted.clone()),
        (PASSWORD, format!("[{quoted}]")),
        (PASSWORD, format!(r#"{{"password":{quoted}"#)),
        (PASSWORD, format!(r#"{{"password":{quoted}}}x"#)),
        (PASSWORD, format!(r#"{{"password":[{quoted}]}}"#)),
        (PASSWORD, format!(r#"{{"password":{{"x":{quoted}}}}}"#)),
        (PASSWORD, format!(r#"{{"password":{quoted},"password":{quoted}}}"#)),
        (PASSWORD, format!(r#"{{"password":{quoted},"x":{quoted}}}"#)),
        (PASSWORD, format!(r#"{{"password":"{}"}}"#, quoted.trim_matches('"').repeat(20))),
        (PASSWORD, format!(r#"{{"password":{quoted}}}{}"#, " ".repeat(20_000))),
    ] {
        let headers = [("authorization", authorization.as_str()), json];
        replies.push(ask("PUT", &url(path), &headers, body.as_bytes()).await);
    }
    let twice =
        [("authorization", authorization.as_str()), ("authorization", authorization.as_str())];
    replies.push(ask("GET", &url(ACCOUNTS), &twice, b"").await);
    let other = authorization.replace("Basic", "Digest");
    replies.push(ask("GET", &url(ACCOUNTS), &[("authorization", &other)], b"").await);

    for reply in &replies {
        assert!(reply.status >= 400);
        assert_ne!(reply.json()["code"], Value::Null);
        assert_silent(&format!("{:?} {}", reply.headers, reply.text()), &secrets, "an answer");
    }
    let [printed, log] = process.end();
    assert!(!log.contains("panicked"), "{log}");
    assert_silent(&format!("{printed}{log}"), &secrets, "the log");
}

#[actix_web::test]
async fn what_is_too_large_does_not_fill_the_memory() {
    let megabyte = vec![b' '; 1 << 20];
    let chunk = [b"100000\r\n".as_slice(), &megabyte, b"\r\n"].concat();
    let field = format!("X-Filler: {}\r\n", "x".repeat(1000)).into_bytes();
    let scripts = vec![
        vec![
            send("HTTP/1.1 200 OK\r\nContent-Length: 52428800\r\n\r\n"),
            Step::Repeat(megabyte.clone(), 50),
        ],
        vec![
            send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            Step::Repeat(chunk, 50),
            send("0\r\n\r\n"),
        ],
        vec![
            send("HTTP/1.1 500 X\r\nContent-Length: 52428800\r\n\r\n"),
            Step::Repeat(megabyte, 50),
        ],
        vec![send("HTTP/1.1 200 OK\r\n"), Step::Repeat(field.clone(), 2000), send("\r\n")],
        vec![send("HTTP/1.1 200 OK\r\n"), Step::Repeat(field, 50_000), Step::Hold],
    ];
    let rounds = 4;
    let all: Vec<_> = (0..rounds).flat_map(|_| scripts.clone()).collect();
    let upstream = RawUpstream::start(all);
    let (process, address) = Process::serve(&upstream.url(), &[]);

    for _ in 0..rounds {
        for code in [
            "upstream_invalid_response",
            "upstream_invalid_response",
            "upstream_error",
            "upstream_invalid_response",
            "upstream_invalid_response",
        ] {
            assert_eq!(read(address).await.json()["code"], code);
        }
    }

    // The most that it ever had, in KiB.
    let peak = process.memory("VmHWM:");
    assert!(peak < 64 * 1024, "{peak}");
    process.end();
}

#[actix_web::test]
async fn a_message_is_left_out_for_a_secret_and_for_nothing_else() {
    let fung = "Basic ZnVuZzp3aW50ZXItMjAxMA==";
    let latin = format!("Basic {}", STANDARD.encode(b"fung:w\xefnter"));
    let cases = [
        (fung, "abc123", "Choose a password of 8 characters.", true),
        (fung, "abc123", "ABC123 is fung's, abc12 and winter are not.", true),
        (fung, "abc123", "Not abc123!", false),
        // Controls and blanks at the ends do not come through, so that these would.
        (fung, "abc123", "Not abc\u{85}12\n3!", false),
        (fung, " abc123 ", "abc123", false),
        (fung, "abc\t123", "Not abc123!", false),
        // XML excludes some characters, and a `>` before a value is dropped: what is left would tell the rest.
        (fung, "abc\u{7}123", "Not abc&#7;123!", false),
        (fung, "abc\u{7}123", "Not abc123!", false),
        (fung, "abc\u{fffe}123", "Not abc\u{fffe}123!", false),
        (fung, ">abc123", ">abc123", false),
        (fung, "x", "no", true),
        (fung, "x", "fox", false),
        (fung, "abc123", "winter-2010", false),
        (fung, "abc123", "ZnVuZzp3aW50ZXItMjAxMA==", false),
        ("Basic ZnVuZzp3aW50ZXItMjAxMA", "abc123", "winter-2010", false),
        (&latin, "abc123", "wïnter", false),
        ("Bearer abc.def-ghi", "abc123", "abc.def-ghi", false),
        ("Bearer abc.def-ghi", "abc123", "abc.def", true),
    ];
    for (authorization, password, message, shown) in cases {
        let document =
            format!("<ErrorDetails><errors><message>{message}</message></errors></ErrorDetails>");
        let gateway = TestGateway::raw(vec![answer("422 X", document.as_bytes())]);
        let body = json!({ "password": password }).to_string();

        let headers = [("authorization", authorization), JSON];
        let reply = gateway.ask("PUT", PASSWORD, &headers, &body).await;

        let upstream = if shown {
            json!({ "status": 422, "message": message })
        } else {
            json!({ "status": 422 })
        };
        assert_eq!(reply.json()["upstream"], upstream, "{message}");
    }
}
