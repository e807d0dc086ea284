//! The document's JSON. What deletes an object stands after all else that is asked of it and of what lies below it, so
//! that examples can be tried from top to bottom. utoipa has the order of the alphabet.

use serde::{Serialize, Serializer};
use utoipa::openapi::path::Operation;
use utoipa::openapi::{
    Components, Info, OpenApi, OpenApiVersion, PathItem, SecurityRequirement, Server, Tag,
};

#[derive(Serialize)]
struct Document<'a> {
    openapi: &'a OpenApiVersion,
    info: &'a Info,
    servers: &'a Option<Vec<Server>>,
    #[serde(serialize_with = "in_order")]
    paths: Vec<(&'a str, Operations<'a>)>,
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

fn in_order<S: Serializer>(
    paths: &[(&str, Operations<'_>)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(paths.iter().map(|(path, operations)| (path, operations)))
}

/// A document's JSON.
#[expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the document is made of plain data"
)]
pub fn print(document: &OpenApi) -> String {
    let paths = document.paths.paths.iter();
    let paths = paths.map(|(path, item)| (path.as_str(), Operations::new(item)));
    let mut paths: Vec<_> = paths.collect();
    // A `~` comes after the `/` of what lies below.
    paths.sort_by_key(|(path, operations)| {
        format!("{path}{}", if operations.delete.is_some() { "~" } else { "" })
    });
    let document = Document {
        openapi: &document.openapi,
        info: &document.info,
        servers: &document.servers,
        paths,
        components: &document.components,
        security: &document.security,
        tags: &document.tags,
    };
    serde_json::to_string_pretty(&document).expect("JSON") + "\n"
}
