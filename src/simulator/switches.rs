//! The simulator's switches: how it differs from a healthy Unity Connection as the guide describes it.
//!
//! A switch is one field here, with its values and its default, and one arm of the `match` in `switches/set.rs`. Tests
//! and the command line set all of them by name and text.

mod set;
pub mod values;

use std::time::Duration;

use values::{
    Close, Cookies, CreatedBody, Cut, ErrorBody, Flags, Framing, Location, NoEndDate, PlayWhat,
    Stall, Toggle, Total, UserUpdate,
};

/// Every switch. `Switches::default()` is a healthy server.
#[derive(Clone)]
pub struct Switches {
    /// `total="N"` on lists: `guide` (where the guide prints it), `present`, `missing`.
    pub total: Total,
    /// Whether a list of one item is printed as that item alone: `on`, `off`.
    pub bare_root: Toggle,
    /// How flags are spelled: `lower` (`true`), `capital` (`True`), `digits` (`1`).
    pub flags: Flags,
    /// Whether blanks stand round values: `on`, `off`.
    pub padding: Toggle,
    /// What a refusal carries: `xml`, `several` (more than one `errors`), `html`, `empty`.
    pub error_body: ErrorBody,
    /// The status for an id that is no UUID: `400`, `401`, `403`, `404`.
    pub malformed_id: u16,
    /// The status for URIs that only administrators may use: `400`, `401`, `403`, `404`.
    pub forbidden: u16,
    /// The status for writes to what the administrator defined: `400`, `401`, `403`, `404`.
    pub refused_write: u16,
    /// The body of a 201: `uri`, `empty`, `other`.
    pub created_body: CreatedBody,
    /// The `Location` of a 201: `good`, `malformed`, `missing`.
    pub location: Location,
    /// A path at and below which a valid sign-in is answered 401, or `off`.
    pub not_permitted: Option<String>,
    /// The status of every answer, such as `503`, or `off`.
    pub status: Option<u16>,
    /// Whether everything is redirected to https: `on`, `off`.
    pub redirect: Toggle,
    /// The document that every GET is answered with, or `off`.
    pub document: Option<String>,
    /// A header on every answer, as `Name: value`, or `off`.
    pub header: Option<(String, String)>,
    /// How the length of a body is told: `length`, `chunked`.
    pub framing: Framing,
    /// The time between work and answer, such as `50ms`.
    pub delay: Duration,
    /// Where an answer stops until this switch changes: `off`, `head` (before it), `body` (within its body).
    pub stall: Stall,
    /// Where a body ends too early: `off`, `length` (short of its `Content-Length`), `chunked` (within a chunk).
    pub cut: Cut,
    /// When connections are closed without a word (plain HTTP only): `off`, `every:N` (after N answers),
    /// `idle:DURATION`, `unread` (each request is read and gets no answer and no effect), `unread:reused` (so are those
    /// on a connection that has carried one before).
    pub close: Close,
    /// Requests that are worked on at once, or `off`. More wait their turn.
    pub throttle: Option<usize>,
    /// The most requests that wait; one more is answered 503.
    pub throttle_queue: Option<usize>,
    /// The longest wait, then 503.
    pub throttle_wait: Duration,
    /// The time for which a request is worked on.
    pub work: Duration,
    /// The session cookies, as in the releases of `2010`, `2012`, `2015`, or `off`.
    pub cookies: Cookies,
    /// The time after which an unused session ends.
    pub session_ttl: Duration,
    /// The status for the cookies of a session that has ended: `off` (they are ignored), `302` (with new cookies, which
    /// open nothing), `401`, `403`.
    pub stale_session: Option<u16>,
    /// Whether each answer sets a new `REQUEST_TOKEN_KEY`: `on`, `off`.
    pub token_each: Toggle,
    /// Whether the cookies of a live session suffice where there is no `Authorization`: `on`, `off`.
    pub cookies_alone: Toggle,
    /// Failed sign-ins that lock a person out (`MaxHacks`), or `off`.
    pub lockout: Option<usize>,
    /// The time after which failed sign-ins are forgotten (`HackResetTime`).
    pub hack_reset: Duration,
    /// The time for which a person is locked out (`LockoutDuration`); `0s`: until unlocked.
    pub lockout_time: Duration,
    /// The path that takes the user's PUT: `with-id`, `without-id`, `both`.
    pub user_update: UserUpdate,
    /// An empty `TimeExpires`: `accepted`, `needs-enabled` (ignored without `Enabled` true), `refused`, `ignored`.
    pub no_end_date: NoEndDate,
    /// `PlayWhat` of a greeting in a PUT: `writable`, `ignored`, `refused`.
    pub play_what: PlayWhat,
    /// Whether a recording makes its greeting play it: `on`, `off`.
    pub upload_sets_play_what: Toggle,
    /// What the greeting of closed hours is called: `off-hours` (`Off Hours`), `closed` (`Closed`).
    pub off_hours: &'static str,
    /// The release that decides about the elements of a greeting: `2019`, `2011` (`TimeExpires` and `GreetingType`).
    pub greeting_elements: u16,
    /// Whether members of private lists can be created and deleted: `on`, `off`.
    pub member_writes: Toggle,
    /// The body of the 201 for a new member: `uri` (as `created_body` says), `empty`.
    pub member_created: Option<CreatedBody>,
    /// The status for what the class of service does not permit: `400`, `401`, `403`, `404`.
    pub cos_refusal: u16,
    /// Whether elements are left out that the class of service does not permit to write: `on`, `off`.
    pub cos_hidden: Toggle,
    /// The answer where nothing is recorded: `404`, `empty` (a 200), `204`.
    pub no_recording: u16,
    /// The media type of a recording that is read: any text.
    pub audio_type: String,
    /// The languages that greetings can be recorded in, with commas between.
    pub languages: Vec<String>,
    /// Whether nobody may change a PIN: `on`, `off`.
    pub pin_fixed: Toggle,
    /// The name of an element that every PUT drops, or `off`.
    pub ignored_element: Option<String>,
    /// Who may read the version: `signed-in`, `open` (everybody).
    pub version_open: Toggle,
    /// The `Type` of an entry of the directory: any text.
    pub address_type: String,
    /// The fraction of a second in times: `0`, `000`, `none`.
    pub time_fraction: &'static str,
    /// What lists of devices tell: `guide` (less than a single device), `full`.
    pub device_lists: Toggle,
    /// The number of further entries in the directory.
    pub directory_crowd: usize,
    /// The number of accounts that the person `mira` has.
    pub many: Option<usize>,
}

