//! Transfer options, one by one: what is shown, what is sent for a change, and what is refused.

use serde_json::json;

use crate::support::TestGateway;

const ALTERNATE: &str = "/api/v1/transfer-options/alternate";
const UPSTREAM: &str = "/vmrest/user/transferoptions/Alternate";
const ITEM: &str = "TransferOption";

#[actix_web::test]
async fn each_type_has_its_path() {
    let gateway = TestGateway::start();
    for (kind, theirs) in
        [("standard", "Standard"), ("alternate", "Alternate"), ("off-hours", "Off%20Hours")]
    {
        let reply = gateway.get(&format!("/api/v1/transfer-options/{kind}")).await;

        let read = reply.json();
        reply.assert_read(&read);
        assert_eq!(read["transferOptionType"], kind);
        assert_eq!(read["uri"], format!("/api/v1/transfer-options/{kind}"));
        assert_eq!(read["enabled"], json!(kind != "alternate"));
        assert_eq!(gateway.calls(), [format!("GET /vmrest/user/transferoptions/{theirs}")]);
    }
    for kind in ["Standard", "busy", "closed", "x"] {
        let path = format!("/api/v1/transfer-options/{kind}");
        assert_eq!(gateway.get(&path).await.json()["code"], "route_not_found", "{kind}");
    }
    gateway.assert_closed(ALTERNATE, "GET, HEAD, PATCH").await;
    gateway.assert_closed("/api/v1/transfer-options", "GET, HEAD").await;
}

