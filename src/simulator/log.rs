//! The simulator's log of what it was asked. It holds secrets: tests read it, nothing prints it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Instant;

use actix_web::web::Bytes;

/// The most entries that the log keeps; the oldest go.
const LOG_LIMIT: usize = 20_000;

/// The newest requests.
#[derive(Default)]
pub struct Log {
    entries: VecDeque<LoggedRequest>,
    count: u64,
}

impl Log {
    /// Makes the number of the next request.
    pub fn next_number(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    /// Enters a request.
    pub fn push(&mut self, asked: LoggedRequest) {
        if self.entries.len() == LOG_LIMIT {
            self.entries.pop_front();
        }
        self.entries.push_back(asked);
    }

    /// Enters the status of an answer.
    pub fn answer(&mut self, number: u64, status: u16) {
        let mut newest_first = self.entries.iter_mut().rev();
        if let Some(asked) = newest_first.find(|asked| asked.number == number) {
            asked.status = status;
            asked.answered_at = Some(Instant::now());
        }
    }

    /// Reads the entries, the oldest first.
    pub fn entries(&self) -> impl Iterator<Item = &LoggedRequest> {
        self.entries.iter()
    }

    /// Forgets the entries.
    pub fn clear(&mut self) {
        self.entries.clear();
    }
}

/// One request, as Unity Connection saw it. It holds secrets and is never printed.
#[derive(Clone)]
pub struct LoggedRequest {
    /// A number that grows with every request.
    pub number: u64,
    /// When the request was complete.
    pub at: Instant,
    /// The method.
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The query as it was sent.
    pub query: Option<String>,
    /// The headers, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Bytes,
    /// The client's end of the connection.
    pub peer: Option<SocketAddr>,
    /// Whom the credentials name, right or wrong.
    pub alias: Option<String>,
    /// Whose live session the cookies belong to.
    pub session_of: Option<String>,
    /// The requests that were open at this moment, this one included.
    pub in_flight_when_begun: usize,
    /// The status of the answer; 0 as long as there is none.
    pub status: u16,
    /// When the answer began.
    pub answered_at: Option<Instant>,
}

impl LoggedRequest {
    /// Reads the first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}
