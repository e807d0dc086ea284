//! Unity Connection that does not answer: what was not answered may count as a failed sign-in later, so credentials are
//! not tried again and again.

use actix_web::rt;
use cupi_gateway::simulator::Simulator;
use serde_json::{Value, json};
use tokio::join;

use crate::metrics::{metrics, value};
use crate::raw::{RawUpstream, Step, answer, document};
use crate::support::{
    ACCOUNTS, Expected, FUNG, PASSWORD, Reply, SECOND, TestGateway, UPSTREAM_ACCOUNTS, basic,
    problem, until,
};

const SHORT: &str = "upstream.timeout = '300ms'\nupstream.sign_in_pause = '35m'";

fn list() -> Step {
    document(b"<UserExternalServiceAccounts/>")
}

fn rejected() -> Step {
    answer("401 Unauthorized", b"")
}

/// A gateway before a server that does one step for each request in turn.
fn start(toml: &str, steps: Vec<Step>) -> TestGateway<RawUpstream> {
    TestGateway::raw_with(toml, steps.into_iter().map(|step| vec![step]).collect())
}

async fn read_as_otto(gateway: &TestGateway<RawUpstream>) -> Reply {
    let otto = basic("otto", "single-malt");
    gateway.ask("GET", ACCOUNTS, &[("authorization", &otto)], "").await
}

/// The problem of a request that was not sent.
fn stalled(path: &str) -> Expected {
    problem("upstream_timeout", path).header("retry-after", "5").detail(
        "Unity Connection did not answer in time. Each try may count as a failed sign-in later, so these credentials are \
         not sent until it answers again. Try again after the time in `Retry-After`.",
    )
}

/// Of each request: its path, and whether it carried credentials.
fn asked(gateway: &TestGateway<RawUpstream>) -> Vec<(String, bool)> {
    let received = gateway.upstream.received().into_iter();
    received
        .map(|request| {
            let path = request.line().split(' ').nth(1).unwrap().to_owned();
            (path, request.header("authorization").is_some())
        })
        .collect()
}

fn with(path: &str) -> (String, bool) {
    (path.to_owned(), true)
}

fn question() -> (String, bool) {
    ("/vmrest/user".to_owned(), false)
}

#[actix_web::test]
async fn a_page_that_polls_through_a_stall_with_a_wrong_password_costs_two_tries() {
    let hold = Step::Hold;
    let gateway = start(SHORT, vec![hold.clone(), hold.clone(), hold, rejected()]);

    let first = gateway.get(ACCOUNTS).await;
    let waiting = [gateway.get(ACCOUNTS).await, gateway.get(ACCOUNTS).await];
    let awake = gateway.get(ACCOUNTS).await;
    let later = gateway.get(ACCOUNTS).await;

    problem("upstream_timeout", ACCOUNTS).assert(&first);
    for reply in &waiting {
        stalled(ACCOUNTS).assert(reply);
    }
    problem("credentials_rejected", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&awake);
    assert_eq!(later.json()["code"], "sign_in_paused");
    let expected =
        [with(UPSTREAM_ACCOUNTS), question(), question(), question(), with(UPSTREAM_ACCOUNTS)];
    assert_eq!(asked(&gateway), expected);
    let question = gateway.upstream.received()[1].fields();
    assert!(question.iter().all(|(name, _)| name != "cookie"));
}

#[actix_web::test]
async fn after_two_unanswered_calls_credentials_wait_for_an_answer_to_somebodys_credentials() {
    let gateway = start(SHORT, vec![Step::Hold, rejected(), Step::Hold, list()]);

    for _ in 0..2 {
        problem("upstream_timeout", ACCOUNTS).assert(&gateway.get(ACCOUNTS).await);
    }
    for _ in 0..3 {
        stalled(ACCOUNTS).assert(&gateway.get(ACCOUNTS).await);
    }
    assert_eq!(asked(&gateway).len(), 3);
    assert_eq!(read_as_otto(&gateway).await.status, 200);

    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    let accounts = || with(UPSTREAM_ACCOUNTS);
    assert_eq!(asked(&gateway), [accounts(), question(), accounts(), accounts(), accounts()]);
}

