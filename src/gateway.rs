//! One call from a caller to Unity Connection and back: read this first.
//!
//! A resource says what to call and how to translate the answer; everything that is the same for
//! all resources happens here.

use actix_web::http::header::{CACHE_CONTROL, VARY};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use secrecy::SecretString;
use serde::Serialize;

use crate::credentials::Caller;
use crate::error::{Error, Refusal};
use crate::request::traceparent;
use crate::upstream::{Answer, Call, Upstream};
use crate::xml::Fault;

/// Turns a CUPI document into [`json`].
pub type Translate = Box<dyn Fn(&[u8]) -> Result<Vec<u8>, Fault>>;

/// What an object's document says of a refusal to change it.
pub type Reconsider = fn(&[u8]) -> Option<&'static Refusal>;

/// A read: `GET` on Unity Connection.
pub struct Read {
    /// Path and query.
    pub path: String,
    /// The document into JSON.
    pub translate: Translate,
    /// What a 404 means, where the path names one object.
    pub not_found: Option<&'static Refusal>,
}

/// A write, which is never repeated.
pub struct Write {
    /// PUT, POST or DELETE.
    pub method: Method,
    /// Path.
    pub path: String,
    /// A `password` parameter for the query.
    pub password: Option<SecretString>,
    /// The CUPI document to send.
    pub body: Option<String>,
    /// What a refusal with 400, 404, 409 or 422 means.
    pub explain: fn(StatusCode) -> &'static Refusal,
    /// What the object itself, read once after a 400, says of the refusal.
    pub reconsider: Option<Reconsider>,
}

/// One worker's way to Unity Connection.
pub struct Gateway {
    upstream: Upstream,
}

impl Gateway {
    /// Puts the gateway before `upstream`.
    pub fn new(upstream: Upstream) -> Self {
        Self { upstream }
    }

    /// Reads a document and answers with its translation.
    pub async fn read(
        &self,
        request: &HttpRequest,
        caller: &Caller,
        read: Read,
    ) -> Result<HttpResponse, Error> {
        let call = Call {
            method: Method::GET,
            path: read.path,
            password: None,
            body: None,
            credentials: caller.credentials.clone(),
            traceparent: traceparent(request.headers()),
        };
        let answer = self.upstream.call(&call, self.upstream.deadline()).await?;
        let json = match (answer.status, read.not_found) {
            (StatusCode::OK, _) => translated(&answer, &read.translate)?,
            (StatusCode::NOT_FOUND, Some(refusal)) => {
                return Err(Error::Resource(refusal, answer.told));
            }
            _ => return Err(unexpected(answer)),
        };
        Ok(HttpResponse::Ok()
            .content_type("application/json")
            .insert_header((CACHE_CONTROL, "private, no-cache"))
            .insert_header((VARY, "Authorization, Origin"))
            .body(json))
    }

    /// Makes a change. The answer is a success: 204, 201 for a POST, or 200 without a body.
    pub async fn write(
        &self,
        request: &HttpRequest,
        caller: &Caller,
        write: Write,
    ) -> Result<Answer, Error> {
        let call = Call {
            method: write.method,
            path: write.path,
            password: write.password,
            body: write.body,
            credentials: caller.credentials.clone(),
            traceparent: traceparent(request.headers()),
        };
        let deadline = self.upstream.deadline();
        let answer = self.upstream.call(&call, deadline).await?;
        if answer.status.is_success() {
            return if is_done(&call.method, &answer) {
                Ok(answer)
            } else {
                Err(Error::OutcomeUnknown(Box::new(unexpected(answer))))
            };
        }
        let mut refusal = (write.explain)(answer.status);
        if let (StatusCode::BAD_REQUEST, Some(reconsider)) = (answer.status, write.reconsider) {
            let look = Call {
                method: Method::GET,
                password: None,
                body: None,
                ..call
            };
            if let Ok(document) = self.upstream.call(&look, deadline).await
                && document.status == StatusCode::OK
            {
                refusal = reconsider(&document.body).unwrap_or(refusal);
            }
        }
        Err(Error::Resource(refusal, answer.told))
    }
}

/// The JSON of a resource's type.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "texts, numbers and flags always have a JSON form"
)]
pub fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data")
}

/// Whether a write's answer is the success that was asked for: a sign-in page is none.
fn is_done(method: &Method, answer: &Answer) -> bool {
    match answer.status {
        StatusCode::NO_CONTENT => true,
        StatusCode::CREATED => method == Method::POST,
        StatusCode::OK => answer.body.is_empty(),
        _ => false,
    }
}

fn translated(answer: &Answer, translate: &Translate) -> Result<Bytes, Error> {
    translate(&answer.body).map(Bytes::from).map_err(|fault| {
        tracing::warn!(reason = %fault, "Unity Connection's answer cannot be used");
        Error::UpstreamInvalidResponse {
            reason: fault.to_string().into(),
            answer: Some(answer.told.clone()),
        }
    })
}

/// A status that nobody asked for.
fn unexpected(answer: Answer) -> Error {
    if answer.status.is_success() {
        Error::UpstreamInvalidResponse {
            reason: "it is not the success that was asked for".into(),
            answer: Some(answer.told),
        }
    } else {
        Error::UpstreamError(answer.told)
    }
}
