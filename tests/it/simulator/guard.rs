//! Who may sign in, who is locked out, and whom a session spares the sign-in.

use cupi_gateway::simulator::Simulator;

use super::{call, first_asked, fung, set, start};
use crate::support::{Reply, ask, basic};

#[actix_web::test]
async fn without_a_right_sign_in_the_container_answers() {
    let simulator = start();

    for authorization in [
        basic("fung", "wrong"),
        basic("nobody", "wrong"),
        "Bearer token-nobody".to_owned(),
        "Bearer fung".to_owned(),
        "Digest x".to_owned(),
        "Basic !".to_owned(),
    ] {
        let refused = call(&simulator, "GET", "/vmrest/user", &authorization).await;

        assert_eq!(refused.status, 401, "{authorization}");
        assert_eq!(
            refused.header("www-authenticate"),
            Some(r#"Basic realm="Cisco Web Services Realm""#)
        );
        assert_eq!(refused.header("content-type"), Some("text/html;charset=utf-8"));
        assert!(refused.text().starts_with("<html>"));
    }
    let token = call(&simulator, "GET", "/vmrest/user", "Bearer token-fung").await;
    assert!(token.text().contains("<Alias>fung</Alias>"));
}

#[actix_web::test]
async fn three_failures_lock_a_person_out_and_nobody_else() {
    let simulator = start();
    let wrong = basic("fung", "wrong");

    for _ in 0..3 {
        assert!(!simulator.is_locked("fung"));
        call(&simulator, "GET", "/vmrest/user", &wrong).await;
    }

    assert!(simulator.is_locked("fung"));
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 401);
    assert_eq!(simulator.failed_sign_ins("fung"), 4);
    let other = call(&simulator, "GET", "/vmrest/user", &basic("otto", "single-malt")).await;
    assert_eq!(other.status, 200);
    simulator.unlock("fung");
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);
}

#[actix_web::test]
async fn a_lock_out_ends_and_failures_are_forgotten() {
    let simulator = start();
    let wrong = basic("fung", "wrong");

    set(&simulator, &[("lockout", "1"), ("lockout_time", "1ns")]);
    call(&simulator, "GET", "/vmrest/user", &wrong).await;
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);

    set(&simulator, &[("lockout", "2"), ("lockout_time", "0s"), ("hack_reset", "1ns")]);
    for _ in 0..4 {
        call(&simulator, "GET", "/vmrest/user", &wrong).await;
    }
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);

    set(&simulator, &[("hack_reset", "30m"), ("lockout", "off")]);
    for _ in 0..4 {
        call(&simulator, "GET", "/vmrest/user", &wrong).await;
    }
    assert_eq!(fung(&simulator, "GET", "/vmrest/user").await.status, 200);
}

