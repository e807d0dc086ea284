//! Whatever Unity Connection answers, callers are told what it means and never a secret.
//!
//! Input: status, password, `Location`, a line each, then the body.

#![no_main]

use std::array;
use std::sync::LazyLock;

use actix_web::http::header::{HeaderMap, HeaderValue, LOCATION};
use actix_web::http::{Method, StatusCode};
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use cupi_gateway::credentials::{Caller, CallerKeys};
use cupi_gateway::upstream::answer::understand;
use cupi_gateway::upstream::call::Call;
use cupi_gateway::upstream::exchange::Reply;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

const COLLECTION: &str = "/vmrest/user/alternatedevices";
/// `fung:winter-2010`.
const CREDENTIALS: &str = "ZnVuZzp3aW50ZXItMjAxMA==";

static CALLER: LazyLock<Caller> = LazyLock::new(|| {
    let request = TestRequest::default()
        .insert_header(("authorization", format!("Basic {CREDENTIALS}")))
        .to_http_request();
    CallerKeys::new().caller(request.headers()).expect("credentials")
});

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn(4, |byte| *byte == b'\n');
    let [status, password, location, body] = array::from_fn(|_| parts.next().unwrap_or_default());
    let Ok(status) = StatusCode::from_bytes(status) else {
        return;
    };
    let password = String::from_utf8_lossy(password);
    let call = Call {
        secret: Some(("password", SecretString::from(&*password))),
        ..Call::new(Method::POST, COLLECTION)
    };
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_bytes(location) {
        headers.insert(LOCATION, location);
    }
    let body = Bytes::copy_from_slice(body);
    let reply = Reply { status, headers: headers.clone(), body: Ok(body.clone()) };

    let answer = understand(reply, &call, &CALLER.credentials);

    let told = match &answer {
        Ok(answer) => Some(&answer.told),
        Err(failure) => failure.error.upstream(),
    };
    let printable: String = password.chars().filter(|c| !c.is_control()).collect();
    let encoded = BASE64_STANDARD_NO_PAD.encode(&*password);
    // Fewer characters would be found in too many texts.
    let encoded = if encoded.len() < 4 { "" } else { &encoded };
    let secrets = [printable.trim(), encoded, CREDENTIALS, "winter-2010"];
    for text in told.into_iter().flat_map(|told| [&told.code, &told.message]) {
        let text = text.as_deref().unwrap_or_default();
        assert!(text.chars().count() <= 500, "{text}");
        assert!(!text.chars().any(char::is_control), "{text:?}");
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            assert!(!text.contains(secret), "{text} holds {secret}");
        }
    }
    let Ok(answer) = answer else {
        return;
    };
    assert!(
        status.is_success() || matches!(status.as_u16(), 400 | 404 | 409 | 422),
        "{status} is no answer to understand"
    );
    let Some(id) = answer.created else {
        return;
    };
    let named = format!("alternatedevices/{id}");
    let says = |text: &[u8]| String::from_utf8_lossy(text).to_lowercase().contains(&named);
    assert!(says(&body) || headers.get(LOCATION).is_some_and(|url| says(url.as_bytes())), "{id}");
});
