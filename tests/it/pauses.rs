//! Sign-in pauses that an administrator ends.

use cupi_gateway::simulator::Simulator;

use crate::metrics::{metrics, value};
use crate::support::{ACCOUNTS, FUNG, Reply, TestGateway, ask};

async fn delete<U>(gateway: &TestGateway<U>, path: &str, headers: &[(&str, &str)]) -> Reply {
    let url = format!("http://{}/sign-in-pauses{path}", gateway.admin_address);
    ask("DELETE", &url, headers, b"").await
}

/// A gateway that paused [`FUNG`], and the digits of that caller.
async fn paused() -> (TestGateway<Simulator>, String) {
    let gateway = TestGateway::start_with("upstream.sign_in_pause = '35m'");
    gateway.upstream.set_password("fung", "changed").unwrap();
    gateway.get(ACCOUNTS).await;
    gateway.upstream.set_password("fung", "winter-2010").unwrap();
    let reply = gateway.get(ACCOUNTS).await;
    assert_eq!(reply.json()["code"], "sign_in_paused");
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    let (_, digits) = detail.split_once("/sign-in-pauses/").unwrap();
    (gateway, digits.chars().take_while(char::is_ascii_hexdigit).collect())
}

#[actix_web::test]
async fn one_pause_ends_for_its_caller() {
    let (gateway, caller) = paused().await;
    gateway.ask("GET", ACCOUNTS, &[("authorization", "Bearer wrong")], "").await;
    assert_eq!(caller.len(), 8);

    assert_eq!(delete(&gateway, "/00000000", &[]).await.status, 404);
    let ended = delete(&gateway, &format!("/{caller}"), &[]).await;

    assert_eq!((ended.status, ended.text().as_str()), (204, ""));
    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    assert_eq!(delete(&gateway, &format!("/{caller}"), &[]).await.status, 404);
    let pauses = value(&metrics(&gateway).await, "cupi_gateway_sign_in_pauses");
    assert_eq!(pauses.to_string(), "1");
}

#[actix_web::test]
async fn all_pauses_end_together() {
    let (gateway, _) = paused().await;

    assert_eq!(delete(&gateway, "", &[]).await.status, 204);

    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
}

#[actix_web::test]
async fn nobody_but_somebody_at_this_machine_ends_a_pause() {
    let (gateway, caller) = paused().await;
    let caller = format!("/{caller}");
    let cases: [&[(&str, &str)]; 9] = [
        &[("host", "gateway.example.com")],
        &[("host", "gateway.example.com:9090")],
        &[("host", "127.0.0.1.example.com")],
        &[("host", "localhost.example.com")],
        &[("host", "evil@127.0.0.1")],
        &[("host", "10.0.0.1")],
        &[("origin", "http://localhost:9090")],
        &[("origin", "null")],
        &[("sec-fetch-site", "none")],
    ];
    for headers in cases {
        for path in ["", &caller, "/00000000"] {
            assert_eq!(delete(&gateway, path, headers).await.status, 403, "{headers:?} {path}");
        }
    }
    assert_eq!(gateway.get(ACCOUNTS).await.json()["code"], "sign_in_paused");

    for host in ["localhost", "LOCALHOST:8080", "[::1]:9090", "127.0.0.2", "[::ffff:127.0.0.1]"] {
        let reply = delete(&gateway, "/00000000", &[("host", host)]).await;
        assert_eq!(reply.status, 404, "{host}");
    }
}

#[actix_web::test]
async fn pauses_are_ended_by_delete_on_the_operators_side_alone() {
    let (gateway, caller) = paused().await;
    for path in [String::new(), format!("/{caller}")] {
        let url = format!("http://{}/sign-in-pauses{path}", gateway.admin_address);
        for method in ["GET", "POST", "PUT", "OPTIONS"] {
            assert_eq!(ask(method, &url, &[], b"").await.status, 405, "{method} {path}");
        }
        let public = gateway.ask("DELETE", &format!("/sign-in-pauses{path}"), &[FUNG], "").await;
        assert_eq!(public.json()["code"], "route_not_found");
    }
}
