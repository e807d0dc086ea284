//! A client's socket, with or without TLS, that ends when its [`Connection`] does and reads no more than is wanted.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_rustls::server::TlsStream;

use super::heads::Heads;
use crate::connection::reading::{MOST_UNREAD, Wanted};
use crate::connection::{Connection, Protocol};

/// Bytes on their way to a client and back.
#[derive(Debug)]
pub enum Socket {
    /// As they are.
    Plain(TcpStream),
    /// Encrypted.
    Tls(Box<TlsStream<TcpStream>>),
}

/// What actix reads from and writes to.
#[derive(Debug)]
pub struct Transport {
    socket: Socket,
    connection: Rc<Connection>,
    /// The bounds of what is read; none for HTTP/2, which has its own.
    heads: Option<Heads>,
    /// Fires at the connection's deadline or before.
    timer: Option<Pin<Box<Sleep>>>,
    /// The waker that the timer has.
    waker: Option<Waker>,
    /// Whether bytes wait to be written.
    blocked: bool,
    /// Whether a read was put off because of that.
    put_off: bool,
}

impl Transport {
    /// Carries HTTP/1.1, read head by head.
    pub fn http1(socket: Socket, connection: Rc<Connection>) -> Self {
        Self::new(socket, connection, Some(Heads::default()))
    }

    /// Carries HTTP/2.
    pub fn http2(socket: Socket, connection: Rc<Connection>) -> Self {
        connection.speak(Protocol::Http2);
        Self::new(socket, connection, None)
    }

    fn new(socket: Socket, connection: Rc<Connection>, heads: Option<Heads>) -> Self {
        Self { socket, connection, heads, timer: None, waker: None, blocked: false, put_off: false }
    }

    /// The connection that it belongs to.
    pub fn connection(&self) -> &Rc<Connection> {
        &self.connection
    }

    /// Fails once the connection has ended or its deadline is over, and has `context` woken then.
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        loop {
            if self.connection.poll_ended(context).is_ready() {
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
            let Some(deadline) = self.connection.deadline() else {
                return Ok(());
            };
            let timer = match &mut self.timer {
                Some(timer) if timer.deadline() <= deadline => timer,
                Some(timer) => {
                    timer.as_mut().reset(deadline);
                    self.waker = None;
                    timer
                }
                None => self.timer.insert(Box::pin(sleep_until(deadline))),
            };
            // Registering a waker again is expensive.
            let registered = self.waker.as_ref();
            let is_registered = registered.is_some_and(|waker| waker.will_wake(context.waker()));
            if is_registered && !timer.is_elapsed() {
                return Ok(());
            }
            // A task that has done enough for now would be put off, and its waker not be registered.
            if Pin::new(&mut unconstrained(timer.as_mut())).poll(context).is_pending() {
                self.waker = Some(context.waker().clone());
                return Ok(());
            }
            // Deadlines move on while the timer stays, so that a request does not touch it.
            (self.timer, self.waker) = (None, None);
            if deadline <= Instant::now() {
                self.connection.end();
            }
        }
    }

    /// Takes down whether bytes wait to be written. As long as they do, HTTP/1.1 is not read: its answers would pile up.
    fn note<T>(&mut self, written: &Poll<T>, context: &mut Context<'_>) {
        self.blocked = written.is_pending();
        if !self.blocked && std::mem::take(&mut self.put_off) {
            context.waker().wake_by_ref();
        }
    }
}

impl Socket {
    /// Waits for a byte, which stays. Fails where none comes any more.
    pub async fn first_byte(&mut self) -> io::Result<()> {
        let is_there = match self {
            Self::Plain(socket) => socket.peek(&mut [0]).await? > 0,
            Self::Tls(socket) => !socket.fill_buf().await?.is_empty(),
        };
        is_there.then_some(()).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    fn read(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self {
            Self::Plain(socket) => Pin::new(socket).poll_read(context, buffer),
            Self::Tls(socket) => Pin::new(socket).poll_read(context, buffer),
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        this.check(context)?;
        let Some(heads) = &mut this.heads else {
            let before = buffer.filled().len();
            ready!(this.socket.read(context, buffer))?;
            this.connection.bytes_read(buffer.filled().len() - before);
            return Poll::Ready(Ok(()));
        };
        if this.blocked {
            this.put_off = true;
            return Poll::Pending;
        }
        let Wanted { bytes, heads: wanted } = this.connection.wanted();
        if bytes == 0 || wanted == 0 {
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let (ends, within) = if let Some(passed) = heads.pass_kept(buffer, wanted) {
            passed
        } else {
            // Room of our own: a part of actix's would have to be cleared for each read.
            let mut room = [MaybeUninit::uninit(); MOST_UNREAD];
            let bytes = bytes.min(buffer.remaining());
            let mut read = ReadBuf::uninit(room.get_mut(..bytes).unwrap_or_default());
            ready!(this.socket.read(context, &mut read))?;
            heads.pass(read.filled(), buffer, wanted)
        };
        this.connection.heads_read(buffer.filled().len() - before, ends, within);
        if within {
            // A deadline may have come of it.
            this.check(context)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Transport {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        let written = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Socket::Tls(socket) => Pin::new(socket).poll_write(context, bytes),
        };
        self.note(&written, context);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        let written = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_write_vectored(context, slices),
            Socket::Tls(socket) => Pin::new(socket).poll_write_vectored(context, slices),
        };
        self.note(&written, context);
        written
    }

    fn is_write_vectored(&self) -> bool {
        match &self.socket {
            Socket::Plain(socket) => socket.is_write_vectored(),
            Socket::Tls(socket) => socket.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        match &mut self.socket {
            // There is nothing between it and the kernel.
            Socket::Plain(_) => Poll::Ready(Ok(())),
            Socket::Tls(socket) => {
                let flushed = Pin::new(socket).poll_flush(context);
                self.note(&flushed, context);
                flushed
            }
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_shutdown(context),
            Socket::Tls(socket) => Pin::new(socket).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::net::{Ipv4Addr, TcpListener};
    use std::time::Duration;

    use actix_web::rt;
    use tokio::task::coop;
    use tokio::time;

    use super::*;
    use crate::connection::registry::Connections;

    #[actix_web::test]
    async fn a_deadline_holds_that_comes_up_when_its_task_has_done_enough_for_now() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let connection = Connections::new(usize::MAX).add(0);
        let mut transport = Transport::http1(Socket::Plain(stream), Rc::clone(&connection));
        // It has been used and is idle: that has an end.
        drop(connection.begin());
        time::pause();

        // All in one task, whose waker is the same.
        let task = rt::spawn(async move {
            let exhausted = poll_fn(|context| {
                while coop::has_budget_remaining() {
                    ready!(coop::poll_proceed(context)).made_progress();
                }
                Poll::Ready(transport.check(context))
            });
            exhausted.await.expect("no end yet");
            time::advance(Duration::from_mins(10)).await;
            poll_fn(|context| Poll::Ready(transport.check(context))).await
        });

        assert!(task.await.unwrap().is_err());
    }
}
