//! What is asked for, by its path: somebody who is signed in gets an answer or a refusal.

use super::answer::{Refusal, Reply};
use super::collection::is_uuid;
use super::object::Object;
use super::person::Person;
use super::place::{self, Place};
use super::request::Request;
use super::switches::values::{Toggle, UserUpdate};
use super::verbs::Call;
use super::xml;
use super::{directory, pin, recordings};

/// URIs below `/vmrest` that only administrators may use.
const ADMINISTRATORS: [&str; 6] =
    ["users", "configurationvalues", "externalservices", "handlers", "cluster", "vmsservers"];

/// Answers a person.
pub fn answer(
    request: Request<'_>,
    person: &mut Person,
    users: Vec<Object>,
) -> Result<Reply, Refusal> {
    if let Some(closed) = &request.switches.not_permitted
        && let Some(rest) = request.path.strip_prefix(closed.as_str())
        && (rest.is_empty() || rest.starts_with('/'))
    {
        return Err(Refusal::new(401, "", String::new()));
    }
    let segments = request.segments();
    let path: Vec<_> = segments.iter().map(String::as_str).collect();
    if let Some(answer) = version(&request) {
        return answer;
    }
    if let Some(recording) = recordings::find(&path) {
        return recording.answer(&request, person);
    }
    if let Some(greeting) = recordings::find_list(&path) {
        return recordings::list(&request, person, greeting);
    }
    match path.as_slice() {
        ["directory", "addressable"] => return directory::search(&request, person, &users),
        ["user", "credential", "pin"] => return pin::set(&request, person),
        [first, ..] if ADMINISTRATORS.contains(first) => {
            let message = "Access denied: this resource is the administrators'.".to_owned();
            return Err(Refusal::new(request.switches.forbidden, "FORBIDDEN", message));
        }
        _ => {}
    }
    let place = find(person, &path).ok_or_else(|| request.not_found())?;
    request.must_be(methods(&request, &place, path.len()), "application/xml")?;
    Call { request, place, users }.answer(person)
}

/// Answers a request for a version, which some servers answer to everybody.
pub fn version(request: &Request<'_>) -> Option<Result<Reply, Refusal>> {
    let (name, version) = match request.path.trim_end_matches('/') {
        "/vmrest/version" => ("vmrest", "12.5.1.0-7"),
        "/vmrest/version/product" => ("product", "12.5.1.10000-22"),
        _ => return None,
    };
    let text = |name, text: &str| xml::Element { name, text: text.to_owned(), stray: false };
    let elements = [text("name", name), text("version", version)];
    let document = || Reply::document(xml::document("VersionInformation", &elements));
    Some(request.must_be(&["GET"], "").map(|()| document()))
}

/// Tells whether all users of the server have a part in the answer.
pub fn concerns_others(request: &Request<'_>) -> bool {
    ["/directory/", "/privatelistmembers"].iter().any(|part| request.path.contains(part))
}

/// Finds what a path means to this person.
fn find<'a>(person: &Person, path: &[&'a str]) -> Option<Place<'a>> {
    match path {
        ["user", id] if is_uuid(id) && person.user_id() == *id => place::find(&["user"]),
        path => place::find(path),
    }
}

/// Tells the methods of a place.
fn methods(request: &Request<'_>, place: &Place<'_>, segments: usize) -> &'static [&'static str] {
    let switches = request.switches;
    let [of_list, of_one] = place.collection.methods;
    match (place.collection.item, segments) {
        ("User", 1) if switches.user_update != UserUpdate::WithId => &["GET", "PUT"],
        ("User", 2) if switches.user_update != UserUpdate::WithoutId => &["PUT"],
        ("User", 2) => &[],
        ("PrivateListMember", 4) if switches.member_writes == Toggle::Off => &["GET"],
        ("PrivateListMember", 5) if switches.member_writes == Toggle::Off => &[],
        _ if place.key.is_none() => of_list,
        _ => of_one,
    }
}
