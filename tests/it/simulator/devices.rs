//! Alternate devices: what may be written, and what is refused.

use cupi_gateway::simulator::Simulator;

use super::{PROLOG, XML, start};
use crate::support::{Reply, ask};

const DEVICES: &str = "/vmrest/user/alternatedevices";
/// The first device of fung, which the administrator defined, and the third, his own.
const GIVEN: &str = "/vmrest/user/alternatedevices/00000064-de71-4000-8000-000000000001";
const OWN: &str = "/vmrest/user/alternatedevices/00000064-de71-4000-8000-000000000003";
/// What fung creates first.
const CREATED: &str = "/vmrest/user/alternatedevices/00000064-c0de-4000-8000-000000000001";

async fn send(simulator: &Simulator, method: &str, path: &str, body: &str) -> Reply {
    let headers = [("authorization", "Bearer token-fung"), XML];
    ask(method, &format!("{}{path}", simulator.url()), &headers, body.as_bytes()).await
}

#[actix_web::test]
async fn a_device_is_created_read_changed_and_deleted() {
    let simulator = start();
    let body = "<AlternateDevice><DisplayName> A &amp; &lt;B&gt; &#233; <![CDATA[<]]></DisplayName>\
                <DtmfAccessId>0044207946</DtmfAccessId></AlternateDevice>";

    let created = send(&simulator, "POST", DEVICES, body).await;
    let read = send(&simulator, "GET", CREATED, "").await;

    assert_eq!((created.status, created.text().as_str()), (201, CREATED));
    let location = format!("https://localhost:8443{CREATED}");
    assert_eq!(created.header("location"), Some(location.as_str()));
    assert_eq!(
        read.text(),
        format!(
            "{PROLOG}<AlternateDevice><ObjectId>00000064-c0de-4000-8000-000000000001</ObjectId>\
             <DisplayName> A &amp; &lt;B&gt; é &lt;</DisplayName><DtmfAccessId>0044207946</DtmfAccessId>\
             <UserDefined>true</UserDefined></AlternateDevice>"
        )
    );

    let body = "<AlternateDevice><DisplayName>Flat</DisplayName><UserDefined>false</UserDefined><New>x<A/></New>\
                </AlternateDevice>";
    let changed = send(&simulator, "PUT", CREATED, body).await;
    let list = send(&simulator, "GET", &format!("{DEVICES}?userDefined=true"), "").await;

    assert_eq!((changed.status, changed.text().as_str()), (204, ""));
    assert!(list.text().ends_with(&format!(
        "<AlternateDevice><URI>{CREATED}</URI><ObjectId>00000064-c0de-4000-8000-000000000001</ObjectId>\
         <DisplayName>Flat</DisplayName><DtmfAccessId>0044207946</DtmfAccessId>\
         <UserDefined>true</UserDefined></AlternateDevice></AlternateDevices>"
    )));

    assert_eq!(send(&simulator, "DELETE", CREATED, "").await.status, 204);
    assert_eq!(send(&simulator, "GET", CREATED, "").await.status, 404);
}

