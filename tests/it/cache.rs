//! What is kept, for whom, how long, and what clients are told of it.

use std::collections::BTreeSet;

use actix_web::rt;
use tokio::join;

use crate::support::{
    ACCOUNTS, DEVICES, FUNG, Reply, SECOND, TestGateway, ask, basic, etag, problem, together, until,
};

const KEPT: &str = "cache.ttl = '60s'\nserver.workers = 3";

fn status(reply: &Reply) -> &str {
    reply.header("cache-status").unwrap_or_default()
}

#[actix_web::test]
async fn fifty_identical_reads_together_are_one_call_and_the_next_is_a_hit() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.upstream.set("work", "100ms").unwrap();

    let replies = together(50, |_| gateway.get(ACCOUNTS)).await;
    let next = gateway.get(ACCOUNTS).await;

    assert_eq!(gateway.upstream.log().len(), 1);
    let count = |wanted: &str| replies.iter().filter(|reply| status(reply) == wanted).count();
    assert_eq!(count("cupi-gateway; fwd=miss; stored"), 1);
    assert_eq!(count("cupi-gateway; fwd=miss; collapsed"), 49);
    assert!(replies.iter().all(|reply| reply.status == 200 && reply.body == next.body));
    assert!(["cupi-gateway; hit; ttl=59", "cupi-gateway; hit; ttl=60"].contains(&status(&next)));
    assert_eq!(next.header("age"), Some("0"));
    assert_eq!(next.header("etag"), Some(etag(&next.body).as_str()));
}

#[actix_web::test]
async fn identical_reads_collapse_with_the_cache_off_and_nothing_is_kept() {
    let gateway = TestGateway::start_with("cache.ttl = '0s'\nserver.workers = 3");
    gateway.upstream.set("work", "100ms").unwrap();

    let replies = together(20, |_| gateway.get(ACCOUNTS)).await;
    let calls = gateway.upstream.log().len();
    let next = gateway.get(ACCOUNTS).await;

    assert_eq!(calls, 1);
    assert_eq!(replies.iter().filter(|reply| status(reply) == "cupi-gateway; fwd=miss").count(), 1);
    assert_eq!(status(&next), "cupi-gateway; fwd=miss");
    assert_eq!(gateway.upstream.log().len(), 2);
}

#[actix_web::test]
async fn a_failure_is_shared_by_those_who_wait_for_it_each_with_its_own_request_id_and_not_kept() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.upstream.set("delay", "100ms").unwrap();
    gateway.upstream.set("status", "500").unwrap();

    let replies = together(10, |_| gateway.get(ACCOUNTS)).await;
    let calls = gateway.upstream.log().len();
    gateway.upstream.set("status", "off").unwrap();
    let next = gateway.get(ACCOUNTS).await;

    assert_eq!(calls, 1);
    let mut ids = BTreeSet::new();
    for reply in &replies {
        assert_eq!(reply.status, 502);
        ids.insert(reply.json()["requestId"].to_string());
    }
    assert_eq!(ids.len(), 10);
    assert_eq!(next.status, 200);
}

#[actix_web::test]
async fn a_client_that_has_the_answer_gets_304_fresh_or_kept() {
    let gateway = TestGateway::start_with(KEPT);
    let etag = gateway.get(ACCOUNTS).await.header("etag").unwrap().to_owned();
    let weak = format!("\"other\", W/{etag}");

    for (matching, cache) in [(etag.as_str(), "max-age=0"), (weak.as_str(), "x"), ("*", "no-cache")]
    {
        let headers = [FUNG, ("if-none-match", matching), ("cache-control", cache)];
        let reply = gateway.ask("GET", ACCOUNTS, &headers, "").await;

        assert_eq!((reply.status, reply.text().as_str()), (304, ""));
        assert_eq!(reply.header("etag"), Some(etag.as_str()));
        assert_eq!(reply.header("cache-control"), Some("private, no-cache"));
        assert_eq!(reply.header("vary"), Some("Authorization, Origin"));
        assert_eq!(reply.header("age"), Some("0"));
        assert!(status(&reply).starts_with("cupi-gateway; "));
        assert_eq!(reply.header("content-type"), None);
    }
    let other = gateway.ask("GET", ACCOUNTS, &[FUNG, ("if-none-match", "\"other\"")], "").await;
    assert_eq!(other.status, 200);
}

#[actix_web::test]
async fn no_cache_goes_upstream_and_its_answer_is_kept() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.get(ACCOUNTS).await;

    let reply = gateway.ask("GET", ACCOUNTS, &[FUNG, ("cache-control", "No-Cache")], "").await;
    let next = gateway.get(ACCOUNTS).await;

    assert_eq!(status(&reply), "cupi-gateway; fwd=request; stored");
    assert!(status(&next).starts_with("cupi-gateway; hit"));
    assert_eq!(gateway.upstream.log().len(), 2);
}

