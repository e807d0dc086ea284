//! What `demo` and `simulate` say to whoever starts them: where everything is, and what to try.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use actix_web::dev::Server;

use crate::server::Bound;
use crate::signals::Signals;
use crate::simulator::{self, SignIn, Simulator, Switches};

/// Binds a simulator to a free port of the loopback address.
pub fn simulator() -> io::Result<(Simulator, Server)> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    simulator::bind(address, None, Switches::default())
}

/// Prints the addresses, the people who can sign in and a line to paste.
pub fn introduce(bound: &Bound, simulator: &Simulator) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let url = format!("{}://{}", bound.scheme, reachable(bound.address));
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
        () = signals.any() => Ok(()),
    }
}

/// Where a client on this machine finds what listens there: at the loopback address for all of them.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
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
