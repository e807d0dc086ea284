//! The PIN: what the caller signs in with on the phone. It can be set and not read.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `PUT /api/v1/user/pin` | `PUT /vmrest/user/credential/pin?newpin=…` |
//!
//! Source: CUPI for End Users, "PIN".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::Refusal;
use crate::gateway::{Incoming, Response};
use crate::request::route::resource;
use crate::request::{JsonBody, NoQuery};
use crate::table::Table;
use crate::table::property::secret;

/// The PIN, which can be set and not read.
pub static PIN: Table = Table {
    names: ["NewPin", ""],
    about: "A new PIN.",
    path: "/api/v1/user/pin",
    upstream: "/vmrest/user/credential/pin",
    properties: &[secret(
        "newpin",
        ("0-9", 64),
        "The new PIN, 1 to 64 digits. Zeros count. It cannot be read back.",
        "604817",
    )
    .named("pin")],
    rejected: Some(&REJECTED),
    ..Table::NEW
};

/// The PIN's part of the document.
#[derive(Debug, OpenApi)]
#[openapi(paths(set_pin))]
pub struct Api;

/// Registers the PIN's route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(resource(PIN.path).put(set_pin));
}

/// Set the PIN
///
/// Sets the PIN with which the caller signs in on the phone. The old one is not asked for. The
/// password of the web applications stays as it is, and so do sessions. Unity Connection decides
/// which PINs are good.
#[utoipa::path(put, path = "", tag = "User")]
pub async fn set_pin(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.set_secret(&PIN, body).await
}

static REJECTED: Refusal = Refusal::new(
    422,
    "pin_rejected",
    "PIN rejected",
    "Unity Connection did not take this PIN. Usual causes are a PIN that is too short, trivial or used before, one that \
     was changed a short while ago, and a user whose PIN cannot be changed. Its own words, where it sent some, stand in \
     `upstream`; choose another PIN.",
);
