//! The simulator's connections, and bodies that stop or break off on their way.

use std::any::Any;
use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;

use super::switches::values::Close;

/// What happens between the halves of a body.
pub type Then = Pin<Box<dyn Future<Output = io::Result<()>>>>;

/// A body in two halves with something between them.
pub struct Body {
    /// The length that is told.
    pub size: BodySize,
    /// The first half.
    pub first: Option<Bytes>,
    /// What happens then.
    pub then: Option<Then>,
    /// The second half.
    pub last: Option<Bytes>,
}

impl MessageBody for Body {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Bytes>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        if let Some(then) = &mut self.then {
            match then.as_mut().poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(())) => self.then = None,
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(error))),
            }
        }
        Poll::Ready(self.last.take().map(Ok))
    }
}

/// A client's connection, which the simulator can end without a word.
#[derive(Clone, Default)]
pub struct Connection(Arc<Line>);

#[derive(Default)]
struct Line {
    /// A second handle of the socket; none under TLS.
    socket: Option<std::net::TcpStream>,
    requests: AtomicUsize,
}

impl Line {
    fn shut(&self, half: Shutdown) {
        if let Some(socket) = &self.socket {
            // It may be closed already.
            let _ = socket.shutdown(half);
        }
    }
}

impl Connection {
    /// Takes a handle of a connection that was just made.
    pub fn new(stream: &dyn Any) -> Self {
        let socket = stream
            .downcast_ref::<TcpStream>()
            .and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
        Self(Arc::new(Line {
            socket: socket.map(std::net::TcpStream::from),
            requests: AtomicUsize::new(0),
        }))
    }

    /// Counts one more request, and closes now or later as the switch says. Tells whether the request gets an answer.
    pub fn count(&self, close: Close) -> bool {
        let number = self.0.requests.fetch_add(1, Ordering::Relaxed) + 1;
        match close {
            Close::Unread => self.0.shut(Shutdown::Both),
            Close::UnreadReused if number > 1 => self.0.shut(Shutdown::Both),
            Close::Off | Close::UnreadReused | Close::Every(_) | Close::Idle(_) => return true,
        }
        false
    }

    /// Closes after the answer that is about to be sent, at once or when the connection is idle, as the switch says.
    /// The server takes it for the client's end, so it sends what it has, and nothing announces it.
    pub fn answered(&self, close: Close) {
        let number = self.0.requests.load(Ordering::Relaxed);
        match close {
            Close::Every(count) if number >= count => self.0.shut(Shutdown::Read),
            Close::Idle(duration) => {
                let line = Arc::downgrade(&self.0);
                actix_web::rt::spawn(async move {
                    tokio::time::sleep(duration).await;
                    if let Some(line) = line.upgrade()
                        && line.requests.load(Ordering::Relaxed) == number
                    {
                        line.shut(Shutdown::Read);
                    }
                });
            }
            _ => {}
        }
    }

    /// Closes the connection once what was written so far is on its way.
    pub async fn break_off(self) -> io::Result<()> {
        tokio::task::yield_now().await;
        self.0.shut(Shutdown::Both);
        match self.0.socket {
            Some(_) => Ok(()),
            None => Err(io::Error::other("the simulator breaks off")),
        }
    }
}
