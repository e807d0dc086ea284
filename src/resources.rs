//! The list of resources: their tables, their routes, their part of the document, in the order of a settings page.

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::request::route::{Routes, scope};
use crate::table::Table;

pub mod accounts;
pub mod alternate_devices;
pub mod class_of_service;
pub mod directory;
pub mod greeting_recordings;
pub mod greeting_types;
pub mod greetings;
pub mod html_devices;
pub mod location;
pub mod notification_devices;
pub mod pin;
pub mod private_list_members;
pub mod private_lists;
pub mod smtp_devices;
pub mod smtp_proxy_addresses;
pub mod system_configuration;
pub mod transfer_options;
pub mod user;

/// Where resources lie.
#[derive(Debug, OpenApi)]
#[openapi(nest(
    (path = "/api/v1/user", api = user::Api),
    (path = "/api/v1/user/pin", api = pin::Api),
    (path = "/api/v1/greetings", api = greetings::Api),
    (path = "/api/v1/greetings/{greetingType}/recordings", api = greeting_recordings::Api),
    (path = "/api/v1/transfer-options", api = transfer_options::Api),
    (path = "/api/v1/alternate-devices", api = alternate_devices::Api),
    (path = "/api/v1/private-lists", api = private_lists::Api),
    (path = "/api/v1/private-lists/{objectId}/members", api = private_list_members::Api),
    (path = "/api/v1/notification-devices/html", api = html_devices::Api),
    (path = "/api/v1/notification-devices/smtp", api = smtp_devices::Api),
    (path = "/api/v1/accounts", api = accounts::Api),
    (path = "/api/v1/smtp-proxy-addresses", api = smtp_proxy_addresses::Api),
    (path = "/api/v1/directory", api = directory::Api),
    (path = "/api/v1/class-of-service", api = class_of_service::Api),
    (path = "/api/v1/location", api = location::Api),
    (path = "/api/v1/system-configuration", api = system_configuration::Api),
))]
pub struct Api;

/// All kinds of objects.
pub static TABLES: &[&Table] = &[
    &user::USER,
    &user::VOICE_NAME,
    &pin::PIN,
    &greetings::GREETING,
    &greeting_recordings::GREETING_RECORDING,
    &transfer_options::TRANSFER_OPTION,
    &alternate_devices::ALTERNATE_DEVICE,
    &private_lists::PRIVATE_LIST,
    &private_lists::PRIVATE_LIST_VOICE_NAME,
    &private_list_members::PRIVATE_LIST_MEMBER,
    &html_devices::HTML_DEVICE,
    &smtp_devices::SMTP_DEVICE,
    &accounts::ACCOUNT,
    &accounts::PASSWORD,
    &smtp_proxy_addresses::SMTP_PROXY_ADDRESS,
    &directory::DIRECTORY_ENTRY,
    &class_of_service::CLASS_OF_SERVICE,
    &location::LOCATION,
    &system_configuration::SYSTEM_CONFIGURATION,
];

/// Registers every resource.
pub fn routes(config: &mut ServiceConfig) {
    let scopes: [(&str, &[Routes]); 12] = [
        ("/api/v1/user", &[user::routes, pin::routes]),
        ("/api/v1/greetings", &[greetings::routes, greeting_recordings::routes]),
        ("/api/v1/transfer-options", &[transfer_options::routes]),
        ("/api/v1/alternate-devices", &[alternate_devices::routes]),
        ("/api/v1/private-lists", &[private_lists::routes, private_list_members::routes]),
        ("/api/v1/notification-devices", &[html_devices::routes, smtp_devices::routes]),
        ("/api/v1/accounts", &[accounts::routes]),
        ("/api/v1/smtp-proxy-addresses", &[smtp_proxy_addresses::routes]),
        ("/api/v1/directory", &[directory::routes]),
        ("/api/v1/class-of-service", &[class_of_service::routes]),
        ("/api/v1/location", &[location::routes]),
        ("/api/v1/system-configuration", &[system_configuration::routes]),
    ];
    for (path, routes) in scopes {
        config.service(scope(path, routes));
    }
}
