//! What a page may offer the caller, as it follows from the class of service.
//!
//! Source: CUPI for End Users, "Class of Service".

use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::table::Word;
use crate::table::property::{Own, read_only};
use crate::xml::{Fault, Object, flag};

/// What may be done with alternate devices: our words and CUPI's.
pub const EXTENSION_ACCESS: &[Word] =
    &[("none", "0"), ("read", "1"), ("manage", "2"), ("readAndManage", "3")];

/// The property `capabilities`.
pub static CAPABILITIES: Own =
    Own { elements: &[], read: capabilities, write: read_only, schema: capabilities_schema };

/// Capabilities that are a right of their own, and the elements of these rights.
const RIGHTS: [(&str, &str); 5] = [
    ("recordVoiceName", "CanRecordName"),
    ("changeDirectoryListing", "ListInDirectoryStatus"),
    ("changeCallHolding", "CallHoldAvailable"),
    ("changeCallScreening", "CallScreenAvailable"),
    ("usePersonalCallTransfer", "AccessCallRoutingRules"),
];

/// Capabilities that follow from `UaAlternateExtensionAccess`, and the values that give them.
const ACCESS: [(&str, [&str; 2]); 2] =
    [("readAlternateDevices", ["1", "3"]), ("manageAlternateDevices", ["2", "3"])];

fn capabilities(cos: &Object<'_>) -> Result<Value, Fault> {
    let text = |element| cos.optional(element).filter(|text| !text.is_empty());
    let mut capabilities = Map::new();
    for (name, element) in RIGHTS {
        let right = text(element).map(|text| flag(element, text)).transpose()?;
        capabilities.insert(name.to_owned(), json!(right));
    }
    let access = text("UaAlternateExtensionAccess").map(AsRef::as_ref);
    let access = access.filter(|access| EXTENSION_ACCESS.iter().any(|(_, known)| known == access));
    for (name, values) in ACCESS {
        let given = access.map(|access| values.contains(&access));
        capabilities.insert(name.to_owned(), json!(given));
    }
    Ok(Value::Object(capabilities))
}

fn capabilities_schema() -> RefOr<Schema> {
    let about = |name: &str| match name {
        "recordVoiceName" => "Whether the voice name can be recorded.",
        "changeDirectoryListing" => "Whether `listInDirectory` of the user can be changed.",
        "changeCallHolding" => "Whether `transferHoldingMode` can be changed.",
        "changeCallScreening" => {
            "Whether announcing, confirming, introducing and screening can be changed."
        }
        "usePersonalCallTransfer" => "Whether `personalCallTransfer` can be used.",
        "readAlternateDevices" => "Whether the administrator's alternate devices are shown.",
        _ => "Whether alternate devices can be created, changed and deleted.",
    };
    let names = RIGHTS.iter().map(|(name, _)| *name).chain(ACCESS.iter().map(|(name, _)| *name));
    let flag = SchemaType::from_iter([Type::Boolean, Type::Null]);
    let schema = names.fold(ObjectBuilder::new(), |schema, name| {
        let flag = ObjectBuilder::new().schema_type(flag.clone()).description(Some(about(name)));
        schema.property(name, flag).required(name)
    });
    RefOr::T(schema.build().into())
}
