//! Members of private lists: list, add and remove.

use serde_json::{Value, json};

use crate::support::{TestGateway, problem};

const MEMBERS: &str = "/api/v1/private-lists/00000064-115a-4000-8000-000000000001/members";
const UPSTREAM: &str =
    "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000001/privatelistmembers";
const OTTO: &str = "00000066-05e1-4000-8000-000000000000";
const CREATED: &str = "00000064-c0de-4000-8000-000000000001";

fn body(kind: &str, id: &str) -> String {
    json!({ "memberObjectId": id, "type": kind }).to_string()
}

#[actix_web::test]
async fn a_member_is_added_listed_and_removed() {
    let gateway = TestGateway::start();
    let path = format!("{MEMBERS}/{CREATED}");

    let added = gateway.send("POST", MEMBERS, &body("user", &OTTO.to_uppercase())).await;
    let listed = gateway.get(MEMBERS).await;
    let removed = gateway.send("DELETE", &path, "").await;
    let again = gateway.send("DELETE", &path, "").await;

    assert_eq!((added.status, added.header("location")), (201, Some(path.as_str())));
    assert_eq!(added.text(), format!(r#"{{"objectId":"{CREATED}","uri":"{path}"}}"#));
    let member = |id: &str, kind: &str, of: &str, name: &str, alias: Value, extension: Value| {
        json!({
            "objectId": id,
            "uri": format!("{MEMBERS}/{id}"),
            "type": kind,
            "memberObjectId": of,
            "displayName": name,
            "alias": alias,
            "extension": extension,
        })
    };
    let items = listed.json()["items"].clone();
    assert_eq!(items.as_array().unwrap().len(), 3);
    assert_eq!((&items[0]["type"], &items[0]["alias"]), (&json!("user"), &json!("nadia")));
    assert_eq!(items[1]["type"], "privateList");
    assert_eq!(items[1]["displayName"], "Fish & chips");
    assert_eq!(
        items[2],
        member(CREATED, "user", OTTO, "Otto Brandt", json!("otto"), json!("0410"))
    );
    removed.assert_written();
    let upstream = again.json()["upstream"].clone();
    problem("private_list_member_not_found", &path).upstream(upstream).assert(&again);
    assert_eq!(
        gateway.calls(),
        [
            format!(
                "POST {UPSTREAM} <PrivateListMember><MemberSubscriberObjectId>{OTTO}</MemberSubscriberObjectId></PrivateListMember>"
            ),
            format!("GET {UPSTREAM}"),
            format!("DELETE {UPSTREAM}/{CREATED}"),
            format!("DELETE {UPSTREAM}/{CREATED}"),
        ]
    );
    gateway.assert_closed(MEMBERS, "GET, HEAD, POST").await;
    gateway.assert_closed(&path, "DELETE").await;
}

#[actix_web::test]
async fn each_type_has_its_element_and_a_body_needs_both_properties() {
    let gateway = TestGateway::start();
    for (kind, element) in [
        ("distributionList", "MemberDistributionListObjectId"),
        ("privateList", "MemberPersonalVoiceMailListObjectId"),
        ("contact", "MemberContactObjectId"),
    ] {
        gateway.send("POST", MEMBERS, &body(kind, OTTO)).await;
        let item = "PrivateListMember";
        assert_eq!(
            gateway.calls(),
            [format!("POST {UPSTREAM} <{item}><{element}>{OTTO}</{element}></{item}>")]
        );
    }
    let id = "memberObjectId";
    let cases = [
        ("{}".to_owned(), "type"),
        (r#"{"type":"user"}"#.to_owned(), id),
        (json!({ "memberObjectId": OTTO }).to_string(), "type"),
        (body("unknown", OTTO), "type"),
        (body("User", OTTO), "type"),
        (json!({ "type": null, "memberObjectId": OTTO }).to_string(), "type"),
        (body("user", "x"), id),
        (body("user", ""), id),
        (json!({ "type": "user", "memberObjectId": null }).to_string(), id),
        (json!({ "type": "user", "memberObjectId": OTTO, "alias": "x" }).to_string(), "alias"),
    ];
    let cases: Vec<_> = cases.iter().map(|(body, name)| [body.as_str(), *name]).collect();
    gateway.assert_refused("POST", MEMBERS, &cases).await;
    for path in ["/api/v1/private-lists/7/members".to_owned(), format!("{MEMBERS}/7")] {
        let method = if path.ends_with("/members") { "GET" } else { "DELETE" };
        let reply = gateway.send(method, &path, "").await;
        problem("invalid_object_id", &path).assert(&reply);
    }
}

#[actix_web::test]
async fn what_the_server_refuses_is_told() {
    let gateway = TestGateway::start();
    let missing = MEMBERS.replace("000000000001", "000000000009");
    let list = "00000064-115a-4000-8000-000000000001";
    let own = body("privateList", list);
    let there = body("user", "00000065-05e1-4000-8000-000000000000");
    let otto = body("user", OTTO);

    for body in [&own, &there] {
        let reply = gateway.send("POST", MEMBERS, body).await;
        let upstream = reply.json()["upstream"].clone();
        problem("private_list_member_rejected", MEMBERS)
            .upstream(upstream)
            .about(body)
            .assert(&reply);
    }
    for reply in [gateway.get(&missing).await, gateway.send("POST", &missing, &otto).await] {
        let upstream = reply.json()["upstream"].clone();
        problem("private_list_not_found", &missing).upstream(upstream).assert(&reply);
    }
    gateway.upstream.set("member_writes", "off").unwrap();
    let off = gateway.send("POST", MEMBERS, &otto).await;
    assert_eq!((off.status, &off.json()["code"]), (502, &json!("upstream_error")));
}

#[actix_web::test]
async fn the_id_of_a_new_member_is_that_of_the_location_where_the_body_is_empty() {
    let gateway = TestGateway::start();
    gateway.upstream.set("member_created", "empty").unwrap();

    let reply = gateway.send("POST", MEMBERS, &body("user", OTTO)).await;

    let path = format!("{MEMBERS}/{CREATED}");
    assert_eq!((reply.status, reply.header("location")), (201, Some(path.as_str())));
    assert_eq!(gateway.get(MEMBERS).await.json()["total"], 3);
}
