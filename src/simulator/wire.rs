//! The simulator's connections, and bodies that stop or break off on their way.

use std::any::Any;
use std::future::Future;
use std::io;
use std::net::Shutdown;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;

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
pub struct Connection {
    /// A second handle of the socket; none under TLS.
    socket: Option<Arc<std::net::TcpStream>>,
}

impl Connection {
    /// Takes a handle of a connection that was just made.
    pub fn new(stream: &dyn Any) -> Self {
        let socket = stream
            .downcast_ref::<TcpStream>()
            .and_then(|stream| stream.as_fd().try_clone_to_owned().ok());
        Self {
            socket: socket.map(|socket| Arc::new(socket.into())),
        }
    }

    /// Closes the connection.
    pub fn close(&self) {
        if let Some(socket) = &self.socket {
            // It may be closed already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }

    /// Closes the connection once what was written so far is on its way.
    pub async fn break_off(self) -> io::Result<()> {
        tokio::task::yield_now().await;
        self.close();
        match self.socket {
            Some(_) => Ok(()),
            None => Err(io::Error::other("the simulator breaks off")),
        }
    }
}