/// The cookies that an answer sets, as a client sends them back.
fn cookies(answer: &Reply) -> String {
    let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let pairs = set.map(|(_, cookie)| cookie.split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

async fn with_cookies(simulator: &Simulator, authorization: &str, cookies: &str) -> Reply {
    let headers = [("authorization", authorization), ("cookie", cookies)];
    ask("GET", &format!("{}/vmrest/user", simulator.url()), &headers, b"").await
}

#[actix_web::test]
async fn session_cookies_look_as_in_their_time() {
    let eras: [(&str, &[(&str, &str)]); 4] = [
        ("off", &[]),
        ("2010", &[("JSESSIONIDSSO", "Path=/"), ("JSESSIONID", "Path=/vmrest")]),
        ("2012", &[("JSESSIONIDSSO", "Path=/; Secure"), ("JSESSIONID", "Path=/vmrest; Secure")]),
        (
            "2015",
            &[
                ("JSESSIONIDSSO", "Path=/; Secure; HttpOnly"),
                ("JSESSIONID", "Path=/vmrest/; Secure; HttpOnly"),
                ("REQUEST_TOKEN_KEY", "Path=/; Secure; HttpOnly"),
            ],
        ),
    ];

    for (era, expected) in eras {
        let simulator = start();
        simulator.set("cookies", era).unwrap();

        for path in ["/vmrest/user", "/vmrest/users"] {
            let answer = fung(&simulator, "GET", path).await;

            let set = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
            let seen: Vec<_> = set
                .map(|(_, cookie)| {
                    let (pair, attributes) = cookie.split_once("; ").unwrap();
                    let (name, value) = pair.split_once('=').unwrap();
                    assert!(value.len() == 32 || value.parse::<i64>().is_ok(), "{value}");
                    (name, attributes)
                })
                .collect();
            assert_eq!(seen, expected, "{era} {path}");
            let options = (era == "2015").then_some("SAMEORIGIN");
            assert_eq!(answer.header("x-frame-options"), options);
        }
    }
}

#[actix_web::test]
async fn a_session_spares_the_sign_in_of_those_who_opened_it() {
    let simulator = start();
    let right = basic("fung", "winter-2010");
    let first = with_cookies(&simulator, &right, "").await;
    let session = cookies(&first);
    simulator.clear_log();

    let again = with_cookies(&simulator, &right, &session).await;

    assert_eq!((again.status, cookies(&again).as_str()), (200, ""));
    assert_eq!(simulator.sign_ins_done("fung"), 1);
    assert_eq!(first_asked(&simulator).session_of.as_deref(), Some("fung"));

    let wrong = with_cookies(&simulator, &basic("fung", "wrong"), &session).await;
    assert_eq!((wrong.status, simulator.failed_sign_ins("fung")), (401, 1));

    simulator.set("session_ttl", "0s").unwrap();
    let late = with_cookies(&simulator, &right, &session).await;
    assert_ne!(cookies(&late), "");
    assert_eq!(simulator.sign_ins_done("fung"), 2);
}

#[actix_web::test]
async fn a_foreign_session_shows_nothing_of_its_owner_but_is_seen() {
    let simulator = start();
    let session = cookies(&fung(&simulator, "GET", "/vmrest/user").await);
    simulator.clear_log();

    let answer = with_cookies(&simulator, &basic("otto", "single-malt"), &session).await;

    assert!(answer.text().contains("<Alias>otto</Alias>"));
    assert_ne!(cookies(&answer), "");
    let asked = first_asked(&simulator);
    assert_eq!((asked.alias.as_deref(), asked.session_of.as_deref()), (Some("otto"), Some("fung")));
    assert_eq!(simulator.sign_ins_done("otto"), 1);
}

#[actix_web::test]
async fn a_changed_password_ends_sessions_and_the_old_one() {
    let simulator = start();
    let old = basic("fung", "winter-2010");
    let session = cookies(&with_cookies(&simulator, &old, "").await);

    simulator.set_password("fung", "spring").unwrap();

    assert_eq!(with_cookies(&simulator, &old, &session).await.status, 401);
    assert_eq!(with_cookies(&simulator, &basic("fung", "spring"), &session).await.status, 200);
    assert_eq!(simulator.set_password("nobody", "x").unwrap_err(), "There is no nobody.");
}

#[actix_web::test]
async fn a_session_that_has_ended_is_answered_as_the_switch_says() {
    let right = basic("fung", "winter-2010");
    for (status, kind) in [
        ("302", "text/html;charset=utf-8"),
        ("401", "text/html;charset=utf-8"),
        ("403", "application/xml"),
    ] {
        let simulator = start();
        set(&simulator, &[("stale_session", status)]);
        let live = cookies(&with_cookies(&simulator, &right, "").await);
        assert_eq!(with_cookies(&simulator, &right, &live).await.status, 200);

        simulator.end_sessions("fung");
        let ended = with_cookies(&simulator, &right, &live).await;

        assert_eq!(
            (ended.status.to_string().as_str(), ended.header("content-type")),
            (status, Some(kind))
        );
        let new = cookies(&ended);
        assert_eq!(new.is_empty(), status != "302");
        if status == "302" {
            assert_eq!(ended.header("location"), Some("https://localhost:8443/vmrest/user"));
            // What it sets opens nothing.
            assert_eq!(with_cookies(&simulator, &right, &new).await.status, 302);
        }
        assert_eq!((simulator.sign_ins_done("fung"), simulator.failed_sign_ins("fung")), (1, 0));
        assert_eq!(with_cookies(&simulator, &right, "").await.status, 200);
    }
}

#[actix_web::test]
async fn a_session_ends_by_time_for_the_switch_too() {
    let simulator = start();
    let right = basic("fung", "winter-2010");
    let session = cookies(&with_cookies(&simulator, &right, "").await);

    set(&simulator, &[("session_ttl", "0s"), ("stale_session", "403")]);

    assert_eq!(with_cookies(&simulator, &right, &session).await.status, 403);
    assert_eq!(with_cookies(&simulator, &right, "REQUEST_TOKEN_KEY=1").await.status, 200);
}

#[actix_web::test]
async fn a_request_token_can_come_with_each_answer() {
    let simulator = start();
    let right = basic("fung", "winter-2010");
    set(&simulator, &[("token_each", "on")]);
    let names = |answer: &Reply| {
        let cookies = cookies(answer);
        let names = cookies.split("; ").map(|pair| pair.split('=').next().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };

    let first = with_cookies(&simulator, &right, "").await;
    let again = with_cookies(&simulator, &right, &cookies(&first)).await;
    let refused = with_cookies(&simulator, &basic("fung", "wrong"), "").await;

    assert_eq!(names(&first), ["JSESSIONIDSSO", "JSESSIONID", "REQUEST_TOKEN_KEY"]);
    assert_eq!(names(&again), ["REQUEST_TOKEN_KEY"]);
    assert_ne!(cookies(&again), cookies(&with_cookies(&simulator, &right, &cookies(&first)).await));
    assert_eq!((refused.status, names(&refused)), (401, vec!["REQUEST_TOKEN_KEY".to_owned()]));
    set(&simulator, &[("cookies", "off")]);
    assert_eq!(cookies(&with_cookies(&simulator, &right, "").await), "");
}

#[actix_web::test]
async fn cookies_alone_sign_in_where_the_switch_says_so() {
    let simulator = start();
    let url = format!("{}/vmrest/user", simulator.url());
    let session = cookies(&fung(&simulator, "GET", "/vmrest/user").await);
    let cookie = ("cookie", session.as_str());

    assert_eq!(ask("GET", &url, &[cookie], b"").await.status, 401);
    set(&simulator, &[("cookies_alone", "on")]);

    let answer = ask("GET", &url, &[cookie], b"").await;
    assert!(answer.text().contains("<Alias>fung</Alias>"));
    assert_eq!(simulator.sign_ins_done("fung"), 1);
    let wrong = ask("GET", &url, &[cookie, ("authorization", "Basic !")], b"").await;
    assert_eq!((wrong.status, ask("GET", &url, &[], b"").await.status), (401, 401));
    simulator.end_sessions("fung");
    assert_eq!(ask("GET", &url, &[cookie], b"").await.status, 401);
}
