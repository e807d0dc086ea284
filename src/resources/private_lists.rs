//! Private lists: the caller's own distribution lists.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/private-lists` | `GET /vmrest/user/privatelists` |
//! | `POST /api/v1/private-lists` | `POST …/privatelists` |
//! | `GET /api/v1/private-lists/{objectId}` | `GET …/privatelists/{objectId}` |
//! | `PATCH /api/v1/private-lists/{objectId}` | `PUT …/privatelists/{objectId}` |
//! | `DELETE /api/v1/private-lists/{objectId}` | `DELETE …/privatelists/{objectId}` |
//! | `GET /api/v1/private-lists/{objectId}/voice-name` | `GET …/privatelists/{objectId}/voicename` |
//! | `PUT /api/v1/private-lists/{objectId}/voice-name` | `PUT …/privatelists/{objectId}/voicename` |
//!
//! Source: CUPI for End Users, "Private Lists".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::Refusal;
use crate::gateway::{Incoming, Response};
use crate::request::route::resource;
use crate::request::upload::Upload;
use crate::request::{JsonBody, NoQuery};
use crate::table::Table;
use crate::table::property::Kind::{Number, Text};
use crate::table::property::{id, link, uri, write};

/// A private list.
pub static PRIVATE_LIST: Table = Table {
    names: ["PrivateList", "PrivateLists"],
    about: "A distribution list of the caller.",
    path: "/api/v1/private-lists/{objectId}",
    upstream: "/vmrest/user/privatelists/{objectId}",
    elements: ["PrivateList", "PrivateLists"],
    properties: &[
        id("Identifies the list.", "00000064-115a-4000-8000-000000000001"),
        uri("Where the list is found."),
        write("DisplayName", Text(64), "Its name. No two lists of a caller have the same.", "Night shift")
            .required()
            .needed_to_create()
            .created("Early shift"),
        write(
            "NumericId",
            Number(1, 99),
            "Its number on the phone. No two lists of a caller have the same. Left out when a list is created, Unity \
             Connection chooses one.",
            "1",
        )
        .created("12"),
        link("membersUri", "/members", "Where its members are found."),
        link("voiceNameUri", "/voice-name", "Where its recorded name is found."),
    ],
    not_found: Some(&NOT_FOUND),
    rejected: Some(&REJECTED),
    second_example: Some("00000064-115a-4000-8000-000000000002"),
    ..Table::NEW
};

/// The recorded name of a private list.
pub static PRIVATE_LIST_VOICE_NAME: Table = Table {
    names: ["PrivateListVoiceName", ""],
    about: "The list's recorded name.",
    path: "/api/v1/private-lists/{objectId}/voice-name",
    upstream: "/vmrest/user/privatelists/{objectId}/voicename",
    is_audio: true,
    parent_not_found: Some(&NOT_FOUND),
    ..Table::NEW
};

/// The private lists' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        list_private_lists,
        create_private_list,
        get_private_list,
        update_private_list,
        delete_private_list,
        get_private_list_voice_name,
        set_private_list_voice_name
    ),
    tags((name = "Private lists", description = "Distribution lists of the caller's own, to send one message to many."))
)]
pub struct Api;

/// Registers the private lists' routes.
pub fn routes(config: &mut ServiceConfig) {
    let list = resource(PRIVATE_LIST.collection());
    let one = resource(PRIVATE_LIST.path);
    let voice_name = resource(PRIVATE_LIST_VOICE_NAME.path);
    config
        .service(list.get(list_private_lists).post(create_private_list))
        .service(one.get(get_private_list).patch(update_private_list).delete(delete_private_list))
        .service(voice_name.get(get_private_list_voice_name).put(set_private_list_voice_name));
}

/// List private lists
///
/// All private lists of the caller, in Unity Connection's order.
#[utoipa::path(get, path = "", tag = "Private lists")]
pub async fn list_private_lists(call: Incoming, _: NoQuery) -> Response {
    call.list(&PRIVATE_LIST, None).await
}

/// Create a private list
///
/// Adds an empty list. The caller's class of service says how many there may be.
#[utoipa::path(post, path = "", tag = "Private lists")]
pub async fn create_private_list(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.create(&PRIVATE_LIST, body).await
}

/// Get a private list
///
/// One private list of the caller.
#[utoipa::path(get, path = "/{objectId}", tag = "Private lists")]
pub async fn get_private_list(call: Incoming, _: NoQuery) -> Response {
    call.get(&PRIVATE_LIST).await
}

/// Update a private list
///
/// Changes the properties that are sent and leaves the others as they are.
#[utoipa::path(patch, path = "/{objectId}", tag = "Private lists")]
pub async fn update_private_list(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.update(&PRIVATE_LIST, body).await
}

/// Delete a private list
///
/// Deletes a list with its members and its recorded name.
#[utoipa::path(delete, path = "/{objectId}", tag = "Private lists")]
pub async fn delete_private_list(call: Incoming, _: NoQuery) -> Response {
    call.delete(&PRIVATE_LIST).await
}

/// Get a private list's voice name
///
/// The list's recorded name.
#[utoipa::path(get, path = "/{objectId}/voice-name", tag = "Private lists")]
pub async fn get_private_list_voice_name(call: Incoming, _: NoQuery) -> Response {
    call.get_recording(&PRIVATE_LIST_VOICE_NAME).await
}

/// Set a private list's voice name
///
/// Replaces the list's recorded name.
#[utoipa::path(put, path = "/{objectId}/voice-name", tag = "Private lists")]
pub async fn set_private_list_voice_name(call: Incoming, _: NoQuery, upload: Upload) -> Response {
    call.set_recording(&PRIVATE_LIST_VOICE_NAME, upload).await
}

static NOT_FOUND: Refusal = Refusal::new(
    404,
    "private_list_not_found",
    "No such private list",
    "The caller has no private list with this id. Use an `objectId` of the caller's own list.",
);

static REJECTED: Refusal = Refusal::new(
    422,
    "private_list_rejected",
    "Private list rejected",
    "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; a name or number that \
     another list has and more lists than the class of service allows are usual causes.",
);
