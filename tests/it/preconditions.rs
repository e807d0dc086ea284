//! `If-Match` and `If-None-Match` on writes: held against a fresh read in the same turn.

use crate::raw::{Step, answer, document, send};
use crate::support::{
    DEVICES, FUNG, JSON, OWN_DEVICE, PASSWORD, Reply, TestGateway, UPSTREAM_DEVICES, problem,
};

const OTHER: &str = "\"0123456789abcdef0123456789abcdef\"";

async fn write<U>(gateway: &TestGateway<U>, method: &str, conditions: &[(&str, &str)]) -> Reply {
    let headers = [&[FUNG, JSON], conditions].concat();
    let body = if method == "PATCH" { r#"{"displayName":"Flat"}"# } else { "" };
    gateway.ask(method, OWN_DEVICE, &headers, body).await
}

#[actix_web::test]
async fn a_write_is_sent_only_where_its_preconditions_hold() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'");
    let etag = gateway.get(OWN_DEVICE).await.header("etag").unwrap().to_owned();
    let weak = format!("W/{etag}");
    let list = format!("{OTHER} , {etag}");
    let cases: [(&[(&str, &str)], bool); 12] = [
        (&[("if-match", &etag)], true),
        (&[("if-match", &list)], true),
        (&[("if-match", "*")], true),
        (&[("if-match", OTHER)], false),
        (&[("if-match", &weak)], false),
        (&[("if-match", "")], false),
        (&[("if-none-match", OTHER)], true),
        (&[("if-none-match", &etag)], false),
        (&[("if-none-match", &weak)], false),
        (&[("if-none-match", "*")], false),
        (&[("if-match", &etag), ("if-none-match", OTHER)], true),
        (&[("if-match", OTHER), ("if-match", &etag), ("if-none-match", &etag)], false),
    ];
    for (conditions, holds) in cases {
        gateway.upstream.clear_log();
        let reply = gateway
            .ask(
                "PATCH",
                OWN_DEVICE,
                &[&[FUNG, JSON], conditions].concat(),
                r#"{"dtmfAccessId":"0044010003"}"#,
            )
            .await;

        let methods: Vec<_> =
            gateway.upstream.log().iter().map(|asked| asked.method.clone()).collect();
        if holds {
            assert_eq!(reply.status, 204, "{conditions:?} {}", reply.text());
            assert_eq!(methods, ["GET", "PUT"], "{conditions:?}");
        } else {
            problem("precondition_failed", OWN_DEVICE)
                .about(&format!("{conditions:?}"))
                .assert(&reply);
            assert_eq!(methods, ["GET"], "{conditions:?}");
        }
    }
}

#[actix_web::test]
async fn what_has_changed_since_it_was_read_is_not_changed_again() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'");
    let etag = gateway.get(OWN_DEVICE).await.header("etag").unwrap().to_owned();
    write(&gateway, "PATCH", &[]).await.assert_written();

    for method in ["PATCH", "DELETE"] {
        let reply = write(&gateway, method, &[("if-match", &etag)]).await;
        problem("precondition_failed", OWN_DEVICE).about(&method).assert(&reply);
    }
    let etag = gateway.get(OWN_DEVICE).await.header("etag").unwrap().to_owned();
    write(&gateway, "DELETE", &[("if-match", &etag)]).await.assert_written();
}

#[actix_web::test]
async fn nothing_is_there_to_match_after_a_404_and_the_write_goes_on_without_if_match() {
    let gone = || TestGateway::raw(vec![answer("404 Not Found", b"")]);

    let matching = gone();
    let reply = write(&matching, "DELETE", &[("if-match", "*")]).await;
    problem("precondition_failed", OWN_DEVICE).assert(&reply);
    assert_eq!(matching.upstream.received().len(), 1);

    let other = gone();
    let reply = write(&other, "DELETE", &[("if-none-match", "*")]).await;
    assert_eq!(reply.json()["code"], "alternate_device_not_found");
    assert_eq!(other.upstream.received().len(), 2);
}

#[actix_web::test]
async fn a_read_that_fails_ends_the_write_as_a_read_does() {
    let cases: [(Step, &str); 5] = [
        (answer("500 Oops", b""), "upstream_error"),
        (answer("503 Busy", b""), "upstream_busy"),
        (answer("403 Forbidden", b""), "forbidden"),
        (document(b"<html/>"), "upstream_invalid_response"),
        (Step::Hold, "upstream_timeout"),
    ];
    for (step, code) in cases {
        let gateway = TestGateway::raw_with("upstream.timeout = '300ms'", vec![vec![step]]);

        let reply = write(&gateway, "PATCH", &[("if-match", OTHER)]).await;

        assert_eq!(reply.json()["code"], code);
        assert_eq!(reply.json().get("outcomeUnknown"), None, "{code}");
        assert_eq!(gateway.upstream.received().len(), 1, "{code}");
    }
}

#[actix_web::test]
async fn an_address_without_a_read_matches_nothing() {
    let cases =
        [("if-match", "*", false), ("if-match", OTHER, false), ("if-none-match", "*", true)];
    for (name, value, holds) in cases {
        let gateway = TestGateway::raw(vec![send("HTTP/1.1 204 No Content\r\n\r\n")]);
        let headers = [FUNG, JSON, (name, value)];

        let reply = gateway.ask("PUT", PASSWORD, &headers, r#"{"password":"abc123"}"#).await;

        if holds {
            reply.assert_written();
        } else {
            problem("precondition_failed", PASSWORD).assert(&reply);
        }
        assert_eq!(gateway.upstream.received().len(), usize::from(holds));
    }
}

#[actix_web::test]
async fn a_post_has_no_preconditions() {
    let gateway = TestGateway::start();
    let headers = [FUNG, JSON, ("if-match", OTHER), ("if-none-match", "*")];

    let reply = gateway.ask("POST", DEVICES, &headers, r#"{"dtmfAccessId":"7"}"#).await;

    assert_eq!(reply.status, 201);
    assert_eq!(gateway.upstream.log()[0].path, UPSTREAM_DEVICES);
}

#[actix_web::test]
async fn preconditions_come_after_all_that_is_wrong_with_the_request_and_its_caller() {
    let gateway = TestGateway::start_with("upstream.sign_in_pause = '35m'");
    let wrong = ("authorization", "Basic ZnVuZzp3cm9uZw==");
    let condition = ("if-match", OTHER);

    let invalid = gateway.ask("PUT", PASSWORD, &[FUNG, JSON, condition], "{}").await;
    let body = r#"{"password":"x"}"#;
    gateway.ask("PUT", PASSWORD, &[wrong, JSON], body).await;
    let paused = gateway.ask("PUT", PASSWORD, &[wrong, JSON, condition], body).await;

    assert_eq!(invalid.json()["code"], "invalid_body");
    assert_eq!(paused.json()["code"], "sign_in_paused");
}
