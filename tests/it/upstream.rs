//! What Unity Connection, or what is in its place, can do wrong: each a problem that says so, and nothing half-filled.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use actix_web::rt;
use actix_web::rt::net::TcpStream;
use actix_web::rt::time::timeout;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpSocket;
use tokio::task::yield_now;

use crate::raw::{RawUpstream, Received, Step, answer, document, send};
use crate::support::{
    ACCOUNTS, Expected, FUNG, PASSWORD, Reply, SECOND, TestGateway, UPSTREAM_ACCOUNTS, basic,
    problem,
};

const LIST: &[u8] = b"<UserExternalServiceAccounts/>";

fn empty() -> Value {
    json!({ "items": [], "total": 0 })
}

fn chunked(chunks: &str) -> Step {
    send(&format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}"))
}

/// Answers that are none, or not whole: steps, and why they cannot be used.
fn broken_answers() -> Vec<(&'static str, Vec<Step>, &'static str)> {
    let half = "<UserExternalServiceAccounts>";
    vec![
        (
            "a body shorter than its Content-Length",
            vec![
                send("HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n<UserExternalServiceAccounts/>"),
                Step::Close,
            ],
            "it was cut off",
        ),
        (
            "no body where one was promised",
            vec![send("HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n"), Step::Close],
            "it was cut off",
        ),
        (
            "a reset within the body",
            vec![send("HTTP/1.1 200 OK\r\nContent-Length: 31\r\n\r\n<User"), Step::Reset],
            "it was cut off",
        ),
        ("a chunk that is none", vec![chunked("zz\r\n")], "it was cut off"),
        (
            "a body that ends with its connection",
            vec![
                send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<UserExternalServiceAccounts/>"),
                Step::Close,
            ],
            "its length is not known",
        ),
        (
            "gzip",
            vec![answer("200 OK\r\nContent-Encoding: gzip", b"\x1f\x8b\x08\0")],
            "it is compressed",
        ),
        (
            "any Content-Encoding",
            vec![answer("200 OK\r\nContent-Encoding: identity", LIST)],
            "it is compressed",
        ),
        (
            "50 MB by Content-Length",
            vec![
                send("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n"),
                Step::Repeat(vec![b' '; 100_000], 500),
            ],
            "it is too large",
        ),
        (
            "50 MB in chunks",
            vec![
                chunked(""),
                Step::Repeat([b"186a0\r\n".as_slice(), &[b' '; 100_000], b"\r\n"].concat(), 500),
                send("0\r\n\r\n"),
            ],
            "it is too large",
        ),
        (
            "another success than 200",
            vec![answer("206 Partial Content", half.as_bytes())],
            "it is not the success that was asked for",
        ),
    ]
}

/// Bytes that are no head of an answer.
fn broken_heads() -> Vec<(&'static str, Vec<Step>)> {
    let field = |name: &str| format!("{name}: {}\r\n", "x".repeat(1000)).into_bytes();
    vec![
        (
            "2 MB of headers",
            vec![
                send("HTTP/1.1 200 OK\r\n"),
                Step::Repeat(field("X-Filler"), 2000),
                send("Content-Length: 0\r\n\r\n"),
            ],
        ),
        (
            "one header of 2 MB",
            vec![
                send("HTTP/1.1 200 OK\r\nX-Filler: "),
                Step::Repeat(vec![b'x'; 1000], 2000),
                send("\r\nContent-Length: 0\r\n\r\n"),
            ],
        ),
        (
            "headers without an end",
            vec![send("HTTP/1.1 200 OK\r\n"), Step::Repeat(field("X-Filler"), 50_000), Step::Hold],
        ),
        ("another protocol", vec![send("SSH-2.0-OpenSSH_9.2\r\n\r\n")]),
        ("HTTP/2", vec![send("HTTP/2 200\r\n\r\n")]),
        ("no status", vec![send("HTTP/1.1 OK\r\n\r\n")]),
        (
            "two lengths",
            vec![send(
                "HTTP/1.1 200 OK\r\nContent-Length: 30\r\nContent-Length: 0\r\n\r\n<UserExternalServiceAccounts/>",
            )],
        ),
        ("a length that is none", vec![send("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")]),
    ]
}

