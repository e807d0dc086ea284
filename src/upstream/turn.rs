//! A caller's turn: calls to Unity Connection, one after the other, and what comes of them.
//!
//! One call of a resource may take several: the question whether Unity Connection answers at all,
//! the check of a 401, the same call without an old session. All have one deadline. Credentials that
//! may be wrong are sent twice at most.

use std::fmt::Display;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::http::{Method, StatusCode};
use tokio::time::{Instant, timeout_at};

use super::answer::{Answer, understand};
use super::call::Call;
use super::exchange::{Connection, Failure, Identity, Reply};
use super::marks::Unanswered;
use super::queue::InFlight;
use super::stalls::{Gate, Question, is_answer};
use super::turns::End;
use super::{Door, Upstream};
use crate::access::AccessRecord;
use crate::credentials::Caller;
use crate::error::Error;
use crate::metrics::Exchange;

/// What every caller may read.
const ANYBODYS: &str = "/vmrest/user";

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

/// What a 401 means.
enum Verdict {
    /// The credentials are wrong.
    Rejected,
    /// The credentials are right, and something else is not permitted.
    Accepted,
    /// Nobody knows.
    Unknown,
}

impl Turn {
    /// Waits until the caller may call. The deadline of all that is asked begins then.
    pub async fn wait(
        upstream: &Rc<Upstream>,
        caller: Caller,
        record: AccessRecord,
    ) -> Result<Self, Error> {
        let Door { queue, callers, .. } = &*upstream.door;
        let in_flight = queue.turn(caller.key, callers.is_known(caller.key), &record).await?;
        Ok(Self {
            upstream: Rc::clone(upstream),
            deadline: Instant::now() + upstream.timeout,
            generation: callers.generation(caller.key),
            caller,
            record,
            in_flight,
            connection: Connection::Pooled,
        })
    }

