//! Where an answer ends (RFC 9112, section 6.3).
//!
//! awc takes a body that was cut off for a whole one, and keeps a connection whose answer may have
//! more to come. So lengths are looked at here.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;

use actix_web::body::{BodyStream, MessageBody};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use actix_web::http::{StatusCode, Version};
use actix_web::web::{Bytes, BytesMut};
use awc::ClientResponse;

use super::call::Limit;

/// The room that is made for a body before it comes, in bytes.
const MAX_RESERVED: usize = 256 * 1024;

const CUT_OFF: &str = "it was cut off";
/// What is wrong with an answer that is larger than usual.
pub const TOO_LARGE: &str = "it is too large";

/// Whether it is sure where the answer ends, and that there may be one: only then can its connection
/// carry another call.
pub fn is_framed(response: &ClientResponse) -> bool {
    let status = response.status();
    let headers = response.headers();
    let has_body = !status.is_informational()
        && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    has_body && (content_length(headers).is_some() != is_chunked(headers))
}

/// Takes the whole body. Fails with the reason why it cannot be used. `ended` is set where a connection is seen to end
/// while it is read.
pub async fn body(
    response: &mut ClientResponse,
    limit: Limit,
    ended: &Cell<bool>,
) -> Result<Bytes, &'static str> {
    let length = content_length(response.headers());
    let chunked = is_chunked(response.headers());
    let known = length.is_some()
        || chunked
        || response.status() == StatusCode::NO_CONTENT
        || response.version() < Version::HTTP_11;
    let encoded = response.headers().contains_key(CONTENT_ENCODING);
    if length.is_some_and(|length| length > limit.size) {
        return Err(limit.exceeded);
    }
    // awc would begin without room for it and move it again and again. A length is only a claim.
    let mut body = BytesMut::with_capacity(length.unwrap_or_default().min(MAX_RESERVED));
    let mut pieces = pin!(BodyStream::new(response));
    let mut next = async || {
        let next = poll_fn(|context| {
            ended.set(false);
            pieces.as_mut().poll_next(context)
        });
        next.await
    };
    while let Some(piece) = next().await {
        let piece = piece.map_err(|_cut| CUT_OFF)?;
        if body.len() + piece.len() > limit.size {
            return Err(limit.exceeded);
        }
        body.extend_from_slice(&piece);
    }
    // A chunked body that ends with its connection lacks its last chunk, which awc does not see.
    let is_cut = chunked && ended.get();
    if is_cut || length.is_some_and(|length| length != body.len()) {
        Err(CUT_OFF)
    } else if encoded {
        Err("it is compressed")
    } else if known {
        Ok(body.freeze())
    } else {
        Err("its length is not known")
    }
}

fn content_length(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    length.bytes().all(|digit| digit.is_ascii_digit()).then(|| length.parse().ok())?
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING);
    let coding = codings
        .next()
        .is_some_and(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"));
    coding && codings.next().is_none()
}
