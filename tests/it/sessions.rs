//! Sessions of Unity Connection: they spare sign-ins, and one that has ended looks like nothing else.

use serde_json::json;
use tokio::time::{Duration, Instant};

use crate::raw::{RawUpstream, Step, answer, send};
use crate::support::{ACCOUNTS, DEADLINE, FUNG, JSON, PASSWORD, Reply, TestGateway, problem};

const SETTINGS: &str = "upstream.session_reuse = '60s'\nupstream.sign_in_pause = '35m'";
const COOKIE: &str = "Set-Cookie: JSESSIONID=AB; Path=/vmrest/; Secure; HttpOnly";

/// An answer that sets a session.
fn signed_in() -> Step {
    answer(&format!("200 OK\r\n{COOKIE}"), b"<UserExternalServiceAccounts/>")
}

fn list() -> Step {
    answer("200 OK", b"<UserExternalServiceAccounts/>")
}

fn status(status: u16) -> Step {
    answer(&format!("{status} X"), b"")
}

/// A gateway before a server that does one step for each request in turn.
fn start(steps: Vec<Step>) -> TestGateway<RawUpstream> {
    TestGateway::raw_with(SETTINGS, steps.into_iter().map(|step| vec![step]).collect())
}

/// Whether each request carried a session.
fn in_session(gateway: &TestGateway<RawUpstream>) -> Vec<bool> {
    let received = gateway.upstream.received().into_iter();
    received.map(|request| request.header("cookie").is_some()).collect()
}