#[actix_web::test]
async fn a_read_that_is_not_answered_whole_is_a_problem() {
    for (name, steps, reason) in broken_answers() {
        let gateway = TestGateway::raw(steps);

        let reply = gateway.get(ACCOUNTS).await;

        let status = if name.starts_with("another") { 206 } else { 200 };
        problem("upstream_invalid_response", ACCOUNTS)
            .about(&name)
            .reason(reason)
            .upstream(json!({ "status": status }))
            .assert(&reply);
    }
}

#[actix_web::test]
async fn a_write_that_is_not_answered_whole_may_have_been_done() {
    for (name, steps, reason) in broken_answers() {
        let gateway = TestGateway::raw(steps);

        let reply = gateway.set_password("abc123").await;

        let status = if name.starts_with("another") { 206 } else { 200 };
        problem("upstream_invalid_response", PASSWORD)
            .about(&name)
            .reason(reason)
            .unknown()
            .upstream(json!({ "status": status }))
            .assert(&reply);
        assert_eq!(gateway.upstream.received().len(), 1, "{name}");
    }
}

#[actix_web::test]
async fn an_answer_without_a_usable_head_is_a_problem() {
    for (name, steps) in broken_heads() {
        let gateway = TestGateway::raw(steps);
        let reason = "its head is not HTTP or too large";

        let read = gateway.get(ACCOUNTS).await;
        let write = gateway.set_password("abc123").await;

        problem("upstream_invalid_response", ACCOUNTS).about(&name).reason(reason).assert(&read);
        problem("upstream_invalid_response", PASSWORD)
            .about(&name)
            .reason(reason)
            .unknown()
            .assert(&write);
    }
}

#[actix_web::test]
async fn a_document_that_was_cut_between_chunks_is_never_half_filled() {
    let whole = "<UserExternalServiceAccounts><UserExternalServiceAccount><IsEnabled>true</IsEnabled>\
        <UseServiceCredentials>true</UseServiceCredentials><LoginType>0</LoginType>\
        <ObjectId>510eeaa6-6e85-40f3-88b3-863c2a4eec84</ObjectId><DisplayName>A</DisplayName>\
        </UserExternalServiceAccount></UserExternalServiceAccounts>";
    // After the root's end tag, within it, between two tags, before the first: with the chunk whole and within it.
    for length in [whole.len(), whole.len() - 1, whole.len() - 30, 29, 1] {
        for missing in [0, 5] {
            let part = whole.get(..length).unwrap();
            let chunk = format!("{:x}\r\n{part}", length + missing);
            let end = if missing == 0 { "\r\n" } else { "" };
            let gateway = TestGateway::raw(vec![chunked(&format!("{chunk}{end}")), Step::Close]);

            let reply = gateway.get(ACCOUNTS).await;

            problem("upstream_invalid_response", ACCOUNTS)
                .reason("it was cut off")
                .upstream(json!({ "status": 200 }))
                .assert(&reply);
        }
    }
}

#[actix_web::test]
async fn a_body_longer_than_its_content_length_is_cut_there_and_its_rest_meets_nobody() {
    let rest = "</UserExternalServiceAccounts>HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    let gateway = TestGateway::raw_with(
        "",
        vec![
            vec![send(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: 29\r\n\r\n<UserExternalServiceAccounts>{rest}"
            ))],
            vec![document(LIST)],
        ],
    );

    let cut = gateway.get(ACCOUNTS).await;
    let next = gateway.get(ACCOUNTS).await;

    problem("upstream_invalid_response", ACCOUNTS)
        .reason("it ends too early")
        .upstream(json!({ "status": 200 }))
        .assert(&cut);
    next.assert_read(&empty());
}

