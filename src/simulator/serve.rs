//! What happens to a request, in this order: log, redirect, sign-in, URI, method, content type, collection, answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Refusal, Reply};
use super::guard::Claim;
use super::store::{COLLECTIONS, Collection};
use super::switches::Switches;
use super::switches::values::{Stall, Toggle};
use super::wire::Connection;
use super::{Simulator, State};

/// The most entries that the log keeps; the oldest go.
const LOG_LIMIT: usize = 20_000;

/// URIs below `/vmrest` that only administrators may use.
const ADMINISTRATORS: [&str; 6] = [
    "users",
    "configurationvalues",
    "externalservices",
    "handlers",
    "cluster",
    "vmsservers",
];

/// One request, as Unity Connection saw it. It holds secrets and is never printed.
#[derive(Clone)]
pub struct Asked {
    /// A number that grows with every request.
    pub number: u64,
    /// When the request was complete.
    pub at: Instant,
    /// The method.
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The query as it was sent.
    pub query: Option<String>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Bytes,
    /// The client's end of the connection.
    pub peer: Option<SocketAddr>,
    /// Whom the credentials name, right or wrong.
    pub alias: Option<String>,
    /// The requests that were open at this moment, this one included.
    pub in_flight_when_begun: usize,
    /// The status of the answer; 0 as long as there is none.
    pub status: u16,
}

impl Asked {
    /// Reads the first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// Answers a request, whatever it is.
pub async fn serve(simulator: Simulator, request: HttpRequest, body: Bytes) -> HttpResponse {
    let call = simulator.begin(&request, body);
    let switches = &call.switches;
    let mut reply = match (switches.redirect, switches.status.0) {
        (Toggle::On, _) => Reply::redirect(&request.uri().to_string()),
        (_, Some(status)) => {
            let message = format!("The switch `status` is {status}.");
            Reply::refusal(&Refusal::new(status, "SIMULATED", message), switches)
        }
        _ => simulator
            .decide(&call)
            .unwrap_or_else(|refusal| Reply::refusal(&refusal, switches)),
    };
    if let (Some(document), "GET", 200) = (
        &switches.document.0,
        call.asked.method.as_str(),
        reply.status,
    ) {
        reply.body.clone_from(document);
    }
    // What was asked for is done by now: a slow answer tells how things were before.
    tokio::time::sleep(switches.delay.0).await;
    if switches.stall == Stall::Head {
        simulator.clone().released(Stall::Head).await;
    }
    simulator.end(call.asked.number, reply.status);
    let connection = request
        .conn_data::<Connection>()
        .cloned()
        .unwrap_or_default();
    let released = simulator.released(Stall::Body);
    let open = call.open;
    reply.send(&call.switches, connection, async move {
        released.await;
        drop(open);
    })
}

/// A request under way.
struct Call {
    asked: Asked,
    claim: Option<Claim>,
    switches: Arc<Switches>,
    open: Open,
}

impl Call {
    /// Refuses other methods, and what writes without the content type that Unity Connection wants.
    fn must_be(&self, methods: &[&str]) -> Result<(), Refusal> {
        let method = self.asked.method.as_str();
        if !methods.contains(&method) {
            let message = format!("{method} is not allowed.");
            return Err(Refusal {
                allow: Some(methods.join(", ")),
                ..Refusal::new(405, "METHOD_NOT_ALLOWED", message)
            });
        }
        let content_type = self.asked.header("content-type").unwrap_or_default();
        let content_type = content_type.split(';').next().unwrap_or_default().trim();
        if matches!(method, "PUT" | "POST") && !content_type.eq_ignore_ascii_case("application/xml")
        {
            return Err(Refusal::new(
                415,
                "UNSUPPORTED_MEDIA_TYPE",
                "Cannot consume content type.".to_owned(),
            ));
        }
        Ok(())
    }
}

/// Counts a request as open while it lives.
struct Open(Simulator);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}

impl Simulator {
    /// Enters a request in the log.
    fn begin(&self, request: &HttpRequest, body: Bytes) -> Call {
        let claim = request.headers().get("authorization");
        let claim = claim
            .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
            .and_then(Claim::parse);
        let headers = request.headers().iter();
        let mut state = self.state();
        state.in_flight += 1;
        state.asked += 1;
        let asked = Asked {
            number: state.asked,
            at: Instant::now(),
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(ToOwned::to_owned),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body,
            peer: request.peer_addr(),
            alias: claim.as_ref().map(|claim| claim.alias().to_owned()),
            in_flight_when_begun: state.in_flight,
            status: 0,
        };
        if state.log.len() == LOG_LIMIT {
            state.log.pop_front();
        }
        state.log.push_back(asked.clone());
        Call {
            asked,
            claim,
            switches: Arc::clone(&state.switches),
            open: Open(self.clone()),
        }
    }

    /// Enters the answer in the log.
    fn end(&self, number: u64, status: u16) {
        let mut state = self.state();
        let mut newest_first = state.log.iter_mut().rev();
        if let Some(asked) = newest_first.find(|asked| asked.number == number) {
            asked.status = status;
        }
    }

    /// Does what a request asks for, and decides the answer.
    fn decide(&self, call: &Call) -> Result<Reply, Refusal> {
        let Call {
            asked, switches, ..
        } = call;
        let Some(path) = asked.path.strip_prefix("/vmrest/") else {
            return Ok(Reply::page(404, "Not Found"));
        };
        let mut state = self.state();
        let refused = || Refusal::new(401, "", String::new());
        let claim = call.claim.as_ref().ok_or_else(refused)?;
        let State { store, guard, .. } = &mut *state;
        let person = store.person(claim.alias());
        let password = person.as_ref().map(|person| person.password.as_str());
        if !guard.sign_in(claim, password, switches, Instant::now()) {
            return Err(refused());
        }
        let person = person.ok_or_else(refused)?;
        if let Some(closed) = &switches.not_permitted.0
            && asked
                .path
                .strip_prefix(closed.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        {
            return Err(refused());
        }
        let segments: Vec<_> = path.split('/').collect();
        match segments.as_slice() {
            ["user"] => {
                call.must_be(&["GET"])?;
                Ok(person.show(switches))
            }
            ["user", path] => {
                let collection = collection(path)?;
                let [methods, _] = collection.methods;
                call.must_be(methods)?;
                Ok(person.list(collection, switches))
            }
            ["user", path, id] => {
                let collection = collection(path)?;
                let [_, methods] = collection.methods;
                call.must_be(methods)?;
                match (asked.method.as_str(), collection.secret) {
                    ("PUT", Some(secret)) => {
                        let query = asked.query.as_deref().unwrap_or_default();
                        person.set_secret(secret, (collection, id), query, switches)
                    }
                    _ => person.get(collection, id, switches),
                }
            }
            [first, ..] if ADMINISTRATORS.contains(first) => {
                let message = "Access denied: this resource is the administrators'.";
                Err(Refusal::new(
                    switches.forbidden as u16,
                    "FORBIDDEN",
                    message.to_owned(),
                ))
            }
            _ => Err(not_found(&asked.path)),
        }
    }
}

fn collection(path: &str) -> Result<&'static Collection, Refusal> {
    let found = COLLECTIONS
        .iter()
        .find(|collection| collection.path == path);
    found.ok_or_else(|| not_found(path))
}

fn not_found(path: &str) -> Refusal {
    Refusal::new(404, "NOT_FOUND", format!("{path} does not exist."))
}
