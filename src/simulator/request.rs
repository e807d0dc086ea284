//! A request, as far as resources are concerned.

use actix_web::web::Bytes;
use percent_encoding::percent_decode_str;

use super::answer::Refusal;
use super::switches::Switches;

/// A request of somebody who is signed in.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The path as it was sent.
    pub path: &'a str,
    /// The query.
    pub query: &'a str,
    /// The media type of the body, in lower case.
    pub media_type: &'a str,
    /// The body.
    pub body: &'a Bytes,
    /// How to answer.
    pub switches: &'a Switches,
}

impl Request<'_> {
    /// Splits the path below `/vmrest/` into decoded segments. There are none elsewhere.
    pub fn segments(&self) -> Vec<String> {
        let below = self.path.strip_prefix("/vmrest/").unwrap_or_default();
        let decode = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
        below.trim_end_matches('/').split('/').map(decode).collect()
    }

    /// Reads a query parameter as a servlet does: `+` is a blank, the first of several counts.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let mut pairs = url::form_urlencoded::parse(self.query.as_bytes());
        let (_, value) = pairs.find(|(known, _)| known == name)?;
        Some(value.into_owned())
    }

    /// Refuses other methods, and what writes without the content type that Unity Connection wants.
    pub fn must_be(&self, methods: &[&str], media_type: &str) -> Result<(), Refusal> {
        if !methods.contains(&self.method) {
            let message = format!("{} is not allowed.", self.method);
            return Err(Refusal {
                allow: Some(methods.join(", ")),
                ..Refusal::new(405, "METHOD_NOT_ALLOWED", message)
            });
        }
        if matches!(self.method, "PUT" | "POST") && self.media_type != media_type {
            let message = "Cannot consume content type.".to_owned();
            return Err(Refusal::new(415, "UNSUPPORTED_MEDIA_TYPE", message));
        }
        Ok(())
    }

    /// Makes the refusal of a path at which there is nothing.
    pub fn not_found(&self) -> Refusal {
        Refusal::new(404, "NOT_FOUND", format!("{} does not exist.", self.path))
    }

    /// Makes the refusal of what the class of service does not permit.
    pub fn not_permitted(&self, right: &str) -> Refusal {
        let message = format!("Access denied: {right} is false.");
        Refusal::new(self.switches.cos_refusal, "FORBIDDEN", message)
    }
}
