//! Bodies on their way in and out, watched: what they hold, and how long they wait for the client.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_core::Stream;

use crate::connection::request::{Body, Request};
use crate::drain::InFlight;

/// The most of an answer that is given to the connection at once: actix copies what it is given.
const PART: usize = 16 * 1024;

/// A request's body, which its connection waits for.
pub struct Incoming {
    payload: Payload,
    /// What of it is still to come, where actix does not look at its length.
    left: Option<usize>,
    request: Rc<Request>,
}

impl Incoming {
    /// Watches a body, which has `length` bytes where that is given.
    pub fn watch(payload: Payload, length: Option<usize>, request: &Rc<Request>) -> Payload {
        request.set_body(Body::Arriving);
        let incoming = Self { payload, left: length, request: Rc::clone(request) };
        Payload::Stream { payload: Box::pin(incoming) }
    }
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, PayloadError>>> {
        if self.left == Some(0) {
            self.request.set_body(Body::Arrived);
            return Poll::Ready(None);
        }
        let mut next = Pin::new(&mut self.payload).poll_next(context);
        if let (Some(left), Poll::Ready(Some(Ok(part)))) = (&mut self.left, &mut next) {
            part.truncate(*left);
            *left -= part.len();
        }
        match &next {
            Poll::Pending => self.request.wait_for_body(),
            Poll::Ready(Some(Ok(part))) => self.request.receive(part.len()),
            Poll::Ready(Some(Err(_)) | None) => self.request.set_body(Body::Arrived),
        }
        next
    }
}

/// An answer's body, which the client takes part by part. It keeps its request in flight until it was sent.
pub struct Outgoing {
    body: BoxBody,
    rest: Bytes,
    in_flight: Option<InFlight>,
    request: Option<Rc<Request>>,
}

impl Outgoing {
    /// Watches a body.
    pub fn watch(body: BoxBody, in_flight: InFlight, request: Option<Rc<Request>>) -> BoxBody {
        BoxBody::new(Self { body, rest: Bytes::new(), in_flight: Some(in_flight), request })
    }
}

impl MessageBody for Outgoing {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        if self.rest.is_empty() {
            match self.body.as_pin_mut().poll_next(context) {
                Poll::Ready(Some(Ok(part))) => self.rest = part,
                other => {
                    if matches!(other, Poll::Ready(None)) {
                        self.in_flight = None;
                        self.request = None;
                    }
                    return other;
                }
            }
        }
        if let Some(request) = &self.request {
            request.wait_for_taking();
        }
        let length = self.rest.len().min(PART);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}
