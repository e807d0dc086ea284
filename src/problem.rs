//! Problem documents (RFC 9457): what every error looks like to a client.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use crate::error::{Error, ProblemType, UpstreamAnswer};

/// The media type of problem documents.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document (RFC 9457), the body of every error.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// A URN that names the kind of problem: `urn:cupi-gateway:problem:` and the code.
    #[schema(example = "urn:cupi-gateway:problem:credentials_missing")]
    pub r#type: String,
    /// The kind of problem in a few words.
    #[schema(example = "Credentials missing")]
    pub title: &'static str,
    /// The response's HTTP status.
    #[schema(example = 401, minimum = 400, maximum = 599)]
    pub status: u16,
    /// What is wrong with this request, then what to do.
    pub detail: String,
    /// The request's path, without its query.
    #[schema(example = "/api/v1/accounts")]
    pub instance: String,
    /// The stable name of the problem, to decide by. More may be added. Known so far:
    /// `invalid_object_id`, `invalid_query`, `invalid_body`, `cors_rejected` (400);
    /// `credentials_missing`, `credentials_rejected`, `sign_in_paused` (401); `forbidden` (403);
    /// `account_not_found`, `route_not_found` (404); `method_not_allowed` (405);
    /// `request_timeout` (408); `password_not_settable` (409); `body_too_large` (413);
    /// `unsupported_media_type` (415); `password_rejected` (422); `upstream_unreachable`,
    /// `upstream_untrusted`, `upstream_redirected`, `upstream_invalid_response`,
    /// `upstream_error` (502); `upstream_busy`, `overloaded` (503); `upstream_timeout` (504).
    #[schema(example = "credentials_missing")]
    pub code: &'static str,
    /// The request's `X-Request-Id`: quote it when you ask for help.
    #[schema(example = "0b8e2b6e-3c4f-4e6e-9a37-3d0a5b1f0c11")]
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
        let ProblemType {
            status,
            code,
            title,
        } = error.problem_type();
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

/// The problems that every call on Unity Connection can have, for the document.
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(&[
            (
                "400",
                "The request is wrong; the code says where. Unity Connection was not called.",
            ),
            (
                "401",
                "No credentials, or Unity Connection did not accept them, now or a while ago.",
            ),
            (
                "403",
                "Unity Connection does not permit this to the caller.",
            ),
            (
                "502",
                "Unity Connection cannot be reached, or its answer cannot be used.",
            ),
            (
                "503",
                "Unity Connection is busy. Try again after `Retry-After`.",
            ),
            ("504", "Unity Connection did not answer in time."),
        ])
    }
}

/// The problems that a request with a body can have besides.
pub struct BodyProblems;

impl IntoResponses for BodyProblems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        responses(&[
            ("408", "The body did not arrive whole within 10 seconds."),
            ("413", "The body is larger than 16 KiB."),
            ("415", "The body is not declared as `application/json`."),
        ])
    }
}

fn responses(descriptions: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let response = |(status, description): &(&str, &str)| {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem")));
        let response = ResponseBuilder::new()
            .description(*description)
            .content(MEDIA_TYPE, content.build());
        ((*status).to_owned(), RefOr::T(response.build()))
    };
    descriptions.iter().map(response).collect()
}
