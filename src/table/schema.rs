//! The schemas of the API's document, from the rows of a [`Table`]: of an object, a list, a new object, changes. Examples
//! are in CUPI's spelling and go through the reader, so that document and translation cannot disagree.

use std::time::UNIX_EPOCH;

use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{AdditionalProperties, Type};
use utoipa::openapi::{
    ArrayBuilder, KnownFormat, Object, ObjectBuilder, Ref, RefOr, Schema, SchemaFormat,
};

use super::Table;
use super::address::Address;
use super::property::{Kind, Property};
use super::write::Purpose;
use crate::xml;

use row::typed;

pub mod row;

impl Table {
    /// The name of a body's schema.
    pub fn body_name(&self, purpose: Purpose) -> String {
        let [name, _] = self.names;
        match purpose {
            Purpose::Create => format!("{name}ToCreate"),
            Purpose::Change => format!("{name}Changes"),
        }
    }

    /// The schema of an object in answers, or of the body that sets a secret.
    pub fn object_schema(&'static self, collection: &str) -> Schema {
        let example = self.example(collection);
        let mut object = ObjectBuilder::new().description(Some(self.about));
        for row in self.properties {
            let name = row.name();
            let schema = if row.is_readable() { row.read_schema(self) } else { row.write_schema() };
            let schema = row.described(schema, example.get(&name));
            object = object.property(&name, schema).required(name);
        }
        if self.properties.iter().any(|row| !row.is_readable()) {
            object =
                object.additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        }
        with_example(object.build(), example)
    }

    /// The schema of a list.
    pub fn list_schema(&'static self, collection: &str) -> Schema {
        let [name, _] = self.names;
        let items = ArrayBuilder::new()
            .items(RefOr::Ref(Ref::from_schema_name(name)))
            .description(Some("The items, in Unity Connection's order."));
        let mut total = typed(Type::Integer, None);
        total.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int32));
        total.description = Some("How many items there are.".to_owned());
        total.minimum = Some(0_usize.into());
        total.example = Some(json!(1));
        let mut list = ObjectBuilder::new()
            .description(Some(format!("A list of `{name}` objects.")))
            .property("items", items)
            .required("items")
            .property("total", total)
            .required("total");
        let items_of_example = json!([self.example(collection)]);
        let mut example = Map::from_iter([
            ("items".to_owned(), items_of_example),
            ("total".to_owned(), 1.into()),
        ]);
        if let Some(limit) = self.limit {
            let mut truncated = typed(Type::Boolean, None);
            let about =
                format!("Whether there may be more: Unity Connection lists {limit} at most.");
            truncated.description = Some(about);
            truncated.example = Some(json!(false));
            list = list.property("truncated", truncated).required("truncated");
            example.insert("truncated".to_owned(), false.into());
        }
        with_example(list.build(), example.into())
    }

    /// The schema of a body.
    pub fn body_schema(&'static self, purpose: Purpose) -> Schema {
        let [name, _] = self.names;
        let example = self.body_example(purpose);
        let about = match purpose {
            Purpose::Create => format!("A new `{name}`."),
            Purpose::Change => {
                format!("What to change of `{name}`: at least one property.")
            }
        };
        let mut object = ObjectBuilder::new()
            .description(Some(about))
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        for row in self.properties.iter().filter(|row| row.is_writable()) {
            let name = row.name();
            object = object.property(&name, row.described(row.write_schema(), example.get(&name)));
            if row.is_needed && purpose == Purpose::Create {
                object = object.required(name);
            }
        }
        if purpose == Purpose::Change {
            object = object.min_properties(Some(1));
        }
        with_example(object.build(), example)
    }

    /// An object as it is read, in the list at this path of ours.
    pub fn example(&'static self, collection: &str) -> Value {
        self.read_example(collection, |row| row.example)
    }

    /// A body. A change is of what there is already.
    pub fn body_example(&'static self, purpose: Purpose) -> Value {
        let mut example = self.read_example(
            "",
            match purpose {
                Purpose::Create => |row| row.created_example.unwrap_or(row.example),
                Purpose::Change => |row| row.example,
            },
        );
        let written = self.writable_names();
        if let Value::Object(properties) = &mut example {
            properties.retain(|name, _| written.contains(name));
        }
        example
    }

    /// The value of the path's last parameter in examples.
    pub fn example_key(&self) -> String {
        let text = self.properties.first().map_or("", |row| row.example);
        self.type_of(text).unwrap_or(text).to_owned()
    }

    /// What the path's last parameter means, and its schema.
    pub fn key_schema(&self) -> (String, RefOr<Schema>) {
        let Some(row) = self.properties.first() else {
            return (String::new(), typed(Type::String, None).into());
        };
        let about = match row.kind {
            Kind::ObjectId => format!("{}, in any case.", row.about.trim_end_matches('.')),
            _ => row.about.to_owned(),
        };
        (about, row.read_schema(self))
    }

    /// Reads a document of examples as it would be read from Unity Connection.
    #[expect(clippy::expect_used, reason = "a test reads the examples of every table")]
    fn read_example(&'static self, collection: &str, text: fn(&Property) -> &'static str) -> Value {
        if let Some(secret) = self.properties.iter().find(|row| !row.is_readable()) {
            return Value::Object(Map::from_iter([(secret.name(), text(secret).into())]));
        }
        let rows = self.properties.iter().filter(|row| !row.element.is_empty());
        let elements: Vec<_> = rows.map(|row| (row.element, text(row).to_owned())).collect();
        let [item, _] = self.elements;
        let key = self.key().map(|_| self.example_key());
        let address = Address { collection: collection.to_owned(), key };
        let json = self.read_one(xml::write(item, &elements).as_bytes(), &address, UNIX_EPOCH);
        serde_json::from_slice(&json.expect("examples can be read")).expect("JSON")
    }
}

fn with_example(mut object: Object, example: Value) -> Schema {
    object.example = Some(example);
    Schema::Object(object)
}
