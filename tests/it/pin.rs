//! The PIN: it is set as a query, and shown nowhere.

use serde_json::json;

use crate::process::Process;
use crate::raw::{RawUpstream, Step, answer};
use crate::support::{FUNG, JSON, TestGateway, ask, problem};

const PIN: &str = "/api/v1/user/pin";
const UPSTREAM: &str = "/vmrest/user/credential/pin";

fn body(pin: &str) -> String {
    json!({ "pin": pin }).to_string()
}

#[actix_web::test]
async fn a_pin_is_set_by_a_query_without_a_body() {
    let gateway = TestGateway::start();

    gateway.send("PUT", PIN, &body("604817")).await.assert_written();

    assert_eq!(gateway.upstream.pin("fung").as_deref(), Some("604817"));
    let log = gateway.upstream.log();
    assert_eq!(log[0].header("content-type").as_deref(), Some("application/xml"));
    assert_eq!(gateway.calls(), [format!("PUT {UPSTREAM}?newpin=604817")]);
    gateway.send("PUT", PIN, &body("007007")).await.assert_written();
    assert_eq!(gateway.calls(), [format!("PUT {UPSTREAM}?newpin=007007")]);
    gateway.assert_closed(PIN, "PUT").await;
}

#[actix_web::test]
async fn what_is_no_pin_is_refused_and_not_sent() {
    let gateway = TestGateway::start();
    let long = body(&"1".repeat(65));
    let values =
        ["604817", "null", "\"\"", "\"60 48\"", "\"60481x\"", "\"-1\"", "\"\u{661}\"", "[]"];
    let bodies = values.map(|value| format!(r#"{{"pin":{value}}}"#));
    let mut cases: Vec<_> = bodies.iter().map(|body| [body.as_str(), "pin"]).collect();
    cases.extend([
        [long.as_str(), "pin"],
        ["{}", "pin"],
        ["[]", "pin"],
        [r#"{"pin":"1","pin":"1"}"#, "pin"],
        [r#"{"pin":"1","x":1}"#, "x"],
        [r#"{"newpin":"1"}"#, "newpin"],
    ]);
    gateway.assert_refused("PUT", PIN, &cases).await;
    let longest = body(&"1".repeat(64));
    assert_eq!(gateway.send("PUT", PIN, &longest).await.json()["code"], "pin_rejected");
}

#[actix_web::test]
async fn a_pin_that_the_policy_forbids_is_rejected_with_the_servers_words() {
    let gateway = TestGateway::start();
    for (pin, message) in [
        ("6", "The credential is too short."),
        ("777777", "Trivial credentials are prohibited by credential policy"),
        ("482913", "Repeat credentials prohibited by credential policy"),
    ] {
        let reply = gateway.send("PUT", PIN, &body(pin)).await;

        let upstream = json!({ "status": 400, "code": "INVALID_PARAMETER", "message": message });
        problem("pin_rejected", PIN).upstream(upstream).about(&pin).assert(&reply);
    }
    gateway.upstream.set("pin_fixed", "on").unwrap();
    for (status, code) in [("403", "forbidden"), ("400", "pin_rejected"), ("404", "upstream_error")]
    {
        gateway.upstream.set("cos_refusal", status).unwrap();
        let reply = gateway.send("PUT", PIN, &body("604817")).await;
        assert_eq!(reply.json()["code"], code, "{status}");
    }
}

#[actix_web::test]
async fn words_that_hold_the_pin_are_left_out_from_four_digits_on() {
    for (pin, message, shown) in [
        ("6", "at least 6 digits", true),
        ("604", "not 604", true),
        ("6048", "not 6048", false),
        ("604817", "not %36%30%34%38%31%37", false),
        ("604817", "not 60481", true),
    ] {
        let xml =
            format!("<ErrorDetails><errors><message>{message}</message></errors></ErrorDetails>");
        let gateway = TestGateway::raw(vec![answer("400 X", xml.as_bytes())]);

        let reply = gateway.send("PUT", PIN, &body(pin)).await;

        let mut upstream = json!({ "status": 400 });
        if shown {
            upstream["message"] = json!(message);
        }
        assert_eq!(reply.json()["upstream"], upstream, "{pin} {message}");
    }
}

#[actix_web::test]
async fn no_log_line_metric_or_answer_shows_a_pin() {
    const SECRET: &str = "60481750992231";
    let echo = format!(
        "<ErrorDetails><errors><code>{SECRET}</code><message>{SECRET}</message></errors></ErrorDetails>"
    );
    let echo = echo.as_bytes();
    let faults = vec![
        vec![answer("204 No Content", b"")],
        vec![answer("400 Bad", echo)],
        vec![answer(&format!("302 Found\r\nLocation: /?newpin={SECRET}"), b"")],
        vec![answer("403 No", echo)],
        vec![answer(&format!("500 {SECRET}\r\nX-Echo: {SECRET}"), echo)],
        vec![answer("200 OK", echo)],
        vec![Step::Close],
    ];
    let count = faults.len();
    let upstream = RawUpstream::start(faults);
    let environment = [
        ("CUPI_GATEWAY__LOG__LEVEL", "trace"),
        ("CUPI_GATEWAY__UPSTREAM__SIGN_IN_PAUSE", "0s"),
        ("RUST_LOG", "trace"),
    ];
    let (process, address) = Process::serve(&upstream.url(), &environment);
    let url = |query: &str| format!("http://{address}{PIN}{query}");
    let quoted = format!("\"{SECRET}\"");
    let pin = body(SECRET);

    let mut shown = String::new();
    for _ in 0..count {
        let reply = ask("PUT", &url(""), &[FUNG, JSON], pin.as_bytes()).await;
        shown.push_str(&reply.text());
        shown
            .extend(reply.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    }
    assert_eq!(upstream.received().len(), count);
    for (query, body) in [
        ("", format!(r#"{{"pin":{SECRET}}}"#)),
        ("", format!(r#"{{"pin":{quoted},"x":{quoted}}}"#)),
        ("", format!(r#"{{"pin":{quoted},"pin":{quoted}}}"#)),
        ("", format!(r#"{{"pin":[{quoted}]}}"#)),
        ("", format!(r#"{{"pin":{quoted}"#)),
        ("", quoted.clone()),
        ("?newpin=60481750992231", pin.clone()),
    ] {
        let reply = ask("PUT", &url(query), &[FUNG, JSON], body.as_bytes()).await;
        assert_eq!(reply.status, 400, "{body}");
        shown.push_str(&reply.text());
        shown
            .extend(reply.headers.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    }
    let metrics = ask("GET", &format!("http://{}/metrics", process.admin()), &[], b"").await;
    assert_eq!(metrics.status, 200);
    shown.push_str(&metrics.text());

    let [printed, log] = process.end();
    assert!(log.lines().count() > count);
    assert!(!log.contains("panicked"), "{log}");
    for text in [shown, printed, log] {
        assert!(!text.contains(SECRET), "{text}");
    }
}
