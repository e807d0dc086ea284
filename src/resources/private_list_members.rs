//! Private list members: who gets a message that is sent to a private list.
//!
//! | call | upstream call |
//! | --- | --- |
//! | `GET /api/v1/private-lists/{objectId}/members` | `GET /vmrest/user/privatelists/{objectId}/privatelistmembers` |
//! | `POST …/members` | `POST …/privatelistmembers` |
//! | `DELETE …/members/{memberId}` | `DELETE …/privatelistmembers/{memberId}` |
//!
//! CUPI has an element for each type of member, of which exactly one is there. Here they are `type` and `memberObjectId`.
//!
//! Source: CUPI for End Users, "Private Lists"; the bodies are those of the administrators' guide.

use actix_web::web::ServiceConfig;
use serde_json::Value as Json;
use utoipa::OpenApi;
use utoipa::openapi::schema::{KnownFormat, Type};

use crate::error::Refusal;
use crate::gateway::{Incoming, Response};
use crate::object_id::ObjectId;
use crate::request::route::resource;
use crate::request::{JsonBody, NoQuery};
use crate::table::body::Value;
use crate::table::property::Kind::{self, Text};
use crate::table::property::{Own, id, read, uri, write};
use crate::table::schema::row::typed;
use crate::table::{Elements, Table};
use crate::xml::{Fault, Object};

/// A member of a private list.
pub static PRIVATE_LIST_MEMBER: Table = Table {
    names: ["PrivateListMember", "PrivateListMembers"],
    about: "A member of a private list.",
    path: "/api/v1/private-lists/{objectId}/members/{memberId}",
    upstream: "/vmrest/user/privatelists/{objectId}/privatelistmembers/{memberId}",
    elements: ["PrivateListMember", "PrivateListMembers"],
    properties: &[
        id("Identifies the membership.", "00000064-3e3b-4000-8000-000000000001"),
        uri("Where the membership can be deleted."),
        write(
            TYPES[0].1,
            Kind::Own(&TYPE),
            "What the member is. Spelled as in an entry of the directory.",
            "00000065-05e1-4000-8000-000000000000",
        )
        .named("type")
        .required()
        .needed_to_create()
        .created("00000066-05e1-4000-8000-000000000000"),
        write(
            TYPES[0].1,
            Kind::Own(&MEMBER),
            "Identifies the member: the user, list or contact.",
            "00000065-05e1-4000-8000-000000000000",
        )
        .named("memberObjectId")
        .needed_to_create()
        .created("00000066-05e1-4000-8000-000000000000"),
        read("DisplayName", Text(64), "The member's name for people.", "Nadia Ruiz"),
        read("Alias", Text(64), "The member's alias.", "nadia"),
        read("Extension", Text(40), "The member's extension. Leading zeros count.", "4101"),
    ],
    not_found: Some(&NOT_FOUND),
    parent_not_found: Some(&LIST_NOT_FOUND),
    rejected: Some(&REJECTED),
    has_get: false,
    ..Table::NEW
};

/// Our types of members, in the order in which they are looked for, and CUPI's elements.
const TYPES: [(&str, &str); 4] = [
    ("user", "MemberSubscriberObjectId"),
    ("distributionList", "MemberDistributionListObjectId"),
    ("privateList", "MemberPersonalVoiceMailListObjectId"),
    ("contact", "MemberContactObjectId"),
];

const ELEMENTS: &[&str] = &[TYPES[0].1, TYPES[1].1, TYPES[2].1, TYPES[3].1];

/// The members' part of the document.
#[derive(Debug, OpenApi)]
#[openapi(paths(
    list_private_list_members,
    create_private_list_member,
    delete_private_list_member
))]
pub struct Api;

/// Registers the members' routes.
pub fn routes(config: &mut ServiceConfig) {
    let list = resource(PRIVATE_LIST_MEMBER.collection());
    let one = resource(PRIVATE_LIST_MEMBER.path);
    config
        .service(list.get(list_private_list_members).post(create_private_list_member))
        .service(one.delete(delete_private_list_member));
}

/// List a private list's members
///
/// All members of one of the caller's private lists, in Unity Connection's order.
#[utoipa::path(get, path = "", tag = "Private lists")]
pub async fn list_private_list_members(call: Incoming, _: NoQuery) -> Response {
    call.list(&PRIVATE_LIST_MEMBER, None).await
}

/// Add a member to a private list
///
/// Adds a user, a distribution list, another private list or a contact. `type` and `objectId` of
/// an entry of the directory can be sent as they are. The caller's class of service says how many
/// members there may be.
#[utoipa::path(post, path = "", tag = "Private lists")]
pub async fn create_private_list_member(call: Incoming, _: NoQuery, body: JsonBody) -> Response {
    call.create(&PRIVATE_LIST_MEMBER, body).await
}

/// Remove a member from a private list
///
/// Ends a membership. The member itself stays.
#[utoipa::path(delete, path = "/{memberId}", tag = "Private lists")]
pub async fn delete_private_list_member(call: Incoming, _: NoQuery) -> Response {
    call.delete(&PRIVATE_LIST_MEMBER).await
}

static TYPE: Own = Own {
    elements: ELEMENTS,
    read: |member| Ok(find(member).map_or("unknown", |(name, ..)| name).into()),
    // The element that is sent is that of `memberObjectId`.
    write: |value, _| {
        if element(value).is_some() {
            return Ok(Elements::new());
        }
        let names = TYPES.map(|(name, _)| format!("`{name}`")).join(", ");
        Err(format!("must be one of {names}. Send one of them."))
    },
    schema: || {
        let names = TYPES.map(|(name, _)| name);
        let mut schema = typed(Type::String, None);
        schema.enum_values = Some(names.map(Json::from).into());
        schema.into()
    },
};

static MEMBER: Own = Own {
    elements: ELEMENTS,
    read: |member| match find(member) {
        Some((_, element, text)) => {
            let id = ObjectId::parse(text).ok_or(Fault::NotAnObjectId(element))?;
            Ok(id.to_string().into())
        }
        None => Ok(Json::Null),
    },
    write: |value, body| {
        let id = value.text().and_then(ObjectId::parse);
        let id = id.ok_or("must be a UUID. Send one as another resource gives it.")?;
        let element = body.get("type").and_then(element);
        Ok(element.map(|element| (element, id.to_string())).into_iter().collect())
    },
    schema: || typed(Type::String, Some(KnownFormat::Uuid)).into(),
};

/// The first of the four elements that has a text: our type, its name and the text.
fn find<'a>(member: &'a Object<'_>) -> Option<(&'static str, &'static str, &'a str)> {
    TYPES.into_iter().find_map(|(name, element)| {
        let text = member.optional(element).filter(|text| !text.is_empty())?;
        Some((name, element, text.as_ref()))
    })
}

/// CUPI's element for a member of this type.
fn element(value: &Value) -> Option<&'static str> {
    let text = value.text()?;
    TYPES.into_iter().find_map(|(name, element)| (name == text).then_some(element))
}

static NOT_FOUND: Refusal = Refusal::new(
    404,
    "private_list_member_not_found",
    "No such private list member",
    "The caller has no such private list, or the list has no member with this id. Use an `objectId` of the list's own \
     members.",
);

static LIST_NOT_FOUND: Refusal = Refusal::new(
    404,
    "private_list_not_found",
    "No such private list",
    "The caller has no private list with this id. Use an `objectId` of the caller's own list.",
);

static REJECTED: Refusal = Refusal::new(
    422,
    "private_list_member_rejected",
    "Private list member rejected",
    "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; a member that is there \
     already, one that does not exist and more members than the class of service allows are usual causes.",
);
