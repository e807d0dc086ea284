//! A recording on its way to a client, part by part. A client that takes it too slowly loses the rest of it.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::rt;
use actix_web::web::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep_until};

/// The largest part, in bytes: actix copies what it is given.
const PART: usize = 16 * 1024;

/// What a client takes at least in each [`WINDOW`], in bytes.
const PACE: usize = 64 * 1024;

const WINDOW: Duration = Duration::from_secs(10);

/// How long it may take to send a recording.
const LONGEST: Duration = Duration::from_mins(5);

/// A recording as the body of a response.
pub struct Outgoing {
    size: usize,
    progress: Rc<RefCell<Progress>>,
    /// Its watch ends when this is dropped.
    _sending: oneshot::Sender<()>,
}

/// What of a recording is still to be sent.
#[derive(Debug)]
struct Progress {
    /// Nothing where the client was too slow.
    rest: Option<Bytes>,
    /// Bytes taken since `since`.
    taken: usize,
    /// When the client last had taken enough.
    since: Instant,
}

impl Outgoing {
    /// Nothing is sent yet.
    pub fn new(recording: Bytes) -> Self {
        let size = recording.len();
        let now = Instant::now();
        let progress = Progress { rest: Some(recording), taken: 0, since: now };
        let progress = Rc::new(RefCell::new(progress));
        let (sending, over) = oneshot::channel();
        rt::spawn(watch(Rc::clone(&progress), now + LONGEST, over));
        Self { size, progress, _sending: sending }
    }
}

/// Drops the rest when the client is too slow, until all is over.
async fn watch(progress: Rc<RefCell<Progress>>, last: Instant, mut over: oneshot::Receiver<()>) {
    loop {
        let due = last.min(progress.borrow().since + WINDOW);
        if Instant::now() >= due {
            progress.borrow_mut().rest = None;
            return;
        }
        tokio::select! {
            _ = &mut over => return,
            () = sleep_until(due) => {}
        }
    }
}

impl Progress {
    /// The next part. The last one is a copy, so that the recording is gone before its client has it all.
    fn next(&mut self) -> Option<io::Result<Bytes>> {
        let Some(rest) = &mut self.rest else {
            return Some(Err(io::ErrorKind::TimedOut.into()));
        };
        if rest.is_empty() {
            return None;
        }
        let part = if rest.len() > PART {
            rest.split_to(PART)
        } else {
            let last = Bytes::copy_from_slice(rest);
            *rest = Bytes::new();
            last
        };
        self.taken += part.len();
        if self.taken >= PACE {
            self.taken = 0;
            self.since = Instant::now();
        }
        Some(Ok(part))
    }
}

impl MessageBody for Outgoing {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.size as u64)
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        Poll::Ready(self.progress.borrow_mut().next())
    }
}
