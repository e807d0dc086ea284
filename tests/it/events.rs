//! What an operator is told of Unity Connection in the long run, minute by minute.

use std::time::{Duration, Instant};

use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use cupi_gateway::access::AccessRecord;
use cupi_gateway::config::Config;
use cupi_gateway::credentials::CallerKeys;
use cupi_gateway::error::{Error, UpstreamAnswer};
use cupi_gateway::metrics::Metrics;
use cupi_gateway::upstream::exchange::Failure;
use cupi_gateway::upstream::health::Health;
use cupi_gateway::upstream::queue::Queue;
use cupi_gateway::upstream::turns::End;
use tokio::time;

use crate::operation::Log;
use crate::support::FUNG;

#[test]
fn another_way_to_be_gone_is_told_of_too() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let health = Health::default();
    let begin = Instant::now();
    let meet = |error: Error, minute: u64| {
        let failure = Err(Failure::late(error));
        health.report(&failure, begin + Duration::from_secs(60 * minute));
    };
    let redirected = || Error::UpstreamRedirected(UpstreamAnswer::new(StatusCode::FOUND));

    for minute in 0..10 {
        meet(Error::UpstreamUnreachable, minute);
        meet(Error::UpstreamTimeout(None), minute);
    }
    assert_eq!(log.count("WARN"), 1);
    meet(Error::UpstreamUntrusted, 10);
    meet(Error::UpstreamUntrusted, 11);
    meet(redirected(), 12);
    meet(redirected(), 13);

    assert_eq!(log.count("Unity Connection does not answer"), 1);
    assert_eq!(log.count("certificate is not trusted"), 1);
    assert_eq!(log.count("redirects"), 1);
    assert_eq!(log.count("answers again"), 0);
    // A server that answers with an error is there.
    meet(Error::UpstreamError(UpstreamAnswer::default()), 14);
    assert_eq!(log.count("answers again"), 1);
}

#[test]
fn nothing_but_503_for_a_minute_is_told_of_once() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let health = Health::default();
    let begin = Instant::now();
    let meet = |status: StatusCode, second: u64| {
        let answer = UpstreamAnswer::new(status);
        let error = match status.as_u16() {
            429 | 503 => Error::UpstreamBusy(answer),
            _ => Error::UpstreamError(answer),
        };
        health.report(&Err(Failure::late(error)), begin + Duration::from_secs(second));
    };
    let (busy, told) = (StatusCode::SERVICE_UNAVAILABLE, "may answer for a server that is down");

    meet(busy, 0);
    meet(busy, 59);
    // One that answers now and then is busy only.
    meet(StatusCode::FORBIDDEN, 60);
    meet(busy, 61);
    meet(StatusCode::TOO_MANY_REQUESTS, 100);
    meet(busy, 101);
    meet(busy, 160);
    assert_eq!(log.count("WARN"), 0);
    meet(busy, 161);
    meet(busy, 300);
    assert_eq!((log.count(told), log.count("WARN")), (1, 1));
    meet(StatusCode::FORBIDDEN, 301);
    assert_eq!(log.count("answers again"), 1);
}

#[actix_web::test]
async fn a_burden_that_stays_is_told_of_even_where_it_began_unseen() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let config = Config::parse("upstream.url = 'http://localhost'").unwrap();
    let queue = Queue::new(&config.upstream, &Metrics::new());
    let request = TestRequest::default().insert_header(FUNG).to_http_request();
    let caller = CallerKeys::new().caller(request.headers()).unwrap().key;
    let record = AccessRecord::default();
    let turn = async || queue.turn(caller, true, &record).await.ok().unwrap();
    let overload = async || turn().await.slow_down();
    let told = || (log.count("is overburdened"), log.count("keeps up again"));
    time::pause();

    overload().await;
    assert_eq!(told(), (1, 0));
    for _ in 0..20 {
        turn().await.will_end(End::Answered { accepted: true });
    }
    assert_eq!(told(), (1, 1));
    // Within the minute nothing is said, but what stays is.
    overload().await;
    assert_eq!(told(), (1, 1));
    for _ in 0..5 {
        time::advance(Duration::from_secs(61)).await;
        overload().await;
    }

    assert_eq!(told(), (2, 1));
}
