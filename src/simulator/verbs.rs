//! What can be done with objects: list, read, create, change, delete.

use super::answer::{Refusal, Reply};
use super::collection::{Access, Collection, is_uuid};
use super::collections;
use super::object::{Form, Object, View};
use super::person::Person;
use super::place::Place;
use super::request::Request;
use super::rules::{MEMBERS, Write};
use super::switches::Switches;
use super::switches::values::{Toggle, Total};
use super::xml;

/// The element of a member that names its list.
const LIST: &str = "PersonalVoiceMailListObjectId";

/// A request for a list or an object.
pub struct Call<'a> {
    /// The request.
    pub request: Request<'a>,
    /// What its path means.
    pub place: Place<'a>,
    /// All users of the server, where the collection is about them.
    pub users: Vec<Object>,
}

impl Call<'_> {
    /// Does what is asked for.
    pub fn answer(&self, person: &mut Person) -> Result<Reply, Refusal> {
        let Place { collection, parent, key } = self.place;
        if let (Some(parent), Some(lists)) = (parent, collections::by_item("PrivateList")) {
            position(&self.request, person, (lists, parent))?;
        }
        match (self.request.method, key) {
            ("POST", _) => self.create(person),
            ("PUT", _) if collection.secret.is_some() => self.set_secret(person),
            ("PUT", _) => self.update(person),
            ("DELETE", _) => self.delete(person),
            (_, None) if collection.root.is_some() => Ok(self.list(person)),
            _ => self.get(person),
        }
    }

    fn list(&self, person: &Person) -> Reply {
        let Self { request, place, .. } = self;
        let Place { collection, parent, .. } = *place;
        let asked_for = collection.own.and_then(|(flag, parameter)| {
            let value = request.parameter(parameter)?;
            Some((flag, value.eq_ignore_ascii_case("true")))
        });
        let view = View { form: Form::List, cos: person.single("Cos"), switches: request.switches };
        let objects = person.objects(collection.item).iter();
        let objects = objects
            .filter(|object| parent.is_none_or(|list| object.is(LIST, list)))
            .filter(|object| asked_for.is_none_or(|(flag, own)| object.is(flag, "true") == own))
            .map(|object| match collection.item {
                "PrivateListMember" => self.name_member(person, object).elements(collection, view),
                _ => object.elements(collection, view),
            });
        let objects: Vec<_> = objects.collect();
        print(collection, (&objects, objects.len()), request.switches)
    }

    /// Looks up the names of a member.
    fn name_member(&self, person: &Person, member: &Object) -> Object {
        let mut named = member.clone();
        let id = MEMBERS.iter().find_map(|name| member.texts.get(name));
        let is_it = |object: &&Object| id.is_some_and(|id| object.is("ObjectId", id));
        if let Some(user) = self.users.iter().find(is_it) {
            named.texts.insert("Alias", user.text("Alias").to_owned());
            named.texts.insert("DisplayName", user.text("DisplayName").to_owned());
            named.texts.insert("Extension", user.text("DtmfAccessId").to_owned());
        } else if let Some(list) = person.objects("PrivateList").iter().find(is_it) {
            let alias = format!("{}_{}", person.alias, list.text("ObjectId"));
            named.texts.insert("Alias", alias);
            named.texts.insert("DisplayName", list.text("DisplayName").to_owned());
        }
        named
    }

    fn get(&self, person: &Person) -> Result<Reply, Refusal> {
        let Self { request, place, .. } = self;
        let object = self.find(person)?;
        let view =
            View { form: Form::Alone, cos: person.single("Cos"), switches: request.switches };
        let elements = object.elements(place.collection, view);
        Ok(Reply::document(xml::document(place.collection.item, &elements)))
    }

    fn create(&self, person: &mut Person) -> Result<Reply, Refusal> {
        let Place { collection, parent, .. } = self.place;
        let mut before = Object::default();
        before.texts.extend(parent.map(|list| (LIST, list.to_owned())));
        let mut object = self.write(person).apply(&before)?;
        for element in collection.elements {
            if element.access == Access::Required && !object.texts.contains_key(element.name) {
                let message = format!("{} is missing.", element.name);
                return Err(Refusal::bad_input("MISSING_PARAMETER", message));
            }
        }
        let counts = |object: &&Object| {
            let own = collection.own.is_none_or(|(flag, _)| object.is(flag, "true"));
            own && parent.is_none_or(|list| object.is(LIST, list))
        };
        let limit = person.limit(collection);
        if person.objects(collection.item).iter().filter(counts).count() >= limit {
            let message = format!("There may be {limit} of one's own.");
            return Err(Refusal::bad_input("LIMIT_EXCEEDED", message));
        }
        person.created += 1;
        let id = person.id("c0de", person.created);
        object.texts.insert("ObjectId", id.clone());
        object.texts.extend(collection.own.map(|(flag, _)| (flag, "true".to_owned())));
        person.objects.entry(collection.item).or_default().push(object);
        let path = collection.path.replace("{}", parent.unwrap_or_default());
        let switches = self.request.switches;
        let body = match parent.and(switches.member_created) {
            Some(body) => body,
            None => switches.created_body,
        };
        Ok(Reply::created(&format!("/vmrest/{path}"), &id, (body, switches.location)))
    }

    /// Changes what is in the body, and nothing else.
    fn update(&self, person: &mut Person) -> Result<Reply, Refusal> {
        self.must_own(person)?;
        let after = self.write(person).apply(self.find(person)?)?;
        *self.find_mut(person)? = after;
        Ok(Reply::done())
    }

    fn delete(&self, person: &mut Person) -> Result<Reply, Refusal> {
        self.must_own(person)?;
        let item = self.place.collection.item;
        let id = self.find(person)?.text("ObjectId").to_owned();
        let remove = |objects: &mut Vec<Object>, name| objects.retain(|other| !other.is(name, &id));
        remove(person.objects.entry(item).or_default(), "ObjectId");
        if item == "PrivateList" {
            let members = person.objects.entry("PrivateListMember").or_default();
            remove(members, LIST);
            remove(members, "MemberPersonalVoiceMailListObjectId");
            person.recordings.remove(&format!("user/privatelists/{id}/voicename"));
        }
        Ok(Reply::done())
    }

    /// Answers a PUT whose query holds all that it sets.
    fn set_secret(&self, person: &mut Person) -> Result<Reply, Refusal> {
        let Some((parameter, refused_by)) = self.place.collection.secret else {
            return Err(self.request.not_found());
        };
        let object = self.find_mut(person)?;
        let secret = self.request.parameter(parameter).ok_or_else(|| {
            let message = format!("The query parameter {parameter} is missing.");
            Refusal::bad_input("MISSING_PARAMETER", message)
        })?;
        if object.is(refused_by, "true") {
            let message = format!("{parameter} cannot be set: {refused_by} is true.");
            return Err(Refusal::bad_input("INVALID_PARAMETER", message));
        }
        object.secret = Some(secret);
        Ok(Reply::done())
    }

    fn write<'a>(&'a self, person: &'a Person) -> Write<'a> {
        let Self { request, place, users } = self;
        Write { request: *request, place, person, users }
    }

    /// Refuses to change what the administrator defined.
    fn must_own(&self, person: &Person) -> Result<(), Refusal> {
        let object = self.find(person)?;
        if self.place.collection.own.is_some_and(|(flag, _)| !object.is(flag, "true")) {
            let status = self.request.switches.refused_write;
            let message = "Access denied: the administrator defined it.";
            return Err(Refusal::new(status, "FORBIDDEN", message.to_owned()));
        }
        Ok(())
    }

    fn find<'p>(&self, person: &'p Person) -> Result<&'p Object, Refusal> {
        let index = self.position(person)?;
        let objects = person.objects(self.place.collection.item);
        objects.get(index).ok_or_else(|| self.request.not_found())
    }

    fn find_mut<'p>(&self, person: &'p mut Person) -> Result<&'p mut Object, Refusal> {
        let index = self.position(person)?;
        let objects = person.objects.entry(self.place.collection.item).or_default();
        objects.get_mut(index).ok_or_else(|| self.request.not_found())
    }

    fn position(&self, person: &Person) -> Result<usize, Refusal> {
        let Place { collection, parent, key } = self.place;
        let index = position(&self.request, person, (collection, key.unwrap_or_default()))?;
        let object = person.objects(collection.item).get(index);
        let lies_there = |list| object.is_some_and(|object| object.is(LIST, list));
        if parent.is_none_or(lies_there) { Ok(index) } else { Err(self.request.not_found()) }
    }
}

