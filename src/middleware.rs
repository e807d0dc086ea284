//! What is the same for every request: its id, HEAD, the headers of every response, problem
//! documents.

use std::future::pending;
use std::rc::Rc;

use actix_cors::CorsError;
use actix_web::body::{self as bodies, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, RETRY_AFTER, TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, StatusCode, Version};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, ResponseError};
use tokio::time::sleep;
use uuid::Uuid;

use body::{Incoming, Outgoing};

use crate::access::AccessLine;
use crate::connection::request::Body;
use crate::connection::{Connection, LINGER};
use crate::credentials::challenge;
use crate::drain::Phase;
use crate::error::Error;
use crate::gateway::Gateway;
use crate::problem::{self, Problem};

pub mod body;

/// RFC 5789, section 3.1.
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// The largest head of an HTTP/2 request, in bytes; HTTP/1.1 has about the same limit in actix.
const MAX_HEAD: usize = 32 * 1024;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Stands round everything else, CORS included.
pub async fn surround<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let connection = request.request().conn_data::<Rc<Connection>>();
    let under_way = connection.map(|connection| Rc::new(connection.begin()));
    let websocket = offers_websocket(request.headers());
    let offers_upgrade = request.head().upgrade() || websocket;
    let multiplexed = request.version() == Version::HTTP_2;
    let closes = offers_upgrade || request.head().connection_type() == ConnectionType::Close;
    if let Some(under_way) = under_way.as_ref().filter(|_| !multiplexed) {
        if under_way.is_late() {
            // actix would answer what was read ahead, where nothing is worked on any more (RFC 9112, section 9.6). The
            // answer before it still has to leave.
            sleep(LINGER).await;
            under_way.end_connection();
            return pending().await;
        }
        if closes {
            under_way.set_last();
        }
    }
    let observers = Rc::clone(&Gateway::of(request.request()).observers);
    let in_flight = observers.drain.begin();
    let request_id = request_id(request.headers());
    let access_line = AccessLine::begin(&request, request_id.clone(), Rc::clone(&observers));
    let method = request.method().clone();
    if method == Method::HEAD {
        // No GET route of actix answers it; the encoder knows on its own to leave the body out.
        request.head_mut().method = Method::GET;
    }

    if multiplexed && !takes_body(&method) {
        // h2 keeps all that comes for whoever may still read it, empty frames without end
        // (RUSTSEC-2026-0258): let it know that nobody will.
        drop(request.take_payload());
    }
    match (request.take_payload(), &under_way) {
        (Payload::None, _) => {}
        (payload, Some(under_way)) => {
            // actix takes all that follows such an offer for the other protocol.
            let length = websocket.then(|| content_length(request.headers()));
            request.set_payload(Incoming::watch(payload, length, under_way));
        }
        (payload, None) => request.set_payload(payload),
    }

    let response = if under_way.as_ref().is_some_and(|request| request.is_overloaded()) {
        request.error_response(Error::Overloaded)
    } else if multiplexed && head_size(&request) > MAX_HEAD {
        request.into_response(HttpResponse::RequestHeaderFieldsTooLarge().finish())
    } else {
        next.call(request).await?.map_into_boxed_body()
    };

    let error = failure(&response, &method);
    let mut response = match &error {
        Some(error) => with_problem(response, error, &request_id),
        None => response,
    };
    let safe = method == Method::GET || method == Method::HEAD;
    let headers = response.headers_mut();
    if !safe {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REQUEST_ID, request_id.clone());

    // Whoever keeps the connection would meet its end with the next request. actix ends it after an offer to upgrade, but
    // does not say so; of the client's own wish it says so only where nothing was read ahead; and it would read a chunked
    // body to its end that nobody wants any more.
    let leaving = observers.drain.phase() != Phase::Ready;
    let unread = under_way.as_ref().filter(|request| request.body() == Body::Arriving);
    let unread = unread.is_some_and(|request| {
        let chunked = response.request().headers().contains_key(TRANSFER_ENCODING);
        if !chunked {
            // actix knows how much is still to come, and ends the connection where that is too much.
            request.set_body(Body::Arrived);
        }
        chunked
    });
    if leaving || closes || unread {
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    access_line.end(&response, error.as_ref());
    Ok(response.map_body(|head, body| {
        // Over HTTP/2 actix would say that what the client has is 0 bytes long (RFC 9110, section 8.6).
        let unchanged = head.status == StatusCode::NOT_MODIFIED;
        let body = if unchanged { BoxBody::new(bodies::None::new()) } else { body };
        Outgoing::watch(body, in_flight, under_way)
    }))
}

