//! What Unity Connection is spared: turns, sign-in pauses, sessions, repeats.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use actix_web::rt;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cupi_gateway::simulator::{LoggedRequest, Simulator};
use serde_json::json;
use tokio::join;
use tokio::time::{sleep, timeout};

use crate::metrics::{metrics, value};
use crate::raw::{answer, document};
use crate::support::{
    ACCOUNTS, DEADLINE, FIRST, FUNG, JSON, OWN_DEVICE, PASSWORD, Reply, SECOND, TestGateway,
    UPSTREAM_ACCOUNTS, ask, basic, problem, together, until,
};

const WRONG: (&str, &str) = ("authorization", "Basic ZnVuZzp3cm9uZw==");

fn person(number: usize) -> String {
    basic(&format!("person{number:02}"), &format!("secret-{number:02}"))
}

/// The most calls that were open at once, of one person if one is named.
fn most_at_once(log: &[LoggedRequest], alias: Option<&str>) -> usize {
    let calls =
        log.iter().filter(|asked| alias.is_none_or(|alias| asked.alias.as_deref() == Some(alias)));
    let calls: Vec<_> = calls.map(|asked| (asked.at, asked.answered_at.unwrap())).collect();
    let open = |time| calls.iter().filter(|(begun, ended)| *begun <= time && time < *ended).count();
    calls.iter().map(|(begun, _)| open(*begun)).max().unwrap_or(0)
}

async fn get_as(gateway: &TestGateway<Simulator>, credentials: &str, path: &str) -> Reply {
    gateway.ask("GET", path, &[("authorization", credentials)], "").await
}

/// Waits until so many calls wait for their turn.
async fn until_so_many_wait<U>(gateway: &TestGateway<U>, calls: usize) {
    let series = format!("\ncupi_gateway_upstream_queue_length {calls}\n");
    let waiting = async {
        while !metrics(gateway).await.contains(&series) {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(DEADLINE, waiting).await.unwrap();
}

#[actix_web::test]
async fn a_caller_has_one_call_open_and_all_callers_together_no_more_than_the_limit() {
    let gateway = TestGateway::start_with("server.workers = 3");
    gateway.upstream.set("delay", "20ms").unwrap();

    let replies = together(40, |n| {
        let path = if n % 2 == 0 { ACCOUNTS.to_owned() } else { format!("{ACCOUNTS}?") };
        let gateway = &gateway;
        async move { get_as(gateway, &person(1 + n % 10), &path).await }
    })
    .await;

    assert!(replies.iter().all(|reply| reply.status == 200));
    let log = gateway.upstream.log();
    assert!(most_at_once(&log, None) <= 3);
    for n in 1..=10 {
        assert_eq!(most_at_once(&log, Some(&format!("person{n:02}"))), 1);
    }
}

#[actix_web::test]
async fn a_page_that_loads_much_at_once_with_a_wrong_password_costs_one_failed_sign_in() {
    let gateway = TestGateway::start_with("server.workers = 3\nupstream.sign_in_pause = '35m'");
    gateway.upstream.set("delay", "50ms").unwrap();
    let paths = [ACCOUNTS, FIRST, SECOND];

    let page = together(12, |n| gateway.ask("GET", paths[n % 3], &[WRONG], "")).await;
    let later = gateway.ask("GET", ACCOUNTS, &[WRONG], "").await;

    for reply in &page {
        assert_eq!(reply.status, 401);
        let code = reply.json()["code"].clone();
        assert!(
            ["credentials_rejected", "sign_in_paused"].contains(&code.as_str().unwrap()),
            "{code}"
        );
    }
    assert_eq!(later.json()["code"], "sign_in_paused");
    assert_eq!(gateway.upstream.failed_sign_ins("fung"), 1);
    assert!(!gateway.upstream.is_locked("fung"));
    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
}

#[actix_web::test]
async fn a_password_changed_a_minute_ago_costs_two_failed_sign_ins_at_most() {
    let gateway = TestGateway::start_with("server.workers = 3\nupstream.sign_in_pause = '35m'");
    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    gateway.upstream.set_password("fung", "changed").unwrap();
    let paths = [ACCOUNTS, FIRST, SECOND];

    let page = together(12, |n| gateway.get(paths[n % 3])).await;

    assert!(page.iter().all(|reply| reply.status == 401));
    assert_eq!(gateway.upstream.failed_sign_ins("fung"), 2);
    let new = basic("fung", "changed");
    assert_eq!(get_as(&gateway, &new, ACCOUNTS).await.status, 200);
}

/// `fung:` and this password, in spellings that Unity Connection takes for one.
fn spellings(pair: &str) -> Vec<String> {
    // Its last character carries two bits that mean nothing.
    assert_eq!(pair.len() % 3, 2);
    let padded = STANDARD.encode(pair);
    let bare = padded.trim_end_matches('=').to_owned();
    let (begin, last) = bare.split_at(bare.len() - 1);
    let trailing = format!("{begin}{}", char::from(last.as_bytes()[0] + 1));
    let (first, rest) = bare.split_at(4);
    vec![
        format!("Basic {padded}"),
        format!("basic {padded}"),
        format!("BASIC    {padded}"),
        format!("Basic {bare}"),
        format!("Basic {bare}=="),
        format!("Basic {trailing}="),
        format!("bAsIc {}", padded.replace('+', "-").replace('/', "_")),
        format!("Basic {first} {rest}"),
        format!("Basic {bare}=x"),
    ]
}

#[actix_web::test]
async fn all_spellings_of_a_wrong_password_cost_one_failed_sign_in() {
    let gateway =
        TestGateway::raw_with("upstream.sign_in_pause = '35m'", vec![vec![answer("401 X", b"")]]);
    let spellings = spellings("fung:~~~???>>>");

    for credentials in &spellings {
        let reply = gateway.ask("GET", ACCOUNTS, &[("authorization", credentials)], "").await;
        assert_eq!(reply.status, 401);
    }

    let received = gateway.upstream.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].header("authorization").as_ref(), spellings.first());
}

