//! Greetings, one by one: what is shown, what is sent for a change, and how the switches show.

use serde_json::{Value, json};

use crate::support::{TestGateway, problem};

const ALTERNATE: &str = "/api/v1/greetings/alternate";
const UPSTREAM: &str = "/vmrest/user/greetings/Alternate";

/// A greeting of nadia's, as the gateway shows it.
fn greeting(kind: &str, enabled: bool) -> Value {
    json!({
        "greetingType": kind,
        "uri": format!("/api/v1/greetings/{kind}"),
        "recordingsUri": format!("/api/v1/greetings/{kind}/recordings"),
        "playWhat": "system",
        "enabled": enabled,
        "enabledUntil": null,
        "enablePersonalVideoRecording": false,
        "playRecordVideoMessagePrompt": false,
    })
}

#[actix_web::test]
async fn each_type_has_its_path() {
    let gateway = TestGateway::start();
    for (kind, theirs) in [
        ("standard", "Standard"),
        ("alternate", "Alternate"),
        ("busy", "Busy"),
        ("internal", "Internal"),
        ("off-hours", "Off%20Hours"),
        ("holiday", "Holiday"),
        ("error", "Error"),
    ] {
        let path = format!("/api/v1/greetings/{kind}");
        let enabled = ["standard", "error"].contains(&kind);

        gateway.get_as("nadia", &path).await.assert_read(&greeting(kind, enabled));

        assert_eq!(gateway.calls(), [format!("GET /vmrest/user/greetings/{theirs}")]);
    }
    for kind in ["Standard", "closed", "off%20hours", "offhours", "x", "standard/"] {
        let path = format!("/api/v1/greetings/{kind}");
        assert_eq!(gateway.get(&path).await.json()["code"], "route_not_found", "{kind}");
    }
    assert_eq!(gateway.calls(), [""; 0]);
    gateway.assert_closed(ALTERNATE, "GET, HEAD, PATCH").await;
    gateway.assert_closed("/api/v1/greetings", "GET, HEAD").await;
    gateway.assert_closed(&format!("{ALTERNATE}/recordings"), "GET, HEAD").await;
}