async fn write(gateway: &TestGateway<RawUpstream>) -> Reply {
    gateway.ask("PUT", PASSWORD, &[FUNG, JSON], r#"{"password":"x"}"#).await
}

#[actix_web::test]
async fn a_session_ends_in_time_however_often_it_is_set_again() {
    let again = answer(
        "200 OK\r\nSet-Cookie: REQUEST_TOKEN_KEY=-402; Path=/",
        b"<UserExternalServiceAccounts/>",
    );
    let toml = "upstream.session_reuse = '300ms'";
    let gateway = TestGateway::raw_with(toml, vec![vec![signed_in()], vec![again]]);
    let begun = Instant::now();

    gateway.get(ACCOUNTS).await;
    while !in_session(&gateway)[1..].contains(&false) {
        assert!(begun.elapsed() < DEADLINE, "the session does not end");
        assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    }

    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[actix_web::test]
async fn only_a_success_begins_a_session() {
    for status in [301, 400, 403, 404, 500, 503] {
        let steps = vec![answer(&format!("{status} X\r\n{COOKIE}"), b""), list()];
        let gateway = start(steps);

        gateway.get(ACCOUNTS).await;
        gateway.get(ACCOUNTS).await;

        assert_eq!(in_session(&gateway), [false, false], "{status}");
    }
}

#[actix_web::test]
async fn a_read_that_an_old_session_spoils_is_made_once_more_without_it() {
    for spoilt in [302, 303, 403] {
        let gateway = start(vec![signed_in(), status(spoilt), list(), list()]);

        let statuses = [
            gateway.get(ACCOUNTS).await.status,
            gateway.get(ACCOUNTS).await.status,
            gateway.get(ACCOUNTS).await.status,
        ];

        assert_eq!(statuses, [200; 3], "{spoilt}");
        assert_eq!(in_session(&gateway), [false, true, false, false], "{spoilt}");
    }
}

#[actix_web::test]
async fn a_redirect_that_stays_is_one_and_makes_no_more_calls() {
    // Each answer sets a session anew, as an expired one may be.
    let redirect = answer(&format!("302 Found\r\n{COOKIE}\r\nLocation: /login"), b"");
    let gateway = start(vec![signed_in(), redirect]);

    gateway.get(ACCOUNTS).await;
    for _ in 0..2 {
        let reply = gateway.get(ACCOUNTS).await;
        problem("upstream_redirected", ACCOUNTS).upstream(json!({ "status": 302 })).assert(&reply);
    }

    assert_eq!(in_session(&gateway), [false, true, false, false]);
}

#[actix_web::test]
async fn a_write_that_an_old_session_spoils_is_not_made_again_but_the_session_ends() {
    for (spoilt, code) in [(302, "upstream_redirected"), (403, "forbidden")] {
        let gateway = start(vec![signed_in(), status(spoilt), list()]);

        gateway.get(ACCOUNTS).await;
        let reply = write(&gateway).await;
        gateway.get(ACCOUNTS).await;

        problem(code, PASSWORD).upstream(json!({ "status": spoilt })).assert(&reply);
        assert_eq!(in_session(&gateway), [false, true, false], "{spoilt}");
    }
}

#[actix_web::test]
async fn a_server_that_fails_ends_the_session() {
    for status in [500, 502, 503, 504] {
        let gateway = start(vec![signed_in(), self::status(status), list()]);

        gateway.get(ACCOUNTS).await;
        let failed = gateway.get(ACCOUNTS).await;
        gateway.get(ACCOUNTS).await;

        assert!(failed.status >= 502);
        assert_eq!(in_session(&gateway), [false, true, false], "{status}");
    }
}

#[actix_web::test]
async fn what_tells_nothing_of_the_session_leaves_it() {
    for status in [400, 404, 409, 429] {
        let gateway = start(vec![signed_in(), self::status(status), list()]);

        for _ in 0..3 {
            gateway.get(ACCOUNTS).await;
        }

        assert_eq!(in_session(&gateway), [false, true, true], "{status}");
    }
}

#[actix_web::test]
async fn a_401_to_an_old_session_is_checked_and_the_call_made_once_more_without_it() {
    let done = send("HTTP/1.1 204 No Content\r\n\r\n");
    let read = start(vec![signed_in(), status(401), list(), list()]);
    let write = start(vec![signed_in(), status(401), list(), done]);

    read.get(ACCOUNTS).await.assert_read(&json!({ "items": [], "total": 0 }));
    read.get(ACCOUNTS).await.assert_read(&json!({ "items": [], "total": 0 }));
    write.get(ACCOUNTS).await;
    self::write(&write).await.assert_written();

    for gateway in [read, write] {
        assert_eq!(in_session(&gateway), [false, true, false, false]);
        let received = gateway.upstream.received();
        assert_eq!(received[2].line(), "GET /vmrest/user HTTP/1.1");
        assert_eq!(received[1].line(), received[3].line());
    }
}

#[actix_web::test]
async fn a_401_that_comes_again_without_a_session_is_forbidden_and_no_pause() {
    let gateway = start(vec![signed_in(), status(401), list(), status(401), list()]);

    gateway.get(ACCOUNTS).await;
    let refused = gateway.get(ACCOUNTS).await;

    problem("forbidden", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&refused);
    assert_eq!(gateway.upstream.received().len(), 4);
    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
}

#[actix_web::test]
async fn a_401_without_a_session_is_made_no_second_time() {
    let gateway = start(vec![list(), status(401), list(), list()]);

    gateway.get(ACCOUNTS).await;
    let refused = gateway.get(ACCOUNTS).await;

    problem("forbidden", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&refused);
    assert_eq!(gateway.upstream.received().len(), 3);
}

/// Each 401 is a sign-in that failed, and a call without an answer may be one.
#[actix_web::test]
async fn a_replaced_password_costs_two_failed_sign_ins_whatever_an_old_session_does() {
    let reads = [
        vec![status(401), status(401)],
        vec![status(302), status(401), status(401)],
        vec![status(403), status(401), status(401)],
        vec![Step::Close, status(401)],
        vec![Step::Close, status(302), status(401)],
    ];
    let writes = [vec![status(401), status(401)]];
    for (method, cases) in [("GET", reads.as_slice()), ("PUT", &writes)] {
        for (number, steps) in cases.iter().enumerate() {
            let gateway = start([&[signed_in()], steps.as_slice(), &[status(401)]].concat());
            gateway.get(ACCOUNTS).await;

            let rejected = match method {
                "GET" => gateway.get(ACCOUNTS).await,
                _ => write(&gateway).await,
            };
            let later = gateway.get(ACCOUNTS).await;

            assert_eq!(rejected.json()["code"], "credentials_rejected", "{method} {number}");
            assert_eq!(later.json()["code"], "sign_in_paused", "{method} {number}");
            let calls = gateway.upstream.received().len();
            assert_eq!(calls, 1 + steps.len(), "{method} {number}");
        }
    }
}
