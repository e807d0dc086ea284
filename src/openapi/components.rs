//! What operations of one shape have in common: headers, conditional requests, the problems that
//! every resource can meet. It stands once in the document's components, and a new resource gets it
//! without a word.

use actix_web::http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, ParameterIn};
use utoipa::openapi::{Components, ContentBuilder, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::problem::MEDIA_TYPE;

/// The headers of responses.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the derive macro only")]
struct Headers {
    /// The only encoding of bodies that is taken: none.
    #[schema(rename = "Accept-Encoding", example = "identity")]
    accept_encoding: String,
    /// The media types of changes.
    #[schema(rename = "Accept-Patch", example = "application/merge-patch+json, application/json")]
    accept_patch: String,
    /// A recording comes whole: `Range` is not looked at.
    #[schema(rename = "Accept-Ranges", example = "none")]
    accept_ranges: String,
    /// How many seconds ago Unity Connection gave the answer.
    #[schema(rename = "Age", example = 3)]
    age: u32,
    /// Clients may keep the answer, and ask with `If-None-Match` before they use it again.
    #[schema(rename = "Cache-Control", example = "private, no-cache")]
    cache_control: String,
    /// Whether the answer was kept (`hit`, with its `ttl` in seconds) or fetched (`fwd`): RFC 9211.
    #[schema(rename = "Cache-Status", example = "cupi-gateway; hit; ttl=7")]
    cache_status: String,
    /// Names this very answer, for `If-None-Match`.
    #[schema(rename = "ETag", pattern = r#"^"[!-~]+"$"#, example = "\"9b74c9897bac770f\"")]
    etag: String,
    /// Where the new object is found.
    #[schema(
        rename = "Location",
        format = UriReference,
        example = "/api/v1/alternate-devices/00000064-c0de-4000-8000-000000000001"
    )]
    location: String,
    /// After how many seconds another try makes sense, where that is known.
    #[schema(rename = "Retry-After", minimum = 1, example = 5)]
    retry_after: u32,
    /// How to sign in. A page's script is told `Bearer` alone, so that the browser opens no sign-in
    /// box of its own; Basic works all the same.
    #[schema(
        rename = "WWW-Authenticate",
        example = "Basic realm=\"Unity Connection\", charset=\"UTF-8\""
    )]
    www_authenticate: String,
    /// The request's own `X-Request-Id` where it brought one, else a new one. Quote it when you ask
    /// for help.
    #[schema(
        rename = "X-Request-Id",
        pattern = "^[A-Za-z0-9._-]+$",
        min_length = 1,
        max_length = 128,
        example = "0b8e2b6e-3c4f-4e6e-9a37-3d0a5b1f0c11"
    )]
    request_id: String,
}

/// The headers of a request that reads.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by the derive macro only")]
struct ReadHeaders {
    /// The `ETag` of the answer that the client has: where it is still the same, 304 comes without
    /// a body.
    #[param(rename = "If-None-Match", nullable = false)]
    if_none_match: Option<String>,
    /// `no-cache` asks Unity Connection anew, however fresh the kept answer is.
    #[param(rename = "Cache-Control", nullable = false)]
    cache_control: Option<String>,
}

/// The headers of a request that changes or deletes what is there.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "read by the derive macro only")]
struct WriteHeaders {
    /// The `ETag` of the answer that the client has: where it is not that of a fresh read any more, 412 comes and nothing
    /// is changed. `*` is any object that is there.
    #[param(rename = "If-Match", nullable = false)]
    if_match: Option<String>,
    /// The change is made only where the object has none of these `ETag`s.
    #[param(rename = "If-None-Match", nullable = false)]
    if_none_match: Option<String>,
}

/// Adds headers, parameters and common responses to the components.
pub fn add(components: &mut Components) {
    if let RefOr::T(Schema::Object(headers)) = Headers::schema() {
        for (name, mut schema) in headers.properties {
            let mut header = HeaderBuilder::new();
            if let RefOr::T(Schema::Object(schema)) = &mut schema {
                header = header.description(schema.description.take());
            }
            let header = header.schema(Some(schema)).build();
            components.headers.insert(name, RefOr::T(header));
        }
    }
    for parameter in ReadHeaders::into_params(|| Some(ParameterIn::Header)) {
        let name = parameter.name.clone();
        components.parameters.insert(name, RefOr::T(parameter));
    }
    for parameter in WriteHeaders::into_params(|| Some(ParameterIn::Header)) {
        let name = parameter.name.replace("None-Match", "None-Match-To-Write");
        components.parameters.insert(name, RefOr::T(parameter));
    }
    let response = ResponseBuilder::new();
    let mut not_modified = response
        .description("Nothing has changed since the answer whose `ETag` `If-None-Match` named.")
        .build();
    add_headers(&mut not_modified, StatusCode::NOT_MODIFIED, &HttpMethod::Get);
    let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    let another = ResponseBuilder::new()
        .description("Another problem. Later versions may know more than these.")
        .content(MEDIA_TYPE, problem);
    components.responses.insert(NOT_MODIFIED.to_owned(), RefOr::T(not_modified));
    components.responses.insert(ANOTHER_PROBLEM.to_owned(), RefOr::T(another.build()));
}

/// The name of 304 among the components, which every request that reads can get.
pub const NOT_MODIFIED: &str = "NotModified";

/// The name among the components of what else a request can get.
pub const ANOTHER_PROBLEM: &str = "AnotherProblem";

/// The parameters of every request that reads.
pub fn read_parameters() -> impl Iterator<Item = Ref> {
    references("parameters", &["If-None-Match", "Cache-Control"])
}

/// The parameters of a request that changes or deletes what is there.
pub fn write_parameters() -> impl Iterator<Item = Ref> {
    references("parameters", &["If-Match", "If-None-Match-To-Write"])
}

fn references(kind: &'static str, names: &'static [&str]) -> impl Iterator<Item = Ref> {
    names.iter().map(move |name| Ref::new(format!("#/components/{kind}/{name}")))
}

/// Adds to the response with a recording the header that no other has.
pub fn add_recording_header(response: &mut Response) {
    add_header(response, "Accept-Ranges");
}

/// Adds to a response the headers that its status brings.
pub fn add_headers(response: &mut Response, status: StatusCode, method: &HttpMethod) {
    const ID: &str = "X-Request-Id";

    let names: &[&str] = match status {
        StatusCode::OK | StatusCode::NOT_MODIFIED => {
            &[ID, "Age", "Cache-Control", "Cache-Status", "ETag"]
        }
        StatusCode::CREATED => &[ID, "Location"],
        StatusCode::UNAUTHORIZED => &["Retry-After", "WWW-Authenticate"],
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => &["Retry-After"],
        StatusCode::UNSUPPORTED_MEDIA_TYPE if *method == HttpMethod::Patch => {
            &["Accept-Encoding", "Accept-Patch"]
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => &["Accept-Encoding"],
        status if status.is_success() => &[ID],
        // A problem has the id in its body.
        _ => &[],
    };
    for name in names {
        add_header(response, name);
    }
}

fn add_header(response: &mut Response, name: &str) {
    let header = Ref::new(format!("#/components/headers/{name}"));
    response.headers.insert(name.to_owned(), RefOr::Ref(header));
}
