use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::FromRequest;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::test::TestRequest;
use actix_web::web::Bytes;
use futures_core::Stream;
use tokio::runtime::Builder;
use tokio::time::Instant;

use super::{JsonBody, check_query};
use crate::error::Error;

/// A body that begins and never goes on.
struct Stalled(Option<Bytes>);

impl Stream for Stalled {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.take() {
            Some(bytes) => Poll::Ready(Some(Ok(bytes))),
            None => Poll::Pending,
        }
    }
}

#[test]
fn a_body_that_stalls_is_given_up_after_ten_seconds() {
    let mut runtime = Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    let (request, _) =
        TestRequest::default().insert_header(("content-type", "application/json")).to_http_parts();
    let stalled = Stalled(Some(Bytes::from_static(b"{")));
    let mut payload: Payload = Payload::Stream { payload: Box::pin(stalled) };

    let (outcome, waited) = runtime.block_on(async {
        let begun = Instant::now();
        let outcome =
            JsonBody::from_request(&request, &mut payload).await.map(|JsonBody(body)| body);
        (outcome, begun.elapsed())
    });

    assert!(matches!(outcome, Err(Error::RequestTimeout)), "{outcome:?}");
    assert!(waited >= Duration::from_secs(10), "{waited:?}");
    assert!(waited < Duration::from_secs(11), "{waited:?}");
}

#[test]
fn a_parameter_may_stand_in_a_query_once() {
    let cases = [
        ("", Ok(vec![])),
        ("a=1", Ok(vec![("a", "1")])),
        ("b=&a=%26", Ok(vec![("b", ""), ("a", "&")])),
        ("a=1&a=1", Err("The query parameter `a` stands there more than once. Send it once.")),
        (
            "a=1&c=2&a=3&d",
            Err("This address does not take the query parameter `c`, `d`. Remove it. The query \
                 parameter `a` stands there more than once. Send it once."),
        ),
    ];
    for (query, expected) in cases {
        let owned = |pairs: Vec<(&str, &str)>| {
            let pairs = pairs.into_iter();
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect::<Vec<_>>()
        };
        let found = check_query(query, &["a", "b"]).map_err(|error| error.to_string());
        assert_eq!(found, expected.map(owned).map_err(str::to_owned), "{query}");
    }
}
