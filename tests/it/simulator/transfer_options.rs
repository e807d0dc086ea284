//! Transfer options: where calls go, and which rights it takes.

use super::{assert_done, assert_refused, get, send, set, start};

fn path(kind: &str) -> String {
    format!("/vmrest/user/transferoptions/{}", kind.replace(' ', "%20"))
}

/// An option of nadia, whose class of service hides holding and screening.
fn option(kind: &str, end: &str) -> String {
    format!(
        "<TransferOption><TransferOptionType>{kind}</TransferOptionType><Action>1</Action>\
         <Extension>4101</Extension>{end}<TransferRings>4</TransferRings><TransferType>0</TransferType>\
         <UsePrimaryExtension>true</UsePrimaryExtension><PersonalCallTransfer>false</PersonalCallTransfer></TransferOption>"
    )
}

#[actix_web::test]
async fn there_are_three_and_no_list() {
    let simulator = start();

    let disabled = "<TimeExpires>1972-01-01 00:00:00.0</TimeExpires>";
    for (kind, end) in [("Standard", ""), ("Off Hours", ""), ("Alternate", disabled)] {
        assert_eq!(get(&simulator, "nadia", &path(kind)).await, option(kind, end));
    }
    for path in ["/vmrest/user/transferoptions", "/vmrest/user/transferoptions/Busy"] {
        assert_refused(&send(&simulator, "nadia", ["GET", path, ""]).await, 404, "NOT_FOUND");
    }
}

#[actix_web::test]
async fn all_elements_are_written_where_the_class_of_service_permits_it() {
    let simulator = start();
    let body = "<TransferOption><Action>0</Action><Extension>0049301234</Extension>\
        <TimeExpires>2031-02-14 17:30:00.0</TimeExpires><TransferRings>5</TransferRings><TransferType>1</TransferType>\
        <UsePrimaryExtension>false</UsePrimaryExtension><PersonalCallTransfer>true</PersonalCallTransfer>\
        <TransferHoldingMode>2</TransferHoldingMode><TransferAnnounce>true</TransferAnnounce>\
        <TransferConfirm>true</TransferConfirm><TransferIntroduce>true</TransferIntroduce>\
        <TransferScreening>true</TransferScreening></TransferOption>";

    assert_done(&send(&simulator, "fung", ["PUT", &path("Alternate"), body]).await);

    let kind = "<TransferOption><TransferOptionType>Alternate</TransferOptionType>";
    let read = get(&simulator, "fung", &path("Alternate")).await;
    assert_eq!(read, body.replacen("<TransferOption>", kind, 1));
}

#[actix_web::test]
async fn primary_and_other_extension_exclude_each_other() {
    let simulator = start();
    let write = async |texts: &str| {
        let body = format!("<TransferOption>{texts}</TransferOption>");
        send(&simulator, "nadia", ["PUT", &path("Standard"), &body]).await
    };
    for refused in [
        "<UsePrimaryExtension>true</UsePrimaryExtension><Extension>1</Extension>",
        "<UsePrimaryExtension>false</UsePrimaryExtension>",
        "<UsePrimaryExtension>false</UsePrimaryExtension><Extension/>",
        "<Extension>12a</Extension>",
        "<TransferRings>1</TransferRings>",
        "<TransferRings>21</TransferRings>",
        "<Action>2</Action>",
        "<TransferType>2</TransferType>",
    ] {
        assert_refused(&write(refused).await, 400, "INVALID_PARAMETER");
        assert_eq!(get(&simulator, "nadia", &path("Standard")).await, option("Standard", ""));
    }

    // Beside the primary extension another one has no effect.
    assert_done(&write("<Extension>0049301234</Extension>").await);
    assert_eq!(get(&simulator, "nadia", &path("Standard")).await, option("Standard", ""));

    let other = "<Extension>0049301234</Extension><UsePrimaryExtension>false</UsePrimaryExtension>";
    assert_done(&write(other).await);
    assert!(get(&simulator, "nadia", &path("Standard")).await.contains("<Extension>0049301234<"));
    assert_refused(&write("<Extension/>").await, 400, "INVALID_PARAMETER");
    assert_done(&write("<Extension>007</Extension>").await);
    assert!(get(&simulator, "nadia", &path("Standard")).await.contains("<Extension>007<"));

    assert_done(&write("<UsePrimaryExtension>true</UsePrimaryExtension>").await);
    assert_eq!(get(&simulator, "nadia", &path("Standard")).await, option("Standard", ""));
}

#[actix_web::test]
async fn standard_cannot_be_disabled_and_the_others_can() {
    let simulator = start();
    let past = "<TransferOption><TimeExpires>1972-01-01 00:00:00.0</TimeExpires></TransferOption>";

    let refused = send(&simulator, "nadia", ["PUT", &path("Standard"), past]).await;
    assert_refused(&refused, 400, "INVALID_PARAMETER");
    assert_done(&send(&simulator, "nadia", ["PUT", &path("Off Hours"), past]).await);
    let without_end = "<TransferOption><TimeExpires/></TransferOption>";
    assert_done(&send(&simulator, "nadia", ["PUT", &path("Off Hours"), without_end]).await);

    assert_eq!(get(&simulator, "nadia", &path("Off Hours")).await, option("Off Hours", ""));
    set(&simulator, &[("no_end_date", "refused")]);
    let refused = send(&simulator, "nadia", ["PUT", &path("Alternate"), without_end]).await;
    assert_refused(&refused, 400, "INVALID_PARAMETER");
}

#[actix_web::test]
async fn holding_and_screening_are_hidden_and_refused_without_the_right() {
    let simulator = start();
    let elements = [
        "TransferHoldingMode",
        "TransferAnnounce",
        "TransferConfirm",
        "TransferIntroduce",
        "TransferScreening",
    ];

    for (status, element) in ["403", "400", "401", "404", "403"].iter().zip(elements) {
        set(&simulator, &[("cos_refusal", status)]);
        let body =
            format!("<TransferOption><Action>0</Action><{element}>1</{element}></TransferOption>");

        let refused = send(&simulator, "nadia", ["PUT", &path("Standard"), &body]).await;

        assert_eq!(refused.status.to_string(), *status);
        assert_eq!(get(&simulator, "nadia", &path("Standard")).await, option("Standard", ""));
        assert_done(&send(&simulator, "fung", ["PUT", &path("Standard"), &body]).await);
    }
    set(&simulator, &[("cos_hidden", "off")]);
    assert!(get(&simulator, "nadia", &path("Standard")).await.ends_with(
        "<TransferHoldingMode>0</TransferHoldingMode><TransferAnnounce>false</TransferAnnounce>\
         <TransferConfirm>false</TransferConfirm><TransferIntroduce>false</TransferIntroduce>\
         <TransferScreening>false</TransferScreening></TransferOption>"
    ));
}
