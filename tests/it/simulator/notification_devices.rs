//! Notification devices: lists that tell less, and what may be written.

use super::{assert_done, assert_refused, get, send, set, start};

const HTML: &str = "/vmrest/user/notificationdevices/htmldevices";
const SMTP: &str = "/vmrest/user/notificationdevices/smtpdevices";
const FIRST: &str =
    "/vmrest/user/notificationdevices/htmldevices/00000064-471d-4000-8000-000000000001";
const SECOND: &str =
    "/vmrest/user/notificationdevices/htmldevices/00000064-471d-4000-8000-000000000002";
const MAIL: &str =
    "/vmrest/user/notificationdevices/smtpdevices/00000064-537d-4000-8000-000000000001";
const USER: &str = "00000064-05e1-4000-8000-000000000000";

/// The second HTML device of fung, with what lists leave out.
fn second(user_uri: &str, rest: &str) -> String {
    format!(
        "<HtmlDevice><URI>{SECOND}</URI><Active>true</Active><DeviceName>HTML</DeviceName>\
         <DisableMobileNumberFromPCA>false</DisableMobileNumberFromPCA><DisplayName>HTML_Scheduled_Summary</DisplayName>\
         <NotificationTemplateID>00000000-7e30-4000-8000-000000000002</NotificationTemplateID>\
         <ObjectId>00000064-471d-4000-8000-000000000002</ObjectId><SmtpAddress>fung@example.org</SmtpAddress>\
         <Undeletable>true</Undeletable><SubscriberObjectId>{USER}</SubscriberObjectId>{user_uri}\
         <DisableTemplateSelectionFromPCA>false</DisableTemplateSelectionFromPCA>\
         <AllowVoiceMailAsAttachment>false</AllowVoiceMailAsAttachment><MessageCountInSummary>10</MessageCountInSummary>{rest}\
         </HtmlDevice>"
    )
}

/// The SMTP device of fung, with what lists leave out.
fn mail(user_uri: &str, rest: &str) -> String {
    format!(
        "<SmtpDevice><URI>{MAIL}</URI><PhoneNumber></PhoneNumber><SendCount>true</SendCount><SmtpAddress></SmtpAddress>\
         <StaticText></StaticText><ObjectId>00000064-537d-4000-8000-000000000001</ObjectId><Active>false</Active>\
         <DeviceName>SMTP</DeviceName><DisplayName>SMTP</DisplayName><MaxBody>512</MaxBody><MaxSubject>64</MaxSubject>\
         <SubscriberObjectId>{USER}</SubscriberObjectId>{user_uri}<SendCallerId>true</SendCallerId>\
         <SendPcaLink>false</SendPcaLink><Undeletable>true</Undeletable><HeaderText></HeaderText><FooterText></FooterText>\
         {rest}</SmtpDevice>"
    )
}

#[actix_web::test]
async fn lists_tell_less_than_a_single_device_unless_the_switch_is_full() {
    let simulator = start();
    let second_whole = second(
        "<UserURI>/vmrest/user</UserURI>",
        "<EventList></EventList><ScheduleSetObjectId>00000000-5c4e-4000-8000-000000000001</ScheduleSetObjectId>\
         <SendScheduledNotificationAt>09:00,17:30</SendScheduledNotificationAt>",
    );
    let mail_whole = mail(
        &format!("<UserURI>/vmrest/users/{USER}</UserURI>"),
        "<EventList>NewVoiceMail</EventList>\
         <ScheduleSetObjectId>00000000-5c4e-4000-8000-000000000001</ScheduleSetObjectId>\
         <InitialDelay>0</InitialDelay><VoiceMessage>false</VoiceMessage><UrgentOnly>false</UrgentOnly>\
         <RepeatInterval>0</RepeatInterval><RepeatNotify>false</RepeatNotify>",
    );

    assert_eq!(get(&simulator, "fung", SECOND).await, second_whole);
    assert_eq!(get(&simulator, "fung", MAIL).await, mail_whole);
    let list = get(&simulator, "fung", HTML).await;
    assert!(list.starts_with(&format!("<HtmlDevices><HtmlDevice><URI>{FIRST}</URI><Active>true<")));
    assert!(list.ends_with(&format!("{}</HtmlDevices>", second("", ""))), "{list}");
    assert_eq!(
        get(&simulator, "fung", SMTP).await,
        format!("<SmtpDevices>{}</SmtpDevices>", mail("", ""))
    );

    set(&simulator, &[("device_lists", "full")]);

    assert!(
        get(&simulator, "fung", HTML).await.ends_with(&format!("{second_whole}</HtmlDevices>"))
    );
    assert_eq!(
        get(&simulator, "fung", SMTP).await,
        format!("<SmtpDevices>{mail_whole}</SmtpDevices>")
    );
}

