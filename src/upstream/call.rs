//! What is asked of Unity Connection: the facts of one call. A call is built by naming what differs
//! from a plain one, so that a new fact changes this file and those who need it.

use actix_web::http::Method;
use actix_web::web::Bytes;
use secrecy::SecretString;

use crate::object_id::ObjectId;

/// The media type of CUPI's documents.
const XML: &str = "application/xml";

/// The media type of recordings.
const WAV: &str = "audio/wav";

/// One call to Unity Connection.
#[derive(Clone, Debug)]
pub struct Call {
    /// GET, PUT, POST or DELETE.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// The name and value of a query parameter that is never shown.
    pub secret: Option<(&'static str, SecretString)>,
    /// The body. A GET has none.
    pub body: Bytes,
    /// The media type of the body. Unity Connection wants it on every write, body or not.
    pub content_type: &'static str,
    /// The media types that are asked for.
    pub accept: &'static str,
    /// The largest answer that is taken, where it is another than `upstream.max_response_size`.
    pub limit: Option<Limit>,
    /// Whether the caller's session ends with this call, whatever comes of it.
    pub ends_session: bool,
}

/// The largest answer that a call takes.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    /// In bytes.
    pub size: usize,
    /// What is wrong with a larger one: "it is …".
    pub exceeded: &'static str,
}

impl Call {
    /// A call without a body that asks for XML.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            secret: None,
            body: Bytes::new(),
            content_type: XML,
            accept: XML,
            limit: None,
            ends_session: false,
        }
    }

    /// A call that reads.
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A call that reads a recording. Errors come as XML.
    pub fn download(path: impl Into<String>, limit: Limit) -> Self {
        Self { accept: "audio/wav, application/xml", limit: Some(limit), ..Self::get(path) }
    }

    /// A call that replaces a recording.
    pub fn upload(path: impl Into<String>, recording: Bytes) -> Self {
        Self { body: recording, content_type: WAV, ..Self::new(Method::PUT, path) }
    }

    /// Whether it replaces a recording.
    pub fn is_upload(&self) -> bool {
        self.content_type == WAV
    }

    /// The path as a metric's label: every id and number is replaced, and the query is left out.
    pub fn route(&self) -> String {
        let path = self.path.split('?').next().unwrap_or_default();
        let mut route = String::with_capacity(path.len());
        for segment in path.split('/').skip(1) {
            route.push('/');
            route.push_str(match segment {
                id if ObjectId::parse(id).is_some() => "{objectId}",
                number if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => {
                    "{languageCode}"
                }
                name => name,
            });
        }
        route
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_has_no_ids_numbers_or_queries() {
        let id = "75436ABF-8784-450f-ac61-23a08be2c364";
        let cases = [
            ("/vmrest/user".to_owned(), "/vmrest/user"),
            (
                format!("/vmrest/user/privatelists/{id}/privatelistmembers/{id}"),
                "/vmrest/user/privatelists/{objectId}/privatelistmembers/{objectId}",
            ),
            (
                format!("/vmrest/user/privatelists/{id}/voicename"),
                "/vmrest/user/privatelists/{objectId}/voicename",
            ),
            (
                "/vmrest/user/greetings/Off%20Hours/greetingstreamfiles/1033".to_owned(),
                "/vmrest/user/greetings/Off%20Hours/greetingstreamfiles/{languageCode}",
            ),
            (
                "/vmrest/directory/addressable?query=(name%20is%20a/b)".to_owned(),
                "/vmrest/directory/addressable",
            ),
        ];
        for (path, route) in cases {
            assert_eq!(Call::get(path).route(), route);
        }
    }
}
