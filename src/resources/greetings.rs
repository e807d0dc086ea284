//! Greetings: what callers hear, one for each occasion.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/greetings` | a `GET` for each type, one after the other |
//! | `GET /api/v1/greetings/{greetingType}` | `GET /vmrest/user/greetings/{type}` |
//! | `PATCH /api/v1/greetings/{greetingType}` | `PUT …/greetings/{type}` |
//!
//! Source: CUPI for End Users, "Greetings" and "Enabling Greetings".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::Refusal;
use crate::gateway::{Incoming, Response};
use crate::request::route::resource;
use crate::request::{JsonBody, NoQuery};
use crate::resources::greeting_types::{NOT_FOUND, TYPES};
use crate::table::Table;
use crate::table::property::Kind::{Flag, OneOf};
use crate::table::property::{enabled, enabled_until, kind, link, read, uri, write};

/// A greeting.
pub static GREETING: Table = Table {
    names: ["Greeting", "Greetings"],
    about: "What callers hear on one occasion.",
    path: "/api/v1/greetings/{greetingType}",
    upstream: "/vmrest/user/greetings/{greetingType}",
    elements: ["Greeting", ""],
    properties: &[
        kind("GreetingType", "The occasion.", "Alternate"),
        uri("Where the greeting is found."),
        link("recordingsUri", "/recordings", "Where the greeting's recordings are found."),
        write(
            "PlayWhat",
            OneOf(&[("system", "0"), ("recorded", "1"), ("none", "2")]),
            "What is played: `system`, the standard text with the recorded name; `recorded`, the recording in the caller's \
             language; `none`, nothing. An upload does not set it.",
            "1",
        ),
        enabled(
            "standard",
            "Whether the greeting is played on its occasion. `standard` always is.",
        ),
        enabled_until("Until when it is enabled, where there is an end."),
        read(
            "EnablePersonalVideoRecording",
            Flag,
            "Whether callers may leave a video message.",
            "false",
        ),
        read(
            "PlayRecordVideoMessagePrompt",
            Flag,
            "Whether callers are asked for a video message.",
            "false",
        ),
    ],
    types: TYPES,
    not_found: Some(&NOT_FOUND),
    rejected: Some(&REJECTED),
    ..Table::NEW
};

/// The greetings' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(list_greetings, get_greeting, update_greeting),
    tags((name = "Greetings", description = "What callers hear, one greeting for each occasion. Where several are \
        enabled, `alternate` wins over all others; `holiday` over all but `alternate`; `busy` over `internal`, `off-hours` \
        and `standard`; `internal` over `off-hours` and `standard`; `off-hours` over `standard`."))
)]
pub struct Api;

/// Registers the greetings' routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(GREETING.collection()).get(list_greetings))
        .service(resource(&GREETING.route()).get(get_greeting).patch(update_greeting));
}

/// List greetings
///
/// All greetings of the caller, in this order: `standard`, `alternate`, `busy`, `internal`,
/// `off-hours`, `holiday`, `error`. Unity Connection has no such list: the gateway reads one
/// greeting after the other, and uses those that it read a short while ago. A type that Unity
/// Connection does not have is left out.
#[utoipa::path(get, path = "", tag = "Greetings")]
pub async fn list_greetings(call: Incoming, _: NoQuery) -> Response {
    call.list_types(&GREETING).await
}

/// Get a greeting
///
/// One greeting of the caller.
#[utoipa::path(get, path = "/{greetingType}", tag = "Greetings")]
pub async fn get_greeting(call: Incoming, _: NoQuery) -> Response {
    call.get(&GREETING).await
}

/// Update a greeting
///
/// Changes the properties that are sent. `enabled` and `enabledUntil` are kept in one element and
/// sent together: `"enabled": true` with a time or with `null` for no end, `"enabled": false`
/// alone. To go back from a recording to the standard text, send `"playWhat": "system"`.
#[utoipa::path(patch, path = "/{greetingType}", tag = "Greetings")]
pub async fn update_greeting(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.update(&GREETING, body).await
}

static REJECTED: Refusal = Refusal::new(
    422,
    "greeting_rejected",
    "Greeting rejected",
    "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; the `error` greeting, \
     which cannot be disabled, is a usual cause.",
);
