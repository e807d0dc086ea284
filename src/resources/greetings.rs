//! Greetings: what callers hear, one for each occasion; and its recordings, one for each language.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/greetings` | a `GET` for each type, one after the other |
//! | `GET /api/v1/greetings/{greetingType}` | `GET /vmrest/user/greetings/{type}` |
//! | `PATCH /api/v1/greetings/{greetingType}` | `PUT …/greetings/{type}` |
//! | `GET /api/v1/greetings/{greetingType}/recordings` | `GET …/greetings/{type}/greetingstreamfiles` |
//! | `GET /api/v1/greetings/{greetingType}/recordings/{languageCode}` | `GET …/greetingstreamfiles/{languageCode}` |
//! | `PUT /api/v1/greetings/{greetingType}/recordings/{languageCode}` | `PUT …/greetingstreamfiles/{languageCode}` |
//!
//! Source: CUPI for End Users, "Greetings" and "Enabling Greetings".

use actix_web::web::{self, ServiceConfig};
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::error::Refusal;
use crate::gateway::{Incoming, Response};
use crate::request::upload::Upload;
use crate::request::{JsonBody, NoQuery};
use crate::table::property::Kind::{self, Flag, OneOf};
use crate::table::property::{
    Own, enabled, enabled_until, kind, link, read, read_only, uri, write,
};
use crate::table::{Table, Word};
use crate::xml::{Fault, Object};

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

/// A recording of a greeting, in one language.
pub static GREETING_RECORDING: Table = Table {
    names: ["GreetingRecording", "GreetingRecordings"],
    about: "A recording of a greeting, in one language.",
    path: "/api/v1/greetings/{greetingType}/recordings/{languageCode}",
    upstream: "/vmrest/user/greetings/{greetingType}/greetingstreamfiles/{languageCode}",
    elements: ["GreetingStreamFile", "GreetingStreamFiles"],
    properties: &[
        read(
            "LanguageCode",
            Kind::Own(&LANGUAGE_CODE),
            "The Windows LCID of its language.",
            "1033",
        )
        .required(),
        read(
            "LanguageCode",
            Kind::Own(&LANGUAGE_TAG),
            "The same as a BCP 47 tag, where it is known.",
            "1033",
        )
        .named("languageTag"),
        uri("Where the recording is found."),
    ],
    types: TYPES,
    is_audio: true,
    parent_not_found: Some(&NOT_FOUND),
    ..Table::NEW
};

/// Our types, in the order of the list, and CUPI's.
const TYPES: &[Word] = &[
    ("standard", "Standard"),
    ("alternate", "Alternate"),
    ("busy", "Busy"),
    ("internal", "Internal"),
    ("off-hours", "Off Hours"),
    ("holiday", "Holiday"),
    ("error", "Error"),
];

/// The greetings' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(
        list_greetings,
        get_greeting,
        update_greeting,
        list_greeting_recordings,
        get_greeting_recording,
        set_greeting_recording
    ),
    tags((name = "Greetings", description = "What callers hear, one greeting for each occasion. Where several are \
        enabled, `alternate` wins over all others; `holiday` over all but `alternate`; `busy` over `internal`, `off-hours` \
        and `standard`; `internal` over `off-hours` and `standard`; `off-hours` over `standard`."))
)]
pub struct Api;

/// Registers the greetings' routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource(GREETING.collection()).get(list_greetings))
        .service(web::resource(GREETING.route()).get(get_greeting).patch(update_greeting))
        .service(web::resource(GREETING_RECORDING.list_route()).get(list_greeting_recordings))
        .service(
            web::resource(GREETING_RECORDING.route())
                .get(get_greeting_recording)
                .put(set_greeting_recording),
        );
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

/// List a greeting's recordings
///
/// The languages in which the greeting is recorded; none where nothing is.
#[utoipa::path(get, path = "/{greetingType}/recordings", tag = "Greetings")]
pub async fn list_greeting_recordings(call: Incoming, _: NoQuery) -> Response {
    call.list(&GREETING_RECORDING, None).await
}

