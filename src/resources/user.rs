//! The user: who the caller is in the directory, and whether others find the caller there.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/user` | `GET /vmrest/user` |
//! | `PATCH /api/v1/user` | `PUT /vmrest/user/{id}`, after a look-up of the id |
//! | `GET /api/v1/user/voice-name` | `GET /vmrest/user/voicename` |
//! | `PUT /api/v1/user/voice-name` | `PUT /vmrest/user/voicename` |
//!
//! CUPI documents the PUT with the user's id, and no GET of the user tells it. Each notification device tells it as its
//! `SubscriberObjectId`, so a PATCH reads those first, in the same turn. `upstream.user_update` = `without-id` leaves both
//! the look-up and the id out.
//!
//! Source: CUPI for End Users, "User", "Voice Name" and "Notification Devices".

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::config::UserUpdate;
use crate::error::{Error, Refusal};
use crate::gateway::verbs::write_one;
use crate::gateway::{Call, Incoming, Read, Response, Turn};
use crate::object_id::ObjectId;
use crate::request::route::resource;
use crate::request::upload::Upload;
use crate::request::{JsonBody, NoQuery};
use crate::table::Table;
use crate::table::property::Kind::{self, Digits, Flag, Text};
use crate::table::property::{link, read, write};
use crate::table::write::Purpose;
use crate::xml::{self, Fault, Object};

/// The caller as a user of Unity Connection.
pub static USER: Table = Table {
    names: ["User", ""],
    about: "The caller as a user of Unity Connection.",
    path: "/api/v1/user",
    upstream: "/vmrest/user",
    elements: ["User", ""],
    properties: &[
        read("Alias", Text(64), "The name that the caller signs in with.", "fung").required(),
        read("DisplayName", Text(64), "The caller's name for people.", "Fung Lee"),
        read("FirstName", Text(64), "The caller's first name.", "Fung"),
        read("LastName", Text(64), "The caller's last name.", "Lee"),
        read(
            "DtmfAccessId",
            EXTENSION,
            "The caller's extension. Zeros at its beginning count.",
            "4100",
        ),
        read(
            "SmtpAddress",
            Text(320),
            "The mail address of the voice mailbox.",
            "fung@cuc.example.com",
        ),
        read("EmailAddress", Text(320), "The caller's own mail address.", "fung@example.com"),
        write(
            "ListInDirectory",
            Flag,
            "Whether callers find this user in the spoken directory.",
            "true",
        )
        .required(),
        link("voiceNameUri", "/voice-name", "Where the recorded name is found."),
    ],
    rejected: Some(&REJECTED),
    ..Table::NEW
};

/// The recorded name of the caller.
pub static VOICE_NAME: Table = Table {
    names: ["VoiceName", ""],
    about: "The caller's recorded name.",
    path: "/api/v1/user/voice-name",
    upstream: "/vmrest/user/voicename",
    is_audio: true,
    ..Table::NEW
};

/// The extension of a user.
const EXTENSION: Kind = Digits("0-9*#+", 40);

/// The user's part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(get_user, update_user, get_voice_name, set_voice_name),
    tags((name = "User", description = "Who the caller is, the recorded name, and the PIN of the phone."))
)]
pub struct Api;

/// Registers the user's routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(USER.path).get(get_user).patch(update_user))
        .service(resource(VOICE_NAME.path).get(get_voice_name).put(set_voice_name));
}

/// Get the user
///
/// The caller as a user of Unity Connection.
#[utoipa::path(get, path = "", tag = "User")]
pub async fn get_user(call: Incoming, _: NoQuery) -> Response {
    call.get(&USER).await
}

/// Update the user
///
/// Lists the caller in the directory, or ends that. Unity Connection lets users change nothing
/// else of this.
#[utoipa::path(patch, path = "", tag = "User")]
pub async fn update_user(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    let document = call.document(&USER, Purpose::Change, &body)?;
    let with_id = call.settings().user_update == UserUpdate::WithId;
    let current = call.current(&USER);
    let update = async move |turn: &mut Turn| {
        let path = if with_id {
            format!("{}/{}", USER.upstream, find_id(turn).await?)
        } else {
            USER.upstream.to_owned()
        };
        let call = Call { body: document.into(), ..Call::new(Method::PUT, path) };
        let result = write_one(&USER, call).ask(turn).await;
        if let Err(Error::UpstreamError(told)) = &result
            && matches!(told.status, 404 | 405)
        {
            tracing::warn!(
                status = told.status,
                "Unity Connection does not take the user's PUT at this path: try the other value of upstream.user_update"
            );
        }
        result
    };
    call.change(current, update).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Get the voice name
///
/// The caller's recorded name. Where none is recorded, Unity Connection says the name in its own
/// voice.
#[utoipa::path(get, path = "/voice-name", tag = "User")]
pub async fn get_voice_name(call: Incoming, _: NoQuery) -> Response {
    call.get_recording(&VOICE_NAME).await
}

/// Set the voice name
///
/// Replaces the caller's recorded name. The class of service says whether the caller may, and how
/// long it can be.
#[utoipa::path(put, path = "/voice-name", tag = "User")]
pub async fn set_voice_name(call: Incoming, _: NoQuery, upload: Upload) -> Response {
    call.set_recording(&VOICE_NAME, upload).await
}

/// The collections whose objects tell the user's id, in the order in which they are read, and their elements.
const DEVICES: [(&str, [&str; 2]); 2] = [
    ("/vmrest/user/notificationdevices/smtpdevices", ["SmtpDevice", "SmtpDevices"]),
    ("/vmrest/user/notificationdevices/htmldevices", ["HtmlDevice", "HtmlDevices"]),
];

/// The user's id, which Unity Connection tells with each notification device.
async fn find_id(turn: &mut Turn) -> Result<String, Error> {
    for (path, elements) in DEVICES {
        let read = Read::new(path, move |body| find_subscriber(body, elements));
        let id = read.ask(turn).await?;
        if let Some(id) = std::str::from_utf8(&id).ok().and_then(ObjectId::parse) {
            return Ok(id.to_string());
        }
    }
    Err(Error::UpstreamInvalidResponse {
        reason: "it does not tell the user's id".into(),
        answer: None,
    })
}

/// The first `SubscriberObjectId` in a list that is a UUID; nothing where there is none.
fn find_subscriber(body: &[u8], elements: [&'static str; 2]) -> Result<Vec<u8>, Fault> {
    const ELEMENT: &str = "SubscriberObjectId";

    let mut list = xml::list(body, elements, Object::new(vec![ELEMENT]))?;
    let mut found = None;
    while let Some(device) = list.advance()? {
        let id = device.optional(ELEMENT).and_then(|id| ObjectId::parse(id));
        found = found.or(id);
    }
    Ok(found.map(|id| id.to_string().into_bytes()).unwrap_or_default())
}

static REJECTED: Refusal = Refusal::new(
    422,
    "user_rejected",
    "User rejected",
    "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`.",
);
