//! Clients that take more than their part over HTTP/1.1: slow ones, silent ones, and those that never read.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustls::{ClientConfig, ClientConnection, StreamOwned};
use socket2::{Domain, Socket, Type};

use crate::http2;
use crate::operation::{served_with, write_pair};
use crate::process::Process;
use crate::support::{ACCOUNTS, DEVICES, FUNG, PASSWORD, TestGateway, ask, simulate, until};

const BUNDLE: &str = "/swagger-ui/swagger-ui-bundle.js";

fn connect(address: SocketAddr, request: &str) -> TcpStream {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    socket.write_all(request.as_bytes()).unwrap();
    socket
}

/// A connection that has hardly room for what comes, and is not read.
fn deaf(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.set_nonblocking(true).unwrap();
    socket.into()
}

/// Reads one answer that has a length: its head in lower case, and its body.
fn answer(socket: &mut TcpStream) -> (String, Vec<u8>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        socket.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    socket.read_exact(&mut body).unwrap();
    (head, body)
}

/// How long it takes until the other side ends the connection, while a byte goes there every 200 ms.
fn ends_after(mut socket: TcpStream, byte: &[u8]) -> Duration {
    let begun = Instant::now();
    socket.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    loop {
        let sent = socket.write_all(byte);
        match socket.read(&mut [0; 4096]) {
            Err(error) if error.kind() == ErrorKind::WouldBlock && sent.is_ok() => {}
            Ok(length) if length > 0 => {}
            _ => return begun.elapsed(),
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "it does not end");
    }
}

#[actix_web::test]
async fn an_offer_to_upgrade_is_ignored_and_the_answer_says_what_becomes_of_the_connection() {
    let gateway = TestGateway::start();
    let (name, value) = FUNG;
    let body = r#"{"password":"abc123"}"#;
    for offer in [
        "Connection: upgrade",
        "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
        "Connection: keep-alive, Upgrade\r\nUpgrade: h2c",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Connection: upgrade\r\nUpgrade: WebSocket",
        "Upgrade: websocket",
        "Connection: Upgrade\r\nUpgrade: TLS/1.2",
        "Upgrade: TLS/1.2, h2c",
    ] {
        for (request, status) in [
            (
                format!("GET {ACCOUNTS} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n{offer}\r\n\r\n"),
                "200",
            ),
            (
                format!(
                    "PUT {PASSWORD} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nContent-Type: application/json\r\n\
                     Content-Length: {}\r\n{offer}\r\n\r\n{body}",
                    body.len()
                ),
                "204",
            ),
        ] {
            let address = gateway.address;
            let asked = thread::spawn(move || {
                let mut socket = connect(address, &request);
                let (head, _) = answer(&mut socket);
                let closes = head.contains("\r\nconnection: close\r\n");
                let again = "GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
                let kept = socket.write_all(again.as_bytes()).is_ok()
                    && socket.read(&mut [0; 1]).is_ok_and(|length| length == 1);
                (head, closes, kept)
            });
            until(|| asked.is_finished()).await;
            let (head, closes, kept) = asked.join().unwrap();

            assert!(head.starts_with(&format!("http/1.1 {status}")), "{offer}: {head}");
            assert!(!head.contains("upgrade"), "{offer}: {head}");
            assert_eq!(kept, !closes, "{offer}: {head}");
        }
    }
}

#[actix_web::test]
async fn nothing_is_worked_on_after_the_request_that_is_the_last() {
    let gateway = TestGateway::start();
    let (name, value) = FUNG;
    let body = r#"{"password":"abc123"}"#;
    let put = format!(
        "PUT {PASSWORD} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for last in [
        "HTTP/1.1\r\nConnection: close",
        "HTTP/1.1\r\nConnection: close, upgrade\r\nUpgrade: h2c",
        "HTTP/1.1\r\nConnection: keep-alive, Close",
        "HTTP/1.0",
    ] {
        let requests = format!("GET / {last}\r\nHost: x\r\n\r\n{put}{put}");
        let address = gateway.address;
        let asked = thread::spawn(move || {
            let mut answers = String::new();
            connect(address, &requests).read_to_string(&mut answers).unwrap();
            answers.to_lowercase()
        });
        until(|| asked.is_finished()).await;
        let answers = asked.join().unwrap();

        assert!(answers.contains(" 302 found"), "{last}: {answers}");
        // HTTP/1.0 closes anyway.
        let says = answers.contains("\r\nconnection: close\r\n") || last == "HTTP/1.0";
        assert!(says, "{last}: {answers}");
        assert_eq!(answers.matches("http/1.").count(), 1, "{last}: {answers}");
    }
    assert!(gateway.upstream.log().is_empty());
}