#[actix_web::test]
async fn all_spellings_share_what_is_kept_and_go_on_as_they_came() {
    let list = document(b"<UserExternalServiceAccounts/>");
    let gateway = TestGateway::raw_with("cache.ttl = '60s'", vec![vec![list]]);
    let spellings = spellings("fung:~~~???>>>");

    for credentials in &spellings {
        let reply = gateway.ask("GET", ACCOUNTS, &[("authorization", credentials)], "").await;
        assert_eq!(reply.status, 200);
    }
    assert_eq!(gateway.upstream.received().len(), 1);
    for credentials in &spellings {
        let no_cache = ("cache-control", "no-cache");
        gateway.ask("GET", ACCOUNTS, &[("authorization", credentials), no_cache], "").await;
        let received = gateway.upstream.received();
        assert_eq!(received.last().unwrap().header("authorization").as_ref(), Some(credentials));
    }
}

#[actix_web::test]
async fn other_credentials_are_another_caller() {
    let gateway =
        TestGateway::raw_with("upstream.sign_in_pause = '35m'", vec![vec![answer("401 X", b"")]]);
    let others = [
        "Basic ZnVuZzph".to_owned(),
        "Basic ZnVuZzpi".to_owned(),
        "Bearer ZnVuZzph".to_owned(),
        "Bearer ZnVuZzph=".to_owned(),
        "Bearer ZnVuZzpi".to_owned(),
        "bearer  znvuzzpi".to_owned(),
        "Basic \u{e9}".to_owned(),
        "Basic ()".to_owned(),
        "Basic )(".to_owned(),
        basic("", "a"),
        basic("a", ""),
    ];

    for credentials in &others {
        let reply = gateway.ask("GET", ACCOUNTS, &[("authorization", credentials)], "").await;
        assert_eq!(reply.json()["code"], "credentials_rejected", "{credentials}");
    }
    let again = gateway.ask("GET", ACCOUNTS, &[("authorization", "bEARER   ZnVuZzpi")], "").await;

    assert_eq!(again.json()["code"], "sign_in_paused");
    assert_eq!(gateway.upstream.received().len(), others.len());
}