#[actix_web::test]
async fn an_answer_of_http_1_0_may_end_with_its_connection() {
    let gateway = TestGateway::raw_with(
        "",
        vec![
            vec![send("HTTP/1.0 200 OK\r\n\r\n<UserExternalServiceAccounts/>"), Step::Close],
            vec![send("HTTP/1.0 200 OK\r\n\r\n<UserExternalServiceAccounts>"), Step::Close],
        ],
    );

    let whole = gateway.get(ACCOUNTS).await;
    let cut = gateway.get(ACCOUNTS).await;

    whole.assert_read(&empty());
    problem("upstream_invalid_response", ACCOUNTS)
        .reason("it ends too early")
        .upstream(json!({ "status": 200 }))
        .assert(&cut);
}

#[actix_web::test]
async fn the_answer_after_an_interim_one_reaches_nobody_else() {
    for interim in [100, 102, 103] {
        // On the same connection the second request would meet what is still to come for the first.
        let gateway = TestGateway::raw_with(
            "",
            vec![
                vec![send(&format!("HTTP/1.1 {interim} Interim\r\n\r\n"))],
                vec![answer("404 Not Found", b"")],
            ],
        );

        let first = gateway.get(ACCOUNTS).await;
        let other = basic("otto", "single-malt");
        let second = gateway.ask("GET", SECOND, &[("authorization", &other)], "").await;

        problem("upstream_error", ACCOUNTS).upstream(json!({ "status": interim })).assert(&first);
        problem("account_not_found", SECOND).upstream(json!({ "status": 404 })).assert(&second);
        let received = gateway.upstream.received();
        assert_ne!(received[0].connection, received[1].connection);
    }
}

#[actix_web::test]
async fn an_answer_whose_end_is_not_sure_takes_its_connection_with_it() {
    let unsure = [
        "200 OK\r\n\r\n",
        "200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "404 Not Found\r\n\r\n",
        "204 No Content\r\n\r\n",
        "204 No Content\r\nContent-Length: 0\r\n\r\n",
        "304 Not Modified\r\n\r\n",
        "304 Not Modified\r\nContent-Length: 30\r\n\r\n",
    ];
    for head in unsure {
        let unsure = vec![send(&format!("HTTP/1.1 {head}"))];
        let gateway = TestGateway::raw_with("", vec![unsure, vec![document(LIST)]]);

        gateway.get(ACCOUNTS).await;
        let next = read_as_another(&gateway).await;

        next.assert_read(&empty());
        assert_eq!(connections(&gateway), [0, 1], "{head}");
    }
}

#[actix_web::test]
async fn a_length_is_only_a_claim() {
    let claim =
        vec![send("HTTP/1.1 200 OK\r\nContent-Length: 60000000000000\r\n\r\n<x/>"), Step::Close];
    let gateway = TestGateway::raw_with("upstream.max_response_size = '100TB'", vec![claim]);

    let reply = gateway.get(ACCOUNTS).await;

    problem("upstream_invalid_response", ACCOUNTS)
        .reason("it was cut off")
        .upstream(json!({ "status": 200 }))
        .assert(&reply);
}

/// The problem of a status, as a read of one account has it and as the write has it.
fn by_status(status: u16) -> [Expected; 2] {
    let upstream = json!({ "status": status });
    let [read, write] = match status {
        401 => ["credentials_rejected"; 2],
        403 => ["forbidden"; 2],
        404 => ["account_not_found"; 2],
        429 | 503 => ["upstream_busy"; 2],
        504 => ["upstream_timeout"; 2],
        300..=399 => ["upstream_redirected"; 2],
        400 | 409 | 422 => ["upstream_error", "password_rejected"],
        200..=299 => ["upstream_invalid_response"; 2],
        _ => ["upstream_error"; 2],
    };
    let expected = |code, path| {
        let expected = problem(code, path).upstream(upstream.clone());
        match code {
            "upstream_invalid_response" => {
                expected.reason("it is not the success that was asked for")
            }
            _ => expected,
        }
    };
    let write = expected(write, PASSWORD);
    let unknown = !(300..500).contains(&status);
    [expected(read, SECOND), if unknown { write.unknown() } else { write }]
}

