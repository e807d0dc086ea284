//! Examples of whole objects, put together of those of their properties, so that all of the document
//! speaks of the same objects: those that `demo` has.

use serde_json::{Map, Value, json};
use utoipa::openapi::{Components, RefOr, Schema};

/// Gives each object of the components an example.
pub fn add(components: &mut Components) {
    let schemas = json!(components.schemas);
    for (name, schema) in &mut components.schemas {
        if let RefOr::T(Schema::Object(object)) = schema
            && let Some(example) = schemas.get(name).and_then(|known| example(&schemas, known))
        {
            object.example = Some(example);
        }
    }
}

/// The schema's own example, or one of its parts' examples.
fn example(schemas: &Value, schema: &Value) -> Option<Value> {
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    if let Some(target) = schema.get("$ref") {
        let name = target.as_str()?.rsplit('/').next()?;
        return example(schemas, schemas.get(name)?);
    }
    if let Some(items) = schema.get("items") {
        return Some(json!([example(schemas, items)?]));
    }
    let properties = schema.get("properties")?.as_object()?.iter();
    let parts = properties.map(|(name, part)| Some((name.clone(), example(schemas, part)?)));
    Some(parts.collect::<Option<Map<String, Value>>>()?.into())
}
