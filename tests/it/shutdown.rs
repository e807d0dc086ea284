//! The end: nobody who was taken is lost, nobody who stalls is waited for.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use tokio::join;

use crate::http2;
use crate::operation::{served_with, write_pair};
use crate::process::Process;
use crate::support::{
    ACCOUNTS, DEVICES, FUNG, JSON, PASSWORD, ask, ask_by, problem, simulate, until,
};

/// Longer than a test may wait.
const LONG: (&str, &str) = ("CUPI_GATEWAY__SERVER__SHUTDOWN_GRACE", "100s");

/// Sends one request over a connection of its own and reads all that comes back.
fn talk(address: SocketAddr, request: &str) -> std::io::Result<String> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(Duration::from_mins(1)))?;
    socket.write_all(request.as_bytes())?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer)?;
    Ok(answer)
}

fn get(path: &str) -> String {
    let (name, value) = FUNG;
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nConnection: close\r\n\r\n")
}

fn is_refused(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_err()
}

#[actix_web::test]
async fn sigterm_ends_readiness_first_and_the_listener_after_the_delay() {
    let simulator = simulate();
    let delay = ("CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY", "1s");
    let (process, address) = Process::serve(&simulator.url(), &[delay, LONG]);
    let admin = process.admin();
    let ready = || talk(admin, &get("/readyz")).unwrap();
    assert!(ready().starts_with("HTTP/1.1 200"), "{}", ready());

    let begun = Instant::now();
    process.signal("TERM");
    until(|| ready().starts_with("HTTP/1.1 503")).await;
    let taken = ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await;
    let alive = talk(admin, &get("/livez")).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "too slow to tell");
    until(|| is_refused(address)).await;

    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(taken.status, 200);
    assert_eq!(taken.header("connection"), Some("close"));
    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
    let (code, [_, log]) = process.ended();
    assert_eq!(code, 0, "{log}");
    assert!(is_refused(admin));
}

#[actix_web::test]
async fn sigint_closes_the_listener_at_once_and_a_request_in_flight_is_answered_whole() {
    let simulator = simulate();
    simulator.set("delay", "1s").unwrap();
    let delay = ("CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY", "100s");
    let (process, address) = Process::serve(&simulator.url(), &[delay, LONG]);
    let admin = process.admin();
    let asking = thread::spawn(move || talk(address, &get(ACCOUNTS)).unwrap());
    until(|| simulator.log().len() == 1).await;

    process.signal("INT");
    until(|| is_refused(address)).await;
    let ready = talk(admin, &get("/readyz")).unwrap();
    let alive = talk(admin, &get("/livez")).unwrap();
    let answered_by_then = asking.is_finished();
    let answer = asking.join().unwrap();
    let (code, [_, log]) = process.ended();

    assert!(!answered_by_then, "too slow to tell");
    assert!(ready.starts_with("HTTP/1.1 503"), "{ready}");
    assert!(alive.starts_with("HTTP/1.1 200"), "{alive}");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with(r#""total":2}"#), "{answer}");
    assert_eq!(code, 0, "{log}");
    assert!(!log.contains("WARN"), "{log}");
}

#[actix_web::test]
async fn whoever_stalls_is_not_waited_for() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &[LONG]);
    let (name, value) = FUNG;
    let upload = format!(
        "PUT {PASSWORD} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\nContent-Type: application/json\r\n\
         Content-Length: 100\r\n\r\n{{\"pass"
    );
    let open = |text: &str| {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(text.as_bytes()).unwrap();
        socket
    };
    let mut upload = open(&upload);
    let _head = open("GET /api/v1/acc");
    let _silent = open("");
    let mut idle = open("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 302");
    let admin = process.admin();
    let under_way = || {
        let metrics = talk(admin, &get("/metrics")).unwrap();
        metrics.contains("http_route=\"/\"")
    };
    until(under_way).await;

    let begun = Instant::now();
    process.signal("INT");
    let mut answer = String::new();
    upload.read_to_string(&mut answer).unwrap();
    let (code, [_, log]) = process.ended();

    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(code, 0, "{log}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    assert!(simulator.log().is_empty());
}

#[actix_web::test]
async fn a_connection_of_http2_brings_nothing_new_at_the_end() {
    let simulator = simulate();
    simulator.set("stall", "head").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path(), 4000);
    let [certificate, key] = served_with(&files);
    let environment = [certificate, key, LONG];
    let (process, address) = Process::serve(&simulator.url(), &environment);
    let connector = awc::Connector::new().rustls_0_23(http2::tls(&files.certificate));
    let client = awc::Client::builder().connector(connector).finish();
    let accounts = format!("https://{address}{ACCOUNTS}");
    let devices = format!("https://{address}{DEVICES}");

    let (taken, late) = join!(ask_by(&client, "GET", &accounts, &[FUNG], b""), async {
        until(|| simulator.log().len() == 1).await;
        process.signal("INT");
        process.wait_for(1, "draining");
        let device = br#"{"dtmfAccessId":"1"}"#;
        let late = ask_by(&client, "POST", &devices, &[FUNG, JSON], device).await;
        simulator.set("stall", "off").unwrap();
        late
    });
    let (code, [_, log]) = process.ended();

    assert_eq!(taken.status, 200);
    problem("overloaded", DEVICES).header("retry-after", "5").assert(&late);
    assert_eq!(simulator.log().len(), 1);
    assert_eq!(code, 0, "{log}");
}

