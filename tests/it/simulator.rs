//! The simulator behaves as Unity Connection is known to, and as its switches say.

mod devices;
mod directory;
mod greetings;
mod guard;
mod members;
mod notification_devices;
mod people;
mod pin;
mod private_lists;
mod read_only;
mod recordings;
mod switches;
mod transfer_options;
mod user;
mod wire;

use std::net::SocketAddr;

use cupi_gateway::simulator::{LoggedRequest, SignIn, Simulator, Switches, bind};

use crate::support::{Reply, ask, basic};

const ACCOUNTS: &str = "/vmrest/user/externalserviceaccounts";
const FIRST: &str = "/vmrest/user/externalserviceaccounts/510eeaa6-6e85-40f3-88b3-863c2a4eec84";
const SECOND: &str = "/vmrest/user/externalserviceaccounts/75436abf-8784-450f-ac61-23a08be2c364";
const PROLOG: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#;
const XML: (&str, &str) = ("content-type", "application/xml");

fn start() -> Simulator {
    let (simulator, server) =
        bind(SocketAddr::from(([127, 0, 0, 1], 0)), None, Switches::default()).unwrap();
    actix_web::rt::spawn(server);
    simulator
}

async fn call(simulator: &Simulator, method: &str, path: &str, authorization: &str) -> Reply {
    let headers = [("authorization", authorization), XML];
    ask(method, &format!("{}{path}", simulator.url()), &headers, b"").await
}

async fn fung(simulator: &Simulator, method: &str, path: &str) -> Reply {
    call(simulator, method, path, &basic("fung", "winter-2010")).await
}

/// Sends a body of XML as the person with this alias.
async fn send(simulator: &Simulator, alias: &str, [method, path, body]: [&str; 3]) -> Reply {
    let authorization = format!("Bearer token-{alias}");
    let headers = [("authorization", authorization.as_str()), XML];
    ask(method, &format!("{}{path}", simulator.url()), &headers, body.as_bytes()).await
}

/// Reads a document as the person with this alias, without its prolog.
#[track_caller]
fn get(simulator: &Simulator, alias: &str, path: &str) -> impl Future<Output = String> {
    let place = std::panic::Location::caller();
    async move {
        let reply = send(simulator, alias, ["GET", path, ""]).await;
        assert_eq!(reply.status, 200, "{place}: {}", reply.text());
        assert_eq!(reply.header("content-type"), Some("application/xml"), "{place}");
        reply.text().strip_prefix(PROLOG).unwrap().to_owned()
    }
}

/// Holds the whole answer against a write that was done.
#[track_caller]
fn assert_done(reply: &Reply) {
    assert_eq!((reply.status, reply.text().as_str()), (204, ""));
}

/// Holds the whole answer against a refusal.
#[track_caller]
fn assert_refused(reply: &Reply, status: u16, code: &str) {
    let text = reply.text();
    assert_eq!(reply.status, status, "{text}");
    let begin = format!("{PROLOG}<ErrorDetails><errors><code>{code}</code><message>");
    assert!(text.starts_with(&begin), "{text}");
    assert!(text.ends_with("</message></errors></ErrorDetails>"), "{text}");
    assert_eq!(reply.header("content-type"), Some("application/xml"));
}

fn first_asked(simulator: &Simulator) -> LoggedRequest {
    simulator.log()[0].clone()
}

fn set(simulator: &Simulator, switches: &[(&str, &str)]) {
    for (name, value) in switches {
        simulator.set(name, value).unwrap();
    }
}

