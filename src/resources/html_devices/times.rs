//! The times of the day at which an HTML device sends a summary.
//!
//! Source: CUPI for End Users, "HTML Notification Devices".

use serde_json::{Value as Json, json};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::table::Elements;
use crate::table::body::{Body, Value};
use crate::table::property::Own;
use crate::xml::{Fault, Object};

/// The property `sendScheduledNotificationAt`.
pub static TIMES: Own =
    Own { elements: &[], read: times, write: encode_times, schema: times_schema };

/// How many times of the day there may be: one each quarter of an hour.
const MOST_TIMES: usize = 96;

/// CUPI writes `9:00, 17:30`.
fn times(device: &Object<'_>) -> Result<Json, Fault> {
    const ELEMENT: &str = "SendScheduledNotificationAt";

    let Some(text) = device.optional(ELEMENT) else {
        return Ok(Json::Null);
    };
    let pieces = text.split(',').map(str::trim).filter(|piece| !piece.is_empty());
    let times = pieces.map(|piece| {
        let time = if piece.len() == 4 { format!("0{piece}") } else { piece.to_owned() };
        is_time(&time).then_some(time).ok_or(Fault::NotATime(ELEMENT))
    });
    Ok(json!(times.collect::<Result<Vec<_>, _>>()?))
}

fn encode_times(value: &Value, _: &Body) -> Result<Elements, String> {
    let times = value.texts().filter(|times| {
        let each_once = times
            .iter()
            .enumerate()
            .all(|(n, time)| !times.iter().take(n).any(|other| other == time));
        times.len() <= MOST_TIMES && each_once && times.iter().all(|time| is_time(time))
    });
    let times = times.ok_or_else(|| {
        format!("must be a list of at most {MOST_TIMES} times from `00:00` to `23:59`, each once. Send such a list.")
    })?;
    Ok(vec![("SendScheduledNotificationAt", times.join(","))])
}

/// Whether a text is `HH:MM`, from `00:00` to `23:59`.
fn is_time(text: &str) -> bool {
    let number = |part: &str, least_over: u8| {
        part.len() == 2
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|number| number < least_over)
    };
    text.split_once(':').is_some_and(|(hour, minute)| number(hour, 24) && number(minute, 60))
}

fn times_schema() -> RefOr<Schema> {
    let time = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^([01][0-9]|2[0-3]):[0-5][0-9]$"));
    let times = ArrayBuilder::new().items(time).max_items(Some(MOST_TIMES)).unique_items(true);
    RefOr::T(times.build().into())
}
