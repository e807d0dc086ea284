//! The simulator's answers: documents, refusals, the container's pages.

use std::future::Future;

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody};
use actix_web::http::StatusCode;
use actix_web::web::Bytes;

use super::switches::Switches;
use super::switches::values::{CreatedBody, Cut, ErrorBody, Framing, Location, Stall};
use super::wire::{Body, Connection, Then};
use super::xml;

/// The origin that answers name.
const ORIGIN: &str = "https://localhost:8443";

/// A refusal: status, code and message of an `ErrorDetails`, and what a 405 allows.
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The code, invented: Cisco does not publish its own.
    pub code: &'static str,
    /// The message.
    pub message: String,
    /// The methods that a 405 allows.
    pub allow: Option<String>,
}

impl Refusal {
    /// Makes a refusal.
    pub fn new(status: u16, code: &'static str, message: String) -> Self {
        Self { status, code, message, allow: None }
    }

    /// Makes the refusal of what the client sent.
    pub fn bad_input(code: &'static str, message: String) -> Self {
        Self::new(400, code, message)
    }
}

/// An answer as plain data.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, but for those of HTTP itself.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// Answers 200 with a document. The type has no charset, as with Unity Connection.
    pub fn document(document: String) -> Self {
        Self::xml(200, document)
    }

    /// Answers 204; it carries a type all the same, as in Cisco's samples.
    pub fn done() -> Self {
        Self::xml(204, String::new())
    }

    /// Answers 200 with a recording.
    pub fn audio(file: Bytes, media_type: &str) -> Self {
        Self::new(200, media_type, file)
    }

    /// Answers 201 as the guide says: the relative URI of what was created, as text.
    pub fn created(list: &str, id: &str, (body, location): (CreatedBody, Location)) -> Self {
        let body = match body {
            CreatedBody::Uri => format!("{list}/{id}"),
            CreatedBody::Empty => String::new(),
            CreatedBody::Other => "Created".to_owned(),
        };
        let mut reply = Self::xml(201, body);
        let location = match location {
            Location::Good => format!("{ORIGIN}{list}/{id}"),
            // As a guide of Cisco's prints it: another scheme, the path twice.
            Location::Malformed => format!("http://localhost{list}{list}/{id}"),
            Location::Missing => return reply,
        };
        reply.headers.push(("Location", location));
        reply
    }

    /// Answers 302 to the place where https would be.
    pub fn redirect(uri: &str) -> Self {
        let mut reply = Self::page(302, "Found");
        reply.headers.push(("Location", format!("{ORIGIN}{uri}")));
        reply
    }

    /// Answers with a refusal: the container's page for what it refuses itself, `ErrorDetails` otherwise.
    pub fn refusal(refusal: &Refusal, switches: &Switches) -> Self {
        let Refusal { status, code, message, allow } = refusal;
        let mut reply = match (status, switches.error_body) {
            (401, _) => Self::challenge(),
            (415, _) | (503, ErrorBody::Xml) | (_, ErrorBody::Html) => Self::page(*status, message),
            (_, ErrorBody::Xml) => Self::xml(*status, error_details(code, message, 1)),
            (_, ErrorBody::Several) => Self::xml(*status, error_details(code, message, 2)),
            (_, ErrorBody::Empty) => Self::xml(*status, String::new()),
        };
        if let Some(allow) = allow {
            reply.headers.push(("Allow", allow.clone()));
        }
        reply
    }

    /// Answers with a page of the container, as old Tomcats make them: no XML.
    pub fn page(status: u16, message: &str) -> Self {
        let message = message.replace('&', "&amp;").replace('<', "&lt;");
        let body = format!(
            "<html><head><title>Error report</title></head><body><h1>HTTP Status {status} - </h1><HR size=1>\
             <p><b>Exception:</b><pre>{message}</pre><HR size=1></body></html>"
        );
        Self::new(status, "text/html;charset=utf-8", body.into())
    }

    fn challenge() -> Self {
        let mut reply = Self::page(401, "This request requires HTTP authentication.");
        let challenge = r#"Basic realm="Cisco Web Services Realm""#;
        reply.headers.push(("WWW-Authenticate", challenge.to_owned()));
        reply
    }

    fn xml(status: u16, body: String) -> Self {
        Self::new(status, "application/xml", body.into())
    }

    fn new(status: u16, content_type: &str, body: Bytes) -> Self {
        Self { status, headers: vec![("Content-Type", content_type.to_owned())], body }
    }

    /// Adds cookies to set.
    pub fn set_cookies(&mut self, cookies: impl IntoIterator<Item = String>) {
        self.headers.extend(cookies.into_iter().map(|cookie| ("Set-Cookie", cookie)));
    }

    /// Tells whether the answer sets a `REQUEST_TOKEN_KEY`.
    pub fn sets_request_token(&self) -> bool {
        self.headers.iter().any(|(_, value)| value.starts_with("REQUEST_TOKEN_KEY="))
    }

    /// Makes the response. A stalled body goes on when `released` ends.
    pub fn send(
        self,
        switches: &Switches,
        connection: Connection,
        released: impl Future<Output = ()> + 'static,
    ) -> HttpResponse<BoxBody> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.append_header(("Server", ""));
        for header in self.headers {
            response.append_header(header);
        }
        if let Some((name, value)) = &switches.header {
            response.append_header((name.as_str(), value.as_str()));
        }
        let mut first = self.body;
        if first.is_empty() {
            return response.finish();
        }
        let mut size = match switches.framing {
            Framing::Length => BodySize::Sized(first.len() as u64),
            Framing::Chunked => BodySize::Stream,
        };
        let rest = first.split_off(first.len() / 2);
        let rest_or_nothing = (switches.cut == Cut::Off).then_some(rest.clone());
        let then: Then = match (switches.cut, switches.stall) {
            (Cut::Off, Stall::Body) => Box::pin(async {
                released.await;
                Ok(())
            }),
            (Cut::Off, _) => Box::pin(async { Ok(()) }),
            (Cut::Length | Cut::Chunked, _) => Box::pin(connection.break_off()),
        };
        if switches.cut == Cut::Chunked {
            // Framed by hand, as the chunk promises more than it holds.
            let promise = format!("{:x}\r\n", first.len() + rest.len());
            first = Bytes::from([promise.as_bytes(), &first].concat());
            size = BodySize::Stream;
            response.append_header(("Transfer-Encoding", "chunked"));
        } else if switches.cut == Cut::Length {
            size = BodySize::Sized((first.len() + rest.len()) as u64);
        }
        let mut response = response.body(Body {
            size,
            first: Some(first),
            then: Some(then),
            last: rest_or_nothing,
        });
        response.head_mut().no_chunking(switches.cut == Cut::Chunked);
        response
    }
}

fn error_details(code: &str, message: &str, count: usize) -> String {
    let errors = |number| {
        let text = |name, text: &str| xml::Element { name, text: text.to_owned(), stray: false };
        match number {
            0 => vec![text("code", code), text("message", message)],
            _ => vec![text("code", "SECOND"), text("message", "There is more to say.")],
        }
    };
    let errors: Vec<_> = (0..count).map(errors).collect();
    xml::list("ErrorDetails", None, "errors", &errors)
}
