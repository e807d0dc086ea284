//! `/metrics`: its names and labels, and what they count.

use std::collections::BTreeSet;

use cupi_gateway::simulator::Simulator;
use serde_json::json;

use crate::raw::{document, send};
use crate::support::{
    ACCOUNTS, DEVICES, FUNG, PASSWORD, SECOND, TestGateway, UPSTREAM_ACCOUNTS, UPSTREAM_DEVICES,
    ask, ask_by, basic,
};

/// What the operator's side tells of a gateway.
pub async fn metrics<U>(gateway: &TestGateway<U>) -> String {
    let url = format!("http://{}/metrics", gateway.admin_address);
    let reply = ask("GET", &url, &[], b"").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    reply.text()
}

/// The value of a series, spelled as in the text.
pub fn value(metrics: &str, series: &str) -> f64 {
    let found = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    assert!(found.is_some(), "no {series} in {metrics}");
    found.unwrap().parse().unwrap()
}

/// A series of requests or calls.
fn duration(side: &str, part: &str, labels: [&str; 4]) -> String {
    let [error, method, status, route] = labels;
    format!(
        "http_{side}_request_duration_seconds_{part}{{error_type=\"{error}\",http_request_method=\"{method}\",\
         http_response_status_code=\"{status}\",http_route=\"{route}\"}}"
    )
}

#[actix_web::test]
async fn every_metric_has_its_name_type_and_help() {
    let gateway = TestGateway::start();
    gateway.get(ACCOUNTS).await;

    let text = metrics(&gateway).await;
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let (process, ours): (BTreeSet<_>, BTreeSet<_>) =
        types.partition(|name| name.starts_with("process_"));

    let expected = [
        "cupi_gateway_build_info gauge",
        "cupi_gateway_cache_lookups_total counter",
        "cupi_gateway_cache_size_bytes gauge",
        "cupi_gateway_shared_errors_total counter",
        "cupi_gateway_sign_in_pauses gauge",
        "cupi_gateway_sign_in_pauses_total counter",
        "cupi_gateway_upstream_in_flight gauge",
        "cupi_gateway_upstream_limit gauge",
        "cupi_gateway_upstream_queue_length gauge",
        "cupi_gateway_upstream_queue_wait_seconds histogram",
        "http_client_request_duration_seconds histogram",
        "http_server_request_duration_seconds histogram",
    ];
    assert_eq!(ours, BTreeSet::from(expected));
    for name in ["process_open_fds", "process_resident_memory_bytes"] {
        assert!(process.contains(format!("{name} gauge").as_str()));
    }
    for name in ours.iter().chain(&process) {
        let name = name.split(' ').next().unwrap();
        assert!(text.contains(&format!("# HELP {name} ")), "{name}");
    }
    let version = env!("CARGO_PKG_VERSION");
    let build = format!("cupi_gateway_build_info{{version=\"{version}\"}}");
    assert_eq!(value(&text, &build).to_bits(), 1_f64.to_bits());
}

#[actix_web::test]
async fn requests_calls_lookups_and_waits_are_counted() {
    let gateway =
        TestGateway::<Simulator>::start_with("cache.ttl = '1m'\nupstream.sign_in_pause = '35m'");
    let wrong = basic("eva", "wrong");
    gateway.get(ACCOUNTS).await;
    gateway.get(ACCOUNTS).await;
    gateway.get(SECOND).await;
    gateway.get(DEVICES).await;
    gateway.set_password("abc123").await;
    gateway.get("/nothing?password=abc").await;
    gateway.ask("GET", ACCOUNTS, &[], "").await;
    gateway.ask("GET", ACCOUNTS, &[("authorization", &wrong)], "").await;

    let text = metrics(&gateway).await;
    let counted = |side, labels, times: u32| {
        let count = value(&text, &duration(side, "count", labels));
        assert_eq!(count.to_bits(), f64::from(times).to_bits(), "{labels:?}");
        let sum = value(&text, &duration(side, "sum", labels));
        assert!(sum > 0.0 && sum < 10.0, "{labels:?} {sum}");
    };
    let item = "/api/v1/accounts/{objectId}";
    let password = "/api/v1/accounts/{objectId}/password";
    let upstream_item = format!("{UPSTREAM_ACCOUNTS}/{{objectId}}");
    counted("server", ["", "GET", "200", ACCOUNTS], 2);
    counted("server", ["", "GET", "200", item], 1);
    counted("server", ["", "PUT", "204", password], 1);
    counted("server", ["route_not_found", "GET", "404", "other"], 1);
    counted("server", ["credentials_missing", "GET", "401", ACCOUNTS], 1);
    counted("server", ["credentials_rejected", "GET", "401", ACCOUNTS], 1);
    counted("client", ["", "GET", "200", UPSTREAM_ACCOUNTS], 1);
    counted("client", ["", "GET", "200", &upstream_item], 1);
    counted("client", ["", "GET", "200", UPSTREAM_DEVICES], 1);
    counted("client", ["", "PUT", "204", &upstream_item], 1);
    counted("client", ["credentials_rejected", "GET", "401", UPSTREAM_ACCOUNTS], 1);
    let is = |series: &str, expected: u32| {
        let found = value(&text, series);
        assert_eq!(found.to_bits(), f64::from(expected).to_bits(), "{series}");
    };
    is("cupi_gateway_cache_lookups_total{result=\"hit\"}", 1);
    is("cupi_gateway_cache_lookups_total{result=\"miss\"}", 4);
    is("cupi_gateway_cache_lookups_total{result=\"collapsed\"}", 0);
    is("cupi_gateway_upstream_queue_wait_seconds_count", 5);
    is("cupi_gateway_upstream_in_flight", 0);
    is("cupi_gateway_upstream_limit", 3);
    is("cupi_gateway_upstream_queue_length", 0);
    is("cupi_gateway_sign_in_pauses_total", 1);
    is("cupi_gateway_sign_in_pauses", 1);
    assert!(!text.contains("abc"), "{text}");
}

