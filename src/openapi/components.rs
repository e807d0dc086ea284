//! What operations of one shape have in common: headers, conditional requests, the problems that
//! every resource can meet. It stands once in the document's components, and a new resource gets it
//! without a word.

use actix_web::http::StatusCode;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::ParameterIn;
use utoipa::openapi::{Components, Ref, RefOr, Response, ResponseBuilder, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

/// The headers of responses.
#[derive(ToSchema)]
#[expect(dead_code, reason = "read by the derive macro only")]
struct Headers {
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

/// Adds headers and parameters to the components.
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
}

/// The parameters of every request that reads.
pub fn read_parameters() -> impl Iterator<Item = Ref> {
    let names = ["If-None-Match", "Cache-Control"].into_iter();
    names.map(|name| Ref::new(format!("#/components/parameters/{name}")))
}

/// 304, which every request that reads can get.
pub fn not_modified() -> Response {
    let response = ResponseBuilder::new();
    let response = response
        .description("Nothing has changed since the answer whose `ETag` `If-None-Match` named.");
    with_headers(response.build(), StatusCode::NOT_MODIFIED)
}

/// The response with the headers that its status brings.
pub fn with_headers(mut response: Response, status: StatusCode) -> Response {
    const ID: &str = "X-Request-Id";

    let names: &[&str] = match status {
        StatusCode::OK | StatusCode::NOT_MODIFIED => {
            &[ID, "Age", "Cache-Control", "Cache-Status", "ETag"]
        }
        StatusCode::CREATED => &[ID, "Location"],
        StatusCode::UNAUTHORIZED => &["Retry-After", "WWW-Authenticate"],
        StatusCode::SERVICE_UNAVAILABLE => &["Retry-After"],
        status if status.is_success() => &[ID],
        // A problem has the id in its body.
        _ => &[],
    };
    for name in names {
        let header = Ref::new(format!("#/components/headers/{name}"));
        response.headers.insert((*name).to_owned(), RefOr::Ref(header));
    }
    response
}

/// The response's name among the components, such as `BadGateway`.
pub fn name(status: StatusCode, write: bool) -> String {
    let reason = status.canonical_reason().unwrap_or_default();
    let name = reason.replace(' ', "");
    if write && status.is_server_error() { name + "AfterWrite" } else { name }
}
