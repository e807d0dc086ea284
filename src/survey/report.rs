//! The report, for people and as JSON.

use std::io::{self, Write};

use serde::Serialize;

use super::entry::Entry;
use super::plan::Findings;
use super::unknowns::{self, Unknown};
use crate::upstream::framing::TOO_LARGE;

/// What was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The form of the report.
    version: u32,
    calls: Vec<Entry>,
    unknowns: Vec<Unknown>,
    settings: Vec<String>,
}

impl Report {
    /// Draws the conclusions.
    pub fn new(calls: Vec<Entry>, findings: &Findings) -> Self {
        let unknowns = unknowns::judge(&calls, findings);
        let settings = settings(&calls);
        Self { version: 1, calls, unknowns, settings }
    }

    /// Prints it.
    pub fn print(&self, json: bool, out: &mut impl Write) -> io::Result<()> {
        if json {
            serde_json::to_writer(&mut *out, self)?;
            return writeln!(out);
        }
        self.print_text(out)
    }

    fn print_text(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(
            out,
            "Field report of cupi-gateway {}, version {}",
            env!("CARGO_PKG_VERSION"),
            self.version
        )?;
        writeln!(out, "\nCalls")?;
        for call in &self.calls {
            print_call(call, out)?;
        }
        writeln!(out, "\nUnknowns")?;
        for Unknown { unknown, how } in &self.unknowns {
            writeln!(out, "  {unknown:<3}  {how}")?;
        }
        writeln!(out, "\nSettings that follow")?;
        if self.settings.is_empty() {
            writeln!(out, "  none: the defaults fit")?;
        }
        for setting in &self.settings {
            writeln!(out, "  {setting}")?;
        }
        writeln!(out, "\nWhat falls short")?;
        let short: Vec<_> = self.calls.iter().filter(|call| call.accepted == Some(false)).collect();
        if short.is_empty() {
            writeln!(out, "  nothing: the gateway takes every answer")?;
        }
        for call in short {
            let fault = call.fault.as_deref().unwrap_or_default();
            writeln!(out, "  GET {}: {fault}", call.path)?;
            if !call.missing_elements.is_empty() {
                writeln!(out, "    required, and missing: {}", call.missing_elements.join(", "))?;
            }
        }
        writeln!(
            out,
            "\nSend this report to the project's issue tracker. It holds no value, name, id, host or cookie."
        )
    }
}

fn print_call(call: &Entry, out: &mut impl Write) -> io::Result<()> {
    let note = if call.note.is_empty() { String::new() } else { format!(" ({})", call.note) };
    writeln!(out, "  GET {}{note}", call.path)?;
    let kind = call.content_type.as_deref().unwrap_or("no content type");
    writeln!(
        out,
        "    {}, {} ms, {} bytes, {kind}",
        call.told_status(),
        call.milliseconds,
        call.bytes
    )?;
    if !call.headers.is_empty() {
        writeln!(out, "    fields: {}", call.headers.join(", "))?;
    }
    let cookies = call.cookies.session.iter().map(|cookie| {
        let attributes = cookie.attributes.join(", ");
        if attributes.is_empty() {
            cookie.name.to_owned()
        } else {
            format!("{} ({attributes})", cookie.name)
        }
    });
    let cookies: Vec<_> = cookies.collect();
    if !cookies.is_empty() || call.cookies.others > 0 {
        writeln!(out, "    cookies: {}; others: {}", cookies.join(", "), call.cookies.others)?;
    }
    if let Some(root) = &call.root {
        writeln!(out, "    root {root}, elements: {}", call.elements.join(", "))?;
    }
    if !call.unknown_elements.is_empty() {
        writeln!(out, "    not known to the gateway: {}", call.unknown_elements.join(", "))?;
    }
    if !call.missing_elements.is_empty() {
        writeln!(out, "    required, and missing: {}", call.missing_elements.join(", "))?;
    }
    match (call.accepted, &call.fault) {
        (Some(true), _) => writeln!(out, "    the gateway takes it"),
        (Some(false), Some(fault)) => writeln!(out, "    the gateway does not take it: {fault}"),
        _ => Ok(()),
    }
}

/// Settings that would make more answers come through, ready to paste.
fn settings(calls: &[Entry]) -> Vec<String> {
    let fails = |fault: &str| calls.iter().any(|call| call.fault.as_deref() == Some(fault));
    let mut settings = Vec::new();
    if fails("upstream_timeout") {
        settings.push("upstream.timeout = \"30s\"".to_owned());
    }
    if fails(TOO_LARGE) {
        settings.push("upstream.max_response_size = \"32MiB\"".to_owned());
    }
    let ends_early = calls.windows(2).any(|pair| {
        let [first, again] = pair else { return false };
        again.note == "again without the session"
            && again.status == Some(200)
            && first.status != Some(200)
    });
    if ends_early {
        settings.push("upstream.session_reuse = \"0s\"".to_owned());
    }
    settings
}
