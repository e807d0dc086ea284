//! The only door to Unity Connection: who may call and when, calls there and back within a
//! deadline, and what comes of them.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::HeaderValue;
use actix_web::http::{Method, StatusCode};
use tokio::time::{Instant, timeout_at};

use crate::access::AccessRecord;
use crate::config::{self, Config};
use crate::credentials::{Caller, CallerKey};
use crate::error::{Error, UpstreamAnswer};
use crate::metrics::{Exchange, Metrics};
use crate::xml::Fault;

use answer::{Answer, understand};
use call::Call;
use callers::Callers;
use exchange::{Connection, Connections, Failure, Identity};
use health::Health;
use queue::{InFlight, Queue};
use turns::End;

pub mod answer;
pub mod call;
pub mod callers;
pub mod cause;
pub mod connect;
pub mod exchange;
pub mod health;
pub mod key;
pub mod log_limit;
pub mod queue;
pub mod tls;
pub mod turns;
pub mod witness;

/// What all workers have in common.
pub struct Door {
    queue: Arc<Queue>,
    callers: Callers,
    health: Health,
    metrics: Arc<Metrics>,
}

impl Door {
    /// Nobody has called yet.
    pub fn new(config: &Config, metrics: &Arc<Metrics>) -> Self {
        Self {
            queue: Queue::new(&config.upstream, metrics),
            callers: Callers::new(config, metrics),
            health: Health::default(),
            metrics: Arc::clone(metrics),
        }
    }
}

/// One worker's way through the door.
pub struct Upstream {
    timeout: Duration,
    connections: Connections,
    door: Arc<Door>,
}

impl Upstream {
    /// Connects nothing yet.
    pub fn new(config: &config::Upstream, tls: Arc<rustls::ClientConfig>, door: Arc<Door>) -> Self {
        Self { timeout: config.timeout, connections: Connections::new(config, tls), door }
    }

    /// Tells the generation of what is kept for the caller, who has nothing kept without one. Fails
    /// while the caller's sign-in is paused.
    pub fn check_sign_in(&self, caller: CallerKey) -> Result<Option<u64>, Error> {
        self.door.callers.check_sign_in(caller)?;
        Ok(self.door.callers.generation(caller))
    }

    /// Waits until the caller may call. The deadline of all that is asked in the turn begins then.
    pub async fn turn(
        self: &Rc<Self>,
        caller: Caller,
        record: AccessRecord,
    ) -> Result<Turn, Error> {
        let Door { queue, callers, .. } = &*self.door;
        let in_flight = queue.turn(caller.key, callers.is_known(caller.key), &record).await?;
        Ok(Turn {
            upstream: Rc::clone(self),
            deadline: Instant::now() + self.timeout,
            generation: callers.generation(caller.key),
            caller,
            record,
            in_flight,
            connection: Connection::Pooled,
        })
    }
}

/// Leave to ask Unity Connection one thing after another on a caller's behalf, until it is dropped.
pub struct Turn {
    upstream: Rc<Upstream>,
    caller: Caller,
    record: AccessRecord,
    in_flight: InFlight,
    deadline: Instant,
    /// That of the caller's record when the turn began.
    generation: Option<u64>,
    /// What the next read takes.
    connection: Connection,
}

impl Turn {
    /// Asks one thing. What a 401 means is found out in the same turn. Only the first call of a turn
    /// may be repeated, and only a read.
    pub async fn ask(&mut self, call: &Call) -> Result<Answer, Error> {
        let door = Arc::clone(&self.upstream.door);
        let caller = self.caller.key;
        // The call before this one may have been rejected.
        door.callers.check_sign_in(caller)?;

        let connection = std::mem::replace(&mut self.connection, Connection::Fresh);
        let cookie = door.callers.cookie(caller);
        let mut result = self.call(call, connection, cookie).await;
        if let Err(Failure { error: Error::CredentialsRejected(told), .. }) = result {
            door.callers.drop_session(caller);
            result = Err(self.explain_rejection(told).await.into());
        }
        if let Err(Failure { error: error @ Error::CredentialsRejected(_), .. }) = &result {
            door.callers.reject(caller);
            self.in_flight.dismiss(error);
        }
        if call.ends_session {
            door.callers.drop_session(caller);
        }
        if call.method != Method::GET {
            door.callers.renew(caller);
        }
        result.map_err(|failure| failure.into_error(&call.method))
    }

