//! `check`: reaches Unity Connection once, without credentials, and says what was found and what to
//! do. Written to be read at two in the morning.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use timed::Timed;

use crate::config;

pub mod certificate;
pub mod timed;

/// How much of an answer is read: its head is enough.
const HEAD: usize = 16 * 1024;

/// Prints the findings line by line. Fails with what is wrong, then what to do.
pub fn run(config: &config::Config, out: &mut impl Write) -> io::Result<()> {
    if let Some(pair) = &config.server.tls {
        certificate::own(pair, out)?;
    }
    let config = &config.upstream;
    let url = &config.url;
    let (host, port) =
        (url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or(443));
    writeln!(out, "upstream     {}", url.origin().ascii_serialization())?;

    // Brackets are the URL's spelling of an IPv6 address.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let mut stream = Timed::new(connect(config, name, port, out)?, config.timeout);
    let question =
        |channel| Question { authority: url.authority(), channel, timeout: config.timeout };
    let (answer, channel) = if url.scheme() == "https" {
        let (mut stream, channel) = certificate::handshake(config, name, stream, out)?;
        (question(channel).ask(&mut stream)?, channel)
    } else {
        writeln!(out, "tls          none: passwords travel in clear")?;
        (question(Channel::Plain).ask(&mut stream)?, Channel::Plain)
    };
    judge(&answer, channel, out)
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
    fn advice(self) -> &'static str {
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

fn connect(
    config: &config::Upstream,
    name: &str,
    port: u16,
    out: &mut impl Write,
) -> io::Result<TcpStream> {
    let addresses = (name, port).to_socket_addrs().map_err(|error| {
        let words = error.to_string();
        let words = words.rsplit(": ").next().unwrap_or_default();
        told(format!(
            "the name {name} does not resolve ({words}). Correct upstream.url, or the DNS of this machine."
        ))
    })?;
    for address in addresses.collect::<Vec<SocketAddr>>() {
        let begun = Instant::now();
        match TcpStream::connect_timeout(&address, config.connect_timeout) {
            Ok(stream) => {
                let took = begun.elapsed().as_millis();
                writeln!(out, "address      {address}, connected in {took} ms")?;
                return Ok(stream);
            }
            Err(error) if is_late(&error) => writeln!(
                out,
                "address      {address}: no answer within {}",
                humantime::format_duration(config.connect_timeout)
            )?,
            Err(error) => writeln!(out, "address      {address}: {error}")?,
        }
    }
    Err(told(format!(
        "no connection to port {port} of {name}. Is the port right (8443 or 443), does the server run, does a firewall \
         stand between?"
    )))
}

/// What is asked of the server, how, and for how long.
struct Question<'a> {
    authority: &'a str,
    channel: Channel,
    timeout: Duration,
}

impl Question<'_> {
    /// Asks for what every user may read, without saying who asks, and reads the answer's head.
    fn ask(&self, stream: &mut (impl Read + Write)) -> io::Result<Vec<u8>> {
        let agent = concat!("cupi-gateway/", env!("CARGO_PKG_VERSION"));
        let request = format!(
            "GET /vmrest/user HTTP/1.1\r\nHost: {}\r\nAccept: application/xml\r\nUser-Agent: {agent}\r\n\
             Connection: close\r\n\r\n",
            self.authority
        );
        let sent = stream.write_all(request.as_bytes());
        sent.and_then(|()| stream.flush()).map_err(|error| self.silence(&error))?;
        let mut answer = Vec::new();
        let mut part = [0; 1024];
        while answer.len() < HEAD && head(&answer).is_none() {
            match stream.read(&mut part) {
                Ok(0) => break,
                Ok(length) => answer.extend(part.iter().take(length)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Many servers end without a TLS close; what came before it counts.
                Err(error) if answer.is_empty() || is_late(&error) => {
                    return Err(self.silence(&error));
                }
                Err(_) => break,
            }
            // An interim answer such as 100 Continue (RFC 9110 §15.2) comes before the one that counts.
            while let Some(length) = head(&answer)
                && matches!(status(&answer), Some(100..=199))
            {
                answer.drain(..length);
            }
        }
        if answer.is_empty() {
            return Err(self.silence(&ErrorKind::UnexpectedEof.into()));
        }
        Ok(answer)
    }

    fn silence(&self, error: &io::Error) -> io::Error {
        told(if is_late(error) {
            format!(
                "the server took the request and gave no whole answer within {}. Is it an HTTP server? If so, it is \
                 stuck or overburdened: look there.",
                humantime::format_duration(self.timeout)
            )
        } else {
            let advice = self.channel.advice();
            format!("the server ended the connection without an answer. {advice}")
        })
    }
}

/// How long the head is, once it is whole.
fn head(answer: &[u8]) -> Option<usize> {
    let end = answer.windows(4).position(|end| end == b"\r\n\r\n")?;
    Some(end + 4)
}

fn status(answer: &[u8]) -> Option<u16> {
    let text = String::from_utf8_lossy(answer);
    let mut words = text.strip_prefix("HTTP/1.")?.split([' ', '\r']);
    words.nth(1)?.parse().ok()
}

fn judge(answer: &[u8], channel: Channel, out: &mut impl Write) -> io::Result<()> {
    let advice = channel.advice();
    let Some(status) = status(answer) else {
        return Err(told(format!("the answer is not HTTP. {advice}")));
    };
    writeln!(out, "http         {status}")?;
    match status {
        401 => writeln!(out, "\nReached: it asks for credentials, as Unity Connection does."),
        300..=399 => {
            let head = String::from_utf8_lossy(answer);
            let location = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("location").then(|| plain(value.trim()))
            });
            Err(told(match location {
                Some(location) => format!(
                    "the server redirects to {location}, which is never followed. Set upstream.url to the origin that \
                     answers itself: the first part of that address, if it is the same server."
                ),
                None => "the server redirects without saying where to. Set upstream.url to the origin that answers \
                         itself."
                    .to_owned(),
            }))
        }
        400 => Err(told(format!("the server does not understand the request. {advice}"))),
        429 | 503 => Err(told(
            "a server is there and busy, or still starting. Try again in some minutes.".to_owned(),
        )),
        500..=599 => Err(told(format!(
            "a server is there and has trouble of its own ({status}). Look at its Tomcat, then try again."
        ))),
        _ => Err(told(format!(
            "a server is there, but without credentials Unity Connection would answer 401, not {status}. Is \
             upstream.url that of a Unity Connection?"
        ))),
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn told(sentence: String) -> io::Error {
    io::Error::other(sentence)
}

/// Foreign text, fit for a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}
