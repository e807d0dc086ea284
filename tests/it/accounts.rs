//! Accounts: what a caller has, and the one thing that can be changed.

use actix_web::rt::System;
use cupi_gateway::simulator::Simulator;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::{
    ACCOUNTS, FIRST, FUNG, JSON, PASSWORD, SECOND, TestGateway, UPSTREAM_ACCOUNTS, basic, problem,
    text,
};

const SECOND_ID: &str = "75436abf-8784-450f-ac61-23a08be2c364";

fn first() -> Value {
    json!({
        "objectId": "510eeaa6-6e85-40f3-88b3-863c2a4eec84",
        "uri": FIRST,
        "displayName": "Exchange2K3",
        "isEnabled": true,
        "useServiceCredentials": true,
        "loginType": "userAlias",
        "userId": null,
    })
}

fn second() -> Value {
    json!({
        "objectId": SECOND_ID,
        "uri": SECOND,
        "displayName": "Exchange2K7",
        "isEnabled": true,
        "useServiceCredentials": false,
        "loginType": "userId",
        "userId": "fung",
    })
}

/// Method, path and query of all that Unity Connection was asked.
fn asked(simulator: &Simulator) -> Vec<String> {
    let log = simulator.log();
    log.iter()
        .map(|asked| match &asked.query {
            Some(query) => format!("{} {}?{query}", asked.method, asked.path),
            None => format!("{} {}", asked.method, asked.path),
        })
        .collect()
}

#[actix_web::test]
async fn the_guides_accounts_are_listed() {
    let gateway = TestGateway::start();

    let reply = gateway.get(ACCOUNTS).await;

    reply.assert_read(&json!({ "items": [first(), second()], "total": 2 }));
    assert_eq!(
        reply.text(),
        format!(
            r#"{{"items":[{{"objectId":"510eeaa6-6e85-40f3-88b3-863c2a4eec84","uri":"{FIRST}","displayName":"Exchange2K3","isEnabled":true,"useServiceCredentials":true,"loginType":"userAlias","userId":null}},{{"objectId":"{SECOND_ID}","uri":"{SECOND}","displayName":"Exchange2K7","isEnabled":true,"useServiceCredentials":false,"loginType":"userId","userId":"fung"}}],"total":2}}"#
        )
    );
    assert_eq!(asked(&gateway.upstream), [format!("GET {UPSTREAM_ACCOUNTS}")]);
}

#[actix_web::test]
async fn one_account_is_read_by_its_id_in_any_case() {
    let gateway = TestGateway::start();

    let lower = gateway.get(SECOND).await;
    let upper = gateway.get(&format!("{ACCOUNTS}/{}", SECOND_ID.to_uppercase())).await;

    lower.assert_read(&second());
    upper.assert_read(&second());
    let call = format!("GET {UPSTREAM_ACCOUNTS}/{SECOND_ID}");
    assert_eq!(asked(&gateway.upstream), [call.clone(), call]);
}

#[actix_web::test]
async fn whoever_has_none_one_or_many_accounts_gets_a_list() {
    let gateway = TestGateway::start();
    gateway.upstream.set("many", "10000").unwrap();

    for (alias, password, count) in
        [("nadia", "lonely-cloud", 0), ("otto", "single-malt", 1), ("mira", "forty-winks", 10_000)]
    {
        let credentials = basic(alias, password);
        let reply = gateway.ask("GET", ACCOUNTS, &[("authorization", &credentials)], "").await;

        assert_eq!(reply.status, 200, "{alias}");
        let list = reply.json();
        assert_eq!(list["items"].as_array().unwrap().len(), count, "{alias}");
        assert_eq!(list["total"], count, "{alias}");
    }
}

#[actix_web::test]
async fn head_answers_like_get_without_the_body() {
    let gateway = TestGateway::start();
    let request = |method: &str, path: &str| {
        let (name, value) = FUNG;
        format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{name}: {value}\r\n\r\n"
        )
    };

    for path in [ACCOUNTS, SECOND, "/api/v1/openapi.json", "/api/v1/accounts/7", "/nope", PASSWORD]
    {
        let get = gateway.speak(request("GET", path).as_bytes()).await;
        let head = gateway.speak(request("HEAD", path).as_bytes()).await;

        assert_ne!(get.text(), "", "{path}");
        assert_eq!(head.text(), "", "{path}");
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.fields(), get.fields(), "{path}");
    }
    assert!(gateway.upstream.log().iter().all(|asked| asked.method == "GET"));
}

#[actix_web::test]
async fn a_password_of_any_characters_arrives_unchanged() {
    let gateway = TestGateway::start();
    let every_ascii: String = (0_u8..128).map(char::from).collect();
    let longest = "\u{1f600}".repeat(256);

    for password in [
        "abc123",
        " ",
        "&=+%#?/\\\"'<>;",
        "a+b c%20d%2B",
        "é ß 密码 😀",
        "\u{0}",
        "\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}",
        &every_ascii,
        &longest,
    ] {
        let reply = gateway.set_password(password).await;

        reply.assert_written();
        assert_eq!(gateway.upstream.account_password("fung", SECOND_ID).as_deref(), Some(password));
    }
    let log = gateway.upstream.log();
    assert!(log.iter().all(|asked| asked.method == "PUT" && asked.body.is_empty()));
}

#[actix_web::test]
async fn a_password_is_percent_encoded_to_the_last_reserved_character() {
    let gateway = TestGateway::start();

    gateway.set_password("aZ09-._~ !*'();:@&=+$,/?#[]%é").await.assert_written();

    assert_eq!(
        asked(&gateway.upstream),
        [format!(
            "PUT {UPSTREAM_ACCOUNTS}/{SECOND_ID}?password=aZ09-._~%20%21%2A%27%28%29%3B%3A%40%26%3D%2B%24%2C%2F%3F%23\
             %5B%5D%25%C3%A9"
        )]
    );
}

