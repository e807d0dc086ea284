//! All tables at once: what the compiler cannot hold of them.

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use cupi_gateway::config::NoEndDate;
use cupi_gateway::resources::TABLES;
use cupi_gateway::table::address::Address;
use cupi_gateway::table::property::{Kind, Property};
use cupi_gateway::table::write::{Purpose, Writing};
use cupi_gateway::table::{Table, Word};
use cupi_gateway::xml;
use serde_json::{Value, json};

use crate::openapi::{conforms, document};

/// Fails where something is there twice.
#[track_caller]
fn assert_unique(texts: impl IntoIterator<Item = String>, about: &str) {
    let mut known = BTreeSet::new();
    for text in texts {
        assert!(known.insert(text.clone()), "{about}: {text} is there twice");
    }
}

/// The names of a path's parameters.
fn parameters(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| segment.starts_with('{')).collect()
}

fn rows(table: &Table) -> impl Iterator<Item = (String, &'static Property)> {
    table.properties.iter().map(|row| (row.name(), row))
}

/// The words of a kind.
fn words(kind: Kind) -> &'static [Word] {
    match kind {
        Kind::OneOf(words) | Kind::SomeOf(words, _) => words,
        _ => &[],
    }
}

#[test]
fn names_are_unique() {
    let names = TABLES.iter().flat_map(|table| {
        let [one, list] = table.names;
        let bodies = [Purpose::Create, Purpose::Change].map(|purpose| table.body_name(purpose));
        bodies
            .into_iter()
            .chain([one.to_owned(), list.to_owned()].into_iter().filter(|name| !name.is_empty()))
    });
    assert_unique(names, "all tables");
    for table in TABLES {
        let [name, _] = table.names;
        assert_unique(rows(table).map(|(name, _)| name), name);
        for (row_name, row) in rows(table) {
            let words = words(row.kind);
            assert_unique(words.iter().map(|(ours, _)| (*ours).to_owned()), &row_name);
            assert_unique(words.iter().map(|(_, theirs)| theirs.to_lowercase()), &row_name);
        }
        assert_unique(table.types.iter().map(|(ours, _)| (*ours).to_owned()), name);
    }
}

#[test]
fn names_are_in_camel_case_and_texts_are_sentences() {
    for table in TABLES {
        assert!(table.about.ends_with('.'), "{}", table.about);
        for (name, row) in rows(table) {
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric());
            let capitals =
                name.as_bytes().windows(2).any(|two| two.iter().all(u8::is_ascii_uppercase));
            assert!(
                plain && !capitals && name.starts_with(|c: char| c.is_ascii_lowercase()),
                "{name}"
            );
            assert!(row.about.ends_with('.'), "{name}: {}", row.about);
        }
    }
}

#[test]
fn paths_and_orders_fit_their_tables() {
    for table in TABLES {
        let [name, _] = table.names;
        assert_eq!(parameters(table.path), parameters(table.upstream), "{name}");
        if table.key().is_some() {
            let key = table.properties.first().unwrap();
            let is_key = matches!(key.kind, Kind::ObjectId | Kind::Type | Kind::Own(_));
            assert!(is_key, "{name}: the first row is what the path ends with");
        }
        let written = table.properties.iter().filter(|row| row.is_writable());
        let written: BTreeSet<_> = written.map(|row| row.element).collect();
        let order: BTreeSet<_> = table.order.iter().copied().collect();
        assert_eq!(order.len(), table.order.len(), "{name}");
        assert!(table.order.is_empty() || order.is_superset(&written), "{name}");
    }
}

#[test]
fn examples_are_within_bounds() {
    for table in TABLES {
        for (name, row) in rows(table) {
            for example in [Some(row.example), row.created_example].into_iter().flatten() {
                let fits = match row.kind {
                    Kind::Text(_) | Kind::Digits(..) | Kind::MailAddress(_) => {
                        example.is_empty() && !row.is_writable() || row.kind.fits(example)
                    }
                    Kind::Secret(..) => row.kind.fits(example),
                    Kind::Number(least, most) => (least..=most).contains(&example.parse().unwrap()),
                    Kind::OneOf(words) => words.iter().any(|(_, theirs)| *theirs == example),
                    _ => true,
                };
                assert!(fits, "{name}: {example}");
            }
        }
    }
}

#[test]
fn the_examples_of_bodies_are_accepted() {
    for table in TABLES.iter().filter(|table| !table.properties.is_empty()) {
        let [name, _] = table.names;
        let body = |purpose| table.body_example(purpose).to_string();
        if table.properties.iter().any(|row| matches!(row.kind, Kind::Secret(..))) {
            assert!(table.write_secret(body(Purpose::Change).as_bytes()).is_ok(), "{name}");
        } else if !table.writable_names().is_empty() {
            for purpose in [Purpose::Create, Purpose::Change] {
                let key = Some(table.example_key());
                let no_end_date = NoEndDate::Empty;
                let writing =
                    Writing { purpose, key: key.as_deref(), now: UNIX_EPOCH, no_end_date };
                let written = table.write(body(purpose).as_bytes(), writing);
                assert!(written.is_ok(), "{name}: {}", written.unwrap_err());
            }
        }
    }
}

/// Reads an object that has these rows' elements, with this text in place of some.
fn read(table: &'static Table, text: impl Fn(&Property) -> Option<&str>) -> Value {
    let elements: Vec<_> = table
        .properties
        .iter()
        .filter(|row| !row.element.is_empty())
        .filter_map(|row| Some((row.element, text(row)?.to_owned())))
        .collect();
    let [item, _] = table.elements;
    let key = table.key().map(|_| table.example_key());
    let address = Address { collection: "/x".to_owned(), key };
    let xml = xml::write(item, &elements);
    let json = table.read_one(xml.as_bytes(), &address, UNIX_EPOCH);
    serde_json::from_slice(&json.unwrap()).unwrap()
}

#[test]
fn schemas_are_of_what_the_reader_prints() {
    let document = document();
    for table in TABLES.iter().filter(|table| !table.elements[0].is_empty()) {
        let [name, _] = table.names;
        let schema = json!(table.object_schema(""));
        let required = |row: &Property| row.is_required || matches!(row.kind, Kind::Own(_));

        let whole = read(table, |row| Some(row.example));
        // A table's own check may ask for one element of several.
        let first = &table.properties[0];
        let checked = |row: &Property| table.check.is_some() && row.element == first.element;
        let bare = read(table, |row| (required(row) || checked(row)).then_some(row.example));
        let strange = read(table, |row| match row.kind {
            Kind::OneOf(_) | Kind::SomeOf(..) => Some("nothing that is known"),
            _ => Some(row.example),
        });

        for object in [&whole, &bare, &strange] {
            assert_eq!(conforms(&document, &schema, object), Ok(()), "{name}");
        }
        for (property, row) in rows(table) {
            if !required(row) && !checked(row) && !matches!(row.kind, Kind::EnabledUntil) {
                assert_eq!(bare[&property], Value::Null, "{name}.{property}");
            }
        }
        // What a row allows and no object has would be wrong too: its words are those of the schema.
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(properties.len(), table.properties.len(), "{name}");
        assert_eq!(whole.as_object().unwrap().len(), table.properties.len(), "{name}");
    }
}