#[actix_web::test]
async fn max_age_0_goes_upstream_as_no_cache_does() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.get(ACCOUNTS).await;

    let reply = gateway.ask("GET", ACCOUNTS, &[FUNG, ("cache-control", "max-age=0")], "").await;

    assert_eq!(status(&reply), "cupi-gateway; fwd=request; stored");
    assert_eq!(gateway.upstream.log().len(), 2);
}

#[actix_web::test]
async fn no_store_keeps_nothing() {
    let gateway = TestGateway::start_with(KEPT);
    let no_store = [FUNG, ("cache-control", "no-store")];
    let both = [FUNG, ("cache-control", "no-store, no-cache")];

    let first = gateway.ask("GET", ACCOUNTS, &no_store, "").await;
    let second = gateway.ask("GET", ACCOUNTS, &both, "").await;
    let third = gateway.get(ACCOUNTS).await;

    assert_eq!(status(&first), "cupi-gateway; fwd=miss");
    assert_eq!(status(&second), "cupi-gateway; fwd=request");
    assert_eq!(status(&third), "cupi-gateway; fwd=miss; stored");
    assert_eq!(gateway.upstream.log().len(), 3);
}

#[actix_web::test]
async fn no_cache_joins_a_call_under_way() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.upstream.set("stall", "head").unwrap();

    let first = gateway.get(ACCOUNTS);
    let release = async {
        until(|| gateway.upstream.log().len() == 1).await;
        let second = async {
            gateway.ask("GET", ACCOUNTS, &[FUNG, ("cache-control", "no-cache")], "").await
        };
        let third = gateway.get(ACCOUNTS);
        let go = async { gateway.upstream.set("stall", "off").unwrap() };
        let (second, third, ()) = join!(second, third, go);
        (second, third)
    };
    let (first, (second, third)) = join!(first, release);

    assert_eq!([first.status, second.status, third.status], [200; 3]);
    assert!(gateway.upstream.log().len() <= 2);
}

#[actix_web::test]
async fn a_write_drops_what_its_caller_has_and_nobody_elses() {
    let gateway = TestGateway::start_with(KEPT);
    let otto = [("authorization", &*basic("otto", "single-malt"))];
    gateway.get(ACCOUNTS).await;
    gateway.get(SECOND).await;
    gateway.ask("GET", ACCOUNTS, &otto, "").await;
    assert!(status(&gateway.get(SECOND).await).starts_with("cupi-gateway; hit"));

    assert_eq!(gateway.set_password("new").await.status, 204);

    assert_eq!(status(&gateway.get(ACCOUNTS).await), "cupi-gateway; fwd=miss; stored");
    assert_eq!(status(&gateway.get(SECOND).await), "cupi-gateway; fwd=miss; stored");
    let others = gateway.ask("GET", ACCOUNTS, &otto, "").await;
    assert!(status(&others).starts_with("cupi-gateway; hit"), "{}", status(&others));
}

#[actix_web::test]
async fn a_write_of_unknown_outcome_drops_what_its_caller_has_too() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.get(ACCOUNTS).await;
    gateway.upstream.set("status", "500").unwrap();

    gateway.set_password("new").await;

    gateway.upstream.set("status", "off").unwrap();
    assert_eq!(status(&gateway.get(ACCOUNTS).await), "cupi-gateway; fwd=miss; stored");
}

#[actix_web::test]
async fn two_callers_never_share_an_answer() {
    let gateway = TestGateway::start_with(KEPT);
    let people: Vec<String> =
        (1..=20).map(|n| basic(&format!("person{n:02}"), &format!("secret-{n:02}"))).collect();

    for _ in 0..2 {
        let replies = together(20, |n| {
            let headers = [("authorization", people[n].as_str())];
            let gateway = &gateway;
            async move { gateway.ask("GET", ACCOUNTS, &headers, "").await }
        })
        .await;
        for (n, reply) in replies.iter().enumerate() {
            let text = reply.text();
            assert!(text.contains(&format!("person{:02}", n + 1)), "{text}");
            assert_eq!(
                text.matches("person").count(),
                text.matches(&format!("person{:02}", n + 1)).count()
            );
        }
    }
    assert_eq!(gateway.upstream.log().len(), 20);
}

#[actix_web::test]
async fn nothing_kept_is_served_to_credentials_that_were_rejected_since() {
    let gateway = TestGateway::start_with(&format!("{KEPT}\nupstream.sign_in_pause = '0s'"));
    gateway.get(ACCOUNTS).await;
    gateway.upstream.set_password("fung", "changed").unwrap();

    assert_eq!(gateway.get(SECOND).await.status, 401);

    assert_eq!(gateway.get(ACCOUNTS).await.status, 401);
}

#[actix_web::test]
async fn an_answer_too_large_to_be_kept_says_so() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'\ncache.max_size = '600B'");

    let first = gateway.get(ACCOUNTS).await;
    let second = gateway.get(ACCOUNTS).await;

    assert_eq!([status(&first), status(&second)], ["cupi-gateway; fwd=miss"; 2]);
    assert_eq!(gateway.upstream.log().len(), 2);
}

