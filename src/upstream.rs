//! The only door to Unity Connection: one call there and back, within a deadline.
//!
//! awc is kept on a short lead here, since it would follow redirects, take a body that was cut off
//! for a whole one, wait for a stalled body for ever and read an HTTP/1.1 body that ends with its
//! connection as empty (actix-web #2287).

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue,
    LOCATION, TRANSFER_ENCODING, USER_AGENT,
};
use actix_web::http::{Method, StatusCode, Uri, Version};
use actix_web::web::Bytes;
use awc::error::PayloadError;
use awc::{Client, ClientBuilder, Connector};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};

use crate::config;
use crate::credentials::Credentials;
use crate::error::{Error, UpstreamAnswer};

use failure::{Failure, failed_to_send, refused, tell};

pub mod failure;
pub mod tls;

/// What stays as it is in a query's value (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// How long an idle connection is kept: shorter than Tomcat's 20 s.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// One call to Unity Connection.
#[derive(Clone, Debug)]
pub struct Call {
    /// GET, PUT, POST or DELETE.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// A `password` parameter that the query gets besides.
    pub password: Option<SecretString>,
    /// An XML document.
    pub body: Option<String>,
    /// Whose call it is.
    pub credentials: Credentials,
    /// The trace that it belongs to.
    pub traceparent: Option<HeaderValue>,
}

/// An answer that a resource understands: 2xx, or one of 400, 404, 409 and 422.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its `Location`, which is never followed.
    pub location: Option<HeaderValue>,
    /// Its body, as long as its head promised.
    pub body: Bytes,
    /// What of it may be told.
    pub told: UpstreamAnswer,
}

/// One worker's connections to Unity Connection.
pub struct Upstream {
    origin: String,
    timeout: Duration,
    max_response_size: usize,
    connect_timeout: Duration,
    tls: Arc<rustls::ClientConfig>,
    pooled: RefCell<Client>,
    fresh: Client,
}

impl Upstream {
    /// Connects nothing yet.
    pub fn new(config: &config::Upstream, tls: &Arc<rustls::ClientConfig>) -> Self {
        Self {
            origin: config.url.origin().ascii_serialization(),
            timeout: config.timeout,
            max_response_size: config.max_response_size,
            connect_timeout: config.connect_timeout,
            tls: Arc::clone(tls),
            pooled: RefCell::new(client(config.connect_timeout, tls, KEEP_ALIVE)),
            // A write must not meet a connection that the server is about to close.
            fresh: client(config.connect_timeout, tls, Duration::ZERO),
        }
    }

    /// When a call that begins now must have ended.
    pub fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// Makes one call. Every failure of one that is no GET says whether Unity Connection may have
    /// done what it was asked.
    pub async fn call(&self, call: &Call, deadline: Instant) -> Result<Answer, Error> {
        let late = Failure {
            error: Error::UpstreamTimeout,
            reached: true,
        };
        let answer = timeout_at(deadline, self.exchange(call)).await;
        answer.unwrap_or(Err(late)).map_err(|failure| {
            if failure.reached && call.method != Method::GET {
                Error::OutcomeUnknown(Box::new(failure.error))
            } else {
                failure.error
            }
        })
    }

    async fn exchange(&self, call: &Call) -> Result<Answer, Failure> {
        let connections = if call.method == Method::GET {
            self.pooled.borrow().clone()
        } else {
            self.fresh.clone()
        };
        let uri = self.uri(call)?;
        #[expect(clippy::disallowed_methods, reason = "this is the door")]
        let mut request = connections
            .request(call.method.clone(), uri)
            .no_decompress()
            .insert_header((AUTHORIZATION, call.credentials.header()))
            .insert_header((ACCEPT, "application/xml"))
            .insert_header((
                USER_AGENT,
                concat!("cupi-gateway/", env!("CARGO_PKG_VERSION")),
            ));
        if let Some(traceparent) = call.traceparent.clone() {
            request = request.insert_header((HeaderName::from_static("traceparent"), traceparent));
        }
        let sending = if call.method == Method::GET {
            request.send_body(awc::body::None::new())
        } else {
            // Without it Unity Connection answers 415, body or not.
            let request = request.insert_header((CONTENT_TYPE, "application/xml"));
            request.send_body(call.body.clone().unwrap_or_default())
        };
        let mut response = sending.await.map_err(|error| failed_to_send(&error))?;

        let status = response.status();
        if status.is_informational() {
            // awc takes an interim answer for the last one and keeps the connection, where the last
            // one would be read as the answer to the next call, which may be another caller's.
            let empty = client(self.connect_timeout, &self.tls, KEEP_ALIVE);
            self.pooled.replace(empty);
            let told = UpstreamAnswer {
                status: status.as_u16(),
                ..UpstreamAnswer::default()
            };
            return Err(Failure {
                error: Error::UpstreamError(told),
                reached: true,
            });
        }
        let headers = response.headers();
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let framed = length.is_some()
            || headers.contains_key(TRANSFER_ENCODING)
            || status == StatusCode::NO_CONTENT
            || response.version() < Version::HTTP_11;
        let encoded = headers.contains_key(CONTENT_ENCODING);
        let location = headers.get(LOCATION).cloned();
        let body = response.body().limit(self.max_response_size).await;

        if status.is_success() {
            let whole = match body {
                Ok(body) if length.is_some_and(|length: usize| length != body.len()) => {
                    Err("it was cut off")
                }
                Ok(_) if encoded => Err("it is compressed"),
                Ok(_) if !framed => Err("its length is not known"),
                Ok(body) => Ok(body),
                Err(PayloadError::Overflow) => Err("it is too large"),
                Err(_) => Err("it was cut off"),
            };
            let told = UpstreamAnswer {
                status: status.as_u16(),
                ..UpstreamAnswer::default()
            };
            return match whole {
                Ok(body) => Ok(Answer {
                    status,
                    location,
                    body,
                    told,
                }),
                Err(reason) => {
                    let reason = reason.into();
                    let error = Error::UpstreamInvalidResponse {
                        reason,
                        answer: Some(told),
                    };
                    Err(Failure {
                        error,
                        reached: true,
                    })
                }
            };
        }
        let body = body.unwrap_or_default();
        let told = tell(status, &body, call);
        refused(status, told).map(|told| Answer {
            status,
            location,
            body,
            told,
        })
    }

    fn uri(&self, call: &Call) -> Result<Uri, Failure> {
        let mut uri = format!("{}{}", self.origin, call.path);
        if let Some(password) = &call.password {
            let password = utf8_percent_encode(password.expose_secret(), UNRESERVED).to_string();
            uri.push_str("?password=");
            uri.push_str(&password);
        }
        // Paths are made of constants and checked values, so that this cannot happen.
        Uri::try_from(uri).map_err(|_invalid| Failure {
            error: Error::RouteNotFound,
            reached: false,
        })
    }
}

fn client(connect_timeout: Duration, tls: &Arc<rustls::ClientConfig>, keep: Duration) -> Client {
    let connector = Connector::new()
        .rustls_0_23(Arc::clone(tls))
        .timeout(connect_timeout)
        .handshake_timeout(connect_timeout)
        .conn_keep_alive(keep)
        .limit(0);
    ClientBuilder::new()
        .connector(connector)
        .disable_redirects()
        .disable_timeout()
        .finish()
}
