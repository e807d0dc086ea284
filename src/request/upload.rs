//! A body that is a recording.

use std::future::{Ready, poll_fn, ready};
use std::pin::pin;
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{FromRequest, HttpRequest};
use tokio::time::timeout;

use super::{cut_off, media_type};
use crate::drain::Drain;
use crate::error::Error;

/// The media types of WAV files (RFC 2361 and what browsers call them).
const MEDIA_TYPES: [&str; 4] = ["audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"];

/// A body that is declared as a WAV file, of which nothing has been read.
pub struct Upload {
    payload: web::Payload,
    length: Option<usize>,
    drain: Option<web::Data<Drain>>,
}

/// The bounds of an upload.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The bytes that there is room for.
    pub size: usize,
    /// The bytes that any recording may have.
    pub max_size: usize,
    /// How long it may take.
    pub timeout: Duration,
}

impl FromRequest for Upload {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if let Err(error) = check_declaration(request) {
            return ready(Err(error));
        }
        let length = request.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        let drain = request.app_data::<web::Data<Drain>>().cloned();
        let payload = web::Payload::from_request(request, payload).into_inner();
        ready(payload.map(|payload| Self { payload, length, drain }).map_err(|_none| cut_off()))
    }
}

/// Refuses a body for what its head says: another media type, an encoding.
fn check_declaration(request: &HttpRequest) -> Result<(), Error> {
    let headers = request.headers();
    let declared = media_type(headers);
    let is_audio = MEDIA_TYPES.iter().any(|known| declared.eq_ignore_ascii_case(known.as_bytes()));
    if !is_audio {
        Err(Error::NotDeclaredAsAudio)
    } else if headers.contains_key(CONTENT_ENCODING) {
        Err(Error::UnsupportedContentCoding)
    } else {
        Ok(())
    }
}

impl Upload {
    /// The bytes that its head promises; none where it says nothing of it.
    pub fn length(&self) -> Option<usize> {
        self.length
    }

    /// Reads it whole.
    pub async fn receive(self, bounds: Bounds) -> Result<Bytes, Error> {
        let drain = self.drain.clone();
        let receive = timeout(bounds.timeout, self.read(bounds));
        let late = || Error::UploadTimeout(bounds.timeout);
        match drain {
            None => receive.await.unwrap_or_else(|_late| Err(late())),
            // A body that has not arrived by then is not waited for.
            Some(drain) => tokio::select! {
                biased;
                received = receive => received.unwrap_or_else(|_late| Err(late())),
                () = drain.draining() => Err(late()),
            },
        }
    }

    async fn read(self, bounds: Bounds) -> Result<Bytes, Error> {
        let mut payload = pin!(BodyStream::new(self.payload));
        // Memory that is not written to is not taken.
        let mut body = BytesMut::with_capacity(bounds.size);
        while let Some(part) = poll_fn(|context| payload.as_mut().poll_next(context)).await {
            let part = part.map_err(|_cut| cut_off())?;
            if body.len() + part.len() > bounds.size {
                return Err(Error::RecordingTooLarge(bounds.max_size));
            }
            body.extend_from_slice(&part);
        }
        Ok(body.freeze())
    }
}
