//! `log.*`: log lines.

use tracing::Level;

/// `log.*`
#[derive(Clone, Copy, Debug)]
pub struct Log {
    /// Default: text on a terminal, JSON elsewhere.
    pub format: Option<LogFormat>,
    /// The level of our own lines; libraries log from `warn` up. Default `info`.
    pub level: Level,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For machines: one JSON object a line.
    Json,
    /// For people.
    Text,
}
