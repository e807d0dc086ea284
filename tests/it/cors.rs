//! Pages of other origins may call where the configuration says so, and nowhere else.

use cupi_gateway::simulator::Simulator;
use serde_json::json;

use crate::support::{ACCOUNTS, FUNG, JSON, PASSWORD, Reply, TestGateway, problem};

const PAGE: &str = "https://app.example.com";
const METHODS: [&str; 6] = ["DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"];
const EXPOSED: [&str; 7] =
    ["age", "cache-status", "etag", "location", "retry-after", "www-authenticate", "x-request-id"];
/// Some of tracing libraries among them.
const HEADERS: [&str; 10] = [
    "authorization",
    "baggage",
    "cache-control",
    "content-type",
    "if-none-match",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "x-request-id",
    "x-requested-with",
];

fn start(origins: &str) -> TestGateway<Simulator> {
    TestGateway::start_with(&format!("cors.allowed_origins = {origins}"))
}

/// The items of a header's list, sorted.
fn items<'a>(reply: &'a Reply, name: &str) -> Vec<&'a str> {
    let mut items: Vec<_> = reply.header(name).unwrap_or_default().split(", ").collect();
    items.sort_unstable();
    items
}

/// The names of the headers of CORS, sorted.
fn names(reply: &Reply) -> Vec<&str> {
    let names = reply.headers.iter().map(|(name, _)| name.as_str());
    let mut names: Vec<_> = names.filter(|name| name.starts_with("access-control-")).collect();
    names.sort_unstable();
    names
}

async fn preflight(
    gateway: &TestGateway<Simulator>,
    path: &str,
    [origin, method, headers]: [&str; 3],
) -> Reply {
    let mut lines = vec![("origin", origin), ("access-control-request-method", method)];
    if !headers.is_empty() {
        lines.push(("access-control-request-headers", headers));
    }
    gateway.ask("OPTIONS", path, &lines, "").await
}

