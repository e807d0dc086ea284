//! Accounts: a caller's unified messaging accounts, which CUPI calls external service accounts.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/accounts` | `GET /vmrest/user/externalserviceaccounts` |
//! | `GET /api/v1/accounts/{objectId}` | `GET …/externalserviceaccounts/{objectId}` |
//! | `PUT /api/v1/accounts/{objectId}/password` | `PUT …/externalserviceaccounts/{objectId}?password=…` |
//!
//! Source: CUPI for End Users, "Unified Messaging Accounts".

use std::borrow::Cow;

use actix_web::http::Method;
use actix_web::web::{self, ServiceConfig};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::{OpenApi, ToSchema};

use crate::error::{Error, Refusal};
use crate::gateway::respond::{Link, written};
use crate::gateway::{Call, Incoming, Read, Response, Write, json};
use crate::object_id::ObjectId;
use crate::request::{JsonBody, NoQuery, PathId, checked_string};
use crate::xml::{self, Fault, Object};

const PATH: &str = "/api/v1/accounts";
const COLLECTION: &str = "/vmrest/user/externalserviceaccounts";
const ROOT: &str = "UserExternalServiceAccounts";
const ITEM: &str = "UserExternalServiceAccount";
const DISPLAY_NAME: &str = "DisplayName";
const IS_ENABLED: &str = "IsEnabled";
const USE_SERVICE_CREDENTIALS: &str = "UseServiceCredentials";
const LOGIN_TYPE: &str = "LoginType";
const USER_ID: &str = "UserId";

/// The accounts' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(list_accounts, get_account, set_account_password),
    tags((name = "Accounts", description = "Unified messaging accounts: with which mail and \
        meeting services Unity Connection works for the caller, and how it signs in to them."))
)]
pub struct Api;

/// The refusals that are known of each call, by operation id.
pub const REFUSALS: &[(&str, &[&Refusal])] = &[
    ("get_account", &[&NOT_FOUND]),
    ("set_account_password", &[&NOT_FOUND, &NOT_SETTABLE, &REJECTED]),
];

/// Registers the accounts' routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource(PATH).get(list_accounts))
        .service(web::resource("/api/v1/accounts/{objectId}").get(get_account))
        .service(web::resource("/api/v1/accounts/{objectId}/password").put(set_account_password));
}

/// A list of accounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = guide_accounts)]
pub struct Accounts<'a> {
    /// The accounts, in Unity Connection's order.
    pub items: Vec<Account<'a>>,
    /// How many items there are.
    #[schema(format = Int32, example = 1, minimum = 0)]
    pub total: usize,
}

/// An account with an outside service, such as a mail server.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account<'a> {
    /// What the account is known by.
    pub object_id: ObjectId,
    /// Where the account is found.
    #[schema(example = "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364", value_type = String, format = UriReference)]
    pub uri: Link,
    /// Its name for people; may be empty.
    #[schema(example = "Exchange2K7")]
    pub display_name: Cow<'a, str>,
    /// Whether Unity Connection uses the account.
    #[schema(example = true)]
    pub is_enabled: bool,
    /// Whether Unity Connection signs in with credentials of its own. Then no password can be set.
    #[schema(example = false)]
    pub use_service_credentials: bool,
    /// As whom Unity Connection signs in.
    pub login_type: LoginType,
    /// The user ID to sign in with, where one is used.
    #[schema(required = true, example = "fung")]
    pub user_id: Option<Cow<'a, str>>,
}

/// As whom Unity Connection signs in to the service: `userAlias`, the caller's own alias; `guest`,
/// a guest account; `userId`, the account's `userId`; `unknown`, a way that this version does not
/// know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = "userId")]
pub enum LoginType {
    /// The caller's own alias (0).
    UserAlias,
    /// A guest account (1).
    Guest,
    /// The account's user ID (2).
    UserId,
    /// Anything else.
    Unknown,
}

/// A new password for an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// The password of the outside service, 1 to 256 characters of any kind. It cannot be read
    /// back.
    #[serde(deserialize_with = "password")]
    #[schema(value_type = String, format = Password, min_length = 1, max_length = 256, example = "abc123")]
    pub password: SecretString,
}

/// List accounts
///
/// All unified messaging accounts of the caller, in Unity Connection's order. Whoever has none gets
/// an empty list.
#[utoipa::path(
    get,
    path = "",
    tag = "Accounts",
    responses((status = 200, description = "The caller's accounts.", body = Accounts<'static>))
)]
pub async fn list_accounts(call: Incoming, _query: NoQuery) -> Response {
    call.read(Read::new(COLLECTION, translate_list)).await
}

