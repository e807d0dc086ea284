//! Tests of the whole, on real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a helper that fails is a failed test"
)]

mod accounts;
mod architecture;
mod auth;
mod cli;
mod cache;
mod config;
mod cors;
mod errors;
mod openapi;
mod process;
mod kindness;
mod raw;
mod secrets;
mod simulator;
mod support;
mod tls;
mod translation;
mod upstream;
