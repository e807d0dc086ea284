//! The one who asks: one call at a time, in a session as `serve` keeps it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::time::{Instant, sleep_until, timeout};

use super::entry::Entry;
use super::{Person, Progress};
use crate::config::Config;
use crate::credentials::CallerKey;
use crate::error::Error;
use crate::gateway::audio::is_wav;
use crate::metrics::Metrics;
use crate::table::Table;
use crate::table::address::Address;
use crate::upstream::call::{Call, Limit};
use crate::upstream::callers::Callers;
use crate::upstream::exchange::{Connection, Connections, Failure, Identity, Reply};
use crate::upstream::shared::news::Outbox;
use crate::upstream::tls;
use crate::xml::Fault;

/// What everybody may read.
pub const USER: &str = "/vmrest/user";

/// What is to be asked.
#[derive(Clone, Debug)]
pub struct Question {
    /// The path, ids included.
    pub path: String,
    /// The same without them.
    pub shown: String,
    /// What people read behind it.
    pub note: &'static str,
    /// What is to come.
    pub form: Form,
    /// Statuses besides 200 that the gateway knows what to make of.
    pub foreseen: &'static [u16],
}

/// What an answer is to be.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// One object.
    One(&'static Table),
    /// A list.
    List(&'static Table),
    /// A recording.
    Recording,
    /// Whatever comes.
    Anything,
}

/// As whom is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    /// By credentials, in the session if there is one.
    Person,
    /// By the session alone.
    Session,
    /// As nobody.
    Nobody,
}

/// Asks, and keeps what each call shows.
pub struct Caller {
    connections: Connections,
    timeout: Duration,
    max_recording: usize,
    authorization: HeaderValue,
    key: CallerKey,
    callers: Callers,
    pace: Duration,
    next: Instant,
    progress: Progress,
    entries: Vec<Entry>,
}

impl Caller {
    /// Asks nothing yet.
    pub fn new(config: &Config, person: &Person, progress: Progress) -> io::Result<Self> {
        let invalid = |fault: String| io::Error::new(io::ErrorKind::InvalidInput, fault);
        let tls = tls::client_config(&config.upstream).map_err(invalid)?;
        let pair = format!("{}:{}", person.user, person.password.expose_secret());
        let basic = format!("Basic {}", BASE64_STANDARD.encode(pair));
        let mut authorization = HeaderValue::from_str(&basic).map_err(io::Error::other)?;
        authorization.set_sensitive(true);
        let metrics = Metrics::new();
        let outbox = Outbox::none(metrics.shared_errors.clone());
        Ok(Self {
            connections: Connections::new(&config.upstream, Arc::new(tls)),
            timeout: config.upstream.timeout,
            max_recording: config.audio.max_size,
            authorization,
            // There is nobody else.
            key: CallerKey::new([0; 32]),
            callers: Callers::new(config, &metrics, outbox),
            pace: person.pace,
            // The call of `check` has just been made.
            next: Instant::now() + person.pace,
            progress,
            entries: Vec::new(),
        })
    }

    /// All calls that were made.
    pub fn end(mut self) -> Vec<Entry> {
        (self.progress)("", 0);
        self.entries
    }

    /// The last call.
    pub fn last(&self) -> Option<&Entry> {
        self.entries.last()
    }

    /// Whether Unity Connection has set session cookies.
    pub fn has_session(&self) -> bool {
        self.callers.cookie(self.key).is_some()
    }

    /// Asks with credentials, and once more without the session where that may be the reason that nothing came of it. A
    /// 401 is checked as `serve` does; fails where the credentials are rejected.
    pub async fn ask(&mut self, question: &Question, left: usize) -> io::Result<Option<Value>> {
        let in_session = self.has_session();
        let document = self.ask_as(question, As::Person, left).await;
        let status = self.last().and_then(|entry| entry.status).unwrap_or_default();
        if status == 401 {
            self.callers.drop_session(self.key);
            self.check().await?;
        }
        if in_session && matches!(status, 300..=399 | 401 | 403) {
            self.callers.drop_session(self.key);
            let again = Question { note: "again without the session", ..question.clone() };
            return Ok(self.ask_as(&again, As::Person, left).await);
        }
        Ok(document)
    }

