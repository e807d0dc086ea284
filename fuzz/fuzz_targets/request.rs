//! Whatever a client sends, it is taken byte for byte or refused with words that quote no value.
//!
//! Input: query, `Authorization`, `traceparent`, a line each, then the body.

#![no_main]

use std::array;
use std::str;
use std::time::UNIX_EPOCH;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use cupi_gateway::cache::directives::Directives;
use cupi_gateway::config::NoEndDate;
use cupi_gateway::credentials::{Credentials, discloses};
use cupi_gateway::error::Error;
use cupi_gateway::problem::Problem;
use cupi_gateway::request::{check_query, flag_parameter, traceparent};
use cupi_gateway::resources::TABLES;
use cupi_gateway::resources::accounts::PASSWORD;
use cupi_gateway::table::Table;
use cupi_gateway::table::property::Kind;
use cupi_gateway::table::write::{Purpose, Writing};
use cupi_gateway::xml::{self, can_carry};
use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;
use serde_json::Value;
use url::form_urlencoded;

/// A value that is a secret.
const SECRET: &str = "🔑🔒🔑";

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(4, |byte| *byte == b'\n');
    let [query, authorization, trace, body] = array::from_fn(|_| parts.next().unwrap_or_default());
    if let Ok(query) = str::from_utf8(query) {
        read_query(query);
    }
    read_headers(authorization, trace);
    read_body(body);
});

fn read_query(query: &str) {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    match flag_parameter(query, "userDefined") {
        Ok(None) => assert!(pairs.is_empty(), "{pairs:?}"),
        Ok(Some(flag)) => {
            let [(name, value)] = pairs.as_slice() else { panic!("{pairs:?}") };
            assert_eq!((&**name, value.to_ascii_lowercase()), ("userDefined", flag.to_string()));
        }
        Err(error) => told(&error),
    }
    assert_eq!(check_query(query, &[]).is_ok(), pairs.is_empty());
}

fn read_headers(authorization: &[u8], trace: &[u8]) {
    let mut headers = HeaderMap::new();
    for (name, value) in
        [("authorization", authorization), ("traceparent", trace), ("cache-control", trace)]
    {
        if let Ok(value) = HeaderValue::from_bytes(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Directives::read(&headers);
    if let Some(taken) = traceparent(&headers) {
        assert_eq!(taken.as_bytes(), trace);
        assert!(trace.len() >= 55 && trace.is_ascii(), "{taken:?}");
    }
    let Ok(credentials) = Credentials::parse(&headers) else {
        return;
    };
    assert_eq!(credentials.header().as_bytes(), authorization);
    assert_eq!(format!("{credentials:?}"), "Credentials");
    let value = String::from_utf8_lossy(authorization);
    assert!(discloses(&format!("who said {value}?"), &credentials, None, |_| Default::default()));
}

fn read_body(body: &[u8]) {
    if let Ok((parameter, password)) = PASSWORD.write_secret(body) {
        let password = password.expose_secret();
        assert_eq!(string(body, parameter).as_deref(), Some(password));
        assert!((1..=256).contains(&password.chars().count()));
    }
    for table in TABLES {
        for purpose in [Purpose::Create, Purpose::Change] {
            let Ok(document) = write(table, body, purpose) else {
                continue;
            };
            assert!(can_carry(&document), "{document}");
            for row in table.properties.iter().filter(|row| row.is_writable()) {
                let text = string(body, &row.name()).filter(|_| matches!(row.kind, Kind::Text(_)));
                let written = text.map(|text| xml::write(row.element, &[("x", text)]));
                let inner =
                    written.as_ref().and_then(|xml| xml.split("<x>").nth(1)?.split("</x>").next());
                assert!(inner.is_none_or(|inner| document.contains(inner)), "{document}");
            }
        }
    }

    // The same with every value a secret: the words must not hold it.
    let Ok(mut document) = serde_json::from_slice(body) else {
        return;
    };
    hide(&mut document);
    let body = document.to_string();
    let mut errors: Vec<_> = PASSWORD.write_secret(body.as_bytes()).err().into_iter().collect();
    for table in TABLES {
        errors.extend(write(table, body.as_bytes(), Purpose::Create).err());
        errors.extend(write(table, body.as_bytes(), Purpose::Change).err());
    }
    for error in errors {
        told(&error);
        let words = format!("{error} {error:?}");
        assert!(!words.contains(SECRET) || names(&document).contains(SECRET), "{words}");
    }
}

/// Writes a body as a handler does.
fn write(table: &Table, body: &[u8], purpose: Purpose) -> Result<String, Error> {
    let no_end_date = NoEndDate::Empty;
    let written = table.write(body, Writing { purpose, key: None, now: UNIX_EPOCH, no_end_date });
    if let Err(error) = &written {
        assert!(matches!(error, Error::InvalidBody(_)), "{error:?}");
    }
    written
}

/// Holds that an error can be told in a problem document, in words for one line.
fn told(error: &Error) {
    let problem = serde_json::to_value(Problem::new(error, "/x", "1")).expect("JSON");
    let detail = problem["detail"].as_str().expect("words");
    assert!(!detail.chars().any(char::is_control), "{detail:?}");
}

fn string(body: &[u8], name: &str) -> Option<String> {
    let document: Value = serde_json::from_slice(body).expect("JSON");
    document[name].as_str().map(ToOwned::to_owned)
}

fn hide(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::Object(members) => members.values_mut().for_each(hide),
        Value::String(text) => SECRET.clone_into(text),
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// The names of all members.
fn names(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(names).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name} {}", names(value))).collect()
        }
        _ => String::new(),
    }
}
