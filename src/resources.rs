//! The list of resources: their tables, their routes, their part of the document.

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::table::Table;

pub mod accounts;
pub mod alternate_devices;

/// Where resources lie.
#[derive(Debug, OpenApi)]
#[openapi(nest(
    (path = "/api/v1/accounts", api = accounts::Api),
    (path = "/api/v1/alternate-devices", api = alternate_devices::Api),
))]
pub struct Api;

/// All kinds of objects.
pub static TABLES: &[&Table] =
    &[&accounts::ACCOUNT, &accounts::PASSWORD, &alternate_devices::ALTERNATE_DEVICE];

/// Registers every resource.
pub fn routes(config: &mut ServiceConfig) {
    accounts::routes(config);
    alternate_devices::routes(config);
}
