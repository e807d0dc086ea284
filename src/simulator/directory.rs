//! The directory: a search over all people of the server.

use super::answer::{Refusal, Reply};
use super::collections::DIRECTORY;
use super::object::{Form, Object, View};
use super::person::Person;
use super::request::Request;
use super::verbs;

/// The most entries that a search finds.
const MOST: usize = 100;

/// The elements that a search by name looks at.
const NAMES: &[&str] = &["Alias", "DisplayName", "FirstName", "LastName"];

/// Answers a search by the criterion in the query.
pub fn search(request: &Request<'_>, person: &Person, users: &[Object]) -> Result<Reply, Refusal> {
    request.must_be(&["GET"], "")?;
    let query = request.parameter("query").unwrap_or_default();
    let criterion = Criterion::parse(&query).ok_or_else(|| {
        let message = "The query is not one criterion about name or extension.";
        Refusal::bad_input("INVALID_PARAMETER", message.to_owned())
    })?;
    let crowd: Vec<_> = (1..=request.switches.directory_crowd).map(stranger).collect();
    let found = || users.iter().chain(&crowd).filter(|user| criterion.fits(user));
    let view = View { form: Form::List, cos: person.single("Cos"), switches: request.switches };
    let entry = |user: &Object| {
        let mut entry = user.clone();
        entry.texts.insert("Type", request.switches.address_type.clone());
        entry.elements(&DIRECTORY, view)
    };
    let entries: Vec<_> = found().take(MOST).map(entry).collect();
    Ok(verbs::print(&DIRECTORY, (&entries, found().count()), request.switches))
}

/// What is looked for.
struct Criterion<'a> {
    elements: Vec<&'static str>,
    operator: &'a str,
    value: String,
}

impl<'a> Criterion<'a> {
    /// Reads `(column operator value)`; without a column all are meant.
    fn parse(query: &'a str) -> Option<Self> {
        let (criterion, after) = query.strip_prefix('(')?.split_once(')')?;
        let (first, rest) = criterion.split_once(' ')?;
        let extension = &["DtmfAccessId"];
        let (elements, operator, value) = match first {
            "name" | "extension" => {
                let (operator, value) = rest.split_once(' ')?;
                let elements = if first == "name" { NAMES } else { extension };
                (elements.to_vec(), operator, value)
            }
            operator => ([NAMES, extension].concat(), operator, rest),
        };
        let known = ["is", "startswith"].contains(&operator);
        let whole = after.is_empty() && !value.is_empty();
        (known && whole).then(|| Self { elements, operator, value: value.to_lowercase() })
    }

    fn fits(&self, user: &Object) -> bool {
        self.elements.iter().any(|name| {
            let text = user.text(name).to_lowercase();
            match self.operator {
                "is" => text == self.value,
                _ => text.starts_with(&self.value),
            }
        })
    }
}

/// Makes somebody who is in the directory and nowhere else.
fn stranger(number: usize) -> Object {
    Object::new([
        ("ObjectId", &format!("00000000-05e1-4000-8000-{number:012x}")),
        ("Alias", &format!("crowd{number:03}")),
        ("FirstName", "Crowd"),
        ("LastName", &format!("{number:03}")),
        ("DisplayName", &format!("Crowd {number:03}")),
        ("SmtpAddress", &format!("crowd{number:03}@vm1.example.org")),
        ("DtmfAccessId", &format!("77{number:04}")),
    ])
}
