//! HTML notification devices: what lists and single devices tell, and what is sent for a change.

use serde_json::{Value, json};

use crate::support::{TestGateway, problem};

const DEVICES: &str = "/api/v1/notification-devices/html";
const UPSTREAM: &str = "/vmrest/user/notificationdevices/htmldevices";
const SECOND: &str = "00000064-471d-4000-8000-000000000002";

#[actix_web::test]
async fn a_list_tells_less_than_a_device_unless_the_server_tells_all() {
    let gateway = TestGateway::start();
    let path = format!("{DEVICES}/{SECOND}");

    let one = gateway.get(&path).await;
    let guide = gateway.get(DEVICES).await;
    gateway.upstream.set("device_lists", "full").unwrap();
    let full = gateway.get(DEVICES).await;

    let mut device = json!({
        "objectId": SECOND,
        "uri": path,
        "active": true,
        "displayName": "HTML_Scheduled_Summary",
        "deviceName": "HTML",
        "smtpAddress": "fung@example.org",
        "phoneNumber": null,
        "eventList": [],
        "initialDelayMinutes": null,
        "repeatIntervalMinutes": null,
        "repeatNotify": null,
        "undeletable": true,
        "notificationTemplateId": "00000000-7e30-4000-8000-000000000002",
        "messageCountInSummary": 10,
        "sendScheduledNotificationAt": ["09:00", "17:30"],
        "callbackNumber": null,
        "disableMobileNumberFromPca": false,
        "disableTemplateSelectionFromPca": false,
        "allowVoiceMailAsAttachment": false,
    });
    one.assert_read(&device);
    assert_eq!(full.json()["items"][1], device);
    device["eventList"] = Value::Null;
    device["sendScheduledNotificationAt"] = Value::Null;
    assert_eq!(guide.json()["items"][1], device);
    let list = format!("GET {UPSTREAM}");
    assert_eq!(gateway.calls(), [format!("{list}/{SECOND}"), list.clone(), list]);
    gateway.assert_closed(&path, "GET, HEAD, PATCH").await;
    gateway.assert_closed(DEVICES, "GET, HEAD").await;
    let missing = format!("{DEVICES}/00000000-0000-4000-8000-000000000000");
    let reply = gateway.get(&missing).await;
    let upstream = reply.json()["upstream"].clone();
    problem("notification_device_not_found", &missing).upstream(upstream).assert(&reply);
    for phone in ["phone", "pager", "sms"] {
        let path = format!("/api/v1/notification-devices/{phone}");
        assert_eq!(gateway.get(&path).await.json()["code"], "route_not_found");
    }
}

#[actix_web::test]
async fn what_changes_is_sent_in_the_guides_order() {
    let gateway = TestGateway::start();
    let all = r#"{"sendScheduledNotificationAt":["23:59","00:00"],"repeatNotify":true,"repeatIntervalMinutes":60,
        "initialDelayMinutes":120,"eventList":["newUrgentVoiceMail","newVoiceMail"],"messageCountInSummary":999,
        "smtpAddress":"a@b","phoneNumber":"0049,#*+","notificationTemplateId":"103C4514-DB6E-489B-BC08-E9E131B60099",
        "active":true}"#;
    let cases = [
        [
            all,
            "<Active>true</Active><NotificationTemplateID>103c4514-db6e-489b-bc08-e9e131b60099</NotificationTemplateID>\
             <PhoneNumber>0049,#*+</PhoneNumber><SmtpAddress>a@b</SmtpAddress>\
             <MessageCountInSummary>999</MessageCountInSummary><EventList>NewUrgentVoiceMail,NewVoiceMail</EventList>\
             <InitialDelay>120</InitialDelay><RepeatInterval>60</RepeatInterval><RepeatNotify>true</RepeatNotify>\
             <SendScheduledNotificationAt>23:59,00:00</SendScheduledNotificationAt>",
        ],
        [r#"{"eventList":["newMissedCall"]}"#, "<EventList>NewMissedCall</EventList>"],
        [
            r#"{"eventList":[],"sendScheduledNotificationAt":[],"phoneNumber":null}"#,
            "<PhoneNumber></PhoneNumber><EventList>None</EventList>\
             <SendScheduledNotificationAt></SendScheduledNotificationAt>",
        ],
        [
            r#"{"active":false,"smtpAddress":null}"#,
            "<Active>false</Active><SmtpAddress></SmtpAddress>",
        ],
        [
            r#"{"messageCountInSummary":1,"initialDelayMinutes":0,"repeatIntervalMinutes":0}"#,
            "<MessageCountInSummary>1</MessageCountInSummary><InitialDelay>0</InitialDelay><RepeatInterval>0</RepeatInterval>",
        ],
    ];
    let path = format!("{DEVICES}/{SECOND}");
    gateway.assert_sent(&path, &format!("{UPSTREAM}/{SECOND}"), "HtmlDevice", &cases).await;
}

#[actix_web::test]
async fn a_body_out_of_bounds_is_refused() {
    let gateway = TestGateway::start();
    let path = format!("{DEVICES}/{SECOND}");
    let times: Vec<_> = (0..97).map(|n| format!("{:02}:{:02}", n / 60, n % 60)).collect();
    let most = json!({ "sendScheduledNotificationAt": times[..96] }).to_string();
    let too_many = json!({ "sendScheduledNotificationAt": times }).to_string();
    let long_address = json!({ "smtpAddress": format!("{}@x", "a".repeat(319)) }).to_string();
    let mut cases = vec![
        ("{}".to_owned(), ""),
        (too_many, "sendScheduledNotificationAt"),
        (long_address, "smtpAddress"),
        (r#"{"active":true,"smtpAddress":null}"#.to_owned(), "smtpAddress"),
        (r#"{"eventList":["newMissedCall","newVoiceMail"]}"#.to_owned(), "eventList"),
    ];
    let values = [
        ("active", r#"null "true" 1"#),
        (
            "eventList",
            r#"null "newVoiceMail" ["newFax"] ["unknown"] ["NewVoiceMail"] ["newVoiceMail","newVoiceMail"] [1]"#,
        ),
        (
            "sendScheduledNotificationAt",
            r#"null "09:00" ["9:00"] ["24:00"] ["09:60"] ["09:00:00"] ["09:00","09:00"] [9] [""]"#,
        ),
        ("smtpAddress", r#""" "x" "@x" "x@" 1"#),
        ("phoneNumber", r#""" "12a" 12"#),
        ("initialDelayMinutes", r#"null -1 121 1.0 "1""#),
        ("repeatIntervalMinutes", r"null -1 61"),
        ("messageCountInSummary", r"null 0 1000"),
        ("repeatNotify", r#"null "x""#),
        ("notificationTemplateId", r#"null "x" "" 1"#),
        ("displayName", r#""x""#),
        ("deviceName", r#""x""#),
        ("undeletable", r"true"),
        ("callbackNumber", r#""1""#),
        ("objectId", r#""x""#),
    ];
    for (name, values) in values {
        cases.extend(values.split(' ').map(|value| (format!(r#"{{"{name}":{value}}}"#), name)));
    }
    cases.push((r#"{"smtpAddress":"a b@x"}"#.to_owned(), "smtpAddress"));
    cases.push((r#"{"smtpAddress":"a\u0000b@x"}"#.to_owned(), "smtpAddress"));
    let cases: Vec<_> = cases.iter().map(|(body, name)| [body.as_str(), *name]).collect();
    gateway.assert_refused("PATCH", &path, &cases).await;
    gateway.send("PATCH", &path, &most).await.assert_written();
}
