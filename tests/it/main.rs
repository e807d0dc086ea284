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
mod class_of_service;
mod cli;
mod command_line;
mod composite;
mod config;
mod cors;
mod directory;
mod errors;
mod events;
mod greed;
mod greetings;
mod health;
mod html_devices;
mod http2;
mod kindness;
mod location;
mod metrics;
mod openapi;
mod operation;
mod pauses;
mod pin;
mod preconditions;
mod private_list_members;
mod private_lists;
mod process;
mod raw;
mod recordings;
mod robustness;
mod secrets;
mod sessions;
mod shared;
mod shutdown;
mod simulator;
mod smtp_devices;
mod smtp_proxy_addresses;
mod stalls;
mod support;
mod survey;
mod system_configuration;
mod tables;
mod tls;
mod transfer_options;
mod translation;
mod upstream;
mod user;
