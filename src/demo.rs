//! What `demo` and `simulate` say to whoever starts them: where everything is, and what to try.

use std::io::{self, ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};

use actix_web::dev::Server;

use crate::config;
use crate::server::Bound;
use crate::signals::Signals;
use crate::simulator::{self, SignIn, Simulator, Switches};

/// What to do when a port of `demo` is taken.
pub const OTHER_PORTS: &str = "choose other ports: --bind 127.0.0.1:0 takes any free one for the API, \
                               CUPI_GATEWAY__ADMIN__BIND=127.0.0.1:0 for the admin address";

/// What to do when the port of `simulate` is taken.
pub const OTHER_PORT: &str = "choose another port: --bind 127.0.0.1:0 takes any free one";

/// Binds a simulator to a free port of the loopback address.
pub fn simulator() -> io::Result<(Simulator, Server)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    simulator::bind(address, None, Switches::default())
}

/// Adds to a port that is taken how to take another one.
pub fn advise(error: io::Error, advice: &str) -> io::Error {
    match error.kind() {
        ErrorKind::AddrInUse => io::Error::new(error.kind(), format!("{error}\n{advice}")),
        _ => error,
    }
}

/// Prints the addresses, the people who can sign in and a line to paste.
pub fn introduce(bound: &Bound, simulator: &Simulator) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let url = format!("{}://{}", bound.scheme, config::reachable(bound.address));
    writeln!(out, "Swagger UI:  {url}/swagger-ui/")?;
    writeln!(out, "API:         {url}/api/v1/accounts")?;
    writeln!(out, "Simulator:   {} stands in for Unity Connection", simulator.url())?;
    print_sign_ins(&mut out, simulator)?;
    if let Some(SignIn { alias, password, .. }) = simulator.sign_ins().first() {
        // The certificate's names are hardly those of the address printed here.
        let any = if bound.scheme == "https" { "-k " } else { "" };
        writeln!(out, "\nTry this in another terminal:\n")?;
        writeln!(out, "  curl {any}-u {alias}:{password} {url}/api/v1/accounts\n")?;
    }
    out.flush()
}

/// Prints the simulator's address and the people who can sign in.
pub fn introduce_simulator(simulator: &Simulator) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Simulator:   {} stands in for Unity Connection", simulator.url())?;
    print_sign_ins(&mut out, simulator)?;
    out.flush()
}

/// Runs a simulator until a signal ends it.
pub async fn until_stopped(simulating: Server, mut signals: Signals) -> io::Result<()> {
    tokio::select! {
        ended = simulating => ended,
        _ = signals.any() => Ok(()),
    }
}

fn print_sign_ins(out: &mut impl Write, simulator: &Simulator) -> io::Result<()> {
    writeln!(out, "\nSign in as:\n")?;
    for SignIn { alias, password, description } in simulator.sign_ins() {
        writeln!(out, "  {alias:<10} {password:<16} {description}")?;
    }
    writeln!(
        out,
        "\nfung has a whole settings page to read and to change; otto has no rights and shows what is\n\
         refused. Everybody's PIN is 482913 at first."
    )?;
    writeln!(
        out,
        "\nAs on a real server, three wrong passwords within 30 minutes lock a person out for 30\n\
         minutes. Then sign in as somebody else, or start again."
    )
}
