//! The OpenAPI document, made from the handlers; [`serve`] shows it, and Swagger UI with it.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Ref, RefOr, Response, Schema};
use utoipa::{OpenApi, openapi};

use crate::error::{Error, ProblemType};
use crate::gateway::respond::Created;
use crate::problem::Problem;
use crate::resources;

use shape::Shape;

pub mod components;
pub mod examples;
pub mod print;
pub mod problems;
pub mod serve;
pub mod shape;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "cupi-gateway",
        description = include_str!("openapi/introduction.md"),
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/")),
    components(schemas(Created, Problem)),
    security(("basic" = []), ("bearer" = []))
)]
struct Document;

/// The document.
pub fn document() -> openapi::OpenApi {
    let mut document = Document::openapi();
    document.merge(resources::Api::openapi());
    let components = document.components.get_or_insert_default();
    let schemes = [
        (
            "basic",
            HttpAuthScheme::Basic,
            "Alias and web-application password of a Unity Connection user.",
        ),
        (
            "bearer",
            HttpAuthScheme::Bearer,
            "An access token that Unity Connection accepts, where it uses single sign-on.",
        ),
    ];
    for (name, scheme, description) in schemes {
        let scheme = HttpBuilder::new().scheme(scheme).description(Some(description)).build();
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    complete(&mut document);
    document
}

/// Gives each operation what its shape brings: problems, headers, examples; and the description of
/// a problem's `code` all codes that there are.
fn complete(document: &mut openapi::OpenApi) {
    let outside = [Error::RouteNotFound, Error::MethodNotAllowed, Error::CorsRejected];
    let mut codes: BTreeSet<ProblemType> = outside.iter().map(Error::problem_type).collect();

    let components = document.components.get_or_insert_default();
    components::add(components);
    for (path, item) in &mut document.paths.paths {
        let operations = [
            (&mut item.get, HttpMethod::Get),
            (&mut item.post, HttpMethod::Post),
            (&mut item.put, HttpMethod::Put),
            (&mut item.patch, HttpMethod::Patch),
            (&mut item.delete, HttpMethod::Delete),
        ];
        for (operation, method) in operations {
            if let Some(operation) = operation {
                let shape = Shape::new(path, method);
                shape.complete(operation, components);
                let errors = errors(&shape, operation);
                codes.extend(errors.iter().map(Error::problem_type));
                let problems = problems::responses(&errors, &shape.example_path());
                add_responses(&shape, operation, problems);
            }
        }
    }

    examples::add(components);
    if let Some(RefOr::T(Schema::Object(problem))) = components.schemas.get_mut("Problem")
        && let Some(RefOr::T(Schema::Object(code))) = problem.properties.get_mut("code")
    {
        let known = codes.iter().map(|kind| format!("`{}` ({})", kind.code, kind.status));
        let known = known.collect::<Vec<_>>().join(", ");
        let description = code.description.take().unwrap_or_default();
        code.description = Some(format!("{description} Known so far: {known}."));
    }
}

/// Adds the problems to an operation, and the headers that its shape brings.
fn add_responses(
    shape: &Shape<'_>,
    operation: &mut Operation,
    problems: BTreeMap<StatusCode, Response>,
) {
    let responses = &mut operation.responses.responses;
    for (status, response) in problems {
        responses.insert(status.as_str().to_owned(), RefOr::T(response));
    }
    for (status, response) in responses.iter_mut() {
        if let (Ok(status), RefOr::T(response)) = (status.parse::<StatusCode>(), response) {
            components::add_headers(response, status, &shape.method);
            if shape.is_audio() && status == StatusCode::OK {
                components::add_recording_header(response);
            }
        }
    }
    let common = |name| RefOr::Ref(Ref::from_response_name(name));
    responses.insert("default".to_owned(), common(components::ANOTHER_PROBLEM));
    if !shape.is_write() {
        let status = StatusCode::NOT_MODIFIED.as_str().to_owned();
        responses.insert(status, common(components::NOT_MODIFIED));
    }
    let parameters = operation.parameters.get_or_insert_default();
    if !shape.is_write() {
        parameters.extend(components::read_parameters().map(RefOr::Ref));
    } else if shape.is_conditional() {
        parameters.extend(components::write_parameters().map(RefOr::Ref));
    }
}

/// What a call can meet.
fn errors(shape: &Shape<'_>, operation: &Operation) -> Vec<Error> {
    let mut errors = problems::everywhere();
    if shape.is_write() {
        errors = errors.into_iter().map(problems::after_write).collect();
    }
    if shape.has_id() {
        errors.push(Error::InvalidObjectId);
    }
    if shape.is_audio() && shape.is_write() {
        errors.extend(problems::with_recording());
    } else if operation.request_body.is_some() {
        errors.extend(problems::with_body());
    }
    if shape.is_conditional() {
        errors.push(Error::PreconditionFailed);
    }
    errors.extend(shape.refusals().into_iter().map(problems::refused));
    errors
}

/// The document as it is printed and committed.
pub fn text() -> String {
    print::print(&document())
}
