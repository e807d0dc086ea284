//! The location: the server that the caller's mailbox is on.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/location` | `GET /vmrest/user/location` |
//!
//! Source: CUPI for End Users, "Location".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::gateway::{Incoming, Response};
use crate::request::NoQuery;
use crate::request::route::resource;
use crate::table::Table;
use crate::table::property::Kind::{Id, Text};
use crate::table::property::read;

/// The location.
pub static LOCATION: Table = Table {
    names: ["Location", ""],
    about: "The server that the caller's mailbox is on.",
    path: "/api/v1/location",
    upstream: "/vmrest/user/location",
    elements: ["ConnectionLocation", ""],
    properties: &[
        read("DisplayName", Text(64), "The server's host name.", "cuc-publisher").required(),
        read(
            "DefaultWaveFormatObjectId",
            Id,
            "Identifies the format in which the server records.",
            "00000000-a0d1-4000-8000-000000000001",
        ),
    ],
    ..Table::NEW
};

/// The location's part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(get_location),
    tags((name = "Server", description = "The server that the caller's mailbox is on, and how it is set up."))
)]
pub struct Api;

/// Registers the location's route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(resource(LOCATION.path).get(get_location));
}

/// Get the location
///
/// The server that the caller's mailbox is on.
#[utoipa::path(get, path = "", tag = "Server")]
pub async fn get_location(call: Incoming, _: NoQuery) -> Response {
    call.get(&LOCATION).await
}