#[actix_web::test]
async fn a_preflight_from_an_allowed_page_is_answered() {
    let gateway =
        start("['https://app.example.com', 'http://localhost:3000', 'capacitor://localhost']");

    for origin in [PAGE, "http://localhost:3000", "capacitor://localhost"] {
        for method in METHODS {
            let headers = "authorization, content-type,if-none-match,CACHE-CONTROL, x-request-id,x-requested-with,traceparent,\
                           tracestate, baggage,sentry-trace";
            let reply = preflight(&gateway, PASSWORD, [origin, method, headers]).await;

            assert_eq!(reply.status, 200, "{}", reply.text());
            assert_eq!(reply.text(), "");
            assert_eq!(
                names(&reply),
                [
                    "access-control-allow-headers",
                    "access-control-allow-methods",
                    "access-control-allow-origin",
                    "access-control-max-age"
                ]
            );
            assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
            assert_eq!(items(&reply, "access-control-allow-methods"), METHODS);
            let allowed = reply.header("access-control-allow-headers").unwrap().to_lowercase();
            let mut allowed: Vec<_> = allowed.split(',').map(str::trim).collect();
            allowed.sort_unstable();
            assert_eq!(allowed, HEADERS);
            assert_eq!(reply.header("access-control-max-age"), Some("3600"));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
            assert!(reply.header("x-request-id").is_some());
        }
    }
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[actix_web::test]
async fn a_preflight_that_is_not_allowed_is_a_problem() {
    let gateway = start("['https://app.example.com']");

    for asked in [
        ["https://evil.example.com", "GET", ""],
        ["https://app.example.com.evil.example", "GET", ""],
        ["http://app.example.com", "GET", ""],
        ["https://app.example.com:8443", "GET", ""],
        ["null", "GET", ""],
        [PAGE, "TRACE", ""],
        [PAGE, "OPTIONS", ""],
    ] {
        let reply = preflight(&gateway, ACCOUNTS, asked).await;

        assert_eq!(reply.status, 400, "{asked:?}");
        assert_eq!(reply.json()["code"], "cors_rejected", "{asked:?}");
        let expected = problem("cors_rejected", ACCOUNTS).about(&asked.join(" "));
        expected.assert(&without_cors(&reply));
    }
    assert_eq!(gateway.upstream.log().len(), 0);
}

/// The answer but for what CORS adds, which is looked at on its own.
fn without_cors(reply: &Reply) -> Reply {
    let headers = reply.headers.iter();
    Reply {
        status: reply.status,
        headers: headers
            .filter(|(name, _)| !name.starts_with("access-control-"))
            .cloned()
            .collect(),
        body: reply.body.clone(),
    }
}

#[actix_web::test]
async fn an_allowed_page_may_read_answers_and_problems() {
    let gateway = start("['https://app.example.com']");
    let origin = ("origin", PAGE);

    let read = gateway.ask("GET", ACCOUNTS, &[FUNG, origin], "").await;
    let head = gateway.ask("HEAD", ACCOUNTS, &[FUNG, origin], "").await;
    let missing = gateway.ask("GET", ACCOUNTS, &[origin], "").await;
    let route = gateway.ask("GET", "/nope", &[FUNG, origin], "").await;
    let method = gateway.ask("DELETE", ACCOUNTS, &[FUNG, origin], "").await;
    let media_type = gateway.ask("PUT", PASSWORD, &[FUNG, origin], "").await;
    let document = gateway.ask("GET", "/api/v1/openapi.json", &[origin], "").await;
    gateway.upstream.set("status", "503").unwrap();
    let busy = gateway.ask("GET", ACCOUNTS, &[FUNG, origin], "").await;

    for (reply, status) in [
        (&read, 200),
        (&head, 200),
        (&missing, 401),
        (&route, 404),
        (&method, 405),
        (&media_type, 415),
        (&document, 200),
        (&busy, 503),
    ] {
        assert_eq!(reply.status, status);
        assert_eq!(
            names(reply),
            ["access-control-allow-origin", "access-control-expose-headers"],
            "{status}"
        );
        assert_eq!(reply.header("access-control-allow-origin"), Some(PAGE), "{status}");
        let exposed = reply.header("access-control-expose-headers").unwrap().to_lowercase();
        let mut exposed: Vec<_> = exposed.split(", ").collect();
        exposed.sort_unstable();
        assert_eq!(exposed, EXPOSED, "{status}");
    }
    assert_eq!(read.json()["total"], 2);
    problem("credentials_missing", ACCOUNTS).assert(&without_cors(&missing));
    problem("route_not_found", "/nope").assert(&without_cors(&route));
    problem("method_not_allowed", ACCOUNTS)
        .header("allow", "GET, HEAD")
        .assert(&without_cors(&method));
    problem("upstream_busy", ACCOUNTS)
        .upstream(json!({ "status": 503 }))
        .assert(&without_cors(&busy));
}

#[actix_web::test]
async fn another_page_gets_an_answer_that_its_browser_withholds() {
    let gateway = start("['https://app.example.com']");

    for origin in ["https://evil.example.com", "null", "HTTPS://APP.EXAMPLE.COM", "x"] {
        let reply = gateway.ask("GET", ACCOUNTS, &[FUNG, ("origin", origin)], "").await;

        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-origin"), None, "{origin}");
        assert_eq!(reply.header("vary"), Some("Authorization, Origin"));
    }
}

#[actix_web::test]
async fn every_page_may_call_where_all_origins_are_allowed() {
    let gateway = start("['*']");

    for origin in [PAGE, "http://localhost:3000", "null"] {
        let reply = gateway.ask("GET", ACCOUNTS, &[FUNG, ("origin", origin)], "").await;
        let asked = preflight(&gateway, PASSWORD, [origin, "PUT", "authorization"]).await;

        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-allow-credentials"), None);
        assert_eq!(reply.header("vary"), Some("Authorization, Origin"));
        assert_eq!(asked.status, 200);
        assert_eq!(asked.header("access-control-allow-origin"), Some("*"));
        assert_eq!(asked.header("access-control-allow-credentials"), None);
    }
}

#[actix_web::test]
async fn without_origins_there_is_no_cors() {
    let gateway = TestGateway::start();

    let asked = preflight(&gateway, ACCOUNTS, [PAGE, "GET", "authorization"]).await;
    let read = gateway.ask("GET", ACCOUNTS, &[FUNG, ("origin", PAGE)], "").await;

    problem("method_not_allowed", ACCOUNTS).header("allow", "GET, HEAD").assert(&asked);
    assert_eq!(read.status, 200);
    assert_eq!(names(&read).len(), 0);
}

#[actix_web::test]
async fn options_that_is_no_preflight_is_405() {
    let gateway = start("['https://app.example.com']");

    for headers in [vec![], vec![("origin", PAGE)]] {
        let reply = gateway.ask("OPTIONS", PASSWORD, &headers, "").await;

        problem("method_not_allowed", PASSWORD)
            .header("allow", "PUT")
            .assert(&without_cors(&reply));
    }
}

#[actix_web::test]
async fn a_page_of_the_gateways_own_origin_needs_no_leave() {
    let gateway = start("['https://app.example.com']");
    let own = format!("http://{}", gateway.address);

    let body = r#"{"password":"abc123"}"#;
    let headers = [FUNG, JSON, ("origin", own.as_str())];
    let reply = gateway.ask("PUT", PASSWORD, &headers, body).await;

    without_cors(&reply).assert_written();
}
