//! Tests of the whole, on real sockets.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    unreachable_pub,
    reason = "a helper that fails is a failed test"
)]

mod accounts;
mod alternate_devices;
mod architecture;
mod auth;
mod cache;
mod cli;
mod config;
mod cors;
mod errors;
mod kindness;
mod openapi;
mod process;
mod raw;
mod secrets;
mod simulator;
mod support;
mod tls;
mod translation;
mod upstream;