#[actix_web::test]
async fn what_changes_is_sent_in_one_element_and_one_order() {
    let gateway = TestGateway::start();
    let cases = [
        [r#"{"playWhat":"system"}"#, "<PlayWhat>0</PlayWhat>"],
        [r#"{"playWhat":"recorded"}"#, "<PlayWhat>1</PlayWhat>"],
        [r#"{"playWhat":"none"}"#, "<PlayWhat>2</PlayWhat>"],
        [r#"{"enabled":false}"#, "<TimeExpires>1972-01-01 00:00:00.0</TimeExpires>"],
        [
            r#"{"enabledUntil":null,"enabled":false,"playWhat":"none"}"#,
            "<PlayWhat>2</PlayWhat><TimeExpires>1972-01-01 00:00:00.0</TimeExpires>",
        ],
        [
            r#"{"enabled":true,"enabledUntil":"2091-02-14T18:30:00+01:00"}"#,
            "<TimeExpires>2091-02-14 17:30:00.0</TimeExpires>",
        ],
        [
            r#"{"enabledUntil":"2091-12-31t23:59:59.999-00:30","enabled":true}"#,
            "<TimeExpires>2092-01-01 00:29:59.0</TimeExpires>",
        ],
        [
            r#"{"playWhat":"recorded","enabled":true,"enabledUntil":null}"#,
            "<PlayWhat>1</PlayWhat><TimeExpires></TimeExpires>",
        ],
    ];
    gateway.assert_sent(ALTERNATE, UPSTREAM, "Greeting", &cases).await;
    let off_hours = "/api/v1/greetings/off-hours";
    let theirs = "/vmrest/user/greetings/Off%20Hours";
    gateway.assert_sent(off_hours, theirs, "Greeting", &cases).await;
}

#[actix_web::test]
async fn a_body_that_could_mean_two_things_is_refused() {
    let gateway = TestGateway::start();
    let until = "enabledUntil";
    let times = [
        "2031-02-14 18:30:00Z",
        "2031-02-14T18:30:00",
        "2031-02-14T18:30:60Z",
        "2031-02-30T18:30:00Z",
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01",
        "2199-12-31T23:59:59Z",
        "2200-01-01T00:59:59+01:00",
        "2020-02-14T18:30:00Z",
        "tomorrow",
        "",
    ];
    let bodies = times.map(|time| json!({ "enabled": true, "enabledUntil": time }).to_string());
    let mut cases: Vec<_> = bodies.iter().map(|body| [body.as_str(), until]).collect();
    cases.extend([
        ["{}", ""],
        [r#"{"enabled":true}"#, until],
        [r#"{"enabledUntil":null}"#, "enabled"],
        [r#"{"enabledUntil":"2031-02-14T18:30:00Z"}"#, "enabled"],
        [r#"{"enabled":false,"enabledUntil":"2091-02-14T18:30:00Z"}"#, until],
        [r#"{"enabled":true,"enabledUntil":5}"#, until],
        [r#"{"enabled":null,"enabledUntil":null}"#, "enabled"],
        [r#"{"enabled":"true","enabledUntil":null}"#, "enabled"],
        [r#"{"playWhat":"unknown"}"#, "playWhat"],
        [r#"{"playWhat":null}"#, "playWhat"],
        [r#"{"playWhat":"Recorded"}"#, "playWhat"],
        [r#"{"playWhat":1}"#, "playWhat"],
        [r#"{"greetingType":"busy"}"#, "greetingType"],
        [r#"{"enablePersonalVideoRecording":true}"#, "enablePersonalVideoRecording"],
        [r#"{"TimeExpires":""}"#, "TimeExpires"],
    ]);
    gateway.assert_refused("PATCH", ALTERNATE, &cases).await;
    let standard = [
        [r#"{"enabled":false}"#, "enabled"],
        [r#"{"enabled":false,"enabledUntil":null}"#, "enabled"],
        [r#"{"enabled":true,"enabledUntil":"2091-02-14T18:30:00Z"}"#, until],
    ];
    gateway.assert_refused("PATCH", "/api/v1/greetings/standard", &standard).await;
    let error = gateway.send("PATCH", "/api/v1/greetings/error", r#"{"enabled":false}"#).await;
    assert_eq!((error.status, &error.json()["code"]), (422, &json!("greeting_rejected")));
}

#[actix_web::test]
async fn no_end_is_sent_as_the_setting_says_and_taken_as_the_server_does() {
    let body = r#"{"enabled":true,"enabledUntil":null}"#;
    let empty = "<TimeExpires></TimeExpires>";
    let enabled = "<TimeExpires></TimeExpires><Enabled>true</Enabled>";
    let far = "<TimeExpires>2199-12-31 23:59:59.0</TimeExpires>";
    let until = json!("2091-02-14T17:30:00Z");
    let refused = "greeting_rejected";
    for (setting, sent, answers) in [
        (
            "empty",
            empty,
            [
                ("accepted", None, &Value::Null),
                ("needs-enabled", None, &until),
                ("refused", Some(refused), &until),
                ("ignored", None, &until),
            ],
        ),
        (
            "empty-and-enabled",
            enabled,
            [
                ("accepted", None, &Value::Null),
                ("needs-enabled", None, &Value::Null),
                ("refused", Some(refused), &until),
                ("ignored", None, &until),
            ],
        ),
        (
            "far-future",
            far,
            [
                ("accepted", None, &Value::Null),
                ("needs-enabled", None, &Value::Null),
                ("refused", None, &Value::Null),
                ("ignored", None, &Value::Null),
            ],
        ),
    ] {
        let gateway = TestGateway::start_with(&format!("upstream.no_end_date = '{setting}'"));
        for (switch, code, expected) in answers {
            let first = r#"{"enabled":true,"enabledUntil":"2091-02-14T17:30:00Z"}"#;
            gateway.upstream.set("no_end_date", switch).unwrap();
            gateway.send("PATCH", ALTERNATE, first).await.assert_written();
            gateway.calls();

            let reply = gateway.send("PATCH", ALTERNATE, body).await;

            assert_eq!(gateway.calls(), [format!("PUT {UPSTREAM} <Greeting>{sent}</Greeting>")]);
            match code {
                Some(code) => assert_eq!(reply.json()["code"], code, "{setting} {switch}"),
                None => reply.assert_written(),
            }
            let read = gateway.get(ALTERNATE).await.json();
            assert_eq!(read["enabled"], json!(true), "{setting} {switch}");
            assert_eq!(read["enabledUntil"], *expected, "{setting} {switch}");
        }
    }
}

#[actix_web::test]
async fn switches_of_the_server_show() {
    let gateway = TestGateway::start();
    let set = |name: &str, value: &str| gateway.upstream.set(name, value).unwrap();
    let none = r#"{"playWhat":"none"}"#;

    set("play_what", "ignored");
    gateway.send("PATCH", ALTERNATE, none).await.assert_written();
    assert_eq!(gateway.get(ALTERNATE).await.json()["playWhat"], "recorded");
    set("play_what", "refused");
    let refused = gateway.send("PATCH", ALTERNATE, none).await;
    assert_eq!(refused.json()["code"], "greeting_rejected");
    set("play_what", "writable");
    set("ignored_element", "PlayWhat");
    gateway.send("PATCH", ALTERNATE, none).await.assert_written();
    assert_eq!(gateway.get(ALTERNATE).await.json()["playWhat"], "recorded");
    for fraction in ["000", "none", "0"] {
        set("time_fraction", fraction);
        let read = gateway.get(ALTERNATE).await.json();
        assert_eq!(read["enabledUntil"], "2091-02-14T17:30:00Z", "{fraction}");
    }
    set("greeting_elements", "2011");
    let old = gateway.get(ALTERNATE).await.json();
    assert_eq!((&old["playWhat"], &old["enabled"]), (&json!(null), &json!(true)));
    set("off_hours", "closed");
    let path = "/api/v1/greetings/off-hours";
    let missing = gateway.get(path).await;
    let upstream = missing.json()["upstream"].clone();
    problem("greeting_not_found", path).upstream(upstream).assert(&missing);
    let missing = gateway.send("PATCH", path, none).await;
    assert_eq!(missing.json()["code"], "greeting_not_found");
}

#[actix_web::test]
async fn recordings_are_listed_by_language() {
    let gateway = TestGateway::start();
    let path = "/api/v1/greetings/standard/recordings";
    let item = |code: u16, tag: &str| json!({ "languageCode": code, "languageTag": tag, "uri": format!("{path}/{code}") });

    let recorded = gateway.get(path).await;
    let none = gateway.get_as("nadia", path).await;
    let missing = "/api/v1/greetings/off-hours/recordings";
    gateway.upstream.set("off_hours", "closed").unwrap();
    let closed = gateway.get(missing).await;

    let items = recorded.json()["items"].clone();
    assert_eq!(recorded.json()["total"], 2);
    for expected in [item(1033, "en-US"), item(1031, "de-DE")] {
        assert!(items.as_array().unwrap().contains(&expected), "{items}");
    }
    none.assert_read(&json!({ "items": [], "total": 0 }));
    assert_eq!(closed.json()["code"], "greeting_not_found");
    assert_eq!(
        gateway.calls(),
        [
            "GET /vmrest/user/greetings/Standard/greetingstreamfiles",
            "GET /vmrest/user/greetings/Standard/greetingstreamfiles",
            "GET /vmrest/user/greetings/Off%20Hours/greetingstreamfiles",
        ]
    );
}
