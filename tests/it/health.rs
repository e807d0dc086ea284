//! `health`: what it says of a gateway, and how it ends.

use std::fs;
use std::io::{self, Write};
use std::net::{Shutdown, TcpListener};
use std::process::Output;
use std::thread;

use crate::process::{Process, run};

/// What the program printed, what it said of a failure, and its exit code.
fn told(output: Output) -> (String, String, i32) {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code().unwrap())
}

fn ready() -> (String, String, i32) {
    ("ready\n".to_owned(), String::new(), 0)
}

/// Asks the operator's side at this address, with no other setting.
fn ask(admin: &str) -> (String, String, i32) {
    told(run(&["health"], &[("CUPI_GATEWAY__ADMIN__BIND", admin)]))
}

#[test]
fn a_gateway_is_ready_until_it_ends() {
    let delay = ("CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY", "1h");
    let (gateway, _) = Process::serve("http://127.0.0.1:1", &[delay]);
    let admin = gateway.admin().to_string();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.toml");
    fs::write(&file, format!("admin.bind = '{admin}'\nupstream.url = 'https://cuc.example.com'"))
        .unwrap();

    assert_eq!(ask(&admin), ready());
    assert_eq!(told(run(&["health", "--config", file.to_str().unwrap()], &[])), ready());

    gateway.signal("TERM");
    gateway.wait_for(1, "leaving");
    let line = format!("cupi-gateway: not ready: http://{admin}/readyz: the gateway is ending\n");
    assert_eq!(ask(&admin), (String::new(), line, 1));
}

#[test]
fn a_gateway_that_listens_everywhere_is_asked_on_this_machine() {
    for everywhere in ["0.0.0.0", "[::]"] {
        if everywhere == "[::]" && TcpListener::bind("[::1]:0").is_err() {
            // No IPv6 here.
            continue;
        }
        let bind = format!("{everywhere}:0");
        let admin = ("CUPI_GATEWAY__ADMIN__BIND", bind.as_str());
        let gateway = Process::start(&["demo", "--bind", "127.0.0.1:0"], &[admin]);
        let port = gateway.admin().port();

        assert_eq!(ask(&format!("{everywhere}:{port}")), ready());
    }
}

#[test]
fn nobody_there_and_another_server_are_not_ready() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let other = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        client.write_all(b"220 mail.example.com ESMTP\r\n").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        // Until the other side ends: unread bytes would make it a reset.
        io::copy(&mut client, &mut io::sink()).unwrap();
    });

    let another = ask(&address.to_string());
    other.join().unwrap();
    let nobody = ask(&address.to_string());

    let line = |fault: &str| format!("cupi-gateway: not ready: http://{address}/readyz: {fault}\n");
    let fault = "the answer is not a gateway's. Is admin.bind right?";
    assert_eq!(another, (String::new(), line(fault), 1));
    assert_eq!(nobody, (String::new(), line("Connection refused (os error 111)"), 1));
}

#[test]
fn a_server_that_says_nothing_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();

    let (_, fault, code) = ask(&address);

    assert!(fault.ends_with("/readyz: no answer within 5s\n"), "{fault}");
    assert_eq!(code, 1);
}

#[test]
fn wrong_settings_end_with_2() {
    let (_, fault, code) = ask("nowhere");
    assert_eq!(code, 2);
    assert!(fault.starts_with("cupi-gateway: admin.bind: "), "{fault}");

    let (_, fault, code) = told(run(&["health", "--config", "/nowhere/gateway.toml"], &[]));
    assert_eq!(code, 2);
    assert!(fault.starts_with("cupi-gateway: /nowhere/gateway.toml: "), "{fault}");
}
