//! `health`: asks a running gateway whether it is ready (`/readyz` on the admin address).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::config::{self, Admin};

/// How long the connection may take, and then each part of the answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The most bytes that are read of an answer; a gateway sends fewer.
const LIMIT: u64 = 4096;

/// Prints `ready`. Fails when the gateway is not ready or does not answer.
pub fn run(config: Admin, out: &mut impl Write) -> io::Result<()> {
    let address = config::reachable(config.bind);
    let fault = match ask(address) {
        Ok(answer) => match status(&answer) {
            Some("200") => return writeln!(out, "ready"),
            Some("503") => "the gateway is ending".to_owned(),
            _ => "the answer is not a gateway's. Is admin.bind right?".to_owned(),
        },
        Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
            format!("no answer within {}", humantime::format_duration(TIMEOUT))
        }
        Err(error) => error.to_string(),
    };
    Err(io::Error::other(format!("not ready: http://{address}/readyz: {fault}")))
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    let request = format!("GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LIMIT).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn status(answer: &str) -> Option<&str> {
    answer.strip_prefix("HTTP/1.1 ")?.split([' ', '\r']).next()
}
