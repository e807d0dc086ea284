//! Lists made of single reads: greetings and transfer options.

use serde_json::{Value, json};

use crate::raw::{Received, Step, answer, document};
use crate::support::{FUNG, Reply, TestGateway, etag, problem};

const GREETINGS: &str = "/api/v1/greetings";
const OPTIONS: &str = "/api/v1/transfer-options";
const KEPT: &str = "cache.ttl = '60s'";
const TYPES: [(&str, &str); 7] = [
    ("standard", "Standard"),
    ("alternate", "Alternate"),
    ("busy", "Busy"),
    ("internal", "Internal"),
    ("off-hours", "Off%20Hours"),
    ("holiday", "Holiday"),
    ("error", "Error"),
];

/// The calls for these types of greetings.
fn gets(types: &[(&str, &str)]) -> Vec<String> {
    types.iter().map(|(_, theirs)| format!("GET /vmrest/user/greetings/{theirs}")).collect()
}

/// The types in a list, in its order.
fn types(reply: &Reply) -> Vec<Value> {
    let items = reply.json()["items"].as_array().unwrap().clone();
    assert_eq!(reply.json()["total"], items.len());
    items.iter().map(|item| item["greetingType"].clone()).collect()
}

fn status(reply: &Reply) -> &str {
    reply.header("cache-status").unwrap_or_default()
}

/// An answer about the greeting of this type.
fn greeting(kind: &str) -> Vec<Step> {
    let kind = kind.replace("%20", " ");
    let xml = format!("<Greeting><GreetingType>{kind}</GreetingType></Greeting>");
    vec![document(xml.as_bytes())]
}

#[actix_web::test]
async fn each_type_is_read_in_order_as_alone() {
    let gateway = TestGateway::start();

    let list = gateway.get(GREETINGS).await;
    assert_eq!(gateway.calls(), gets(&TYPES));
    let options = gateway.get(OPTIONS).await;
    assert_eq!(
        gateway.calls(),
        ["Standard", "Alternate", "Off%20Hours"]
            .map(|kind| format!("GET /vmrest/user/transferoptions/{kind}"))
    );

    let mut items = Vec::new();
    for (kind, _) in TYPES {
        items.push(gateway.get(&format!("{GREETINGS}/{kind}")).await.json());
    }
    list.assert_read(&json!({ "items": items, "total": 7 }));
    let mut items = Vec::new();
    for kind in ["standard", "alternate", "off-hours"] {
        items.push(gateway.get(&format!("{OPTIONS}/{kind}")).await.json());
    }
    options.assert_read(&json!({ "items": items, "total": 3 }));
    assert_eq!(gateway.upstream.most_in_flight(), 1);
}

#[actix_web::test]
async fn parts_are_kept_one_by_one_and_a_write_drops_them() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.get(&format!("{GREETINGS}/busy")).await;
    gateway.calls();

    let first = gateway.get(GREETINGS).await;
    let calls = gateway.calls();
    let second = gateway.get(GREETINGS).await;
    let single = gateway.get(&format!("{GREETINGS}/holiday")).await;
    let tag = second.header("etag").unwrap().to_owned();
    let same = gateway.ask("GET", GREETINGS, &[FUNG, ("if-none-match", &tag)], "").await;
    assert_eq!(gateway.calls(), [""; 0]);
    let fresh = gateway.ask("GET", GREETINGS, &[FUNG, ("cache-control", "no-cache")], "").await;

    let others: Vec<_> = TYPES.into_iter().filter(|(kind, _)| *kind != "busy").collect();
    assert_eq!(calls, gets(&others));
    assert_eq!(status(&first), "cupi-gateway; fwd=miss; stored");
    assert!(status(&second).starts_with("cupi-gateway; hit; ttl="));
    assert!(status(&single).starts_with("cupi-gateway; hit; ttl="));
    assert_eq!(second.body, first.body);
    assert_eq!(tag, etag(&first.body));
    assert!(["0", "1", "2"].contains(&second.header("age").unwrap()));
    assert_eq!((same.status, same.text().as_str()), (304, ""));
    assert_eq!(status(&fresh), "cupi-gateway; fwd=request; stored");
    assert_eq!(gateway.calls(), gets(&TYPES));

    gateway.send("PATCH", &format!("{GREETINGS}/busy"), r#"{"playWhat":"none"}"#).await;
    gateway.calls();
    let changed = gateway.get(GREETINGS).await;
    assert_eq!(changed.json()["items"][2]["playWhat"], "none");
    assert_eq!(gateway.calls(), gets(&TYPES));
}

