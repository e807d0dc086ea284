//! The system configuration: settings of the server that matter to every user.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/system-configuration` | `GET /vmrest/systemconfiguration` |
//!
//! Source: CUPI for End Users, "System Configuration".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::gateway::{Incoming, Response};
use crate::request::NoQuery;
use crate::request::route::resource;
use crate::table::Table;
use crate::table::property::Kind::{Flag, Number};
use crate::table::property::read;
use crate::xml::{Fault, Object};

/// The system configuration.
pub static SYSTEM_CONFIGURATION: Table = Table {
    names: ["SystemConfiguration", ""],
    about: "Settings of the server that matter to every user.",
    path: "/api/v1/system-configuration",
    upstream: "/vmrest/systemconfiguration",
    elements: ["SystemConfiguration", ""],
    properties: &[
        read(ELEMENTS[0], Flag, "Whether secure messages are marked in their headers.", "true"),
        read(
            ELEMENTS[1],
            Flag,
            "Whether attachments of secure messages can be downloaded.",
            "false",
        ),
        read(
            ELEMENTS[2],
            Number(0, 3_600_000),
            "How long a recording may be, in milliseconds.",
            "1200000",
        )
        .named("recordingMaxLengthMilliseconds"),
        read(ELEMENTS[3], Flag, "Whether voice messages cannot be copied.", "false"),
        read(
            ELEMENTS[4],
            Number(0, 2),
            "Whether a deletion is to be confirmed. The guide does not say what 0, 1 and 2 mean.",
            "1",
        ),
    ],
    check: Some(is_known),
    ..Table::NEW
};

const ELEMENTS: [&str; 5] = [
    "SecureMessageHeaders",
    "SecureMessageAttachmentDownload",
    "RecordingMaxLength",
    "DisableCopyVoiceMessage",
    "ConfirmDeleteMessage",
];

/// The system configuration's part of the document.
#[derive(Debug, OpenApi)]
#[openapi(paths(get_system_configuration))]
pub struct Api;

/// Registers the system configuration's route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(resource(SYSTEM_CONFIGURATION.path).get(get_system_configuration));
}

/// Get the system configuration
///
/// Settings of the server that matter to every user. Only administrators can change them.
#[utoipa::path(get, path = "", tag = "Server")]
pub async fn get_system_configuration(call: Incoming, _: NoQuery) -> Response {
    call.get(&SYSTEM_CONFIGURATION).await
}

/// No element is required alone, but a document without any of them is another one.
fn is_known(configuration: &Object<'_>) -> Result<(), Fault> {
    let [first, ..] = ELEMENTS;
    let mut known = ELEMENTS.iter().filter_map(|element| configuration.optional(element));
    known.next().map(|_| ()).ok_or(Fault::Missing(first))
}
