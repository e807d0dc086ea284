//! Everybody and everything that the simulator holds.

use super::collections;
use super::object::Object;
use super::people;
use super::person::Person;

/// The people and their objects.
pub struct Store {
    people: Vec<Person>,
}

impl Store {
    /// Holds the people of the demo.
    pub fn new() -> Result<Self, String> {
        Ok(Self { people: people::everybody()? })
    }

    /// Finds a person.
    pub fn person(&mut self, alias: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.alias == alias)
    }

    /// Lists those who are shown to people who may pick one.
    pub fn described(&self) -> impl Iterator<Item = (&Person, &str)> {
        self.people.iter().filter_map(|person| Some((person, person.description.as_deref()?)))
    }

    /// Lists all people as the directory knows them.
    pub fn users(&self) -> Vec<Object> {
        self.people.iter().map(|person| person.single("User").clone()).collect()
    }

    /// Gives the person with many accounts this many.
    pub fn set_many(&mut self, count: usize) {
        if let Some(mira) = self.person("mira")
            && mira.objects(people::ACCOUNT).len() != count
        {
            let accounts = people::accounts(mira, count);
            mira.objects.insert(people::ACCOUNT, accounts);
        }
    }

    /// Replaces the objects of a person in the collection of this path, which may begin below `user/`.
    pub fn set_objects(
        &mut self,
        alias: &str,
        path: &str,
        objects: &[Vec<(&str, &str)>],
    ) -> Result<(), String> {
        let person = self.person(alias).ok_or_else(|| format!("There is no {alias}."))?;
        let collection = collections::by_path(path);
        let collection = collection.ok_or_else(|| format!("There is no collection {path}."))?;
        let mut made = Vec::new();
        for texts in objects {
            let mut object = Object::default();
            for (name, text) in texts {
                let known = collection.elements.iter().find(|element| element.name == *name);
                let known = known.ok_or_else(|| format!("{path} has no element {name}."))?;
                object.texts.insert(known.name, (*text).to_owned());
            }
            made.push(object);
        }
        person.objects.insert(collection.item, made);
        Ok(())
    }
}
