//! A JSON gateway in front of Cisco Unity Connection's CUPI for End Users API.
//!
//! Data flows one way: request → route → upstream call → XML → JSON. Imports point down,
//! never up or sideways; `tests/it/architecture.rs` holds them to it.
//!
//! ```text
//!        main   arguments   demo   check   readiness   the street
//!                 server                             one app per worker, two listeners, drain
//!        middleware   admin   openapi                roof: the same for every request
//!           resources/accounts.rs  …                 rooms: one file per resource
//!                 gateway                            stairs: one call there and back
//!      table     cache      upstream                 cellar: what objects are made of; kept answers; the only door
//!        access                                      the line that every request leaves
//!    credentials  request  problem  xml  error  drain  connection  config  metrics  signals  logging  object_id    foundation
//!    simulator    its own house; meets ours over HTTP, in demo and in tests only
//! ```
//!
//! Nouns are tables, verbs are functions. A resource is a [`table::Table`] whose rows say what CUPI's guide says of an
//! object; the verbs of [`gateway::verbs`] read and write it; the API's document follows from it.
//!
//! What is absent on purpose: traits of our own, service or repository layers, structs for CUPI's objects, global state,
//! feature flags. Unity Connection's meaning lives in `resources`, its manners in `upstream`, its spelling in `xml` and
//! `table`; nothing else knows any of them.
//!
//! # Adding a resource
//!
//! [`resources::alternate_devices`] has all five calls and reads and writes XML: begin with a copy.
//!
//! 1. `src/resources/<name>.rs`, from top to bottom: the table of calls, the [`table::Table`], `Api`, `routes`, handlers,
//!    what only this resource knows, its refusals.
//! 2. `src/resources.rs`: the module, its path in `Api`, its tables in `TABLES`, its `routes`.
//! 3. `src/simulator/collections.rs`: an entry; objects for somebody in `src/simulator/people.xml`.
//! 4. `tests/it/<name>.rs`, with its line in `main.rs`; documents in `tests/fixtures/cupi`, with a
//!    line in `translation.rs`; new codes in the table of `support.rs` and in `errors.rs`.
//! 5. `cargo run -- openapi > openapi/openapi.json`.
//!
//! If `table`, `gateway`, `upstream`, `cache`, `xml` or `error` must change for it, repair the house first.

pub mod gateway;

pub mod resources;

pub mod cache;
pub mod table;
pub mod upstream;

pub mod access;
pub mod credentials;
pub mod error;
pub mod object_id;
pub mod problem;
pub mod request;
pub mod xml;

pub mod config;
pub mod connection;
pub mod drain;
pub mod logging;
pub mod metrics;
pub mod signals;

pub mod admin;
pub mod middleware;
pub mod openapi;
pub mod server;

pub mod arguments;
pub mod check;
pub mod demo;
pub mod readiness;

pub mod simulator;
