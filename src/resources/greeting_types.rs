//! What greetings and their recordings have in common: the types of greetings, and what an unknown one is answered.
//!
//! Source: CUPI for End Users, "Greetings".

use crate::error::Refusal;
use crate::table::Word;

/// Our types, in the order of the list of greetings, and CUPI's.
pub const TYPES: &[Word] = &[
    ("standard", "Standard"),
    ("alternate", "Alternate"),
    ("busy", "Busy"),
    ("internal", "Internal"),
    ("off-hours", "Off Hours"),
    ("holiday", "Holiday"),
    ("error", "Error"),
];

/// What a 404 means.
pub static NOT_FOUND: Refusal = Refusal::new(
    404,
    "greeting_not_found",
    "No such greeting",
    "Unity Connection has no such greeting for the caller. Mostly the caller has no mailbox: ask the administrator.",
);
