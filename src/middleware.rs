//! What is the same for every request: its id, HEAD, the headers of every response, problem
//! documents.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_cors::CorsError;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName,
    HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{ConnectionType, Method, StatusCode, Version};
use actix_web::middleware::Next;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpMessage, ResponseError};
use uuid::Uuid;

use crate::access::AccessLine;
use crate::credentials::challenge;
use crate::drain::{Drain, InFlight, Phase};
use crate::error::Error;
use crate::problem::{self, Problem};

/// RFC 5789, section 3.1.
const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Stands round everything else, CORS included.
pub async fn surround<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let drain = request.app_data::<Data<Drain>>().cloned();
    let in_flight = drain.as_ref().map(|drain| drain.begin());
    let request_id = request_id(request.headers());
    let access_line = AccessLine::begin(&request, request_id.clone(), drain.clone());
    let method = request.method().clone();
    if method == Method::HEAD {
        // No GET route of actix answers it; the encoder knows on its own to leave the body out.
        request.head_mut().method = Method::GET;
    }

    if request.version() == Version::HTTP_2 && !takes_body(&method) {
        // h2 keeps all that comes for whoever may still read it, empty frames without end
        // (RUSTSEC-2026-0258): let it know that nobody will.
        drop(request.take_payload());
    }

    let response = next.call(request).await?;

    let error = failure(&response, &method);
    let mut response = match &error {
        Some(error) => with_problem(response, error, &request_id),
        None => response.map_into_boxed_body(),
    };
    let safe = method == Method::GET || method == Method::HEAD;
    let headers = response.headers_mut();
    if !safe {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REQUEST_ID, request_id.clone());

    if drain.is_some_and(|drain| drain.phase() != Phase::Ready) {
        // Whoever keeps the connection would meet its end with the next request.
        let head = response.response_mut().head_mut();
        head.set_connection_type(ConnectionType::Close);
    }
    access_line.end(&response, error.as_ref());
    Ok(response.map_body(|_, body| BoxBody::new(Counted { body, in_flight })))
}

/// A body that keeps its request in flight until it was sent.
struct Counted {
    body: BoxBody,
    in_flight: Option<InFlight>,
}

impl MessageBody for Counted {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let next = self.body.as_pin_mut().poll_next(context);
        if matches!(next, Poll::Ready(None)) {
            self.in_flight = None;
        }
        next
    }
}

/// Whether a handler reads the body of such a request.
fn takes_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
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
    let problem = Problem::new(error, request.path(), request_id);
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