#[actix_web::test]
async fn the_password_of_an_account_with_service_credentials_is_not_settable() {
    let gateway = TestGateway::start();
    let path = format!("{FIRST}/password");

    let reply = gateway.ask("PUT", &path, &[FUNG, JSON], r#"{"password":"abc123"}"#).await;

    problem("password_not_settable", &path)
        .upstream(json!({
            "status": 400,
            "code": "INVALID_PARAMETER",
            "message": "password cannot be set: UseServiceCredentials is true.",
        }))
        .assert(&reply);
    let account = format!("{UPSTREAM_ACCOUNTS}/510eeaa6-6e85-40f3-88b3-863c2a4eec84");
    assert_eq!(
        asked(&gateway.upstream),
        [format!("PUT {account}?password=abc123"), format!("GET {account}")]
    );
}

#[actix_web::test]
async fn an_account_that_is_not_the_callers_is_not_found() {
    let gateway = TestGateway::start();
    let path = format!("{ACCOUNTS}/00000000-0000-4000-8000-000000000000");
    let write = format!("{path}/password");
    let upstream = json!({
        "status": 404,
        "code": "NOT_FOUND",
        "message": "UserExternalServiceAccount 00000000-0000-4000-8000-000000000000 does not exist.",
    });

    let get = gateway.get(&path).await;
    let put = gateway.ask("PUT", &write, &[FUNG, JSON], r#"{"password":"abc123"}"#).await;

    problem("account_not_found", &path).upstream(upstream.clone()).assert(&get);
    problem("account_not_found", &write).upstream(upstream).assert(&put);
}

#[actix_web::test]
async fn every_spelling_of_the_simulator_reads_the_same() {
    for (switch, value) in [
        ("total", "present"),
        ("total", "missing"),
        ("bare_root", "on"),
        ("flags", "capital"),
        ("flags", "digits"),
        ("padding", "on"),
        ("framing", "chunked"),
    ] {
        let gateway = TestGateway::start();
        gateway.upstream.set(switch, value).unwrap();

        let list = gateway.get(ACCOUNTS).await;
        let item = gateway.get(SECOND).await;
        let otto = basic("otto", "single-malt");
        let one = gateway.ask("GET", ACCOUNTS, &[("authorization", &otto)], "").await;

        list.assert_read(&json!({ "items": [first(), second()], "total": 2 }));
        item.assert_read(&second());
        assert_eq!(one.json()["total"], 1, "{switch}={value}");
    }
}

/// An account as the simulator is told of it.
#[derive(Clone, Debug)]
struct Kept {
    id: [u8; 16],
    name: String,
    enabled: bool,
    service: bool,
    login_type: u8,
    user_id: Option<String>,
}

impl Kept {
    fn id(&self) -> String {
        uuid::Uuid::from_bytes(self.id).to_string()
    }

    fn json(&self) -> Value {
        let blank = |c| matches!(c, ' ' | '\t' | '\r' | '\n');
        let user_id = self.user_id.as_deref().map(|id| id.trim_matches(blank));
        json!({
            "objectId": self.id(),
            "uri": format!("{ACCOUNTS}/{}", self.id()),
            "displayName": self.name.trim_matches(blank),
            "isEnabled": self.enabled,
            "useServiceCredentials": self.service,
            "loginType": match self.login_type {
                0 => "userAlias",
                1 => "guest",
                2 => "userId",
                _ => "unknown",
            },
            "userId": user_id.filter(|id| !id.is_empty()),
        })
    }
}

fn account() -> impl Strategy<Value = Kept> {
    let parts = (
        any::<[u8; 16]>(),
        text(0..=11),
        any::<bool>(),
        any::<bool>(),
        0..5_u8,
        proptest::option::of(text(0..=11)),
    );
    parts.prop_map(|(id, name, enabled, service, login_type, user_id)| Kept {
        id,
        name,
        enabled,
        service,
        login_type,
        user_id,
    })
}

#[test]
fn any_list_of_accounts_that_unity_connection_can_hold_comes_back_equal() {
    let system = System::new();
    let gateway = system.block_on(async { TestGateway::start() });
    let mut runner =
        TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
    let lists = proptest::collection::vec(account(), 0..6);

    let outcome = runner.run(&lists, |kept| {
        let texts: Vec<_> =
            kept.iter().map(|account| [account.id(), account.login_type.to_string()]).collect();
        let flag = |set| if set { "true" } else { "false" };
        let objects = kept.iter().zip(&texts).map(|(account, [id, login_type])| {
            let mut object = vec![
                ("ObjectId", id.as_str()),
                ("DisplayName", account.name.as_str()),
                ("IsEnabled", flag(account.enabled)),
                ("UseServiceCredentials", flag(account.service)),
                ("LoginType", login_type.as_str()),
            ];
            object.extend(account.user_id.as_deref().map(|id| ("UserId", id)));
            object
        });
        let objects: Vec<_> = objects.collect();
        let set = gateway.upstream.set_objects("fung", "externalserviceaccounts", &objects);
        prop_assert_eq!(set, Ok(()));

        let reply = system.block_on(gateway.get(ACCOUNTS));

        let items: Vec<_> = kept.iter().map(Kept::json).collect();
        prop_assert_eq!(reply.status, 200);
        prop_assert_eq!(reply.json(), json!({ "items": items, "total": kept.len() }));
        Ok(())
    });

    outcome.unwrap();
}
