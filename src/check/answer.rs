//! What the answer of a server says about it.

use std::io::{self, Write};

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;

use super::{Channel, Outcome, plain, told};
use crate::config;
use crate::error::Error;
use crate::upstream::exchange::Reply;

/// Prints the status. Fails where it is not what Unity Connection answers.
pub fn judge(
    config: &config::Upstream,
    outcome: Outcome,
    channel: Channel,
    out: &mut impl Write,
) -> io::Result<Reply> {
    let advice = channel.advice();
    let reply = match outcome {
        Outcome::Answered(reply) => reply,
        Outcome::Late => {
            return Err(told(format!(
                "the server took the request and gave no whole answer within {}. Is it an HTTP server? If so, it is \
                 stuck or overburdened: look there.",
                humantime::format_duration(config.timeout)
            )));
        }
        Outcome::Failed(failure) => match failure.error {
            Error::UpstreamInvalidResponse { .. } => {
                return Err(told(format!("the answer is not HTTP. {advice}")));
            }
            Error::UpstreamError(answer) => {
                writeln!(out, "http         {}", answer.status)?;
                return Err(told(format!(
                    "the server sends an interim answer ({}) that nobody asked for, and the gateway takes none. {advice}",
                    answer.status
                )));
            }
            _ => {
                return Err(told(format!(
                    "the server ended the connection without an answer. {advice}"
                )));
            }
        },
    };
    let status = reply.status;
    writeln!(out, "http         {}", status.as_u16())?;
    if status == StatusCode::UNAUTHORIZED {
        writeln!(out, "\nReached: it asks for credentials, as Unity Connection does.")?;
        return Ok(reply);
    }
    Err(told(match status.as_u16() {
        300..=399 => redirected(config, &reply),
        400 => format!("the server does not understand the request. {advice}"),
        429 | 503 => "a server is there and busy, or still starting. Try again in some minutes. If it stays so and a \
                      balancer such as HAProxy stands between, the server behind it may be down: look there."
            .to_owned(),
        502 | 504 => format!(
            "a balancer is there and gets no answer from the server behind it ({}). Look whether that one runs.",
            status.as_u16()
        ),
        500..=599 => format!(
            "a server is there and has trouble of its own ({}). Look at its Tomcat, then try again.",
            status.as_u16()
        ),
        other => format!(
            "a server is there, but without credentials Unity Connection would answer 401, not {other}. Is upstream.url \
             that of a Unity Connection?"
        ),
    }))
}

fn redirected(config: &config::Upstream, reply: &Reply) -> String {
    let Some(location) = reply.headers.get(LOCATION) else {
        return "the server redirects without saying where to. Set upstream.url to the origin that answers itself."
            .to_owned();
    };
    let location = String::from_utf8_lossy(location.as_bytes());
    let target = config.url.join(&location);
    let shown = plain(&location);
    if target.is_ok_and(|target| target.host() == config.url.host()) {
        format!(
            "the server redirects to {shown}, which is never followed. Set upstream.url to the origin that answers \
             itself: the first part of that address."
        )
    } else {
        format!(
            "the server redirects to another host, {shown}, which is never followed. That may be single sign-on: ask the \
             administrator of Unity Connection whether it is switched on for the REST API. Callers then need its tokens \
             instead of passwords. If it is not, is upstream.url that of a Unity Connection?"
        )
    }
}
