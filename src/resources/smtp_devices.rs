//! SMTP notification devices: plain mails, such as to a mobile phone's address, when a message comes.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/notification-devices/smtp` | `GET /vmrest/user/notificationdevices/smtpdevices` |
//! | `GET …/smtp/{objectId}` | `GET …/smtpdevices/{objectId}` |
//! | `PATCH …/smtp/{objectId}` | `PUT …/smtpdevices/{objectId}` |
//!
//! Source: CUPI for End Users, "Notification Devices".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::gateway::{Incoming, Response};
use crate::request::route::resource;
use crate::request::{JsonBody, NoQuery};
use crate::resources::notification_devices::{EVENTS, NOT_FOUND, REJECTED, check_address};
use crate::table::Table;
use crate::table::property::Kind::{Digits, Flag, MailAddress, Number, SomeOf, Text};
use crate::table::property::{id, read, uri, write};

/// An SMTP notification device.
pub static SMTP_DEVICE: Table = Table {
    names: ["SmtpDevice", "SmtpDevices"],
    about: "A device that sends plain mails. Lists leave out what only the device itself tells: it is `null` there.",
    path: "/api/v1/notification-devices/smtp/{objectId}",
    upstream: "/vmrest/user/notificationdevices/smtpdevices/{objectId}",
    elements: ["SmtpDevice", "SmtpDevices"],
    properties: &[
        id("Identifies the device.", "00000064-537d-4000-8000-000000000001"),
        uri("Where the device is found."),
        write(
            "Active",
            Flag,
            "Whether the device is used. It needs an `smtpAddress` first.",
            "false",
        )
        .required(),
        read("DisplayName", Text(64), "Its name for people.", "SMTP"),
        read("DeviceName", Text(64), "Its name in Unity Connection.", "SMTP"),
        write("SmtpAddress", MailAddress(320), "Where mails go.", "fung@example.net").clearable(),
        write(
            "PhoneNumber",
            Digits("0-9*#+,", 40),
            "The number that mails come from.",
            "0044207946",
        )
        .clearable(),
        write(
            "EventList",
            SomeOf(EVENTS, WRITABLE),
            "The events of which the device tells.",
            "NewVoiceMail",
        ),
        write("InitialDelay", Number(0, 120), "From the event to the first mail, in minutes.", "0")
            .named("initialDelayMinutes"),
        write("RepeatInterval", Number(0, 60), "From one mail to the next, in minutes.", "0")
            .named("repeatIntervalMinutes"),
        write(
            "RepeatNotify",
            Flag,
            "Whether mails are repeated while there are new messages.",
            "false",
        ),
        read("Undeletable", Flag, "Whether the device cannot be deleted.", "true"),
        write("HeaderText", Text(1024), "The text at the beginning of a mail.", "You have mail")
            .clearable(),
        write("StaticText", Text(1024), "The text in the middle of a mail.", "A message waits.")
            .clearable(),
        write("FooterText", Text(1024), "The text at the end of a mail.", "Call 4100.").clearable(),
        write("SendCount", Flag, "Whether a mail says how many messages there are.", "true"),
        write("SendCallerId", Flag, "Whether a mail says who called.", "true"),
        write("SendPcaLink", Flag, "Whether a mail has a link to the mailbox.", "false"),
        read("MaxBody", Number(0, 1_000_000), "How long a mail may be, in characters.", "0")
            .named("maxBodyCharacters"),
        read(
            "MaxSubject",
            Number(0, 4096),
            "How long a mail's subject may be, in characters.",
            "0",
        )
        .named("maxSubjectCharacters"),
        read("VoiceMessage", Flag, "Whether the device tells of voice messages.", "true"),
        read("UrgentOnly", Flag, "Whether the device tells of urgent messages only.", "false"),
    ],
    order: &[
        "PhoneNumber",
        "SendCount",
        "SmtpAddress",
        "StaticText",
        "Active",
        "SendCallerId",
        "SendPcaLink",
        "HeaderText",
        "FooterText",
        "EventList",
        "InitialDelay",
        "RepeatInterval",
        "RepeatNotify",
    ],
    rules: Some(check_address),
    not_found: Some(&NOT_FOUND),
    rejected: Some(&REJECTED),
    ..Table::NEW
};

/// All events but missed calls, of which only HTML devices tell.
const WRITABLE: &[&str] = &[
    "newVoiceMail",
    "newUrgentVoiceMail",
    "allMessage",
    "allUrgentMessage",
    "dispatchMessage",
    "urgentDispatchMessage",
    "newFax",
    "newUrgentFax",
    "calendarAppointment",
    "calendarMeeting",
];

/// The SMTP devices' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(paths(list_smtp_devices, get_smtp_device, update_smtp_device))]
pub struct Api;

/// Registers the SMTP devices' routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(SMTP_DEVICE.collection()).get(list_smtp_devices))
        .service(resource(SMTP_DEVICE.path).get(get_smtp_device).patch(update_smtp_device));
}

/// List SMTP devices
///
/// All SMTP notification devices of the caller. Unity Connection's list leaves out events, delays
/// and more: read a device before you show a form.
#[utoipa::path(get, path = "", tag = "Notification devices")]
pub async fn list_smtp_devices(call: Incoming, _: NoQuery) -> Response {
    call.list(&SMTP_DEVICE, None).await
}

/// Get an SMTP device
///
/// One SMTP notification device of the caller.
#[utoipa::path(get, path = "/{objectId}", tag = "Notification devices")]
pub async fn get_smtp_device(call: Incoming, _: NoQuery) -> Response {
    call.get(&SMTP_DEVICE).await
}

/// Update an SMTP device
///
/// Changes the properties that are sent and leaves the others as they are.
#[utoipa::path(patch, path = "/{objectId}", tag = "Notification devices")]
pub async fn update_smtp_device(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.update(&SMTP_DEVICE, body).await
}