#[actix_web::test]
async fn labels_come_from_fixed_sets_whatever_a_client_sends() {
    let gateway = TestGateway::raw(vec![document(b"<UserExternalServiceAccounts total=\"0\"/>")]);
    let client = awc::Client::default();
    let mut after_100 = 0;
    for number in 0..1000 {
        let (method, path) = match number % 4 {
            0 => ("GET".to_owned(), format!("/{number}/%2e?q={number}")),
            1 => (format!("M{number}"), ACCOUNTS.to_owned()),
            2 => ("GET".to_owned(), format!("{ACCOUNTS}/{number}")),
            _ => ("GET".to_owned(), ACCOUNTS.to_owned()),
        };
        let caller = basic("somebody", &number.to_string());
        let url = format!("http://{}{path}", gateway.address);
        let reply = ask_by(&client, &method, &url, &[("authorization", &caller)], b"").await;
        let expected = [404, 405, 400, 200][number % 4];
        assert_eq!(reply.status, expected, "{}", reply.text());
        if number == 100 {
            after_100 = metrics(&gateway).await.lines().count();
        }
    }

    let text = metrics(&gateway).await;
    assert_eq!(text.lines().count(), after_100);
    assert!(text.contains("http_request_method=\"other\""));
    assert!(text.contains("http_route=\"other\""));
}

#[actix_web::test]
async fn a_call_that_met_nobody_has_no_status() {
    let gateway = TestGateway::<()>::before((), "http://127.0.0.1:1", "");
    gateway.get(ACCOUNTS).await;
    let strange = TestGateway::raw(vec![send("nonsense\r\n\r\n")]);
    strange.get(ACCOUNTS).await;

    for (text, code) in [
        (metrics(&gateway).await, "upstream_unreachable"),
        (metrics(&strange).await, "upstream_invalid_response"),
    ] {
        let call = duration("client", "count", [code, "GET", "", UPSTREAM_ACCOUNTS]);
        let request = duration("server", "count", [code, "GET", "502", ACCOUNTS]);
        assert_eq!(value(&text, &call).to_bits(), 1_f64.to_bits());
        assert_eq!(value(&text, &request).to_bits(), 1_f64.to_bits());
    }
}

#[actix_web::test]
async fn the_operators_side_is_on_no_public_port_and_the_other_way_round() {
    let gateway = TestGateway::start();
    for path in ["/livez", "/readyz", "/metrics"] {
        let public = gateway.ask("GET", path, &[FUNG], "").await;
        let admin = format!("http://{}{path}", gateway.admin_address);
        let admin = ask("GET", &admin, &[], b"").await;

        assert_eq!(public.json()["code"], json!("route_not_found"), "{path}");
        assert_eq!(admin.status, 200, "{path}");
    }
    for path in ["/livez", "/readyz"] {
        let admin = format!("http://{}{path}", gateway.admin_address);
        let head = ask("HEAD", &admin, &[], b"").await;

        assert_eq!((head.status, head.body.len()), (200, 0), "{path}");
    }
    for path in [ACCOUNTS, PASSWORD, "/", "/swagger-ui/"] {
        let url = format!("http://{}{path}", gateway.admin_address);
        assert_eq!(ask("GET", &url, &[FUNG], b"").await.status, 404, "{path}");
    }
}