#[actix_web::test]
async fn all_that_may_be_written_is() {
    let simulator = start();
    let html = [
        ("Active", "False", "false"),
        (
            "NotificationTemplateID",
            "103C4514-db6e-489b-bc08-e9e131b60099",
            "103c4514-db6e-489b-bc08-e9e131b60099",
        ),
        ("PhoneNumber", "0049#*", "0049#*"),
        ("SmtpAddress", "a", "a"),
        ("MessageCountInSummary", "05", "5"),
        ("EventList", "NewVoiceMail, NewUrgentVoiceMail", "NewVoiceMail, NewUrgentVoiceMail"),
        ("InitialDelay", "120", "120"),
        ("RepeatInterval", "60", "60"),
        ("RepeatNotify", "1", "true"),
        ("SendScheduledNotificationAt", "9:00,23:59 ", "9:00,23:59"),
    ];
    let mail = [
        ("PhoneNumber", "1", "1"),
        ("SendCount", "false", "false"),
        ("SmtpAddress", "x@y", "x@y"),
        ("StaticText", " s ", " s "),
        ("Active", "true", "true"),
        ("SendCallerId", "0", "false"),
        ("SendPcaLink", "true", "true"),
        ("HeaderText", "h", "h"),
        ("FooterText", "f", "f"),
        ("EventList", "NewFax,CalendarMeeting", "NewFax,CalendarMeeting"),
        ("InitialDelay", "0", "0"),
        ("RepeatInterval", "2", "2"),
        ("RepeatNotify", "true", "true"),
    ];

    for (item, path, elements) in
        [("HtmlDevice", SECOND, html.as_slice()), ("SmtpDevice", MAIL, &mail)]
    {
        let texts = elements.iter().map(|(name, text, _)| format!("<{name}>{text}</{name}>"));
        let body = format!("<{item}>{}</{item}>", texts.collect::<String>());
        assert_done(&send(&simulator, "fung", ["PUT", path, &body]).await);

        let read = get(&simulator, "fung", path).await;
        for (name, _, text) in elements {
            assert!(read.contains(&format!("<{name}>{text}</{name}>")), "{name} in {read}");
        }
    }
}

#[actix_web::test]
async fn what_may_only_be_read_is_ignored() {
    let simulator = start();
    let body = "<HtmlDevice><DisplayName>x</DisplayName><DeviceName>x</DeviceName><Undeletable>false</Undeletable>\
        <CallbackNumber>1</CallbackNumber><ObjectId>x</ObjectId></HtmlDevice>";
    let before = get(&simulator, "fung", FIRST).await;
    assert_done(&send(&simulator, "fung", ["PUT", FIRST, body]).await);
    assert_eq!(get(&simulator, "fung", FIRST).await, before);
}

#[actix_web::test]
async fn times_and_texts_are_cleared_by_empty_elements() {
    let simulator = start();
    let body = "<HtmlDevice><SmtpAddress/><SendScheduledNotificationAt/><EventList>None</EventList></HtmlDevice>";

    assert_done(&send(&simulator, "fung", ["PUT", SECOND, body]).await);

    let read = get(&simulator, "fung", SECOND).await;
    for text in ["<SmtpAddress></", "<SendScheduledNotificationAt></", "<EventList>None</"] {
        assert!(read.contains(text), "{read}");
    }
}