#[actix_web::test]
async fn whoever_is_slow_after_an_answer_is_not_waited_for() {
    let simulator = simulate();
    let (_process, address) = Process::serve(&simulator.url(), &[]);
    let first = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    let post = format!("POST {DEVICES} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
    let slow = [
        // A head that comes with the request before it, and goes on slowly.
        (format!("{first}GET / HT"), "T"),
        // One that begins later.
        (first.to_owned(), "G"),
        // Bodies that nobody wants: there are no credentials.
        (format!("{post}Transfer-Encoding: chunked\r\n\r\n1\r\n{{\r\n"), "1\r\n \r\n"),
        (format!("{post}Content-Length: 10000\r\n\r\n{{"), " "),
        (
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n".to_owned(),
            "1\r\n \r\n",
        ),
    ];
    let clients = slow.map(|(request, byte)| {
        thread::spawn(move || {
            let mut socket = connect(address, &request);
            let (head, _) = answer(&mut socket);
            (request, head, ends_after(socket, byte.as_bytes()))
        })
    });
    for client in clients {
        let (request, head, taken) = client.join().unwrap();
        assert!(taken < Duration::from_secs(8), "{request}: {taken:?} after {head}");
        let unwanted = head.starts_with("http/1.1 401") || request.contains("chunked");
        assert_eq!(head.contains("connection: close"), unwanted, "{request}: {head}");
    }
}

#[actix_web::test]
async fn a_connection_that_is_opened_early_is_answered_when_it_asks() {
    let simulator = simulate();
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path(), 4000);
    let (_plain, plain) = Process::serve(&simulator.url(), &[]);
    let (_encrypted, encrypted) = Process::serve(&simulator.url(), &served_with(&files));
    let early = connect(plain, "");
    let mut tls = ClientConfig::clone(&http2::tls(&files.certificate));
    tls.alpn_protocols.clear();
    let client = ClientConnection::new(Arc::new(tls), encrypted.ip().into()).unwrap();
    let mut early_tls = StreamOwned::new(client, connect(encrypted, ""));
    early_tls.conn.complete_io(&mut early_tls.sock).unwrap();

    // A head that does not come is waited for so long.
    let mut slow = String::new();
    connect(plain, "GET / HT").read_to_string(&mut slow).unwrap();
    assert!(slow.starts_with("HTTP/1.1 408"), "{slow}");

    assert_eq!(status(early), "HTTP/1.1 302");
    assert_eq!(status(early_tls), "HTTP/1.1 302");
}

/// Asks for the start page: the beginning of the answer.
fn status(mut stream: impl Read + Write) -> String {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut begin = [0; 12];
    stream.read_exact(&mut begin).unwrap();
    String::from_utf8_lossy(&begin).into_owned()
}

#[actix_web::test]
async fn a_hundred_requests_that_come_at_once_are_answered_in_order() {
    let gateway = TestGateway::start();
    let requests: Vec<_> = (0..100)
        .map(|number| format!("GET /nope HTTP/1.1\r\nHost: x\r\nX-Request-Id: n{number}\r\n\r\n"))
        .collect();
    let address = gateway.address;
    let asked = thread::spawn(move || {
        let mut socket = connect(address, &requests.concat());
        (0..100).map(|_| answer(&mut socket).0).collect::<Vec<_>>()
    });
    until(|| asked.is_finished()).await;

    for (number, head) in asked.join().unwrap().iter().enumerate() {
        assert!(head.contains(&format!("\r\nx-request-id: n{number}\r\n")), "{number}: {head}");
    }
}

