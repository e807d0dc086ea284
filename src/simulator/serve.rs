//! What happens to a request, in this order: log, redirect, throttle, sign-in, answer.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};

use super::answer::{Refusal, Reply};
use super::guard::{self, Claim};
use super::log::LoggedRequest;
use super::request::Request;
use super::resources;
use super::state::{Shared, State};
use super::switches::Switches;
use super::switches::values::{Cookies, Stall, Toggle};
use super::wire::Connection;

/// The most bytes of a body that the log keeps.
const LOGGED_BODY: usize = 1 << 20;

/// Answers a request, whatever it is.
pub async fn serve(shared: Arc<Shared>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let call = Call::begin(&shared, &request, body);
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
        _ => match shared.throttle.enter(switches).await {
            Some(_slot) => {
                let reply = call.decide(&mut shared.state());
                pause(switches.work).await;
                reply
            }
            None => Reply::page(503, "The server is busy."),
        },
    };
    if let (Some(document), "GET", 200) =
        (&switches.document, call.logged.method.as_str(), reply.status)
    {
        reply.body = document.clone().into();
    }
    // What was asked for is done by now: a slow answer tells how things were before.
    pause(switches.delay).await;
    if switches.stall == Stall::Head {
        shared.released(Stall::Head).await;
    }
    shared.state().log.answer(call.logged.number, reply.status);
    connection.answered(switches.close);
    let open = call.open;
    reply.send(&call.switches, connection, async move {
        open.0.released(Stall::Body).await;
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
    logged: LoggedRequest,
    body: Bytes,
    media_type: String,
    claim: Option<Claim>,
    session: Option<String>,
    switches: Arc<Switches>,
    open: Open,
}

impl Call {
    /// Enters a request in the log.
    fn begin(shared: &Arc<Shared>, request: &HttpRequest, body: Bytes) -> Self {
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
        let mut state = shared.state();
        let switches = Arc::clone(&state.switches);
        let owner = session.as_deref();
        let owner = owner.and_then(|id| state.guard.session_of(id, &switches, now));
        let session_of = owner.map(|claim| claim.alias().to_owned());
        state.in_flight += 1;
        let logged = LoggedRequest {
            number: state.log.next_number(),
            at: now,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            query: request.uri().query().map(ToOwned::to_owned),
            headers: headers
                .map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()))
                .collect(),
            body: match body.get(..LOGGED_BODY) {
                Some(beginning) => Bytes::copy_from_slice(beginning),
                None => body.clone(),
            },
            peer: request.peer_addr(),
            alias: claim.as_ref().map(|claim| claim.alias().to_owned()),
            session_of,
            in_flight_when_begun: state.in_flight,
            status: 0,
            answered_at: None,
        };
        state.log.push(logged.clone());
        let media_type = logged.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let media_type = media_type.split(';').next().unwrap_or_default().trim().to_owned();
        let open = Open(Arc::clone(shared));
        Self { logged, body, media_type, claim, session, switches, open }
    }

    /// Does what a request asks for, and decides the answer.
    fn decide(&self, state: &mut State) -> Reply {
        let Self { switches, logged, .. } = self;
        if !logged.path.starts_with("/vmrest/") {
            return Reply::page(404, "Not Found");
        }
        let mut reply = match self.stale_session(state) {
            Some(reply) => reply,
            None => self.answer(state),
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

    /// Answers the cookies of a session that has ended, where the switch `stale_session` says how.
    fn stale_session(&self, state: &State) -> Option<Reply> {
        let Self { switches, logged, .. } = self;
        let status = switches.stale_session?;
        if state.guard.session_of(self.session.as_deref()?, switches, logged.at).is_some() {
            return None;
        }
        if status != 302 {
            let message = "The session has ended.".to_owned();
            return Some(Reply::refusal(&Refusal::new(status, "FORBIDDEN", message), switches));
        }
        let mut reply = Reply::redirect(&logged.path);
        let cookies = guard::session_cookies(&guard::session_id(), switches.cookies);
        reply.set_cookies(cookies);
        Some(reply)
    }

    /// Signs somebody in and answers.
    fn answer(&self, state: &mut State) -> Reply {
        let Self { switches, logged, .. } = self;
        let request = Request {
            method: &logged.method,
            path: &logged.path,
            query: logged.query.as_deref().unwrap_or_default(),
            media_type: &self.media_type,
            body: &self.body,
            switches,
        };
        let open = switches.version_open == Toggle::On;
        let (answer, cookies) = match resources::version(&request).filter(|_| open) {
            Some(answer) => (answer, Vec::new()),
            None => match self.sign_in(state) {
                Ok((alias, cookies)) => {
                    let concerned = resources::concerns_others(&request);
                    let users = if concerned { state.store.users() } else { Vec::new() };
                    let person = state.store.person(&alias).ok_or_else(|| request.not_found());
                    let answer = |person| resources::answer(request, person, users);
                    (person.and_then(answer), cookies)
                }
                Err(refusal) => (Err(refusal), Vec::new()),
            },
        };
        let mut reply = answer.unwrap_or_else(|refusal| Reply::refusal(&refusal, switches));
        reply.set_cookies(cookies);
        reply
    }

    /// Finds out who asks, by the session or else by the credentials, and makes the cookies of a new session.
    fn sign_in(&self, state: &mut State) -> Result<(String, Vec<String>), Refusal> {
        let Self { switches, logged, .. } = self;
        let refused = || Refusal::new(401, "", String::new());
        let State { store, guard, .. } = state;
        let session = self.session.as_deref();
        let owner = session.and_then(|id| guard.session_of(id, switches, logged.at).cloned());
        let alone =
            switches.cookies_alone == Toggle::On && logged.header("authorization").is_none();
        let claim = self.claim.clone().or(owner.filter(|_| alone)).ok_or_else(refused)?;
        let person = store.person(claim.alias());
        let password = person.as_ref().map(|person| person.password.as_str());
        let cookies = if session.is_some_and(|id| guard.resume(id, &claim, switches, logged.at)) {
            Vec::new()
        } else if guard.sign_in(&claim, password, switches, logged.at) {
            guard.open(&claim, switches, logged.at)
        } else {
            return Err(refused());
        };
        Ok((claim.alias().to_owned(), cookies))
    }
}

/// Counts a request as open while it lives.
struct Open(Arc<Shared>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.state().in_flight -= 1;
    }
}
