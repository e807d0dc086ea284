//! How a connection to Unity Connection comes about: its addresses are tried one after another, then comes
//! the TLS handshake.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_tls::connect::{ConnectError, ConnectInfo, Connection};
use actix_web::dev::fn_service;
use actix_web::http::Uri;
use awc::{Client, ClientBuilder, Connector};
use tokio::net::{TcpStream, lookup_host};

use super::socket::Socket;
use super::witness::Witness;

/// What all connections have in common.
#[derive(Clone)]
pub struct Connect {
    /// How long the addresses may take, and then the handshake.
    pub timeout: Duration,
    /// The TLS side.
    pub tls: Arc<rustls::ClientConfig>,
    /// Who is shown what happens on the way.
    pub witness: Option<Arc<Witness>>,
    /// Set when a connection that is read is seen to have been closed by the other side.
    pub ended: Rc<Cell<bool>>,
}

impl Connect {
    /// A client that keeps idle connections for so long, and counts those that it makes.
    pub fn client(&self, keep: Duration, made: &Arc<AtomicU64>) -> Client {
        let (witness, made) = (self.witness.clone(), Arc::clone(made));
        let ended = Rc::clone(&self.ended);
        let connector = Connector::new()
            .connector(fn_service(move |asked| {
                made.fetch_add(1, Ordering::Relaxed);
                let (witness, ended) = (witness.clone(), Rc::clone(&ended));
                async move {
                    let connected = dial(asked, witness).await?;
                    let (stream, uri) = connected.into_parts();
                    Ok::<_, ConnectError>(Connection::new(uri, Socket { stream, ended }))
                }
            }))
            .rustls_0_23(Arc::clone(&self.tls))
            .timeout(self.timeout)
            .handshake_timeout(self.timeout)
            .conn_keep_alive(keep)
            .limit(0);
        ClientBuilder::new().connector(connector).disable_redirects().disable_timeout().finish()
    }
}

/// Connects to the first address that answers.
async fn dial(
    asked: ConnectInfo<Uri>,
    witness: Option<Arc<Witness>>,
) -> Result<Connection<Uri, TcpStream>, ConnectError> {
    let (host, port) = (asked.hostname(), asked.port());
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_bracketed = bare != host;
    let addresses = lookup_host((bare, port)).await.map_err(|error| {
        if let Some(witness) = &witness {
            witness.unresolved(&error);
        }
        ConnectError::Resolver(Box::new(error))
    })?;

    let mut result = Err(ConnectError::NoRecords);
    for address in addresses {
        if let Some(witness) = &witness {
            witness.tries(address);
        }
        let connected = TcpStream::connect(address).await;
        if let Some(witness) = &witness {
            witness.tried(connected.as_ref().err());
        }
        result = connected.map_err(ConnectError::Io);
        if result.is_ok() {
            break;
        }
    }
    // actix-tls takes the host of this URI for the name that the server must have, and refuses brackets.
    // The name is compared by our own verifier, which knows it from the configuration.
    let uri = if is_bracketed {
        Uri::from_static("https://ipv6.invalid")
    } else {
        asked.request().clone()
    };
    result.map(|stream| Connection::new(uri, stream))
}
