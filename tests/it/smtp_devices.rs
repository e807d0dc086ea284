//! SMTP notification devices: what lists and single devices tell, and what is sent for a change.

use serde_json::{Value, json};

use crate::support::{TestGateway, problem};

const DEVICES: &str = "/api/v1/notification-devices/smtp";
const UPSTREAM: &str = "/vmrest/user/notificationdevices/smtpdevices";
const MAIL: &str = "00000064-537d-4000-8000-000000000001";

#[actix_web::test]
async fn a_list_tells_less_than_a_device_unless_the_server_tells_all() {
    let gateway = TestGateway::start();
    let path = format!("{DEVICES}/{MAIL}");

    let one = gateway.get(&path).await;
    let guide = gateway.get(DEVICES).await;
    gateway.upstream.set("device_lists", "full").unwrap();
    let full = gateway.get(DEVICES).await;

    let mut device = json!({
        "objectId": MAIL,
        "uri": path,
        "active": false,
        "displayName": "SMTP",
        "deviceName": "SMTP",
        "smtpAddress": null,
        "phoneNumber": null,
        "eventList": ["newVoiceMail"],
        "initialDelayMinutes": 0,
        "repeatIntervalMinutes": 0,
        "repeatNotify": false,
        "undeletable": true,
        "headerText": null,
        "staticText": null,
        "footerText": null,
        "sendCount": true,
        "sendCallerId": true,
        "sendPcaLink": false,
        "maxBodyCharacters": 512,
        "maxSubjectCharacters": 64,
        "voiceMessage": false,
        "urgentOnly": false,
    });
    one.assert_read(&device);
    full.assert_read(&json!({ "items": [device], "total": 1 }));
    for name in [
        "eventList",
        "initialDelayMinutes",
        "repeatIntervalMinutes",
        "repeatNotify",
        "voiceMessage",
        "urgentOnly",
    ] {
        device[name] = Value::Null;
    }
    guide.assert_read(&json!({ "items": [device], "total": 1 }));
    gateway.assert_closed(&path, "GET, HEAD, PATCH").await;
    gateway.assert_closed(DEVICES, "GET, HEAD").await;
}

#[actix_web::test]
async fn what_changes_is_sent_in_the_guides_order_and_null_clears() {
    let gateway = TestGateway::start();
    let all = r#"{"repeatNotify":false,"repeatIntervalMinutes":1,"initialDelayMinutes":2,"eventList":["newFax",
        "allMessage","allUrgentMessage","dispatchMessage","urgentDispatchMessage","newUrgentFax","calendarAppointment",
        "calendarMeeting","newVoiceMail","newUrgentVoiceMail"],"footerText":" f ","headerText":"<h>","sendPcaLink":true,
        "sendCallerId":false,"active":true,"staticText":"s","smtpAddress":"a@b","sendCount":true,"phoneNumber":"0"}"#;
    let cases = [
        [
            r#"{"active":true,"smtpAddress":"marta@example.net","eventList":["newVoiceMail","newFax"],"footerText":null}"#,
            "<SmtpAddress>marta@example.net</SmtpAddress><Active>true</Active><FooterText></FooterText>\
             <EventList>NewVoiceMail,NewFax</EventList>",
        ],
        [
            all,
            "<PhoneNumber>0</PhoneNumber><SendCount>true</SendCount><SmtpAddress>a@b</SmtpAddress>\
             <StaticText>s</StaticText><Active>true</Active><SendCallerId>false</SendCallerId>\
             <SendPcaLink>true</SendPcaLink><HeaderText>&lt;h&gt;</HeaderText><FooterText> f </FooterText>\
             <EventList>NewFax,AllMessage,AllUrgentMessage,DispatchMessage,UrgentDispatchMessage,NewUrgentFax,\
             CalendarAppointment,CalendarMeeting,NewVoiceMail,NewUrgentVoiceMail</EventList>\
             <InitialDelay>2</InitialDelay><RepeatInterval>1</RepeatInterval><RepeatNotify>false</RepeatNotify>",
        ],
        [
            r#"{"active":false,"smtpAddress":null,"phoneNumber":null,"headerText":null,"staticText":null,"eventList":[]}"#,
            "<PhoneNumber></PhoneNumber><SmtpAddress></SmtpAddress><StaticText></StaticText><Active>false</Active>\
             <HeaderText></HeaderText><EventList>None</EventList>",
        ],
    ];
    let path = format!("{DEVICES}/{MAIL}");
    gateway.assert_sent(&path, &format!("{UPSTREAM}/{MAIL}"), "SmtpDevice", &cases).await;
    // Nothing is known of the address here: Unity Connection decides.
    let reply = gateway.send("PATCH", &path, r#"{"active":true}"#).await;
    let upstream = reply.json()["upstream"].clone();
    problem("notification_device_rejected", &path).upstream(upstream).assert(&reply);
}

#[actix_web::test]
async fn a_body_out_of_bounds_is_refused() {
    let gateway = TestGateway::start();
    let path = format!("{DEVICES}/{MAIL}");
    let long = "x".repeat(1025);
    let mut cases = vec![
        ("{}".to_owned(), ""),
        (r#"{"active":true,"smtpAddress":null}"#.to_owned(), "smtpAddress"),
    ];
    for name in ["headerText", "staticText", "footerText"] {
        cases.push((json!({ name: long }).to_string(), name));
        cases.push((json!({ name: "" }).to_string(), name));
        cases.push((json!({ name: "\u{b}" }).to_string(), name));
    }
    for (name, values) in [
        ("eventList", r#"null ["newMissedCall"] ["unknown"] ["newFax","newFax"]"#),
        ("sendCount", "null 1"),
        ("sendCallerId", "null"),
        ("sendPcaLink", "null"),
        ("maxBodyCharacters", "5"),
        ("maxSubjectCharacters", "5"),
        ("voiceMessage", "true"),
        ("urgentOnly", "true"),
        ("undeletable", "true"),
        ("sendScheduledNotificationAt", "[]"),
        ("notificationTemplateId", "null"),
    ] {
        cases.extend(values.split(' ').map(|value| (format!(r#"{{"{name}":{value}}}"#), name)));
    }
    let cases: Vec<_> = cases.iter().map(|(body, name)| [body.as_str(), *name]).collect();
    gateway.assert_refused("PATCH", &path, &cases).await;
    let most = json!({ "headerText": "é".repeat(1024) }).to_string();
    gateway.send("PATCH", &path, &most).await.assert_written();
}
