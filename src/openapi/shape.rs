//! What an operation is by its method, its path and the table of what lies there: its parameters, its body, its success,
//! the refusals that only its resource has. A handler says the rest: summary, description, the parameters of its query.

use actix_web::http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::path::{HttpMethod, Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{
    Components, Content, ContentBuilder, Ref, RefOr, Required, Response, ResponseBuilder,
};

use crate::error::Refusal;
use crate::gateway::audio;
use crate::resources::TABLES;
use crate::table::Table;
use crate::table::address::fill;
use crate::table::write::Purpose;

/// The media type of recordings.
const WAV: &str = "audio/wav";

/// One operation among those of a path.
pub struct Shape<'a> {
    /// Its path, with names in place of parameters.
    pub path: &'a str,
    /// Its method.
    pub method: HttpMethod,
    /// What lies at the path.
    pub table: Option<&'static Table>,
}

impl<'a> Shape<'a> {
    /// Finds the table of a path.
    pub fn new(path: &'a str, method: HttpMethod) -> Self {
        let mut tables = TABLES.iter().copied();
        let table = tables.find(|table| table.path == path || table.collection() == path);
        Self { path, method, table }
    }

    /// Whether it changes something.
    pub fn is_write(&self) -> bool {
        self.method != HttpMethod::Get
    }

    /// Whether it is about a list and not about one object.
    fn is_list(&self, table: &Table) -> bool {
        let [_, list] = table.names;
        table.collection() == self.path && !list.is_empty()
    }

    /// Whether it is about a recording.
    pub fn is_audio(&self) -> bool {
        self.table.is_some_and(|table| table.is_audio && table.path == self.path)
    }

    /// Whether `If-Match` can be held against what it changes.
    pub fn is_conditional(&self) -> bool {
        matches!(self.method, HttpMethod::Put | HttpMethod::Patch | HttpMethod::Delete)
    }

    /// Whether its path names an object by an id.
    pub fn has_id(&self) -> bool {
        self.path.contains("Id}")
    }

