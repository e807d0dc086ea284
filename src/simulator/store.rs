//! What the simulator holds: the collections below `/vmrest/user`, as a table, and each person's objects in them.
//!
//! A new collection is one entry in [`COLLECTIONS`], and objects for somebody in `people.rs`. Source: CUPI for End
//! Users, one chapter a collection.

use super::answer::{Refusal, Reply};
use super::object::{Is, Object};
use super::people::{self, Person};
use super::switches::Switches;
use super::switches::values::{Toggle, Total};
use super::xml;

/// One collection of objects that each person has.
pub struct Collection {
    /// Its name in the URI, below `/vmrest/user/`.
    pub path: &'static str,
    /// The root of its list.
    pub root: &'static str,
    /// The name of one object.
    pub item: &'static str,
    /// Whether the guide prints `total="N"` on its list.
    pub total: bool,
    /// The elements, in the guide's order.
    pub elements: &'static [(&'static str, Is)],
    /// The methods on the list, and on one object.
    pub methods: [&'static [&'static str]; 2],
    /// The query parameter that is all a PUT may set, and the flag that refuses it.
    pub secret: Option<(&'static str, &'static str)>,
}

/// The collections.
pub const COLLECTIONS: &[Collection] = &[Collection {
    path: "externalserviceaccounts",
    root: "UserExternalServiceAccounts",
    item: "UserExternalServiceAccount",
    total: false,
    elements: &[
        ("URI", Is::Uri),
        ("IsEnabled", Is::Flag),
        ("UseServiceCredentials", Is::Flag),
        ("LoginType", Is::Text),
        ("UserId", Is::Text),
        ("ObjectId", Is::Id),
        ("DisplayName", Is::Text),
    ],
    methods: [&["GET"], &["GET", "PUT"]],
    secret: Some(("password", "UseServiceCredentials")),
}];

/// The elements of `/vmrest/user`.
const USER: &[(&str, Is)] = &[
    ("FirstName", Is::Text),
    ("LastName", Is::Text),
    ("Alias", Is::Text),
    ("DisplayName", Is::Text),
    ("VoiceFileURI", Is::Text),
    ("ListInDirectory", Is::Flag),
    ("DtmfAccessId", Is::Text),
    ("SmtpAddress", Is::Text),
    ("EmailAddress", Is::Text),
];

/// Everybody and everything; `Store::default()` holds the people of the demo.
pub struct Store {
    people: Vec<Person>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            people: people::everybody(),
        }
    }
}

impl Store {
    /// Finds a person.
    pub fn person(&mut self, alias: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.alias == alias)
    }

    /// Gives the person with many accounts this many.
    pub fn set_many(&mut self, count: usize) {
        if let Some(mira) = self.person("mira") {
            let accounts = mira.objects.entry("externalserviceaccounts").or_default();
            if accounts.len() != count {
                *accounts = people::accounts("mira", 103, count);
            }
        }
    }
}

impl Person {
    /// Answers `GET /vmrest/user`.
    pub fn show(&self, switches: &Switches) -> Reply {
        Reply::document(xml::document(
            "User",
            &self.user.elements(USER, None, switches),
        ))
    }

    /// Answers a GET of a list.
    pub fn list(&self, collection: &Collection, switches: &Switches) -> Reply {
        let objects = self.objects.get(collection.path);
        let objects: Vec<_> = objects
            .into_iter()
            .flatten()
            .map(|object| object.elements(collection.elements, Some(collection.path), switches))
            .collect();
        if let (Toggle::On, [elements]) = (switches.bare_root, objects.as_slice()) {
            return Reply::document(xml::document(collection.item, elements));
        }
        let total = match switches.total {
            Total::Guide => collection.total,
            Total::Present => true,
            Total::Missing => false,
        };
        Reply::document(xml::list(
            collection.root,
            total.then_some(objects.len()),
            collection.item,
            &objects,
        ))
    }

    /// Answers a GET of one object.
    pub fn get(
        &mut self,
        collection: &Collection,
        id: &str,
        switches: &Switches,
    ) -> Result<Reply, Refusal> {
        let object = self.object(collection, id, switches)?;
        let elements = object.elements(collection.elements, None, switches);
        Ok(Reply::document(xml::document(collection.item, &elements)))
    }

    /// Answers a PUT whose query holds all that it sets.
    pub fn set_secret(
        &mut self,
        (parameter, refused_by): (&str, &str),
        object: (&Collection, &str),
        query: &str,
        switches: &Switches,
    ) -> Result<Reply, Refusal> {
        let object = self.object(object.0, object.1, switches)?;
        // As a servlet reads it: `+` is a blank, the first of several counts.
        let secret = url::form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == parameter)
            .map(|(_, value)| value.into_owned());
        let Some(secret) = secret else {
            return Err(Refusal::new(
                400,
                "MISSING_PARAMETER",
                format!("The query parameter {parameter} is missing."),
            ));
        };
        if object.is(refused_by, "true") {
            return Err(Refusal::new(
                400,
                "INVALID_PARAMETER",
                format!("{parameter} cannot be set: {refused_by} is true."),
            ));
        }
        object.secret = Some(secret);
        Ok(Reply::done())
    }

    /// Reads what was set last on the object with this id.
    pub fn secret(&self, id: &str) -> Option<String> {
        let mut objects = self.objects.values().flatten();
        objects
            .find(|object| object.is("ObjectId", id))?
            .secret
            .clone()
    }

    /// Replaces the objects of a collection.
    pub fn set_objects(&mut self, path: &str, objects: &[Vec<(&str, &str)>]) -> Result<(), String> {
        let collection = COLLECTIONS
            .iter()
            .find(|collection| collection.path == path);
        let collection = collection.ok_or_else(|| format!("There is no collection {path}."))?;
        let mut made = Vec::new();
        for texts in objects {
            let mut object = Object::default();
            for (name, text) in texts {
                let known = collection.elements.iter().find(|(known, _)| known == name);
                let (name, _) = known.ok_or_else(|| format!("{path} has no element {name}."))?;
                object.texts.insert(name, (*text).to_owned());
            }
            made.push(object);
        }
        self.objects.insert(collection.path, made);
        Ok(())
    }

    fn object(
        &mut self,
        collection: &Collection,
        id: &str,
        switches: &Switches,
    ) -> Result<&mut Object, Refusal> {
        if !is_uuid(id) {
            return Err(Refusal::new(
                switches.malformed_id as u16,
                "INVALID_OBJECT_ID",
                format!("{id} is not an object id."),
            ));
        }
        let objects = self.objects.entry(collection.path).or_default();
        let object = objects.iter_mut().find(|object| object.is("ObjectId", id));
        object.ok_or_else(|| {
            Refusal::new(
                404,
                "NOT_FOUND",
                format!("{} {id} does not exist.", collection.item),
            )
        })
    }
}

fn is_uuid(id: &str) -> bool {
    let parts: Vec<_> = id.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && id
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
