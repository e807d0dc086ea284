//! What HTML and SMTP notification devices have in common: the words for events, and what is refused.
//!
//! Source: CUPI for End Users, "Notification Devices".

use crate::error::{Error, Refusal};
use crate::table::body::{Body, Value};
use crate::table::{Elements, Word, refuse};

/// Events of which a device can tell.
pub const EVENTS: &[Word] = &[
    ("newVoiceMail", "NewVoiceMail"),
    ("newUrgentVoiceMail", "NewUrgentVoiceMail"),
    ("newMissedCall", "NewMissedCall"),
    ("allMessage", "AllMessage"),
    ("allUrgentMessage", "AllUrgentMessage"),
    ("dispatchMessage", "DispatchMessage"),
    ("urgentDispatchMessage", "UrgentDispatchMessage"),
    ("newFax", "NewFax"),
    ("newUrgentFax", "NewUrgentFax"),
    ("calendarAppointment", "CalendarAppointment"),
    ("calendarMeeting", "CalendarMeeting"),
];

/// A device that is switched on needs its address. Nothing is known of it where the body does not have it: then Unity
/// Connection decides.
pub fn check_address(body: &Body, _: &mut Elements) -> Result<(), Error> {
    let active = body.get("active").and_then(Value::flag) == Some(true);
    if active && body.get("smtpAddress").is_some_and(Value::is_null) {
        return Err(refuse(
            "smtpAddress",
            "must be a mail address beside `active: true`. Send one.",
        ));
    }
    Ok(())
}

/// What a 404 means.
pub static NOT_FOUND: Refusal = Refusal::new(
    404,
    "notification_device_not_found",
    "No such notification device",
    "The caller has no such notification device with this id. Use an `objectId` of the caller's own list.",
);

/// What a refused change means.
pub static REJECTED: Refusal = Refusal::new(
    422,
    "notification_device_rejected",
    "Notification device rejected",
    "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; a device that is \
     switched on without an address is a usual cause.",
);
