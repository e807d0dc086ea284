//! The elements of notification devices, as the guide's samples print them: lists tell less than a single device.

use super::collection::Kind::{Digits, Events, Flag, Hours, Id, Number, Text, Uri};
use super::collection::Shown::Alone;
use super::collection::{Element, Kind, read, write};

/// The elements of `HtmlDevice`.
pub const HTML: &[Element] = &[
    read("URI", Uri("/vmrest/user/notificationdevices/htmldevices/{ObjectId}")),
    write("Active", Flag),
    read("CallbackNumber", Digits(40)),
    read("DeviceName", Text(12)),
    read("DisableMobileNumberFromPCA", Flag),
    read("DisplayName", Text(64)),
    write("NotificationTemplateID", Id),
    read("ObjectId", Id),
    write("PhoneNumber", Digits(40)),
    write("SmtpAddress", Text(320)),
    read("Undeletable", Flag),
    read("SubscriberObjectId", Id),
    read("UserURI", Uri("/vmrest/user")).shown(Alone),
    read("DisableTemplateSelectionFromPCA", Flag),
    read("AllowVoiceMailAsAttachment", Flag),
    write("MessageCountInSummary", Number(0, 9999)),
    write("EventList", Events(HTML_EVENTS)).shown(Alone),
    read("ScheduleSetObjectId", Id).shown(Alone),
    write("InitialDelay", DELAY).shown(Alone),
    write("RepeatInterval", INTERVAL).shown(Alone),
    write("RepeatNotify", Flag).shown(Alone),
    write("SendScheduledNotificationAt", Hours).shown(Alone),
];

/// The elements of `SmtpDevice`.
pub const SMTP: &[Element] = &[
    read("URI", Uri("/vmrest/user/notificationdevices/smtpdevices/{ObjectId}")),
    write("PhoneNumber", Digits(40)),
    write("SendCount", Flag),
    write("SmtpAddress", Text(320)),
    write("StaticText", Text(1024)),
    read("ObjectId", Id),
    write("Active", Flag),
    read("DeviceName", Text(12)),
    read("DisplayName", Text(64)),
    read("MaxBody", Number(0, 4096)),
    read("MaxSubject", Number(0, 4096)),
    read("SubscriberObjectId", Id),
    read("UserURI", Uri("/vmrest/users/{SubscriberObjectId}")).shown(Alone),
    write("SendCallerId", Flag),
    write("SendPcaLink", Flag),
    read("Undeletable", Flag),
    write("HeaderText", Text(1024)),
    write("FooterText", Text(1024)),
    write("EventList", Events(SMTP_EVENTS)).shown(Alone),
    read("ScheduleSetObjectId", Id).shown(Alone),
    write("InitialDelay", DELAY).shown(Alone),
    read("VoiceMessage", Flag).shown(Alone),
    read("UrgentOnly", Flag).shown(Alone),
    write("RepeatInterval", INTERVAL).shown(Alone),
    write("RepeatNotify", Flag).shown(Alone),
];

/// Minutes until the first message is sent.
const DELAY: Kind = Number(0, 120);

/// Minutes between messages.
const INTERVAL: Kind = Number(0, 60);

const HTML_EVENTS: &[&str] = &["None!", "NewMissedCall!", "NewVoiceMail", "NewUrgentVoiceMail"];

const SMTP_EVENTS: &[&str] = &[
    "None!",
    "NewVoiceMail",
    "NewUrgentVoiceMail",
    "AllMessage",
    "AllUrgentMessage",
    "DispatchMessage",
    "UrgentDispatchMessage",
    "NewFax",
    "NewUrgentFax",
    "CalendarAppointment",
    "CalendarMeeting",
];