#[actix_web::test]
async fn an_answer_goes_stale() {
    let gateway = TestGateway::start_with("cache.ttl = '50ms'");
    gateway.get(ACCOUNTS).await;

    let mut reply = gateway.get(ACCOUNTS).await;
    while status(&reply).contains("hit") {
        reply = gateway.get(ACCOUNTS).await;
    }

    assert_eq!(status(&reply), "cupi-gateway; fwd=miss; stored");
    assert_eq!(gateway.upstream.log().len(), 2);
}

#[actix_web::test]
async fn a_read_goes_on_when_its_client_has_gone_and_fills_the_cache() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.upstream.set("stall", "head").unwrap();
    let address = gateway.address;

    let impatient = rt::spawn(async move {
        let url = format!("http://{address}{ACCOUNTS}");
        ask("GET", &url, &[FUNG], b"").await
    });
    until(|| gateway.upstream.log().len() == 1).await;
    impatient.abort();
    until(|| impatient.is_finished()).await;
    gateway.upstream.set("stall", "off").unwrap();
    let reply = gateway.get(ACCOUNTS).await;

    assert_eq!(reply.status, 200);
    assert_eq!(gateway.upstream.log().len(), 1, "{}", status(&reply));
}

#[actix_web::test]
async fn problems_and_writes_are_not_to_be_kept_by_anybody() {
    let gateway = TestGateway::start_with(KEPT);

    let missing = gateway.ask("GET", ACCOUNTS, &[], "").await;
    let written = gateway.set_password("new").await;

    problem("credentials_missing", ACCOUNTS).assert(&missing);
    assert_eq!(written.header("cache-control"), Some("no-store"));
    for header in ["etag", "age", "cache-status"] {
        assert_eq!((missing.header(header), written.header(header)), (None, None));
    }
}

#[actix_web::test]
async fn head_and_get_share_what_is_kept() {
    let gateway = TestGateway::start_with(KEPT);

    let first = gateway.ask("HEAD", ACCOUNTS, &[FUNG], "").await;
    let second = gateway.get(ACCOUNTS).await;
    let third = gateway.ask("HEAD", ACCOUNTS, &[FUNG], "").await;

    assert_eq!(status(&first), "cupi-gateway; fwd=miss; stored");
    assert!(status(&second).starts_with("cupi-gateway; hit; ttl="));
    assert!(status(&third).starts_with("cupi-gateway; hit; ttl="));
    let etag = etag(&second.body);
    for reply in [&first, &third] {
        assert_eq!((reply.status, reply.text().as_str()), (200, ""));
        assert_eq!(reply.header("etag"), Some(etag.as_str()));
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
    assert_eq!(gateway.upstream.log().len(), 1);
}

#[actix_web::test]
async fn a_validator_is_found_in_any_list_and_for_head_too() {
    let gateway = TestGateway::start_with(KEPT);
    let etag = etag(&gateway.get(ACCOUNTS).await.body);
    let bare = etag.trim_matches('"');
    let list = format!("\"a\",\"b\" ,  W/{etag}, \"c\"");

    for method in ["GET", "HEAD"] {
        for (fields, expected) in [
            (vec![list.as_str()], 304),
            (vec!["\"a\", \"b\"", etag.as_str()], 304),
            (vec!["\"a\", \"b\""], 200),
            (vec![bare], 200),
            (vec!["\"\""], 200),
            (vec![""], 200),
        ] {
            let mut headers = vec![FUNG];
            headers.extend(fields.iter().map(|field| ("if-none-match", *field)));
            let reply = gateway.ask(method, ACCOUNTS, &headers, "").await;

            assert_eq!(reply.status, expected, "{method} {fields:?}");
            assert_eq!(reply.header("etag"), Some(etag.as_str()));
            assert_eq!(reply.body.is_empty(), method == "HEAD" || expected == 304);
        }
    }
    assert_eq!(gateway.upstream.log().len(), 1);
}

#[actix_web::test]
async fn age_grows_as_ttl_shrinks() {
    let gateway = TestGateway::start_with(KEPT);
    gateway.get(ACCOUNTS).await;

    let mut reply = gateway.get(ACCOUNTS).await;
    while reply.header("age") == Some("0") {
        reply = gateway.get(ACCOUNTS).await;
    }

    let age: u64 = reply.header("age").unwrap().parse().unwrap();
    assert!((1..59).contains(&age));
    assert_eq!(status(&reply), format!("cupi-gateway; hit; ttl={}", 59 - age));
    assert_eq!(gateway.upstream.log().len(), 1);
}

#[actix_web::test]
async fn what_is_kept_for_one_path_is_not_served_for_another() {
    let gateway = TestGateway::start_with(KEPT);
    let paths = ["", "?userDefined=true", "?userDefined=false"];

    let mut totals = Vec::new();
    for _ in 0..2 {
        for path in paths {
            let reply = gateway.get(&format!("{DEVICES}{path}")).await;
            totals.push(reply.json()["total"].as_u64().unwrap());
        }
    }

    assert_eq!(totals, [3, 1, 2, 3, 1, 2]);
    assert_eq!(gateway.upstream.log().len(), 3);
}