#[actix_web::test]
async fn the_guides_accounts_are_printed_as_real_servers_print() {
    let simulator = start();

    let list = fung(&simulator, "GET", ACCOUNTS).await;
    let single = fung(&simulator, "GET", SECOND).await;

    let second = "<IsEnabled>true</IsEnabled><UseServiceCredentials>>false</UseServiceCredentials>\
        <LoginType>2</LoginType><UserId>fung</UserId>\
        <ObjectId>75436abf-8784-450f-ac61-23a08be2c364</ObjectId><DisplayName>Exchange2K7</DisplayName>";
    assert_eq!(
        list.text(),
        format!(
            "{PROLOG}<UserExternalServiceAccounts><UserExternalServiceAccount><URI>{FIRST}</URI>\
             <IsEnabled>true</IsEnabled><UseServiceCredentials>true</UseServiceCredentials><LoginType>0</LoginType>\
             <ObjectId>510eeaa6-6e85-40f3-88b3-863c2a4eec84</ObjectId><DisplayName>Exchange2K3</DisplayName>\
             </UserExternalServiceAccount><UserExternalServiceAccount><URI>{SECOND}</URI>{second}\
             </UserExternalServiceAccount></UserExternalServiceAccounts>"
        )
    );
    assert_eq!(
        single.text(),
        format!("{PROLOG}<UserExternalServiceAccount>{second}</UserExternalServiceAccount>")
    );
    assert_eq!((list.status, list.header("content-type")), (200, Some("application/xml")));
    assert_eq!(list.header("server"), Some(""));
}

#[actix_web::test]
async fn everybody_listed_can_sign_in_and_sees_what_is_his() {
    let simulator = start();
    let counts =
        [("fung", 2), ("nadia", 0), ("otto", 1), ("mira", 40), ("eva", 3), ("person01", 2)];
    assert_eq!(simulator.sign_ins().len(), counts.len());

    for SignIn { alias, password, .. } in simulator.sign_ins() {
        let list = call(&simulator, "GET", ACCOUNTS, &basic(&alias, &password)).await;
        let user = call(&simulator, "GET", "/vmrest/user", &basic(&alias, &password)).await;

        let count = list.text().matches("<UserExternalServiceAccount>").count();
        assert!(counts.contains(&(alias.as_str(), count)), "{alias} has {count}");
        assert!(user.text().contains(&format!("<Alias>{alias}</Alias>")));
    }
}

#[actix_web::test]
async fn the_24_people_of_the_load_test_see_their_own_accounts_only() {
    let simulator = start();

    for number in 1..=24 {
        let alias = format!("person{number:02}");
        let authorization = basic(&alias, &format!("secret-{number:02}"));
        let list = call(&simulator, "GET", ACCOUNTS, &authorization).await.text();

        assert_eq!(list.matches("person").count(), list.matches(&alias).count());
        assert!(list.matches(&alias).count() >= 2, "{list}");
    }
}

#[actix_web::test]
async fn names_are_escaped() {
    let simulator = start();

    let list = call(&simulator, "GET", ACCOUNTS, &basic("eva", "pass:wörd 😀&%+")).await;

    assert!(list.text().contains("R&amp;D &lt;EMEA&gt; &quot;x&quot; é 😀</DisplayName>"));
    assert!(list.text().contains("<DisplayName></DisplayName>"));
}

#[actix_web::test]
async fn a_password_is_stored_as_it_was_meant_unless_service_credentials_are_used() {
    let simulator = start();
    let query = "?password=a%26b%3Dc%2Bd%25e%23f%20g%C3%A9%F0%9F%98%80";

    let set = fung(&simulator, "PUT", &format!("{SECOND}{query}")).await;
    let refused = fung(&simulator, "PUT", &format!("{FIRST}{query}")).await;
    let without = fung(&simulator, "PUT", SECOND).await;

    assert_eq!((set.status, set.text().as_str()), (204, ""));
    let password = |id| simulator.account_password("fung", id);
    assert_eq!(password("75436abf-8784-450f-ac61-23a08be2c364").unwrap(), "a&b=c+d%e#f gé😀");
    assert_eq!(password("510eeaa6-6e85-40f3-88b3-863c2a4eec84"), None);
    assert_eq!((refused.status, without.status), (400, 400));
    assert!(
        refused.text().contains("<ErrorDetails><errors><code>INVALID_PARAMETER</code><message>")
    );
}