/// Get a greeting's recording
///
/// The recording in one language.
#[utoipa::path(get, path = "/{greetingType}/recordings/{languageCode}", tag = "Greetings")]
pub async fn get_greeting_recording(call: Incoming, _: NoQuery) -> Response {
    call.get_recording(&GREETING_RECORDING).await
}

/// Set a greeting's recording
///
/// Makes or replaces the recording in one language, which must be installed. Callers hear it where
/// the greeting's `playWhat` is `recorded`: an upload does not change that.
#[utoipa::path(put, path = "/{greetingType}/recordings/{languageCode}", tag = "Greetings")]
pub async fn set_greeting_recording(call: Incoming, _: NoQuery, upload: Upload) -> Response {
    call.set_recording(&GREETING_RECORDING, upload).await
}

static LANGUAGE_CODE: Own = Own {
    elements: &["URI"],
    read: |file| language(file).map(Value::from),
    write: read_only,
    schema: || integer(1, 65_535),
};

static LANGUAGE_TAG: Own = Own {
    elements: &["URI"],
    read: |file| Ok(tag(language(file)?).map_or(Value::Null, Value::from)),
    write: read_only,
    schema: || RefOr::T(ObjectBuilder::new().schema_type(Type::String).build().into()),
};

fn integer(minimum: i32, maximum: i32) -> RefOr<Schema> {
    let schema = ObjectBuilder::new().schema_type(Type::Integer);
    RefOr::T(schema.minimum(Some(minimum)).maximum(Some(maximum)).build().into())
}

/// The language of a recording: its `LanguageCode`, else the last part of its `URI` that is all digits. The guide's
/// administrators have `/audio` behind it.
fn language(file: &Object<'_>) -> Result<u16, Fault> {
    const ELEMENT: &str = "LanguageCode";

    let code = file.optional(ELEMENT).filter(|code| !code.is_empty()).map(AsRef::as_ref);
    let digits = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let in_uri = || file.optional("URI").and_then(|uri| uri.rsplit('/').find(digits));
    let code = code.or_else(in_uri).ok_or(Fault::Missing(ELEMENT))?;
    code.parse().ok().filter(|code| *code > 0).ok_or(Fault::NotANumber(ELEMENT))
}

/// The tag of a Windows LCID (MS-LCID).
fn tag(code: u16) -> Option<&'static str> {
    Some(match code {
        1025 => "ar-SA",
        1027 => "ca-ES",
        1028 => "zh-TW",
        1029 => "cs-CZ",
        1030 => "da-DK",
        1031 => "de-DE",
        1032 => "el-GR",
        1033 => "en-US",
        1034 | 3082 => "es-ES",
        1035 => "fi-FI",
        1036 => "fr-FR",
        1037 => "he-IL",
        1038 => "hu-HU",
        1040 => "it-IT",
        1041 => "ja-JP",
        1042 => "ko-KR",
        1043 => "nl-NL",
        1044 => "nb-NO",
        1045 => "pl-PL",
        1046 => "pt-BR",
        1049 => "ru-RU",
        1053 => "sv-SE",
        1055 => "tr-TR",
        2052 => "zh-CN",
        2057 => "en-GB",
        2058 => "es-MX",
        2070 => "pt-PT",
        3076 => "zh-HK",
        3081 => "en-AU",
        3084 => "fr-CA",
        5129 => "en-NZ",
        _ => return None,
    })
}

static NOT_FOUND: Refusal = Refusal::new(
    404,
    "greeting_not_found",
    "No such greeting",
    "Unity Connection has no such greeting for the caller. Mostly the caller has no mailbox: ask the administrator.",
);

static REJECTED: Refusal = Refusal::new(
    422,
    "greeting_rejected",
    "Greeting rejected",
    "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; the `error` greeting, \
     which cannot be disabled, is a usual cause.",
);