    /// What only its resource can refuse.
    pub fn refusals(&self) -> Vec<&'static Refusal> {
        let Some(table) = self.table else {
            return Vec::new();
        };
        if self.is_audio() {
            return match table.parent_not_found {
                _ if !self.is_write() => vec![&audio::NOT_FOUND],
                None => vec![&audio::REJECTED],
                Some(not_found) => vec![not_found, &audio::REJECTED],
            };
        }
        let [_, upstream_list] = table.elements;
        // A list that Unity Connection lacks is made of single reads.
        let not_found = if self.is_list(table) && !upstream_list.is_empty() {
            table.parent_not_found
        } else {
            table.not_found
        };
        let conflict = table.conflict.map(|conflict| conflict.refusal);
        let writes = [conflict, table.rejected].into_iter().filter(|_| self.is_write());
        [not_found].into_iter().chain(writes).flatten().collect()
    }

    /// Gives an operation what follows from its shape, and the components what that needs.
    pub fn complete(&self, operation: &mut Operation, components: &mut Components) {
        let parameters = operation.parameters.get_or_insert_default();
        let own = self.path_parameters();
        parameters.splice(0..0, own.into_iter().map(RefOr::T));
        if self.is_audio() {
            let responses = &mut operation.responses.responses;
            if self.is_write() {
                let body = RequestBodyBuilder::new().required(Some(Required::True));
                let body = body.description(Some(
                    "A WAV file, best G.711 µ-law or 16-bit PCM at 8 kHz, mono.",
                ));
                operation.request_body = Some(RefOr::T(body.content(WAV, recording()).build()));
                let response = ResponseBuilder::new().description("It is replaced.").build();
                responses.insert(StatusCode::NO_CONTENT.as_str().to_owned(), RefOr::T(response));
            } else {
                let about = self.table.map_or("", |table| table.about);
                let response = ResponseBuilder::new().description(about).content(WAV, recording());
                responses.insert(StatusCode::OK.as_str().to_owned(), RefOr::T(response.build()));
            }
        } else if let Some(table) = self.table.filter(|table| !table.properties.is_empty()) {
            self.add_body(table, operation, components);
            let (status, response) = self.success(table, components);
            let responses = &mut operation.responses.responses;
            responses.entry(status.as_str().to_owned()).or_insert(RefOr::T(response));
        }
    }

    fn path_parameters(&self) -> Vec<Parameter> {
        let names = self.path.match_indices('}').filter_map(|(end, _)| {
            let path = self.path.get(..=end)?;
            let table = TABLES.iter().find(|table| table.path == path)?;
            let (about, schema) = table.key_schema();
            let parameter = ParameterBuilder::new()
                .name(table.key()?)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .description(Some(about))
                .schema(Some(schema))
                .example(Some(example_value(&self.example_key(table))));
            Some(parameter.build())
        });
        names.collect()
    }

    /// Its path with an example for each parameter.
    pub fn example_path(&self) -> String {
        self.fill(self.path)
    }

    fn fill(&self, path: &str) -> String {
        fill(path, |name| {
            let parameter = format!("{{{name}}}");
            let before = path.split_once(&parameter).map_or("", |(before, _)| before);
            let object = format!("{before}{parameter}");
            let table = TABLES.iter().find(|table| table.path == object);
            table.map(|table| self.example_key(table)).unwrap_or_default()
        })
    }

    /// The example of what names an object of this table.
    fn example_key(&self, table: &Table) -> String {
        let is_deleted = self.method == HttpMethod::Delete && table.path == self.path;
        let is_audio = self.table.is_some_and(|table| table.is_audio);
        let second = table.second_example.filter(|_| is_deleted || is_audio);
        second.map_or_else(|| table.example_key(), str::to_owned)
    }

    fn add_body(
        &self,
        table: &'static Table,
        operation: &mut Operation,
        components: &mut Components,
    ) {
        let [secret, _] = table.names;
        let (name, schema) = match self.method {
            HttpMethod::Post => {
                (table.body_name(Purpose::Create), table.body_schema(Purpose::Create))
            }
            HttpMethod::Patch => {
                (table.body_name(Purpose::Change), table.body_schema(Purpose::Change))
            }
            HttpMethod::Put => (secret.to_owned(), table.object_schema("")),
            _ => return,
        };
        let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name(&name))).build();
        let mut body = RequestBodyBuilder::new()
            .required(Some(Required::True))
            .content("application/json", content());
        if self.method == HttpMethod::Patch {
            body = body.content("application/merge-patch+json", content());
        }
        operation.request_body.get_or_insert(RefOr::T(body.build()));
        add(components, &name, schema);
    }

    fn success(
        &self,
        table: &'static Table,
        components: &mut Components,
    ) -> (StatusCode, Response) {
        let [name, list] = table.names;
        let collection = self.fill(table.collection());
        let response = |about: &str| ResponseBuilder::new().description(about);
        let of = |name: &str| ContentBuilder::new().schema(Some(Ref::from_schema_name(name)));
        let (status, response) = match self.method {
            HttpMethod::Get => {
                add(components, name, table.object_schema(&collection));
                if self.is_list(table) {
                    add(components, list, table.list_schema(&collection));
                    let content = of(list).build();
                    (StatusCode::OK, response("The list.").content("application/json", content))
                } else {
                    let content = of(name).build();
                    (StatusCode::OK, response(table.about).content("application/json", content))
                }
            }
            HttpMethod::Post => {
                let id = table.example_key();
                let example = json!({ "objectId": id, "uri": format!("{collection}/{id}") });
                let content = of("Created").example(Some(example)).build();
                let response = response("It is created.").content("application/json", content);
                (StatusCode::CREATED, response)
            }
            HttpMethod::Delete => (StatusCode::NO_CONTENT, response("It is deleted.")),
            _ => (StatusCode::NO_CONTENT, response("It is changed.")),
        };
        (status, response.build())
    }
}

/// A recording, as OpenAPI 3.1 has bytes.
fn recording() -> Content {
    let schema = ObjectBuilder::new().schema_type(Type::String).content_media_type(WAV);
    ContentBuilder::new().schema(Some(Schema::from(schema.build()))).build()
}

/// The example of a parameter: a language code is a number.
fn example_value(key: &str) -> Value {
    key.parse::<u16>().map_or_else(|_no_number| key.into(), Value::from)
}

fn add(components: &mut Components, name: &str, schema: Schema) {
    components.schemas.entry(name.to_owned()).or_insert(RefOr::T(schema));
}
