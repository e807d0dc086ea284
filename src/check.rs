//! `check`: reaches Unity Connection once, without credentials, and says what was found and what to
//! do. Written to be read at two in the morning.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use crate::config;

pub mod certificate;

/// How much of an answer is read: its head is enough.
const HEAD: usize = 16 * 1024;

/// Prints the findings line by line. Fails with what is wrong, then what to do.
pub fn run(config: &config::Upstream, out: &mut impl Write) -> io::Result<()> {
    let url = &config.url;
    let (host, port) = (
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or(443),
    );
    writeln!(out, "upstream     {}", url.origin().ascii_serialization())?;

    // Brackets are the URL's spelling of an IPv6 address.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let stream = connect(config, name, port, out)?;
    stream.set_read_timeout(Some(config.timeout))?;
    stream.set_write_timeout(Some(config.timeout))?;
    let clock = stream.try_clone()?;
    let question = Question {
        authority: url.authority(),
        clock: &clock,
        timeout: config.timeout,
    };
    let answer = if url.scheme() == "https" {
        let mut stream = certificate::handshake(config, name, stream, out)?;
        question.ask(&mut stream)
    } else {
        writeln!(out, "tls          none: passwords travel in clear")?;
        let mut stream = stream;
        question.ask(&mut stream)
    };
    judge(&answer?, out)
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

/// What is asked of the server, and for how long.
struct Question<'a> {
    authority: &'a str,
    clock: &'a TcpStream,
    timeout: Duration,
}

impl Question<'_> {
    /// Asks for what every user may read, without saying who asks, and reads the answer's head.
    fn ask(&self, stream: &mut (impl Read + Write)) -> io::Result<String> {
        let agent = concat!("cupi-gateway/", env!("CARGO_PKG_VERSION"));
        let request = format!(
            "GET /vmrest/user HTTP/1.1\r\nHost: {}\r\nAccept: application/xml\r\nUser-Agent: {agent}\r\n\
             Connection: close\r\n\r\n",
            self.authority
        );
        let begun = Instant::now();
        let sent = stream.write_all(request.as_bytes());
        sent.and_then(|()| stream.flush())
            .map_err(|error| self.silence(&error))?;
        let mut answer = Vec::new();
        let mut part = [0; 1024];
        while answer.len() < HEAD && !answer.windows(4).any(|end| end == b"\r\n\r\n") {
            let left = self.timeout.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return Err(self.silence(&ErrorKind::TimedOut.into()));
            }
            self.clock.set_read_timeout(Some(left))?;
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
        }
        if answer.is_empty() {
            return Err(self.silence(&ErrorKind::UnexpectedEof.into()));
        }
        Ok(String::from_utf8_lossy(&answer).into_owned())
    }

    fn silence(&self, error: &io::Error) -> io::Error {
        told(if is_late(error) {
            format!(
                "the server took the request and gave no whole answer within {}. Is it an HTTP server? If so, it is \
                 stuck or overburdened: look there.",
                humantime::format_duration(self.timeout)
            )
        } else {
            "the server ended the connection without an answer. If the port speaks TLS, write https:// in upstream.url; \
             if it does not speak HTTP, use another port (8443 or 443)."
                .to_owned()
        })
    }
}

fn judge(answer: &str, out: &mut impl Write) -> io::Result<()> {
    let status = answer
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split([' ', '\r']).nth(1)?.parse::<u16>().ok());
    let Some(status) = status else {
        return Err(told(
            "the answer is not HTTP. If the port speaks TLS, write https:// in upstream.url; else use another port (8443 \
             or 443)."
                .to_owned(),
        ));
    };
    writeln!(out, "http         {status}")?;
    match status {
        401 => writeln!(
            out,
            "\nReached: it asks for credentials, as Unity Connection does."
        ),
        300..=399 => {
            let location = answer.lines().find_map(|line| {
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
        400 => Err(told(
            "the server does not understand the request. If the port speaks TLS, write https:// in upstream.url.".to_owned(),
        )),
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
