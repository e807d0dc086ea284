//! The problems of an operation, made from the errors that it can meet: a response for each status,
//! with an example of each problem.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use actix_web::ResponseError;
use actix_web::http::StatusCode;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};

use crate::error::{Error, Refusal, UpstreamAnswer};
use crate::gateway::audio;
use crate::problem::{MEDIA_TYPE, Problem};

/// The request id of examples.
const EXAMPLE_ID: &str = "0b8e2b6e-3c4f-4e6e-9a37-3d0a5b1f0c11";

/// What every call on Unity Connection can meet, for [`responses`].
pub fn everywhere() -> Vec<Error> {
    let answer = |status| UpstreamAnswer { status, ..UpstreamAnswer::default() };
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000);
    let remaining = Duration::from_mins(35);
    vec![
        Error::InvalidQuery(
            "This address does not take the query parameter `page`. Remove it.".to_owned(),
        ),
        Error::CredentialsMissing,
        Error::CredentialsRejected(answer(401)),
        Error::SignInPaused {
            since,
            until: since + remaining,
            remaining,
            caller: "3fa9c1d2".to_owned(),
        },
        Error::Forbidden(answer(403)),
        Error::UpstreamUnreachable,
        Error::UpstreamUntrusted,
        Error::UpstreamRedirected(answer(302)),
        Error::UpstreamInvalidResponse {
            reason: "it is not well-formed XML".into(),
            answer: Some(answer(200)),
        },
        Error::UpstreamError(answer(500)),
        Error::UpstreamBusy(answer(503)),
        Error::Overloaded,
        Error::UpstreamTimeout(None),
    ]
}

/// What a call with a body can meet besides.
pub fn with_body() -> Vec<Error> {
    vec![
        Error::InvalidBody("The property `id` cannot be written here. Remove it.".to_owned()),
        Error::RequestTimeout,
        Error::BodyTooLarge,
        Error::UnsupportedMediaType,
    ]
}

/// What an upload can meet besides.
pub fn with_recording() -> Vec<Error> {
    vec![
        Error::InvalidBody(audio::NOT_A_WAV_FILE.to_owned()),
        Error::UploadTimeout(Duration::from_mins(1)),
        Error::RecordingTooLarge(20 << 20),
        Error::NotDeclaredAsAudio,
    ]
}

/// The same after a write: what does not say that nothing was done leaves open whether it was.
pub fn after_write(error: Error) -> Error {
    match error {
        Error::UpstreamUnreachable
        | Error::UpstreamInvalidResponse { .. }
        | Error::UpstreamError(_)
        | Error::UpstreamBusy(_)
        | Error::UpstreamTimeout(_) => Error::OutcomeUnknown(Box::new(error)),
        known => known,
    }
}

/// What one resource's calls can meet besides.
pub fn refused(refusal: &'static Refusal) -> Error {
    let status = match refusal.problem_type.status {
        404 => 404,
        _ => 400,
    };
    let answer = UpstreamAnswer {
        status,
        code: Some("INVALID_PARAMETER".to_owned()),
        message: Some("Unity Connection's own words.".to_owned()),
    };
    Error::Resource(refusal, answer)
}

/// The document's response for each status of these errors, with an example of each problem.
pub fn responses(errors: &[Error], instance: &str) -> BTreeMap<StatusCode, Response> {
    let mut groups: BTreeMap<StatusCode, Vec<Problem>> = BTreeMap::new();
    for error in errors {
        let problem = Problem::new(error, instance, EXAMPLE_ID);
        groups.entry(error.status_code()).or_default().push(problem);
    }
    let response = |(status, problems): (StatusCode, Vec<Problem>)| {
        let titles: Vec<_> = problems
            .iter()
            .map(|problem| format!("{} (`{}`)", problem.title, problem.code))
            .collect();
        let examples = problems.iter().map(|problem| {
            let value = serde_json::to_value(problem).unwrap_or_default();
            let example = ExampleBuilder::new().summary(problem.title).value(Some(value));
            (problem.code, example.build())
        });
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .examples_from_iter(examples);
        let response = ResponseBuilder::new()
            .description(titles.join("; "))
            .content(MEDIA_TYPE, content.build());
        (status, response.build())
    };
    groups.into_iter().map(response).collect()
}