impl Default for Switches {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self {
            total: Total::Guide,
            bare_root: Toggle::Off,
            flags: Flags::Lower,
            padding: Toggle::Off,
            error_body: ErrorBody::Xml,
            malformed_id: 404,
            forbidden: 403,
            refused_write: 403,
            created_body: CreatedBody::Uri,
            location: Location::Good,
            not_permitted: None,
            status: None,
            redirect: Toggle::Off,
            document: None,
            header: None,
            framing: Framing::Length,
            delay: Duration::ZERO,
            stall: Stall::Off,
            cut: Cut::Off,
            close: Close::Off,
            throttle: Some(5),
            throttle_queue: Some(255),
            throttle_wait: Duration::from_secs(20),
            work: Duration::ZERO,
            cookies: Cookies::Y2015,
            session_ttl: minutes(30),
            stale_session: None,
            token_each: Toggle::Off,
            cookies_alone: Toggle::Off,
            lockout: Some(3),
            hack_reset: minutes(30),
            lockout_time: minutes(30),
            user_update: UserUpdate::WithId,
            no_end_date: NoEndDate::Accepted,
            play_what: PlayWhat::Writable,
            upload_sets_play_what: Toggle::Off,
            off_hours: "Off Hours",
            greeting_elements: 2019,
            member_writes: Toggle::On,
            member_created: None,
            cos_refusal: 403,
            cos_hidden: Toggle::On,
            no_recording: 404,
            audio_type: "audio/wav".to_owned(),
            languages: vec!["1033".to_owned(), "1031".to_owned()],
            pin_fixed: Toggle::Off,
            ignored_element: None,
            version_open: Toggle::Off,
            address_type: "SUBSCRIBER".to_owned(),
            time_fraction: ".0",
            device_lists: Toggle::Off,
            directory_crowd: 0,
            many: Some(40),
        }
    }
}
