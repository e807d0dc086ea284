//! Examples of whole objects, put together of those of their properties, so that all of the document
//! speaks of the same objects: those that `demo` has.

use serde_json::{Map, Value, json};
use utoipa::openapi::path::{Operation, ParameterBuilder};
use utoipa::openapi::{Components, RefOr, Schema};

/// The parameter that names an object.
const OBJECT_ID: &str = "objectId";

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
    let mut whole = parts.collect::<Option<Map<String, Value>>>()?;
    let id = whole.get("uri").and_then(Value::as_str).map(last);
    if let Some(id) = id.map(Value::from) {
        whole.insert(OBJECT_ID.to_owned(), id);
    }
    Some(whole.into())
}

/// The object that the path is about, with its id as the parameter's example.
pub fn address(components: &Components, path: &str, operation: &mut Operation) -> String {
    let Some((collection, rest)) = path.split_once("{objectId}") else {
        return path.to_owned();
    };
    let uris = components.schemas.values().filter_map(|schema| match schema {
        RefOr::T(Schema::Object(object)) => object.example.as_ref()?.get("uri")?.as_str(),
        _ => None,
    });
    let uri = uris.into_iter().find(|uri| uri.starts_with(collection));
    let id = uri.map(last).unwrap_or_default();
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == OBJECT_ID
        {
            let builder = ParameterBuilder::from(parameter.clone());
            *parameter = builder.example(Some(id.into())).build();
        }
    }
    format!("{collection}{id}{rest}")
}

fn last(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap_or(uri)
}
