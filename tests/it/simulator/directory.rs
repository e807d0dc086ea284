//! The directory: what can be looked for, and how much is found.

use super::{assert_refused, get, send, set, start};

const DIRECTORY: &str = "/vmrest/directory/addressable?query=";

fn entry(id: &str, name: &str, [alias, extension]: [&str; 2]) -> String {
    format!(
        "<Address><ObjectId>{id}</ObjectId><Type>SUBSCRIBER</Type><DisplayName>{name}</DisplayName>\
         <SmtpAddress>{alias}@vm1.example.org</SmtpAddress><DtmfAccessId>{extension}</DtmfAccessId></Address>"
    )
}

#[actix_web::test]
async fn names_and_extensions_are_found() {
    let simulator = start();
    let nadia = entry("00000065-05e1-4000-8000-000000000000", "Nadia Ruiz", ["nadia", "4101"]);
    let eva =
        entry("00000068-05e1-4000-8000-000000000000", "Éva O&apos;Hara &amp; Søn", ["eva", "4104"]);
    let none = r#"<Addresses total="0"/>"#.to_owned();
    let one = |entry: &str| format!(r#"<Addresses total="1">{entry}</Addresses>"#);
    let cases = [
        ("(name%20startswith%20NAD)", one(&nadia)),
        ("(name%20startswith%20ruiz)", one(&nadia)),
        ("(name+is+nadia%20ruiz)", one(&nadia)),
        ("(name%20is%20nadi)", none.clone()),
        ("(name%20is%20adia)", none.clone()),
        ("(name%20startswith%20%C3%A9VA%20O%27)", one(&eva)),
        ("(extension%20is%204101)", one(&nadia)),
        ("(extension%20is%20410)", none.clone()),
        ("(name%20is%204101)", none.clone()),
        ("(extension%20startswith%204104)", one(&eva)),
        ("(is%204104)", one(&eva)),
        ("(startswith%20nadia)", one(&nadia)),
    ];

    for (query, expected) in cases {
        assert_eq!(
            get(&simulator, "fung", &format!("{DIRECTORY}{query}")).await,
            expected,
            "{query}"
        );
    }
    let people = get(&simulator, "fung", &format!("{DIRECTORY}(name%20startswith%20person)")).await;
    assert!(people.starts_with(r#"<Addresses total="24">"#), "{people}");
}

#[actix_web::test]
async fn what_is_no_criterion_is_refused() {
    let simulator = start();

    for query in [
        "",
        "nadia",
        "(name%20contains%20x)",
        "(alias%20is%20nadia)",
        "(name%20is%20)",
        "(name%20is)",
        "(name%20is%20nadia",
        "(name%20is%20nadia)%20",
        "(name%20is%20a)(alias%20is%20b)",
        "(name%20is%20a)%26(alias%20is%20b)",
        "%20(name%20is%20nadia)",
    ] {
        let refused = send(&simulator, "fung", ["GET", &format!("{DIRECTORY}{query}"), ""]).await;
        assert_refused(&refused, 400, "INVALID_PARAMETER");
    }
    let path = "/vmrest/directory/addressable?search=4101&userobjectid=x";
    assert_refused(&send(&simulator, "fung", ["GET", path, ""]).await, 400, "INVALID_PARAMETER");
    let path = "/vmrest/directory/addressable";
    assert_refused(&send(&simulator, "fung", ["POST", path, ""]).await, 405, "METHOD_NOT_ALLOWED");
    assert_refused(
        &send(&simulator, "fung", ["GET", "/vmrest/directory", ""]).await,
        404,
        "NOT_FOUND",
    );
}

#[actix_web::test]
async fn a_crowd_is_cut_at_a_hundred() {
    let simulator = start();
    let path = format!("{DIRECTORY}(name%20startswith%20crowd)");

    for (crowd, shown) in [("0", 0), ("1", 1), ("99", 99), ("100", 100), ("101", 100), ("250", 100)]
    {
        set(&simulator, &[("directory_crowd", crowd)]);

        let found = get(&simulator, "fung", &path).await;

        assert_eq!(found.matches("<Address>").count(), shown);
        assert!(found.starts_with(&format!(r#"<Addresses total="{crowd}""#)), "{found}");
    }
    let first = entry("00000000-05e1-4000-8000-000000000001", "Crowd 001", ["crowd001", "770001"]);
    assert!(get(&simulator, "fung", &path).await.contains(&first));
}

#[actix_web::test]
async fn type_root_and_total_are_the_switches() {
    let simulator = start();
    let path = format!("{DIRECTORY}(extension%20is%204101)");
    set(&simulator, &[("address_type", "CONTACT & more"), ("bare_root", "on")]);

    let found = get(&simulator, "fung", &path).await;

    assert!(found.starts_with("<Address><ObjectId>"), "{found}");
    assert!(found.contains("<Type>CONTACT &amp; more</Type>"), "{found}");
    set(&simulator, &[("bare_root", "off"), ("total", "missing")]);
    assert!(get(&simulator, "fung", &path).await.starts_with("<Addresses><Address>"));
}
