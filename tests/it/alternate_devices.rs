//! Alternate devices: the five calls, what is sent for them, and what comes of every answer.

use actix_web::rt::System;
use cupi_gateway::simulator::{LoggedRequest, Simulator};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::raw::{answer, send};
use crate::support::{
    DEVICES, Expected, FUNG, GIVEN_DEVICE, OWN_DEVICE, Reply, TestGateway, UPSTREAM_DEVICES, basic,
    problem, text,
};

/// What fung creates first.
const CREATED: &str = "/api/v1/alternate-devices/00000064-c0de-4000-8000-000000000001";

/// A device to create, in full.
const FLAT: &str = r#"{"displayName":"Weekend flat","dtmfAccessId":"0044207946"}"#;

/// A device of fung's, as the gateway shows it.
fn device(uri: &str, name: &str, number: &str, own: bool) -> Value {
    json!({
        "objectId": uri.rsplit('/').next().unwrap(),
        "uri": uri,
        "displayName": name,
        "dtmfAccessId": number,
        "userDefined": own,
    })
}

/// The device that [`FLAT`] makes.
fn flat() -> Value {
    device(CREATED, "Weekend flat", "0044207946", true)
}

/// What fung has from the start, in order.
fn given() -> [Value; 3] {
    let second = "/api/v1/alternate-devices/00000064-de71-4000-8000-000000000002";
    [
        device(GIVEN_DEVICE, "Desk of fung (1)", "0044010001", false),
        device(second, "Desk of fung (2)", "0044010002", false),
        device(OWN_DEVICE, "Weekend flat of fung (3)", "0044010003", true),
    ]
}

/// One call as it was made: method, path and query, and the body.
fn call(asked: &LoggedRequest) -> (String, String) {
    let query = asked.query.as_ref().map(|query| format!("?{query}"));
    let line = format!("{} {}{}", asked.method, asked.path, query.unwrap_or_default());
    (line, String::from_utf8(asked.body.to_vec()).unwrap())
}

/// The calls so far: method, path and query.
fn asked(simulator: &Simulator) -> Vec<String> {
    let log = simulator.log();
    log.iter().map(|asked| call(asked).0).collect()
}

/// The path on Unity Connection of what is at this one.
fn upstream(path: &str) -> String {
    path.replace(DEVICES, UPSTREAM_DEVICES)
}

/// The document of these elements.
fn xml(elements: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><AlternateDevice>{elements}</AlternateDevice>"#
    )
}

