//! One HTTP exchange with Unity Connection, on awc.
//!
//! awc is kept on a short lead here, since it would follow redirects, take a body that was cut off
//! for a whole one, take an interim answer for the last, keep a connection whose answer may have more
//! to come, and read an HTTP/1.1 body that ends with its connection as empty (actix-web #2287).

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue,
    USER_AGENT,
};
use actix_web::http::{Method, StatusCode, Uri};
use actix_web::web::Bytes;
use awc::{Client, ClientRequest};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;

use super::call::{Call, Limit};
use super::cause::Cause;
use super::connect::Connect;
use super::framing::{TOO_LARGE, body, is_framed};
use super::parts::Parts;
use crate::config;
use crate::error::{Error, UpstreamAnswer};

/// What stays as it is in a query's value (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const OURSELVES: HeaderValue =
    HeaderValue::from_static(concat!("cupi-gateway/", env!("CARGO_PKG_VERSION")));

/// How long an idle connection is kept: shorter than Tomcat's 20 s.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One worker's connections.
pub struct Connections {
    origin: Uri,
    host: HeaderValue,
    max_response_size: usize,
    connect: Connect,
    pooled: RefCell<Client>,
    /// How many pooled connections were made.
    made: Arc<AtomicU64>,
    fresh: Client,
}

/// Which connection a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// One that is open already, if there is one.
    Pooled,
    /// A new one.
    Fresh,
}

/// The fields of a request that say whose it is; none of them for nobody's.
#[derive(Clone, Debug, Default)]
pub struct Identity {
    /// `Authorization`, as the caller sent it.
    pub authorization: Option<HeaderValue>,
    /// `Cookie`, where the caller has a session.
    pub cookie: Option<HeaderValue>,
    /// `traceparent`, where the request belongs to a trace.
    pub traceparent: Option<HeaderValue>,
}

/// An answer as it came.
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its fields.
    pub headers: HeaderMap,
    /// Its body, or why it is none to be used.
    pub body: Result<Bytes, &'static str>,
}

/// An error, and what is known of the request before it.
pub struct Failure {
    /// What is told.
    pub error: Error,
    /// Whether the request may have reached Unity Connection.
    pub reached: bool,
    /// Whether the connection was closed without a word.
    pub closed: bool,
    /// Whether that connection had carried another call before.
    pub was_pooled: bool,
    /// What the operator is told besides.
    pub cause: Option<Cause>,
}

impl From<Error> for Failure {
    /// An error before anything was sent.
    fn from(error: Error) -> Self {
        Self { error, reached: false, closed: false, was_pooled: false, cause: None }
    }
}

impl From<Cause> for Failure {
    fn from(cause: Cause) -> Self {
        Self {
            error: cause.error(),
            reached: cause.was_sent(),
            closed: matches!(cause, Cause::Closed),
            was_pooled: false,
            cause: Some(cause),
        }
    }
}

impl Failure {
    /// An error after the request may have been read.
    pub fn late(error: Error) -> Self {
        Self { reached: true, ..error.into() }
    }

    /// Whether the request was sent and got no answer of Unity Connection's own. It may still count as
    /// a failed sign-in. A 502 or 504 is a balancer's.
    pub fn is_unanswered(&self) -> bool {
        match &self.error {
            Error::UpstreamTimeout(_) => true,
            Error::UpstreamError(told) => told.status == 502,
            _ => self.closed,
        }
    }

    /// The error of a call with this method. Only here is decided that a change may have been made.
    pub fn into_error(self, method: &Method) -> Error {
        if self.reached && *method != Method::GET {
            Error::OutcomeUnknown(Box::new(self.error))
        } else {
            self.error
        }
    }
}

impl Connections {
    /// Connects nothing yet.
    pub fn new(config: &config::Upstream, tls: Arc<rustls::ClientConfig>) -> Self {
        let connect =
            Connect { timeout: config.connect_timeout, tls, witness: None, ended: Rc::default() };
        Self::over(config, connect)
    }