#[actix_web::test]
async fn polling_with_an_old_password_costs_one_failed_sign_in_a_pause() {
    let gateway = TestGateway::start_with("upstream.sign_in_pause = '300ms'");
    gateway.upstream.set("lockout", "off").unwrap();

    let mut asked = 0;
    while gateway.upstream.failed_sign_ins("fung") < 3 {
        assert_eq!(gateway.ask("GET", ACCOUNTS, &[WRONG], "").await.status, 401);
        asked += 1;
    }

    assert!(asked > 10, "{asked} requests cost 3 failed sign-ins");
    let log = gateway.upstream.log();
    assert!(log[1].at - log[0].at >= std::time::Duration::from_millis(300));
    assert!(log[2].at - log[1].at >= std::time::Duration::from_millis(300));
}

#[actix_web::test]
async fn a_pause_says_since_when_until_when_and_what_to_do() {
    let gateway = TestGateway::start_with("upstream.sign_in_pause = '35m'");
    gateway.ask("GET", ACCOUNTS, &[WRONG], "").await;

    let reply = gateway.ask("PUT", PASSWORD, &[WRONG, JSON], r#"{"password":"x"}"#).await;

    let seconds: u64 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((2095..=2100).contains(&seconds), "{seconds}");
    assert_eq!(
        reply.header("www-authenticate"),
        Some(r#"Basic realm="Unity Connection", charset="UTF-8""#)
    );
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains(" at 20") && detail.contains(" until 20"), "{detail}");
    assert!(detail.contains("`DELETE /sign-in-pauses/"), "{detail}");
    assert_eq!(reply.json()["upstream"], json!(null));
    assert_eq!(gateway.upstream.log().len(), 1);
}

#[actix_web::test]
async fn a_pause_comes_after_what_is_wrong_with_the_request_and_before_what_is_kept() {
    let gateway = TestGateway::start_with("upstream.sign_in_pause = '35m'\ncache.ttl = '60s'");
    gateway.get(ACCOUNTS).await;
    gateway.upstream.set_password("fung", "changed").unwrap();
    gateway.get(SECOND).await;

    assert_eq!(gateway.get(ACCOUNTS).await.json()["code"], "sign_in_paused");
    assert_eq!(gateway.get("/api/v1/accounts?x=1").await.json()["code"], "invalid_query");
    assert_eq!(gateway.get("/api/v1/accounts/x").await.json()["code"], "invalid_object_id");
    assert_eq!(gateway.set_password("").await.json()["code"], "invalid_body");
}

#[actix_web::test]
async fn a_doubtful_401_is_checked_and_no_pause_when_the_credentials_are_good() {
    let gateway = TestGateway::start_with("upstream.sign_in_pause = '35m'");
    gateway.get(ACCOUNTS).await;
    gateway.upstream.set("not_permitted", UPSTREAM_ACCOUNTS).unwrap();

    let refused = gateway.get(ACCOUNTS).await;
    gateway.upstream.set("not_permitted", "off").unwrap();

    problem("forbidden", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&refused);
    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    let paths: Vec<_> = gateway.upstream.log().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths, [UPSTREAM_ACCOUNTS, UPSTREAM_ACCOUNTS, "/vmrest/user", UPSTREAM_ACCOUNTS]);
}

#[actix_web::test]
async fn a_doubtful_401_that_cannot_be_checked_is_a_502_without_a_pause() {
    const LIST: &[u8] = b"<UserExternalServiceAccounts/>";
    let scripts = vec![
        vec![document(LIST)],
        vec![answer("401 Unauthorized", b"")],
        vec![answer("500 Oops", b"")],
        vec![document(LIST)],
    ];
    let gateway = TestGateway::raw_with("upstream.sign_in_pause = '35m'", scripts);

    let before = gateway.get(ACCOUNTS).await;
    let doubtful = gateway.get(ACCOUNTS).await;
    let after = gateway.get(ACCOUNTS).await;

    assert_eq!(before.status, 200);
    problem("upstream_error", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&doubtful);
    assert_eq!(after.status, 200, "{}", after.text());
}

