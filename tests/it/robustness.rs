//! Clients and servers that misbehave: the process is afterwards what it was before.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use crate::process::Process;
use crate::support::{ACCOUNTS, FUNG, ask, basic, simulate, together, until};

/// No answer is kept, and nobody is waited for longer than a test can wait.
const QUICK: [(&str, &str); 3] = [
    ("CUPI_GATEWAY__CACHE__TTL", "0s"),
    ("CUPI_GATEWAY__SERVER__WORKERS", "1"),
    ("CUPI_GATEWAY__UPSTREAM__TIMEOUT", "300ms"),
];

/// The code of the problem that a read ends with, or nothing.
async fn read(address: SocketAddr) -> String {
    let reply = ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await;
    let code = &reply.json()["code"];
    code.as_str().unwrap_or_default().to_owned()
}

#[actix_web::test]
async fn an_upstream_that_is_slow_busy_or_resets_is_used_again_when_it_is_well() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &QUICK);
    assert_eq!(read(address).await, "");
    let descriptors = process.descriptors();

    for (switch, value, code) in [
        ("stall", "head", "upstream_timeout"),
        ("stall", "body", "upstream_timeout"),
        ("close", "unread", "upstream_unreachable"),
        ("cut", "length", "upstream_invalid_response"),
        ("status", "503", "upstream_busy"),
        ("status", "500", "upstream_error"),
        ("redirect", "on", "upstream_redirected"),
    ] {
        simulator.set(switch, value).unwrap();
        for _ in 0..2 {
            assert_eq!(read(address).await, code, "{switch}={value}");
        }
        simulator.set(switch, "off").unwrap();
        assert_eq!(read(address).await, "", "after {switch}={value}");
    }

    // One connection of each kind may be kept.
    until(|| process.descriptors() <= descriptors + 20).await;
}

#[actix_web::test]
async fn two_thousand_idle_connections_keep_nobody_out_and_leave_nothing_behind() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &QUICK);
    assert_eq!(read(address).await, "");
    let descriptors = process.descriptors();

    // Each was answered once and waits for its next request.
    let idle: Vec<_> = (0..2000)
        .map(|_| {
            let mut socket = TcpStream::connect(address).unwrap();
            let request = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n";
            socket.write_all(request).unwrap();
            assert!(socket.read(&mut [0; 4096]).unwrap() > 0);
            socket
        })
        .collect();
    // But for those of the first read.
    assert!(process.descriptors() >= descriptors + 1990);
    let meanwhile = read(address).await;
    let memory = process.memory("VmRSS");
    drop(idle);

    assert_eq!(meanwhile, "");
    // A connection costs little.
    assert!(memory < 150 * 1024, "{memory} KiB");
    until(|| process.descriptors() <= descriptors + 20).await;
}

#[actix_web::test]
async fn whoever_never_reads_keeps_nobody_out() {
    let simulator = simulate();
    let environment = [QUICK[1], QUICK[2]];
    let (process, address) = Process::serve(&simulator.url(), &environment);
    let mira = basic("mira", "forty-winks");
    let mut request =
        format!("GET {ACCOUNTS} HTTP/1.1\r\nHost: x\r\nAuthorization: {mira}\r\n\r\n");
    request = request.repeat(100);
    let descriptors = process.descriptors();

    let deaf: Vec<_> = (0..50)
        .map(|_| {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.set_nonblocking(true).unwrap();
            // As much as the other side takes.
            let _ = socket.write(request.as_bytes());
            socket
        })
        .collect();
    for reply in together(10, |_| async {
        ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await
    })
    .await
    {
        assert_eq!(reply.status, 200);
    }
    let memory = process.memory("VmRSS");
    drop(deaf);

    assert!(memory < 150 * 1024, "{memory} KiB");
    until(|| process.descriptors() <= descriptors + 20).await;
}
