//! The directory: what is searched for, and that no search leaves its place in the query.

use serde_json::json;

use crate::support::{TestGateway, problem};

const DIRECTORY: &str = "/api/v1/directory";
const UPSTREAM: &str = "GET /vmrest/directory/addressable?query=";

#[actix_web::test]
async fn a_search_is_one_criterion_encoded() {
    let gateway = TestGateway::start();
    for (query, sent) in [
        ("nameStartsWith=J%C3%BCrgen%20O'", "(name%20startswith%20J%C3%BCrgen%20O%27)"),
        ("nameStartsWith=nad", "(name%20startswith%20nad)"),
        ("name=Fung+Lee", "(name%20is%20Fung%20Lee)"),
        ("name=++a+++b++", "(name%20is%20a%20b)"),
        ("name=a%2Bb", "(name%20is%20a%2Bb)"),
        ("name=a-_.,@%26%E2%80%99", "(name%20is%20a-_.%2C%40%26%E2%80%99)"),
        ("name=%E5%A7%93%D0%96%D9%A1%CC%88", "(name%20is%20%E5%A7%93%D0%96%D9%A1%CC%88)"),
        ("extension=4100", "(extension%20is%204100)"),
        ("extension=%2B*%23", "(extension%20is%20%2B%2A%23)"),
    ] {
        let reply = gateway.get(&format!("{DIRECTORY}?{query}")).await;

        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        assert_eq!(gateway.calls(), [format!("{UPSTREAM}{sent}")], "{query}");
    }
    let longest = format!("{DIRECTORY}?name={}", "%C3%A9".repeat(64));
    assert_eq!(gateway.get(&longest).await.status, 200);
    gateway.assert_closed(DIRECTORY, "GET, HEAD").await;
}

#[actix_web::test]
async fn entries_are_shown_and_a_crowd_is_cut_at_a_hundred() {
    let gateway = TestGateway::start();
    let search = format!("{DIRECTORY}?name=nadia");

    let found = gateway.get(&search).await;
    gateway.upstream.set("address_type", "CONTACT").unwrap();
    let other = gateway.get(&search).await.json();
    let none = gateway.get(&format!("{DIRECTORY}?extension=0")).await;

    let read = found.json();
    found.assert_read(&read);
    assert_eq!((&read["total"], &read["truncated"]), (&json!(1), &json!(false)));
    assert_eq!(read["items"][0]["objectId"], "00000065-05e1-4000-8000-000000000000");
    assert_eq!(
        (&read["items"][0]["type"], &other["items"][0]["type"]),
        (&json!("user"), &json!("unknown"))
    );
    none.assert_read(&json!({ "items": [], "total": 0, "truncated": false }));
    for (crowd, total, truncated) in [("99", 99, false), ("100", 100, true), ("250", 100, true)] {
        gateway.upstream.set("directory_crowd", crowd).unwrap();
        let read = gateway.get(&format!("{DIRECTORY}?nameStartsWith=crowd")).await.json();
        let expected = (json!(total), json!(truncated));
        assert_eq!((&read["total"], &read["truncated"]), (&expected.0, &expected.1), "{crowd}");
    }
}

#[actix_web::test]
async fn no_search_leaves_its_place_in_the_query() {
    let gateway = TestGateway::start();
    let attempts = [
        "a)(alias%20is%20b",
        "a)",
        "(a",
        "a)%26query=(alias%20is%20b)",
        "a%22",
        "a%2522",
        "a%25",
        "a*",
        "a%5C",
        "a;b",
        "a%3Bb",
        "a%00",
        "a%0D%0AX:%20y",
        "a%09b",
        "a%C2%A0b",
        "a%E3%80%80b",
        "a%EF%BC%89",
        "a%E2%80%AEb",
        "a%E2%80%8Bb",
        "a%ED%A0%80",
        "a%FF",
        "a/../b",
        "a%3Fb",
        "a%23b",
        "a=b",
        "a%3Db",
        "a%3Cb",
        "a%60",
        "a%7C",
        "a%F0%9F%98%80",
        "a%EF%BF%BD",
        "",
        "+",
        "%20%20",
    ];
    for parameter in ["name", "nameStartsWith", "extension"] {
        for attempt in attempts {
            let reply = gateway.get(&format!("{DIRECTORY}?{parameter}={attempt}")).await;

            let detail = reply.json()["detail"].as_str().unwrap().to_owned();
            problem("invalid_query", DIRECTORY).detail(&detail).about(&attempt).assert(&reply);
            assert!(!detail.contains("alias is"), "{detail}");
        }
    }
    for query in ["extension=%204100", "extension=41a", "extension=%D9%A1", "extension=4,1"] {
        let reply = gateway.get(&format!("{DIRECTORY}?{query}")).await;
        assert_eq!(reply.json()["code"], "invalid_query", "{query}");
    }
    let long = [
        format!("name={}", "a".repeat(65)),
        format!("nameStartsWith={}", "%C3%A9".repeat(65)),
        format!("extension={}", "1".repeat(41)),
    ];
    for query in long {
        let reply = gateway.get(&format!("{DIRECTORY}?{query}")).await;
        assert_eq!(reply.json()["code"], "invalid_query", "{query}");
    }
    assert_eq!(gateway.calls(), [""; 0]);
}

#[actix_web::test]
async fn exactly_one_parameter_is_taken() {
    let gateway = TestGateway::start();
    let all = "Search by exactly one of `nameStartsWith`, `name` and `extension`.";

    for query in ["", "?", "?name=a&extension=1", "?name=a&nameStartsWith=a"] {
        let reply = gateway.get(&format!("{DIRECTORY}{query}")).await;
        problem("invalid_query", DIRECTORY).detail(all).about(&query).assert(&reply);
    }
    for query in ["name=a&name=a", "Name=a", "query=(name%20is%20b)", "name=a&query=b"] {
        let reply = gateway.get(&format!("{DIRECTORY}?{query}")).await;
        assert_eq!(reply.json()["code"], "invalid_query", "{query}");
    }
    assert_eq!(gateway.calls(), [""; 0]);
}

#[actix_web::test]
async fn equal_searches_are_kept_as_one() {
    let gateway = TestGateway::start_with("cache.ttl = '60s'");

    for query in ["name=Fung+Lee", "name=%20Fung%20%20Lee", "name=%46ung+Lee"] {
        gateway.get(&format!("{DIRECTORY}?{query}")).await;
    }
    gateway.get(&format!("{DIRECTORY}?nameStartsWith=Fung+Lee")).await;

    assert_eq!(gateway.calls().len(), 2);
}
