//! Transfer options: where Unity Connection sends a call before it plays a greeting.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/transfer-options` | a `GET` for each type, one after the other |
//! | `GET /api/v1/transfer-options/{transferOptionType}` | `GET /vmrest/user/transferoptions/{type}` |
//! | `PATCH /api/v1/transfer-options/{transferOptionType}` | `PUT …/transferoptions/{type}` |
//!
//! Source: CUPI for End Users, "Transfer Options".

use actix_web::web::ServiceConfig;
use utoipa::OpenApi;

use crate::error::{Error, Refusal};
use crate::gateway::{Incoming, Response};
use crate::request::route::resource;
use crate::request::{JsonBody, NoQuery};
use crate::table::body::{Body, Value};
use crate::table::property::Kind::{Digits, Flag, Number, OneOf};
use crate::table::property::{enabled, enabled_until, kind, uri, write};
use crate::table::{Elements, Table, refuse};

/// A transfer option.
pub static TRANSFER_OPTION: Table = Table {
    names: ["TransferOption", "TransferOptions"],
    about: "Where Unity Connection sends a call on one occasion.",
    path: "/api/v1/transfer-options/{transferOptionType}",
    upstream: "/vmrest/user/transferoptions/{transferOptionType}",
    elements: ["TransferOption", ""],
    properties: &[
        kind("TransferOptionType", "The occasion.", "Alternate"),
        uri("Where the transfer option is found."),
        write(
            "Action",
            OneOf(&[("playGreeting", "0"), ("transfer", "1")]),
            "Whether the greeting is played at once (`playGreeting`), or the call goes to the extension first (`transfer`).",
            "1",
        )
        .required(),
        write(
            "Extension",
            Digits("0-9*#+,", 40),
            "Where the call goes: digits, `*`, `#`, `+` and `,` for a pause. Sent alone it switches \
             `usePrimaryExtension` off.",
            "0049301234",
        ),
        enabled("standard", "Whether the option holds on its occasion. `standard` always does."),
        enabled_until("Until when it is enabled, where there is an end."),
        write(
            "TransferRings",
            Number(2, 20),
            "After how many rings a supervised transfer is given up. Without effect unless `transferType` is `supervised`.",
            "4",
        ),
        write(
            "TransferType",
            OneOf(&[("release", "0"), ("supervised", "1")]),
            "Whether the call is handed over at once (`release`), or Unity Connection stays until it is answered \
             (`supervised`).",
            "1",
        )
        .required(),
        write(
            USE_PRIMARY_EXTENSION,
            Flag,
            "Whether the call goes to the caller's own extension. Send `false` together with an `extension`.",
            "false",
        )
        .required(),
        write(
            "PersonalCallTransfer",
            Flag,
            "Whether the caller's own call transfer rules win over this option.",
            "false",
        ),
        write(
            "TransferHoldingMode",
            OneOf(&[("never", "0"), ("always", "1"), ("ask", "2")]),
            "Whether a call is put on hold while the extension is busy. Supervised transfers only.",
            "0",
        ),
        write("TransferAnnounce", Flag, "Whether the call is announced. Supervised transfers only.", "false"),
        write(
            "TransferConfirm",
            Flag,
            "Whether the called person may refuse the call. Supervised transfers only.",
            "false",
        ),
        write(
            "TransferIntroduce",
            Flag,
            "Whether Unity Connection says whom the call is for. Supervised transfers only.",
            "false",
        ),
        write(
            "TransferScreening",
            Flag,
            "Whether callers are asked for their name. Supervised transfers only.",
            "false",
        ),
    ],
    types: &[("standard", "Standard"), ("alternate", "Alternate"), ("off-hours", "Off Hours")],
    rules: Some(check_target),
    not_found: Some(&NOT_FOUND),
    rejected: Some(&REJECTED),
    ..Table::NEW
};

const USE_PRIMARY_EXTENSION: &str = "UsePrimaryExtension";

/// The transfer options' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(list_transfer_options, get_transfer_option, update_transfer_option),
    tags((name = "Transfer options", description = "Where Unity Connection sends a call before it plays a greeting: \
        always (`standard`), outside of office hours (`off-hours`), or in place of both while it is enabled \
        (`alternate`)."))
)]
pub struct Api;

/// Registers the transfer options' routes.
pub fn routes(config: &mut ServiceConfig) {
    let one = resource(&TRANSFER_OPTION.route());
    config
        .service(resource(TRANSFER_OPTION.collection()).get(list_transfer_options))
        .service(one.get(get_transfer_option).patch(update_transfer_option));
}

/// List transfer options
///
/// All transfer options of the caller: `standard`, `alternate`, `off-hours`. Unity Connection has
/// no such list: the gateway reads one after the other, and uses those that it read a short while
/// ago. A type that Unity Connection does not have is left out.
#[utoipa::path(get, path = "", tag = "Transfer options")]
pub async fn list_transfer_options(call: Incoming, _: NoQuery) -> Response {
    call.list_types(&TRANSFER_OPTION).await
}

/// Get a transfer option
///
/// One transfer option of the caller.
#[utoipa::path(get, path = "/{transferOptionType}", tag = "Transfer options")]
pub async fn get_transfer_option(call: Incoming, _: NoQuery) -> Response {
    call.get(&TRANSFER_OPTION).await
}

/// Update a transfer option
///
/// Changes the properties that are sent. `enabled` and `enabledUntil` are kept in one element and
/// sent together, as for greetings.
#[utoipa::path(patch, path = "/{transferOptionType}", tag = "Transfer options")]
pub async fn update_transfer_option(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.update(&TRANSFER_OPTION, body).await
}

/// The call goes to the own extension or to another one: Unity Connection takes both elements in one document, and only so
/// that they agree.
fn check_target(body: &Body, elements: &mut Elements) -> Result<(), Error> {
    let extension = body.get("extension");
    match (extension, body.get("usePrimaryExtension").and_then(Value::flag)) {
        (Some(_), None) => elements.push((USE_PRIMARY_EXTENSION, "false".to_owned())),
        (None, Some(false)) => {
            let rule = "is missing beside `usePrimaryExtension: false`. Send both.";
            return Err(refuse("extension", rule));
        }
        (Some(_), Some(true)) => {
            let rule = "cannot be set beside `usePrimaryExtension: true`. Send one of them.";
            return Err(refuse("extension", rule));
        }
        _ => {}
    }
    Ok(())
}

static NOT_FOUND: Refusal = Refusal::new(
    404,
    "transfer_option_not_found",
    "No such transfer option",
    "Unity Connection has no such transfer option for the caller. Mostly the caller has no mailbox: ask the administrator.",
);

static REJECTED: Refusal = Refusal::new(
    422,
    "transfer_option_rejected",
    "Transfer option rejected",
    "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; an extension that the \
     administrator does not allow is a usual cause.",
);
