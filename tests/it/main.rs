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
mod certificates;
mod check;
mod cli;
mod command_line;
mod config;
mod cors;
mod errors;
mod events;
mod health;
mod http2;
mod kindness;
mod metrics;
mod openapi;
mod operation;
mod pauses;
mod preconditions;
mod process;
mod raw;
mod recordings;
mod robustness;
mod secrets;
mod sessions;
mod shutdown;
mod simulator;
mod stalls;
mod support;
mod tables;
mod tls;
mod translation;
mod upstream;
