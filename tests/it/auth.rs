//! Credentials are passed through, byte for byte, and nothing else of a client's is.

use std::iter::repeat_n;

use serde_json::json;

use crate::raw::{RawUpstream, Received, answer, document, send};
use crate::support::{
    ACCOUNTS, FUNG, JSON, PASSWORD, Reply, TestGateway, UPSTREAM_ACCOUNTS, basic, problem,
};

const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// Starts a gateway before a server that is content with everything.
fn start() -> TestGateway<RawUpstream> {
    TestGateway::raw_with("", vec![vec![document(b"<UserExternalServiceAccounts/>")]])
}

/// Sends a GET of the accounts with these header lines, as bytes.
async fn get(gateway: &TestGateway<RawUpstream>, lines: &[&[u8]]) -> Reply {
    let mut request =
        format!("GET {ACCOUNTS} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n").into_bytes();
    for line in lines {
        request.extend_from_slice(line);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    gateway.speak(&request).await
}

fn fields(headers: &[(&str, &str)]) -> Vec<(String, String)> {
    let headers = headers.iter();
    headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// What of a request's head reached Unity Connection, without the date, which awc always adds.
fn sent(received: &Received) -> Vec<(String, String)> {
    let mut fields = received.fields();
    fields.retain(|(name, value)| name != "date" || value.contains("1994"));
    fields
}

/// What clients, browsers and load balancers send besides.
const NOISE: &str = "Cookie: JSESSIONID=0; other=1\r\n\
    X-Forwarded-For: 192.0.2.1\r\n\
    X-Forwarded-Host: evil.example\r\n\
    X-Forwarded-Proto: https\r\n\
    Forwarded: for=192.0.2.1\r\n\
    Via: 1.1 balancer\r\n\
    Accept: application/json\r\n\
    Accept-Encoding: gzip, br\r\n\
    Accept-Language: de\r\n\
    User-Agent: Mozilla/5.0\r\n\
    Referer: https://app.example.com/\r\n\
    Origin: https://app.example.com\r\n\
    Connection: close, X-Hop\r\n\
    X-Hop: 1\r\n\
    Keep-Alive: timeout=5\r\n\
    TE: trailers\r\n\
    Proxy-Authorization: Basic eDp5\r\n\
    X-Request-Id: mine\r\n\
    Tracestate: a=b\r\n\
    If-None-Match: \"x\"\r\n\
    Range: bytes=0-1\r\n\
    Cache-Control: max-age=5\r\n\
    X-Authorization: Basic eDp5\r\n\
    Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n";

#[actix_web::test]
async fn of_a_read_only_the_credentials_and_the_trace_go_upstream() {
    let gateway = start();
    let request = format!(
        "GET {ACCOUNTS} HTTP/1.1\r\nHost: gateway.example.com\r\nAuthorization: {}\r\nTraceparent: {TRACEPARENT}\r\n{NOISE}\r\n",
        FUNG.1
    );

    let reply = gateway.speak(request.as_bytes()).await;

    reply.assert_read(&json!({ "items": [], "total": 0 }));
    let received = gateway.upstream.received();
    let host = gateway.upstream.url().replace("http://", "");
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].line(), format!("GET {UPSTREAM_ACCOUNTS} HTTP/1.1"));
    assert_eq!(received[0].body, b"");
    assert_eq!(
        sent(&received[0]),
        fields(&[
            ("accept", "application/xml"),
            ("authorization", FUNG.1),
            ("host", &host),
            ("traceparent", TRACEPARENT),
            ("user-agent", concat!("cupi-gateway/", env!("CARGO_PKG_VERSION"))),
        ])
    );
}

#[actix_web::test]
async fn of_a_write_only_the_credentials_and_the_trace_go_upstream() {
    let gateway = TestGateway::raw(vec![send("HTTP/1.1 204 No Content\r\n\r\n")]);
    let body = r#"{"password":"abc123"}"#;
    let request = format!(
        "PUT {PASSWORD} HTTP/1.1\r\nHost: gateway.example.com\r\nAuthorization: {}\r\n\
         Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\
         Traceparent: {TRACEPARENT}\r\n{NOISE}\r\n{body}",
        FUNG.1,
        body.len()
    );

    let reply = gateway.speak(request.as_bytes()).await;

    reply.assert_written();
    let received = gateway.upstream.received();
    let host = gateway.upstream.url().replace("http://", "");
    assert_eq!(received.len(), 1);
    assert_eq!(
        received[0].line(),
        format!(
            "PUT {UPSTREAM_ACCOUNTS}/75436abf-8784-450f-ac61-23a08be2c364?password=abc123 HTTP/1.1"
        )
    );
    assert_eq!(received[0].body, b"");
    assert_eq!(
        sent(&received[0]),
        fields(&[
            ("accept", "application/xml"),
            ("authorization", FUNG.1),
            ("content-length", "0"),
            ("content-type", "application/xml"),
            ("host", &host),
            ("traceparent", TRACEPARENT),
            ("user-agent", concat!("cupi-gateway/", env!("CARGO_PKG_VERSION"))),
        ])
    );
}

