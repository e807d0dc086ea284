//! Which calls are made, in their order: each read of the API once, of each list the first item too, then what settles the
//! unknowns.

use std::io;

use serde_json::Value;
use uuid::Uuid;

use super::caller::{As, Caller, Form, Question, USER};
use crate::resources::accounts::ACCOUNT;
use crate::resources::alternate_devices::ALTERNATE_DEVICE;
use crate::resources::class_of_service::CLASS_OF_SERVICE;
use crate::resources::directory::DIRECTORY_ENTRY;
use crate::resources::greeting_recordings::GREETING_RECORDING;
use crate::resources::greetings::GREETING;
use crate::resources::html_devices::HTML_DEVICE;
use crate::resources::location::LOCATION;
use crate::resources::private_list_members::PRIVATE_LIST_MEMBER;
use crate::resources::private_lists::PRIVATE_LIST;
use crate::resources::smtp_devices::SMTP_DEVICE;
use crate::resources::smtp_proxy_addresses::SMTP_PROXY_ADDRESS;
use crate::resources::system_configuration::SYSTEM_CONFIGURATION;
use crate::resources::transfer_options::TRANSFER_OPTION;
use crate::resources::user::USER as PERSON;
use crate::table::Table;
use crate::table::address::{fill, without_key};

/// What stands for what names an object.
const ID: &str = "{id}";

/// What was learned of the unknowns from values, which are in no report.
#[derive(Debug, Default)]
pub struct Findings {
    /// Whether the type that the answer for "Off Hours" names is a known word.
    pub off_hours: Option<bool>,
    /// Whether all types of the directory's entries are known words.
    pub entry_types: Option<bool>,
    /// The status of a call with the session alone; none where there was no session.
    pub session_alone: Option<u16>,
    /// How a call of `/vmrest/version` was answered with credentials, and without.
    pub version: [Option<u16>; 2],
    /// The form of "nothing is recorded", where it came.
    pub nothing_recorded: Option<&'static str>,
    /// Whether the answer for what is not there was a document of errors.
    pub error_document: Option<bool>,
}

/// Makes all calls. Fails after a sign-in that failed.
pub async fn follow(caller: &mut Caller) -> io::Result<Findings> {
    let mut walk = Walk { caller, findings: Findings::default(), left: 40 };
    let Some(person) = walk.first().await? else {
        // Whatever came, it is in the report. The rest tells more.
        walk.rest(None).await?;
        return Ok(walk.findings);
    };
    walk.rest(person.get("dtmfAccessId").and_then(Value::as_str)).await?;
    Ok(walk.findings)
}

struct Walk<'a> {
    caller: &'a mut Caller,
    findings: Findings,
    /// How many calls may be left, for whoever watches.
    left: usize,
}

