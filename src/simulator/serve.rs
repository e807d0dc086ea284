//! What happens to a request, in this order: log, redirect, throttle, sign-in, URI, method, content type, collection,
//! answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Refusal, Reply};
use super::guard::{self, Claim, Guard};
use super::log::LoggedRequest;
use super::person::Person;
use super::store::Store;
use super::switches::Switches;
use super::switches::values::{Cookies, Stall, Toggle};
use super::throttle;
use super::wanted::Wanted;
use super::wire::Connection;
use super::{Simulator, State};

/// URIs below `/vmrest` that only administrators may use.
const ADMINISTRATORS: [&str; 6] =
    ["users", "configurationvalues", "externalservices", "handlers", "cluster", "vmsservers"];

/// Answers a request, whatever it is.
pub async fn serve(simulator: Simulator, request: HttpRequest, body: Bytes) -> HttpResponse {
    let call = simulator.begin(&request, body);
    let switches = &call.switches;
    let connection = request.conn_data::<Connection>();
    let connection = connection.cloned().unwrap_or_default();
    if !connection.count(switches.close) {
        // Nobody hears it.
        return HttpResponse::BadGateway().finish();
    }
    let mut reply = match (switches.redirect, switches.status) {
        (Toggle::On, _) => Reply::redirect(&request.uri().to_string()),
        (_, Some(status)) => {
            let message = format!("The switch `status` is {status}.");
            Reply::refusal(&Refusal::new(status, "SIMULATED", message), switches)
        }
        _ => match throttle::enter(&simulator, switches).await {
            Some(_place) => {
                let reply = simulator.decide(&call);
                pause(switches.work).await;
                reply
            }
            None => Reply::page(503, "The server is busy."),
        },
    };
    if let (Some(document), "GET", 200) =
        (&switches.document, call.asked.method.as_str(), reply.status)
    {
        reply.body.clone_from(document);
    }
    // What was asked for is done by now: a slow answer tells how things were before.
    pause(switches.delay).await;
    if switches.stall == Stall::Head {
        simulator.clone().released(Stall::Head).await;
    }
    let number = call.asked.number;
    simulator.state().log.answer(number, reply.status);
    connection.answered(switches.close);
    let released = simulator.released(Stall::Body);
    let open = call.open;
    reply.send(&call.switches, connection, async move {
        released.await;
        drop(open);
    })
}

/// Waits; not at all for `0s`, where a sleep would last until the clock's next tick.
async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

/// A request under way.
struct Call {
    asked: LoggedRequest,
    claim: Option<Claim>,
    session: Option<String>,
    switches: Arc<Switches>,
    open: Open,
}