    /// The generation under which what was read in this turn can be kept; none where it cannot.
    pub fn generation(&self) -> Option<u64> {
        let now = self.upstream.door.callers.generation(self.caller.key);
        // A caller's first record is that of the caller's first turn.
        now.filter(|_| self.generation.is_none() || self.generation == now)
    }

    /// Tells the operator that an answer is not the document that was asked for.
    pub fn report_invalid(&self, fault: &Fault) {
        self.upstream.door.health.report_invalid(fault, Instant::now().into_std());
    }

    /// What a 401 means. To credentials that were accepted lately it may just be Unity Connection's
    /// way to say "not permitted" (CUII, "Error Handling"). A call that everybody may make tells.
    async fn explain_rejection(&mut self, told: UpstreamAnswer) -> Error {
        if !self.upstream.door.callers.is_known(self.caller.key) {
            return Error::CredentialsRejected(told);
        }
        let check = Call::get("/vmrest/user");
        match self.call(&check, Connection::Fresh, None).await {
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

    /// Makes one call and draws the conclusions from its end.
    async fn call(
        &mut self,
        call: &Call,
        connection: Connection,
        cookie: Option<HeaderValue>,
    ) -> Result<Answer, Failure> {
        let door = Arc::clone(&self.upstream.door);
        let begun = Instant::now();
        let result = self.attempt(call, connection, cookie).await;
        let duration = begun.elapsed();

        let (status, error) = outcome(&result);
        door.metrics.call(&Exchange {
            method: &call.method,
            route: Some(&call.route()),
            status,
            code: error.map(|error| error.problem_type().code),
            duration,
        });
        self.record.update(|progress| {
            let before = progress.upstream_time.unwrap_or_default();
            progress.upstream_time = Some(before + duration);
        });
        door.health.report(&result, Instant::now().into_std());
        if error.is_some_and(is_overload) {
            self.in_flight.slow_down();
            self.in_flight.will_end(End::Nothing);
        } else if status.is_some() {
            let accepted = door.callers.is_known(self.caller.key);
            self.in_flight.will_end(End::Answered { accepted });
        }
        result
    }

    /// Sends a call. A read whose pooled connection had just been closed is sent once more; every
    /// pooled connection may be dead then, so it takes a new one. A write takes a new one at once.
    async fn attempt(
        &self,
        call: &Call,
        connection: Connection,
        cookie: Option<HeaderValue>,
    ) -> Result<Answer, Failure> {
        if call.method == Method::GET && connection == Connection::Pooled {
            match self.exchange(call, Connection::Pooled, cookie.clone()).await {
                Err(Failure { closed: true, .. }) => {}
                result => return result,
            }
        }
        self.exchange(call, Connection::Fresh, cookie).await
    }

    async fn exchange(
        &self,
        call: &Call,
        connection: Connection,
        cookie: Option<HeaderValue>,
    ) -> Result<Answer, Failure> {
        let callers = &self.upstream.door.callers;
        let caller = self.caller.key;
        let identity = Identity {
            authorization: Some(self.caller.credentials.header()),
            cookie,
            traceparent: self.record.trace.clone(),
        };
        // In a box, so that what waits for it is small and cheap to move.
        let exchange = Box::pin(self.upstream.connections.exchange(connection, call, identity));
        let reply = timeout_at(self.deadline, exchange)
            .await
            .unwrap_or(Err(Failure::late(Error::UpstreamTimeout)))?;
        if matches!(reply.status.as_u16(), 200..=299 | 403 | 404) {
            callers.accept(caller);
        }
        if reply.status != StatusCode::UNAUTHORIZED {
            callers.keep_session(caller, &reply.headers);
        }
        understand(reply, call, &self.caller.credentials)
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
