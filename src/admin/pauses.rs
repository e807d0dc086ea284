//! `DELETE /sign-in-pauses` and `DELETE /sign-in-pauses/{caller}`: an administrator who has unlocked
//! an account ends its pause.
//!
//! Only somebody at this machine may, as with `kubectl port-forward`. A page in a browser on this
//! machine may not: browsers say who asks, and a name that was bound to a loopback address for the
//! purpose is not a loopback name.

use actix_web::http::header::{HOST, HeaderName, ORIGIN};
use actix_web::http::uri::Authority;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};

use crate::upstream::Door;

/// What browsers send with requests of their pages.
const SENT_BY_BROWSERS: [HeaderName; 4] = [
    ORIGIN,
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-dest"),
];

/// Registers both.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(web::resource("/sign-in-pauses").delete(end_all))
        .service(web::resource("/sign-in-pauses/{caller}").delete(end_one));
}

/// Ends all pauses.
async fn end_all(request: HttpRequest, door: Data<Door>) -> HttpResponse {
    if !is_from_here(&request) {
        return forbidden();
    }
    let pauses = door.end_sign_in_pauses(None).await;
    tracing::info!(pauses, "sign-in pauses ended by an administrator");
    HttpResponse::NoContent().finish()
}

/// Ends the pause of the caller with these digits, as in the access line.
async fn end_one(request: HttpRequest, door: Data<Door>, caller: Path<String>) -> HttpResponse {
    if !is_from_here(&request) {
        return forbidden();
    }
    let caller = caller.to_ascii_lowercase();
    match door.end_sign_in_pauses(Some(&caller)).await {
        0 => HttpResponse::NotFound().body("no such pause\n"),
        pauses => {
            tracing::info!(pauses, caller, "sign-in pause ended by an administrator");
            HttpResponse::NoContent().finish()
        }
    }
}

fn forbidden() -> HttpResponse {
    HttpResponse::Forbidden().body("only from this machine, and not from a page in a browser\n")
}

/// Whether peer and `Host` are this machine's own, and no page asks.
fn is_from_here(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let peer = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
    let mut hosts = headers.get_all(HOST);
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok().and_then(|host| host.parse().ok()),
        _ => None,
    };
    // A request line may name a host too, and then that one counts (RFC 9112, section 3.2.2).
    let named = request.uri().authority();
    peer && host.is_some_and(|host| is_loopback(&host))
        && named.is_none_or(is_loopback)
        && !SENT_BY_BROWSERS.iter().any(|name| headers.contains_key(name))
}

fn is_loopback(authority: &Authority) -> bool {
    let host = authority.host();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<std::net::IpAddr>();
    !authority.as_str().contains('@')
        && (host.eq_ignore_ascii_case("localhost")
            || address.is_ok_and(|address| address.to_canonical().is_loopback()))
}
