//! The class of service: what the administrator lets the caller do.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/class-of-service` | `GET /vmrest/user/cos` |
//!
//! Source: CUPI for End Users, "Class of Service".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::gateway::{Incoming, Response};
use crate::request::NoQuery;
use crate::request::route::resource;
use crate::table::Table;
use crate::table::property::Kind::{self, Flag, Number, OneOf, Text};
use crate::table::property::{Property, id, read};

use capabilities::{CAPABILITIES, EXTENSION_ACCESS};

pub mod capabilities;

/// The class of service.
pub static CLASS_OF_SERVICE: Table = Table {
    names: ["ClassOfService", ""],
    about: "What the administrator lets the caller do. `null`: this release or the caller's rights do not show it.",
    path: "/api/v1/class-of-service",
    upstream: "/vmrest/user/cos",
    elements: ["Cos", ""],
    properties: &[
        id("Identifies the class of service.", "00000064-0c05-4000-8000-000000000001"),
        read("DisplayName", Text(64), "Its name.", "All rights").required(),
        may("AccessFaxMail", "Whether faxes may be used."),
        may("AccessTts", "Whether mail may be read out on the phone."),
        may("CallHoldAvailable", "Whether call holding may be changed in transfer options."),
        may("CallScreenAvailable", "Whether call screening may be changed in transfer options."),
        may("CanRecordName", "Whether a voice name may be recorded."),
        may("ListInDirectoryStatus", "Whether the listing in the directory may be changed."),
        may("MovetoDeleteFolder", "Whether deleted messages go to a folder of their own.")
            .named("moveToDeleteFolder"),
        may("PersonalAdministrator", "Whether the Personal Communications Assistant may be used."),
        may("Undeletable", "Whether the class of service cannot be deleted."),
        may("CanSendToPublicDl", "Whether messages may be sent to distribution lists."),
        may("EnableEnhancedSecurity", "Whether sign-in on the phone needs a second factor."),
        may("AccessVmi", "Whether Visual Message Interface may be used."),
        may("AccessLiveReply", "Whether a message may be answered with a call to a user."),
        may("AccessCallRoutingRules", "Whether personal call transfer rules may be used."),
        may("SendBroadcastMessage", "Whether broadcast messages may be sent."),
        may("UpdateBroadcastMessage", "Whether broadcast messages may be changed."),
        may("AccessVui", "Whether the phone may be controlled by voice."),
        may("ImapCanFetchMessageBody", "Whether IMAP clients get the bodies of messages."),
        may(
            "ImapCanFetchPrivateMessageBody",
            "Whether IMAP clients get those of private ones too.",
        ),
        may("AccessIMAP", "Whether IMAP clients may be used.").named("accessImap"),
        may("ReadOnly", "Whether the class of service cannot be changed."),
        may("AccessAdvancedUserFeatures", "Whether the advanced features may be used."),
        may("AccessAdvancedUser", "Whether the advanced features are licensed."),
        may("AccessUnifiedClient", "Whether unified clients may be used."),
        may("AccessOutsideLiveReply", "Whether a message may be answered with an outside call."),
        may("AccessSTT", "Whether messages are transcribed.").named("accessStt"),
        may("AutoAlternateExtension", "Whether alternate extensions are added automatically."),
        may("EnableVideoMessaging", "Whether video messages may be used."),
        most("MaxGreetingLength", (1, 1200), "How long a greeting may be, in seconds.")
            .named("maxGreetingLengthSeconds"),
        most("MaxMsgLength", (1, 3600), "How long a message may be, in seconds.")
            .named("maxMsgLengthSeconds"),
        most("MaxNameLength", (1, 100), "How long a voice name may be, in seconds.")
            .named("maxNameLengthSeconds"),
        most("MaxPrivateDlists", (1, 99), "How many private lists there may be."),
        most("MaxMembersPVL", (1, 999), "How many members a private list may have.")
            .named("maxMembersPvl"),
        most(
            "WarnIntervalMsgEnd",
            (0, 30_000),
            "How long before a message's end a tone warns, in milliseconds.",
        )
        .named("warnIntervalMsgEndMilliseconds"),
        most(
            "WarnMinMsgLength",
            (0, 99_999),
            "How long a message must be for that tone, in milliseconds.",
        )
        .named("warnMinMsgLengthMilliseconds"),
        read(
            "UaAlternateExtensionAccess",
            OneOf(EXTENSION_ACCESS),
            "What may be done with alternate devices.",
            "3",
        ),
        read(
            "RequireSecureMessages",
            OneOf(SECURE),
            "Which messages are sent as secure ones.",
            "2",
        ),
        read(
            "EnableSTTSecureMessage",
            OneOf(TRANSCRIBE),
            "Whether secure messages are transcribed.",
            "0",
        )
        .named("enableSttSecureMessage"),
        read(
            "MessagePlaybackRestriction",
            OneOf(PLAYBACK),
            "Where messages may not be played.",
            "0",
        ),
        read(
            "SttType",
            OneOf(&[("standard", "1"), ("pro", "2")]),
            "How messages are transcribed.",
            "1",
        ),
        read(
            "",
            Kind::Own(&CAPABILITIES),
            "What a page may offer the caller, by the properties above.",
            "",
        )
        .named("capabilities")
        .required(),
    ],
    ..Table::NEW
};

const SECURE: &[(&str, &str)] = &[("always", "1"), ("never", "2"), ("ask", "3"), ("private", "4")];
const TRANSCRIBE: &[(&str, &str)] =
    &[("never", "0"), ("transcribe", "1"), ("transcribeAndNotify", "2")];
const PLAYBACK: &[(&str, &str)] = &[("none", "0"), ("computerOnly", "1"), ("phoneOnly", "2")];

const fn may(element: &'static str, about: &'static str) -> Property {
    read(element, Flag, about, "true")
}

const fn most(element: &'static str, (least, most): (i32, i32), about: &'static str) -> Property {
    read(element, Number(least, most), about, "25")
}

/// The class of service's part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(get_class_of_service),
    tags((name = "Class of service", description = "What the administrator lets the caller do."))
)]
pub struct Api;

/// Registers the class of service's route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(resource(CLASS_OF_SERVICE.path).get(get_class_of_service));
}

/// Get the class of service
///
/// What the administrator lets the caller do. `capabilities` says which controls a page may show.
#[utoipa::path(get, path = "", tag = "Class of service")]
pub async fn get_class_of_service(call: Incoming, _: NoQuery) -> Response {
    call.get(&CLASS_OF_SERVICE).await
}