#[actix_web::test]
async fn a_write_that_is_not_sent_has_changed_nothing() {
    let gateway = start(SHORT, vec![Step::Hold]);

    let first = gateway.set_password("abc123").await;
    let second = gateway.set_password("abc123").await;

    problem("upstream_timeout", PASSWORD).unknown().assert(&first);
    stalled(PASSWORD).assert(&second);
}

#[actix_web::test]
async fn a_call_after_the_question_has_all_of_its_time() {
    let gateway = TestGateway::start_with("upstream.timeout = '2s'");
    gateway.upstream.set("stall", "head").unwrap();
    assert_eq!(gateway.get(ACCOUNTS).await.status, 504);
    gateway.upstream.set("stall", "off").unwrap();

    // The question and the call together take longer than one of them may.
    gateway.upstream.set("delay", "1200ms").unwrap();
    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);

    assert_eq!(gateway.upstream.log().len(), 3);
}

#[actix_web::test]
async fn strangers_join_one_question() {
    let gateway = TestGateway::<Simulator>::start_with(
        "upstream.timeout = '1s'\nupstream.max_in_flight = 8\nserver.workers = 2",
    );
    let persons = [1, 2].map(|n| basic(&format!("person{n:02}"), &format!("secret-{n:02}")));
    let read = async |person: &str| {
        gateway.ask("GET", ACCOUNTS, &[("authorization", person)], "").await.status
    };
    let both = async || {
        let (one, two) = join!(read(&persons[0]), read(&persons[1]));
        [one, two]
    };
    gateway.upstream.set("stall", "head").unwrap();
    assert_eq!(both().await, [504; 2]);
    gateway.upstream.set("stall", "off").unwrap();
    gateway.upstream.set("delay", "200ms").unwrap();
    gateway.upstream.clear_log();

    assert_eq!(both().await, [200; 2]);

    let log = gateway.upstream.log();
    let questions = log.iter().filter(|asked| asked.path == "/vmrest/user");
    assert_eq!((questions.count(), log.len()), (1, 3));
}

#[actix_web::test]
async fn whoever_is_known_is_not_held_up() {
    let gateway = start(SHORT, vec![list(), Step::Hold, Step::Hold, Step::Hold, list()]);

    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(gateway.get(ACCOUNTS).await.status);
    }

    assert_eq!(statuses, [200, 504, 504, 504, 200]);
    assert!(asked(&gateway).iter().all(|asked| *asked == with(UPSTREAM_ACCOUNTS)));
}

#[actix_web::test]
async fn a_401_after_an_unanswered_call_is_not_checked() {
    let gateway = start(SHORT, vec![list(), Step::Hold, rejected()]);

    let before = [gateway.get(ACCOUNTS).await.status, gateway.get(ACCOUNTS).await.status];
    let unchecked = gateway.get(ACCOUNTS).await;
    let later = gateway.get(ACCOUNTS).await;

    assert_eq!(before, [200, 504]);
    problem("credentials_rejected", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&unchecked);
    assert_eq!(later.json()["code"], "sign_in_paused");
    assert_eq!(asked(&gateway).len(), 3);
}

#[actix_web::test]
async fn a_401_to_a_repeat_is_not_checked() {
    let gateway = start(SHORT, vec![list(), Step::Close, rejected()]);

    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    let unchecked = gateway.get(ACCOUNTS).await;

    problem("credentials_rejected", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&unchecked);
    assert_eq!(gateway.get(ACCOUNTS).await.json()["code"], "sign_in_paused");
    assert_eq!(asked(&gateway).len(), 3);
}

