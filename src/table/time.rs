//! Times: CUPI's in, RFC 3339 out, and the other way round. All are seconds since 1970, in UTC.
//!
//! | side | form |
//! | --- | --- |
//! | read from CUPI | `2091-02-14 17:30:00.0`; `T` for the blank, any fraction and a `Z` are taken |
//! | shown | `2091-02-14T17:30:00Z` |
//! | taken in bodies | RFC 3339 with an offset, such as `2091-02-14T18:30:00+01:00` |
//! | sent to CUPI | `2091-02-14 17:30:00.0` |

use std::time::{SystemTime, UNIX_EPOCH};

const DAY: i64 = 24 * 60 * 60;

/// The last second of a time that counts as no end: `2199-12-31 23:59:59`.
pub const NO_END: i64 = 7_258_118_399;

/// The first second of the year 1.
const FIRST: i64 = -62_135_596_800;

/// The last second of the year 9999.
const LAST: i64 = 253_402_300_799;

/// The seconds from 1970 to a moment.
pub fn seconds(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// Reads a time of CUPI's.
pub fn parse(text: &str) -> Option<i64> {
    let (time, rest) = clock(text, b" T")?;
    let rest = without_fraction(rest, 9)?;
    matches!(rest, "" | "Z").then_some(time)
}

/// Reads a time of RFC 3339 with its offset, which lies in the years 1 to 9999 of UTC.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let (time, rest) = clock(text, b"Tt")?;
    let rest = without_fraction(rest, usize::MAX)?;
    let offset = match rest.as_bytes() {
        b"Z" | b"z" => 0,
        &[sign @ (b'+' | b'-'), a, b, b':', c, d] => {
            let (hours, minutes) = (number(&[a, b], 0..=23)?, number(&[c, d], 0..=59)?);
            let offset = (hours * 60 + minutes) * 60;
            if sign == b'+' { offset } else { -offset }
        }
        _ => return None,
    };
    Some(time - offset).filter(|time| (FIRST..=LAST).contains(time))
}

/// Writes a time as it is shown: `2091-02-14T17:30:00Z`.
pub fn show(time: i64) -> String {
    let (year, month, day) = date(time.div_euclid(DAY));
    let second = time.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Writes a time as it is sent: `2091-02-14 17:30:00.0`.
pub fn send(time: i64) -> String {
    show(time).replace('T', " ").replace('Z', ".0")
}

/// Reads `YYYY-MM-DD HH:MM:SS` with one of these bytes in the middle, and returns what follows.
fn clock<'a>(text: &'a str, middle: &[u8]) -> Option<(i64, &'a str)> {
    let (head, rest) = text.split_at_checked(19)?;
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, between, h1, h2, b':', n1, n2, b':', s1, s2] =
        head.as_bytes()
    else {
        return None;
    };
    let year = number(&[y1, y2, y3, y4], 1..=9999)?;
    let month = number(&[m1, m2], 1..=12)?;
    let day = number(&[d1, d2], 1..=31)?;
    let hour = number(&[h1, h2], 0..=23)?;
    let minute = number(&[n1, n2], 0..=59)?;
    let second = number(&[s1, s2], 0..=59)?;
    let days = days(year, month, day);
    let exists = date(days) == (year, month, day) && middle.contains(&between);
    exists.then_some((days * DAY + (hour * 60 + minute) * 60 + second, rest))
}

/// Drops a fraction of at least one digit and at most so many.
fn without_fraction(text: &str, most: usize) -> Option<&str> {
    let Some(fraction) = text.strip_prefix('.') else {
        return Some(text);
    };
    let rest = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
    (1..=most).contains(&(fraction.len() - rest.len())).then_some(rest)
}

fn number(digits: &[u8], within: std::ops::RangeInclusive<i64>) -> Option<i64> {
    let digit = |byte: &u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let number = digits.iter().try_fold(0, |number, byte| Some(number * 10 + digit(byte)?))?;
    Some(number).filter(|number| within.contains(number))
}

/// The days from 1970-01-01 to a date of the Gregorian calendar, which counts from March here: so the day that only leap
/// years have is a year's last (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date of a day, counted from 1970-01-01.
fn date(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::{NO_END, parse, parse_rfc3339, send, show};

    #[test]
    fn times_of_cupi_are_dates_of_the_calendar() {
        let cases = [
            ("1970-01-01 00:00:00", Some(0)),
            ("1972-01-01 00:00:00.0", Some(63_072_000)),
            ("2091-02-14T17:30:00.123456789Z", Some(3_822_312_600)),
            ("2199-12-31 23:59:59", Some(NO_END)),
            ("2000-02-29 00:00:00", Some(951_782_400)),
            ("0001-01-01 00:00:00", Some(-62_135_596_800)),
            ("9999-12-31 23:59:59", Some(253_402_300_799)),
            ("1900-02-29 00:00:00", None),
            ("0000-01-01 00:00:00", None),
            ("2091-02-30 00:00:00", None),
            ("2091-13-01 00:00:00", None),
            ("2091-02-14 24:00:00", None),
            ("2091-02-14 23:59:60", None),
            ("2091-02-14 17:30:00.", None),
            ("2091-02-14 17:30:00.1234567890", None),
            ("2091-02-14 17:30:00z", None),
            ("2091-02-14 17:30:00+00:00", None),
            ("2091-02-14 17:30", None),
            ("2091-2-14 17:30:00", None),
            ("+091-02-14 17:30:00", None),
            ("é", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn times_of_bodies_have_an_offset() {
        let cases = [
            ("2031-02-14T18:30:00+01:00", Some("2031-02-14 17:30:00.0")),
            ("2031-02-14t18:30:00.5z", Some("2031-02-14 18:30:00.0")),
            ("2031-02-14T00:30:00+05:45", Some("2031-02-13 18:45:00.0")),
            ("2031-12-31T23:30:00-01:00", Some("2032-01-01 00:30:00.0")),
            ("2031-02-14T18:30:00-00:00", Some("2031-02-14 18:30:00.0")),
            ("0001-01-01T00:00:00+01:00", None),
            ("9999-12-31T23:59:59-00:01", None),
            ("2031-02-14 18:30:00Z", None),
            ("2031-02-14T18:30:00", None),
            ("2031-02-14T18:30:60Z", None),
            ("2031-02-14T18:30:00+24:00", None),
            ("2031-02-14T18:30:00+0100", None),
            ("2031-02-14T18:30Z", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_rfc3339(text).map(send).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn every_day_is_shown_as_it_is_read() {
        for day in (-719_162..2_932_896).step_by(7) {
            let time = day * 86_400 + 3_661;
            assert_eq!(parse(&show(time)), Some(time));
        }
    }
}
