//! SMTP proxy addresses: further mail addresses, which can be read.

use serde_json::json;

use crate::support::{TestGateway, problem};

const PATH: &str = "/api/v1/smtp-proxy-addresses";
const UPSTREAM: &str = "GET /vmrest/user/smtpproxyaddresses";

#[actix_web::test]
async fn addresses_are_listed_and_read_one_by_one() {
    let gateway = TestGateway::start();
    let id = "00000064-9a0c-4000-8000-000000000002";
    let one = format!("{PATH}/{id}");
    let missing = format!("{PATH}/00000064-9a0c-4000-8000-000000000009");

    let list = gateway.get(PATH).await.json();
    let read = gateway.get(&one).await;
    let none = gateway.get_as("nadia", PATH).await;
    let unknown = gateway.get(&missing).await;

    let address = json!({ "objectId": id, "uri": one, "smtpAddress": "f.lee@example.com" });
    assert_eq!((&list["total"], &list["items"][1]), (&json!(2), &address));
    read.assert_read(&address);
    none.assert_read(&json!({ "items": [], "total": 0 }));
    let upstream = unknown.json()["upstream"].clone();
    problem("smtp_proxy_address_not_found", &missing).upstream(upstream).assert(&unknown);
    let id = format!("{UPSTREAM}/{id}");
    assert_eq!(gateway.calls()[..3], [UPSTREAM, &id, UPSTREAM]);
    gateway.assert_closed(PATH, "GET, HEAD").await;
    gateway.assert_closed(&one, "GET, HEAD").await;
}
