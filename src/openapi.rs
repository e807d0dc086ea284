//! The OpenAPI document, made from the handlers, and Swagger UI, which shows it out of the binary.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, VARY,
};
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Ref, RefOr, Response, Schema};
use utoipa::{OpenApi, openapi};
use utoipa_swagger_ui::Config;

use crate::error::{Error, ProblemType};
use crate::gateway::respond::Created;
use crate::problem::Problem;
use crate::request::NoQuery;
use crate::resources;

use shape::{Shape, example_path};

pub mod components;
pub mod examples;
pub mod problems;
pub mod shape;

const DOCUMENT: &str = "/api/v1/openapi.json";
const SWAGGER_UI: &str = "/swagger-ui/";

/// Swagger UI needs styles of its own in its page, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; \
    frame-ancestors 'none'";

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
                let problems = problems::responses(&errors, &example_path(path));
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

/// The document as it is printed, committed and served.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the document is made of plain data"
)]
pub fn text() -> String {
    let json = document().to_pretty_json().expect("JSON");
    json + "\n"
}

/// Registers the document and, if wanted, Swagger UI.
pub fn routes(swagger_ui: bool) -> impl FnOnce(&mut ServiceConfig) {
    move |config| {
        config.app_data(Data::new(Bytes::from(text())));
        config.service(web::resource(DOCUMENT).get(get_document));
        if swagger_ui {
            let ui = Config::new([DOCUMENT])
                .use_base_layout()
                .default_models_expand_depth(0)
                .validator_url("none")
                .try_it_out_enabled(true);
            config.app_data(Data::new(Arc::new(ui)));
            config.service(web::resource("/swagger-ui").get(|| redirect(SWAGGER_UI)));
            config.service(web::resource("/swagger-ui/{file:.*}").get(get_swagger_ui));
            config.service(web::resource("/").get(|| redirect(SWAGGER_UI)));
        } else {
            config.service(web::resource("/").get(|| redirect(DOCUMENT)));
        }
    }
}

async fn get_document(document: Data<Bytes>, _query: NoQuery) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "private, no-cache"))
        .insert_header((VARY, "Authorization, Origin"))
        .body(Bytes::clone(&document))
}

async fn get_swagger_ui(
    file: Path<String>,
    config: Data<Arc<Config<'static>>>,
) -> Result<HttpResponse, Error> {
    match utoipa_swagger_ui::serve(&file, Arc::clone(&config)) {
        Ok(Some(file)) => Ok(HttpResponse::Ok()
            .content_type(file.content_type)
            .insert_header((CACHE_CONTROL, "no-cache"))
            .insert_header((CONTENT_SECURITY_POLICY, POLICY))
            .insert_header((REFERRER_POLICY, "no-referrer"))
            .body(ours(file.bytes.into_owned()))),
        Ok(None) | Err(_) => Err(Error::RouteNotFound),
    }
}

/// The page gets a title and a few colours of ours; every other file stays as it is.
fn ours(file: Vec<u8>) -> Vec<u8> {
    const TITLE: &str = "<title>Swagger UI</title>";
    const STYLE: &str = include_str!("openapi/swagger_ui.css");

    match std::str::from_utf8(&file) {
        Ok(page) if page.contains(TITLE) => page
            .replace(TITLE, "<title>cupi-gateway: Swagger UI</title>")
            .replace("</head>", &format!("<style>\n{STYLE}</style>\n</head>"))
            .into_bytes(),
        _ => file,
    }
}

fn redirect(target: &'static str) -> Ready<HttpResponse> {
    ready(HttpResponse::Found().insert_header((LOCATION, target)).finish())
}
