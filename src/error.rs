//! Every failure of a request: one enum, one table of codes.
//!
//! An [`enum@Error`] is plain data that can be given to many waiters. Its text is the `detail` of a problem document
//! (RFC 9457), written for the caller: what is wrong, then what to do. What only one resource can cause is an
//! [`Error::Resource`] whose words that resource brings along.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use humantime::format_rfc3339_seconds;
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;

pub use refusal::{ProblemType, Refusal};

pub mod names;
pub mod refusal;

/// Why a request was not answered as asked.
#[derive(Clone, Debug, Error)]
pub enum Error {
    // The request.
    /// No resource has this path.
    #[error("There is nothing at this address. `/api/v1/openapi.json` describes what there is.")]
    RouteNotFound,
    /// The resource does not take this method.
    #[error("This address does not take that method. Use one that the `Allow` header names.")]
    MethodNotAllowed,
    /// The id in the path is no UUID.
    #[error("The id in the path is not a UUID. Use an `objectId` as the list gives it.")]
    InvalidObjectId,
    /// Parameters that are not documented, stand twice, or have a value that makes no sense.
    #[error("{0}")]
    InvalidQuery(String),
    /// A body that is no JSON or not the object that is asked for.
    #[error("{0}")]
    InvalidBody(String),
    /// More bytes than a body may have.
    #[error("The body is larger than 16 KiB. Send only the properties that are documented.")]
    BodyTooLarge,
    /// The body did not arrive.
    #[error("The body did not arrive whole within 10 seconds. Send the request again.")]
    RequestTimeout,
    /// More bytes than a recording may have, of which there is the number.
    #[error(
        "The recording is larger than {0} bytes, the most that this gateway takes (`audio.max_size`). Send a shorter one, \
         or one in G.711."
    )]
    RecordingTooLarge(usize),
    /// The recording did not arrive within this time.
    #[error(
        "The recording did not arrive whole within {}, the longest time that this gateway waits (`audio.upload_timeout`). \
         Send it again.",
        humantime::format_duration(*.0)
    )]
    UploadTimeout(Duration),
    /// A body that is not declared as JSON.
    #[error("The body must be JSON. Send it with `Content-Type: application/json`.")]
    UnsupportedMediaType,
    /// A recording that is not declared as a WAV file.
    #[error("The body must be a WAV file. Send it with `Content-Type: audio/wav`.")]
    NotDeclaredAsAudio,
    /// A body that is compressed or otherwise encoded.
    #[error("The body must not be compressed. Send it without `Content-Encoding`.")]
    UnsupportedContentCoding,
    /// `If-Match` or `If-None-Match` that the object as it is does not fulfil.
    #[error(
        "The object is not as `If-Match` or `If-None-Match` asks, and nothing was changed. Read it again, and send the \
         change with its new `ETag`."
    )]
    PreconditionFailed,
    /// A preflight request for something that the configuration does not allow.
    #[error(
        "This origin or method is not allowed in requests from a page of another origin. \
         The operator allows origins with `cors.allowed_origins`."
    )]
    CorsRejected,

    // The credentials.
    /// No `Authorization` that can be passed on.
    #[error(
        "Sign in with your Unity Connection credentials: exactly one `Authorization` header, \
         `Basic` or `Bearer` with a value, at most 8 KiB."
    )]
    CredentialsMissing,
    /// Unity Connection answered 401.
    #[error(
        "Unity Connection did not accept these credentials. Check user name and password before \
         you try again: a few wrong ones lock the account."
    )]
    CredentialsRejected(UpstreamAnswer),
    /// Credentials that Unity Connection rejected a while ago, and that are not sent again.
    #[error(
        "Unity Connection rejected these credentials at {}. To keep the account from being locked, \
         they are not sent again until {}. Sign in with the right password, which works at once. \
         An administrator who has unlocked the account can end this pause with \
         `DELETE /sign-in-pauses/{caller}` on this gateway's admin address.",
        format_rfc3339_seconds(*.since),
        format_rfc3339_seconds(*.until)
    )]
    SignInPaused {
        /// When they were rejected.
        since: SystemTime,
        /// When they are sent again.
        until: SystemTime,
        /// The time from now until then.
        remaining: Duration,
        /// Whose they are, as in the access line.
        caller: String,
    },

    // Unity Connection said no.
    /// Unity Connection answered 403.
    #[error(
        "Unity Connection does not permit this to these credentials. Ask its administrator for the right."
    )]
    Forbidden(UpstreamAnswer),
    /// A refusal that the resource explains.
    #[error("{}", .0.detail)]
    Resource(&'static Refusal, UpstreamAnswer),

    // It cannot be used.
    /// No connection, or one that ended without an answer.
    #[error(
        "Unity Connection cannot be reached. Try again later; if it lasts, tell the operator of \
         this gateway."
    )]
    UpstreamUnreachable,
    /// Its certificate is not trusted.
    #[error(
        "Unity Connection's certificate is not trusted. The operator of this gateway sets \
         `upstream.ca_bundle` or `upstream.certificate_sha256`."
    )]
    UpstreamUntrusted,
    /// A redirect, which is never followed.
    #[error(
        "Unity Connection answered with a redirect, which is not followed. The operator of this \
         gateway sets `upstream.url` to the address that it points to, usually https."
    )]
    UpstreamRedirected(UpstreamAnswer),
    /// Not the document that was asked for.
    #[error(
        "Unity Connection's answer is not the one asked for: {reason}. If it lasts, tell the \
         operator of this gateway."
    )]
    UpstreamInvalidResponse {
        /// What is wrong with it, in words of ours.
        reason: Cow<'static, str>,
        /// What it was, where there was a whole head.
        answer: Option<UpstreamAnswer>,
    },
    /// Every other status.
    #[error(
        "Unity Connection answered with an error of its own. Try again later; if it lasts, tell \
         its administrator."
    )]
    UpstreamError(UpstreamAnswer),
    /// 503 or 429.
    #[error("Unity Connection is busy. Try again after the time in `Retry-After`.")]
    UpstreamBusy(UpstreamAnswer),
    /// No whole answer in time, or a 504.
    #[error("Unity Connection did not answer in time. Try again later.")]
    UpstreamTimeout(Option<UpstreamAnswer>),
    /// Credentials that are not sent while Unity Connection does not answer.
    #[error(
        "Unity Connection did not answer in time. Each try may count as a failed sign-in later, so \
         these credentials are not sent until it answers again. Try again after the time in \
         `Retry-After`."
    )]
    UpstreamStalled,
    /// A write that failed after it may have reached Unity Connection.
    #[error(
        "{0} Whether the change was made is not known: read the resource before you repeat it."
    )]
    OutcomeUnknown(Box<Error>),

    // We are full.
    /// No place in the queue, or no turn in time; or we are about to end.
    #[error(
        "There is no room here now: too many requests wait for Unity Connection, or this gateway \
         is about to end. Try again after the time in `Retry-After`."
    )]
    Overloaded,
}

