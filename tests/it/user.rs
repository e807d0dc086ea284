//! The user: what is shown, and the PATCH with its look-up of the user's id.

use serde_json::json;

use crate::raw::{answer, document};
use crate::support::{TestGateway, problem};

const USER: &str = "/api/v1/user";
const UPSTREAM: &str = "/vmrest/user/00000064-05e1-4000-8000-000000000000";
const SMTP: &str = "GET /vmrest/user/notificationdevices/smtpdevices";
const HTML: &str = "GET /vmrest/user/notificationdevices/htmldevices";
const UNLIST: &str = r#"{"listInDirectory":false}"#;
const UNLISTED: &str = "<User><ListInDirectory>false</ListInDirectory></User>";

#[actix_web::test]
async fn the_user_is_shown_and_taken_from_the_directory_by_the_id_that_a_device_tells() {
    let gateway = TestGateway::start();

    let written = gateway.send("PATCH", USER, UNLIST).await;
    let read = gateway.get(USER).await;

    written.assert_written();
    read.assert_read(&json!({
        "alias": "fung",
        "displayName": "Fung Lee",
        "firstName": "Fung",
        "lastName": "Lee",
        "dtmfAccessId": "4100",
        "smtpAddress": "fung@vm1.example.org",
        "emailAddress": "fung@example.org",
        "listInDirectory": false,
        "voiceNameUri": "/api/v1/user/voice-name",
    }));
    let put = format!("PUT {UPSTREAM} {UNLISTED}");
    assert_eq!(gateway.calls(), [SMTP, &put, "GET /vmrest/user"]);
    gateway.assert_closed(USER, "GET, HEAD, PATCH").await;
}

#[actix_web::test]
async fn a_body_without_the_one_flag_is_refused_before_the_look_up() {
    let gateway = TestGateway::start();
    let flag = "listInDirectory";
    let cases = [
        ["{}", ""],
        ["[]", ""],
        [r#"{"alias":"x"}"#, "alias"],
        [r#"{"listInDirectory":true,"voiceNameUri":"x"}"#, "voiceNameUri"],
        [r#"{"listInDirectory":null}"#, flag],
        [r#"{"listInDirectory":"true"}"#, flag],
        [r#"{"listInDirectory":1}"#, flag],
        [r#"{"listInDirectory":true,"listInDirectory":true}"#, flag],
    ];
    gateway.assert_refused("PATCH", USER, &cases).await;
}

#[actix_web::test]
async fn the_second_list_is_read_where_the_first_tells_no_id_and_then_no_more() {
    let gateway = TestGateway::start();
    let subscriber = "00000064-05E1-4000-8000-000000000000";
    let device = |name, text| vec![("Active", "true"), (name, text)];
    let smtp = [device("DisplayName", "x"), device("SubscriberObjectId", "x")];
    let html = [device("SubscriberObjectId", ""), device("SubscriberObjectId", subscriber)];
    gateway.upstream.set_objects("fung", "notificationdevices/smtpdevices", &smtp).unwrap();
    gateway.upstream.set_objects("fung", "notificationdevices/htmldevices", &html).unwrap();

    gateway.send("PATCH", USER, UNLIST).await.assert_written();

    assert_eq!(gateway.calls(), [SMTP, HTML, &format!("PUT {UPSTREAM} {UNLISTED}")]);
    gateway.upstream.set_objects("fung", "notificationdevices/htmldevices", &[]).unwrap();
    let untold = gateway.send("PATCH", USER, UNLIST).await;
    problem("upstream_invalid_response", USER)
        .reason("it does not tell the user's id")
        .assert(&untold);
    assert_eq!(gateway.calls(), [SMTP, HTML]);
}

#[actix_web::test]
async fn a_look_up_that_fails_ends_the_change_as_a_failed_read() {
    let cases = [
        (answer("500 X", b""), "upstream_error", json!({ "status": 500 })),
        (answer("404 X", b""), "upstream_error", json!({ "status": 404 })),
        (answer("403 X", b""), "forbidden", json!({ "status": 403 })),
        (answer("401 X", b""), "credentials_rejected", json!({ "status": 401 })),
    ];
    for (step, code, upstream) in cases {
        let gateway = TestGateway::raw(vec![step]);

        let reply = gateway.send("PATCH", USER, UNLIST).await;

        problem(code, USER).upstream(upstream).assert(&reply);
        let received = gateway.upstream.received();
        let lines: Vec<_> = received.iter().map(crate::raw::Received::line).collect();
        assert_eq!(lines, [format!("{SMTP} HTTP/1.1")], "{code}");
    }
    let gateway = TestGateway::raw(vec![document(b"<html/>")]);
    let reply = gateway.send("PATCH", USER, UNLIST).await;
    assert_eq!(reply.json()["code"], "upstream_invalid_response");
    assert_eq!(reply.json()["outcomeUnknown"], json!(null));
    assert_eq!(gateway.upstream.received().len(), 1);
}

#[actix_web::test]
async fn the_look_up_is_never_a_kept_answer_and_the_write_drops_what_is_kept() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'");
    let devices = "/api/v1/notification-devices/smtp";
    gateway.get(devices).await;
    gateway.get(USER).await;
    gateway.calls();

    gateway.send("PATCH", USER, UNLIST).await.assert_written();

    assert_eq!(gateway.get(USER).await.json()["listInDirectory"], json!(false));
    let put = format!("PUT {UPSTREAM} {UNLISTED}");
    assert_eq!(gateway.calls(), [SMTP, &put, "GET /vmrest/user"]);
}

#[actix_web::test]
async fn the_setting_and_the_servers_path_must_agree() {
    for (setting, switch, taken) in [
        ("with-id", "with-id", true),
        ("with-id", "both", true),
        ("with-id", "without-id", false),
        ("without-id", "without-id", true),
        ("without-id", "with-id", false),
    ] {
        let gateway = TestGateway::start_with(&format!("upstream.user_update = '{setting}'"));
        gateway.upstream.set("user_update", switch).unwrap();

        let reply = gateway.send("PATCH", USER, UNLIST).await;

        if taken {
            reply.assert_written();
        } else {
            assert_eq!(reply.json()["code"], "upstream_error", "{setting} {switch}");
            assert_eq!(reply.json()["upstream"]["status"], 405, "{setting} {switch}");
        }
        let calls = gateway.calls();
        let expected = match setting {
            "without-id" => vec![format!("PUT /vmrest/user {UNLISTED}")],
            _ => vec![SMTP.to_owned(), format!("PUT {UPSTREAM} {UNLISTED}")],
        };
        assert_eq!(calls, expected, "{setting} {switch}");
    }
}

#[actix_web::test]
async fn without_the_right_the_answer_is_as_the_server_refuses() {
    let gateway = TestGateway::start();
    for (status, ours, code) in
        [("403", 403, "forbidden"), ("400", 422, "user_rejected"), ("404", 502, "upstream_error")]
    {
        gateway.upstream.set("cos_refusal", status).unwrap();

        let reply = gateway.send_as("otto", ["PATCH", USER, UNLIST]).await;

        assert_eq!((reply.status, &reply.json()["code"]), (ours, &json!(code)), "{status}");
    }
    gateway.upstream.set("ignored_element", "ListInDirectory").unwrap();
    gateway.send("PATCH", USER, UNLIST).await.assert_written();
    assert_eq!(gateway.get(USER).await.json()["listInDirectory"], json!(true));
}
