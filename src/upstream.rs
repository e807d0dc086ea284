//! The only door to Unity Connection: who may call and when, one call there and back within a
//! deadline, and what its status means.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use secrecy::SecretString;
use tokio::time::{Instant, timeout_at};

use crate::config;
use crate::credentials::{Caller, CallerKey};
use crate::error::{Error, UpstreamAnswer};
use crate::metrics::Exchange;
use crate::object_id::ObjectId;
use crate::xml::Fault;

use answer::{Answer, understand};
use exchange::{Connection, Connections, Failure};
use queue::Turn;
use shared::Shared;
use turns::End;

pub mod answer;
pub mod exchange;
pub mod health;
pub mod log_limit;
pub mod queue;
pub mod session;
pub mod shared;
pub mod sign_in;
pub mod tls;
pub mod turns;

/// One call to Unity Connection.
#[derive(Clone, Debug)]
pub struct Call {
    /// GET, PUT, POST or DELETE.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// A `password` parameter that the query gets besides.
    pub password: Option<SecretString>,
    /// An XML document.
    pub body: Option<String>,
    /// Whether the same path is read once after a 400, in the same turn.
    pub look_again: bool,
    /// Whether the caller's session cookies go along.
    pub in_session: bool,
    /// Whose call it is.
    pub caller: Caller,
    /// The trace that it belongs to.
    pub traceparent: Option<HeaderValue>,
}

/// One worker's way through the door.
pub struct Upstream {
    timeout: Duration,
    connections: Connections,
    shared: Arc<Shared>,
}

impl Upstream {
    /// Connects nothing yet.
    pub fn new(
        config: &config::Upstream,
        tls: Arc<rustls::ClientConfig>,
        shared: Arc<Shared>,
    ) -> Self {
        Self { timeout: config.timeout, connections: Connections::new(config, tls), shared }
    }

    /// Fails while the caller's sign-in is paused.
    pub fn check_sign_in(&self, caller: CallerKey) -> Result<(), Error> {
        self.shared.sign_in.check(caller)
    }

    /// Waits until the caller may call.
    pub async fn turn(&self, caller: CallerKey) -> Result<Turn, Error> {
        let known = self.shared.sign_in.is_known(caller);
        self.shared.queue.turn(caller, known).await
    }

    /// Makes one call and ends the turn. Every failure of one that is no GET says whether Unity
    /// Connection may have done what it was asked.
    pub async fn call(&self, turn: Turn, call: &Call) -> Result<Answer, Error> {
        let caller = call.caller.key;
        // The call before this one may have been rejected.
        self.check_sign_in(caller)?;
        let begun = Instant::now();
        let deadline = begun + self.timeout;

        let mut result = self.attempt(call, deadline).await;
        if let Err(Failure { error: Error::CredentialsRejected(told), .. }) = result {
            self.shared.sessions.drop(caller);
            result = Err(self.doubt(&turn, call, told, deadline).await.into());
        }
        if let Ok(answer) = &mut result
            && answer.status == StatusCode::BAD_REQUEST
            && call.look_again
        {
            let look = Call { method: Method::GET, password: None, ..call.clone() };
            let document = self.exchange_again(&turn, &look, deadline).await;
            let document = document.ok().filter(|document| document.status == StatusCode::OK);
            answer.looked = document.map(|document| document.body);
        }
        // It may have been changed even where no answer says so.
        if call.password.is_some() {
            self.shared.sessions.drop(caller);
        }

        self.shared.health.report(&result, Instant::now().into_std());
        self.measure(call, begun.elapsed(), &result);
        self.settle(turn, caller, &result);
        result.map_err(|failure| {
            if failure.reached && call.method != Method::GET {
                Error::OutcomeUnknown(Box::new(failure.error))
            } else {
                failure.error
            }
        })
    }

    /// Tells the operator that an answer is not the document that was asked for.
    pub fn report_invalid(&self, fault: &Fault) {
        let now = Instant::now().into_std();
        self.shared.health.report_invalid(fault, now);
    }

    fn measure(&self, call: &Call, duration: Duration, result: &Result<Answer, Failure>) {
        let (status, error) = outcome(result);
        self.shared.metrics.call(&Exchange {
            method: &call.method,
            route: Some(&pattern(&call.path)),
            status,
            code: error.map(|error| error.problem_type().code),
            duration,
        });
    }

