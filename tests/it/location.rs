//! The location: the server that the caller's mailbox is on.

use serde_json::json;

use crate::support::TestGateway;

const PATH: &str = "/api/v1/location";

#[actix_web::test]
async fn the_location_is_shown_and_kept() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'");

    let read = gateway.get(PATH).await;
    let kept = gateway.get(PATH).await;

    assert_eq!(
        read.json(),
        json!({ "displayName": "vm1", "defaultWaveFormatObjectId": "00000000-3a7e-4000-8000-000000000001" })
    );
    assert_eq!(kept.body, read.body);
    assert!(kept.header("cache-status").unwrap().starts_with("cupi-gateway; hit"));
    assert_eq!(gateway.calls(), ["GET /vmrest/user/location"]);
    gateway.assert_closed(PATH, "GET, HEAD").await;
}

#[actix_web::test]
async fn what_nobody_can_lack_is_an_error_of_the_server_where_it_is_missing() {
    let gateway = TestGateway::raw(vec![crate::raw::answer("404 X", b"")]);

    for path in [
        PATH,
        "/api/v1/system-configuration",
        "/api/v1/user",
        "/api/v1/class-of-service",
        "/api/v1/private-lists",
        "/api/v1/notification-devices/html",
        "/api/v1/notification-devices/smtp",
        "/api/v1/smtp-proxy-addresses",
        "/api/v1/directory?name=x",
    ] {
        let reply = gateway.get(path).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (502, &json!("upstream_error")),
            "{path}"
        );
    }
}