#[actix_web::test]
async fn a_type_that_is_not_there_is_left_out_and_asked_for_again() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.upstream.set("off_hours", "closed").unwrap();

    for (number, calls) in [(0, gets(&TYPES)), (1, gets(&TYPES[4..5]))] {
        let reply = gateway.get(GREETINGS).await;

        let expected = ["standard", "alternate", "busy", "internal", "holiday", "error"];
        assert_eq!(types(&reply), expected);
        assert_eq!(status(&reply).split("; ").nth(1), Some("fwd=miss"), "{number}");
        assert_eq!(gateway.calls(), calls, "{number}");
    }
}

#[actix_web::test]
async fn a_caller_without_any_gets_the_problem_of_one() {
    for (path, code, count) in
        [(GREETINGS, "greeting_not_found", 7), (OPTIONS, "transfer_option_not_found", 3)]
    {
        let gateway = TestGateway::raw(vec![answer("404 X", b"")]);

        let reply = gateway.get(path).await;

        problem(code, path).upstream(json!({ "status": 404 })).assert(&reply);
        assert!(reply.json()["detail"].as_str().unwrap().contains("mailbox"));
        assert_eq!(gateway.upstream.received().len(), count);
    }
}

#[actix_web::test]
async fn any_other_failure_ends_the_list_and_what_was_read_stays_kept() {
    let mut scripts: Vec<_> = TYPES[..2].iter().map(|(_, theirs)| greeting(theirs)).collect();
    scripts.push(vec![answer("500 X", b"")]);
    scripts.extend(TYPES[2..].iter().map(|(_, theirs)| greeting(theirs)));
    let gateway = TestGateway::raw_with(KEPT, scripts);

    let failed = gateway.get(GREETINGS).await;
    let calls = gateway.upstream.received().len();
    let whole = gateway.get(GREETINGS).await;

    problem("upstream_error", GREETINGS).upstream(json!({ "status": 500 })).assert(&failed);
    assert_eq!(calls, 3);
    assert_eq!(types(&whole).len(), 7);
    let lines: Vec<_> = gateway.upstream.received().iter().map(Received::line).collect();
    let again: Vec<_> = gets(&TYPES[2..]).iter().map(|get| format!("{get} HTTP/1.1")).collect();
    assert_eq!(lines[3..], again);
}

#[actix_web::test]
async fn a_document_that_is_no_greeting_ends_the_list_too() {
    let gateway = TestGateway::raw_with("", vec![greeting("Standard"), greeting("Busy")]);

    let reply = gateway.get(GREETINGS).await;

    problem("upstream_invalid_response", GREETINGS)
        .reason("it is about another object than the one asked for")
        .upstream(json!({ "status": 200 }))
        .assert(&reply);
    assert_eq!(gateway.upstream.received().len(), 2);
}

#[actix_web::test]
async fn a_wrong_password_costs_one_sign_in() {
    let gateway = TestGateway::start();
    let wrong = crate::support::basic("fung", "wrong");

    let reply = gateway.ask("GET", GREETINGS, &[("authorization", &wrong)], "").await;

    assert_eq!(reply.json()["code"], "credentials_rejected");
    assert_eq!(gateway.upstream.failed_sign_ins("fung"), 1);
    assert_eq!(gateway.calls().len(), 1);
}
