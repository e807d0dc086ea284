//! Whatever a client sends, it is taken byte for byte or refused with words that quote no value.
//!
//! Input: query, `Authorization`, `traceparent`, a line each, then the body.

#![no_main]

use std::array;
use std::str;

use actix_web::FromRequest;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::test::TestRequest;
use cupi_gateway::credentials::{Credentials, discloses};
use cupi_gateway::error::Error;
use cupi_gateway::problem::Problem;
use cupi_gateway::request::{JsonBody, check_query, flag_parameter, no_cache, traceparent};
use cupi_gateway::resources::accounts::NewPassword;
use cupi_gateway::resources::alternate_devices::{AlternateDeviceChanges, NewAlternateDevice};
use cupi_gateway::xml::can_carry;
use libfuzzer_sys::fuzz_target;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};
use url::form_urlencoded;

/// A value that is a secret.
const SECRET: &str = "🔑🔒🔑";

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_time().build().expect("a runtime");
}

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
        Ok(Some(flag)) => assert_eq!(pairs, [("userDefined".into(), flag.to_string().into())]),
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
    no_cache(&headers);
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
    assert!(discloses(&format!("who said {value}?"), &credentials, None));
}

fn read_body(body: &[u8]) {
    if let Ok(JsonBody(NewPassword { password })) = read(body) {
        let password = password.expose_secret();
        assert_eq!(string(body, "password").as_deref(), Some(password));
        assert!((1..=256).contains(&password.chars().count()));
    }
    if let Ok(JsonBody(device)) = read::<NewAlternateDevice>(body) {
        assert_eq!(string(body, "displayName"), device.display_name);
        assert_eq!(string(body, "dtmfAccessId").as_ref(), Some(&device.dtmf_access_id));
        assert!(device.display_name.as_deref().is_none_or(can_carry));
    }
    if let Ok(JsonBody(changes)) = read::<AlternateDeviceChanges>(body) {
        assert_eq!(string(body, "displayName"), changes.display_name);
        assert_eq!(string(body, "dtmfAccessId"), changes.dtmf_access_id);
    }

    // The same with every value a secret: the words must not hold it.
    let Ok(mut document) = serde_json::from_slice(body) else {
        return;
    };
    hide(&mut document);
    let body = document.to_string();
    for error in [
        read::<NewPassword>(body.as_bytes()).err(),
        read::<NewAlternateDevice>(body.as_bytes()).err(),
        read::<AlternateDeviceChanges>(body.as_bytes()).err(),
    ]
    .into_iter()
    .flatten()
    {
        let words = format!("{error} {error:?}");
        assert!(!words.contains(SECRET) || names(&document).contains(SECRET), "{words}");
    }
}

/// Reads a body as a handler does.
fn read<T>(body: &[u8]) -> Result<JsonBody<T>, Error>
where
    JsonBody<T>: FromRequest<Error = Error>,
{
    let (request, mut payload) = TestRequest::default()
        .insert_header(("content-type", "application/json"))
        .set_payload(body.to_vec())
        .to_http_parts();
    let read = JsonBody::<T>::from_request(&request, &mut payload);
    let read = RUNTIME.with(|runtime| runtime.block_on(read));
    if let Err(error) = &read {
        assert!(matches!(error, Error::InvalidBody(_) | Error::BodyTooLarge), "{error:?}");
        told(error);
    }
    read
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
