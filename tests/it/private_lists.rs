//! Private lists: the five calls, what is sent for them, and what is refused.

use serde_json::{Value, json};

use crate::support::{TestGateway, problem};

const LISTS: &str = "/api/v1/private-lists";
const UPSTREAM: &str = "/vmrest/user/privatelists";
const FIRST: &str = "00000064-115a-4000-8000-000000000001";
const SECOND: &str = "00000064-115a-4000-8000-000000000002";
const CREATED: &str = "00000064-c0de-4000-8000-000000000001";
const ITEM: &str = "PrivateList";

fn list(id: &str, name: &str, number: u8) -> Value {
    let uri = format!("{LISTS}/{id}");
    json!({
        "objectId": id,
        "uri": uri,
        "displayName": name,
        "numericId": number,
        "membersUri": format!("{uri}/members"),
        "voiceNameUri": format!("{uri}/voice-name"),
    })
}

#[actix_web::test]
async fn a_list_is_created_read_changed_and_deleted() {
    let gateway = TestGateway::start();
    let path = format!("{LISTS}/{CREATED}");
    let body = r#"{"numericId":12,"displayName":"A & <B>"}"#;

    let created = gateway.send("POST", LISTS, body).await;
    let read = gateway.get(&path.to_uppercase().replace("/API/V1/PRIVATE-LISTS", LISTS)).await;
    let changed = gateway.send("PATCH", &path, r#"{"displayName":"Late"}"#).await;
    let all = gateway.get(LISTS).await;
    let deleted = gateway.send("DELETE", &path, "").await;
    let gone = gateway.get(&path).await;

    assert_eq!((created.status, created.header("location")), (201, Some(path.as_str())));
    assert_eq!(created.text(), format!(r#"{{"objectId":"{CREATED}","uri":"{path}"}}"#));
    read.assert_read(&list(CREATED, "A & <B>", 12));
    changed.assert_written();
    let items =
        [list(FIRST, "Night shift", 1), list(SECOND, "Fish & chips", 7), list(CREATED, "Late", 12)];
    all.assert_read(&json!({ "items": items, "total": 3 }));
    deleted.assert_written();
    let upstream = gone.json()["upstream"].clone();
    problem("private_list_not_found", &path).upstream(upstream).assert(&gone);
    let item = format!("{UPSTREAM}/{CREATED}");
    assert_eq!(
        gateway.calls(),
        [
            format!(
                "POST {UPSTREAM} <PrivateList><DisplayName>A &amp; &lt;B&gt;</DisplayName><NumericId>12</NumericId></PrivateList>"
            ),
            format!("GET {item}"),
            format!("PUT {item} <PrivateList><DisplayName>Late</DisplayName></PrivateList>"),
            format!("GET {UPSTREAM}"),
            format!("DELETE {item}"),
            format!("GET {item}"),
        ]
    );
    gateway.assert_closed(LISTS, "GET, HEAD, POST").await;
    gateway.assert_closed(&path, "GET, HEAD, PATCH, DELETE").await;
}

#[actix_web::test]
async fn each_property_is_sent_alone_or_with_the_other() {
    let gateway = TestGateway::start();
    let path = format!("{LISTS}/{SECOND}");
    let cases = [
        [r#"{"numericId":99}"#, "<NumericId>99</NumericId>"],
        [
            r#"{"numericId":2,"displayName":" x "}"#,
            "<DisplayName> x </DisplayName><NumericId>2</NumericId>",
        ],
    ];
    gateway.assert_sent(&path, &format!("{UPSTREAM}/{SECOND}"), ITEM, &cases).await;
    // The lowest number that is free.
    let created = gateway.send("POST", LISTS, r#"{"displayName":"Numbered"}"#).await;
    let read = gateway.get(created.header("location").unwrap()).await.json();
    assert_eq!(read["numericId"], 3);
}

#[actix_web::test]
async fn a_body_out_of_bounds_is_refused_and_a_name_or_number_that_is_taken_is_rejected() {
    let gateway = TestGateway::start();
    let path = format!("{LISTS}/{SECOND}");
    let long = json!({ "displayName": "é".repeat(65), "numericId": 3 }).to_string();
    let both = [
        ["{}", "displayName"],
        ["[]", "displayName"],
        [r#"{"displayName":""}"#, "displayName"],
        [r#"{"displayName":null}"#, "displayName"],
        [r#"{"displayName":7}"#, "displayName"],
        [r#"{"displayName":"\u0001"}"#, "displayName"],
        [&long, "displayName"],
        [r#"{"displayName":"x","numericId":0}"#, "numericId"],
        [r#"{"displayName":"x","numericId":100}"#, "numericId"],
        [r#"{"displayName":"x","numericId":1.5}"#, "numericId"],
        [r#"{"displayName":"x","numericId":"1"}"#, "numericId"],
        [r#"{"displayName":"x","numericId":null}"#, "numericId"],
        [r#"{"displayName":"x","objectId":"x"}"#, "objectId"],
        [r#"{"displayName":"x","membersUri":"x"}"#, "membersUri"],
    ];
    gateway.assert_refused("POST", LISTS, &both).await;
    gateway.assert_refused("POST", LISTS, &[[r#"{"numericId":3}"#, "displayName"]]).await;
    gateway.assert_refused("PATCH", &path, &both[2..]).await;
    gateway.assert_refused("PATCH", &path, &[["{}", ""], ["[]", ""]]).await;

    for (method, path, body) in [
        ("POST", LISTS, r#"{"displayName":"Night shift"}"#),
        ("POST", LISTS, r#"{"displayName":"Other","numericId":1}"#),
        ("PATCH", path.as_str(), r#"{"numericId":1}"#),
    ] {
        let reply = gateway.send(method, path, body).await;
        let upstream = reply.json()["upstream"].clone();
        problem("private_list_rejected", path).upstream(upstream).about(&body).assert(&reply);
    }
    let full = gateway.send_as("mira", ["POST", LISTS, r#"{"displayName":"26"}"#]).await;
    assert_eq!(full.json()["code"], "private_list_rejected");
    let word = gateway.get(&format!("{LISTS}/7")).await;
    problem("invalid_object_id", &format!("{LISTS}/7")).assert(&word);
}

#[actix_web::test]
async fn a_write_drops_what_is_kept() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'");
    gateway.get(LISTS).await;
    gateway.get("/api/v1/location").await;

    gateway.send("POST", LISTS, r#"{"displayName":"New"}"#).await;
    gateway.calls();
    let lists = gateway.get(LISTS).await;
    gateway.get("/api/v1/location").await;

    assert_eq!(lists.json()["total"], 3);
    assert_eq!(
        gateway.calls(),
        [format!("GET {UPSTREAM}"), "GET /vmrest/user/location".to_owned()]
    );
}
