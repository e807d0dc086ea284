//! `enabled` and `enabledUntil`, which CUPI keeps in one element, `TimeExpires`.
//!
//! | body | sent |
//! | --- | --- |
//! | `enabled` false, `enabledUntil` left out or `null` | a time of long ago |
//! | `enabled` true, `enabledUntil` a time | that time |
//! | `enabled` true, `enabledUntil` `null` | by `upstream.no_end_date` |

use super::body::{Body, Value};
use super::property::{Kind, TIME_EXPIRES};
use super::write::Writing;
use super::{Elements, Table, refuse, time};
use crate::config::NoEndDate;
use crate::error::Error;

/// The guide's own value for what is disabled.
const LONG_AGO: &str = "1972-01-01 00:00:00.0";

impl Table {
    /// Adds what `enabled` and `enabledUntil` say together: CUPI keeps them in one element, and the one without the
    /// other could mean two things.
    pub fn write_until(
        &self,
        body: &Body,
        writing: Writing<'_>,
        elements: &mut Elements,
    ) -> Result<(), Error> {
        const ENABLED: &str = "enabled";
        const UNTIL: &str = "enabledUntil";

        let always = self.properties.iter().find_map(|row| match row.kind {
            Kind::Enabled(always) => Some(always),
            _ => None,
        });
        let (Some(always), enabled, until) = (always, body.get(ENABLED), body.get(UNTIL)) else {
            return Ok(());
        };
        let is_always = writing.key == Some(always);
        let time = until.and_then(Value::text).and_then(time::parse_rfc3339);
        let text = match (enabled.and_then(Value::flag), until, time) {
            (None, None, _) => return Ok(()),
            (None, Some(_), _) => {
                return Err(refuse(ENABLED, "is missing beside `enabledUntil`. Send both."));
            }
            (Some(true), None, _) => {
                let rule = "is missing beside `enabled`. Send a time, or `null` for no end.";
                return Err(refuse(UNTIL, rule));
            }
            (Some(false), ..) if is_always => {
                let rule = format!("must be `true`: `{always}` cannot be disabled.");
                return Err(refuse(ENABLED, &rule));
            }
            (Some(_), _, Some(_)) if is_always => {
                let rule = format!("must be `null`: `{always}` has no end.");
                return Err(refuse(UNTIL, &rule));
            }
            (Some(false), _, Some(_)) => {
                return Err(refuse(UNTIL, "must be `null` or left out where `enabled` is false."));
            }
            (Some(true), _, Some(time)) if time <= time::seconds(writing.now) => {
                return Err(refuse(UNTIL, "must lie in the future. Send a later time."));
            }
            (Some(true), _, Some(time)) => time::send(time),
            (Some(false), ..) => LONG_AGO.to_owned(),
            (Some(true), ..) => match writing.no_end_date {
                NoEndDate::Empty => String::new(),
                NoEndDate::EmptyAndEnabled => {
                    // It is the last element, since no row has it.
                    elements.push(("Enabled", "true".to_owned()));
                    String::new()
                }
                NoEndDate::FarFuture => time::send(time::NO_END),
            },
        };
        elements.push((TIME_EXPIRES, text));
        Ok(())
    }
}