/// Finds the object of a collection with this key.
pub fn position(
    request: &Request<'_>,
    person: &Person,
    (collection, key): (&Collection, &str),
) -> Result<usize, Refusal> {
    if collection.key == Some("ObjectId") && !is_uuid(key) {
        let status = request.switches.malformed_id;
        return Err(Refusal::new(
            status,
            "INVALID_OBJECT_ID",
            format!("{key} is not an object id."),
        ));
    }
    let mut objects = person.objects(collection.item).iter();
    let position = objects.position(|object| object.has_key(collection, key, request.switches));
    let message = || format!("{} {key} does not exist.", collection.item);
    position.ok_or_else(|| Refusal::new(404, "NOT_FOUND", message()))
}

/// Prints a list of objects, and how many there are.
pub fn print(
    collection: &Collection,
    (objects, total): (&[Vec<xml::Element>], usize),
    switches: &Switches,
) -> Reply {
    if let (Toggle::On, [elements]) = (switches.bare_root, objects) {
        return Reply::document(xml::document(collection.item, elements));
    }
    let printed = match switches.total {
        Total::Guide => collection.total,
        Total::Present => true,
        Total::Missing => false,
    };
    let total = printed.then_some(total);
    let root = collection.root.unwrap_or_default();
    Reply::document(xml::list(root, total, collection.item, objects))
}
