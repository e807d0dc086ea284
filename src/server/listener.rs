//! The API's listener: sockets, TLS and HTTP, put together from actix's parts.
//!
//! `HttpServer` would do all of this, but it leaves no room between the socket and HTTP, where slow and greedy clients
//! have their bounds ([`super::transport`]); it offers HTTP/2 without a limit on streams, and it lets 256 silent TLS
//! connections of a worker keep out all others.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_http::{HttpService, Protocol, Request};
use actix_server::{Server, ServerBuilder};
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt, map_config};
use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::AppConfig;
use actix_web::rt::net::TcpStream;
use rustls::ServerConfig;
use socket2::SockRef;
use tokio::net::TcpSocket;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::transport::{Socket, Transport};
use crate::connection::registry::Connections;
use crate::connection::{Connection, STALL};

/// How long an idle client connection is kept: longer than a load balancer keeps its own.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(3);

/// Connections that may wait to be taken: room for a burst of clients, where the standard library has room for 128.
const BACKLOG: u32 = 1024;

/// What actix collects of an answer before it writes, and what one connection keeps of it within TLS.
const WRITE_BUFFER: usize = 16 * 1024;

/// What the kernel keeps of an answer beyond what is on its way.
const UNSENT: u32 = 64 * 1024;

/// What a client may send of one body, and of all bodies of an HTTP/2 connection, before they are read.
const WINDOWS: [u32; 2] = [64 * 1024, 128 * 1024];

/// What the connections of a process may hold in all, and those of a worker at least: about a third of what deploy/base
/// gives to the process.
const HELD: [usize; 2] = [44 * 1024 * 1024, 4 * 1024 * 1024];

/// What a connection holds, as measured: while nothing has come yet, and then as plain HTTP, as HTTP within TLS or as HTTP/2.
const WEIGHTS: [usize; 4] = [8 * 1024, 17 * 1024, 25 * 1024, 32 * 1024];

/// How a listener serves.
pub struct Service {
    /// Threads.
    pub workers: usize,
    /// How long requests may take when it ends.
    pub grace: Duration,
    /// The gateway's own certificate and key.
    pub tls: Option<ServerConfig>,
}

/// Takes a port. `key` is the setting that names it.
pub fn listen(key: &str, address: SocketAddr) -> io::Result<TcpListener> {
    let open = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    open().map_err(|error| io::Error::new(error.kind(), format!("{key}: {address}: {error}")))
}

/// Serves an app, made by `app` for each worker, on a port that was taken.
pub fn serve<A, I, S, B>(listener: TcpListener, service: Service, app: A) -> io::Result<Server>
where
    A: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Response = actix_web::dev::ServiceResponse<B>>
        + 'static,
    S::Error: Into<Error>,
    S::InitError: std::fmt::Debug,
    B: MessageBody + 'static,
{
    // Both are the connections' own, which the kernel makes after the listener.
    let socket = SockRef::from(&listener);
    socket.set_tcp_user_timeout(Some(STALL))?;
    socket.set_tcp_notsent_lowat(UNSENT)?;
    let builder = ServerBuilder::new()
        .workers(service.workers)
        // The order of the end is ours; actix would close the listener at once.
        .disable_signals()
        .shutdown_timeout(service.grace.as_secs() + 1);
    let ending = builder.graceful_shutdown_signal();
    let [all, least] = HELD;
    let limit = (all / service.workers).max(least);
    let acceptor = service.tls.map(|mut tls| {
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        TlsAcceptor::from(Arc::new(tls))
    });
    let builder = builder.listen("api", listener, move || {
        let (ending, leaving) = (ending.clone(), ending.clone());
        let [stream_window, connection_window] = WINDOWS;
        let app = app().into_factory().map_err(|error| error.into().error_response());
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let ending = ending.clone();
                async move { ending.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_disconnect_timeout(Duration::from_secs(1))
            // A client that closes its connection cancels its wait.
            .h1_allow_half_closed(false)
            .h1_write_buffer_size(WRITE_BUFFER)
            .h2_initial_window_size(stream_window)
            .h2_initial_connection_window_size(connection_window)
            .on_connect_ext(|transport: &Transport, extensions| {
                extensions.insert(Rc::clone(transport.connection()));
            })
            .finish(map_config(app, |()| AppConfig::default()));
        let connections = Connections::new(limit);
        let acceptor = acceptor.clone();
        actix_service::fn_service(move |stream: TcpStream| {
            // In a box, so that a connection does not hold the room for it to its end.
            let accepting = Box::pin(accept(stream, acceptor.clone(), Rc::clone(&connections)));
            let leaving = leaving.clone();
            async move {
                tokio::select! {
                    accepted = accepting => accepted,
                    () = leaving.notified() => Err(io::ErrorKind::ConnectionAborted.into()),
                }
            }
        })
        .map_err(actix_http::error::DispatchError::Io)
        .and_then(http)
    })?;
    Ok(builder.run())
}

/// Makes a client's stream ready for HTTP: the handshake where there is one, and the first byte of a request. A balancer
/// opens connections before it has use for them; actix's time for a head begins at once, and its 408 would be taken for the
/// answer to the first request.
async fn accept(
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    connections: Rc<Connections>,
) -> io::Result<(Transport, Protocol, Option<SocketAddr>)> {
    let [silent, plain, encrypted, http2] = WEIGHTS;
    let peer = stream.peer_addr().ok();
    stream.set_nodelay(true)?;
    let connection = connections.add(silent);
    let mut socket = match acceptor {
        None => Socket::Plain(stream),
        Some(acceptor) => {
            let shaking =
                acceptor.accept_with(stream, |tls| tls.set_buffer_limit(Some(WRITE_BUFFER)));
            let stream = Box::pin(within(HANDSHAKE, &connection, shaking)).await?;
            connection.hold(encrypted - silent);
            Socket::Tls(Box::new(stream))
        }
    };
    within(KEEP_ALIVE, &connection, socket.first_byte()).await?;
    Ok(match &socket {
        Socket::Plain(_) => {
            connection.hold(plain - silent);
            (Transport::http1(socket, connection), Protocol::Http1, peer)
        }
        Socket::Tls(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => {
            connection.hold(http2 - encrypted);
            (Transport::http2(socket, connection), Protocol::Http2, peer)
        }
        Socket::Tls(_) => (Transport::http1(socket, connection), Protocol::Http1, peer),
    })
}

/// Waits so long for a client, unless its connection ends before.
async fn within<T>(
    time: Duration,
    connection: &Connection,
    step: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    tokio::select! {
        done = timeout(time, step) => done?,
        () = poll_fn(|context| connection.poll_ended(context)) => {
            Err(io::ErrorKind::ConnectionAborted.into())
        }
    }
}
