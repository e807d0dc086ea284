//! The command line: what to start, and the exit codes. 0: done; 1: it failed at run time; 2: the
//! configuration or the command line is wrong.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use actix_web::rt::{self, System};
use clap::{Parser, Subcommand};
use cupi_gateway::config::{Config, Faults};
use cupi_gateway::signals::Signals;
use cupi_gateway::simulator::{self, Switches, Tls};
use cupi_gateway::{check, demo, logging, openapi, server};

/// JSON in front of Cisco Unity Connection's CUPI for End Users.
#[derive(Parser)]
#[command(name = "cupi-gateway", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start the gateway before a built-in simulator of Unity Connection, to try it.
    Demo,
    /// Start the gateway.
    Serve {
        /// A TOML file with settings; environment variables (`CUPI_GATEWAY__UPSTREAM__URL`) win.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Start the simulator of Unity Connection alone.
    Simulate {
        /// The address to listen on.
        #[arg(long, default_value = "127.0.0.1:8444")]
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
    /// Print the `OpenAPI` document.
    Openapi,
    /// Check the settings and reach Unity Connection once, without credentials.
    Check {
        /// A TOML file with settings, as for `serve`.
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
}

/// Why a command ended early.
enum Failure {
    Config(Faults),
    Run(io::Error),
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Config(faults)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Run(error)
    }
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            let code = if usage.use_stderr() { 2 } else { 0 };
            return usage.print().map_or(ExitCode::FAILURE, |()| ExitCode::from(code));
        }
    };
    let (code, text) = match System::new().block_on(run(arguments.command)) {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Config(faults)) => (2, faults.to_string()),
        Err(Failure::Run(error)) if error.kind() == io::ErrorKind::InvalidInput => {
            (2, error.to_string())
        }
        Err(Failure::Run(error)) => (1, error.to_string()),
    };
    let mut out = io::stderr().lock();
    for line in text.lines() {
        // Nobody reads it where this fails; the exit code tells all the same.
        writeln!(out, "cupi-gateway: {line}").unwrap_or_default();
    }
    ExitCode::from(code)
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo => {
            let signals = Signals::listen()?;
            let (simulator, simulating) = demo::simulator()?;
            rt::spawn(simulating);
            let config = Config::demo(&simulator.url())?;
            logging::start(config.log);
            let bound = server::bind(&config)?;
            demo::introduce(&bound, &simulator)?;
            Ok(bound.run(signals).await?)
        }
        Command::Serve { config } => {
            let signals = Signals::listen()?;
            let config = Config::read(config.as_deref())?;
            logging::start(config.log);
            Ok(server::bind(&config)?.run(signals).await?)
        }
        Command::Simulate { bind, certificate, key, switches } => {
            let signals = Signals::listen()?;
            let switches = set(&switches)?;
            let tls = certificate.zip(key).map(|(certificate, key)| Tls { certificate, key });
            let (simulator, simulating) = simulator::bind(bind, tls.as_ref(), switches)?;
            demo::introduce_simulator(&simulator)?;
            Ok(demo::until_stopped(simulating, signals).await?)
        }
        Command::Check { config } => {
            let config = Config::read(config.as_deref())?;
            check::run(&config, &mut io::stdout()).await?;
            Ok(())
        }
        Command::Openapi => Ok(io::stdout().write_all(openapi::text().as_bytes())?),
    }
}

/// The simulator's switches, every fault in them told.
fn set(settings: &[String]) -> Result<Switches, Faults> {
    let mut switches = Switches::default();
    let mut faults = Vec::new();
    for setting in settings {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        if let Err(fault) = switches.set(name, value) {
            faults.push(format!("--switch {setting}: {fault}"));
        }
    }
    if faults.is_empty() { Ok(switches) } else { Err(Faults(faults)) }
}
