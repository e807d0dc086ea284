//! HTTP/2 towards clients, frame by frame (RFC 9113): for what no well-behaved client does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use cupi_gateway::config::KeyPair as Files;
use cupi_gateway::simulator::Simulator;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::operation::{served_with, write_pair};
use crate::process::Process;
use crate::support::{ACCOUNTS, DEVICES, FUNG, OWN_DEVICE, ask_by, basic, simulate, until};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const CONTINUATION: u8 = 9;

const END_HEADERS: u8 = 4;

/// A client's TLS that trusts this certificate alone and wants HTTP/2.
pub fn tls(certificate: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    roots.add(certificate).unwrap();
    let mut tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    tls.alpn_protocols = vec![b"h2".to_vec()];
    Arc::new(tls)
}

/// One connection.
struct Frames(StreamOwned<ClientConnection, TcpStream>);

impl Frames {
    fn connect(address: SocketAddr, certificate: &Path) -> Self {
        let name = address.ip().into();
        let connection = ClientConnection::new(tls(certificate), name).unwrap();
        let socket = TcpStream::connect(address).unwrap();
        let mut frames = Self(StreamOwned::new(connection, socket));
        frames.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        frames.send(&frame(SETTINGS, 0, 0, b""));
        frames
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    /// Sends the head of a request on a stream, which it does not end.
    fn begin(&mut self, stream: u32, head: &[(&str, &str)]) {
        self.send(&frame(HEADERS, END_HEADERS, stream, &fields(head)));
    }

    /// Reads a frame: its kind, its flags, its stream and what is in it. None: the connection has ended.
    fn read(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let mut payload = vec![0; length.try_into().unwrap()];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[3], head[4], stream, payload))
    }

    /// Reads until a stream has answered: the status.
    fn status(&mut self, stream: u32) -> u16 {
        loop {
            let (kind, _, of, payload) = self.read().unwrap();
            if kind == HEADERS && of == stream {
                return status(&payload);
            }
        }
    }

    /// Waits until the connection has ended.
    fn ended(&mut self) {
        while self.read().is_some() {}
    }
}

/// The status in an answer's fields: indexed, or a literal with the name indexed (RFC 7541, appendix A).
fn status(block: &[u8]) -> u16 {
    match block {
        [0x88, ..] => 200,
        [0x48, length, code @ ..] => digits(&code[..usize::from(length & 0x7f)]),
        _ => 0,
    }
}

/// Three digits by the code of Huffman, where 0 to 2 have five bits and the others six (RFC 7541, appendix B).
fn digits(code: &[u8]) -> u16 {
    let bits = code.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
    let mut left = 8 * code.len();
    let mut take = |count: usize| {
        left -= count;
        u16::try_from(bits >> left & ((1 << count) - 1)).unwrap()
    };
    (0..3).fold(0, |number, _| {
        let first = take(5);
        10 * number + if first < 3 { first } else { 3 + (first << 1 | take(1)) - 0b01_1001 }
    })
}

/// A frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Fields, each a literal without indexing (RFC 7541, section 6.2.2).
fn fields(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            let length = u8::try_from(text.len()).unwrap();
            assert!(length < 127);
            block.push(length);
            block.extend(text.as_bytes());
        }
    }
    block
}

/// What a request on this path begins with.
fn head<'a>(method: &'a str, path: &'a str, caller: &'a str) -> [(&'a str, &'a str); 6] {
    [
        (":method", method),
        (":scheme", "https"),
        (":path", path),
        (":authority", "x"),
        ("authorization", caller),
        ("content-type", "application/json"),
    ]
}

/// A gateway that speaks HTTP/2, with its certificate.
struct Https {
    process: Process,
    address: SocketAddr,
    files: Files,
    _folder: TempDir,
}

impl Https {
    fn before(simulator: &Simulator) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = write_pair(folder.path(), 4000);
        let [certificate, key] = served_with(&files);
        let environment = [certificate, key, ("CUPI_GATEWAY__UPSTREAM__TIMEOUT", "100s")];
        let (process, address) = Process::serve(&simulator.url(), &environment);
        Self { process, address, files, _folder: folder }
    }

    fn connect(&self) -> Frames {
        Frames::connect(self.address, &self.files.certificate)
    }
}

#[actix_web::test]
async fn a_304_has_no_length() {
    let simulator = simulate();
    let https = Https::before(&simulator);
    let connector = awc::Connector::new().rustls_0_23(tls(&https.files.certificate));
    let client = awc::Client::builder().connector(connector).finish();

    for path in [ACCOUNTS, "/api/v1/user/voice-name"] {
        let url = format!("https://{}{path}", https.address);
        let unchanged = ask_by(&client, "GET", &url, &[FUNG, ("if-none-match", "*")], b"").await;

        assert_eq!((unchanged.status, unchanged.header("content-length")), (304, None), "{path}");
    }
}