#[actix_web::test]
async fn a_strangers_repeat_is_the_second_try() {
    let steps = vec![list(), Step::Close, Step::Close, rejected()];
    let gateway = start(SHORT, steps);

    // Opens the connection that is closed then.
    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    let unanswered = read_as_otto(&gateway).await;
    let waits = read_as_otto(&gateway).await;

    assert_eq!(unanswered.json()["code"], "upstream_unreachable");
    stalled(ACCOUNTS).assert(&waits);
    assert_eq!(asked(&gateway).len(), 3);
}

#[actix_web::test]
async fn a_stranger_whose_repeat_is_answered_goes_on() {
    let busy = answer("503 Busy", b"");
    let steps = vec![list(), Step::Close, busy, rejected(), list()];
    let gateway = start(SHORT, steps);

    assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
    let busy = read_as_otto(&gateway).await;
    let later = read_as_otto(&gateway).await;

    assert_eq!([busy.status, later.status], [503, 200]);
    let expected = [(); 3].map(|()| with(UPSTREAM_ACCOUNTS));
    assert_eq!(asked(&gateway), [&expected[..], &[question(), with(UPSTREAM_ACCOUNTS)]].concat());
}

#[actix_web::test]
async fn an_acceptance_ends_all_doubt() {
    let steps = vec![list(), Step::Hold, list(), rejected(), list()];
    let gateway = start(SHORT, steps);

    for _ in 0..3 {
        gateway.get(ACCOUNTS).await;
    }
    let refused = gateway.get(ACCOUNTS).await;

    problem("forbidden", ACCOUNTS).upstream(json!({ "status": 401 })).assert(&refused);
    assert_eq!(asked(&gateway).last(), Some(&with("/vmrest/user")));
}

#[actix_web::test]
async fn only_what_is_no_answer_of_unity_connections_own_holds_credentials_back() {
    let cases: [(Step, bool); 9] = [
        (Step::Close, true),
        (Step::Reset, true),
        (answer("502 Bad Gateway", b""), true),
        (answer("504 Gateway Timeout", b""), true),
        (answer("503 Busy", b""), false),
        (answer("429 Busy", b""), false),
        (answer("500 Oops", b""), false),
        (answer("404 Not Found", b""), false),
        (answer("302 Found", b""), false),
    ];
    for (number, (step, held)) in cases.into_iter().enumerate() {
        // A read that is closed without a word is sent once more.
        let gateway = start(SHORT, vec![step.clone(), step, list()]);
        gateway.ask("PUT", PASSWORD, &[FUNG, crate::support::JSON], r#"{"password":"x"}"#).await;

        gateway.get(ACCOUNTS).await;

        let asked = asked(&gateway);
        assert_eq!(asked.contains(&question()), held, "{number} {asked:?}");
    }
}

#[actix_web::test]
async fn a_504_is_a_time_out_and_halves_the_limit() {
    let gateway = TestGateway::raw(vec![answer("504 Gateway Timeout", b"")]);

    let reply = gateway.get(SECOND).await;

    problem("upstream_timeout", SECOND).upstream(json!({ "status": 504 })).assert(&reply);
    let limit = value(&metrics(&gateway).await, "cupi_gateway_upstream_limit");
    assert_eq!(limit.to_string(), "1");
}

#[actix_web::test]
async fn a_question_whose_asker_has_gone_is_answered_for_the_others() {
    let gateway = TestGateway::<Simulator>::start_with("upstream.timeout = '1s'");
    gateway.upstream.set("stall", "head").unwrap();
    assert_eq!(gateway.get(ACCOUNTS).await.status, 504);
    gateway.upstream.clear_log();

    let address = gateway.address;
    let gone = rt::spawn(async move {
        crate::support::ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await
    });
    until(|| gateway.upstream.log().len() == 1).await;
    gone.abort();
    gateway.upstream.set("stall", "off").unwrap();
    let reply = gateway.get(ACCOUNTS).await;

    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["upstream"], Value::Null);
    // The second read joins the first one, or comes after it.
    let log = gateway.upstream.log();
    assert_eq!(log.iter().filter(|call| call.path == "/vmrest/user").count(), 1);
}
