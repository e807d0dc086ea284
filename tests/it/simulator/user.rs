//! The user: what is told, and the one element that can be written.

use super::{assert_done, assert_refused, get, send, start};

const USER: &str = "/vmrest/user";
const FUNG: &str = "/vmrest/user/00000064-05e1-4000-8000-000000000000";
const OTTO: &str = "/vmrest/user/00000066-05e1-4000-8000-000000000000";
const UNLIST: &str =
    "<User><ListInDirectory>false</ListInDirectory><FirstName>X</FirstName><New/></User>";

fn fung(listed: bool) -> String {
    format!(
        "<User><FirstName>Fung</FirstName><LastName>Lee</LastName><Alias>fung</Alias>\
         <DisplayName>Fung Lee</DisplayName><VoiceFileURI>/vmrest/user/voicename</VoiceFileURI>\
         <ListInDirectory>{listed}</ListInDirectory><DtmfAccessId>4100</DtmfAccessId>\
         <SmtpAddress>fung@vm1.example.org</SmtpAddress><EmailAddress>fung@example.org</EmailAddress></User>"
    )
}

#[actix_web::test]
async fn the_user_is_read_and_listing_alone_is_written_by_the_users_id() {
    let simulator = start();
    assert_eq!(get(&simulator, "fung", USER).await, fung(true));

    assert_done(&send(&simulator, "fung", ["PUT", FUNG, UNLIST]).await);

    assert_eq!(get(&simulator, "fung", USER).await, fung(false));
    let devices = get(&simulator, "fung", "/vmrest/user/notificationdevices/smtpdevices").await;
    let id = FUNG.rsplit('/').next().unwrap();
    assert!(devices.contains(&format!("<SubscriberObjectId>{id}</SubscriberObjectId>")));
}

#[actix_web::test]
async fn the_path_of_the_put_is_the_switchs() {
    let cases = [
        ("with-id", (405, Some("GET")), (204, None)),
        ("without-id", (204, None), (405, Some(""))),
        ("both", (204, None), (204, None)),
    ];

    for (value, without_id, with_id) in cases {
        let simulator = start();
        simulator.set("user_update", value).unwrap();

        let one = send(&simulator, "fung", ["PUT", USER, UNLIST]).await;
        let other = send(&simulator, "fung", ["PUT", FUNG, UNLIST]).await;

        assert_eq!((one.status, one.header("allow")), without_id, "{value}");
        assert_eq!((other.status, other.header("allow")), with_id, "{value}");
        assert_eq!(get(&simulator, "fung", USER).await, fung(false));
    }
}

#[actix_web::test]
async fn another_users_id_is_nothing_and_ones_own_is_not_read() {
    let simulator = start();

    assert_refused(&send(&simulator, "fung", ["PUT", OTTO, UNLIST]).await, 404, "NOT_FOUND");
    let read = send(&simulator, "fung", ["GET", FUNG, ""]).await;
    assert_refused(&read, 405, "METHOD_NOT_ALLOWED");
    assert_eq!(read.header("allow"), Some("PUT"));
}

#[actix_web::test]
async fn without_the_right_the_listing_stays() {
    for status in ["403", "400", "401", "404"] {
        let simulator = start();
        simulator.set("cos_refusal", status).unwrap();

        let refused = send(&simulator, "otto", ["PUT", OTTO, UNLIST]).await;

        assert_eq!(refused.status.to_string(), status);
        assert!(get(&simulator, "otto", USER).await.contains("<ListInDirectory>true<"));
        assert_done(
            &send(&simulator, "otto", ["PUT", OTTO, "<User><FirstName>X</FirstName></User>"]).await,
        );
    }
}

#[actix_web::test]
async fn a_flag_is_taken_in_every_spelling_and_nothing_else_is() {
    let simulator = start();

    for (text, listed) in [("True", true), ("0", false), ("1", true), ("FALSE", false)] {
        let body = format!("<User><ListInDirectory>{text}</ListInDirectory></User>");
        assert_done(&send(&simulator, "fung", ["PUT", FUNG, &body]).await);
        assert_eq!(get(&simulator, "fung", USER).await, fung(listed), "{text}");
    }
    for text in ["", "yes", "2"] {
        let body = format!("<User><ListInDirectory>{text}</ListInDirectory></User>");
        assert_refused(
            &send(&simulator, "fung", ["PUT", FUNG, &body]).await,
            400,
            "INVALID_PARAMETER",
        );
    }
}

#[actix_web::test]
async fn an_element_can_be_dropped_by_every_put() {
    let simulator = start();
    simulator.set("ignored_element", "ListInDirectory").unwrap();

    assert_done(&send(&simulator, "fung", ["PUT", FUNG, UNLIST]).await);

    assert_eq!(get(&simulator, "fung", USER).await, fung(true));
}
