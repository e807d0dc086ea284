//! One person's objects, and what Unity Connection allows to do with them.

use std::collections::BTreeMap;

use super::answer::{Refusal, Reply};
use super::object::{Is, Object};
use super::store::{Store, USER};
use super::switches::Switches;
use super::switches::values::{Toggle, Total};
use super::wanted::Wanted;
use super::xml;

/// Somebody who can sign in.
pub struct Person {
    /// A number that the ids of all his objects begin with.
    pub number: usize,
    /// The name to sign in with.
    pub alias: String,
    /// The password of the web applications.
    pub password: String,
    /// What `/vmrest/user` tells.
    pub user: Object,
    /// The objects, by the path of their collection.
    pub objects: BTreeMap<&'static str, Vec<Object>>,
    /// How many objects he has created.
    pub created: usize,
}

impl Person {
    /// Answers `GET /vmrest/user`.
    pub fn show(&self, switches: &Switches) -> Reply {
        let elements = self.user.elements(USER, None, switches);
        Reply::document(xml::document("User", &elements))
    }

    /// Answers a GET of a list.
    pub fn list(&self, wanted: &Wanted) -> Reply {
        let Wanted { collection, switches, .. } = wanted;
        let asked_for = collection.own.and_then(|(flag, parameter)| {
            let value = wanted.parameter(parameter)?;
            Some((flag, value.eq_ignore_ascii_case("true")))
        });
        let objects: Vec<_> = self
            .objects
            .get(collection.path)
            .into_iter()
            .flatten()
            .filter(|object| asked_for.is_none_or(|(flag, own)| object.is(flag, "true") == own))
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
        let total = total.then_some(objects.len());
        Reply::document(xml::list(collection.root, total, collection.item, &objects))
    }

    /// Answers a GET of one object.
    pub fn get(&mut self, wanted: &Wanted, id: &str) -> Result<Reply, Refusal> {
        let Wanted { collection, switches, .. } = wanted;
        let object = self.object(wanted, id)?;
        let elements = object.elements(collection.elements, None, switches);
        Ok(Reply::document(xml::document(collection.item, &elements)))
    }

    /// Answers a POST.
    pub fn create(&mut self, wanted: &Wanted) -> Result<Reply, Refusal> {
        let collection = wanted.collection;
        let mut texts = wanted.texts()?;
        self.check(wanted, &texts, None)?;
        for (name, is) in collection.elements {
            if matches!(is, Is::Required(_)) && !texts.contains_key(name) {
                return Err(Refusal::bad_input("MISSING_PARAMETER", format!("{name} is missing.")));
            }
        }
        let objects = self.objects.entry(collection.path).or_default();
        let is_own = |object: &&Object| {
            let own = collection.own;
            own.is_none_or(|(flag, _)| object.is(flag, "true"))
        };
        if objects.iter().filter(is_own).count() >= collection.at_most {
            let message = format!("There may be {} of one's own.", collection.at_most);
            return Err(Refusal::bad_input("LIMIT_EXCEEDED", message));
        }
        self.created += 1;
        let id = format!("{:08x}-c0de-4000-8000-{:012x}", self.number, self.created);
        texts.insert("ObjectId", id.clone());
        if let Some((flag, _)) = collection.own {
            texts.insert(flag, "true".to_owned());
        }
        objects.push(Object { texts, ..Object::default() });
        Ok(Reply::created(collection.path, &id, wanted.switches))
    }

    /// Answers a PUT: changes what is in the body, and nothing else.
    pub fn update(&mut self, wanted: &Wanted, id: &str) -> Result<Reply, Refusal> {
        self.own_object(wanted, id)?;
        let texts = wanted.texts()?;
        self.check(wanted, &texts, Some(id))?;
        self.object(wanted, id)?.texts.extend(texts);
        Ok(Reply::done())
    }

    /// Answers a DELETE.
    pub fn delete(&mut self, wanted: &Wanted, id: &str) -> Result<Reply, Refusal> {
        self.own_object(wanted, id)?;
        let objects = self.objects.entry(wanted.collection.path).or_default();
        objects.retain(|object| !object.is("ObjectId", id));
        Ok(Reply::done())
    }

    /// Answers a PUT whose query holds all that it sets.
    pub fn set_secret(
        &mut self,
        wanted: &Wanted,
        id: &str,
        (parameter, refused_by): (&str, &str),
    ) -> Result<Reply, Refusal> {
        let object = self.object(wanted, id)?;
        let secret = wanted.parameter(parameter).ok_or_else(|| {
            Refusal::bad_input(
                "MISSING_PARAMETER",
                format!("The query parameter {parameter} is missing."),
            )
        })?;
        if object.is(refused_by, "true") {
            let message = format!("{parameter} cannot be set: {refused_by} is true.");
            return Err(Refusal::bad_input("INVALID_PARAMETER", message));
        }
        object.secret = Some(secret);
        Ok(Reply::done())
    }

    /// Reads what was set last on the object with this id.
    pub fn secret(&self, id: &str) -> Option<String> {
        let mut objects = self.objects.values().flatten();
        let object = objects.find(|object| object.is("ObjectId", id))?;
        object.secret.clone()
    }

    /// Replaces the objects of a collection.
    pub fn set_objects(&mut self, path: &str, objects: &[Vec<(&str, &str)>]) -> Result<(), String> {
        let collection =
            Store::collection(path).ok_or_else(|| format!("There is no collection {path}."))?;
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

    fn object(&mut self, wanted: &Wanted, id: &str) -> Result<&mut Object, Refusal> {
        let Wanted { collection, switches, .. } = wanted;
        if !is_uuid(id) {
            let status = switches.malformed_id;
            return Err(Refusal::new(
                status,
                "INVALID_OBJECT_ID",
                format!("{id} is not an object id."),
            ));
        }
        let objects = self.objects.entry(collection.path).or_default();
        let object = objects.iter_mut().find(|object| object.is("ObjectId", id));
        let message = || format!("{} {id} does not exist.", collection.item);
        object.ok_or_else(|| Refusal::new(404, "NOT_FOUND", message()))
    }

    /// Finds an object that the person may change.
    fn own_object(&mut self, wanted: &Wanted, id: &str) -> Result<(), Refusal> {
        let object = self.object(wanted, id)?;
        if wanted.collection.own.is_some_and(|(flag, _)| !object.is(flag, "true")) {
            let status = wanted.switches.refused_write;
            let message = "Access denied: the administrator defined it.";
            return Err(Refusal::new(status, "FORBIDDEN", message.to_owned()));
        }
        Ok(())
    }

    /// Refuses texts that are required and empty, or that another object has and may not share.
    fn check(
        &self,
        wanted: &Wanted,
        texts: &BTreeMap<&'static str, String>,
        id: Option<&str>,
    ) -> Result<(), Refusal> {
        let collection = wanted.collection;
        for (name, is) in collection.elements {
            if matches!(is, Is::Required(_)) && texts.get(name).is_some_and(String::is_empty) {
                return Err(Refusal::bad_input("INVALID_PARAMETER", format!("{name} is empty.")));
            }
        }
        if let Some(name) = collection.unique
            && let Some(text) = texts.get(name)
            && let Some(objects) = self.objects.get(collection.path)
            && objects
                .iter()
                .any(|other| other.is(name, text) && id.is_none_or(|id| !other.is("ObjectId", id)))
        {
            return Err(Refusal::bad_input(
                "DUPLICATE",
                format!("There is another {} with this {name}.", collection.item),
            ));
        }
        Ok(())
    }
}

fn is_uuid(id: &str) -> bool {
    let parts: Vec<_> = id.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && id.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
