//! Microbenchmarks of what a request passes through: translation, a cache hit, the queue.

use std::fmt::Write;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use actix_web::rt::System;
use actix_web::test::TestRequest;
use cupi_gateway::cache::directives::Directives;
use cupi_gateway::cache::status::CacheStatus;
use cupi_gateway::cache::{Cache, Fetched, Lookup};
use cupi_gateway::config::Config;
use cupi_gateway::credentials::{CallerKey, CallerKeys};
use cupi_gateway::error::Error;
use cupi_gateway::metrics::Metrics;
use cupi_gateway::resources::accounts::ACCOUNT;
use cupi_gateway::resources::class_of_service::CLASS_OF_SERVICE;
use cupi_gateway::resources::smtp_devices::SMTP_DEVICE;
use cupi_gateway::table::Table;
use cupi_gateway::table::address::Address;
use cupi_gateway::upstream::turns::{End, Turns};
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};

fn main() {
    divan::main();
}

/// A list of accounts from Unity Connection's XML to JSON.
#[divan::bench(args = [2, 100, 10_000])]
fn translate(bencher: Bencher, accounts: usize) {
    let document = document(accounts);

    bencher
        .counter(ItemsCount::new(accounts))
        .counter(BytesCount::new(document.len()))
        .bench(|| json(black_box(document.as_bytes())));
}

/// The list that a document holds.
fn json(document: &[u8]) -> Vec<u8> {
    let address = Address::new(&ACCOUNT, "", &[]);
    ACCOUNT.read_list(document, &address, UNIX_EPOCH).expect("accounts")
}

/// The object with the most properties.
#[divan::bench]
fn translate_class_of_service(bencher: Bencher) {
    let document = object(&CLASS_OF_SERVICE, 1);
    let address = Address::new(&CLASS_OF_SERVICE, "", &[]);

    bencher.counter(BytesCount::new(document.len())).bench(|| {
        CLASS_OF_SERVICE.read_one(black_box(document.as_bytes()), &address, UNIX_EPOCH).expect("it")
    });
}

/// A list of the devices with the most properties.
#[divan::bench(args = [2, 100])]
fn translate_devices(bencher: Bencher, devices: usize) {
    let [_, root] = SMTP_DEVICE.elements;
    let objects: String = (1..=devices).map(|number| object(&SMTP_DEVICE, number)).collect();
    let document = format!("<{root}>{objects}</{root}>");
    let address = Address::new(&SMTP_DEVICE, "", &[]);

    bencher
        .counter(ItemsCount::new(devices))
        .counter(BytesCount::new(document.len()))
        .bench(|| SMTP_DEVICE.read_list(black_box(document.as_bytes()), &address, UNIX_EPOCH));
}

/// An object of the examples in a table's rows.
fn object(table: &Table, number: usize) -> String {
    let [item, _] = table.elements;
    let rows = table.properties.iter().filter(|row| !row.element.is_empty());
    let elements = rows.map(|row| match row.element {
        "ObjectId" => format!("<ObjectId>00000064-5712-4000-8000-{number:012x}</ObjectId>"),
        element => format!("<{element}>{}</{element}>", row.example),
    });
    format!("<{item}>{}</{item}>", elements.collect::<String>())
}

/// An answer of two accounts that is kept.
#[divan::bench]
fn cache_hit(bencher: Bencher) {
    let system = System::new();
    let config = Config::parse("upstream.url = 'http://127.0.0.1'\ncache.ttl = '10m'");
    let cache = Arc::new(Cache::new(config.expect("settings").cache, &Metrics::new()));
    let [caller] = callers();
    let body = json(document(2).as_bytes());
    let look = |body: Result<Vec<u8>, Error>| {
        let lookup = Lookup {
            caller,
            generation: Some(1),
            path: "/vmrest/user/externalserviceaccounts".to_owned(),
            directives: Directives::default(),
        };
        let fetched = body.map(|body| Fetched { body: body.into(), generation: Some(1) });
        let (answer, status) = system.block_on(cache.get(lookup, |_| async move { fetched }));
        (answer.expect("an answer"), status)
    };
    look(Ok(body));

    bencher.bench_local(|| {
        let (answer, status) = look(Err(Error::Overloaded));
        assert!(matches!(status, CacheStatus::Hit(_)));
        answer
    });
}

/// A ticket, its turn and its end, where so many others wait.
#[divan::bench(args = [1, 1_000])]
fn queue(bencher: Bencher, waiting: usize) {
    let callers: [CallerKey; 1_001] = callers();
    let mut turns = Turns::new(3, 2_048);
    let mut next = callers.iter().cycle().copied();
    let mut enter = |turns: &mut Turns| {
        let caller = next.next().expect("a cycle has no end");
        turns.enter(caller, true).expect("a place");
    };
    for _ in 0..waiting {
        enter(&mut turns);
    }

    bencher.bench_local(|| {
        enter(&mut turns);
        let (caller, ticket) = turns.begin().expect("a turn");
        turns.end(ticket, End::Answered { accepted: true });
        caller
    });
}

/// So many people.
fn callers<const COUNT: usize>() -> [CallerKey; COUNT] {
    let keys = CallerKeys::new();
    std::array::from_fn(|number| {
        let request = TestRequest::default()
            .insert_header(("authorization", format!("Bearer {number}")))
            .to_http_request();
        keys.caller(request.headers()).expect("credentials").key
    })
}

/// A list of so many accounts, as Unity Connection prints it.
fn document(accounts: usize) -> String {
    let mut document = String::from(
        r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?><UserExternalServiceAccounts>"#,
    );
    for number in 0..accounts {
        write!(
            document,
            "<UserExternalServiceAccount>\
             <URI>/vmrest/user/externalserviceaccounts/75436abf-8784-450f-ac61-{number:012x}</URI>\
             <IsEnabled>true</IsEnabled><UseServiceCredentials>false</UseServiceCredentials>\
             <LoginType>2</LoginType><UserId>person.{number}@example.com</UserId>\
             <ObjectId>75436abf-8784-450f-ac61-{number:012x}</ObjectId>\
             <DisplayName>Exchange2K{number}</DisplayName></UserExternalServiceAccount>"
        )
        .expect("room");
    }
    document.push_str("</UserExternalServiceAccounts>");
    document
}
