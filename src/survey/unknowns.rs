//! What nobody who builds this knows of a real Unity Connection, and what reading tells of it.

use serde::Serialize;

use super::entry::Entry;
use super::plan::Findings;

/// What is told where only a write would tell.
const WRITE: &str = "not settled by reading: it needs a write";

/// What is told where no call would tell.
const NO_CALL: &str = "not settled by reading: there is no call for it";

/// One unknown.
#[derive(Debug, Serialize)]
pub struct Unknown {
    /// Its number, such as `U9`.
    pub unknown: &'static str,
    /// How it is settled, or that it is not.
    pub how: String,
}

/// All of them, in order.
pub fn judge(entries: &[Entry], findings: &Findings) -> Vec<Unknown> {
    let all: [(&'static str, String); 23] = [
        ("U1", error_codes(findings)),
        ("U2", challenge(entries)),
        ("U3", session(entries, findings)),
        ("U4", NO_CALL.to_owned()),
        ("U5", NO_CALL.to_owned()),
        ("U6", WRITE.to_owned()),
        ("U7", WRITE.to_owned()),
        ("U8", play_what(entries)),
        ("U9", off_hours(entries, findings)),
        ("U10", WRITE.to_owned()),
        ("U11", NO_CALL.to_owned()),
        ("U12", NO_CALL.to_owned()),
        ("U13", busy(entries)),
        ("U14", WRITE.to_owned()),
        ("U15", nothing_recorded(findings)),
        ("U16", WRITE.to_owned()),
        ("U17", NO_CALL.to_owned()),
        ("U18", WRITE.to_owned()),
        ("U19", sign_in(entries)),
        ("U20", enabled(entries)),
        ("U21", version(findings)),
        ("U22", entry_types(findings)),
        ("U23", NO_CALL.to_owned()),
    ];
    all.into_iter().map(|(unknown, how)| Unknown { unknown, how }).collect()
}

fn error_codes(findings: &Findings) -> String {
    match findings.error_document {
        Some(true) => "partly settled: what is not there is answered with an ErrorDetails document; no list of its codes is published, so none is a known one",
        Some(false) => "settled: what is not there is answered without an ErrorDetails document",
        None => "not settled: no answer came",
    }
    .to_owned()
}

fn challenge(entries: &[Entry]) -> String {
    let asked = entries
        .first()
        .is_some_and(|entry| entry.headers.iter().any(|name| name == "www-authenticate"));
    let challenge = if asked { "with" } else { "without" };
    let body = entries.first().map_or(0, |entry| entry.bytes);
    let body = if body == 0 { "no body" } else { "a body" };
    format!(
        "partly settled: a 401 comes {challenge} WWW-Authenticate and {body}; locked and expired accounts are not settled by reading"
    )
}

fn session(entries: &[Entry], findings: &Findings) -> String {
    let token = entries
        .iter()
        .any(|entry| entry.cookies.session.iter().any(|cookie| cookie.name == "REQUEST_TOKEN_KEY"));
    let token = if token { "REQUEST_TOKEN_KEY is set" } else { "REQUEST_TOKEN_KEY is not set" };
    match findings.session_alone {
        Some(200) => format!("settled: the session cookies alone suffice; {token}"),
        Some(status) => {
            format!("settled: the session cookies alone do not suffice (status {status}); {token}")
        }
        None => "not settled: no session cookie was set, or no answer came".to_owned(),
    }
}

fn play_what(entries: &[Entry]) -> String {
    let shown = shows(entries, "/vmrest/user/greetings/", "PlayWhat");
    format!("{WRITE}; PlayWhat is {}", if shown { "shown" } else { "not shown" })
}

fn off_hours(entries: &[Entry], findings: &Findings) -> String {
    let status = entries
        .iter()
        .rfind(|entry| entry.path.ends_with("greetings/Off%20Hours"))
        .and_then(|entry| entry.status);
    match (status, findings.off_hours) {
        (Some(200), Some(true)) => "settled: the path is Off%20Hours, and GreetingType says so too",
        (Some(200), _) => "settled: the path is Off%20Hours; GreetingType has another word",
        (Some(404), _) => "settled: there is no path Off%20Hours; the other spelling is Closed",
        _ => "not settled: the greeting could not be read",
    }
    .to_owned()
}

fn busy(entries: &[Entry]) -> String {
    let busy = entries.iter().find(|entry| matches!(entry.status, Some(429 | 503)));
    match busy {
        None => "not settled: Unity Connection was never busy".to_owned(),
        Some(entry) => {
            let says = entry.headers.iter().any(|name| name == "retry-after");
            format!(
                "partly settled: busy is {}, {} Retry-After",
                entry.told_status(),
                if says { "with" } else { "without" }
            )
        }
    }
}

fn nothing_recorded(findings: &Findings) -> String {
    findings.nothing_recorded.map_or_else(
        || "not settled: everything that was asked for is recorded; ask as somebody without a voice name".to_owned(),
        |form| format!("settled: nothing recorded is {form}"),
    )
}

fn sign_in(entries: &[Entry]) -> String {
    let redirected = entries.iter().any(|entry| matches!(entry.status, Some(300..=399)));
    let signed_in = entries.get(1).and_then(|entry| entry.status) == Some(200);
    match (signed_in, redirected) {
        (true, false) => "settled for this server: a password is taken, and nothing redirects",
        (true, true) => "partly settled: a password is taken, but some calls are redirected",
        (false, true) => "partly settled: calls are redirected, maybe to single sign-on",
        (false, false) => "not settled: the person could not be read",
    }
    .to_owned()
}

fn enabled(entries: &[Entry]) -> String {
    let shown = shows(entries, "/vmrest/user/transferoptions/", "Enabled");
    format!("{WRITE}; Enabled is {}", if shown { "shown" } else { "not shown" })
}

fn version(findings: &Findings) -> String {
    match findings.version {
        [_, Some(200)] => "settled: /vmrest/version is readable without credentials".to_owned(),
        [Some(200), Some(status)] => {
            format!("settled: /vmrest/version needs credentials (without them {status})")
        }
        [Some(with), Some(without)] => {
            format!(
                "settled: /vmrest/version is not readable (with credentials {with}, without {without})"
            )
        }
        _ => "not settled: no answer came".to_owned(),
    }
}

fn entry_types(findings: &Findings) -> String {
    match findings.entry_types {
        Some(true) => "settled for the person's own entry: its type is a known word",
        Some(false) => "settled for the person's own entry: its type is no known word",
        None => "not settled: the directory has no entry for the person's own extension",
    }
    .to_owned()
}

/// Whether an answer below this path has this element.
fn shows(entries: &[Entry], path: &str, element: &str) -> bool {
    entries.iter().any(|entry| {
        entry.path.starts_with(path) && entry.elements.iter().any(|name| name == element)
    })
}