/// What Unity Connection answered in place of what was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct UpstreamAnswer {
    /// Its HTTP status.
    #[schema(example = 400, minimum = 100, maximum = 999)]
    pub status: u16,
    /// The code of its error document, where it sent one. The values are Cisco's and not published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "INVALID_PARAMETER", max_length = 500, nullable = false)]
    pub code: Option<String>,
    /// The message of its error document, where it sent one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Invalid parameter.", max_length = 500, nullable = false)]
    pub message: Option<String>,
}

impl UpstreamAnswer {
    /// An answer of which nothing but the status is told.
    pub fn new(status: StatusCode) -> Self {
        Self { status: status.as_u16(), ..Self::default() }
    }
}

impl Error {
    /// Status, code and title.
    pub fn problem_type(&self) -> ProblemType {
        let (status, code, title) = match self {
            Self::RouteNotFound => (404, "route_not_found", "No such address"),
            Self::MethodNotAllowed => (405, "method_not_allowed", "Method not allowed"),
            Self::InvalidObjectId => (400, "invalid_object_id", "Invalid object id"),
            Self::InvalidQuery(_) => (400, "invalid_query", "Invalid query"),
            Self::InvalidBody(_) => (400, "invalid_body", "Invalid body"),
            Self::BodyTooLarge | Self::RecordingTooLarge(_) => {
                (413, "body_too_large", "Body too large")
            }
            Self::RequestTimeout | Self::UploadTimeout(_) => {
                (408, "request_timeout", "Request timed out")
            }
            Self::UnsupportedMediaType
            | Self::NotDeclaredAsAudio
            | Self::UnsupportedContentCoding => {
                (415, "unsupported_media_type", "Unsupported media type")
            }
            Self::PreconditionFailed => (412, "precondition_failed", "Precondition failed"),
            Self::CorsRejected => (400, "cors_rejected", "Cross-origin request refused"),
            Self::CredentialsMissing => (401, "credentials_missing", "Credentials missing"),
            Self::CredentialsRejected(_) => (401, "credentials_rejected", "Credentials rejected"),
            Self::SignInPaused { .. } => (401, "sign_in_paused", "Sign-in paused"),
            Self::Forbidden(_) => (403, "forbidden", "Not permitted"),
            Self::Resource(refusal, _) => return refusal.problem_type,
            Self::UpstreamUnreachable => {
                (502, "upstream_unreachable", "Unity Connection unreachable")
            }
            Self::UpstreamUntrusted => (502, "upstream_untrusted", "Unity Connection not trusted"),
            Self::UpstreamRedirected(_) => {
                (502, "upstream_redirected", "Unity Connection redirects")
            }
            Self::UpstreamInvalidResponse { .. } => {
                (502, "upstream_invalid_response", "Invalid answer from Unity Connection")
            }
            Self::UpstreamError(_) => (502, "upstream_error", "Unity Connection failed"),
            Self::UpstreamBusy(_) => (503, "upstream_busy", "Unity Connection busy"),
            Self::UpstreamTimeout(_) | Self::UpstreamStalled => {
                (504, "upstream_timeout", "Unity Connection timed out")
            }
            Self::OutcomeUnknown(error) => return error.problem_type(),
            Self::Overloaded => (503, "overloaded", "Overloaded"),
        };
        ProblemType::new(status, code, title)
    }

    /// What Unity Connection answered, where the failure is an answer of its.
    pub fn upstream(&self) -> Option<&UpstreamAnswer> {
        match self {
            Self::CredentialsRejected(answer)
            | Self::Forbidden(answer)
            | Self::Resource(_, answer)
            | Self::UpstreamRedirected(answer)
            | Self::UpstreamError(answer)
            | Self::UpstreamBusy(answer) => Some(answer),
            Self::UpstreamTimeout(answer) | Self::UpstreamInvalidResponse { answer, .. } => {
                answer.as_ref()
            }
            Self::OutcomeUnknown(error) => error.upstream(),
            _ => None,
        }
    }

    /// After how many seconds another try makes sense, where that is known.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::UpstreamBusy(_) | Self::UpstreamStalled | Self::Overloaded => Some(5),
            // Rounded up: a second too early is a second refusal.
            Self::SignInPaused { remaining, .. } => Some(remaining.as_secs() + 1),
            Self::OutcomeUnknown(error) => error.retry_after(),
            _ => None,
        }
    }
}

impl ResponseError for Error {
    #[expect(clippy::expect_used, reason = "the table has statuses only")]
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.problem_type().status).expect("a status")
    }

    /// A bare response: the middleware finds the error in it and writes the document.
    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}