#[actix_web::test]
async fn nothing_of_the_upstreams_head_reaches_the_client() {
    let head = "\r\nSet-Cookie: JSESSIONID=91AB; Path=/vmrest/\r\nServer: Tomcat\r\nCache-Control: public\r\n\
        Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\nX-Frame-Options: SAMEORIGIN\r\nX-Request-Id: theirs\r\n\
        ETag: \"x\"\r\nVary: Cookie\r\nWWW-Authenticate: Basic realm=\"Cisco\"\r\nRetry-After: 9\r\nLocation: /x\r\n\
        Access-Control-Allow-Origin: *\r\nContent-Type: application/xml";
    let read =
        TestGateway::raw(vec![answer(&format!("200 OK{head}"), b"<UserExternalServiceAccounts/>")]);
    let rejected = TestGateway::raw(vec![answer(&format!("401 Unauthorized{head}"), b"<html/>")]);
    let written = TestGateway::raw(vec![answer(&format!("200 OK{head}"), b"")]);

    let reply = read.get(ACCOUNTS).await;

    reply.assert_read(&json!({ "items": [], "total": 0 }));
    assert_ne!(reply.header("x-request-id"), Some("theirs"));
    problem("credentials_rejected", ACCOUNTS)
        .upstream(json!({ "status": 401 }))
        .assert(&rejected.get(ACCOUNTS).await);
    written.set_password("abc123").await.assert_written();
}

#[actix_web::test]
async fn credentials_arrive_byte_for_byte() {
    let longest = [b"Bearer ".as_slice(), &[b'x'; 8 * 1024 - 7]].concat();
    for value in [
        b"Basic ZnVuZzp3aW50ZXItMjAxMA==".as_slice(),
        b"basic ZnVuZzp3aW50ZXItMjAxMA==",
        b"bASIC not base64!",
        b"Basic ZnVuZzp3aW50ZXItMjAxMA",
        b"Bearer eyJhbGciOi.J9-_~+/==",
        b"BEARER a  b\tc",
        b"Bearer   spaced",
        b"Bearer a, Basic b",
        b"Bearer \x80\xc3\xa9\xff",
        b"Basic \"quoted\"",
        &longest,
    ] {
        let gateway = start();

        let reply = get(&gateway, &[&[b"AUTHORIZATION: ", value].concat()]).await;

        assert_eq!(reply.status, 200, "{}", value.escape_ascii());
        let head = gateway.upstream.received()[0].head.clone();
        let expected = [b"\r\nauthorization: ", value, b"\r\n"].concat();
        let found = head.windows(expected.len()).any(|bytes| bytes == expected);
        assert!(found, "{}", head.escape_ascii());
    }
}

#[actix_web::test]
async fn credentials_that_cannot_be_passed_on_are_missing() {
    let long = [b"Authorization: Bearer ".as_slice(), &[b'x'; 8 * 1024 - 6]].concat();
    let good = b"Authorization: Basic ZnVuZzp3aW50ZXItMjAxMA==".as_slice();
    let cases: [&[&[u8]]; 15] = [
        &[],
        &[b"Authorization:"],
        &[b"Authorization: Basic"],
        &[b"Authorization: Basic "],
        &[b"Authorization: Bearer \t "],
        &[b"Authorization: Digest username=\"fung\""],
        &[b"Authorization: Negotiate YII="],
        &[b"Authorization: Basically x"],
        &[b"Authorization: ZnVuZzp3aW50ZXItMjAxMA=="],
        &[b"Authorization: BasicZnVuZzp3aW50ZXItMjAxMA=="],
        &[good, good],
        &[good, b"Authorization: Bearer x"],
        &[good, b"Authorization:"],
        &[b"Proxy-Authorization: Basic ZnVuZzp3aW50ZXItMjAxMA=="],
        &[&long],
    ];
    for lines in cases {
        let gateway = start();

        let reply = get(&gateway, lines).await;

        problem("credentials_missing", ACCOUNTS).assert(&reply);
        assert_eq!(gateway.upstream.received().len(), 0);
    }
}

