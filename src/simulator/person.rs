//! One person, and what they have.

use std::collections::BTreeMap;

use actix_web::web::Bytes;

use super::collection::{Collection, Limit};
use super::object::Object;

/// Stands for an object that there is not.
static NOTHING: Object = Object { texts: BTreeMap::new(), stray: None, secret: None };

/// Somebody who can sign in.
#[derive(Default)]
pub struct Person {
    /// A number that the ids of all their objects begin with.
    pub number: usize,
    /// The name to sign in with.
    pub alias: String,
    /// The password of the web applications.
    pub password: String,
    /// What there is to see, for those who may pick a person.
    pub description: Option<String>,
    /// The PIN that was set last.
    pub pin: Option<String>,
    /// The objects, by the name of an object of their collection.
    pub objects: BTreeMap<&'static str, Vec<Object>>,
    /// The recordings, by their path below `/vmrest/`.
    pub recordings: BTreeMap<String, Bytes>,
    /// How many objects they have created.
    pub created: usize,
}

impl Person {
    /// Reads the objects of a collection.
    pub fn objects(&self, item: &str) -> &[Object] {
        self.objects.get(item).map_or(&[], Vec::as_slice)
    }

    /// Reads the one object that there is of this name.
    pub fn single(&self, item: &str) -> &Object {
        self.objects(item).first().unwrap_or(&NOTHING)
    }

    /// Makes the id of an object.
    pub fn id(&self, tag: &str, number: usize) -> String {
        format!("{:08x}-{tag}-4000-8000-{number:012x}", self.number)
    }

    /// Tells the id of the person.
    pub fn user_id(&self) -> String {
        self.single("User").text("ObjectId").to_owned()
    }

    /// Tells whether the class of service gives a right.
    pub fn may(&self, right: &str) -> bool {
        self.single("Cos").is(right, "true")
    }

    /// Reads a number of the class of service.
    pub fn allowance(&self, name: &str) -> usize {
        self.single("Cos").text(name).parse().unwrap_or(0)
    }

    /// Tells how many objects of their own the person may have in a collection.
    pub fn limit(&self, collection: &Collection) -> usize {
        match collection.limit {
            Limit::None => usize::MAX,
            Limit::Count(count) => count,
            Limit::Cos(name) => self.allowance(name),
        }
    }

    /// Reads what was set last on the object with this id.
    pub fn secret(&self, id: &str) -> Option<String> {
        let mut objects = self.objects.values().flatten();
        objects.find(|object| object.is("ObjectId", id))?.secret.clone()
    }
}