    /// Fails where the credentials are not accepted any more.
    async fn check(&mut self) -> io::Result<()> {
        let check = Question {
            path: USER.to_owned(),
            shown: USER.to_owned(),
            note: "to see whether that was about the credentials",
            form: Form::Anything,
            foreseen: &[],
        };
        self.ask_as(&check, As::Person, 1).await;
        match self.last().and_then(|entry| entry.status) {
            Some(401) => Err(io::Error::other(
                "Unity Connection rejects these credentials since a moment ago: two sign-ins have failed. Ask the \
                 administrator before you try again.",
            )),
            _ => Ok(()),
        }
    }

    /// Asks one thing and keeps what the answer shows. Returns the document as the gateway reads it, where it does.
    pub async fn ask_as(&mut self, question: &Question, asks: As, left: usize) -> Option<Value> {
        (self.progress)(&question.shown, left);
        sleep_until(self.next).await;
        let begun = Instant::now();
        self.next = begun + self.pace;
        let identity = Identity {
            authorization: (asks == As::Person).then(|| self.authorization.clone()),
            cookie: if asks == As::Nobody { None } else { self.callers.cookie(self.key) },
            traceparent: None,
        };
        let limit =
            Limit { size: self.max_recording, exceeded: "it is larger than `audio.max_size`" };
        let call = match question.form {
            Form::Recording => Call::download(&*question.path, limit),
            _ => Call::get(&*question.path),
        };
        let exchange = self.connections.exchange(Connection::Fresh, &call, &identity);
        let late = || Err(Failure::late(Error::UpstreamTimeout(None)));
        let result = timeout(self.timeout, exchange).await.unwrap_or_else(|_late| late());
        let took = begun.elapsed();

        let mut document = None;
        let mut entry = match &result {
            Ok(reply) => {
                if asks == As::Person && reply.status.is_success() {
                    self.callers.accept(self.key);
                    self.callers.keep_session(self.key, &reply.headers);
                }
                let mut entry = Entry::of(reply, took);
                match judge(question, reply, &mut entry) {
                    Ok(read) => {
                        entry.accepted = read.is_some().then_some(true);
                        document = read;
                    }
                    Err(fault) => (entry.accepted, entry.fault) = (Some(false), Some(fault)),
                }
                entry
            }
            Err(failure) => {
                let mut entry = Entry::unanswered(took);
                let code = failure.error.problem_type().code;
                (entry.accepted, entry.fault) = (Some(false), Some(code.to_owned()));
                entry
            }
        };
        entry.path.clone_from(&question.shown);
        entry.note = question.note;
        self.entries.push(entry);
        document
    }
}

/// Reads an answer as the gateway does. Nothing where no document was to come; fails with the name of a fault.
fn judge(question: &Question, reply: &Reply, entry: &mut Entry) -> Result<Option<Value>, String> {
    let status = reply.status;
    let is_recording = matches!(question.form, Form::Recording);
    let body = match &reply.body {
        Ok(body) => body,
        Err(reason) => return Err((*reason).to_owned()),
    };
    if question.foreseen.contains(&status.as_u16()) || (is_recording && is_nothing(status, body)) {
        return Ok(None);
    }
    if matches!(question.form, Form::Anything) {
        return Ok(None);
    }
    if status != StatusCode::OK {
        return Err(format!("status {}", status.as_u16()));
    }
    let address = |table: &Table| Address::new(table, "", &[]);
    let now = SystemTime::now();
    let json = match question.form {
        Form::Recording | Form::Anything => {
            return if is_wav(body) {
                Ok(Some(Value::Null))
            } else {
                Err("it is not a WAV file".to_owned())
            };
        }
        Form::One(table) => {
            entry.compare(table, false);
            let key = table.key().map(|_| key_of(table, &question.path));
            table.read_one(body, &Address { key, ..address(table) }, now)
        }
        Form::List(table) => {
            entry.compare(table, true);
            table.read_list(body, &address(table), now)
        }
    };
    let json = json.map_err(|fault| {
        if let Fault::Missing(element) = fault {
            entry.miss(element);
        }
        fault.to_string()
    })?;
    serde_json::from_slice(&json).map(Some).map_err(|_fault| "it cannot be read".to_owned())
}

/// What names the object: our word for a type, else the path's end.
fn key_of(table: &Table, path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default().replace("%20", " ");
    let word = table.types.iter().find(|(_, theirs)| *theirs == last);
    word.map_or(last, |(ours, _)| (*ours).to_owned())
}

/// The forms in which nothing is recorded.
fn is_nothing(status: StatusCode, body: &[u8]) -> bool {
    matches!(status.as_u16(), 204 | 404) || (status == StatusCode::OK && body.is_empty())
}
