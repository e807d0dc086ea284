//! The command line: what to start, and the exit codes. 0: done; 1: it failed at run time; 2: the
//! configuration or the command line is wrong.

use std::io::{self, Write};
use std::process::ExitCode;

use actix_web::rt::{self, System};
use clap::Parser;
use cupi_gateway::arguments::{Arguments, Command};
use cupi_gateway::config::{Config, Faults};
use cupi_gateway::signals::Signals;
use cupi_gateway::simulator::{self, Switches, Tls};
use cupi_gateway::survey::{self, Person};
use cupi_gateway::{check, demo, logging, openapi, readiness, server};

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
            let printed = usage.print().or_else(end_early);
            return printed.map_or(ExitCode::FAILURE, |()| ExitCode::from(code));
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
    let lines: Vec<_> = text.lines().map(|line| format!("cupi-gateway: {line}\n")).collect();
    logging::print(&lines.concat());
    ExitCode::from(code)
}

async fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo { bind } => {
            let signals = Signals::listen()?;
            let (simulator, simulating) = demo::simulator()?;
            rt::spawn(simulating);
            let config = Config::demo(&simulator.url(), bind)?;
            let log = logging::start(config.log);
            let bound =
                server::bind(&config).map_err(|error| demo::advise(error, demo::OTHER_PORTS))?;
            log.count_in(&bound.metrics);
            demo::introduce(&bound, &simulator)?;
            Ok(bound.run(signals).await?)
        }
        Command::Serve { config } => {
            let signals = Signals::listen()?;
            let config = Config::read(config.as_deref())?;
            let log = logging::start(config.log);
            let bound = server::bind(&config)?;
            log.count_in(&bound.metrics);
            Ok(bound.run(signals).await?)
        }
        Command::Simulate { bind, certificate, key, switches } => {
            let signals = Signals::listen()?;
            let switches = set(&switches)?;
            let tls = certificate.zip(key).map(|(certificate, key)| Tls { certificate, key });
            let (simulator, simulating) = simulator::bind(bind, tls.as_ref(), switches)
                .map_err(|error| demo::advise(error, demo::OTHER_PORT))?;
            demo::introduce_simulator(&simulator)?;
            Ok(demo::until_stopped(simulating, signals).await?)
        }
        Command::Check { config } => {
            let config = Config::read(config.as_deref())?;
            check::run(&config, &mut io::stdout()).await?;
            Ok(())
        }
        Command::Survey { user, config, json } => {
            let config = Config::read(config.as_deref())?;
            let password = survey::password::ask()?;
            let person = Person { user, password, pace: survey::PACE };
            let report = survey::run(&config, person, survey::progress()).await?;
            let printed = report.print(json, &mut io::stdout().lock());
            Ok(printed.or_else(end_early)?)
        }
        Command::Health { config } => {
            let config = Config::admin(config.as_deref())?;
            Ok(readiness::run(config, &mut io::stdout().lock())?)
        }
        Command::Openapi => {
            let printed = io::stdout().write_all(openapi::text().as_bytes());
            Ok(printed.or_else(end_early)?)
        }
    }
}

/// Lets a reader go away before the end of a text, as `head` does.
fn end_early(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) }
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
