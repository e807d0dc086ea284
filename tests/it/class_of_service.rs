//! The class of service: what rights give, and what is hidden.

use serde_json::json;

use crate::support::TestGateway;

const PATH: &str = "/api/v1/class-of-service";

#[actix_web::test]
async fn capabilities_follow_from_the_rights() {
    let gateway = TestGateway::start();
    let names = [
        "recordVoiceName",
        "changeDirectoryListing",
        "changeCallHolding",
        "changeCallScreening",
        "usePersonalCallTransfer",
        "manageAlternateDevices",
    ];

    for (alias, has) in [("fung", true), ("otto", false)] {
        let reply = gateway.get_as(alias, PATH).await;

        let read = reply.json();
        reply.assert_read(&read);
        for name in names {
            assert_eq!(read["capabilities"][name], json!(has), "{alias} {name}");
        }
        assert_eq!(read["capabilities"]["readAlternateDevices"], json!(true), "{alias}");
    }
    let otto = gateway.get_as("otto", PATH).await.json();
    assert_eq!(otto["uaAlternateExtensionAccess"], "read");
    assert_eq!(otto["maxPrivateDlists"], 1);
    assert_eq!(gateway.calls(), ["GET /vmrest/user/cos"; 3]);
    gateway.assert_closed(PATH, "GET, HEAD").await;
}