/// Holds the whole answer against the creation of the device at this path.
#[track_caller]
fn assert_created(reply: &Reply, uri: &str) {
    assert_eq!(reply.status, 201, "{}", reply.text());
    let id = uri.rsplit('/').next().unwrap();
    let body = format!(r#"{{"objectId":"{id}","uri":"{uri}"}}"#);
    let length = body.len().to_string();
    let expected = [
        ("cache-control", "no-store"),
        ("content-length", length.as_str()),
        ("content-type", "application/json"),
        ("location", uri),
        ("x-content-type-options", "nosniff"),
    ];
    assert_eq!(reply.fields(), expected);
    assert_eq!(reply.text(), body);
}

#[actix_web::test]
async fn the_devices_are_listed_all_or_by_who_defined_them() {
    let gateway = TestGateway::start();
    let [first, second, own] = given();

    let all = gateway.get(DEVICES).await;
    let mine = gateway.get(&format!("{DEVICES}?userDefined=True")).await;
    let others = gateway.get(&format!("{DEVICES}?userDefined=FALSE")).await;

    all.assert_read(&json!({ "items": [first, second, own], "total": 3 }));
    mine.assert_read(&json!({ "items": [own], "total": 1 }));
    others.assert_read(&json!({ "items": [first, second], "total": 2 }));
    assert!(all.text().starts_with(
        r#"{"items":[{"objectId":"00000064-de71-4000-8000-000000000001","uri":"/api/v1/alternate-devices/00000064-de71-4000-8000-000000000001","displayName":"Desk of fung (1)","dtmfAccessId":"0044010001","userDefined":false},"#
    ));
    assert_eq!(
        asked(&gateway.upstream),
        [
            format!("GET {UPSTREAM_DEVICES}"),
            format!("GET {UPSTREAM_DEVICES}?userDefined=true"),
            format!("GET {UPSTREAM_DEVICES}?userDefined=false"),
        ]
    );
}

#[actix_web::test]
async fn whoever_has_no_devices_or_one_without_a_name_gets_a_list() {
    let gateway = TestGateway::start();
    let as_person = async |alias, password| {
        let credentials = basic(alias, password);
        let headers = [("authorization", credentials.as_str())];
        gateway.ask("GET", DEVICES, &headers, "").await
    };

    let nadia = as_person("nadia", "lonely-cloud").await;
    let eva = as_person("eva", "pass:wörd 😀&%+").await;

    nadia.assert_read(&json!({ "items": [], "total": 0 }));
    let items = eva.json()["items"].clone();
    assert_eq!(items[1]["displayName"], r#"A & <B> "q" ]]> é 😀"#);
    assert_eq!(items[1]["dtmfAccessId"], "+*0#");
    assert_eq!(items[2]["displayName"], json!(null));
}

#[actix_web::test]
async fn a_filter_is_true_or_false_and_stands_there_once() {
    let gateway = TestGateway::start();
    let neither = "The query parameter `userDefined` is `true` or `false`.";
    let twice = "The query parameter `userDefined` stands there more than once. Send it once.";
    let unknown =
        |name: &str| format!("This address does not take the query parameter `{name}`. Remove it.");

    for (query, detail) in [
        ("userDefined=yes", neither.to_owned()),
        ("userDefined=tru", neither.to_owned()),
        ("userDefined=1", neither.to_owned()),
        ("userDefined=", neither.to_owned()),
        ("userDefined", neither.to_owned()),
        ("userDefined=true%20", neither.to_owned()),
        ("userDefined=true&userDefined=true", twice.to_owned()),
        ("userdefined=true", unknown("userdefined")),
        ("total=1", unknown("total")),
        ("userDefined=true&x=1", unknown("x")),
    ] {
        let reply = gateway.get(&format!("{DEVICES}?{query}")).await;

        problem("invalid_query", DEVICES).detail(&detail).about(&query).assert(&reply);
    }
    for (method, path) in
        [("POST", DEVICES), ("GET", OWN_DEVICE), ("PATCH", OWN_DEVICE), ("DELETE", OWN_DEVICE)]
    {
        let reply = gateway.send(method, &format!("{path}?userDefined=true"), FLAT).await;

        problem("invalid_query", path)
            .detail(&unknown("userDefined"))
            .about(&method)
            .assert(&reply);
    }
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[actix_web::test]
async fn a_device_is_created_read_renamed_and_deleted() {
    let gateway = TestGateway::start();
    let item = upstream(CREATED);

    let created = gateway.send("POST", DEVICES, FLAT).await;
    let read = gateway.get(CREATED).await;
    let renamed = gateway.send("PATCH", CREATED, r#"{"displayName":"Holiday flat"}"#).await;
    let mine = gateway.get(&format!("{DEVICES}?userDefined=true")).await;
    let deleted = gateway.ask("DELETE", CREATED, &[FUNG], "").await;
    let gone = gateway.get(CREATED).await;

    assert_created(&created, CREATED);
    read.assert_read(&flat());
    renamed.assert_written();
    let [.., own] = given();
    let holiday = device(CREATED, "Holiday flat", "0044207946", true);
    mine.assert_read(&json!({ "items": [own, holiday], "total": 2 }));
    deleted.assert_written();
    problem("alternate_device_not_found", CREATED)
        .upstream(json!({
            "status": 404,
            "code": "NOT_FOUND",
            "message": "AlternateDevice 00000064-c0de-4000-8000-000000000001 does not exist.",
        }))
        .assert(&gone);
    let log = gateway.upstream.log();
    let calls: Vec<_> = log.iter().map(call).collect();
    let created = "<DisplayName>Weekend flat</DisplayName><DtmfAccessId>0044207946</DtmfAccessId>";
    let none = String::new;
    assert_eq!(
        calls,
        [
            (format!("POST {UPSTREAM_DEVICES}"), xml(created)),
            (format!("GET {item}"), none()),
            (format!("PUT {item}"), xml("<DisplayName>Holiday flat</DisplayName>")),
            (format!("GET {UPSTREAM_DEVICES}?userDefined=true"), none()),
            (format!("DELETE {item}"), none()),
            (format!("GET {item}"), none()),
        ]
    );
    for asked in log {
        let content_type = asked.header("content-type");
        let expected = (asked.method != "GET").then_some("application/xml");
        assert_eq!(content_type.as_deref(), expected, "{}", asked.method);
        assert_eq!(asked.header("accept").as_deref(), Some("application/xml"));
    }
}

#[actix_web::test]
async fn an_id_is_taken_in_any_case_and_lowered() {
    let gateway = TestGateway::start();
    let upper = |path: &str| {
        let id = path.rsplit('/').next().unwrap();
        format!("{DEVICES}/{}", id.to_uppercase())
    };
    let [.., own] = given();

    let read = gateway.get(&upper(OWN_DEVICE)).await;
    let changed = gateway.send("PATCH", &upper(OWN_DEVICE), FLAT).await;
    let deleted = gateway.ask("DELETE", &upper(OWN_DEVICE), &[FUNG], "").await;

    read.assert_read(&own);
    changed.assert_written();
    deleted.assert_written();
    let item = upstream(OWN_DEVICE);
    assert_eq!(
        asked(&gateway.upstream),
        ["GET", "PUT", "DELETE"].map(|method| format!("{method} {item}"))
    );
}

#[actix_web::test]
async fn head_answers_like_get_without_the_body() {
    let gateway = TestGateway::start();
    let filtered = format!("{DEVICES}?userDefined=true");
    let missing = format!("{DEVICES}/00000000-0000-4000-8000-000000000000");
    let request = |method: &str, path: &str| {
        let (name, value) = FUNG;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: {value}\r\n\r\n"
        )
    };

    for (path, status) in [
        (DEVICES, 200),
        (&filtered, 200),
        (OWN_DEVICE, 200),
        (&missing, 404),
        ("/api/v1/alternate-devices/7", 400),
    ] {
        let get = gateway.speak(request("GET", path).as_bytes()).await;
        let head = gateway.speak(request("HEAD", path).as_bytes()).await;

        assert_eq!((get.status, head.status), (status, status), "{path}");
        assert_eq!(head.text(), "", "{path}");
        assert_eq!(head.fields(), get.fields(), "{path}");
    }
    let log = gateway.upstream.log();
    assert!(log.iter().all(|asked| asked.method == "GET"));
}

#[actix_web::test]
async fn texts_are_sent_escaped_untrimmed_in_the_guides_order_and_on_one_line() {
    let gateway = TestGateway::start();
    let cases = [
        (
            r#"{"dtmfAccessId":"007","displayName":"A & <B> \"q\" ]]> é 😀"}"#,
            "<DisplayName>A &amp; &lt;B&gt; \"q\" ]]&gt; é 😀</DisplayName><DtmfAccessId>007</DtmfAccessId>",
        ),
        (
            r#"{"displayName":" \t\r\n x \r\r\n'\n "}"#,
            "<DisplayName> \t&#13;&#10; x &#13;&#13;&#10;'&#10; </DisplayName>",
        ),
        (
            r#"{"displayName":"&amp; <![CDATA[x]]> <!-- --> &#0;"}"#,
            "<DisplayName>&amp;amp; &lt;![CDATA[x]]&gt; &lt;!-- --&gt; &amp;#0;</DisplayName>",
        ),
        (
            "{\"displayName\":\"\u{7f}\u{85}\u{2028}\u{fffd}\u{10ffff}\"}",
            "<DisplayName>\u{7f}\u{85}\u{2028}\u{fffd}\u{10ffff}</DisplayName>",
        ),
        (r#"{"displayName":"<"}"#, "<DisplayName>&lt;</DisplayName>"),
        (r#"{"dtmfAccessId":"00*#+0123456789"}"#, "<DtmfAccessId>00*#+0123456789</DtmfAccessId>"),
        (r#"{"dtmfAccessId":"0"}"#, "<DtmfAccessId>0</DtmfAccessId>"),
    ];

    for (body, elements) in cases {
        gateway.upstream.clear_log();
        let reply = gateway.send("PATCH", OWN_DEVICE, body).await;

        reply.assert_written();
        let log = gateway.upstream.log();
        assert_eq!(call(&log[0]).1, xml(elements), "{body}");
    }
}

#[actix_web::test]
async fn awkward_names_and_leading_zeros_come_back_equal() {
    let gateway = TestGateway::start();
    let name = r#"A & <B> "q" ]]> é 😀"#;
    let body = json!({ "displayName": name, "dtmfAccessId": "00*#+007" }).to_string();
    let longest = json!({
        "displayName": "\u{1f600}".repeat(64),
        "dtmfAccessId": "0".repeat(40),
    });
    let alone = r#"{"dtmfAccessId":"0000"}"#;

    let created = gateway.send("POST", DEVICES, &body).await;
    let read = gateway.get(CREATED).await;
    let updated = gateway.send("PATCH", CREATED, &longest.to_string()).await;
    let read_longest = gateway.get(CREATED).await.json();
    let nameless = gateway.send("POST", DEVICES, alone).await;
    let second = CREATED.replace("0001", "0002");
    let read_nameless = gateway.get(&second).await;

    assert_created(&created, CREATED);
    read.assert_read(&device(CREATED, name, "00*#+007", true));
    updated.assert_written();
    assert_eq!(read_longest["displayName"], longest["displayName"]);
    assert_eq!(read_longest["dtmfAccessId"], longest["dtmfAccessId"]);
    assert_created(&nameless, &second);
    let mut expected = device(&second, "", "0000", true);
    expected["displayName"] = json!(null);
    read_nameless.assert_read(&expected);
}

#[actix_web::test]
async fn a_body_that_is_not_the_object_asked_for_is_explained_and_nothing_is_sent() {
    let name = "The property `displayName` must be a string of 1 to 64 characters that XML can carry: no control \
                characters. Leave it out to say nothing of it.";
    let number = "The property `dtmfAccessId` must be a string of 1 to 40 digits, `*`, `#` and `+`. Send such a one.";
    let missing = "The property `dtmfAccessId` is missing. Add it to the body.";
    let nothing = "The body changes nothing. Send `displayName`, `dtmfAccessId` or both.";
    let twice = "The property `dtmfAccessId` stands in the body more than once. Send it once.";
    let object = "The body must be a JSON object with the properties that are documented.";
    let unknown = |name: &str| {
        format!("The property `{name}` cannot be written here. Remove it from the body.")
    };
    let broken = "The body is not valid JSON: look at line 1, column";
    let long_name = json!({ "displayName": "é".repeat(65), "dtmfAccessId": "1" }).to_string();
    let long_number = json!({ "dtmfAccessId": "1".repeat(41) }).to_string();
    let device = |property: &str| format!(r#"{{"dtmfAccessId":"1",{property}}}"#);
    // The body, what is said of it to POST, and to PATCH.
    let mut cases: Vec<(String, String, String)> = Vec::new();
    let mut both = |body: &str, detail: &str| {
        cases.push((body.to_owned(), detail.to_owned(), detail.to_owned()));
    };
    both("", &format!("{broken} 0."));
    both("{", &format!("{broken} 1."));
    both("dtmfAccessId=1", &format!("{broken} 1."));
    both(&long_name, name);
    both(&long_number, number);
    for value in [
        "null",
        "42",
        "true",
        "[\"s3cret\"]",
        "{\"s3cret\":1}",
        "\"\"",
        "\"\\u0000\"",
        "\"s3cret\\u0000\"",
        "\"\\u0001\"",
        "\"\\u0008\"",
        "\"\\u000b\"",
        "\"\\u001f\"",
        "\"\\ufffe\"",
        "\"\\uffff\"",
        "\"\\ud800\"",
    ] {
        both(&device(&format!(r#""displayName":{value}"#)), name);
    }
    for value in [
        "null",
        "42",
        "[]",
        "{}",
        "\"\"",
        "\"12a\"",
        "\"1 2\"",
        "\" 12\"",
        "\"12\\n\"",
        "\"-12\"",
        "\"(0)1\"",
        "\"\u{661}\"",
        "\"１\"",
        "\"\\u0000\"",
    ] {
        both(&format!(r#"{{"dtmfAccessId":{value}}}"#), number);
    }
    // JSON has no numbers with leading zeros.
    both(r#"{"dtmfAccessId":0044}"#, &format!("{broken} 18."));
    both(r#"{"dtmfAccessId":"1","dtmfAccessId":"1"}"#, twice);
    for property in ["objectId", "uri", "userDefined", "DisplayName", "dtmfaccessid"] {
        both(&device(&format!(r#""{property}":"s3cret""#)), &unknown(property));
    }
    for (body, patch) in [
        ("{}", nothing),
        (" {\n} ", nothing),
        ("null", object),
        ("[]", object),
        (r#"["s3cret"]"#, object),
        ("42", object),
        (r#""s3cret""#, object),
    ] {
        cases.push((body.to_owned(), missing.to_owned(), patch.to_owned()));
    }
    let gateway = TestGateway::start();

    for (body, post, patch) in cases {
        for (method, path, detail) in [("POST", DEVICES, post), ("PATCH", OWN_DEVICE, patch)] {
            let reply = gateway.send(method, path, &body).await;

            problem("invalid_body", path)
                .detail(&detail)
                .about(&format!("{method} {body}"))
                .assert(&reply);
            assert!(!reply.text().contains("s3cret"), "{body}");
        }
    }
    let only_name = r#"{"displayName":"Flat"}"#;
    let reply = gateway.send("POST", DEVICES, only_name).await;
    problem("invalid_body", DEVICES).detail(missing).assert(&reply);
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[actix_web::test]
async fn bodies_must_be_declared_as_json_and_small_and_nothing_else_is_sent() {
    let gateway = TestGateway::start();
    let large = format!("{FLAT}{}", " ".repeat(16 * 1024));
    let form = ("content-type", "application/x-www-form-urlencoded");

    for (method, path) in [("POST", DEVICES), ("PATCH", OWN_DEVICE)] {
        let missing = gateway.ask(method, path, &[FUNG], FLAT).await;
        let other = gateway.ask(method, path, &[FUNG, form], FLAT).await;
        let too_large = gateway.send(method, path, &large).await;
        let bad_id = gateway.send(method, "/api/v1/alternate-devices/7", FLAT).await;

        for reply in [missing, other] {
            let mut expected = problem("unsupported_media_type", path);
            if method == "PATCH" {
                let types = "application/merge-patch+json, application/json";
                expected = expected.header("accept-patch", types);
            }
            expected.assert(&reply);
        }
        problem("body_too_large", path).assert(&too_large);
        assert_eq!(bad_id.status, if method == "POST" { 405 } else { 400 });
    }
    for method in ["GET", "PATCH", "DELETE"] {
        let path = "/api/v1/alternate-devices/..%2Faccounts";
        let reply = gateway.send(method, path, FLAT).await;
        problem("invalid_object_id", path).assert(&reply);
    }
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[actix_web::test]
async fn the_id_of_what_was_created_is_in_the_body_or_else_in_location() {
    for switches in [
        vec![],
        vec![("location", "missing")],
        vec![("location", "malformed")],
        vec![("created_body", "empty")],
        vec![("created_body", "other")],
        vec![("created_body", "empty"), ("location", "malformed")],
    ] {
        let gateway = TestGateway::start();
        for (name, value) in &switches {
            gateway.upstream.set(name, value).unwrap();
        }

        let created = gateway.send("POST", DEVICES, FLAT).await;

        assert_created(&created, CREATED);
        gateway.get(CREATED).await.assert_read(&flat());
        assert_eq!(gateway.upstream.log().len(), 2, "{switches:?}");
    }
}

#[actix_web::test]
async fn an_id_is_only_what_follows_the_collections_name() {
    let id = "00000064-c0de-4000-8000-000000000001";
    let upper = id.to_uppercase();
    let other = "75436abf-8784-450f-ac61-23a08be2c364";
    let place = format!("Location: https://x/vmrest/user/alternatedevices/{id}\r\n");
    for (head, body) in [
        (String::new(), format!("{UPSTREAM_DEVICES}/{upper}\r\n")),
        (String::new(), format!("{UPSTREAM_DEVICES}/{id}/")),
        (String::new(), format!("<URI>https://x:8443{UPSTREAM_DEVICES}/{id}</URI>")),
        (String::new(), format!("{UPSTREAM_DEVICES}/new {UPSTREAM_DEVICES}/{id}?x=1")),
        (place.clone(), format!("/vmrest/user/{other}/alternatedevices")),
        (place.clone(), other.to_owned()),
        (place, format!("{UPSTREAM_DEVICES}/{id}0")),
    ] {
        let created =
            answer(&format!("201 Created\r\n{head}Content-Type: application/xml"), body.as_bytes());
        let gateway = TestGateway::raw(vec![created]);

        let reply = gateway.send("POST", DEVICES, FLAT).await;

        assert_created(&reply, CREATED);
    }
}

#[actix_web::test]
async fn a_creation_that_does_not_say_what_it_made_is_of_unknown_outcome() {
    let gateway = TestGateway::start();
    gateway.upstream.set("location", "missing").unwrap();

    for (body, number) in [("empty", FLAT), ("other", r#"{"dtmfAccessId":"1"}"#)] {
        gateway.upstream.set("created_body", body).unwrap();
        gateway.upstream.clear_log();
        let reply = gateway.send("POST", DEVICES, number).await;

        problem("upstream_invalid_response", DEVICES)
            .reason("it does not say what was created")
            .upstream(json!({ "status": 201 }))
            .unknown()
            .about(&body)
            .assert(&reply);
        assert_eq!(gateway.upstream.log().len(), 1);
    }
}

#[actix_web::test]
async fn an_answer_that_is_no_success_of_a_creation_is_of_unknown_outcome() {
    let other = "it is not the success that was asked for";
    let page = b"<html><body>Please sign in</body></html>".as_slice();
    for (head, body, status, reason) in [
        ("204 No Content", b"".as_slice(), 204, other),
        ("200 OK", page, 200, other),
        ("202 Accepted", b"", 202, other),
        ("200 OK", b"", 200, "it does not say what was created"),
        ("201 Created", page, 201, "it does not say what was created"),
    ] {
        let step = match status {
            204 => send("HTTP/1.1 204 No Content\r\n\r\n"),
            _ => answer(head, body),
        };
        let gateway = TestGateway::raw(vec![step]);

        let reply = gateway.send("POST", DEVICES, FLAT).await;

        problem("upstream_invalid_response", DEVICES)
            .reason(reason)
            .upstream(json!({ "status": status }))
            .unknown()
            .about(&head)
            .assert(&reply);
        assert_eq!(gateway.upstream.received().len(), 1);
    }
}

#[actix_web::test]
async fn an_answer_that_is_no_success_of_a_change_is_of_unknown_outcome() {
    let page = b"<html><body>Please sign in</body></html>";
    for (head, body, status) in
        [("200 OK", page.as_slice(), 200), ("201 Created", b"", 201), ("202 Accepted", b"", 202)]
    {
        for method in ["PATCH", "DELETE"] {
            let gateway = TestGateway::raw(vec![answer(head, body)]);

            let reply = gateway.send(method, OWN_DEVICE, FLAT).await;

            problem("upstream_invalid_response", OWN_DEVICE)
                .reason("it is not the success that was asked for")
                .upstream(json!({ "status": status }))
                .unknown()
                .about(&head)
                .assert(&reply);
        }
    }
    for method in ["PATCH", "DELETE"] {
        let gateway = TestGateway::raw(vec![answer("200 OK", b"")]);
        gateway.send(method, OWN_DEVICE, FLAT).await.assert_written();
    }
}

#[actix_web::test]
async fn a_write_is_sent_once_whatever_becomes_of_it() {
    let writes = [("POST", DEVICES), ("PATCH", OWN_DEVICE), ("DELETE", OWN_DEVICE)];
    let gateway = TestGateway::start();
    gateway.get(DEVICES).await;
    for (switch, value, code, upstream) in [
        ("close", "unread", "upstream_unreachable", None),
        ("status", "500", "upstream_error", Some(500)),
        ("status", "503", "upstream_busy", Some(503)),
    ] {
        gateway.upstream.set(switch, value).unwrap();
        for (method, path) in writes {
            gateway.upstream.clear_log();

            let reply = gateway.send(method, path, FLAT).await;

            let mut expected = problem(code, path).unknown().about(&method);
            if let Some(status) = upstream {
                expected = expected.upstream(reply.json()["upstream"].clone());
                assert_eq!(reply.json()["upstream"]["status"], status);
            }
            expected.assert(&reply);
            assert_eq!(gateway.upstream.log().len(), 1, "{method} {value}");
        }
        gateway.upstream.set(switch, "off").unwrap();
    }
    let [first, second, own] = given();
    let all = gateway.get(DEVICES).await;
    all.assert_read(&json!({ "items": [first, second, own], "total": 3 }));
}

/// The refusal of a write, with what the simulator says.
fn rejected(path: &str, code: &str, message: &str) -> Expected {
    problem("alternate_device_rejected", path)
        .upstream(json!({ "status": 400, "code": code, "message": message }))
}

#[actix_web::test]
async fn refusals_carry_the_upstreams_code_and_message() {
    let gateway = TestGateway::start();
    let duplicate = "There is another AlternateDevice with this DtmfAccessId.";
    let number = |number: usize| format!(r#"{{"dtmfAccessId":"{number}"}}"#);
    let taken = r#"{"dtmfAccessId":"0044010001"}"#;

    let twice = gateway.send("POST", DEVICES, taken).await;
    let changed = gateway.send("PATCH", OWN_DEVICE, taken).await;
    for n in 1..=4 {
        assert_eq!(gateway.send("POST", DEVICES, &number(n)).await.status, 201);
    }
    let sixth = gateway.send("POST", DEVICES, &number(5)).await;

    rejected(DEVICES, "DUPLICATE", duplicate).assert(&twice);
    rejected(OWN_DEVICE, "DUPLICATE", duplicate).assert(&changed);
    rejected(DEVICES, "LIMIT_EXCEEDED", "There may be 5 of one's own.").assert(&sixth);
}

#[actix_web::test]
async fn what_the_administrator_defined_cannot_be_written() {
    let gateway = TestGateway::start();
    let told = |status: u16| {
        json!({
            "status": status,
            "code": "FORBIDDEN",
            "message": "Access denied: the administrator defined it.",
        })
    };

    for method in ["PATCH", "DELETE"] {
        for (status, code) in [
            (403, "forbidden"),
            (400, "alternate_device_rejected"),
            (404, "alternate_device_not_found"),
        ] {
            let value = status.to_string();
            gateway.upstream.set("refused_write", &value).unwrap();

            let reply = gateway.send(method, GIVEN_DEVICE, FLAT).await;

            problem(code, GIVEN_DEVICE).upstream(told(status)).about(&method).assert(&reply);
        }
    }
    let [first, ..] = given();
    gateway.get(GIVEN_DEVICE).await.assert_read(&first);
}

#[actix_web::test]
async fn each_status_means_to_each_call_what_is_promised() {
    let gateway = TestGateway::start();
    let calls = [
        ("GET", DEVICES),
        ("POST", DEVICES),
        ("GET", OWN_DEVICE),
        ("PATCH", OWN_DEVICE),
        ("DELETE", OWN_DEVICE),
    ];
    let rejected = "alternate_device_rejected";
    let missing = "alternate_device_not_found";
    let error = "upstream_error";
    // What comes of it for a list, a creation, one device, a change, a deletion.
    for (status, codes) in [
        (400, [error, rejected, error, rejected, rejected]),
        (403, ["forbidden"; 5]),
        (404, [error, error, missing, missing, missing]),
        (405, [error; 5]),
        (409, [error, rejected, error, rejected, rejected]),
        (422, [error, rejected, error, rejected, rejected]),
        (429, ["upstream_busy"; 5]),
    ] {
        gateway.upstream.set("status", &status.to_string()).unwrap();
        for ((method, path), code) in calls.into_iter().zip(codes) {
            let reply = gateway.send(method, path, FLAT).await;

            let message = format!("The switch `status` is {status}.");
            let told = json!({ "status": status, "code": "SIMULATED", "message": message });
            problem(code, path)
                .upstream(told)
                .about(&format!("{method} {path} {status}"))
                .assert(&reply);
        }
    }
}

#[actix_web::test]
async fn a_write_drops_the_lists_that_its_caller_has_with_either_filter() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'");
    let filters = ["", "?userDefined=true", "?userDefined=false"];
    let paths: Vec<_> = filters.map(|filter| format!("{DEVICES}{filter}")).into();
    let writes = [
        ("POST", DEVICES, FLAT),
        ("PATCH", CREATED, r#"{"displayName":"Holiday flat"}"#),
        ("DELETE", CREATED, ""),
    ];

    for (method, path, body) in writes {
        let mut before = Vec::new();
        for list in &paths {
            gateway.get(list).await;
            let kept = gateway.get(list).await;
            let status = kept.header("cache-status").unwrap();
            assert!(status.starts_with("cupi-gateway; hit"), "{status}");
            before.push(kept.json());
        }

        let written = gateway.send(method, path, body).await;

        assert!([201, 204].contains(&written.status), "{}", written.text());
        for (list, before) in paths.iter().zip(before) {
            let after = gateway.get(list).await;
            let status = after.header("cache-status");
            assert_eq!(status, Some("cupi-gateway; fwd=miss; stored"), "{list}");
            let same = list.ends_with("false");
            assert_eq!(after.json() == before, same, "{method} {list}");
        }
    }
}

/// Any text that XML can carry, that is not empty, has 64 characters at most and no white space of XML's at its ends.
fn name() -> impl Strategy<Value = String> {
    let blank = |c| matches!(c, ' ' | '\t' | '\r' | '\n');
    text(0..=64)
        .prop_map(move |name| name.trim_matches(blank).to_owned())
        .prop_filter("a name is not empty", |name| !name.is_empty())
}

#[test]
fn any_name_survives_json_xml_the_simulator_xml_and_json() {
    let system = System::new();
    let gateway = system.block_on(async { TestGateway::start() });
    let mut runner =
        TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });

    let outcome = runner.run(&name(), |name| {
        let body = json!({ "displayName": name }).to_string();
        let written = system.block_on(gateway.send("PATCH", OWN_DEVICE, &body));
        let read = system.block_on(gateway.get(OWN_DEVICE));

        prop_assert_eq!(written.status, 204);
        prop_assert_eq!(&read.json()["displayName"], &Value::from(name));
        Ok(())
    });

    outcome.unwrap();
}