#[actix_web::test]
async fn every_status_has_its_problem() {
    let statuses = [
        100, 101, 102, 103, 199, 201, 202, 203, 205, 206, 299, 300, 301, 302, 303, 304, 305, 307,
        308, 399, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 413, 415, 418, 422,
        423, 426, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 599, 600, 999,
    ];
    for status in statuses {
        let step = match status {
            100..=199 | 304 => send(&format!("HTTP/1.1 {status} X\r\n\r\n")),
            _ => answer(&format!("{status} X\r\nLocation: /x\r\nRetry-After: 9"), b"<html/>"),
        };
        let gateway = TestGateway::raw(vec![step]);

        // Unanswered credentials wait, so that the write is another caller's.
        let otto = basic("otto", "single-malt");
        let read = gateway.ask("GET", SECOND, &[("authorization", &otto)], "").await;
        let reads = gateway.upstream.received().len();
        let write = gateway.set_password("abc123").await;
        let writes = gateway.upstream.received().len() - reads;

        let [expected_read, expected_write] = by_status(status);
        expected_read.about(&status).assert(&read);
        expected_write.about(&status).assert(&write);
        assert_eq!(reads, 1);
        // After a 400 the account is read once.
        assert_eq!(writes, if status == 400 { 2 } else { 1 });
    }
}

#[actix_web::test]
async fn a_status_on_a_list_is_about_no_account() {
    for status in [400, 404, 409, 410, 422] {
        let gateway = TestGateway::raw(vec![answer(&format!("{status} X"), b"")]);

        let reply = gateway.get(ACCOUNTS).await;

        problem("upstream_error", ACCOUNTS).upstream(json!({ "status": status })).assert(&reply);
    }
}

#[actix_web::test]
async fn a_read_answered_204_is_a_problem_and_a_write_is_done() {
    let gateway = TestGateway::raw(vec![send("HTTP/1.1 204 No Content\r\n\r\n")]);

    let read = gateway.get(ACCOUNTS).await;
    let write = gateway.set_password("abc123").await;

    problem("upstream_invalid_response", ACCOUNTS)
        .reason("it is not the success that was asked for")
        .upstream(json!({ "status": 204 }))
        .assert(&read);
    write.assert_written();
}

#[actix_web::test]
async fn a_write_answered_200_is_done_only_without_a_body() {
    let none = TestGateway::raw(vec![answer("200 OK\r\nContent-Type: application/xml", b"")]);
    let page = TestGateway::raw(vec![answer("200 OK", b"<html>Sign in</html>")]);
    let blank = TestGateway::raw(vec![answer("200 OK", b"\n")]);

    none.set_password("abc123").await.assert_written();
    for gateway in [page, blank] {
        let reply = gateway.set_password("abc123").await;

        problem("upstream_invalid_response", PASSWORD)
            .reason("it is not the success that was asked for")
            .unknown()
            .upstream(json!({ "status": 200 }))
            .assert(&reply);
    }
}

#[actix_web::test]
async fn a_connection_that_ends_without_an_answer_is_unreachable() {
    for end in [Step::Close, Step::Reset] {
        let gateway = TestGateway::raw(vec![end]);

        let read = read_as_another(&gateway).await;
        let write = gateway.set_password("abc123").await;

        problem("upstream_unreachable", ACCOUNTS).assert(&read);
        problem("upstream_unreachable", PASSWORD).unknown().assert(&write);
        let writes = gateway.upstream.received();
        let writes = writes.iter().filter(|sent| sent.line().starts_with("PUT"));
        assert_eq!(writes.count(), 1);
    }
}

#[actix_web::test]
async fn an_answer_that_ends_within_its_head_is_a_problem() {
    let gateway = TestGateway::raw(vec![send("HTTP/1.1 200 OK\r\nContent-Le"), Step::Close]);

    let read = read_as_another(&gateway).await;
    let write = gateway.set_password("abc123").await;

    problem("upstream_unreachable", ACCOUNTS).assert(&read);
    problem("upstream_unreachable", PASSWORD).unknown().assert(&write);
}

#[actix_web::test]
async fn what_stalls_is_a_timeout_whatever_came_before() {
    for begin in [
        "",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n<UserExternal",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 9\r\n\r\n",
    ] {
        let gateway = TestGateway::raw_with(
            "upstream.timeout = '300ms'",
            vec![vec![send(begin), Step::Hold]],
        );

        let read = read_as_another(&gateway).await;
        let write = gateway.set_password("abc123").await;

        problem("upstream_timeout", ACCOUNTS).about(&begin).assert(&read);
        problem("upstream_timeout", PASSWORD).about(&begin).unknown().assert(&write);
        assert_eq!(gateway.upstream.received().len(), 2);
    }
}

