//! HTTP/2 towards clients, frame by frame (RFC 9113): for what no well-behaved client does.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::operation::{served_with, write_pair};
use crate::process::Process;
use crate::support::{ACCOUNTS, FUNG, OWN_DEVICE, basic, simulate, until};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;

const END_HEADERS: u8 = 4;
const ACK: u8 = 1;

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

    /// Waits until the other side has read all that was sent.
    fn settle(&mut self) {
        self.send(&frame(PING, 0, 0, b"settled?"));
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).unwrap();
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
            let mut payload = vec![0; length.try_into().unwrap()];
            self.0.read_exact(&mut payload).unwrap();
            if head[3] == PING && head[4] == ACK {
                return;
            }
        }
    }
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

/// RUSTSEC-2026-0258: frames for a stream that nobody reads pile up in h2, where nobody says that nobody will.
#[actix_web::test]
async fn a_flood_of_empty_frames_takes_no_memory() {
    let simulator = simulate();
    simulator.set("stall", "head").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path(), 4000);
    let [certificate, key] = served_with(&files);
    let environment = [certificate, key, ("CUPI_GATEWAY__UPSTREAM__TIMEOUT", "100s")];
    let (process, address) = Process::serve(&simulator.url(), &environment);
    // Different callers, since each has one call at a time.
    let mira = basic("mira", "forty-winks");
    for (number, method, path, caller) in
        [(1, "GET", ACCOUNTS, FUNG.1), (2, "DELETE", OWN_DEVICE, mira.as_str())]
    {
        let mut frames = Frames::connect(address, &files.certificate);
        let head = [
            (":method", method),
            (":scheme", "https"),
            (":path", path),
            (":authority", "x"),
            ("authorization", caller),
        ];
        frames.send(&frame(HEADERS, END_HEADERS, 1, &fields(&head)));
        until(|| simulator.log().len() == number).await;
        let before = process.memory("VmRSS");

        let flood = frame(DATA, 0, 1, b"").repeat(1_000);
        for _ in 0..200 {
            frames.send(&flood);
        }
        frames.settle();

        let grown = process.memory("VmRSS").saturating_sub(before);
        assert!(grown < 10 * 1024, "{method}: {grown} KiB");
    }
}