#[actix_web::test]
async fn what_changes_is_sent_in_the_guides_order() {
    let gateway = TestGateway::start();
    let all = r#"{"transferScreening":true,"transferIntroduce":false,"transferConfirm":true,"transferAnnounce":false,
        "transferHoldingMode":"ask","personalCallTransfer":true,"transferType":"supervised","transferRings":20,
        "enabledUntil":null,"enabled":true,"extension":"0049,#*+","action":"transfer"}"#;
    let cases = [
        [
            r#"{"extension":"0049301234","transferType":"supervised","transferRings":5}"#,
            "<Extension>0049301234</Extension><TransferRings>5</TransferRings><TransferType>1</TransferType>\
             <UsePrimaryExtension>false</UsePrimaryExtension>",
        ],
        [
            all,
            "<Action>1</Action><Extension>0049,#*+</Extension><TimeExpires></TimeExpires>\
             <TransferRings>20</TransferRings><TransferType>1</TransferType>\
             <UsePrimaryExtension>false</UsePrimaryExtension><PersonalCallTransfer>true</PersonalCallTransfer>\
             <TransferHoldingMode>2</TransferHoldingMode><TransferAnnounce>false</TransferAnnounce>\
             <TransferConfirm>true</TransferConfirm><TransferIntroduce>false</TransferIntroduce>\
             <TransferScreening>true</TransferScreening>",
        ],
        [
            r#"{"usePrimaryExtension":false,"extension":"1"}"#,
            "<Extension>1</Extension><UsePrimaryExtension>false</UsePrimaryExtension>",
        ],
        [r#"{"usePrimaryExtension":true}"#, "<UsePrimaryExtension>true</UsePrimaryExtension>"],
        [r#"{"action":"playGreeting"}"#, "<Action>0</Action>"],
        [
            r#"{"transferType":"release","transferRings":2,"transferHoldingMode":"never"}"#,
            "<TransferRings>2</TransferRings><TransferType>0</TransferType><TransferHoldingMode>0</TransferHoldingMode>",
        ],
        [r#"{"transferHoldingMode":"always"}"#, "<TransferHoldingMode>1</TransferHoldingMode>"],
        [r#"{"enabled":false}"#, "<TimeExpires>1972-01-01 00:00:00.0</TimeExpires>"],
    ];
    gateway.assert_sent(ALTERNATE, UPSTREAM, ITEM, &cases).await;

    let gateway = TestGateway::start_with("upstream.no_end_date = 'empty-and-enabled'");
    let no_end = [[
        r#"{"enabled":true,"enabledUntil":null,"transferScreening":true}"#,
        "<TimeExpires></TimeExpires><TransferScreening>true</TransferScreening><Enabled>true</Enabled>",
    ]];
    gateway.assert_sent(ALTERNATE, UPSTREAM, ITEM, &no_end).await;
    let read = gateway.get(ALTERNATE).await.json();
    assert_eq!((&read["enabled"], &read["enabledUntil"]), (&json!(true), &json!(null)));
}

#[actix_web::test]
async fn what_unity_connection_is_known_to_refuse_is_refused() {
    let gateway = TestGateway::start();
    let long = json!({ "extension": "1".repeat(41) }).to_string();
    let cases = [
        ["{}", ""],
        [r#"{"usePrimaryExtension":false}"#, "extension"],
        [r#"{"usePrimaryExtension":true,"extension":"1"}"#, "extension"],
        [r#"{"extension":null}"#, "extension"],
        [r#"{"extension":""}"#, "extension"],
        [r#"{"extension":"1 2"}"#, "extension"],
        [r#"{"extension":471}"#, "extension"],
        [&long, "extension"],
        [r#"{"transferRings":1}"#, "transferRings"],
        [r#"{"transferRings":21}"#, "transferRings"],
        [r#"{"transferRings":4.0}"#, "transferRings"],
        [r#"{"transferRings":4e0}"#, "transferRings"],
        [r#"{"transferRings":"4"}"#, "transferRings"],
        [r#"{"transferRings":null}"#, "transferRings"],
        [r#"{"action":"unknown"}"#, "action"],
        [r#"{"action":0}"#, "action"],
        [r#"{"transferType":"unknown"}"#, "transferType"],
        [r#"{"transferHoldingMode":"unknown"}"#, "transferHoldingMode"],
        [r#"{"transferHoldingMode":null}"#, "transferHoldingMode"],
        [r#"{"transferScreening":null}"#, "transferScreening"],
        [r#"{"personalCallTransfer":"true"}"#, "personalCallTransfer"],
        [r#"{"enabled":true}"#, "enabledUntil"],
        [r#"{"enabledUntil":null}"#, "enabled"],
        [r#"{"uri":"x"}"#, "uri"],
    ];
    gateway.assert_refused("PATCH", ALTERNATE, &cases).await;
    let standard = [
        [r#"{"enabled":false}"#, "enabled"],
        [r#"{"enabled":true,"enabledUntil":"2091-01-01T00:00:00Z"}"#, "enabledUntil"],
    ];
    gateway.assert_refused("PATCH", "/api/v1/transfer-options/standard", &standard).await;
}

#[actix_web::test]
async fn rights_and_switches_of_the_server_show() {
    let gateway = TestGateway::start();
    let set = |name: &str, value: &str| gateway.upstream.set(name, value).unwrap();
    let screening = ["PATCH", ALTERNATE, r#"{"transferScreening":true}"#];

    for (status, code) in [
        ("403", "forbidden"),
        ("400", "transfer_option_rejected"),
        ("404", "transfer_option_not_found"),
    ] {
        set("cos_refusal", status);
        let reply = gateway.send_as("nadia", screening).await;
        assert_eq!(reply.json()["code"], code, "{status}");
    }
    let hidden = gateway.get_as("nadia", ALTERNATE).await.json();
    set("cos_hidden", "off");
    let open = gateway.get_as("nadia", ALTERNATE).await.json();
    assert_eq!(
        (&hidden["transferScreening"], &open["transferScreening"]),
        (&json!(null), &json!(false))
    );
    assert_eq!(
        (&hidden["transferHoldingMode"], &open["transferHoldingMode"]),
        (&json!(null), &json!("never"))
    );
}
