//! Accounts: a caller's unified messaging accounts, which CUPI calls external service accounts.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/accounts` | `GET /vmrest/user/externalserviceaccounts` |
//! | `GET /api/v1/accounts/{objectId}` | `GET …/externalserviceaccounts/{objectId}` |
//! | `PUT /api/v1/accounts/{objectId}/password` | `PUT …/externalserviceaccounts/{objectId}?password=…` |
//!
//! Source: CUPI for End Users, "Unified Messaging Accounts".

use actix_web::web::ServiceConfig;
use serde_json::Value;
use utoipa::OpenApi;

use crate::error::Refusal;
use crate::gateway::{Incoming, Response};
use crate::request::route::resource;
use crate::request::{JsonBody, NoQuery};
use crate::table::property::Kind::{Flag, OneOf, Text};
use crate::table::property::{id, read, secret, uri};
use crate::table::{Conflict, Table, Word};

/// An account.
pub static ACCOUNT: Table = Table {
    names: ["Account", "Accounts"],
    about: "An account with an outside service, such as a mail server.",
    path: "/api/v1/accounts/{objectId}",
    upstream: "/vmrest/user/externalserviceaccounts/{objectId}",
    elements: ["UserExternalServiceAccount", "UserExternalServiceAccounts"],
    properties: &[
        id("Identifies the account.", "75436abf-8784-450f-ac61-23a08be2c364"),
        uri("Where the account is found."),
        read("DisplayName", Text(64), "Its name for people; may be empty.", "Exchange2K7").required(),
        read("IsEnabled", Flag, "Whether Unity Connection uses the account.", "true").required(),
        read(
            "UseServiceCredentials",
            Flag,
            "Whether Unity Connection signs in with credentials of its own. Then no password can be set.",
            "false",
        )
        .required(),
        read(
            "LoginType",
            OneOf(LOGIN_TYPES),
            "As whom Unity Connection signs in to the service: `userAlias`, the caller's own alias; `guest`, a guest \
             account; `userId`, the account's `userId`; `unknown`, a way that this version does not know.",
            "2",
        )
        .required(),
        read("UserId", Text(64), "The user ID to sign in with, where one is used.", "fung"),
    ],
    not_found: Some(&NOT_FOUND),
    ..Table::NEW
};

/// An account's password, which can be set and not read.
pub static PASSWORD: Table = Table {
    names: ["NewPassword", ""],
    about: "A new password for an account.",
    path: "/api/v1/accounts/{objectId}/password",
    upstream: ACCOUNT.upstream,
    properties: &[secret(
        "password",
        ("", 256),
        "The password of the outside service, 1 to 256 characters of any kind. It cannot be read back.",
        "abc123",
    )],
    not_found: Some(&NOT_FOUND),
    rejected: Some(&REJECTED),
    conflict: Some(&Conflict {
        refusal: &NOT_SETTABLE,
        object: &ACCOUNT,
        is_shown: uses_service_credentials,
    }),
    ends_session: true,
    ..Table::NEW
};

const LOGIN_TYPES: &[Word] = &[("userAlias", "0"), ("guest", "1"), ("userId", "2")];

/// The accounts' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(list_accounts, get_account, set_account_password),
    tags((name = "Accounts", description = "Unified messaging accounts: with which mail and \
        meeting services Unity Connection works for the caller, and how it signs in to them."))
)]
pub struct Api;

/// Registers the accounts' routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(resource(ACCOUNT.collection()).get(list_accounts))
        .service(resource(ACCOUNT.path).get(get_account))
        .service(resource(PASSWORD.path).put(set_account_password));
}

/// List accounts
///
/// All unified messaging accounts of the caller, in Unity Connection's order. Whoever has none gets
/// an empty list.
#[utoipa::path(get, path = "", tag = "Accounts")]
pub async fn list_accounts(call: Incoming, _: NoQuery) -> Response {
    call.list(&ACCOUNT, None).await
}

/// Get an account
///
/// One unified messaging account of the caller.
#[utoipa::path(get, path = "/{objectId}", tag = "Accounts")]
pub async fn get_account(call: Incoming, _: NoQuery) -> Response {
    call.get(&ACCOUNT).await
}

/// Set an account's password
///
/// Stores the password with which Unity Connection signs in to the outside service. Accounts that
/// use service credentials have none to set.
#[utoipa::path(put, path = "/{objectId}/password", tag = "Accounts")]
pub async fn set_account_password(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.set_secret(&PASSWORD, body).await
}

/// A 400 does not say why: the account does.
fn uses_service_credentials(account: &[u8]) -> bool {
    let account: Value = serde_json::from_slice(account).unwrap_or_default();
    account.get("useServiceCredentials") == Some(&Value::Bool(true))
}

static NOT_FOUND: Refusal = Refusal::new(
    404,
    "account_not_found",
    "No such account",
    "The caller has no account with this id. Use an `objectId` of the caller's own list.",
);

static NOT_SETTABLE: Refusal = Refusal::new(
    409,
    "password_not_settable",
    "Password not settable",
    "This account uses service credentials: it has no password of the caller's. Set passwords only \
     where `useServiceCredentials` is false.",
);

static REJECTED: Refusal = Refusal::new(
    422,
    "password_rejected",
    "Password rejected",
    "Unity Connection did not take this password. Its own words, where it sent some, stand in \
     `upstream`; choose another password.",
);
