//! Log lines: text for people, JSON for machines, on standard error.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{Log, LogFormat};

/// Begins to log, once in a process. Libraries are heard from `warn` up only: awc prints whole
/// URLs, and so passwords, at `debug`.
pub fn start(config: Log) {
    let terminal = io::stderr().is_terminal();
    let format = config.format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match format {
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
        // Coloured by default, unless NO_COLOR is set.
        LogFormat::Text if terminal => lines.boxed(),
        LogFormat::Text => lines.with_ansi(false).boxed(),
    };
    let levels =
        Targets::new().with_default(LevelFilter::WARN).with_target("cupi_gateway", config.level);
    // It fails where a subscriber is set already: then that one goes on.
    registry().with(lines.with_filter(levels)).try_init().unwrap_or_default();
}