    /// The same over connections that come about so.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "an origin of http or https"
    )]
    pub fn over(config: &config::Upstream, connect: Connect) -> Self {
        let made = Arc::default();
        let origin = config.url.origin().ascii_serialization();
        let host = origin.split_once("://").map_or("", |(_, host)| host);
        Self {
            host: HeaderValue::from_str(host).expect("a host"),
            origin: Uri::try_from(&origin).expect("an address"),
            max_response_size: config.max_response_size,
            pooled: RefCell::new(connect.client(KEEP_ALIVE, &made)),
            fresh: connect.client(Duration::ZERO, &Arc::default()),
            made,
            connect,
        }
    }

    /// Sends a request and takes the whole answer.
    pub async fn exchange(
        &self,
        connection: Connection,
        call: &Call,
        identity: &Identity,
    ) -> Result<Reply, Failure> {
        let client = match connection {
            Connection::Pooled => self.pooled.borrow().clone(),
            Connection::Fresh => self.fresh.clone(),
        };
        let request = self.request(&client, call, identity)?;
        let sending = if call.method == Method::GET {
            request.send_body(awc::body::None::new())
        } else {
            // Without it Unity Connection answers 415, body or not.
            let request = request.insert_header((CONTENT_TYPE, call.content_type));
            request.send_body(Parts(call.body.clone()))
        };
        let mut sending = pin!(sending);
        let mut made_one = false;
        let sent = poll_fn(|context| {
            // awc does not say which connection it took. If it makes one, it does so while it is polled for this request.
            let before = self.made.load(Ordering::Relaxed);
            let polled = sending.as_mut().poll(context);
            made_one |= self.made.load(Ordering::Relaxed) != before;
            polled
        });
        let mut response = sent.await.map_err(|error| {
            let failure = Failure::from(Cause::from(&error));
            let was_pooled = failure.closed && !made_one && connection == Connection::Pooled;
            Failure { was_pooled, ..failure }
        })?;

        let status = response.status();
        if connection == Connection::Pooled && !is_framed(&response) {
            // awc would keep the connection, where bytes that follow would be read as the answer to
            // the next call, which may be another caller's.
            self.pooled.replace(self.connect.client(KEEP_ALIVE, &self.made));
        }
        if status.is_informational() {
            let told = UpstreamAnswer::new(status);
            return Err(Failure::late(Error::UpstreamError(told)));
        }
        let usual = Limit { size: self.max_response_size, exceeded: TOO_LARGE };
        let limit = call.limit.unwrap_or(usual);
        let body = body(&mut response, limit, &self.connect.ended).await;
        let mut headers = HeaderMap::new();
        response.map_body(|head, rest| {
            headers = mem::take(&mut head.headers);
            rest
        });
        Ok(Reply { status, headers, body })
    }

    fn request(
        &self,
        client: &Client,
        call: &Call,
        identity: &Identity,
    ) -> Result<ClientRequest, Failure> {
        let uri = self.uri(call)?;
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        let mut request = client
            .request(call.method.clone(), uri)
            .no_decompress()
            // awc would print it from the address of each call.
            .insert_header((HOST, self.host.clone()))
            .insert_header((ACCEPT, call.accept))
            .insert_header((USER_AGENT, OURSELVES));
        let fields = [
            (AUTHORIZATION, &identity.authorization),
            (COOKIE, &identity.cookie),
            (HeaderName::from_static("traceparent"), &identity.traceparent),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                request = request.insert_header((name, value.clone()));
            }
        }
        Ok(request)
    }

    fn uri(&self, call: &Call) -> Result<Uri, Failure> {
        let mut path = call.path.clone();
        if let Some((name, value)) = &call.secret {
            path.push_str(if path.contains('?') { "&" } else { "?" });
            path.push_str(name);
            path.push('=');
            path.extend(utf8_percent_encode(value.expose_secret(), UNRESERVED));
        }
        let mut parts = self.origin.clone().into_parts();
        // Paths are made of constants and checked values, so that this cannot happen.
        let invalid = || Failure::from(Error::RouteNotFound);
        parts.path_and_query = Some(path.try_into().map_err(|_invalid| invalid())?);
        Uri::from_parts(parts).map_err(|_invalid| invalid())
    }
}
