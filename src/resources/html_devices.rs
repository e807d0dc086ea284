//! HTML notification devices: mails with links and pictures when a message comes, or at times of the day.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/notification-devices/html` | `GET /vmrest/user/notificationdevices/htmldevices` |
//! | `GET …/html/{objectId}` | `GET …/htmldevices/{objectId}` |
//! | `PATCH …/html/{objectId}` | `PUT …/htmldevices/{objectId}` |
//!
//! Source: CUPI for End Users, "HTML Notification Devices".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::Error;
use crate::gateway::{Incoming, Response};
use crate::request::route::resource;
use crate::request::{JsonBody, NoQuery};
use crate::resources::notification_devices::{EVENTS, NOT_FOUND, REJECTED, check_address};
use crate::table::body::{Body, Value};
use crate::table::property::Kind::{self, Digits, Flag, Id, MailAddress, Number, SomeOf, Text};
use crate::table::property::{id, read, uri, write};
use crate::table::{Elements, Table, refuse};

use times::TIMES;

pub mod times;

/// An HTML notification device.
pub static HTML_DEVICE: Table = Table {
    names: ["HtmlDevice", "HtmlDevices"],
    about: "A device that sends mails with links and pictures. Lists leave out what only the device itself tells: it is \
            `null` there.",
    path: "/api/v1/notification-devices/html/{objectId}",
    upstream: "/vmrest/user/notificationdevices/htmldevices/{objectId}",
    elements: ["HtmlDevice", "HtmlDevices"],
    properties: &[
        id("Identifies the device.", "00000064-471d-4000-8000-000000000001"),
        uri("Where the device is found."),
        write("Active", Flag, "Whether the device is used. It needs an `smtpAddress` first.", "true").required(),
        read("DisplayName", Text(64), "Its name for people.", "HTML"),
        read("DeviceName", Text(64), "Its name in Unity Connection.", "HTML"),
        write("SmtpAddress", MailAddress(320), "Where mails go.", "fung@example.net").clearable(),
        write("PhoneNumber", Digits("0-9*#+,", 40), "The number that the mail offers to call.", "0044207946")
            .clearable(),
        write(
            "EventList",
            SomeOf(EVENTS, &["newVoiceMail", "newUrgentVoiceMail", NEW_MISSED_CALL]),
            "The events of which the device tells. `newMissedCall` stands alone.",
            "NewVoiceMail,NewUrgentVoiceMail",
        ),
        write("InitialDelay", Number(0, 120), "From the event to the first mail, in minutes.", "0")
            .named("initialDelayMinutes"),
        write("RepeatInterval", Number(0, 60), "From one mail to the next, in minutes.", "0")
            .named("repeatIntervalMinutes"),
        write("RepeatNotify", Flag, "Whether mails are repeated while there are new messages.", "false"),
        read("Undeletable", Flag, "Whether the device cannot be deleted.", "true"),
        write(
            "NotificationTemplateID",
            Id,
            "Identifies the template of the mails. It can be changed where `disableTemplateSelectionFromPca` is false.",
            "00000000-7e3a-4000-8000-000000000001",
        )
        .named("notificationTemplateId"),
        write("MessageCountInSummary", Number(1, 999), "How many messages a summary names.", "10"),
        write(
            "SendScheduledNotificationAt",
            Kind::Own(&TIMES),
            "The times of the day at which a summary is sent, in the mailbox's local time: `HH:MM`, up to 96. A change \
             replaces all.",
            "09:00,17:30",
        ),
        read("CallbackNumber", Text(40), "The number that calls Unity Connection back.", "4999"),
        read("DisableMobileNumberFromPCA", Flag, "Whether the mobile number cannot be changed.", "false")
            .named("disableMobileNumberFromPca"),
        read("DisableTemplateSelectionFromPCA", Flag, "Whether the template cannot be changed.", "false")
            .named("disableTemplateSelectionFromPca"),
        read("AllowVoiceMailAsAttachment", Flag, "Whether mails carry the voice message.", "false"),
    ],
    order: &[
        "Active",
        "NotificationTemplateID",
        "PhoneNumber",
        "SmtpAddress",
        "MessageCountInSummary",
        "EventList",
        "InitialDelay",
        "RepeatInterval",
        "RepeatNotify",
        "SendScheduledNotificationAt",
    ],
    rules: Some(check),
    not_found: Some(&NOT_FOUND),
    rejected: Some(&REJECTED),
    ..Table::NEW
};

const NEW_MISSED_CALL: &str = "newMissedCall";

/// The HTML devices' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(list_html_devices, get_html_device, update_html_device),
    tags((name = "Notification devices", description = "Mails that Unity Connection sends when a message comes."))
)]
pub struct Api;

/// Registers the HTML devices' routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(HTML_DEVICE.collection()).get(list_html_devices))
        .service(resource(HTML_DEVICE.path).get(get_html_device).patch(update_html_device));
}

/// List HTML devices
///
/// All HTML notification devices of the caller. Unity Connection's list leaves out events, delays
/// and more: read a device before you show a form.
#[utoipa::path(get, path = "", tag = "Notification devices")]
pub async fn list_html_devices(call: Incoming, _: NoQuery) -> Response {
    call.list(&HTML_DEVICE, None).await
}

/// Get an HTML device
///
/// One HTML notification device of the caller.
#[utoipa::path(get, path = "/{objectId}", tag = "Notification devices")]
pub async fn get_html_device(call: Incoming, _: NoQuery) -> Response {
    call.get(&HTML_DEVICE).await
}

/// Update an HTML device
///
/// Changes the properties that are sent and leaves the others as they are.
#[utoipa::path(patch, path = "/{objectId}", tag = "Notification devices")]
pub async fn update_html_device(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.update(&HTML_DEVICE, body).await
}

fn check(body: &Body, elements: &mut Elements) -> Result<(), Error> {
    let events = body.get("eventList").and_then(Value::texts).unwrap_or_default();
    if events.len() > 1 && events.contains(&NEW_MISSED_CALL) {
        let rule = "must hold `newMissedCall` alone. Send it alone, or leave it out.";
        return Err(refuse("eventList", rule));
    }
    check_address(body, elements)
}