    /// Draws the conclusions from a call's end and gives the turn back.
    fn settle(&self, turn: Turn, caller: CallerKey, result: &Result<Answer, Failure>) {
        let (status, error) = outcome(result);
        // A 401 that was checked and found to mean "not permitted" is forbidden too.
        let accepted = matches!(status, Some(200..=299 | 403 | 404))
            || matches!(error, Some(Error::Forbidden(_)));
        if accepted {
            self.shared.sign_in.accept(caller);
        }
        match (error, status) {
            (Some(error @ Error::CredentialsRejected(_)), _) => {
                let paused = self.shared.sign_in.reject(caller);
                self.shared.metrics.sign_in_pauses.inc_by(u64::from(paused));
                turn.end_for_all(error);
            }
            (Some(error), _) if is_overload(error) => turn.end(End::Overloaded),
            (_, Some(_)) => turn.end(End::Answered { accepted }),
            (_, None) => turn.end(End::Nothing),
        }
    }

    /// What a 401 means. To credentials that were accepted lately it may just be Unity Connection's
    /// way to say "not permitted" (CUII, "Error Handling"): a call that everybody may make tells.
    async fn doubt(
        &self,
        turn: &Turn,
        call: &Call,
        told: UpstreamAnswer,
        deadline: Instant,
    ) -> Error {
        if !self.shared.sign_in.is_known(call.caller.key) {
            return Error::CredentialsRejected(told);
        }
        let check = Call {
            method: Method::GET,
            path: "/vmrest/user".to_owned(),
            password: None,
            body: None,
            in_session: false,
            ..call.clone()
        };
        match self.exchange_again(turn, &check, deadline).await {
            Ok(answer) if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND => {
                Error::Forbidden(told)
            }
            Err(Failure { error: Error::Forbidden(_), .. }) => Error::Forbidden(told),
            Err(Failure { error: Error::CredentialsRejected(_), .. }) => {
                Error::CredentialsRejected(told)
            }
            Ok(_) | Err(_) => Error::UpstreamError(told),
        }
    }

    /// Makes the exchange that a call is about. A GET whose connection had just been closed is sent
    /// once more; every pooled connection may be dead then, so it takes a new one. A write takes a
    /// new one at once and is never repeated.
    async fn attempt(&self, call: &Call, deadline: Instant) -> Result<Answer, Failure> {
        if call.method != Method::GET {
            return self.exchange(Connection::Fresh, call, deadline).await;
        }
        match self.exchange(Connection::Pooled, call, deadline).await {
            Err(Failure { closed: true, .. }) => {
                self.exchange(Connection::Fresh, call, deadline).await
            }
            result => result,
        }
    }

    /// A question about a call's answer, in the same turn. Whether Unity Connection keeps up shows
    /// here too.
    async fn exchange_again(
        &self,
        turn: &Turn,
        call: &Call,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let begun = Instant::now();
        let result = self.exchange(Connection::Fresh, call, deadline).await;
        self.measure(call, begun.elapsed(), &result);
        if let Err(failure) = &result
            && is_overload(&failure.error)
        {
            turn.slow_down();
        }
        result
    }

    async fn exchange(
        &self,
        connection: Connection,
        call: &Call,
        deadline: Instant,
    ) -> Result<Answer, Failure> {
        let sessions = &self.shared.sessions;
        let caller = call.caller.key;
        let cookie = sessions.cookie(caller).filter(|_| call.in_session);
        // In a box, so that what waits for it is small and cheap to move.
        let exchange = Box::pin(self.connections.exchange(connection, call, cookie));
        let reply = timeout_at(deadline, exchange)
            .await
            .unwrap_or(Err(Failure::late(Error::UpstreamTimeout)))?;
        if reply.status != StatusCode::UNAUTHORIZED {
            sessions.keep(caller, &reply.headers);
        }
        understand(reply, call)
    }
}

/// Whether an error says that Unity Connection does not keep up.
fn is_overload(error: &Error) -> bool {
    matches!(error, Error::UpstreamBusy(_) | Error::UpstreamTimeout)
}

/// The status of an answer, and what was wrong with it.
fn outcome(result: &Result<Answer, Failure>) -> (Option<u16>, Option<&Error>) {
    match result {
        Ok(answer) => (Some(answer.status.as_u16()), None),
        Err(Failure { error, .. }) => (error.upstream().map(|told| told.status), Some(error)),
    }
}

/// A path without what makes it one object's, for a metric's label.
fn pattern(path: &str) -> Cow<'_, str> {
    let path = path.split('?').next().unwrap_or(path);
    match path.rsplit_once('/') {
        Some((collection, id)) if ObjectId::parse(id).is_some() => {
            Cow::Owned(format!("{collection}/{{objectId}}"))
        }
        _ => Cow::Borrowed(path),
    }
}
