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

use std::borrow::Cow;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::error::{Error, Refusal};
use crate::gateway::respond::{Created, Link, written};
use crate::gateway::{Call, Incoming, Read, Response, Write, json};
use crate::object_id::ObjectId;
use crate::request::{JsonBody, NoQuery, PathId, checked_string, flag_parameter};
use crate::xml::{self, Fault, Object};

/// Where the resource lies.
const PATH: &str = "/api/v1/alternate-devices";

const COLLECTION: &str = "/vmrest/user/alternatedevices";
const ROOT: &str = "AlternateDevices";
const ITEM: &str = "AlternateDevice";
const DISPLAY_NAME: &str = "DisplayName";
const DTMF_ACCESS_ID: &str = "DtmfAccessId";
const USER_DEFINED: &str = "UserDefined";

/// The filter of the list, spelled alike on both sides.
const USER_DEFINED_PARAMETER: &str = "userDefined";

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

/// The refusals that are known of each call, by operation id.
pub const REFUSALS: &[(&str, &[&Refusal])] = &[
    ("create_alternate_device", &[&REJECTED]),
    ("get_alternate_device", &[&NOT_FOUND]),
    ("update_alternate_device", &[&NOT_FOUND, &REJECTED]),
    ("delete_alternate_device", &[&NOT_FOUND, &REJECTED]),
];

/// Registers the alternate devices' routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource(PATH).get(list_alternate_devices).post(create_alternate_device))
        .service(
            web::resource("/api/v1/alternate-devices/{objectId}")
                .get(get_alternate_device)
                .patch(update_alternate_device)
                .delete(delete_alternate_device),
        );
}

/// A list of alternate devices.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlternateDevices<'a> {
    /// The devices, in Unity Connection's order.
    pub items: Vec<AlternateDevice<'a>>,
    /// How many items there are.
    #[schema(format = Int32, example = 1, minimum = 0)]
    pub total: usize,
}

/// A further number from which Unity Connection knows the caller.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AlternateDevice<'a> {
    /// What the device is known by.
    pub object_id: ObjectId,
    /// Where the device is found.
    #[schema(
        example = "/api/v1/alternate-devices/00000064-de71-4000-8000-000000000003",
        value_type = String,
        format = UriReference
    )]
    pub uri: Link,
    /// Its name for people, where it has one.
    #[schema(required = true, example = "Weekend flat of fung (3)")]
    pub display_name: Option<Cow<'a, str>>,
    /// The number. Zeros at its beginning count.
    #[schema(example = "0044010003")]
    pub dtmf_access_id: Cow<'a, str>,
    /// Whether the caller defined the device. The administrator's cannot be changed or deleted.
    #[schema(example = true)]
    pub user_defined: bool,
}

/// A device to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewAlternateDevice {
    /// Its name for people, without control characters.
    #[serde(default, deserialize_with = "display_name")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 64, pattern = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]+$", example = "Weekend flat")]
    pub display_name: Option<String>,
    /// The number: digits, `*`, `#` and `+`.
    #[serde(deserialize_with = "dtmf_access_id")]
    #[schema(min_length = 1, max_length = 40, pattern = "^[0-9*#+]+$", example = "0044207946")]
    pub dtmf_access_id: String,
}

/// What to change of a device: at least one property.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(min_properties = 1)]
pub struct AlternateDeviceChanges {
    /// Its new name for people, without control characters.
    #[serde(default, deserialize_with = "display_name")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 64, pattern = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]+$", example = "Holiday flat")]
    pub display_name: Option<String>,
    /// Its new number: digits, `*`, `#` and `+`.
    #[serde(default, deserialize_with = "optional_dtmf_access_id")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 40, pattern = "^[0-9*#+]+$", example = "0044207947")]
    pub dtmf_access_id: Option<String>,
}

/// List alternate devices
///
/// All alternate devices of the caller that the administrator lets him see, in Unity Connection's
/// order.
#[utoipa::path(
    get,
    path = "",
    tag = "Alternate devices",
    params(("userDefined" = Option<bool>, Query, nullable = false, description = "Only those that the caller defined (`true`), or only the administrator's (`false`).")),
    responses((status = 200, description = "The caller's devices.", body = AlternateDevices<'static>))
)]
pub async fn list_alternate_devices(call: Incoming) -> Response {
    let filter = flag_parameter(call.query(), USER_DEFINED_PARAMETER)?;
    let path = match filter {
        Some(flag) => format!("{COLLECTION}?{USER_DEFINED_PARAMETER}={flag}"),
        None => COLLECTION.to_owned(),
    };
    call.read(Read::new(path, translate_list)).await
}

