//! The command line: every command with its options. Help, man pages and shell completions are made from it; the latter
//! two stand in docs/command-line, where `tests/it/command_line.rs` writes them.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// JSON in front of Cisco Unity Connection's CUPI for End Users.
#[derive(Parser)]
#[command(name = "cupi-gateway", version, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 success; 1 failure at run time; 2 wrong settings or a wrong command line."
)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// A command with its options.
#[derive(Subcommand)]
pub enum Command {
    /// Start the gateway before a built-in simulator of Unity Connection, to try it.
    Demo {
        /// The address of the API, 127.0.0.1:8080 by default; it wins over the environment.
        #[arg(long, value_name = "ADDRESS")]
        bind: Option<SocketAddr>,
    },
    /// Start the gateway.
    Serve {
        /// A TOML file with settings; environment variables (`CUPI_GATEWAY__UPSTREAM__URL`) win.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Start the simulator of Unity Connection alone.
    Simulate {
        /// The address to listen on.
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8444")]
        bind: SocketAddr,
        /// A PEM file with the certificate to serve HTTPS with.
        #[arg(long, value_name = "FILE", requires = "key")]
        certificate: Option<PathBuf>,
        /// A PEM file with the certificate's private key.
        #[arg(long, value_name = "FILE", requires = "certificate")]
        key: Option<PathBuf>,
        /// Make it differ from a healthy server; may be given more than once.
        #[arg(long = "switch", value_name = "NAME=VALUE")]
        switches: Vec<String>,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Ask a running gateway whether it is ready, for a container's health check.
    Health {
        /// A TOML file with settings, as for `serve`.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Read everything once as one person, and print a report without names and values that settles what is unknown of Unity
    /// Connection.
    Survey {
        /// The person's user name. The password is asked for, or read from standard input.
        #[arg(long, value_name = "NAME")]
        user: String,
        /// A TOML file with settings, as for `serve`.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check the settings and reach Unity Connection once, without credentials.
    Check {
        /// A TOML file with settings, as for `serve`.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}
