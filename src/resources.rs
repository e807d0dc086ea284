//! The list of resources: their routes and their part of the document.

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

pub mod accounts;

/// Where resources lie.
#[derive(Debug, OpenApi)]
#[openapi(nest((path = "/api/v1/accounts", api = accounts::Api)))]
pub struct Api;

/// Registers every resource.
pub fn routes(config: &mut ServiceConfig) {
    accounts::routes(config);
}
