//! A JSON gateway in front of Cisco Unity Connection's CUPI for End Users API.
//!
//! Data flows one way: request → route → upstream call → XML → JSON. Imports point down,
//! never up or sideways; `tests/it/architecture.rs` holds them to it.
//!
//! ```text
//!        main   arguments   demo   check   survey   readiness    the street
//!                 server                             one app per worker, two listeners, drain
//!        middleware   admin   openapi                roof: the same for every request
//!           resources/accounts.rs  …                 rooms: one file per resource
//!                 gateway                            stairs: one call there and back
//!      table     cache      upstream                 cellar: what objects are made of; kept responses; the only door
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
//! `CONTRIBUTING.md` says how to add a resource, `docs/ARCHITECTURE.md` walks through one read and one write.

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
pub mod survey;

pub mod simulator;