#[actix_web::test]
async fn a_script_gets_a_challenge_that_opens_no_sign_in_box() {
    let basic = r#"Basic realm="Unity Connection", charset="UTF-8""#;
    let bearer = r#"Bearer realm="Unity Connection""#;
    let cases: [(&[(&str, &str)], &str); 8] = [
        (&[], basic),
        (&[("sec-fetch-dest", "document")], basic),
        (&[("sec-fetch-dest", "iframe"), ("sec-fetch-mode", "navigate")], basic),
        (&[("sec-fetch-mode", "cors")], basic),
        (&[("sec-fetch-dest", "empty")], bearer),
        (&[("x-requested-with", "XMLHttpRequest")], bearer),
        (&[("x-requested-with", "")], bearer),
        (&[("sec-fetch-dest", "document"), ("x-requested-with", "x")], bearer),
    ];
    for (headers, challenge) in cases {
        let gateway = TestGateway::raw(vec![answer("401 Unauthorized", b"")]);

        let missing = gateway.ask("GET", ACCOUNTS, headers, "").await;
        let rejected = gateway.ask("GET", ACCOUNTS, &[headers, &[FUNG]].concat(), "").await;

        problem("credentials_missing", ACCOUNTS)
            .header("www-authenticate", challenge)
            .assert(&missing);
        problem("credentials_rejected", ACCOUNTS)
            .header("www-authenticate", challenge)
            .upstream(json!({ "status": 401 }))
            .assert(&rejected);
    }
}

#[actix_web::test]
async fn a_wrong_password_is_rejected_and_tried_once() {
    let gateway = TestGateway::start();
    let wrong = basic("fung", "summer-2010");
    let headers = [("authorization", wrong.as_str()), JSON];

    let read = gateway.ask("GET", ACCOUNTS, &headers, "").await;
    let write = gateway.ask("PUT", PASSWORD, &headers, r#"{"password":"abc123"}"#).await;

    problem("credentials_rejected", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&read);
    problem("credentials_rejected", PASSWORD).upstream(json!({ "status": 401 })).assert(&write);
    assert_eq!(gateway.upstream.failed_sign_ins("fung"), 2);
    assert_eq!(gateway.upstream.log().len(), 2);
}

#[actix_web::test]
async fn passwords_with_colons_and_non_ascii_characters_sign_in() {
    let gateway = TestGateway::start();
    let eva = basic("eva", "pass:wörd 😀&%+");

    let reply = gateway.ask("GET", ACCOUNTS, &[("authorization", &eva)], "").await;

    assert_eq!(reply.json()["total"], 3);
}

#[actix_web::test]
async fn a_trace_goes_on_unchanged_when_it_is_valid() {
    let valid = [
        TRACEPARENT.to_owned(),
        TRACEPARENT.replace("-01", "-ff"),
        TRACEPARENT.replacen("00-", "cc-", 1),
        format!("{}-what-the-future-will-be-like", TRACEPARENT.replacen("00-", "cc-", 1)),
    ];
    let invalid = [
        TRACEPARENT.to_uppercase(),
        TRACEPARENT.replacen("00-", "ff-", 1),
        format!("{TRACEPARENT}-more"),
        format!("{TRACEPARENT}x"),
        TRACEPARENT.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
        TRACEPARENT.replace("b7ad6b7169203331", &"0".repeat(16)),
        TRACEPARENT.replace('-', "_"),
        TRACEPARENT.replace("-01", ""),
        TRACEPARENT.replace("0af7", "gaf7"),
        "00".to_owned(),
        String::new(),
    ];
    for (values, goes_on) in [(valid.as_slice(), true), (&invalid, false)] {
        for value in values {
            let gateway = start();

            let reply = gateway.ask("GET", ACCOUNTS, &[FUNG, ("traceparent", value)], "").await;

            assert_eq!(reply.status, 200);
            let sent = gateway.upstream.received()[0].fields();
            let sent: Vec<_> = sent.iter().filter(|(name, _)| name == "traceparent").collect();
            let expected: Vec<_> = fields(&[("traceparent", value)]);
            let expected: Vec<_> = expected.iter().filter(|_| goes_on).collect();
            assert_eq!(sent, expected, "{value}");
        }
    }
}

#[actix_web::test]
async fn two_traces_are_none() {
    let gateway = start();
    let trace = ("traceparent", TRACEPARENT);

    gateway.ask("GET", ACCOUNTS, &[FUNG, trace, trace], "").await;

    let sent = gateway.upstream.received()[0].fields();
    assert!(sent.iter().all(|(name, _)| name != "traceparent"));
}

#[actix_web::test]
async fn a_usable_request_id_is_taken_and_another_is_replaced() {
    let gateway = start();
    let longest: String = repeat_n('a', 128).collect();
    let too_long: String = repeat_n('a', 129).collect();

    for id in ["a", "Az09._-", &longest] {
        let reply = gateway.ask("GET", ACCOUNTS, &[FUNG, ("x-request-id", id)], "").await;
        assert_eq!(reply.header("x-request-id"), Some(id));
    }
    for id in ["", "a b", "a/b", "é", "{}", &too_long] {
        let reply = gateway.ask("GET", ACCOUNTS, &[FUNG, ("x-request-id", id)], "").await;
        let made = reply.header("x-request-id").unwrap();
        assert!(uuid::Uuid::parse_str(made).is_ok(), "{id} {made}");
    }
}
