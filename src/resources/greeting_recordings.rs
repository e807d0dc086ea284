//! Recordings of a greeting, one for each language.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/greetings/{greetingType}/recordings` | `GET /vmrest/user/greetings/{type}/greetingstreamfiles` |
//! | `GET …/recordings/{languageCode}` | `GET …/greetingstreamfiles/{languageCode}` |
//! | `PUT …/recordings/{languageCode}` | `PUT …/greetingstreamfiles/{languageCode}` |
//!
//! Source: CUPI for End Users, "Greetings".

use actix_web::web::ServiceConfig;
use serde_json::Value;
use utoipa::OpenApi;
use utoipa::openapi::schema::Type;

use crate::gateway::{Incoming, Response};
use crate::request::NoQuery;
use crate::request::route::resource;
use crate::request::upload::Upload;
use crate::resources::greeting_types::{NOT_FOUND, TYPES};
use crate::table::Table;
use crate::table::property::Kind;
use crate::table::property::{Own, read, read_only, uri};
use crate::table::schema::row::typed;
use crate::xml::{Fault, Object};

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

/// The recordings' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_greeting_recordings, get_greeting_recording, set_greeting_recording))]
pub struct Api;

/// Registers the recordings' routes.
pub fn routes(config: &mut ServiceConfig) {
    let one = resource(&GREETING_RECORDING.route());
    config
        .service(resource(&GREETING_RECORDING.list_route()).get(list_greeting_recordings))
        .service(one.get(get_greeting_recording).put(set_greeting_recording));
}

/// List a greeting's recordings
///
/// The languages in which the greeting is recorded; none where nothing is.
#[utoipa::path(get, path = "", tag = "Greetings")]
pub async fn list_greeting_recordings(call: Incoming, _: NoQuery) -> Response {
    call.list(&GREETING_RECORDING, None).await
}

/// Get a greeting's recording
///
/// The recording in one language.
#[utoipa::path(get, path = "/{languageCode}", tag = "Greetings")]
pub async fn get_greeting_recording(call: Incoming, _: NoQuery) -> Response {
    call.get_recording(&GREETING_RECORDING).await
}

/// Set a greeting's recording
///
/// Makes or replaces the recording in one language, which must be installed. Callers hear it where
/// the greeting's `playWhat` is `recorded`: an upload does not change that.
#[utoipa::path(put, path = "/{languageCode}", tag = "Greetings")]
pub async fn set_greeting_recording(call: Incoming, _: NoQuery, upload: Upload) -> Response {
    call.set_recording(&GREETING_RECORDING, upload).await
}

static LANGUAGE_CODE: Own = Own {
    elements: &["URI"],
    read: |file| language(file).map(Value::from),
    write: read_only,
    schema: || {
        let mut schema = typed(Type::Integer, None);
        (schema.minimum, schema.maximum) = (Some(1.into()), Some(65_535.into()));
        schema.into()
    },
};

static LANGUAGE_TAG: Own = Own {
    elements: &["URI"],
    read: |file| Ok(tag(language(file)?).map_or(Value::Null, Value::from)),
    write: read_only,
    schema: || typed(Type::String, None).into(),
};

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