/// Get an account
///
/// One unified messaging account of the caller.
#[utoipa::path(
    get,
    path = "/{objectId}",
    tag = "Accounts",
    params(("objectId" = ObjectId, Path, description = "The account's `objectId`, in any case.")),
    responses((status = 200, description = "The account.", body = Account<'static>))
)]
pub async fn get_account(call: Incoming, PathId(id): PathId) -> Response {
    let read = Read::new(format!("{COLLECTION}/{id}"), move |body| translate_item(body, id));
    call.read(Read { not_found: Some(&NOT_FOUND), ..read }).await
}

/// Set an account's password
///
/// Stores the password with which Unity Connection signs in to the outside service. Accounts that
/// use service credentials have none to set.
#[utoipa::path(
    put,
    path = "/{objectId}/password",
    tag = "Accounts",
    params(("objectId" = ObjectId, Path, description = "The account's `objectId`, in any case.")),
    request_body = NewPassword,
    responses((status = 204, description = "The password is set."))
)]
pub async fn set_account_password(
    call: Incoming,
    PathId(id): PathId,
    JsonBody(body): JsonBody<NewPassword>,
) -> Response {
    let path = format!("{COLLECTION}/{id}");
    let account = Call::get(&*path);
    let password = Call {
        secret: Some(("password", body.password)),
        ends_session: true,
        ..Call::new(Method::PUT, path)
    };
    let write = Write { not_found: Some(&NOT_FOUND), ..Write::new(password, &REJECTED) };
    let set = call.change(async move |turn| match write.ask(turn).await {
        // A 400 does not say why: the account does.
        Err(Error::Resource(_, told)) if told.status == 400 => {
            let answer = turn.ask(&account).await;
            let settable = !answer.is_ok_and(|answer| uses_service_credentials(&answer.body));
            Err(Error::Resource(if settable { &REJECTED } else { &NOT_SETTABLE }, told))
        }
        result => result,
    });
    Ok(written(set.await?, PATH))
}

/// Unity Connection's list into ours.
pub fn translate_list(body: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut list = xml::list(body, ROOT, ITEM)?;
    let mut items = Vec::new();
    while let Some(object) = list.advance()? {
        items.push(parse(object, None)?);
    }
    let list = Accounts { total: items.len(), items };
    // CUPI's names and tags take more room than ours.
    Ok(json(&list, body.len()))
}

fn translate_item(body: &[u8], id: ObjectId) -> Result<Vec<u8>, Fault> {
    let item = parse(&xml::object(body, ITEM)?, Some(id))?;
    Ok(json(&item, body.len()))
}

fn parse<'a>(object: &Object<'a>, asked: Option<ObjectId>) -> Result<Account<'a>, Fault> {
    let object_id = object.object_id(asked)?;
    let user_id = object.optional(USER_ID).filter(|id| !id.is_empty());
    Ok(Account {
        object_id,
        uri: Link(PATH, object_id),
        display_name: object.text(DISPLAY_NAME)?.clone(),
        is_enabled: object.flag(IS_ENABLED)?,
        use_service_credentials: object.flag(USE_SERVICE_CREDENTIALS)?,
        login_type: match &**object.text(LOGIN_TYPE)? {
            "0" => LoginType::UserAlias,
            "1" => LoginType::Guest,
            "2" => LoginType::UserId,
            _ => LoginType::Unknown,
        },
        user_id: user_id.cloned(),
    })
}

fn password<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    const RULE: &str = "must be a string of 1 to 256 characters. Send such a one.";

    let fits = |text: &str| (1..=256).contains(&text.chars().count());
    checked_string(deserializer, RULE, fits).map(SecretString::from)
}

/// The two accounts of the guide's sample, as an example.
fn guide_accounts() -> Option<Accounts<'static>> {
    let account = |id, display_name: &'static str, use_service_credentials, login_type, user_id| {
        let object_id = ObjectId::parse(id)?;
        Some(Account {
            object_id,
            uri: Link(PATH, object_id),
            display_name: display_name.into(),
            is_enabled: true,
            use_service_credentials,
            login_type,
            user_id,
        })
    };
    let (first, second) =
        ("510eeaa6-6e85-40f3-88b3-863c2a4eec84", "75436abf-8784-450f-ac61-23a08be2c364");
    let items = vec![
        account(first, "Exchange2K3", true, LoginType::UserAlias, None)?,
        account(second, "Exchange2K7", false, LoginType::UserId, Some("fung".into()))?,
    ];
    let total = items.len();
    Some(Accounts { items, total })
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

/// Whether a document is an account that has no password of its own.
fn uses_service_credentials(body: &[u8]) -> bool {
    let account = xml::object(body, ITEM);
    account.is_ok_and(|account| account.flag(USE_SERVICE_CREDENTIALS).is_ok_and(|flag| flag))
}
