//! `survey`: reads everything once, as one person, and reports what holds of a real Unity Connection and what does not.
//!
//! Nobody who builds this can reach one. So the report is made to be pasted in public: it holds statuses and the names of
//! fields and elements, and no value, credential, cookie, host, id or name of a person. It goes through the door that
//! `serve` uses, one call at a time, at most two a second, and never writes.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use secrecy::SecretString;

use crate::check;
use crate::config::Config;
use caller::Caller;
use report::Report;

pub mod caller;
pub mod entry;
pub mod password;
pub mod plan;
pub mod report;
pub mod unknowns;

/// How long the beginnings of two calls lie apart.
pub const PACE: Duration = Duration::from_millis(500);

/// Who asks, and how fast.
pub struct Person {
    /// The name to sign in with.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// [`PACE`].
    pub pace: Duration,
}

/// Tells which call is made and how many may be left.
pub type Progress = Box<dyn FnMut(&str, usize)>;

/// Where a person sees it: on standard error, if that is a terminal.
pub fn progress() -> Progress {
    let mut terminal = io::stderr();
    if !terminal.is_terminal() {
        return Box::new(|_, _| {});
    }
    Box::new(move |path, left| {
        // A terminal that is gone stops nothing.
        let line = if left == 0 { String::new() } else { format!("{path}, {left} left") };
        write!(terminal, "\r\x1b[K{line}").and_then(|()| terminal.flush()).unwrap_or_default();
    })
}

/// Reads everything once. Fails where `check` fails, and after a sign-in that failed.
pub async fn run(config: &Config, person: Person, progress: Progress) -> io::Result<Report> {
    let begun = std::time::Instant::now();
    let reply = check::examine(config, &mut io::sink()).await?;
    let checked = entry::Entry::checked(&reply, begun.elapsed());

    let mut caller = Caller::new(config, &person, progress)?;
    let findings = plan::follow(&mut caller).await?;
    let entries = std::iter::once(checked).chain(caller.end()).collect();
    Ok(Report::new(entries, &findings))
}