#[actix_web::test]
async fn a_session_spares_sign_ins_and_is_never_shared() {
    let gateway = TestGateway::start_with("upstream.session_reuse = '60s'\nserver.workers = 3");

    for _ in 0..3 {
        for n in 1..=5 {
            assert_eq!(get_as(&gateway, &person(n), ACCOUNTS).await.status, 200);
        }
    }

    for n in 1..=5 {
        assert_eq!(gateway.upstream.sign_ins_done(&format!("person{n:02}")), 1);
    }
    for asked in gateway.upstream.log() {
        assert!(asked.session_of.is_none() || asked.session_of == asked.alias);
        assert!(asked.header("authorization").is_some());
    }
}

#[actix_web::test]
async fn a_session_ends_with_a_password_change_and_with_a_401() {
    let gateway =
        TestGateway::start_with("upstream.session_reuse = '60s'\nupstream.sign_in_pause = '35m'");
    gateway.get(ACCOUNTS).await;
    gateway.set_password("new").await;
    gateway.get(ACCOUNTS).await;
    gateway.upstream.set("not_permitted", UPSTREAM_ACCOUNTS).unwrap();
    gateway.get(ACCOUNTS).await;
    gateway.upstream.set("not_permitted", "off").unwrap();
    gateway.get(ACCOUNTS).await;

    let sessions = gateway.upstream.log().into_iter().map(|asked| asked.header("cookie").is_some());

    // The 401, its check, the call once more, and the call after a 401 without a session.
    let expected = [false, true, false, true, false, false, false];
    assert_eq!(sessions.collect::<Vec<_>>(), expected);
}

#[actix_web::test]
async fn sessions_can_be_switched_off() {
    let gateway = TestGateway::start_with("upstream.session_reuse = '0s'");

    gateway.get(ACCOUNTS).await;
    gateway.get(ACCOUNTS).await;

    assert!(gateway.upstream.log().iter().all(|asked| asked.header("cookie").is_none()));
}

#[actix_web::test]
async fn a_full_queue_refuses_and_says_when_to_come_back() {
    let gateway = TestGateway::start_with("upstream.queue_limit = 2\nupstream.max_in_flight = 1");
    gateway.upstream.set("stall", "head").unwrap();
    let first = get_as(&gateway, FUNG.1, ACCOUNTS);

    let rest = async {
        until(|| gateway.upstream.log().len() == 1).await;
        let refused = AtomicUsize::new(0);
        let others = together(4, |n| {
            let (gateway, refused) = (&gateway, &refused);
            async move {
                let reply = get_as(gateway, &person(1 + n), ACCOUNTS).await;
                if reply.status == 503 {
                    refused.fetch_add(1, Ordering::Relaxed);
                }
                reply
            }
        });
        let release = async {
            until(|| refused.load(Ordering::Relaxed) == 3).await;
            gateway.upstream.set("stall", "off").unwrap();
        };
        join!(others, release).0
    };
    let (first, others) = join!(first, rest);

    // Strangers hold at most half of the queue: one of two.
    assert_eq!(first.status, 200);
    let refused: Vec<_> = others.iter().filter(|reply| reply.status == 503).collect();
    assert_eq!(refused.len(), 3);
    problem("overloaded", ACCOUNTS).header("retry-after", "5").assert(refused[0]);
}

#[actix_web::test]
async fn whoever_waits_too_long_is_told_that_we_are_full() {
    let gateway =
        TestGateway::start_with("upstream.queue_timeout = '50ms'\nupstream.max_in_flight = 1");
    gateway.upstream.set("stall", "head").unwrap();
    let first = get_as(&gateway, FUNG.1, ACCOUNTS);

    let second = async {
        until(|| gateway.upstream.log().len() == 1).await;
        let reply = get_as(&gateway, &person(1), ACCOUNTS).await;
        gateway.upstream.set("stall", "off").unwrap();
        reply
    };
    let (first, second) = join!(first, second);

    assert_eq!((first.status, second.status), (200, 503));
    assert_eq!(second.json()["code"], "overloaded");
    assert_eq!(gateway.upstream.log().len(), 1);
}