    /// Asks one thing. Only the first call of a turn may be repeated, and only a read.
    pub async fn ask(&mut self, call: &Call) -> Result<Answer, Error> {
        let door = Arc::clone(&self.upstream.door);
        let caller = self.caller.key;
        // The call before this one may have been rejected.
        if let Some(unanswered) = door.callers.check_sign_in(caller)? {
            // In a box, since it is rare: what waits for it is small and cheap to move.
            Box::pin(self.pass_stalls(unanswered)).await?;
        }

        let result = self.ask_in_session(call).await;
        if let Err(Failure { error: error @ Error::CredentialsRejected(_), .. }) = &result {
            door.callers.reject(caller);
            self.in_flight.will_end(End::Answered { accepted: false });
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
    pub fn report_invalid(&self, fault: &dyn Display) {
        self.upstream.door.health.report_invalid(fault, Instant::now().into_std());
    }

    /// Fails where a stranger's credentials must wait until Unity Connection answers again.
    async fn pass_stalls(&mut self, unanswered: Unanswered) -> Result<(), Error> {
        let door = Arc::clone(&self.upstream.door);
        let answered = match door.stalls.gate(unanswered, Instant::now().into_std()) {
            Gate::Open => return Ok(()),
            Gate::Closed => false,
            Gate::Ask => match door.stalls.question() {
                Question::Joined(answer) => answer.await.unwrap_or(false),
                Question::Asked(asking) => {
                    self.deadline = Instant::now() + self.upstream.timeout;
                    let call = Call::get(ANYBODYS);
                    let result = self.call(&call, Connection::Fresh, &Identity::default()).await;
                    asking.end(outcome(&result).0.is_some_and(is_answer))
                }
            },
        };
        self.deadline = Instant::now() + self.upstream.timeout;
        answered.then_some(()).ok_or(Error::UpstreamStalled)
    }

    /// Asks with the caller's session, and once more without it where the session may be the reason
    /// that nothing came of it.
    async fn ask_in_session(&mut self, call: &Call) -> Result<Answer, Failure> {
        let connection = std::mem::replace(&mut self.connection, Connection::Fresh);
        let mut identity = Identity {
            authorization: Some(self.caller.credentials.header()),
            cookie: self.upstream.door.callers.cookie(self.caller.key),
            traceparent: self.record.trace.clone(),
        };
        let mut result = self.call(call, connection, &identity).await;

        let may_be_the_session =
            call.method == Method::GET && matches!(outcome(&result).0, Some(300..=399 | 403));
        if may_be_the_session && identity.cookie.take().is_some() {
            result = self.call(call, Connection::Fresh, &identity).await;
        }
        let told = match result {
            Err(Failure { error: Error::CredentialsRejected(told), .. }) => told,
            result => return result,
        };
        let in_session = identity.cookie.take().is_some();
        // In a box, since it is rare.
        let error = match Box::pin(self.judge(&identity)).await {
            Verdict::Rejected => Error::CredentialsRejected(told),
            Verdict::Unknown => Error::UpstreamError(told),
            Verdict::Accepted if in_session => {
                // A 401 has done nothing, so that a write may be sent again too.
                match self.call(call, Connection::Fresh, &identity).await {
                    Err(Failure { error: Error::CredentialsRejected(told), .. }) => {
                        Error::Forbidden(told)
                    }
                    result => return result,
                }
            }
            Verdict::Accepted => Error::Forbidden(told),
        };
        Err(error.into())
    }

    /// Finds out what a 401 means. To credentials that were accepted lately it may just be Unity
    /// Connection's way to say "not permitted" (CUII, "Error Handling"). A call that everybody may
    /// make tells, unless the credentials may have failed before: then it would be a third try.
    async fn judge(&mut self, identity: &Identity) -> Verdict {
        if !self.upstream.door.callers.is_trusted(self.caller.key) {
            return Verdict::Rejected;
        }
        let check = Call::get(ANYBODYS);
        match self.call(&check, Connection::Fresh, identity).await {
            Ok(answer) if answer.status.is_success() || answer.status == StatusCode::NOT_FOUND => {
                Verdict::Accepted
            }
            Err(Failure { error: Error::Forbidden(_), .. }) => Verdict::Accepted,
            Err(Failure { error: Error::CredentialsRejected(_), .. }) => Verdict::Rejected,
            Ok(_) | Err(_) => Verdict::Unknown,
        }
    }

    /// Makes one call and draws the conclusions from its end.
    async fn call(
        &mut self,
        call: &Call,
        connection: Connection,
        identity: &Identity,
    ) -> Result<Answer, Failure> {
        let door = Arc::clone(&self.upstream.door);
        let is_signed = identity.authorization.is_some();
        let begun = Instant::now();
        let result = self.attempt(call, connection, identity).await;
        let ended = Instant::now();

        let duration = ended - begun;
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
        door.health.report(&result, ended.into_std());
        if is_signed && result.as_ref().is_err_and(Failure::is_unanswered) {
            door.callers.note_unanswered(self.caller.key);
        }
        if matches!(error, Some(Error::UpstreamBusy(_) | Error::UpstreamTimeout(_))) {
            self.in_flight.slow_down();
            self.in_flight.will_end(End::Nothing);
        } else if status.is_some() {
            let noted = is_signed && matches!(status, Some(200..=299 | 404));
            let accepted = noted || door.callers.is_known(self.caller.key);
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
        identity: &Identity,
    ) -> Result<Answer, Failure> {
        if call.method == Method::GET && connection == Connection::Pooled {
            match self.exchange(call, Connection::Pooled, identity).await {
                Err(Failure { was_pooled: true, .. }) => {
                    self.upstream.door.callers.note_unanswered(self.caller.key);
                }
                result => return result,
            }
        }
        self.exchange(call, Connection::Fresh, identity).await
    }

    async fn exchange(
        &self,
        call: &Call,
        connection: Connection,
        identity: &Identity,
    ) -> Result<Answer, Failure> {
        let Upstream { connections, door, .. } = &*self.upstream;
        let is_signed = identity.authorization.is_some();
        let in_session = identity.cookie.is_some();
        // In a box, so that what waits for it is small and cheap to move.
        let exchange = Box::pin(connections.exchange(connection, call, identity));
        let late = || Err(Failure::late(Error::UpstreamTimeout(None)));
        let reply = timeout_at(self.deadline, exchange).await.unwrap_or_else(|_late| late())?;

        let (status, now) = (reply.status.as_u16(), Instant::now().into_std());
        if is_signed {
            door.stalls.note_sign_in(status, now);
            self.note_sign_in(&reply, in_session);
        } else {
            door.stalls.note_answer(status, now);
        }
        understand(reply, call, &self.caller.credentials)
    }

    /// Notes what an answer says of the caller's credentials and session.
    fn note_sign_in(&self, reply: &Reply, in_session: bool) {
        let callers = &self.upstream.door.callers;
        let caller = self.caller.key;
        let status = reply.status.as_u16();
        // A session that has ended may forbid what the credentials permit.
        if matches!(status, 200..=299 | 404) || (status == 403 && !in_session) {
            callers.accept(caller);
        }
        match status {
            200..=299 => callers.keep_session(caller, &reply.headers),
            401 => callers.drop_session(caller),
            300..=399 | 403 | 500..=599 if in_session => callers.drop_session(caller),
            _ => {}
        }
    }
}

/// The status of an answer, and what was wrong with it.
fn outcome(result: &Result<Answer, Failure>) -> (Option<u16>, Option<&Error>) {
    match result {
        Ok(answer) => (Some(answer.status.as_u16()), None),
        Err(Failure { error, .. }) => (error.upstream().map(|told| told.status), Some(error)),
    }
}
