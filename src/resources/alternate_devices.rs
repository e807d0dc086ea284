//! Alternate devices: further numbers that a caller's mailbox is reached from.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/alternate-devices` | `GET /vmrest/user/alternatedevices[?userDefined=…]` |
//! | `POST /api/v1/alternate-devices` | `POST …/alternatedevices` |
//! | `GET /api/v1/alternate-devices/{objectId}` | `GET …/alternatedevices/{objectId}` |
//! | `PATCH /api/v1/alternate-devices/{objectId}` | `PUT …/alternatedevices/{objectId}` |
//! | `DELETE /api/v1/alternate-devices/{objectId}` | `DELETE …/alternatedevices/{objectId}` |
//!
//! Source: CUPI for End Users, "Alternate Devices".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::Refusal;
use crate::gateway::{Incoming, Response};
use crate::request::route::resource;
use crate::request::{JsonBody, NoQuery, flag_parameter};
use crate::table::Table;
use crate::table::property::Kind::{Digits, Flag, Text};
use crate::table::property::{id, read, uri, write};

/// An alternate device.
pub static ALTERNATE_DEVICE: Table = Table {
    names: ["AlternateDevice", "AlternateDevices"],
    about: "A further number from which Unity Connection knows the caller.",
    path: "/api/v1/alternate-devices/{objectId}",
    upstream: "/vmrest/user/alternatedevices/{objectId}",
    elements: ["AlternateDevice", "AlternateDevices"],
    properties: &[
        id("Identifies the device.", "00000064-de71-4000-8000-000000000003"),
        uri("Where the device is found."),
        write(
            "DisplayName",
            Text(64),
            "Its name for people, where it has one.",
            "Weekend flat of fung (3)",
        )
        .created("Weekend flat"),
        write(
            "DtmfAccessId",
            Digits("0-9*#+", 40),
            "The number: digits, `*`, `#` and `+`. Zeros at its beginning count.",
            "0044010003",
        )
        .created("0044207946")
        .required()
        .needed_to_create(),
        read(
            "UserDefined",
            Flag,
            "Whether the caller defined the device. The administrator's cannot be changed or deleted.",
            "true",
        )
        .required(),
    ],
    not_found: Some(&NOT_FOUND),
    rejected: Some(&REJECTED),
    ..Table::NEW
};

/// The filter of the list, spelled alike on both sides.
const USER_DEFINED: &str = "userDefined";

/// The alternate devices' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        list_alternate_devices,
        create_alternate_device,
        get_alternate_device,
        update_alternate_device,
        delete_alternate_device
    ),
    tags((name = "Alternate devices", description = "Further numbers, such as a mobile phone's, \
        from which Unity Connection knows the caller."))
)]
pub struct Api;

/// Registers the alternate devices' routes.
pub fn routes(config: &mut ServiceConfig) {
    let list = resource(ALTERNATE_DEVICE.collection());
    let one = resource(ALTERNATE_DEVICE.path);
    config.service(list.get(list_alternate_devices).post(create_alternate_device)).service(
        one.get(get_alternate_device)
            .patch(update_alternate_device)
            .delete(delete_alternate_device),
    );
}

/// List alternate devices
///
/// All alternate devices of the caller that the administrator lets him see, in Unity Connection's
/// order.
#[utoipa::path(
    get,
    path = "",
    tag = "Alternate devices",
    params(("userDefined" = Option<bool>, Query, nullable = false, description = "Only those that the caller defined (`true`), or only the administrator's (`false`)."))
)]
pub async fn list_alternate_devices(call: Incoming) -> Response {
    let filter = flag_parameter(call.query(), USER_DEFINED)?;
    let query = filter.map(|filter| format!("{USER_DEFINED}={filter}"));
    call.list(&ALTERNATE_DEVICE, query).await
}

/// Create an alternate device
///
/// Adds a device of the caller's own, of which Unity Connection allows at most five.
#[utoipa::path(post, path = "", tag = "Alternate devices")]
pub async fn create_alternate_device(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.create(&ALTERNATE_DEVICE, body).await
}

/// Get an alternate device
///
/// One alternate device of the caller.
#[utoipa::path(get, path = "/{objectId}", tag = "Alternate devices")]
pub async fn get_alternate_device(call: Incoming, _: NoQuery) -> Response {
    call.get(&ALTERNATE_DEVICE).await
}

/// Update an alternate device
///
/// Changes the properties that are sent and leaves the others as they are. Only devices of the
/// caller's own can be changed.
#[utoipa::path(patch, path = "/{objectId}", tag = "Alternate devices")]
pub async fn update_alternate_device(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.update(&ALTERNATE_DEVICE, body).await
}

/// Delete an alternate device
///
/// Deletes a device of the caller's own.
#[utoipa::path(delete, path = "/{objectId}", tag = "Alternate devices")]
pub async fn delete_alternate_device(call: Incoming, _: NoQuery) -> Response {
    call.delete(&ALTERNATE_DEVICE).await
}

static NOT_FOUND: Refusal = Refusal::new(
    404,
    "alternate_device_not_found",
    "No such alternate device",
    "The caller has no alternate device with this id. Use an `objectId` of the caller's own list.",
);

static REJECTED: Refusal = Refusal::new(
    422,
    "alternate_device_rejected",
    "Alternate device rejected",
    "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; \
     a number that is taken and a sixth device are usual causes.",
);
