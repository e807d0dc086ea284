//! The OpenAPI document, made from the handlers, and Swagger UI, which shows it out of the binary.

use std::collections::BTreeSet;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERRER_POLICY, VARY,
};
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{OpenApi, openapi};
use utoipa_swagger_ui::Config;

use crate::error::{Error, ProblemType};
use crate::problem::{self, Problem};
use crate::request::NoQuery;
use crate::resources;

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
        description = "Cisco Unity Connection's *CUPI for End Users* as JSON. Sign in with your \
            Unity Connection credentials: they are passed through and not kept.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    servers((url = "/")),
    components(schemas(Problem)),
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
        let scheme = HttpBuilder::new()
            .scheme(scheme)
            .description(Some(description))
            .build();
        components.add_security_scheme(name, SecurityScheme::Http(scheme));
    }
    add_problems(&mut document);
    document
}

/// Gives each operation the problems that it can have, and the description of a problem's `code`
/// all that there are.
fn add_problems(document: &mut openapi::OpenApi) {
    let outside = [
        Error::RouteNotFound,
        Error::MethodNotAllowed,
        Error::CorsRejected,
    ];
    let mut codes: BTreeSet<ProblemType> = outside.iter().map(Error::problem_type).collect();

    for path in document.paths.paths.values_mut() {
        let operations = [
            &mut path.get,
            &mut path.post,
            &mut path.put,
            &mut path.patch,
            &mut path.delete,
        ];
        for operation in operations.into_iter().flatten() {
            let errors = problems(operation);
            codes.extend(errors.iter().map(Error::problem_type));
            operation
                .responses
                .responses
                .extend(problem::responses(&errors));
        }
    }

    let components = document.components.get_or_insert_default();
    if let Some(RefOr::T(Schema::Object(problem))) = components.schemas.get_mut("Problem")
        && let Some(RefOr::T(Schema::Object(code))) = problem.properties.get_mut("code")
    {
        let known = codes
            .iter()
            .map(|kind| format!("`{}` ({})", kind.code, kind.status));
        let known = known.collect::<Vec<_>>().join(", ");
        let description = code.description.take().unwrap_or_default();
        code.description = Some(format!("{description} Known so far: {known}."));
    }
}

/// What a call can meet, by its shape and by what its resource knows of refusals.
fn problems(operation: &Operation) -> Vec<Error> {
    let mut errors = problem::everywhere();
    let parameters = operation.parameters.iter().flatten();
    if parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(&parameter.parameter_in),
            RefOr::Ref(_) => None,
        })
        .any(|place| *place == ParameterIn::Path)
    {
        errors.extend(problem::with_id());
    }
    if operation.request_body.is_some() {
        errors.extend(problem::with_body());
    }
    let refusals = resources::REFUSALS.iter().copied().flatten();
    let refusals = refusals.filter(|(id, _)| operation.operation_id.as_deref() == Some(id));
    errors.extend(refusals.flat_map(|(_, refusals)| problem::refused(refusals)));
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
            .body(file.bytes.into_owned())),
        Ok(None) | Err(_) => Err(Error::RouteNotFound),
    }
}

fn redirect(target: &'static str) -> Ready<HttpResponse> {
    ready(
        HttpResponse::Found()
            .insert_header((LOCATION, target))
            .finish(),
    )
}
