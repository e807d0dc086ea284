//! Valkey or Redis: what is kept there, and the commands that keep it.
//!
//! | key | type | holds |
//! | --- | --- | --- |
//! | `cupi-gateway:1:caller:DIGEST` | hash | `accepted`; `rejected`, `ends`; `unanswered`, `last` |
//! | `cupi-gateway:1:told` | stream | what replicas tell each other |
//!
//! Times are milliseconds since 1970 by the clocks of the replicas, which are expected to agree within seconds. The number
//! in the keys is that of this form: another form gets another number, so that old and new replicas do not misread each other.
//! Every key expires.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamId, StreamRangeReply, StreamReadReply};
use redis::{AsyncConnectionConfig, Client, FromRedisValue, Pipeline, RedisError, cmd, pipe};
use secrecy::{ExposeSecret, SecretString};

use super::news::{News, Pause, Remembered, Told};
use crate::credentials::CallerKey;

/// The stream.
const TOLD: &str = "cupi-gateway:1:told";

/// How much of the stream is kept: as many pauses as a replica keeps.
const MOST_TOLD: usize = 100_000;

/// How much of the stream is read at once.
const AT_ONCE: usize = 1_000;

/// How long a connection may take to come about. Nobody waits for it.
const CONNECT: Duration = Duration::from_secs(3);

/// How long an administrator waits at most for the end of pauses.
const ADMINISTRATOR: Duration = Duration::from_secs(5);

/// A connection to the store. Clones share it.
#[derive(Clone)]
pub struct Store {
    connection: MultiplexedConnection,
    /// Who this process is among those that tell.
    me: u64,
    /// How long an acceptance, and what is told, is kept.
    keep: Duration,
}