/// Holds a read and a write against a problem that says that nothing arrived.
fn assert_not_reached(code: &str, read: &Reply, write: &Reply) {
    problem(code, ACCOUNTS).assert(read);
    problem(code, PASSWORD).assert(write);
}

#[actix_web::test]
async fn a_refused_connection_has_done_nothing() {
    // Bound, so that nobody else gets the port, but not listening.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let url = format!("http://{}", socket.local_addr().unwrap());
    let gateway = TestGateway::before(socket, &url, "");

    let read = gateway.get(ACCOUNTS).await;
    let write = gateway.set_password("abc123").await;

    assert_not_reached("upstream_unreachable", &read, &write);
}

#[actix_web::test]
async fn an_unknown_host_has_done_nothing() {
    let gateway =
        TestGateway::before((), "http://nowhere.invalid", "upstream.allow_plaintext = true");

    let read = gateway.get(ACCOUNTS).await;
    let write = gateway.set_password("abc123").await;

    assert_not_reached("upstream_unreachable", &read, &write);
}

#[actix_web::test]
async fn a_connection_that_does_not_come_about_has_done_nothing() {
    // Its queue is full as soon as a connection waits in vain.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    while let Ok(connection) = timeout(Duration::from_secs(1), TcpStream::connect(address)).await {
        waiting.push(connection.unwrap());
    }
    let gateway = TestGateway::before(
        (listener, waiting),
        &format!("http://{address}"),
        "upstream.connect_timeout = '200ms'",
    );

    let read = gateway.get(ACCOUNTS).await;
    let write = gateway.set_password("abc123").await;

    assert_not_reached("upstream_unreachable", &read, &write);
}

#[actix_web::test]
async fn a_redirect_is_never_followed() {
    let gateway = TestGateway::start();
    gateway.upstream.set("redirect", "on").unwrap();

    let read = gateway.get(ACCOUNTS).await;
    let write = gateway.set_password("abc123").await;

    problem("upstream_redirected", ACCOUNTS).upstream(json!({ "status": 302 })).assert(&read);
    problem("upstream_redirected", PASSWORD).upstream(json!({ "status": 302 })).assert(&write);
    let log = gateway.upstream.log();
    let paths: Vec<_> = log.iter().map(|asked| asked.path.as_str()).collect();
    let account = format!("{UPSTREAM_ACCOUNTS}/75436abf-8784-450f-ac61-23a08be2c364");
    assert_eq!(paths, [UPSTREAM_ACCOUNTS, &account]);
}

#[actix_web::test]
async fn the_size_bound_counts_to_the_byte() {
    let padded = |length: usize| [LIST, &vec![b' '; length - LIST.len()]].concat();
    let gateway = TestGateway::raw_with(
        "upstream.max_response_size = '1KiB'",
        vec![vec![document(&padded(1024))], vec![document(&padded(1025))]],
    );

    let fits = gateway.get(ACCOUNTS).await;
    let larger = gateway.get(ACCOUNTS).await;

    fits.assert_read(&empty());
    problem("upstream_invalid_response", ACCOUNTS)
        .reason("it is too large")
        .upstream(json!({ "status": 200 }))
        .assert(&larger);
}