#[actix_web::test]
async fn what_is_not_there_or_not_allowed_is_refused() {
    let simulator = start();
    let unknown = format!("{ACCOUNTS}/00000000-0000-4000-8000-000000000000");
    let malformed = format!("{ACCOUNTS}/1234567890");
    let cases = [
        ("GET", "/vmrest/nope", 404, None),
        ("GET", "/vmrest/user/nope", 404, None),
        ("GET", &unknown, 404, None),
        ("GET", &malformed, 404, None),
        ("GET", "/vmrest/users", 403, None),
        ("GET", "/vmrest/configurationvalues/x", 403, None),
        ("DELETE", SECOND, 405, Some("GET, PUT")),
        ("POST", ACCOUNTS, 405, Some("GET")),
        ("PUT", "/vmrest/user", 405, Some("GET")),
    ];

    for (method, path, status, allow) in cases {
        let refused = fung(&simulator, method, path).await;

        assert_eq!((refused.status, refused.header("allow")), (status, allow), "{method} {path}");
        assert_eq!(refused.header("content-type"), Some("application/xml"));
        assert!(refused.text().contains("<ErrorDetails><errors><code>"), "{path}");
    }
}

#[actix_web::test]
async fn a_write_without_a_content_type_is_415() {
    let simulator = start();
    let url = format!("{}{SECOND}?password=x", simulator.url());
    let authorization = basic("fung", "winter-2010");

    for headers in [
        vec![("authorization", authorization.as_str())],
        vec![("authorization", &authorization), ("content-type", "text/plain")],
    ] {
        let refused = ask("PUT", &url, &headers, b"").await;

        assert_eq!(
            (refused.status, refused.header("content-type")),
            (415, Some("text/html;charset=utf-8"))
        );
    }
}

#[actix_web::test]
async fn the_log_tells_what_was_asked() {
    let simulator = start();
    let headers = [("authorization", "Bearer token-fung"), ("x-test", "é")];
    let url = format!("{}{SECOND}?password=%2B&x", simulator.url());

    ask("PUT", &url, &headers, b"<A/>").await;

    assert_eq!(simulator.log().len(), 1);
    let asked = first_asked(&simulator);
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("PUT", SECOND));
    assert_eq!(asked.query.as_deref(), Some("password=%2B&x"));
    assert_eq!(asked.header("x-test").as_deref(), Some("é"));
    assert_eq!((asked.body.as_ref(), asked.alias.as_deref()), (&b"<A/>"[..], Some("fung")));
    assert_eq!((asked.status, asked.in_flight_when_begun), (415, 1));
    assert!(asked.peer.is_some());
    simulator.clear_log();
    assert!(simulator.log().is_empty());
}

#[actix_web::test]
async fn objects_can_be_put_in_place() {
    let simulator = start();
    let id = "00000000-0000-4000-8000-000000000000";

    let account = vec![("ObjectId", id), ("DisplayName", "a\rb")];
    simulator.set_objects("nadia", "externalserviceaccounts", &[account]).unwrap();

    let single = call(&simulator, "GET", &format!("{ACCOUNTS}/{id}"), "Bearer token-nadia").await;
    assert!(single.text().ends_with(&format!(
        "<UserExternalServiceAccount><ObjectId>{id}</ObjectId><DisplayName>a&#13;b</DisplayName></UserExternalServiceAccount>"
    )));
    // They stay when a switch is set that is not about them.
    simulator.set_objects("mira", "externalserviceaccounts", &[]).unwrap();
    set(&simulator, &[("flags", "capital")]);
    assert_eq!(get(&simulator, "mira", ACCOUNTS).await, "<UserExternalServiceAccounts/>");
    let unknown = vec![("Nope", "")];
    let fault = simulator.set_objects("nadia", "externalserviceaccounts", &[unknown]);
    assert_eq!(fault.unwrap_err(), "externalserviceaccounts has no element Nope.");
}
