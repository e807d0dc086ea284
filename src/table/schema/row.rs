//! The schema of one property: what is read of it, and what is written.

use serde_json::Value;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{ArrayBuilder, KnownFormat, Object, Ref, RefOr, Schema, SchemaFormat};

use crate::table::property::{Kind, Property};
use crate::table::read::UNKNOWN;
use crate::table::{Table, Word};

/// What XML can carry, as a pattern.
const TEXT: &str = r"^[^\x00-\x08\x0B\x0C\x0E-\x1F\uFFFE\uFFFF]+$";

/// A mail address, as a pattern.
const MAIL_ADDRESS: &str =
    r"^[^\s\x00-\x1F\x7F-\x9F\uFFFE\uFFFF]+@[^\s\x00-\x1F\x7F-\x9F\uFFFE\uFFFF]+$";

impl Property {
    /// The schema of what is read.
    pub fn read_schema(&self, table: &Table) -> RefOr<Schema> {
        let null = (!self.is_required).then_some(Type::Null);
        let mut schema = match self.kind {
            Kind::ObjectId => return RefOr::Ref(Ref::from_schema_name("ObjectId")),
            Kind::Own(own) => return as_read((own.schema)(), null),
            Kind::SomeOf(words, _) => {
                let items = enumeration(words.iter().map(|(ours, _)| *ours), Some(UNKNOWN));
                let types = SchemaType::from_iter([Type::Array, Type::Null]);
                let kinds = if null.is_some() { types } else { Type::Array.into() };
                return ArrayBuilder::new().items(items).schema_type(kinds).build().into();
            }
            Kind::OneOf(words) => {
                let mut schema = enumeration(words.iter().map(|(ours, _)| *ours), Some(UNKNOWN));
                if let (Some(_), Some(values)) = (&null, &mut schema.enum_values) {
                    values.push(Value::Null);
                }
                schema
            }
            Kind::Type => types(table.types),
            Kind::Flag | Kind::Enabled(_) => typed(Type::Boolean, None),
            Kind::Number(..) => typed(Type::Integer, Some(KnownFormat::Int32)),
            Kind::Id => typed(Type::String, Some(KnownFormat::Uuid)),
            Kind::Link(_) => typed(Type::String, Some(KnownFormat::UriReference)),
            Kind::EnabledUntil => typed(Type::String, Some(KnownFormat::DateTime)),
            Kind::Text(_) | Kind::Digits(..) | Kind::MailAddress(_) | Kind::Secret(..) => {
                typed(Type::String, None)
            }
        };
        add_null(&mut schema, null);
        schema.into()
    }

    /// The schema of what is written.
    pub fn write_schema(&self) -> RefOr<Schema> {
        let null = self.is_clearable.then_some(Type::Null);
        let mut schema = match self.kind {
            Kind::Own(own) => return (own.schema)(),
            Kind::SomeOf(_, writable) => {
                let items = enumeration(writable.iter().copied(), None);
                return ArrayBuilder::new().items(items).unique_items(true).build().into();
            }
            Kind::OneOf(words) => enumeration(words.iter().map(|(ours, _)| *ours), None),
            Kind::Flag | Kind::Enabled(_) => typed(Type::Boolean, None),
            Kind::Number(least, most) => {
                let mut schema = typed(Type::Integer, Some(KnownFormat::Int32));
                schema.minimum = Some(least.into());
                schema.maximum = Some(most.into());
                schema
            }
            Kind::Id => typed(Type::String, Some(KnownFormat::Uuid)),
            Kind::EnabledUntil => typed(Type::String, Some(KnownFormat::DateTime)),
            Kind::Text(most) => text(most, Some(TEXT.to_owned())),
            Kind::MailAddress(most) => text(most, Some(MAIL_ADDRESS.to_owned())),
            Kind::Digits(charset, most) => text(most, pattern(charset)),
            Kind::Secret(charset, most) => {
                let mut schema = text(most, pattern(charset));
                schema.format = Some(SchemaFormat::KnownFormat(KnownFormat::Password));
                schema
            }
            Kind::ObjectId | Kind::Type | Kind::Link(_) => typed(Type::String, None),
        };
        add_null(&mut schema, null);
        schema.into()
    }

    /// A property's schema with what it means and an example.
    pub fn described(&self, schema: RefOr<Schema>, example: Option<&Value>) -> RefOr<Schema> {
        let (about, example) = (Some(self.about.to_owned()), example.cloned());
        match schema {
            RefOr::Ref(mut reference) => {
                reference.description.clone_from(&self.about.to_owned());
                RefOr::Ref(reference)
            }
            RefOr::T(Schema::Object(mut object)) => {
                (object.description, object.example) = (about, example);
                object.into()
            }
            RefOr::T(Schema::Array(mut array)) => {
                (array.description, array.example) = (about, example);
                RefOr::T(Schema::Array(array))
            }
            other @ RefOr::T(_) => other,
        }
    }
}

/// The schema of what is read of a kind that one resource alone has: with `unknown` among words, and with `null`.
fn as_read(schema: RefOr<Schema>, null: Option<Type>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            if let Some(words) = &mut object.enum_values {
                words.push(UNKNOWN.into());
                words.extend(null.as_ref().map(|_| Value::Null));
            }
            add_null(&mut object, null);
            object.into()
        }
        RefOr::T(Schema::Array(mut array)) if null.is_some() => {
            array.schema_type = SchemaType::from_iter([Type::Array, Type::Null]);
            RefOr::T(Schema::Array(array))
        }
        other => other,
    }
}

/// The types of a path.
pub fn types(types: &[Word]) -> Object {
    enumeration(types.iter().map(|(ours, _)| *ours), None)
}

/// A schema of this type and format.
pub fn typed(kind: Type, format: Option<KnownFormat>) -> Object {
    let mut schema = Object::with_type(kind);
    schema.format = format.map(SchemaFormat::KnownFormat);
    schema
}

fn text(most: usize, pattern: Option<String>) -> Object {
    let mut schema = typed(Type::String, None);
    (schema.min_length, schema.max_length, schema.pattern) = (Some(1), Some(most), pattern);
    schema
}

/// A charset as a pattern.
fn pattern(charset: &str) -> Option<String> {
    (!charset.is_empty()).then(|| format!("^[{charset}]+$"))
}

fn enumeration<'a>(words: impl Iterator<Item = &'a str>, more: Option<&'a str>) -> Object {
    let mut schema = typed(Type::String, None);
    schema.enum_values = Some(words.chain(more).map(Value::from).collect());
    schema
}

fn add_null(schema: &mut Object, null: Option<Type>) {
    if let (SchemaType::Type(kind), Some(null)) = (&schema.schema_type, null) {
        schema.schema_type = SchemaType::from_iter([kind.clone(), null]);
    }
}