/// Create an alternate device
///
/// Adds a device of the caller's own, of which Unity Connection allows at most five.
#[utoipa::path(
    post,
    path = "",
    tag = "Alternate devices",
    request_body = NewAlternateDevice,
    responses(
        (status = 201, description = "The device is created.", body = Created,
            headers(("Location" = String, description = "Where the device is found.")))
    )
)]
pub async fn create_alternate_device(
    call: Incoming,
    _query: NoQuery,
    JsonBody(device): JsonBody<NewAlternateDevice>,
) -> Response {
    let document = encode(device.display_name, Some(device.dtmf_access_id));
    let create = Call { body: document.into(), ..Call::new(Method::POST, COLLECTION) };
    Ok(written(call.write(Write::new(create, &REJECTED)).await?, PATH))
}

/// Get an alternate device
///
/// One alternate device of the caller.
#[utoipa::path(
    get,
    path = "/{objectId}",
    tag = "Alternate devices",
    params(("objectId" = ObjectId, Path, description = "The device's `objectId`, in any case.")),
    responses((status = 200, description = "The device.", body = AlternateDevice<'static>))
)]
pub async fn get_alternate_device(call: Incoming, PathId(id): PathId) -> Response {
    let read = Read::new(item(id), move |body| translate_item(body, id));
    call.read(Read { not_found: Some(&NOT_FOUND), ..read }).await
}

/// Update an alternate device
///
/// Changes the properties that are sent and leaves the others as they are. Only devices of the
/// caller's own can be changed.
#[utoipa::path(
    patch,
    path = "/{objectId}",
    tag = "Alternate devices",
    params(("objectId" = ObjectId, Path, description = "The device's `objectId`, in any case.")),
    request_body = AlternateDeviceChanges,
    responses((status = 204, description = "The device is changed."))
)]
pub async fn update_alternate_device(
    call: Incoming,
    PathId(id): PathId,
    JsonBody(changes): JsonBody<AlternateDeviceChanges>,
) -> Response {
    if changes.display_name.is_none() && changes.dtmf_access_id.is_none() {
        let sentence = "The body changes nothing. Send `displayName`, `dtmfAccessId` or both.";
        return Err(Error::InvalidBody(sentence.to_owned()));
    }
    let document = encode(changes.display_name, changes.dtmf_access_id);
    let update = Call { body: document.into(), ..Call::new(Method::PUT, item(id)) };
    let write = Write { not_found: Some(&NOT_FOUND), ..Write::new(update, &REJECTED) };
    Ok(written(call.write(write).await?, PATH))
}

/// Delete an alternate device
///
/// Deletes a device of the caller's own.
#[utoipa::path(
    delete,
    path = "/{objectId}",
    tag = "Alternate devices",
    params(("objectId" = ObjectId, Path, description = "The device's `objectId`, in any case.")),
    responses((status = 204, description = "The device is deleted."))
)]
pub async fn delete_alternate_device(call: Incoming, PathId(id): PathId) -> Response {
    let delete = Call::new(Method::DELETE, item(id));
    let write = Write { not_found: Some(&NOT_FOUND), ..Write::new(delete, &REJECTED) };
    Ok(written(call.write(write).await?, PATH))
}

/// Unity Connection's list into ours.
pub fn translate_list(body: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut list = xml::list(body, ROOT, ITEM)?;
    let mut items = Vec::new();
    while let Some(object) = list.advance()? {
        items.push(parse(object, None)?);
    }
    let list = AlternateDevices { total: items.len(), items };
    // CUPI's names and tags take more room than ours.
    Ok(json(&list, body.len()))
}

fn translate_item(body: &[u8], id: ObjectId) -> Result<Vec<u8>, Fault> {
    let item = parse(&xml::object(body, ITEM)?, Some(id))?;
    Ok(json(&item, body.len()))
}

fn parse<'a>(object: &Object<'a>, asked: Option<ObjectId>) -> Result<AlternateDevice<'a>, Fault> {
    let object_id = object.object_id(asked)?;
    Ok(AlternateDevice {
        object_id,
        uri: Link(PATH, object_id),
        display_name: object.optional(DISPLAY_NAME).cloned(),
        dtmf_access_id: object.text(DTMF_ACCESS_ID)?.clone(),
        user_defined: object.flag(USER_DEFINED)?,
    })
}

fn encode(display_name: Option<String>, dtmf_access_id: Option<String>) -> String {
    xml::write(ITEM, &[(DISPLAY_NAME, display_name), (DTMF_ACCESS_ID, dtmf_access_id)])
}

fn item(id: ObjectId) -> String {
    format!("{COLLECTION}/{id}")
}

fn display_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    const RULE: &str = "must be a string of 1 to 64 characters that XML can carry: no control \
                        characters. Leave it out to say nothing of it.";

    let fits = |text: &str| (1..=64).contains(&text.chars().count()) && xml::can_carry(text);
    checked_string(deserializer, RULE, fits).map(Some)
}

fn dtmf_access_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    const RULE: &str = "must be a string of 1 to 40 digits, `*`, `#` and `+`. Send such a one.";

    let fits = |text: &str| {
        let key = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'+');
        (1..=40).contains(&text.len()) && text.bytes().all(key)
    };
    checked_string(deserializer, RULE, fits)
}

fn optional_dtmf_access_id<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    dtmf_access_id(deserializer).map(Some)
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