impl Store {
    /// Connects and signs in.
    pub async fn connect(
        url: &SecretString,
        timeout: Duration,
        me: u64,
        keep: Duration,
    ) -> Result<Self, RedisError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(timeout));
        let client = Client::open(url.expose_secret())?;
        let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        Ok(Self { connection, me, keep })
    }

    /// Finds what is known of a caller: one round trip.
    pub async fn look_up(&self, caller: CallerKey) -> Result<Remembered, RedisError> {
        let fields: HashMap<String, u64> =
            cmd("HGETALL").arg(key(caller)).query_async(&mut self.connection.clone()).await?;
        let time = |name| fields.get(name).map(|ms| UNIX_EPOCH + Duration::from_millis(*ms));
        let pause = time("rejected").zip(time("ends"));
        let calls = fields.get("unanswered").map(|calls| u32::try_from(*calls).unwrap_or(u32::MAX));
        Ok(Remembered {
            accepted: time("accepted"),
            pause: pause.map(|(since, ends)| Pause { since, ends }),
            unanswered: calls.zip(time("last")),
        })
    }

    /// Keeps news of a caller, and tells the other replicas what they must know too.
    pub async fn keep(&self, caller: CallerKey, news: News) -> Result<(), RedisError> {
        let key = key(caller);
        let mut commands = pipe();
        commands.atomic();
        match news {
            News::Accepted(at) => {
                commands.cmd("DEL").arg(&key).ignore();
                commands.cmd("HSET").arg(&key).arg("accepted").arg(ms(at)).ignore();
                expire(&mut commands, &key, self.keep);
            }
            News::Unanswered(at) => {
                commands.cmd("HINCRBY").arg(&key).arg("unanswered").arg(1).ignore();
                commands.cmd("HSET").arg(&key).arg("last").arg(ms(at)).ignore();
                expire(&mut commands, &key, self.keep);
                self.tell(&mut commands, &[("unanswered", caller.hex())], self.keep);
            }
            News::Rejected(Pause { since, ends }) => {
                commands.cmd("DEL").arg(&key).ignore();
                let pause = ends.duration_since(since).unwrap_or_default();
                if !pause.is_zero() {
                    let fields = [("rejected", ms(since)), ("ends", ms(ends))];
                    commands.cmd("HSET").arg(&key).arg(&fields).ignore();
                    expire(&mut commands, &key, pause);
                    let [since, ends] = [ms(since), ms(ends)].map(|ms| ms.to_string());
                    let told = [("paused", caller.hex()), ("since", since), ("ends", ends)];
                    self.tell(&mut commands, &told, pause.max(self.keep));
                }
            }
        }
        commands.exec_async(&mut self.connection.clone()).await
    }

    /// Where the stream is read from at first: a little before now, since clocks differ.
    pub fn begin() -> String {
        let now = ms(SystemTime::now());
        format!("{}-0", now.saturating_sub(60_000))
    }

    /// Reads what other replicas have told since `last`, and moves that on.
    pub async fn follow(&self, last: &mut String) -> Result<Vec<Told>, RedisError> {
        let mut told = Vec::new();
        loop {
            let mut command = cmd("XREAD");
            command.arg("COUNT").arg(AT_ONCE).arg("STREAMS").arg(TOLD).arg(&*last);
            let reply: Option<StreamReadReply> =
                command.query_async(&mut self.connection.clone()).await?;
            let entries = reply.into_iter().flat_map(|reply| reply.keys).flat_map(|key| key.ids);
            let entries: Vec<StreamId> = entries.collect();
            let Some(newest) = entries.last() else {
                return Ok(told);
            };
            last.clone_from(&newest.id);
            let others = entries.iter().filter(|entry| field::<u64>(entry, "by") != Some(self.me));
            told.extend(others.filter_map(read));
            if entries.len() < AT_ONCE {
                return Ok(told);
            }
        }
    }

    /// Ends the pauses of the callers whose digests begin with these digits, or all, for all replicas. Says how many there
    /// were.
    pub async fn end_pauses(
        &self,
        digits: Option<&str>,
        pause: Duration,
    ) -> Result<usize, RedisError> {
        let mut connection = self.connection.clone();
        connection.set_response_timeout(ADMINISTRATOR);
        let oldest = ms(SystemTime::now())
            .saturating_sub(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX));
        let mut command = cmd("XRANGE");
        let begun: StreamRangeReply =
            command.arg(TOLD).arg(oldest).arg("+").query_async(&mut connection).await?;
        let paused = begun.ids.iter().filter_map(|entry| field::<String>(entry, "paused"));
        let mut callers: Vec<CallerKey> = paused.filter_map(|hex| CallerKey::parse(&hex)).collect();
        callers.sort_unstable();
        callers.dedup();
        callers.retain(|caller| digits.is_none_or(|digits| caller.to_string() == digits));
        if callers.is_empty() {
            return Ok(0);
        }
        let mut commands = pipe();
        for caller in callers {
            commands.cmd("HDEL").arg(key(caller)).arg("rejected").arg("ends");
        }
        let removed: Vec<u32> = commands.query_async(&mut connection).await?;
        let mut commands = pipe();
        self.tell(
            &mut commands,
            &[("ended", digits.unwrap_or("*").to_owned())],
            pause.max(self.keep),
        );
        commands.exec_async(&mut connection).await?;
        Ok(removed.into_iter().filter(|fields| *fields > 0).count())
    }

    /// Adds to the stream.
    fn tell(&self, commands: &mut Pipeline, fields: &[(&str, String)], keep: Duration) {
        let add = commands.cmd("XADD").arg(TOLD).arg("MAXLEN").arg("~").arg(MOST_TOLD).arg("*");
        add.arg("by").arg(self.me).arg(fields).ignore();
        expire(commands, TOLD, keep);
    }
}

/// Reads an entry of the stream; none where it is not understood.
fn read(entry: &StreamId) -> Option<Told> {
    let caller = |name| field::<String>(entry, name).and_then(|hex| CallerKey::parse(&hex));
    let time = |name| Some(UNIX_EPOCH + Duration::from_millis(field(entry, name)?));
    if let Some(paused) = caller("paused") {
        return Some(Told::Paused(paused, Pause { since: time("since")?, ends: time("ends")? }));
    }
    if let Some(caller) = caller("unanswered") {
        return Some(Told::Unanswered(caller));
    }
    let digits: String = field(entry, "ended")?;
    Some(Told::Ended((digits != "*").then_some(digits)))
}

fn field<T: FromRedisValue>(entry: &StreamId, name: &str) -> Option<T> {
    entry.get(name)
}

fn key(caller: CallerKey) -> String {
    format!("cupi-gateway:1:caller:{}", caller.hex())
}

fn expire(commands: &mut Pipeline, key: &str, after: Duration) {
    let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    commands.cmd("PEXPIRE").arg(key).arg(after).ignore();
}

/// A time as it is kept.
fn ms(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