#[actix_web::test]
async fn events_times_and_numbers_have_rules() {
    let simulator = start();
    let html = [
        "<EventList/>",
        "<EventList>newVoiceMail</EventList>",
        "<EventList>NewFax</EventList>",
        "<EventList>None,NewVoiceMail</EventList>",
        "<EventList>NewMissedCall,NewVoiceMail</EventList>",
        "<EventList>NewVoiceMail,</EventList>",
        "<SendScheduledNotificationAt>24:00</SendScheduledNotificationAt>",
        "<SendScheduledNotificationAt>9:5</SendScheduledNotificationAt>",
        "<SendScheduledNotificationAt>9:00,</SendScheduledNotificationAt>",
        "<SendScheduledNotificationAt>900</SendScheduledNotificationAt>",
        "<InitialDelay>121</InitialDelay>",
        "<RepeatInterval>61</RepeatInterval>",
        "<InitialDelay/>",
        "<NotificationTemplateID>x</NotificationTemplateID>",
    ];
    let mail = [
        "<EventList>NewMissedCall</EventList>",
        "<EventList>None,NewFax</EventList>",
        "<Active>true</Active>",
        "<Active>true</Active><SmtpAddress/>",
        "<PhoneNumber>1a</PhoneNumber>",
    ];
    let html = html.map(|texts| (FIRST, format!("<HtmlDevice>{texts}</HtmlDevice>")));
    let mail = mail.map(|texts| (MAIL, format!("<SmtpDevice>{texts}</SmtpDevice>")));

    for (path, body) in html.into_iter().chain(mail) {
        let before = get(&simulator, "fung", path).await;
        assert_refused(
            &send(&simulator, "fung", ["PUT", path, &body]).await,
            400,
            "INVALID_PARAMETER",
        );
        assert_eq!(get(&simulator, "fung", path).await, before);
    }
    let body = "<HtmlDevice><EventList>NewMissedCall</EventList></HtmlDevice>";
    assert_done(&send(&simulator, "fung", ["PUT", FIRST, body]).await);
    let body = "<HtmlDevice><Active>true</Active><SmtpAddress/></HtmlDevice>";
    assert_done(&send(&simulator, "fung", ["PUT", FIRST, body]).await);
}

#[actix_web::test]
async fn an_active_smtp_device_keeps_its_address() {
    let simulator = start();
    let body = "<SmtpDevice><Active>true</Active><SmtpAddress>x@y</SmtpAddress></SmtpDevice>";
    assert_done(&send(&simulator, "fung", ["PUT", MAIL, body]).await);

    let refused =
        send(&simulator, "fung", ["PUT", MAIL, "<SmtpDevice><SmtpAddress/></SmtpDevice>"]).await;

    assert_refused(&refused, 400, "INVALID_PARAMETER");
}

#[actix_web::test]
async fn devices_are_neither_created_nor_deleted_and_there_are_no_others() {
    let simulator = start();

    for (list, one) in [(HTML, FIRST), (SMTP, MAIL)] {
        let posted = send(&simulator, "fung", ["POST", list, ""]).await;
        let deleted = send(&simulator, "fung", ["DELETE", one, ""]).await;
        assert_eq!((posted.status, posted.header("allow")), (405, Some("GET")));
        assert_eq!((deleted.status, deleted.header("allow")), (405, Some("GET, PUT")));
    }
    for path in [
        "/vmrest/user/notificationdevices",
        "/vmrest/user/notificationdevices/phonedevices",
        "/vmrest/user/notificationdevices/pagerdevices/00000064-471d-4000-8000-000000000001",
    ] {
        assert_refused(&send(&simulator, "fung", ["GET", path, ""]).await, 404, "NOT_FOUND");
    }
    let id = SECOND.replace("471d", "537d");
    assert_refused(&send(&simulator, "fung", ["GET", &id, ""]).await, 404, "NOT_FOUND");
}
