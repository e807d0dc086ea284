//! Recordings: the voice name, greetings in each language, the voice names of private lists.

use std::time::Duration;

use super::answer::{Refusal, Reply};
use super::collections::{self, STREAM_FILES};
use super::object::{Form, Object, View};
use super::person::Person;
use super::place::ids_in;
use super::request::Request;
use super::switches::values::Toggle;
use super::verbs;
use super::wav;

/// A recording, whether there is one or not.
pub struct Recording<'a> {
    kind: &'static Kind,
    ids: Vec<&'a str>,
}

/// Recordings with the same rules.
struct Kind {
    /// The path below `/vmrest/`.
    path: &'static str,
    /// The objects that the recordings belong to, unless they are the person's own.
    item: Option<&'static str>,
    /// The number of the class of service that bounds the length, in seconds.
    limit: &'static str,
    /// The right that it takes to record.
    right: Option<&'static str>,
}

const KINDS: &[Kind] = &[
    Kind {
        path: "user/voicename",
        item: None,
        limit: "MaxNameLength",
        right: Some("CanRecordName"),
    },
    Kind {
        path: "user/greetings/{}/greetingstreamfiles/{}",
        item: Some("Greeting"),
        limit: "MaxGreetingLength",
        right: None,
    },
    Kind {
        path: "user/privatelists/{}/voicename",
        item: Some("PrivateList"),
        limit: "MaxNameLength",
        right: None,
    },
];

/// Finds the recording that a path below `/vmrest/` means.
pub fn find<'a>(path: &[&'a str]) -> Option<Recording<'a>> {
    KINDS.iter().find_map(|kind| Some(Recording { kind, ids: ids_in(kind.path, path)? }))
}

/// Finds the greeting whose list of recordings a path below `/vmrest/` means.
pub fn find_list<'a>(path: &[&'a str]) -> Option<&'a str> {
    ids_in(STREAM_FILES.path, path)?.first().copied()
}

/// Lists the recordings of a greeting.
pub fn list(request: &Request<'_>, person: &Person, greeting: &str) -> Result<Reply, Refusal> {
    request.must_be(&["GET"], "")?;
    let name = name(request, person, ("Greeting", greeting))?;
    let below = format!("user/greetings/{name}/greetingstreamfiles/");
    let languages = person.recordings.keys().filter_map(|path| path.strip_prefix(&below));
    let view = View { form: Form::List, cos: person.single("Cos"), switches: request.switches };
    let file = |language| {
        let texts = [("GreetingType", greeting), ("LanguageCode", language)];
        Object::new(texts).elements(&STREAM_FILES, view)
    };
    let files: Vec<_> = languages.map(file).collect();
    Ok(verbs::print(&STREAM_FILES, (&files, files.len()), request.switches))
}

impl Recording<'_> {
    /// Reads or replaces the recording.
    pub fn answer(&self, request: &Request<'_>, person: &mut Person) -> Result<Reply, Refusal> {
        request.must_be(&["GET", "PUT"], "audio/wav")?;
        let path = self.path(request, person)?;
        if request.method == "PUT" {
            self.check(request, person)?;
            person.recordings.insert(path, request.body.clone());
            self.set_play_what(request, person);
            return Ok(Reply::done());
        }
        let switches = request.switches;
        match (person.recordings.get(&path), switches.no_recording) {
            (Some(file), _) => Ok(Reply::audio(file.clone(), &switches.audio_type)),
            (None, 200) => Ok(Reply::audio("".into(), &switches.audio_type)),
            (None, 204) => Ok(Reply::done()),
            (None, _) => Err(request.not_found()),
        }
    }

    /// Tells the path under which the recording is kept, whatever the greeting is called in this release.
    fn path(&self, request: &Request<'_>, person: &Person) -> Result<String, Refusal> {
        let mut path = self.kind.path.to_owned();
        for (number, id) in self.ids.iter().enumerate() {
            let id = match self.kind.item.filter(|_| number == 0) {
                Some(item) => name(request, person, (item, id))?,
                None => (*id).to_owned(),
            };
            path = path.replacen("{}", &id, 1);
        }
        Ok(path)
    }

    fn check(&self, request: &Request<'_>, person: &Person) -> Result<(), Refusal> {
        if let Some(right) = self.kind.right.filter(|right| !person.may(right)) {
            return Err(request.not_permitted(right));
        }
        let invalid = |message: &str| Refusal::bad_input("INVALID_PARAMETER", message.to_owned());
        if let Some(language) = self.ids.get(1)
            && !request.switches.languages.iter().any(|known| known == language)
        {
            return Err(invalid("The language is not installed."));
        }
        let seconds = person.allowance(self.kind.limit) as u64;
        if wav::duration(request.body).map_err(invalid)? > Duration::from_secs(seconds) {
            return Err(invalid("The recording is too long."));
        }
        Ok(())
    }

    /// Makes the greeting play what was recorded, on servers that do so.
    fn set_play_what(&self, request: &Request<'_>, person: &mut Person) {
        let switches = request.switches;
        if let (Toggle::On, Some("Greeting"), Some(greeting)) =
            (switches.upload_sets_play_what, self.kind.item, self.ids.first())
            && let Some(collection) = collections::by_item("Greeting")
        {
            let greetings = person.objects.entry("Greeting").or_default();
            for object in greetings {
                if object.has_key(collection, greeting, switches) {
                    object.texts.insert("PlayWhat", "1".to_owned());
                }
            }
        }
    }
}

/// Tells what the object with this key is called where it is kept.
fn name(
    request: &Request<'_>,
    person: &Person,
    (item, key): (&str, &str),
) -> Result<String, Refusal> {
    let collection = collections::by_item(item).ok_or_else(|| request.not_found())?;
    let index = verbs::position(request, person, (collection, key))?;
    let object = person.objects(item).get(index);
    let name = object.map(|object| object.text(collection.key.unwrap_or_default()));
    Ok(name.unwrap_or_default().to_owned())
}