#[actix_web::test]
async fn the_words_of_an_error_document_are_passed_on_and_no_others() {
    let long = format!(
        "<ErrorDetails><errors><code>C</code><message>{}</message></errors></ErrorDetails>",
        "é".repeat(501)
    );
    let cases = [
        (
            "<ErrorDetails><errors><code>DATA_EXCEPTION</code><message> No  such\nuser &lt;b&gt;. </message></errors></ErrorDetails>",
            json!({ "status": 500, "code": "DATA_EXCEPTION", "message": "No  such user <b>." }),
        ),
        (
            "<ErrorDetails><errors><code>A</code><message>first</message></errors>\
             <errors><code>B</code><message>second</message></errors></ErrorDetails>",
            json!({ "status": 500, "code": "A", "message": "first" }),
        ),
        (
            "<ErrorDetails><errors><message>only</message></errors></ErrorDetails>",
            json!({ "status": 500, "message": "only" }),
        ),
        (
            "<ErrorDetails><errors><code/><message> </message></errors></ErrorDetails>",
            json!({ "status": 500 }),
        ),
        ("<ErrorDetails/>", json!({ "status": 500 })),
        (&long, json!({ "status": 500, "code": "C", "message": "é".repeat(500) })),
        ("<html><body>message</body></html>", json!({ "status": 500 })),
        (r#"{"errors":{"code":"A","message":"json"}}"#, json!({ "status": 500 })),
        ("<ErrorDetails><errors><code>A</code><message>cut", json!({ "status": 500 })),
        (
            "<!DOCTYPE x><ErrorDetails><errors><code>A</code></errors></ErrorDetails>",
            json!({ "status": 500 }),
        ),
        ("", json!({ "status": 500 })),
    ];
    for (body, upstream) in cases {
        let gateway =
            TestGateway::raw(vec![answer("500 X\r\nContent-Type: text/html", body.as_bytes())]);

        let reply = gateway.get(ACCOUNTS).await;

        problem("upstream_error", ACCOUNTS).upstream(upstream).assert(&reply);
    }
}

#[actix_web::test]
async fn a_400_is_explained_by_the_account_or_else_by_itself() {
    const ID: &str = "75436abf-8784-450f-ac61-23a08be2c364";

    let refusal = || vec![answer("400 Bad Request", b"")];
    let account = |id: &str, service: &str| {
        document(
            format!(
                "<UserExternalServiceAccount><IsEnabled>true</IsEnabled><DisplayName/><LoginType>0</LoginType>\
                 <ObjectId>{id}</ObjectId><UseServiceCredentials>{service}</UseServiceCredentials>\
                 </UserExternalServiceAccount>"
            )
            .as_bytes(),
        )
    };
    let cases = [
        (vec![account(ID, "true")], "password_not_settable"),
        (vec![account(ID, "1")], "password_not_settable"),
        (vec![account(ID, "false")], "password_rejected"),
        (vec![account(ID, "perhaps")], "password_rejected"),
        (vec![account("510eeaa6-6e85-40f3-88b3-863c2a4eec84", "true")], "password_rejected"),
        (vec![answer("200 OK", b"<html/>")], "password_rejected"),
        (vec![answer("401 Unauthorized", b"")], "password_rejected"),
        (vec![answer("404 Not Found", b"")], "password_rejected"),
        (vec![answer("503 Busy", b"")], "password_rejected"),
        (vec![Step::Close], "password_rejected"),
        (vec![Step::Hold], "password_rejected"),
    ];
    for (look, code) in cases {
        let gateway = TestGateway::raw_with("upstream.timeout = '2s'", vec![refusal(), look]);

        let reply = gateway.set_password("abc123").await;

        problem(code, PASSWORD).upstream(json!({ "status": 400 })).assert(&reply);
        let received = gateway.upstream.received();
        let lines: Vec<_> = received.iter().map(Received::line).collect();
        let account = format!("{UPSTREAM_ACCOUNTS}/75436abf-8784-450f-ac61-23a08be2c364");
        assert_eq!(
            lines,
            [format!("PUT {account}?password=abc123 HTTP/1.1"), format!("GET {account} HTTP/1.1")]
        );
    }
}

#[actix_web::test]
async fn an_idle_connection_is_used_again_by_reads_and_never_by_writes() {
    let gateway = TestGateway::raw_with(
        "",
        vec![
            vec![document(LIST)],
            vec![document(LIST)],
            vec![send("HTTP/1.1 204 No Content\r\n\r\n")],
            vec![send("HTTP/1.1 204 No Content\r\n\r\n")],
            vec![document(LIST)],
        ],
    );

    gateway.get(ACCOUNTS).await.assert_read(&empty());
    gateway.get(ACCOUNTS).await.assert_read(&empty());
    gateway.set_password("abc123").await.assert_written();
    gateway.set_password("abc123").await.assert_written();
    gateway.get(ACCOUNTS).await.assert_read(&empty());

    let received = gateway.upstream.received();
    let connections: Vec<_> = received.iter().map(|received| received.connection).collect();
    assert_eq!(connections, [0, 0, 1, 2, 0]);
}

#[actix_web::test]
async fn a_fault_does_not_spoil_the_next_call() {
    let gateway = TestGateway::start();

    for (switch, value) in [
        ("cut", "length"),
        ("cut", "chunked"),
        ("status", "500"),
        ("redirect", "on"),
        ("document", "<html/>"),
    ] {
        gateway.upstream.set(switch, value).unwrap();
        let broken = gateway.get(ACCOUNTS).await;
        gateway.upstream.set(switch, "off").unwrap();
        let whole = gateway.get(ACCOUNTS).await;

        assert_eq!(broken.status, 502, "{switch}={value}");
        assert_eq!(whole.status, 200, "{switch}={value}");
        assert_eq!(whole.json()["total"], 2, "{switch}={value}");
    }
}

/// Reads the accounts as otto.
async fn read_as_another(gateway: &TestGateway<RawUpstream>) -> Reply {
    let otto = basic("otto", "single-malt");
    gateway.ask("GET", ACCOUNTS, &[("authorization", &otto)], "").await
}

/// Which connection each request came on.
fn connections(gateway: &TestGateway<RawUpstream>) -> Vec<usize> {
    let received = gateway.upstream.received();
    received.iter().map(|received| received.connection).collect()
}

#[actix_web::test]
async fn an_answer_that_comes_too_late_reaches_nobody() {
    let gateway = TestGateway::raw_with(
        "upstream.timeout = '1s'",
        vec![vec![send("HTTP/1.1 200 OK\r\n"), Step::Hold], vec![document(LIST)]],
    );

    let late = gateway.get(ACCOUNTS).await;
    let next = read_as_another(&gateway).await;

    problem("upstream_timeout", ACCOUNTS).assert(&late);
    next.assert_read(&empty());
    assert_eq!(connections(&gateway), [0, 1]);
}

#[actix_web::test]
async fn the_answer_for_a_client_that_has_gone_reaches_nobody() {
    let gateway = TestGateway::raw_with(
        "",
        vec![vec![send("HTTP/1.1 200 OK\r\n"), Step::Hold], vec![document(LIST)]],
    );
    let mut client = TcpStream::connect(gateway.address).await.unwrap();
    let request =
        format!("GET {ACCOUNTS} HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\n\r\n", FUNG.1);
    client.write_all(request.as_bytes()).await.unwrap();
    let arrival = async {
        while gateway.upstream.received().is_empty() {
            yield_now().await;
        }
    };
    timeout(Duration::from_mins(1), arrival).await.unwrap();

    drop(client);
    let next = read_as_another(&gateway).await;

    next.assert_read(&empty());
    assert_eq!(connections(&gateway), [0, 1]);
}

#[actix_web::test]
async fn callers_who_come_together_get_their_own_answers() {
    let gateway = Rc::new(TestGateway::start());
    gateway.upstream.set("delay", "20ms").unwrap();
    gateway.upstream.set("throttle", "off").unwrap();

    let asking = (1..=24).flat_map(|number| [number; 4]).map(|number| {
        let gateway = Rc::clone(&gateway);
        rt::spawn(async move {
            let person = basic(&format!("person{number:02}"), &format!("secret-{number:02}"));
            let reply = gateway.ask("GET", ACCOUNTS, &[("authorization", &person)], "").await;
            (number, reply)
        })
    });
    let asking: Vec<_> = asking.collect();

    for answered in asking {
        let (number, reply) = answered.await.unwrap();
        let list = reply.json();
        assert_eq!(list["total"], 2, "{number} {list}");
        for item in list["items"].as_array().unwrap() {
            let name = item["displayName"].as_str().unwrap();
            assert!(name.contains(&format!("person{number:02}")), "{number} {name}");
        }
    }
}
