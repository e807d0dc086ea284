//! The document's JSON. At each path what deletes stands last, so that examples can be tried from top to bottom: utoipa
//! prints it before what changes.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{
    Components, Info, OpenApi, OpenApiVersion, PathItem, SecurityRequirement, Server, Tag,
};

#[derive(Serialize)]
struct Document<'a> {
    openapi: &'a OpenApiVersion,
    info: &'a Info,
    servers: &'a Option<Vec<Server>>,
    paths: BTreeMap<&'a str, Operations<'a>>,
    components: &'a Option<Components>,
    security: &'a Option<Vec<SecurityRequirement>>,
    tags: &'a Option<Vec<Tag>>,
}

#[derive(Serialize)]
struct Operations<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    get: Option<&'a Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post: Option<&'a Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    put: Option<&'a Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    patch: Option<&'a Operation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delete: Option<&'a Operation>,
}

impl<'a> Operations<'a> {
    fn new(item: &'a PathItem) -> Self {
        Self {
            get: item.get.as_ref(),
            post: item.post.as_ref(),
            put: item.put.as_ref(),
            patch: item.patch.as_ref(),
            delete: item.delete.as_ref(),
        }
    }
}

/// A document's JSON.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the document is made of plain data"
)]
pub fn print(document: &OpenApi) -> String {
    let paths = document.paths.paths.iter();
    let document = Document {
        openapi: &document.openapi,
        info: &document.info,
        servers: &document.servers,
        paths: paths.map(|(path, item)| (path.as_str(), Operations::new(item))).collect(),
        components: &document.components,
        security: &document.security,
        tags: &document.tags,
    };
    serde_json::to_string_pretty(&document).expect("JSON") + "\n"
}
