//! The list of resources: their routes, their part of the document, their refusals.

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::Refusal;

pub mod accounts;
pub mod alternate_devices;

/// Where resources lie.
#[derive(Debug, OpenApi)]
#[openapi(nest(
    (path = "/api/v1/accounts", api = accounts::Api),
    (path = "/api/v1/alternate-devices", api = alternate_devices::Api),
))]
pub struct Api;

/// The refusals that are known of each call, by operation id.
pub const REFUSALS: &[&[(&str, &[&Refusal])]] = &[accounts::REFUSALS, alternate_devices::REFUSALS];

/// Registers every resource.
pub fn routes(config: &mut ServiceConfig) {
    accounts::routes(config);
    alternate_devices::routes(config);
}
