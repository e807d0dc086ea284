//! Tests of the whole, on real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a helper that fails is a failed test"
)]

mod accounts;
mod auth;
mod config;
mod cors;
mod errors;
mod openapi;
mod raw;
mod simulator;
mod support;
mod translation;
mod upstream;