/// Whether a handler reads the body of such a request.
fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// Whether a client offers to go on with WebSocket, which is not taken.
fn offers_websocket(headers: &HeaderMap) -> bool {
    let mut offers = headers.get_all(UPGRADE).filter_map(|value| value.to_str().ok());
    offers.any(|offer| offer.trim().eq_ignore_ascii_case("websocket"))
}

/// The length of a body, 0 without one.
fn content_length(headers: &HeaderMap) -> usize {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    length.and_then(|length| length.parse().ok()).unwrap_or(0)
}

/// What the fields of a head hold, in bytes.
fn head_size(request: &ServiceRequest) -> usize {
    let fields = request.headers().iter();
    let fields: usize = fields.map(|(name, value)| name.as_str().len() + value.len()).sum();
    fields + request.uri().path().len() + request.query_string().len()
}

/// The client's own id, where it is one that can be quoted and logged, else a new one.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let usable = |value: &&HeaderValue| {
        let allowed = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        (1..=128).contains(&value.len()) && value.as_bytes().iter().all(allowed)
    };
    if let Some(id) = headers.get(REQUEST_ID).filter(usable) {
        return id.clone();
    }
    let mut digits = [0; 36];
    let id = Uuid::new_v4().as_hyphenated().encode_lower(&mut digits);
    #[expect(clippy::expect_used, reason = "hexadecimal digits and hyphens")]
    HeaderValue::from_str(id).expect("a header value")
}

/// Our error in a response, or what the framework's own amounts to.
fn failure<B>(response: &ServiceResponse<B>, method: &Method) -> Option<Error> {
    let error = response.response().error();
    if let Some(error) = error.and_then(actix_web::Error::as_error::<Error>) {
        return Some(error.clone());
    }
    if error.is_some_and(|error| error.as_error::<CorsError>().is_some()) {
        return Some(Error::CorsRejected);
    }
    match response.status() {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => None,
        StatusCode::METHOD_NOT_ALLOWED => Some(Error::MethodNotAllowed),
        StatusCode::BAD_REQUEST if method == Method::OPTIONS => Some(Error::CorsRejected),
        status if status.is_client_error() || status.is_server_error() => {
            Some(Error::RouteNotFound)
        }
        _ => None,
    }
}

/// The response's headers, those of CORS among them, with a problem document as body.
fn with_problem<B>(
    response: ServiceResponse<B>,
    error: &Error,
    request_id: &HeaderValue,
) -> ServiceResponse<BoxBody> {
    let request = response.request();
    let (challenge, method) = (challenge(request.headers()), request.method().clone());
    let request_id = request_id.to_str().unwrap_or_default();
    let instance = format!("{}{}", Gateway::of(request).public_path, request.path());
    let problem = Problem::new(error, &instance, request_id);
    let status = error.status_code();

    let mut response = response.map_body(|head, _| {
        head.status = status;
        #[expect(clippy::expect_used, reason = "texts, numbers and flags always have a JSON form")]
        BoxBody::new(serde_json::to_vec(&problem).expect("plain data"))
    });
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(problem::MEDIA_TYPE));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    if method == Method::PATCH && status == StatusCode::UNSUPPORTED_MEDIA_TYPE {
        let types = HeaderValue::from_static("application/merge-patch+json, application/json");
        headers.insert(ACCEPT_PATCH, types);
    }
    if matches!(error, Error::UnsupportedContentCoding) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    if let Some(seconds) = error.retry_after() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(allowed) = headers.get(ALLOW).and_then(|value| value.to_str().ok())
        && allowed.contains("GET")
        && let Ok(allowed) = HeaderValue::from_str(&allowed.replace("GET", "GET, HEAD"))
    {
        headers.insert(ALLOW, allowed);
    }
    response
}
