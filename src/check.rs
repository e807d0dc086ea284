//! `check`: reaches Unity Connection once, without credentials, through the door that `serve` uses, and says what
//! was found and what to do. Written to be read at two in the morning.

use std::io::{self, ErrorKind, Write};
use std::rc::Rc;
use std::sync::Arc;

use tokio::time::timeout;

use crate::config;
use crate::upstream::call::Call;
use crate::upstream::cause::Cause;
use crate::upstream::connect::Connect;
use crate::upstream::exchange::{Connection, Connections, Failure, Identity, Reply};
use crate::upstream::witness::{Attempt, Seen, Witness};

pub mod answer;
pub mod certificate;

/// What came of the request.
pub enum Outcome {
    /// An answer.
    Answered(Reply),
    /// None that can be used.
    Failed(Failure),
    /// Nothing whole within `upstream.timeout`.
    Late,
}

/// Prints the findings line by line. Fails with what is wrong, then what to do.
pub async fn run(config: &config::Config, out: &mut impl Write) -> io::Result<()> {
    examine(config, out).await.map(drop)
}

/// The same, and hands on the answer.
pub async fn examine(config: &config::Config, out: &mut impl Write) -> io::Result<Reply> {
    if let Some(pair) = &config.server.tls {
        certificate::own(pair, out)?;
    }
    let config = &config.upstream;
    writeln!(out, "upstream     {}", config.url.origin().ascii_serialization())?;
    let (seen, outcome) = reach(config).await?;

    connected(config, &seen, out)?;
    let channel = if config.url.scheme() == "https" {
        certificate::met(config, &seen, out)?;
        if let Some(cause) = no_handshake(&seen, &outcome) {
            return Err(told(certificate::explain(config, cause, &seen)));
        }
        if seen.wants_certificate { Channel::Mutual } else { Channel::Tls }
    } else {
        writeln!(out, "tls          none: passwords travel in clear")?;
        Channel::Plain
    };
    answer::judge(config, outcome, channel, out)
}

/// How the server is spoken to: what is advised depends on it.
#[derive(Clone, Copy)]
pub enum Channel {
    /// Without TLS.
    Plain,
    /// With TLS.
    Tls,
    /// With TLS, and the server asked for a certificate of the gateway's.
    Mutual,
}

impl Channel {
    /// What to do where the server does not answer as Unity Connection does.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Plain => {
                "If the port speaks TLS, write https:// in upstream.url; else use another port (8443 or 443)."
            }
            Self::Tls => {
                "Is upstream.url that of a Unity Connection, with its HTTPS port (8443 or 443)?"
            }
            Self::Mutual => {
                "It wants a certificate of its client, and the gateway has none to show: use a port that does without \
                 (8443 or 443), or have the server ask for none."
            }
        }
    }
}

/// Asks for what every user may read, without saying who asks.
async fn reach(config: &config::Upstream) -> io::Result<(Seen, Outcome)> {
    let witness = Arc::new(Witness::default());
    let tls = witness
        .client_config(config)
        .map_err(|fault| io::Error::new(ErrorKind::InvalidInput, fault))?;
    let connect = Connect {
        timeout: config.connect_timeout,
        tls: Arc::new(tls),
        witness: Some(Arc::clone(&witness)),
        ended: Rc::default(),
    };
    let connections = Connections::over(config, connect);
    let call = Call::get("/vmrest/user");
    let nobody = Identity::default();
    let exchange = connections.exchange(Connection::Fresh, &call, &nobody);
    let outcome = match timeout(config.timeout, exchange).await {
        Ok(Ok(reply)) => Outcome::Answered(reply),
        Ok(Err(failure)) => Outcome::Failed(failure),
        Err(_elapsed) => Outcome::Late,
    };
    Ok((witness.seen(), outcome))
}

/// Prints the addresses. Fails where none was connected to.
fn connected(config: &config::Upstream, seen: &Seen, out: &mut impl Write) -> io::Result<()> {
    let host = config.url.host_str().unwrap_or_default();
    if let Some(words) = &seen.unresolved {
        let words = words.rsplit(": ").next().unwrap_or_default();
        return Err(told(format!(
            "the name {host} does not resolve ({words}). Correct upstream.url, or the DNS of this machine."
        )));
    }
    for Attempt { address, result, .. } in &seen.attempts {
        match result {
            Some(Ok(took)) => {
                writeln!(out, "address      {address}, connected in {} ms", took.as_millis())?;
            }
            Some(Err(words)) => writeln!(out, "address      {address}: {words}")?,
            None => writeln!(out, "address      {address}: no answer within {}", patience(config))?,
        }
    }
    if seen.attempts.iter().any(|attempt| matches!(attempt.result, Some(Ok(_)))) {
        return Ok(());
    }
    let port = config.url.port_or_known_default().unwrap_or_default();
    Err(told(format!(
        "no connection to port {port} of {host}. Is the port right (8443 or 443), does the server run, does a firewall \
         stand between?"
    )))
}

/// Why the handshake did not come to its end, if it did not.
fn no_handshake<'a>(seen: &Seen, outcome: &'a Outcome) -> Option<&'a Cause> {
    match outcome {
        Outcome::Failed(failure) if !failure.reached => failure.cause.as_ref(),
        Outcome::Late if seen.version.is_none() => Some(&Cause::Late),
        _ => None,
    }
}

/// How long a connection may take.
fn patience(config: &config::Upstream) -> humantime::FormattedDuration {
    humantime::format_duration(config.connect_timeout.min(config.timeout))
}

fn told(sentence: String) -> io::Error {
    io::Error::other(sentence)
}

/// Foreign text, fit for a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
