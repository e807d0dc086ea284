//! Problem documents (RFC 9457): what every error looks like to a client.

use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{Error, ProblemType, UpstreamAnswer};

/// The media type of problem documents.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document (RFC 9457), the body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URN that names the kind of problem: `urn:cupi-gateway:problem:` and the code.
    #[schema(format = Uri, example = "urn:cupi-gateway:problem:credentials_missing")]
    pub r#type: String,
    /// The kind of problem in a few words.
    #[schema(min_length = 1, example = "Credentials missing")]
    pub title: &'static str,
    /// The response's HTTP status.
    #[schema(example = 401, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong with this request, then what to do.
    #[schema(min_length = 1)]
    pub detail: String,
    /// The request's path, without its query.
    #[schema(format = UriReference, example = "/api/v1/accounts")]
    pub instance: String,
    /// The stable name of the problem, to decide by. More may be added.
    #[schema(pattern = "^[a-z_]+$", example = "credentials_missing")]
    pub code: &'static str,
    /// The request's `X-Request-Id`: quote it when you ask for help.
    #[schema(
        pattern = "^[A-Za-z0-9._-]+$",
        min_length = 1,
        max_length = 128,
        example = "0b8e2b6e-3c4f-4e6e-9a37-3d0a5b1f0c11"
    )]
    pub request_id: String,
    /// What Unity Connection answered, where the problem is an answer of its.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub upstream: Option<UpstreamAnswer>,
    /// True where a change may have been made in spite of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub outcome_unknown: Option<bool>,
}

impl Problem {
    /// The document for one request: its path and its id.
    pub fn new(error: &Error, instance: &str, request_id: &str) -> Self {
        let ProblemType { status, code, title } = error.problem_type();
        Self {
            r#type: format!("urn:cupi-gateway:problem:{code}"),
            title,
            status,
            detail: error.to_string(),
            instance: instance.to_owned(),
            code,
            request_id: request_id.to_owned(),
            upstream: error.upstream().cloned(),
            outcome_unknown: matches!(error, Error::OutcomeUnknown(_)).then_some(true),
        }
    }
}
