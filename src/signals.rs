//! The signals that end a server.

use std::fs;
use std::future::pending;
use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// How a server is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// In order: SIGTERM, or SIGHUP, which means the same here.
    Orderly,
    /// With less patience: SIGINT.
    Prompt,
}

/// The signals. One that comes before anybody waits for it is not lost.
pub struct Signals {
    terminate: Signal,
    /// None where whoever started the process wants it to be ignored, as `nohup` does.
    hang_up: Option<Signal>,
    interrupt: Signal,
}

impl Signals {
    /// Listens from now on. The first process of a container would not even die of a signal that
    /// nobody listens to.
    pub fn listen() -> io::Result<Self> {
        let hang_up = SignalKind::hangup();
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hang_up: if is_ignored(hang_up) { None } else { Some(signal(hang_up)?) },
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for one of them.
    pub async fn any(&mut self) -> Ending {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => pending().await,
            }
        };
        tokio::select! {
            _ = self.terminate.recv() => Ending::Orderly,
            _ = hang_up => Ending::Orderly,
            _ = self.interrupt.recv() => Ending::Prompt,
        }
    }
}

/// Whether the process was started to ignore a signal; not where the kernel does not say.
fn is_ignored(kind: SignalKind) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|signals| u64::from_str_radix(signals.trim(), 16).ok());
    ignored.is_some_and(|signals| signals >> (kind.as_raw_value() - 1) & 1 == 1)
}
