//! SMTP proxy addresses: further mail addresses of the caller.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/smtp-proxy-addresses` | `GET /vmrest/user/smtpproxyaddresses` |
//! | `GET /api/v1/smtp-proxy-addresses/{objectId}` | `GET …/smtpproxyaddresses/{objectId}` |
//!
//! Source: CUPI for End Users, "SMTP Proxy Addresses".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::Refusal;
use crate::gateway::{Incoming, Response};
use crate::request::NoQuery;
use crate::request::route::resource;
use crate::table::Table;
use crate::table::property::Kind::Text;
use crate::table::property::{id, read, uri};

/// An SMTP proxy address.
pub static SMTP_PROXY_ADDRESS: Table = Table {
    names: ["SmtpProxyAddress", "SmtpProxyAddresses"],
    about: "A further mail address of the caller.",
    path: "/api/v1/smtp-proxy-addresses/{objectId}",
    upstream: "/vmrest/user/smtpproxyaddresses/{objectId}",
    elements: ["SmtpProxyAddress", "SmtpProxyAddresses"],
    properties: &[
        id("Identifies the address.", "00000064-9a0c-4000-8000-000000000001"),
        uri("Where the address is found."),
        read("SmtpAddress", Text(320), "The mail address.", "fung@old.example.com").required(),
    ],
    not_found: Some(&NOT_FOUND),
    ..Table::NEW
};

/// The SMTP proxy addresses' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(list_smtp_proxy_addresses, get_smtp_proxy_address),
    tags((name = "SMTP proxy addresses", description = "Further mail addresses by which Unity Connection knows the \
        caller. Only administrators can change them."))
)]
pub struct Api;

/// Registers the SMTP proxy addresses' routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(SMTP_PROXY_ADDRESS.collection()).get(list_smtp_proxy_addresses))
        .service(resource(SMTP_PROXY_ADDRESS.path).get(get_smtp_proxy_address));
}

/// List SMTP proxy addresses
///
/// All SMTP proxy addresses of the caller, in Unity Connection's order.
#[utoipa::path(get, path = "", tag = "SMTP proxy addresses")]
pub async fn list_smtp_proxy_addresses(call: Incoming, _: NoQuery) -> Response {
    call.list(&SMTP_PROXY_ADDRESS, None).await
}

/// Get an SMTP proxy address
///
/// One SMTP proxy address of the caller.
#[utoipa::path(get, path = "/{objectId}", tag = "SMTP proxy addresses")]
pub async fn get_smtp_proxy_address(call: Incoming, _: NoQuery) -> Response {
    call.get(&SMTP_PROXY_ADDRESS).await
}

static NOT_FOUND: Refusal = Refusal::new(
    404,
    "smtp_proxy_address_not_found",
    "No such SMTP proxy address",
    "The caller has no SMTP proxy address with this id. Use an `objectId` of the caller's own list.",
);