#[actix_web::test]
async fn a_signal_that_comes_before_the_server_is_not_lost() {
    const SIGTERM: u64 = 15;
    let folder = tempfile::tempdir().unwrap();
    // The start takes as long as nobody writes the settings.
    let settings = folder.path().join("settings.toml");
    let made = Command::new("mkfifo").arg(&settings).status().unwrap();
    assert!(made.success());
    let process = Process::start(&["serve", "--config", settings.to_str().unwrap()], &[]);
    until(|| process.caught_signals() & (1 << (SIGTERM - 1)) != 0).await;

    process.signal("TERM");
    let text = "server = { bind = '127.0.0.1:0', shutdown_delay = '0s' }\n\
                admin.bind = '127.0.0.1:0'\n\
                upstream.url = 'http://127.0.0.1:1'\n";
    fs::write(&settings, text).unwrap();
    let (code, [_, log]) = process.ended();

    assert_eq!(code, 0, "{log}");
    assert!(log.contains("not ready any more"), "{log}");
}

#[actix_web::test]
async fn requests_that_outlive_the_grace_are_cut_and_counted() {
    for (requests, line) in [
        (1, "cupi-gateway: 1 request was cut at the end\n"),
        (2, "cupi-gateway: 2 requests were cut at the end\n"),
    ] {
        let simulator = simulate();
        simulator.set("stall", "head").unwrap();
        let grace = ("CUPI_GATEWAY__SERVER__SHUTDOWN_GRACE", "200ms");
        let (process, address) = Process::serve(&simulator.url(), &[grace]);
        let asking: Vec<_> = (0..requests)
            .map(|number| {
                // Callers of their own, so that both calls are made.
                let header = crate::support::basic(["fung", "eva"][number], "x");
                let request = get(ACCOUNTS).replace(FUNG.1, &header);
                thread::spawn(move || talk(address, &request))
            })
            .collect();
        until(|| simulator.log().len() == requests).await;

        process.signal("INT");
        let (code, [_, log]) = process.ended();

        assert_eq!(code, 1, "{log}");
        assert!(log.ends_with(line), "{log}");
        for asking in asking {
            let answer = asking.join().unwrap().unwrap_or_default();
            assert_eq!(answer, "");
        }
    }
}

#[test]
fn a_second_signal_skips_the_delay() {
    let delay = ("CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY", "100s");
    let (process, _) = Process::serve("http://127.0.0.1:1", &[delay]);

    process.signal("TERM");
    process.wait_for(1, "not ready any more");
    process.signal("TERM");

    assert_eq!(process.ended().0, 0);
}

/// A balancer over processes: it asks for readiness and tries another one when a connection is refused, and only then.
#[derive(Default)]
struct Balancer {
    ready: Mutex<Vec<(SocketAddr, SocketAddr)>>,
    next: AtomicUsize,
    answered: AtomicUsize,
    lost: Mutex<Vec<String>>,
    ended: AtomicBool,
}

impl Balancer {
    fn add(&self, address: SocketAddr, admin: SocketAddr) {
        self.ready.lock().unwrap().push((address, admin));
    }

    fn look_after(&self) {
        while !self.ended.load(Ordering::Relaxed) {
            let known = self.ready.lock().unwrap().clone();
            for backend in known {
                let ready = talk(backend.1, &get("/readyz"));
                if !ready.is_ok_and(|answer| answer.starts_with("HTTP/1.1 200")) {
                    self.ready.lock().unwrap().retain(|known| *known != backend);
                }
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn ask(&self) {
        while !self.ended.load(Ordering::Relaxed) {
            let ready = self.ready.lock().unwrap().clone();
            let next = self.next.fetch_add(1, Ordering::Relaxed);
            let (address, _) = ready[next % ready.len()];
            match talk(address, &get(ACCOUNTS)) {
                Ok(answer) if answer.ends_with(r#""total":2}"#) => {
                    self.answered.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                other => self.lost.lock().unwrap().push(format!("{other:?}")),
            }
        }
    }
}

#[actix_web::test]
async fn a_rolling_restart_under_load_loses_no_request() {
    let simulator = simulate();
    let environment = [
        ("CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY", "500ms"),
        ("CUPI_GATEWAY__SERVER__WORKERS", "1"),
        ("CUPI_GATEWAY__CACHE__TTL", "0s"),
        LONG,
    ];
    let start = || Process::serve(&simulator.url(), &environment);
    let balancer = Arc::new(Balancer::default());
    let (mut old, address) = start();
    balancer.add(address, old.admin());
    let mut threads = vec![];
    for number in 0..5 {
        let balancer = Arc::clone(&balancer);
        threads.push(thread::spawn(move || match number {
            0 => balancer.look_after(),
            _ => balancer.ask(),
        }));
    }

    for _ in 0..2 {
        let (new, address) = start();
        balancer.add(address, new.admin());
        let before = balancer.answered.load(Ordering::Relaxed);
        until(|| balancer.answered.load(Ordering::Relaxed) > before + 20).await;
        old.signal("TERM");
        let (code, [_, log]) = old.ended();
        assert_eq!(code, 0, "{log}");
        old = new;
    }
    let before = balancer.answered.load(Ordering::Relaxed);
    until(|| balancer.answered.load(Ordering::Relaxed) > before + 20).await;
    balancer.ended.store(true, Ordering::Relaxed);
    for thread in threads {
        thread.join().unwrap();
    }

    assert_eq!(*balancer.lost.lock().unwrap(), Vec::<String>::new());
}