#[actix_web::test]
async fn whoever_never_reads_costs_little_and_is_cut() {
    let simulator = simulate();
    let (process, address) =
        Process::serve(&simulator.url(), &[("CUPI_GATEWAY__CACHE__TTL", "1h")]);
    let get =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{}: {}\r\n\r\n", FUNG.0, FUNG.1);
    // Whatever is made once is made.
    ask("GET", &format!("http://{address}{BUNDLE}"), &[], b"").await;
    ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await;
    let before = process.memory("VmRSS");
    let descriptors = process.descriptors();

    let begun = Instant::now();
    let many = [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(12_000),
        get(ACCOUNTS).repeat(1_000),
        get("/nope").repeat(2_000),
    ];
    let requests = [get(BUNDLE).repeat(10), many.concat()];
    let deaf: Vec<_> = (0..200)
        .map(|number: usize| {
            let mut socket = deaf(address);
            // As much as the other side takes.
            let _ = socket.write(requests[number % 2].as_bytes());
            socket
        })
        .collect();
    until(|| process.descriptors() >= descriptors + 190).await;
    for _ in 0..20 {
        for socket in &deaf {
            let _ = (&mut &*socket).write(requests[1].as_bytes());
        }
        let reply = ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await;
        assert_eq!(reply.status, 200);
    }
    let grown = process.memory("VmRSS").saturating_sub(before);
    until(|| process.descriptors() <= descriptors + 5).await;

    assert!(grown < 24 * 1024, "{grown} KiB");
    let taken = begun.elapsed().as_secs();
    assert!((19..45).contains(&taken), "{taken} s");
}

#[actix_web::test]
async fn a_body_that_nobody_reads_takes_little() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &[]);
    ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await;
    simulator.set("delay", "3s").unwrap();
    let chunk = format!("40000\r\n{}\r\n", "x".repeat(256 * 1024));

    // One is refused at once, the other waits for its answer.
    for request in ["POST /nope", "GET /api/v1/alternate-devices"] {
        let before = process.memory("VmRSS");
        let head = format!(
            "{request} HTTP/1.1\r\nHost: x\r\n{}: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
            FUNG.0, FUNG.1
        );
        let mut sockets: Vec<_> = (0..200).map(|_| connect(address, &head)).collect();
        for socket in &mut sockets {
            socket.set_nonblocking(true).unwrap();
        }
        let mut grown = 0;
        for _ in 0..10 {
            for socket in &mut sockets {
                let _ = socket.write(chunk.as_bytes());
            }
            ask("GET", &format!("http://{address}/"), &[], b"").await;
            grown = grown.max(process.memory("VmRSS").saturating_sub(before));
        }

        assert!(grown < 16 * 1024, "{request}: {grown} KiB");
    }
}

#[actix_web::test]
async fn silent_tls_connections_keep_nobody_waiting() {
    let simulator = simulate();
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path(), 4000);
    let [certificate, key] = served_with(&files);
    let workers = ("CUPI_GATEWAY__SERVER__WORKERS", "2");
    let (process, address) = Process::serve(&simulator.url(), &[certificate, key, workers]);
    let connector = awc::Connector::new().rustls_0_23(http2::tls(&files.certificate));
    let client = awc::Client::builder().connector(connector).finish();
    let descriptors = process.descriptors();

    let silent: Vec<_> = (0..1200).map(|_| TcpStream::connect(address).unwrap()).collect();
    let begun = Instant::now();
    let url = format!("https://{address}/swagger-ui/index.css");
    let reply = crate::support::ask_by(&client, "GET", &url, &[], b"").await;

    assert_eq!(reply.status, 200);
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    until(|| process.descriptors() <= descriptors + 20).await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    drop(silent);
}

#[actix_web::test]
async fn those_who_waited_longest_make_room_for_others() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &[]);
    let before = process.memory("VmRSS");
    let (name, value) = FUNG;
    let half = format!(
        "PUT {PASSWORD} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nContent-Type: application/json\r\n\
         Content-Length: 16000\r\n\r\n{}",
        "x".repeat(15_000)
    );

    let mut half_sent = Vec::new();
    for number in 0..4000 {
        half_sent.push(connect(address, &half));
        if number % 500 == 0 {
            let url = format!("http://{address}{ACCOUNTS}");
            assert_eq!(ask("GET", &url, &[FUNG], b"").await.status, 200);
        }
    }
    let grown = process.memory("VmRSS").saturating_sub(before);

    assert!(grown < 100 * 1024, "{grown} KiB");
    // The first have been ended without an answer, the last still have their time.
    let mut first = half_sent.swap_remove(0);
    assert!(first.read(&mut [0; 1]).map_or(true, |length| length == 0));
    assert!(simulator.log().iter().all(|asked| asked.method == "GET"));
}
