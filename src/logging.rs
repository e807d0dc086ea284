//! Log lines: text for people, JSON for machines, on standard error.
//!
//! A thread of its own writes them, so that nobody waits for whoever reads them: what it cannot write in time is dropped
//! and counted.

use std::io::{self, IsTerminal, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use prometheus::IntCounter;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{self, LogFormat};
use crate::metrics::Metrics;

/// The most that waits to be written, in bytes: a few thousand lines.
const MOST_WAITING: usize = 1024 * 1024;

/// How long a line waits for others, to be written with them: to write one takes as long as to answer out of the cache.
const GATHERING: Duration = Duration::from_millis(1);

/// How long the last lines may take at the end of the process.
const LAST_LINES: Duration = Duration::from_secs(1);

/// The log of a process. When it is dropped, the lines that wait are written, within a second.
#[derive(Debug)]
pub struct Log {
    lines: Lines,
}

/// Begins to log, once in a process. Libraries are heard from `warn` up only: awc prints whole URLs, and so passwords, at
/// `debug`. What actix says of an answer that broke off is nothing to an operator: clients go away.
pub fn start(config: config::Log) -> Log {
    let terminal = io::stderr().is_terminal();
    let format = config.format.unwrap_or(if terminal { LogFormat::Text } else { LogFormat::Json });
    let lines = Lines::write_to(io::stderr());
    let writer = lines.clone();
    let layer = fmt::layer().with_writer(move || writer.clone());
    let layer = match format {
        LogFormat::Json => {
            layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
        // Coloured by default, unless NO_COLOR is set.
        LogFormat::Text if terminal => layer.boxed(),
        LogFormat::Text => layer.with_ansi(false).boxed(),
    };
    let levels = Targets::new()
        .with_default(LevelFilter::WARN)
        .with_target("actix_http::h2::dispatcher", LevelFilter::ERROR)
        .with_target("cupi_gateway", config.level);
    // It fails where a subscriber is set already: then that one goes on.
    registry().with(layer.with_filter(levels)).try_init().unwrap_or_default();
    Log { lines }
}

impl Log {
    /// Adds the count of lines that were dropped.
    pub fn count_in(&self, metrics: &Metrics) {
        metrics.add(self.lines.0.dropped.clone());
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        let shared = &self.lines.0;
        let mut waiting = shared.waiting();
        waiting.over = true;
        shared.changed.notify_all();
        let unwritten = |waiting: &mut Waiting| !waiting.written;
        // Whoever does not read them by then is not waited for.
        drop(shared.changed.wait_timeout_while(waiting, LAST_LINES, unwritten));
    }
}

/// Lines on their way to whoever reads them.
#[derive(Clone, Debug)]
pub struct Lines(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    dropped: IntCounter,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Whole lines.
    text: Vec<u8>,
    /// No more lines come.
    over: bool,
    /// The last lines are written.
    written: bool,
}

impl Lines {
    /// Starts a thread that writes lines to `out`.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the name is a constant that the registry takes"
    )]
    pub fn write_to(out: impl Write + Send + 'static) -> Self {
        let dropped = IntCounter::new(
            "cupi_gateway_log_lines_dropped_total",
            "Log lines that were dropped since nobody read them in time.",
        );
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            dropped: dropped.expect("a counter"),
        });
        let lines = Self(Arc::clone(&shared));
        // Without a thread the lines are dropped, which the count says.
        drop(thread::Builder::new().name("log".to_owned()).spawn(move || shared.write_all(out)));
        lines
    }
}

impl Write for Lines {
    /// Takes a whole line, or drops it where too much waits.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = self.0.waiting();
        if waiting.text.len() + line.len() > MOST_WAITING {
            self.0.dropped.inc();
        } else {
            let is_first = waiting.text.is_empty();
            waiting.text.extend_from_slice(line);
            // Whoever gathers lines needs no word of the next ones.
            if is_first {
                self.0.changed.notify_all();
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes lines as they come, until no more do.
    fn write_all(&self, mut out: impl Write) {
        let mut text = Vec::new();
        loop {
            let idle = |waiting: &mut Waiting| waiting.text.is_empty() && !waiting.over;
            let waiting = self.changed.wait_while(self.waiting(), idle);
            let waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            let gathering = |waiting: &mut Waiting| !waiting.over;
            let waiting = self.changed.wait_timeout_while(waiting, GATHERING, gathering);
            let (mut waiting, _) = waiting.unwrap_or_else(PoisonError::into_inner);
            if waiting.text.is_empty() {
                waiting.written = true;
                self.changed.notify_all();
                return;
            }
            mem::swap(&mut text, &mut waiting.text);
            drop(waiting);
            if out.write_all(&text).is_err() {
                let lines = text.split(|byte| *byte == b'\n').count() - 1;
                self.dropped.inc_by(lines.try_into().unwrap_or(u64::MAX));
            }
            text.clear();
        }
    }
}

/// Writes a last text to standard error, within a second.
pub fn print(text: &str) {
    let mut lines = Lines::write_to(io::stderr());
    // It takes all of it.
    lines.write_all(text.as_bytes()).unwrap_or_default();
    drop(Log { lines });
}