impl Walk<'_> {
    /// The person: a 401 here is a sign-in that failed.
    async fn first(&mut self) -> io::Result<Option<Value>> {
        let question =
            Question { note: "with credentials", ..question(USER.to_owned(), Form::One(&PERSON)) };
        let person = self.caller.ask_as(&question, As::Person, self.left).await;
        if self.caller.last().and_then(|entry| entry.status) == Some(401) {
            return Err(io::Error::other(
                "Unity Connection rejected these credentials: one sign-in has failed, and no other was tried. Check name and \
                 password before you try again: it locks people out after a few.",
            ));
        }
        Ok(person)
    }

    async fn rest(&mut self, extension: Option<&str>) -> io::Result<()> {
        self.recording(format!("{USER}/voicename")).await?;
        for (_, type_) in GREETING.types {
            let greeting = self.typed(&GREETING, type_).await?;
            if *type_ == "Off Hours" {
                self.findings.off_hours = greeting.map(|greeting| {
                    greeting.get("greetingType").is_some_and(|word| word == "off-hours")
                });
            }
        }
        let files = fill(without_key(GREETING_RECORDING.upstream), |_| "Standard".to_owned());
        let recordings = self
            .ask(Question {
                foreseen: &[404],
                ..question(files.clone(), Form::List(&GREETING_RECORDING))
            })
            .await?;
        if let Some(code) = first(recordings.as_ref(), "languageCode") {
            self.recording(format!("{files}/{code}")).await?;
        }
        for (_, type_) in TRANSFER_OPTION.types {
            self.typed(&TRANSFER_OPTION, type_).await?;
        }
        self.list(&ALTERNATE_DEVICE).await?;
        if let Some(list) = self.list(&PRIVATE_LIST).await? {
            let path = fill(PRIVATE_LIST.upstream, |_| list.clone());
            self.recording(format!("{path}/voicename")).await?;
            let members = fill(without_key(PRIVATE_LIST_MEMBER.upstream), |_| list.clone());
            self.ask(question(members, Form::List(&PRIVATE_LIST_MEMBER))).await?;
        }
        self.list(&HTML_DEVICE).await?;
        self.list(&SMTP_DEVICE).await?;
        self.list(&ACCOUNT).await?;
        self.list(&SMTP_PROXY_ADDRESS).await?;
        self.directory(extension).await?;
        for table in [&CLASS_OF_SERVICE, &LOCATION, &SYSTEM_CONFIGURATION] {
            self.ask(question(table.upstream.to_owned(), Form::One(table))).await?;
        }
        self.unknowns().await
    }

    /// What no call of the API asks.
    async fn unknowns(&mut self) -> io::Result<()> {
        let nowhere = fill(ACCOUNT.upstream, |_| Uuid::new_v4().to_string());
        self.ask(Question {
            note: "with an id that nothing has",
            foreseen: &[404],
            ..question(nowhere, Form::Anything)
        })
        .await?;
        self.findings.error_document = self
            .caller
            .last()
            .filter(|entry| entry.status.is_some())
            .map(|entry| entry.root.as_deref() == Some("ErrorDetails"));

        let version = Question {
            note: "with credentials",
            ..question("/vmrest/version".to_owned(), Form::Anything)
        };
        self.ask(version.clone()).await?;
        self.findings.version[0] = self.caller.last().and_then(|entry| entry.status);
        let version = Question { note: "without credentials", ..version };
        self.caller.ask_as(&version, As::Nobody, self.left).await;
        self.findings.version[1] = self.caller.last().and_then(|entry| entry.status);

        if self.caller.has_session() {
            let alone = Question {
                note: "by the session cookies alone",
                ..question(USER.to_owned(), Form::Anything)
            };
            self.caller.ask_as(&alone, As::Session, 1).await;
            self.findings.session_alone = self.caller.last().and_then(|entry| entry.status);
        }
        Ok(())
    }

    async fn directory(&mut self, extension: Option<&str>) -> io::Result<()> {
        let is_plain =
            |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let Some(extension) = extension.filter(is_plain) else {
            return Ok(());
        };
        let path = DIRECTORY_ENTRY.upstream;
        let question = Question {
            path: format!("{path}?query=(extension%20is%20{extension})"),
            note: "by the person's own extension",
            ..question(path.to_owned(), Form::List(&DIRECTORY_ENTRY))
        };
        let entries = self.ask(question).await?;
        let entries = entries
            .as_ref()
            .and_then(|list| list.get("items")?.as_array())
            .filter(|items| !items.is_empty());
        self.findings.entry_types = entries.map(|items| {
            items.iter().all(|item| item.get("type").is_some_and(|word| word == "user"))
        });
        Ok(())
    }

    /// A list, and its first item. Tells the item's id.
    async fn list(&mut self, table: &'static Table) -> io::Result<Option<String>> {
        let path = without_key(table.upstream).to_owned();
        let list = self.ask(question(path, Form::List(table))).await?;
        let Some(id) = first(list.as_ref(), "objectId") else {
            return Ok(None);
        };
        self.ask(question(fill(table.upstream, |_| id.clone()), Form::One(table))).await?;
        Ok(Some(id))
    }

    async fn typed(&mut self, table: &'static Table, type_: &str) -> io::Result<Option<Value>> {
        let path = fill(table.upstream, |_| type_.replace(' ', "%20"));
        // A type that is not there is left out of the list.
        self.ask(Question { foreseen: &[404], ..question(path, Form::One(table)) }).await
    }

    async fn recording(&mut self, path: String) -> io::Result<()> {
        self.ask(question(path, Form::Recording)).await?;
        let last = self.caller.last();
        let form = last.and_then(|entry| match (entry.status?, entry.bytes) {
            (404, _) => Some("404"),
            (204, _) => Some("204"),
            (200, 0) => Some("200 with an empty body"),
            _ => None,
        });
        self.findings.nothing_recorded = self.findings.nothing_recorded.or(form);
        Ok(())
    }

    async fn ask(&mut self, question: Question) -> io::Result<Option<Value>> {
        self.left = self.left.saturating_sub(1).max(1);
        self.caller.ask(&question, self.left).await
    }
}

/// A question at this path.
fn question(path: String, form: Form) -> Question {
    let shown = path.split('/').map(|part| if is_id(part) { ID } else { part });
    let shown = shown.collect::<Vec<_>>().join("/");
    Question { path, shown, note: "", form, foreseen: &[] }
}

/// Whether a part of a path is an id or a number.
fn is_id(part: &str) -> bool {
    let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    is_number || Uuid::parse_str(part).is_ok()
}

/// A property of a list's first item, as a text.
fn first(list: Option<&Value>, name: &str) -> Option<String> {
    match list?.get("items")?.get(0)?.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
