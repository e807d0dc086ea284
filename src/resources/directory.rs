//! The directory: people whom a message can be addressed to.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/directory?nameStartsWith=x` | `GET /vmrest/directory/addressable?query=(name%20startswith%20x)` |
//! | `GET /api/v1/directory?name=x` | `…?query=(name%20is%20x)` |
//! | `GET /api/v1/directory?extension=n` | `…?query=(extension%20is%20n)` |
//!
//! CUPI quotes no value in a query, so that a parenthesis in a search would end the criterion. A search holds only what
//! names and extensions are made of, and each other byte is percent-encoded.
//!
//! Source: CUPI for End Users, "Directory".

use actix_web::web::ServiceConfig;
use icu_properties::CodePointMapData;
use icu_properties::props::{GeneralCategory, GeneralCategoryGroup};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use utoipa::OpenApi;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::error::Error;
use crate::gateway::{Incoming, Response};
use crate::request::check_query;
use crate::request::route::resource;
use crate::table::Table;
use crate::table::property::Kind::{self, Text};
use crate::table::property::{Own, id, read, read_only};

/// An entry of the directory.
pub static DIRECTORY_ENTRY: Table = Table {
    names: ["DirectoryEntry", "DirectoryEntries"],
    about: "Somebody whom a message can be addressed to.",
    path: "/api/v1/directory",
    upstream: "/vmrest/directory/addressable",
    elements: ["Address", "Addresses"],
    properties: &[
        id(
            "Identifies the user, such as for `memberObjectId`.",
            "00000065-05e1-4000-8000-000000000000",
        ),
        read(
            "Type",
            Kind::Own(&TYPE),
            "What it is. Unity Connection's guide names users only.",
            "SUBSCRIBER",
        ),
        read("DisplayName", Text(64), "The name for people.", "Nadia Ruiz"),
        read(
            "SmtpAddress",
            Text(320),
            "The mail address of the voice mailbox.",
            "nadia@cuc.example.com",
        ),
        read("DtmfAccessId", Text(40), "The extension. Zeros at its beginning count.", "4101"),
    ],
    limit: Some(100),
    ..Table::NEW
};

/// The directory's part of the document.
#[derive(Debug, OpenApi)]
#[openapi(
    paths(list_directory_entries),
    tags((name = "Directory", description = "People whom a message can be addressed to."))
)]
pub struct Api;

/// Registers the directory's route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(resource(DIRECTORY_ENTRY.path).get(list_directory_entries));
}

/// Search the directory
///
/// People whom a message can be addressed to, by exactly one of the parameters. Names are those of
/// alias, display, first and last name. Unity Connection stops at 100 entries: then `truncated` is
/// true. A page waits for a pause in typing before it searches.
#[utoipa::path(
    get,
    path = "",
    tag = "Directory",
    params(
        ("nameStartsWith" = Option<String>, Query, nullable = false, description = "What a name begins with: 1 to 64 letters, digits, blanks and `- _ . , ' ’ @ & +`.", example = "nad"),
        ("name" = Option<String>, Query, nullable = false, description = "A whole name, of the same characters."),
        ("extension" = Option<String>, Query, nullable = false, description = "A whole extension: 1 to 40 digits, `*`, `#` and `+`.")
    )
)]
pub async fn list_directory_entries(call: Incoming) -> Response {
    let query = encode(call.query())?;
    call.list(&DIRECTORY_ENTRY, Some(query)).await
}

/// Our parameters, and CUPI's criteria.
const CRITERIA: [(&str, &str); 3] = [
    ("nameStartsWith", "name%20startswith%20"),
    ("name", "name%20is%20"),
    ("extension", "extension%20is%20"),
];

/// What stays as it is in a query's value (RFC 3986, section 2.3).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// CUPI's query for ours.
fn encode(query: &str) -> Result<String, Error> {
    let parameters = check_query(query, &CRITERIA.map(|(name, _)| name))?;
    let [(name, value)] = parameters.as_slice() else {
        let sentence = "Search by exactly one of `nameStartsWith`, `name` and `extension`.";
        return Err(Error::InvalidQuery(sentence.to_owned()));
    };
    let fault = |rule: &str| Error::InvalidQuery(format!("The query parameter `{name}` {rule}"));
    let value = if name == "extension" {
        is_extension(value)
            .then(|| value.clone())
            .ok_or_else(|| fault("is 1 to 40 digits, `*`, `#` and `+`. Write `+` as `%2B`."))?
    } else {
        let words: Vec<_> = value.split(' ').filter(|word| !word.is_empty()).collect();
        let value = words.join(" ");
        is_name(&value).then_some(value).ok_or_else(|| {
            fault("is 1 to 64 letters, digits, blanks and `- _ . , ' ’ @ & +`. Write `+` as `%2B`.")
        })?
    };
    let criterion = CRITERIA.iter().find(|(known, _)| known == name);
    let (_, criterion) = criterion.copied().unwrap_or_default();
    Ok(format!("query=({criterion}{})", utf8_percent_encode(&value, UNRESERVED)))
}

fn is_extension(value: &str) -> bool {
    let key = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'#' | b'+');
    (1..=40).contains(&value.len()) && value.bytes().all(key)
}

/// Whether a text is made of what names are made of, in any script.
fn is_name(value: &str) -> bool {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let word = GeneralCategoryGroup::Letter
        .union(GeneralCategoryGroup::Mark)
        .union(GeneralCategoryGroup::Number);
    let known = |c: char| {
        word.contains(categories.get(c))
            || matches!(c, ' ' | '-' | '_' | '.' | ',' | '\'' | '’' | '@' | '&' | '+')
    };
    (1..=64).contains(&value.chars().count()) && value.chars().all(known)
}

static TYPE: Own = Own {
    elements: &[],
    // The guide prints `SUBSCRIBER` for users and names no other word.
    read: |address| {
        let text = address.optional("Type").filter(|text| !text.is_empty());
        let is_user = |text: &str| text.eq_ignore_ascii_case("SUBSCRIBER");
        Ok(json!(text.map(|text| if is_user(text) { "user" } else { "unknown" })))
    },
    write: read_only,
    schema: entry_type_schema,
};

fn entry_type_schema() -> RefOr<Schema> {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    RefOr::T(schema.enum_values(Some(["user"])).build().into())
}