/// RUSTSEC-2026-0258: frames for a stream that nobody reads pile up in h2, where nobody says that nobody will.
#[actix_web::test]
async fn a_flood_of_empty_frames_takes_no_memory_and_ends() {
    let simulator = simulate();
    simulator.set("stall", "head").unwrap();
    let https = Https::before(&simulator);
    // Different callers, since each has one call at a time.
    let mira = basic("mira", "forty-winks");
    for (number, method, path, caller) in
        [(1, "GET", ACCOUNTS, FUNG.1), (2, "DELETE", OWN_DEVICE, mira.as_str())]
    {
        let mut frames = https.connect();
        frames.begin(1, &head(method, path, caller));
        until(|| simulator.log().len() == number).await;
        let before = https.process.memory("VmRSS");

        let flood = frame(DATA, 0, 1, b"").repeat(1_000);
        let sent = (0..2_000).take_while(|_| frames.0.write_all(&flood).is_ok()).count();

        assert!(sent < 2_000, "{method}: it goes on");
        let grown = https.process.memory("VmRSS").saturating_sub(before);
        assert!(grown < 10 * 1024, "{method}: {grown} KiB");
    }
}

#[actix_web::test]
async fn of_one_connection_256_streams_are_served_and_a_thousand_end_it() {
    let simulator = simulate();
    let https = Https::before(&simulator);
    let mut frames = https.connect();
    let post = head("POST", DEVICES, FUNG.1);
    let before = https.process.memory("VmRSS");

    // Their bodies never come.
    for number in 0..256 {
        frames.begin(2 * number + 1, &post);
    }
    frames.begin(2 * 256 + 1, &post);
    assert_eq!(frames.status(2 * 256 + 1), 503);
    let grown = https.process.memory("VmRSS").saturating_sub(before);
    // Whoever takes no answer keeps his streams open: no byte of a body fits a window of 0.
    let mut settings = 4_u16.to_be_bytes().to_vec();
    settings.extend(0_u32.to_be_bytes());
    frames.send(&frame(SETTINGS, 0, 0, &settings));
    for number in 257..1100 {
        let begun = frame(HEADERS, END_HEADERS, 2 * number + 1, &fields(&post));
        if frames.0.write_all(&begun).is_err() {
            break;
        }
    }
    frames.ended();

    assert!(grown < 16 * 1024, "{grown} KiB");
    assert!(simulator.log().is_empty());
    // Others are served.
    let mut other = https.connect();
    other.begin(1, &head("GET", "/swagger-ui/index.css", FUNG.1));
    assert_eq!(other.status(1), 200);
}

#[actix_web::test]
async fn an_answer_that_nobody_takes_is_not_copied_and_is_cut() {
    let simulator = simulate();
    let https = Https::before(&simulator);
    let mut frames = https.connect();
    let mut settings = 4_u16.to_be_bytes().to_vec();
    settings.extend(0_u32.to_be_bytes());
    frames.send(&frame(SETTINGS, 0, 0, &settings));
    let before = https.process.memory("VmRSS");

    let begun = Instant::now();
    for number in 0..100 {
        frames.begin(2 * number + 1, &head("GET", "/swagger-ui/swagger-ui-bundle.js", FUNG.1));
    }
    assert_eq!(frames.status(2 * 99 + 1), 200);
    let grown = https.process.memory("VmRSS").saturating_sub(before);
    frames.ended();

    // One of them is 1.5 MB, which is unpacked once.
    assert!(grown < 24 * 1024, "{grown} KiB");
    let taken = begun.elapsed().as_secs();
    assert!((19..25).contains(&taken), "{taken} s");
}

#[actix_web::test]
async fn a_head_without_end_takes_no_memory_and_ends() {
    let simulator = simulate();
    let https = Https::before(&simulator);
    let before = https.process.memory("VmRSS");
    let long = "x".repeat(100);
    let part = fields(&vec![("x-long", long.as_str()); 140]);

    let mut frames = https.connect();
    frames.send(&frame(HEADERS, 0, 1, &fields(&head("GET", ACCOUNTS, FUNG.1))));
    let continuation = frame(CONTINUATION, 0, 1, &part);
    let sent = (0..1_000).take_while(|_| frames.0.write_all(&continuation).is_ok()).count();
    // One that ends, but is larger than any head that makes sense.
    let mut other = https.connect();
    other.send(&frame(HEADERS, 0, 1, &fields(&head("GET", ACCOUNTS, FUNG.1))));
    other.send(&frame(CONTINUATION, 0, 1, &part));
    other.send(&frame(CONTINUATION, 0, 1, &part));
    other.send(&frame(CONTINUATION, END_HEADERS, 1, &part));

    assert_eq!(other.status(1), 431);
    assert!(sent < 1_000, "it goes on");
    let grown = https.process.memory("VmRSS").saturating_sub(before);
    assert!(grown < 10 * 1024, "{grown} KiB");
    assert!(simulator.log().is_empty());
}