impl Call {
    /// Finds out who asks, by the session or else by the credentials, and makes the cookies of a new session.
    fn sign_in<'a>(&self, state: &'a mut State) -> Result<(&'a mut Person, Vec<String>), Refusal> {
        let Self { switches, asked, .. } = self;
        let refused = || Refusal::new(401, "", String::new());
        let State { store, guard, .. } = state;
        let session = self.session.as_deref();
        let owner = session.and_then(|id| guard.session_of(id, switches, asked.at).cloned());
        let claim = match (&self.claim, owner) {
            (Some(claim), _) => claim.clone(),
            (None, Some(owner))
                if switches.cookies_alone == Toggle::On
                    && asked.header("authorization").is_none() =>
            {
                owner
            }
            _ => return Err(refused()),
        };
        let person = store.person(claim.alias());
        let password = person.as_ref().map(|person| person.password.as_str());
        let cookies = if session.is_some_and(|id| guard.resume(id, &claim, switches, asked.at)) {
            Vec::new()
        } else if guard.sign_in(&claim, password, switches, asked.at) {
            guard.open(&claim, switches, asked.at)
        } else {
            return Err(refused());
        };
        Ok((person.ok_or_else(refused)?, cookies))
    }

    /// Answers the cookies of a session that has ended, where the switch `stale_session` says how.
    fn stale_session(&self, guard: &Guard) -> Option<Reply> {
        let Self { switches, asked, .. } = self;
        let status = switches.stale_session?;
        if guard.session_of(self.session.as_deref()?, switches, asked.at).is_some() {
            return None;
        }
        if status != 302 {
            let message = "The session has ended.".to_owned();
            return Some(Reply::refusal(&Refusal::new(status, "FORBIDDEN", message), switches));
        }
        let mut reply = Reply::redirect(&asked.path);
        let cookies = guard::session_cookies(&guard::session_id(), switches.cookies);
        reply.set_cookies(cookies);
        Some(reply)
    }

    /// Signs somebody in and answers.
    fn signed_in(&self, state: &mut State, path: &str) -> Reply {
        let (answer, cookies) = match self.sign_in(state) {
            Ok((person, cookies)) => (self.answer(person, path), cookies),
            Err(refusal) => (Err(refusal), Vec::new()),
        };
        let mut reply = answer.unwrap_or_else(|refusal| Reply::refusal(&refusal, &self.switches));
        reply.set_cookies(cookies);
        reply
    }

    /// Answers somebody who is signed in.
    fn answer(&self, person: &mut Person, path: &str) -> Result<Reply, Refusal> {
        let Self { switches, asked, .. } = self;
        if let Some(closed) = &switches.not_permitted
            && let Some(rest) = asked.path.strip_prefix(closed.as_str())
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return Err(Refusal::new(401, "", String::new()));
        }
        let segments: Vec<_> = path.split('/').collect();
        match segments.as_slice() {
            ["user"] => {
                self.must_be(&["GET"])?;
                Ok(person.show(switches))
            }
            ["user", path] => {
                let wanted = self.wanted(path)?;
                let [methods, _] = wanted.collection.methods;
                self.must_be(methods)?;
                match asked.method.as_str() {
                    "POST" => person.create(&wanted),
                    _ => Ok(person.list(&wanted)),
                }
            }
            ["user", path, id] => {
                let wanted = self.wanted(path)?;
                let [_, methods] = wanted.collection.methods;
                self.must_be(methods)?;
                match (asked.method.as_str(), wanted.collection.secret) {
                    ("PUT", Some(secret)) => person.set_secret(&wanted, id, secret),
                    ("PUT", None) => person.update(&wanted, id),
                    ("DELETE", _) => person.delete(&wanted, id),
                    _ => person.get(&wanted, id),
                }
            }
            [first, ..] if ADMINISTRATORS.contains(first) => {
                let message = "Access denied: this resource is the administrators'.";
                let status = switches.forbidden;
                Err(Refusal::new(status, "FORBIDDEN", message.to_owned()))
            }
            _ => Err(not_found(&asked.path)),
        }
    }

    fn wanted(&self, path: &str) -> Result<Wanted<'_>, Refusal> {
        let collection = Store::collection(path).ok_or_else(|| not_found(&self.asked.path))?;
        Ok(Wanted {
            collection,
            query: self.asked.query.as_deref().unwrap_or_default(),
            body: &self.asked.body,
            switches: &self.switches,
        })
    }

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
        let session = request
            .headers()
            .get_all("cookie")
            .filter_map(|cookies| cookies.to_str().ok())
            .flat_map(|cookies| cookies.split(';'))
            .find_map(|cookie| cookie.trim().strip_prefix("JSESSIONIDSSO="))
            .map(ToOwned::to_owned);
        let now = Instant::now();
        let headers = request.headers().iter();
        let mut state = self.state();
        let switches = Arc::clone(&state.switches);
        let owner = session.as_deref();
        let owner = owner.and_then(|id| state.guard.session_of(id, &switches, now));
        let session_of = owner.map(|claim| claim.alias().to_owned());
        state.in_flight += 1;
        let asked = LoggedRequest {
            number: state.log.next_number(),
            at: now,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(ToOwned::to_owned),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body,
            peer: request.peer_addr(),
            alias: claim.as_ref().map(|claim| claim.alias().to_owned()),
            session_of,
            in_flight_when_begun: state.in_flight,
            status: 0,
            answered_at: None,
        };
        state.log.push(asked.clone());
        Call { asked, claim, session, switches, open: Open(self.clone()) }
    }

    /// Does what a request asks for, and decides the answer.
    fn decide(&self, call: &Call) -> Reply {
        let switches = &call.switches;
        let Some(path) = call.asked.path.strip_prefix("/vmrest/") else {
            return Reply::page(404, "Not Found");
        };
        let mut state = self.state();
        let mut reply = match call.stale_session(&state.guard) {
            Some(reply) => reply,
            None => call.signed_in(&mut state, path),
        };
        if switches.cookies == Cookies::Y2015 {
            let headers = [
                ("X-Frame-Options", "SAMEORIGIN"),
                ("Cache-Control", "private"),
                ("Expires", "Wed, 31 Dec 1969 16:00:00 PST"),
            ];
            let headers = headers.map(|(name, value)| (name, value.to_owned()));
            reply.headers.extend(headers);
        }
        if switches.token_each == Toggle::On && !reply.sets_request_token() {
            reply.set_cookies(guard::request_token(switches.cookies));
        }
        reply
    }
}

fn not_found(path: &str) -> Refusal {
    Refusal::new(404, "NOT_FOUND", format!("{path} does not exist."))
}