#[actix_web::test]
async fn a_write_that_waits_is_not_sent_when_its_client_goes() {
    let gateway = TestGateway::start_with("upstream.max_in_flight = 1");
    gateway.upstream.set("stall", "head").unwrap();
    let address = gateway.address;
    let first =
        rt::spawn(
            async move { ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await },
        );
    until(|| gateway.upstream.log().len() == 1).await;

    let write = rt::spawn(async move {
        let url = format!("http://{address}{PASSWORD}");
        ask("PUT", &url, &[FUNG, JSON], br#"{"password":"x"}"#).await
    });
    until_so_many_wait(&gateway, 1).await;
    write.abort();
    until_so_many_wait(&gateway, 0).await;
    gateway.upstream.set("stall", "off").unwrap();
    first.await.unwrap();
    gateway.get(SECOND).await;

    assert!(gateway.upstream.log().iter().all(|asked| asked.method == "GET"));
}

#[actix_web::test]
async fn a_read_whose_connection_was_closed_is_repeated_once_and_a_write_never() {
    let gateway = TestGateway::start();
    gateway.upstream.set("close", "unread:reused").unwrap();
    for _ in 0..3 {
        assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    }

    gateway.upstream.set("close", "unread").unwrap();
    gateway.upstream.clear_log();
    let read = gateway.get(ACCOUNTS).await;
    let reads = gateway.upstream.log().len();
    let write = gateway.set_password("x").await;

    assert_eq!((read.status, reads), (502, 2));
    problem("upstream_unreachable", PASSWORD).unknown().assert(&write);
    assert_eq!(gateway.upstream.log().len(), 3);
}

#[actix_web::test]
async fn a_read_whose_connection_was_closed_is_repeated_though_another_one_is_made_meanwhile() {
    let gateway = TestGateway::start_with("server.workers = 1\ncache.ttl = '0s'");
    let (first, second) = (person(1), person(2));
    for _ in 0..20 {
        gateway.upstream.set("close", "off").unwrap();
        assert_eq!(get_as(&gateway, &first, ACCOUNTS).await.status, 200);
        gateway.upstream.set("close", "unread:reused").unwrap();

        let (old, new) =
            join!(get_as(&gateway, &first, ACCOUNTS), get_as(&gateway, &second, ACCOUNTS));

        assert_eq!((old.status, new.status), (200, 200));
    }
}

#[actix_web::test]
async fn strangers_delay_somebody_known_by_no_more_than_a_round() {
    let gateway = TestGateway::start_with("upstream.max_in_flight = 2\nserver.workers = 3");
    get_as(&gateway, &person(1), ACCOUNTS).await;
    gateway.upstream.set("delay", "40ms").unwrap();
    gateway.upstream.clear_log();

    let flood = together(60, |n| {
        let gateway = &gateway;
        async move { get_as(gateway, &basic(&format!("nobody{n}"), "x"), ACCOUNTS).await }
    });
    let known = async {
        until(|| gateway.upstream.log().len() >= 4).await;
        let before = gateway.upstream.log().len();
        let reply = get_as(&gateway, &person(1), ACCOUNTS).await;
        let log = gateway.upstream.log();
        let place =
            log.iter().position(|asked| asked.alias.as_deref() == Some("person01")).unwrap();
        (reply.status, place - before)
    };
    let (_, (status, passed)) = join!(flood, known);

    assert_eq!(status, 200);
    assert!(passed <= 4, "{passed} calls of strangers came first");
}

/// Hundreds of clients of twenty people, with throttle and lock-out on.
#[actix_web::test]
async fn under_load_everybody_is_served_nobody_is_locked_out_and_no_answer_is_anothers() {
    let gateway = TestGateway::start_with(
        "server.workers = 3\ncache.ttl = '20ms'\nupstream.session_reuse = '60s'\nupstream.sign_in_pause = '35m'",
    );
    gateway.upstream.set("work", "2ms").unwrap();
    gateway.upstream.set("close", "every:7").unwrap();
    let ids: Vec<(String, String)> = {
        let mut ids = Vec::new();
        for n in 1..=20 {
            let list = get_as(&gateway, &person(n), ACCOUNTS).await.json();
            let uri = list["items"][0]["uri"].as_str().unwrap().to_owned();
            ids.push((person(n), uri));
        }
        ids
    };

    let clients = together(300, |n| {
        let (gateway, ids) = (&gateway, &ids);
        async move {
            let (credentials, uri) = &ids[n % 20];
            for path in [ACCOUNTS, uri.as_str(), ACCOUNTS] {
                let reply = get_as(gateway, credentials, path).await;
                let text = reply.text();
                assert_eq!(reply.status, 200, "{text}");
                let owner = format!("person{:02}", 1 + n % 20);
                assert!(text.contains(&owner), "{text}");
                assert_eq!(text.matches("person").count(), text.matches(&owner).count());
            }
            get_as(gateway, credentials, uri).await
        }
    })
    .await;

    assert!(clients.iter().all(|reply| reply.status == 200));
    assert!(gateway.upstream.most_in_flight() <= 3);
    for n in 1..=20 {
        let alias = format!("person{n:02}");
        assert!(!gateway.upstream.is_locked(&alias));
        assert_eq!(gateway.upstream.failed_sign_ins(&alias), 0);
    }
}

#[actix_web::test]
async fn a_request_that_wants_nothing_kept_is_not_sent_during_a_pause_either() {
    let gateway = TestGateway::start_with("upstream.sign_in_pause = '35m'\ncache.ttl = '60s'");
    let no_cache = ("cache-control", "no-cache");

    let first = gateway.ask("GET", ACCOUNTS, &[WRONG, no_cache], "").await;
    let second = gateway.ask("GET", ACCOUNTS, &[WRONG, no_cache], "").await;
    let head = gateway.ask("HEAD", ACCOUNTS, &[WRONG, no_cache], "").await;

    assert_eq!(first.json()["code"], "credentials_rejected");
    assert_eq!(second.json()["code"], "sign_in_paused");
    assert_eq!(head.status, 401);
    assert!(head.header("retry-after").is_some());
    assert_eq!(gateway.upstream.log().len(), 1);
}

/// Makes this many callers read at once while Unity Connection stalls, and tells how many of their calls were open.
async fn most_of_a_burst(gateway: &TestGateway<Simulator>, callers: usize, limit: usize) -> usize {
    gateway.upstream.clear_log();
    gateway.upstream.set("stall", "head").unwrap();
    let burst =
        together(callers, |n| async move { get_as(gateway, &person(1 + n), ACCOUNTS).await });
    let release = async {
        until(|| gateway.upstream.log().len() >= limit).await;
        until_so_many_wait(gateway, callers - limit).await;
        gateway.upstream.set("stall", "off").unwrap();
    };
    let (replies, ()) = join!(burst, release);
    assert!(replies.iter().all(|reply| reply.status == 200));
    gateway.upstream.most_in_flight()
}

#[actix_web::test]
async fn the_limit_halves_on_503_and_rises_by_one_after_ten_answers() {
    let gateway = TestGateway::start_with("upstream.max_in_flight = 4");
    let mut seen = vec![most_of_a_burst(&gateway, 5, 4).await];

    gateway.upstream.set("status", "503").unwrap();
    assert_eq!(gateway.get(ACCOUNTS).await.status, 503);
    gateway.upstream.set("status", "off").unwrap();
    for limit in [2, 3, 4, 4] {
        seen.push(most_of_a_burst(&gateway, 5, limit).await);
        for _ in 0..5 {
            gateway.get(ACCOUNTS).await;
        }
    }

    assert_eq!(seen, [4, 2, 3, 4, 4]);
}

#[actix_web::test]
async fn the_limit_halves_when_a_question_about_an_answer_meets_503() {
    const LIST: &[u8] = b"<UserExternalServiceAccounts/>";
    let gateway = |doubtful| {
        let scripts = [document(LIST), answer(doubtful, b""), answer("503 Busy", b"")];
        let scripts = scripts.map(|step| vec![step]).to_vec();
        TestGateway::raw_with("upstream.sign_in_pause = '35m'", scripts)
    };
    let limit = async |gateway| {
        let limit = value(&metrics(gateway).await, "cupi_gateway_upstream_limit");
        limit.to_string()
    };

    // The check of a doubtful 401.
    let unauthorized = gateway("401 Unauthorized");
    assert_eq!(unauthorized.get(ACCOUNTS).await.status, 200);
    assert_eq!(limit(&unauthorized).await, "3");
    assert_eq!(unauthorized.get(ACCOUNTS).await.status, 502);
    assert_eq!(limit(&unauthorized).await, "1");

    // The account that explains a 400.
    let refused = gateway("400 Bad Request");
    assert_eq!(refused.get(ACCOUNTS).await.status, 200);
    assert_eq!(refused.set_password("abc123").await.status, 422);
    assert_eq!(limit(&refused).await, "1");
}

#[actix_web::test]
async fn the_limit_halves_when_unity_connection_does_not_answer_in_time() {
    let gateway = TestGateway::start_with("upstream.max_in_flight = 2\nupstream.timeout = '500ms'");
    gateway.upstream.set("stall", "head").unwrap();
    assert_eq!(gateway.get(ACCOUNTS).await.status, 504);
    gateway.upstream.set("stall", "off").unwrap();
    gateway.get(ACCOUNTS).await;

    gateway.upstream.clear_log();
    gateway.upstream.set("delay", "20ms").unwrap();
    together(4, |n| {
        let gateway = &gateway;
        async move { get_as(gateway, &person(1 + n), ACCOUNTS).await }
    })
    .await;

    assert_eq!(gateway.upstream.log().len(), 4);
    assert_eq!(gateway.upstream.most_in_flight(), 1);
}

#[actix_web::test]
async fn one_caller_has_64_places_and_delays_another_by_no_more_than_a_round() {
    let gateway = TestGateway::start_with("upstream.max_in_flight = 1\nserver.workers = 3");
    get_as(&gateway, &person(1), ACCOUNTS).await;
    get_as(&gateway, &person(2), ACCOUNTS).await;
    gateway.upstream.clear_log();
    gateway.upstream.set("stall", "head").unwrap();
    let refused = AtomicUsize::new(0);

    // No two writes are one.
    let thousand = together(1_000, |_| {
        let (gateway, refused) = (&gateway, &refused);
        async move {
            let one = person(1);
            let headers = [("authorization", one.as_str())];
            let reply = gateway.ask("DELETE", OWN_DEVICE, &headers, "").await;
            if reply.status == 503 {
                refused.fetch_add(1, Ordering::Relaxed);
            }
            reply
        }
    });
    let other = async {
        until(|| refused.load(Ordering::Relaxed) == 1_000 - 65).await;
        let two = person(2);
        let reply = get_as(&gateway, &two, ACCOUNTS);
        let release = async {
            until_so_many_wait(&gateway, 65).await;
            gateway.upstream.set("stall", "off").unwrap();
        };
        join!(reply, release).0
    };
    let (thousand, other) = join!(thousand, other);

    assert_eq!(other.status, 200);
    let count = |status: u16| thousand.iter().filter(|reply| reply.status == status).count();
    assert_eq!((count(503), count(404)), (1_000 - 65, 65));
    let log = gateway.upstream.log();
    let place = log.iter().position(|asked| asked.alias.as_deref() == Some("person02"));
    // The call that was open, and at most one more before the other's turn.
    assert!(place.unwrap() <= 2, "{place:?}");
    assert_eq!(gateway.upstream.most_in_flight(), 1);
}

#[actix_web::test]
async fn a_stranger_who_was_accepted_has_a_place_that_strangers_have_not() {
    let gateway = TestGateway::start_with("upstream.queue_limit = 2\nupstream.max_in_flight = 1");
    get_as(&gateway, &person(1), ACCOUNTS).await;
    gateway.upstream.clear_log();
    gateway.upstream.set("stall", "head").unwrap();
    let refused = AtomicUsize::new(0);
    let stranger = async |n| {
        let reply = get_as(&gateway, &person(n), ACCOUNTS).await;
        if reply.status == 503 {
            refused.fetch_add(1, Ordering::Relaxed);
        }
        reply.status
    };

    let rest = async {
        until(|| gateway.upstream.log().len() == 1).await;
        let known = async {
            until(|| refused.load(Ordering::Relaxed) == 1).await;
            let one = person(1);
            let known = get_as(&gateway, &one, ACCOUNTS);
            let another = async {
                let status = stranger(5).await;
                gateway.upstream.set("stall", "off").unwrap();
                status
            };
            let (known, another) = join!(known, another);
            (known.status, another)
        };
        join!(stranger(3), stranger(4), known)
    };
    let (first, (second, third, (known, fourth))) = join!(stranger(2), rest);

    assert_eq!((first, known, fourth), (200, 200, 503));
    let mut others = [second, third];
    others.sort_unstable();
    assert_eq!(others, [200, 503]);
}

#[actix_web::test]
async fn session_cookies_are_sent_back_as_they_came_whatever_their_values() {
    let long = "x".repeat(257);
    let fields = [
        // What an answer sets, and what the next call carries.
        (
            "Set-Cookie: JSESSIONID=A=b=; Path=/vmrest; HttpOnly\r\n".to_owned(),
            Some("JSESSIONID=A=b="),
        ),
        (
            "Set-Cookie: JSESSIONIDSSO=\"q u,o\"\r\nset-cookie: REQUEST_TOKEN_KEY = -402 ;Secure\r\n".to_owned(),
            Some("JSESSIONID=A=b=; JSESSIONIDSSO=\"q u,o\"; REQUEST_TOKEN_KEY=-402"),
        ),
        (
            "Set-Cookie: JSESSIONID=; Max-Age=0\r\n".to_owned(),
            Some("JSESSIONIDSSO=\"q u,o\"; REQUEST_TOKEN_KEY=-402"),
        ),
        (
            format!(
                "Set-Cookie: other=1\r\nSet-Cookie: jsessionid=2\r\nSet-Cookie: JSESSIONID\r\n\
                 Set-Cookie: JSESSIONID={long}\r\nSet-Cookie: =3\r\nSet-Cookie: \r\n"
            ),
            Some("JSESSIONIDSSO=\"q u,o\"; REQUEST_TOKEN_KEY=-402"),
        ),
        (
            "Set-Cookie: JSESSIONIDSSO=\r\nSet-Cookie: REQUEST_TOKEN_KEY=\r\n".to_owned(),
            None,
        ),
        (String::new(), None),
    ];
    let list = b"<UserExternalServiceAccounts/>";
    let scripts = fields
        .iter()
        .map(|(fields, _)| {
            let head = format!("200 OK\r\n{fields}Content-Type: application/xml");
            vec![answer(&head, list)]
        })
        .collect();
    let gateway = TestGateway::raw_with("upstream.session_reuse = '60s'", scripts);

    for _ in &fields {
        assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    }

    let received = gateway.upstream.received();
    let sent = received.iter().map(|received| received.header("cookie")).skip(1);
    let expected = fields.iter().map(|(_, cookie)| cookie.map(str::to_owned));
    let expected: Vec<_> = expected.take(5).collect();
    assert_eq!(sent.collect::<Vec<_>>(), expected);
}

#[actix_web::test]
async fn a_session_ends_with_a_password_change_whose_outcome_is_unknown() {
    let list = "200 OK\r\nSet-Cookie: JSESSIONID=AB\r\nContent-Type: application/xml";
    let list = answer(list, b"<UserExternalServiceAccounts/>");
    let scripts = vec![vec![list.clone()], vec![answer("500 Oops", b"")], vec![list]];
    let gateway = TestGateway::raw_with("upstream.session_reuse = '60s'", scripts);

    gateway.get(ACCOUNTS).await;
    assert_eq!(gateway.set_password("new").await.status, 502);
    gateway.get(ACCOUNTS).await;

    let received = gateway.upstream.received();
    let cookies = received.iter().map(|received| received.header("cookie"));
    let cookies: Vec<_> = cookies.collect();
    assert_eq!(cookies, [None, Some("JSESSIONID=AB".to_owned()), None]);
}