#[actix_web::test]
async fn devices_can_be_listed_by_who_defined_them() {
    let simulator = start();

    for (query, count) in [("", 3), ("?userDefined=true", 1), ("?userDefined=false", 2)] {
        let list = send(&simulator, "GET", &format!("{DEVICES}{query}"), "").await.text();

        assert_eq!(list.matches("<AlternateDevice>").count(), count, "{query}");
        assert!(list.contains(&format!(r#"<AlternateDevices total="{count}">"#)), "{list}");
    }
}

#[actix_web::test]
async fn what_the_administrator_defined_cannot_be_written() {
    let simulator = start();
    let body = "<AlternateDevice><DisplayName>Mine</DisplayName></AlternateDevice>";
    let before = send(&simulator, "GET", DEVICES, "").await.text();

    for status in [403, 400] {
        simulator.set("refused_write", &status.to_string()).unwrap();
        for method in ["PUT", "DELETE"] {
            let refused = send(&simulator, method, GIVEN, body).await;

            assert_eq!(refused.status, status);
            assert!(refused.text().contains("<ErrorDetails><errors><code>FORBIDDEN</code>"));
        }
    }

    assert_eq!(send(&simulator, "GET", DEVICES, "").await.text(), before);
    assert_eq!(send(&simulator, "PUT", OWN, body).await.status, 204);
}

#[actix_web::test]
async fn at_most_five_devices_are_ones_own_and_none_is_there_twice() {
    let simulator = start();
    let device = |number| {
        format!("<AlternateDevice><DtmfAccessId>{number}</DtmfAccessId></AlternateDevice>")
    };

    for number in 1..=4 {
        assert_eq!(send(&simulator, "POST", DEVICES, &device(number)).await.status, 201);
    }
    let sixth = send(&simulator, "POST", DEVICES, &device(5)).await;
    let twice = send(&simulator, "POST", DEVICES, &device(4)).await;
    let other = send(&simulator, "PUT", OWN, &device(4)).await;
    let same = send(&simulator, "PUT", CREATED, &device(1)).await;

    assert!(sixth.status == 400 && sixth.text().contains("<code>LIMIT_EXCEEDED</code>"));
    assert!(twice.status == 400 && twice.text().contains("<code>DUPLICATE</code>"));
    assert!(other.status == 400 && other.text().contains("<code>DUPLICATE</code>"));
    assert_eq!(same.status, 204);
}

#[actix_web::test]
async fn a_document_that_is_not_well_formed_or_not_allowed_is_refused() {
    let long = format!(
        "<AlternateDevice><DtmfAccessId>{}</DtmfAccessId></AlternateDevice>",
        "1".repeat(41)
    );
    let whole = "<AlternateDevice><DtmfAccessId>1</DtmfAccessId></AlternateDevice>";
    let twice = format!("{whole}{whole}");
    let wrapped = format!("<!DOCTYPE x>{whole}");
    let trailing = format!("{whole}x");
    let malformed = [
        "",
        "{}",
        "<AlternateDevice>",
        "<AlternateDevice/",
        "<AlternateDevice><DtmfAccessId>1</AlternateDevice>",
        "<Other><DtmfAccessId>1</DtmfAccessId></Other>",
        "<AlternateDevice>x<DtmfAccessId>1</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId a=b>1</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>1 & 2</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>&eacute;</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>&#0;</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>&#1;</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>\u{1}</DtmfAccessId></AlternateDevice>",
        "<AlternateDevice><DtmfAccessId>]]></DtmfAccessId></AlternateDevice>",
        &twice,
        &wrapped,
        &trailing,
    ];
    let refused = [
        ("<AlternateDevice><DisplayName>x</DisplayName></AlternateDevice>", "MISSING_PARAMETER"),
        ("<AlternateDevice><DtmfAccessId/></AlternateDevice>", "INVALID_PARAMETER"),
        (long.as_str(), "INVALID_PARAMETER"),
    ];
    let simulator = start();
    let before = send(&simulator, "GET", DEVICES, "").await.text();

    let malformed = malformed.map(|body| (body, "MALFORMED_DOCUMENT"));
    for (body, code) in malformed.into_iter().chain(refused) {
        let answer = send(&simulator, "POST", DEVICES, body).await;

        assert_eq!(answer.status, 400, "{body}");
        assert!(
            answer.text().contains(&format!("<code>{code}</code>")),
            "{body}: {}",
            answer.text()
        );
    }
    assert_eq!(send(&simulator, "GET", DEVICES, "").await.text(), before);
}

#[actix_web::test]
async fn switches_change_how_a_creation_is_answered() {
    let good = format!("https://localhost:8443{CREATED}");
    let malformed = format!("http://localhost{DEVICES}{CREATED}");
    let cases = [
        ("location", "malformed", CREATED, Some(malformed.as_str())),
        ("location", "missing", CREATED, None),
        ("created_body", "empty", "", Some(good.as_str())),
        ("created_body", "other", "Created", Some(good.as_str())),
    ];

    for (name, value, body, location) in cases {
        let simulator = start();
        simulator.set(name, value).unwrap();

        let device = "<AlternateDevice><DtmfAccessId>1</DtmfAccessId></AlternateDevice>";
        let created = send(&simulator, "POST", DEVICES, device).await;

        assert_eq!(created.status, 201);
        assert_eq!((created.text().as_str(), created.header("location")), (body, location));
    }
}
