//! What the operator reads: access lines, one line per event; and the gateway's own certificate.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use actix_web::{App, HttpServer, rt};
use cupi_gateway::check;
use cupi_gateway::config::{Config, KeyPair as Files};
use cupi_gateway::server::certificate::Certificate;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use serde_json::{Value, json};
use tokio::join;
use tokio::time::timeout;
use tracing_subscriber::fmt::MakeWriter;

use crate::process::{Process, run};
use crate::support::{
    ACCOUNTS, DEADLINE, DEVICES, FIRST, FUNG, JSON, OWN_DEVICE, PASSWORD, Reply, ask, ask_by,
    basic, simulate, until,
};

const NO_CACHE: (&str, &str) = ("CUPI_GATEWAY__CACHE__TTL", "0s");

/// The lines of a JSON log: those of requests, and those of events after the start.
fn lines(log: &str) -> (Vec<Value>, Vec<Value>) {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let (access, events): (Vec<Value>, Vec<Value>) =
        lines.partition(|line: &Value| line["target"] == "cupi_gateway::access");
    let events = events.into_iter();
    let events = events.filter(|line| line["message"] != "listening");
    (access, events.collect())
}

fn messages(events: &[Value]) -> Vec<&str> {
    events.iter().map(|line| line["message"].as_str().unwrap()).collect()
}

const EMPTY_LIST: &str = "<UserExternalServiceAccounts total=\"0\"/>";

/// A server that closes each connection without a word, or after an answer with this body.
#[derive(Clone, Default)]
struct Door(Arc<Mutex<&'static str>>);

impl Door {
    fn set(&self, body: &'static str) {
        *self.0.lock().unwrap() = body;
    }

    fn open(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let door = self.clone();
        thread::spawn(move || {
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                let mut request = [0; 4096];
                let _ = socket.read(&mut request);
                let body = *door.0.lock().unwrap();
                if !body.is_empty() {
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
                    );
                    let _ = socket.write_all((head + body).as_bytes());
                }
            }
        });
        format!("http://{address}")
    }
}

async fn get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> Reply {
    ask("GET", &format!("http://{address}{path}"), headers, b"").await
}

/// Waits until the metrics have this text, and returns them.
async fn until_counted(process: &Process, text: &str) -> String {
    let counted = async {
        loop {
            let metrics = get(process.admin(), "/metrics", &[]).await.text();
            if metrics.contains(text) {
                return metrics;
            }
        }
    };
    timeout(DEADLINE, counted).await.unwrap()
}

#[actix_web::test]
async fn each_request_has_one_line_with_all_that_is_known() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &[]);
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let own = [FUNG, ("x-request-id", "mine-1"), ("traceparent", trace)];
    let send = async |method: &str, path: &str, body: &str| {
        let url = format!("http://{address}{path}");
        ask(method, &url, &[FUNG, JSON], body.as_bytes()).await
    };

    get(address, ACCOUNTS, &own).await;
    get(address, ACCOUNTS, &[FUNG]).await;
    send("PUT", PASSWORD, r#"{"password":"never-to-be-seen"}"#).await;
    let first = FIRST.to_owned() + "/password";
    send("PUT", &first, r#"{"password":"never-to-be-seen"}"#).await;
    let made = send("POST", DEVICES, r#"{"dtmfAccessId":"77123"}"#).await;
    let made = made.json()["objectId"].as_str().unwrap().to_owned();
    send("DELETE", OWN_DEVICE, "").await;
    get(address, "/never-to-be-seen?password=never-to-be-seen", &[]).await;
    get(address, ACCOUNTS, &[]).await;
    process.wait_for(1, "credentials_missing");
    let [_, log] = process.end();

    assert!(!log.contains("never-to-be-seen"), "{log}");
    let (access, events) = lines(&log);
    assert_eq!(messages(&events), Vec::<&str>::new());
    assert_eq!(access.len(), 8);
    let caller = access[0]["caller"].as_str().unwrap();
    assert!(caller.len() == 8 && caller.bytes().all(|b| b.is_ascii_hexdigit()));
    let mut found = Vec::new();
    for line in &access {
        let mut line = line.clone();
        let line = line.as_object_mut().unwrap();
        assert_eq!(line.remove("level"), Some(json!("INFO")));
        line.remove("target").unwrap();
        assert!(line.remove("timestamp").unwrap().as_str().unwrap().ends_with('Z'));
        assert!(line.remove("duration_ms").unwrap().as_f64().unwrap() > 0.0);
        let called = line.remove("upstream_ms").map(|ms| ms.as_f64().unwrap() > 0.0);
        assert!(called.unwrap_or(true));
        assert_eq!(line.remove("queue_ms").is_some(), called.is_some());
        let id = line.remove("request_id").unwrap();
        assert!(!id.as_str().unwrap().is_empty());
        assert!(line.remove("caller").is_none_or(|known| known == caller));
        line.insert("called".to_owned(), called.is_some().into());
        found.push(Value::Object(line.clone()));
    }
    let item = "/api/v1/accounts/{objectId}/password";
    let second = PASSWORD.split('/').nth(4).unwrap();
    let first = FIRST.split('/').nth(4).unwrap();
    let own = OWN_DEVICE.split('/').nth(4).unwrap();
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let expected = json!([
        {"message": "request", "method": "GET", "route": ACCOUNTS, "status": 200, "cache": "miss", "called": true, "trace_id": trace},
        {"message": "request", "method": "GET", "route": ACCOUNTS, "status": 200, "cache": "hit", "called": false},
        {"message": "request", "method": "PUT", "route": item, "status": 204, "called": true, "object": second, "outcome": "done"},
        {"message": "request", "method": "PUT", "route": item, "status": 409, "called": true, "object": first, "outcome": "refused", "code": "password_not_settable"},
        {"message": "request", "method": "POST", "route": DEVICES, "status": 201, "called": true, "object": made, "outcome": "done"},
        {"message": "request", "method": "DELETE", "route": format!("{DEVICES}/{{objectId}}"), "status": 204, "called": true, "object": own, "outcome": "done"},
        {"message": "request", "method": "GET", "route": "other", "status": 404, "called": false, "code": "route_not_found"},
        {"message": "request", "method": "GET", "route": ACCOUNTS, "status": 401, "called": false, "code": "credentials_missing"},
    ]);
    assert_eq!(Value::Array(found), expected);
    assert_eq!(access[0]["request_id"], "mine-1");
}

#[actix_web::test]
async fn a_client_that_goes_away_has_its_line_too() {
    let simulator = simulate();
    simulator.set("stall", "head").unwrap();
    let (process, address) = Process::serve(&simulator.url(), &[NO_CACHE]);

    let mut socket = TcpStream::connect(address).unwrap();
    let request = format!(
        "GET {ACCOUNTS} HTTP/1.1\r\nHost: x\r\n{}: {}\r\nX-Request-Id: gone-1\r\n\r\n",
        FUNG.0, FUNG.1
    );
    socket.write_all(request.as_bytes()).unwrap();
    until(|| simulator.log().len() == 1).await;
    drop(socket);

    process.wait_for(1, "gone-1");
    simulator.set("stall", "off").unwrap();
    assert_eq!(get(address, ACCOUNTS, &[FUNG]).await.status, 200);
    let metrics = get(process.admin(), "/metrics", &[]).await.text();
    let [_, log] = process.end();
    let (access, events) = lines(&log);
    let [gone, answered] = access.as_slice() else {
        panic!("{access:?}");
    };
    assert_eq!(gone["code"], "client_gone");
    assert_eq!(gone["route"], ACCOUNTS);
    assert_eq!(gone["caller"], answered["caller"]);
    assert!(gone["queue_ms"].is_f64() && gone["duration_ms"].is_f64());
    assert!(gone.get("status").is_none());
    assert_eq!(messages(&events), Vec::<&str>::new());
    let series = "http_server_request_duration_seconds_count{error_type=\"client_gone\",\
                  http_request_method=\"GET\",http_response_status_code=\"\",\
                  http_route=\"/api/v1/accounts\"} 1";
    assert!(metrics.contains(series), "{metrics}");
}

#[actix_web::test]
async fn a_write_whose_client_goes_away_is_known_by_its_object() {
    let simulator = simulate();
    simulator.set("stall", "head").unwrap();
    let (process, address) = Process::serve(&simulator.url(), &[]);
    let delete = |id: &str| {
        let mut socket = TcpStream::connect(address).unwrap();
        let (name, value) = FUNG;
        let request =
            format!("DELETE {DEVICES}/{id} HTTP/1.1\r\nHost: x\r\n{name}: {value}\r\n\r\n");
        socket.write_all(request.as_bytes()).unwrap();
        socket
    };
    let own = OWN_DEVICE.split('/').nth(4).unwrap();
    // In any spelling.
    let spelled = own.to_uppercase().replacen('0', "%30", 1);

    let open = delete(&spelled);
    until(|| simulator.log().len() == 1).await;
    let waiting = delete(own);
    until_counted(&process, "\ncupi_gateway_upstream_queue_length 1\n").await;
    drop(waiting);
    process.wait_for(1, "client_gone");
    drop(open);
    let both = "http_route=\"/api/v1/alternate-devices/{objectId}\"} 2\n";
    let metrics = until_counted(&process, both).await;
    let [_, log] = process.end();

    let (access, _) = lines(&log);
    let [waited, called] = access.as_slice() else {
        panic!("{access:?}");
    };
    // What waited is not sent, what was sent may be done.
    assert_eq!(waited.get("outcome"), None);
    assert_eq!(called["outcome"], "unknown");
    for line in [waited, called] {
        assert_eq!(line["object"], own);
        assert!(line["queue_ms"].is_f64(), "{line}");
    }
    let waits = "\ncupi_gateway_upstream_queue_wait_seconds_count 2\n";
    assert!(metrics.contains(waits), "{metrics}");
}

#[actix_web::test]
async fn whoever_is_refused_for_having_waited_too_long_has_waited_in_his_line() {
    let simulator = simulate();
    simulator.set("stall", "head").unwrap();
    let environment = [
        NO_CACHE,
        ("CUPI_GATEWAY__UPSTREAM__MAX_IN_FLIGHT", "1"),
        ("CUPI_GATEWAY__UPSTREAM__QUEUE_TIMEOUT", "100ms"),
    ];
    let (process, address) = Process::serve(&simulator.url(), &environment);
    let mira = basic("mira", "forty-winks");

    let mira = [("authorization", mira.as_str())];
    let replies = join!(get(address, ACCOUNTS, &[FUNG]), async {
        until(|| simulator.log().len() == 1).await;
        let refused = get(address, ACCOUNTS, &mira).await;
        simulator.set("stall", "off").unwrap();
        refused
    });

    assert_eq!([replies.0.status, replies.1.status], [200, 503]);
    process.wait_for(1, "\"overloaded\"");
    let metrics = get(process.admin(), "/metrics", &[]).await.text();
    let [_, log] = process.end();
    let (access, _) = lines(&log);
    let refused = access.iter().find(|line| line["code"] == "overloaded");
    let refused = refused.unwrap();
    assert!(refused["queue_ms"].as_f64().unwrap() >= 100.0, "{refused}");
    assert!(refused.get("upstream_ms").is_none(), "{refused}");
    assert!(metrics.contains("\ncupi_gateway_upstream_queue_wait_seconds_count 2\n"), "{metrics}");
}

#[actix_web::test]
async fn lines_for_people_read_well() {
    let simulator = simulate();
    let text = ("CUPI_GATEWAY__LOG__FORMAT", "text");
    let (process, address) = Process::serve(&simulator.url(), &[text]);
    get(address, "/", &[]).await;

    process.wait_for(1, "status=302");
    let [_, log] = process.end();

    let line = log.lines().last().unwrap();
    assert!(
        line.contains(
            " INFO cupi_gateway::access: request method=\"GET\" route=\"/\" status=302 duration_ms="
        ),
        "{line}"
    );
    assert!(!line.contains('\x1b') && !line.contains("None"), "{line}");
}

#[actix_web::test]
async fn a_log_that_nobody_reads_stops_neither_answers_nor_the_end() {
    let simulator = simulate();
    let environment = [("CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY", "0s")];
    let (process, address) = Process::serve_unread(&simulator.url(), &environment);
    let client = awc::Client::default();
    let url = format!("http://{address}/nope");
    let id = "x".repeat(128);

    for _ in 0..4000 {
        let reply = ask_by(&client, "GET", &url, &[("x-request-id", &id)], b"").await;
        assert_eq!(reply.status, 404);
    }
    let metrics = get(process.admin(), "/metrics", &[]).await.text();
    process.signal("TERM");
    let (code, _) = process.ended();

    let dropped = metrics.lines().find_map(|line| {
        line.strip_prefix("cupi_gateway_log_lines_dropped_total ")?.parse::<u64>().ok()
    });
    assert!(dropped.unwrap() > 100, "{dropped:?}");
    assert!(metrics.contains("# TYPE cupi_gateway_log_lines_dropped_total counter\n"));
    assert_eq!(code, 0);
}

#[test]
fn the_limit_of_descriptors_is_raised() {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -S -n 256; exec \"$0\" serve", env!("CARGO_BIN_EXE_cupi-gateway")])
        .env("CUPI_GATEWAY__SERVER__BIND", "127.0.0.1:0")
        .env("CUPI_GATEWAY__ADMIN__BIND", "127.0.0.1:0")
        .env("CUPI_GATEWAY__UPSTREAM__URL", "http://127.0.0.1:1")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let listening = log.lines().any(|line| line.unwrap().contains("listening"));
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    assert!(listening);
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    let limit: Vec<_> = limit.split_whitespace().collect();
    assert_eq!(limit[0], limit[1]);
}

#[actix_web::test]
async fn a_hang_up_ends_in_order() {
    let simulator = simulate();
    let environment = [("CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY", "0s")];
    let (process, _) = Process::serve(&simulator.url(), &environment);

    process.signal("HUP");
    let (code, [_, log]) = process.ended();

    assert_eq!(code, 0, "{log}");
    let (_, events) = lines(&log);
    assert_eq!(messages(&events).last(), Some(&"done"), "{log}");
}

#[actix_web::test]
async fn an_outage_under_load_is_told_once_and_so_is_its_end() {
    let door = Door::default();
    let url = door.open();
    let (process, address) = Process::serve(&url, &[NO_CACHE]);

    assert_eq!(get(address, ACCOUNTS, &[FUNG]).await.status, 502);
    for _ in 0..100 {
        // Credentials that were not answered wait until Unity Connection answers anybody.
        assert_eq!(get(address, ACCOUNTS, &[FUNG]).await.status, 504);
    }
    door.set(EMPTY_LIST);
    for _ in 0..3 {
        assert_eq!(get(address, ACCOUNTS, &[FUNG]).await.status, 200);
    }

    process.wait_for(1, "answers again");
    let [_, log] = process.end();
    let (access, events) = lines(&log);
    let told = ["Unity Connection does not answer", "Unity Connection answers again"];
    assert_eq!(messages(&events), told);
    assert_eq!(events[0]["level"], "WARN");
    assert_eq!(events[0]["code"], "upstream_unreachable");
    assert!(access.len() >= 102);
}

#[actix_web::test]
async fn two_thousand_failing_requests_flood_no_log() {
    let (process, address) = Process::serve("http://127.0.0.1:1", &[NO_CACHE]);
    let client = awc::Client::default();
    let url = format!("http://{address}{ACCOUNTS}");

    for _ in 0..2000 {
        assert_eq!(ask_by(&client, "GET", &url, &[FUNG], b"").await.status, 502);
    }

    let [_, log] = process.end();
    let (access, events) = lines(&log);
    assert!(access.len() >= 1999);
    assert_eq!(messages(&events), ["Unity Connection does not answer"]);
}

#[actix_web::test]
async fn answers_that_come_and_go_or_cannot_be_used_are_told_once_a_minute() {
    let door = Door::default();
    let url = door.open();
    let (process, address) = Process::serve(&url, &[NO_CACHE]);

    for _ in 0..20 {
        door.set("");
        let gone = get(address, ACCOUNTS, &[FUNG]).await.json();
        door.set("<html/>");
        let useless = get(address, ACCOUNTS, &[FUNG]).await.json();
        assert_eq!(gone["code"], "upstream_unreachable");
        assert_eq!(useless["code"], "upstream_invalid_response");
    }

    let [_, log] = process.end();
    let (_, events) = lines(&log);
    let mut told = messages(&events);
    told.sort_unstable();
    let expected = [
        "Unity Connection answers again",
        "Unity Connection does not answer",
        "Unity Connection's answer cannot be used",
    ];
    assert_eq!(told, expected);
}

#[actix_web::test]
async fn a_limit_that_halves_is_told_once_and_so_is_its_return() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &[NO_CACHE]);

    simulator.set("status", "503").unwrap();
    for _ in 0..10 {
        assert_eq!(get(address, ACCOUNTS, &[FUNG]).await.status, 503);
    }
    simulator.set("status", "off").unwrap();
    for _ in 0..30 {
        assert_eq!(get(address, ACCOUNTS, &[FUNG]).await.status, 200);
    }

    process.wait_for(1, "keeps up again");
    let [_, log] = process.end();
    let (_, events) = lines(&log);
    let told: Vec<_> = events.iter().map(|line| (&line["level"], &line["limit"])).collect();
    assert_eq!(told, [(&json!("WARN"), &json!(1)), (&json!("INFO"), &json!(3))]);
}

#[actix_web::test]
async fn a_sign_in_pause_is_told_once_with_the_caller_of_the_access_lines() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &[]);
    let wrong = basic("fung", "never-to-be-seen");

    for _ in 0..5 {
        let reply = get(address, ACCOUNTS, &[("authorization", &wrong)]).await;
        assert_eq!(reply.status, 401);
    }

    let [_, log] = process.end();
    let (access, events) = lines(&log);
    let [event] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(event["level"], "WARN");
    assert!(access.iter().all(|line| line["caller"] == event["caller"]));
    assert_eq!(access[1]["code"], "sign_in_paused");
}

#[actix_web::test]
async fn made_up_credentials_flood_no_log() {
    let simulator = simulate();
    let (process, address) = Process::serve(&simulator.url(), &[]);

    for number in 0..30 {
        let nobody = basic("nobody", &number.to_string());
        let reply = get(address, ACCOUNTS, &[("authorization", &nobody)]).await;
        assert_eq!(reply.status, 401);
    }

    let metrics = get(process.admin(), "/metrics", &[]).await.text();
    let [_, log] = process.end();
    let (_, events) = lines(&log);
    assert_eq!(events.len(), 10, "{events:?}");
    let paused = |event: &Value| event["message"].as_str().unwrap().starts_with("sign-in paused");
    assert!(events.iter().all(paused), "{events:?}");
    assert!(metrics.contains("\ncupi_gateway_sign_in_pauses_total 30\n"), "{metrics}");
}

/// Writes a pair that is valid until that year, and tells where.
pub fn write_pair(folder: &Path, year: i32) -> Files {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    params.not_after = date_time_ymd(year, 1, 1);
    let files = Files { certificate: folder.join("tls.crt"), key: folder.join("tls.key") };
    fs::write(&files.certificate, params.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(&files.key, key.serialize_pem()).unwrap();
    files
}

/// The settings with which a gateway serves this pair.
pub fn served_with(files: &Files) -> [(&'static str, &str); 2] {
    let [certificate, key] = [&files.certificate, &files.key].map(|path| path.to_str().unwrap());
    [
        ("CUPI_GATEWAY__SERVER__TLS__CERTIFICATE", certificate),
        ("CUPI_GATEWAY__SERVER__TLS__KEY", key),
    ]
}

/// The fingerprint of the certificate that is served at this address.
async fn served(address: SocketAddr) -> String {
    let pin = "ab".repeat(32);
    let config = Config::parse(&format!(
        "upstream.url = 'https://{address}'\nupstream.certificate_sha256 = ['{pin}']"
    ));
    let mut out = Vec::new();
    check::run(&config.unwrap(), &mut out).await.unwrap_err();
    let text = String::from_utf8(out).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("sha256 "));
    line.unwrap().trim().to_owned()
}

/// Takes log lines down.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// How often this text was logged.
    pub fn count(&self, text: &str) -> usize {
        let log = self.0.lock().unwrap().clone();
        String::from_utf8(log).unwrap().matches(text).count()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[actix_web::test]
async fn a_renewed_certificate_is_taken_and_one_that_does_not_load_is_not() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path(), 4000);
    let certificate = Certificate::read(&files).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = HttpServer::new(App::new).workers(1).disable_signals();
    let server =
        server.listen_rustls_0_23(listener, certificate.server_config().unwrap()).unwrap().run();
    let handle = server.handle();
    rt::spawn(server);
    rt::spawn(certificate.follow(Duration::from_millis(5)));
    let first = served(address).await;

    fs::write(&files.key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        .unwrap();
    until(|| log.count("cannot be used") > 0).await;
    // Some rounds more.
    rt::time::sleep(Duration::from_millis(50)).await;
    let during = served(address).await;
    write_pair(folder.path(), 4001);
    until(|| log.count("certificate renewed") > 0).await;
    let second = served(address).await;

    assert_eq!(during, first);
    assert_ne!(second, first);
    // The two files of a pair are not written at once, which may be seen.
    assert!(log.count("cannot be used") <= 2);
    assert_eq!(log.count("certificate renewed"), 1);
    drop(handle.stop(false));
}

#[actix_web::test]
async fn the_api_is_served_with_the_certificate_and_its_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let files = write_pair(folder.path(), 2001);
    let environment = served_with(&files);
    let (process, address) = Process::serve("http://127.0.0.1:1", &environment);

    assert_eq!(served(address).await.len(), 32 * 3 - 1);

    let [_, log] = process.end();
    assert!(log.contains(r#""scheme":"https""#), "{log}");
    assert_eq!(log.matches("expires soon or has expired").count(), 1, "{log}");
}

#[test]
fn a_key_of_another_certificate_ends_the_start_and_the_check() {
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let certificate = write_pair(one.path(), 4000).certificate;
    let key = write_pair(other.path(), 4000).key;
    let environment = [
        ("CUPI_GATEWAY__UPSTREAM__URL", "http://127.0.0.1:1"),
        ("CUPI_GATEWAY__SERVER__TLS__CERTIFICATE", certificate.to_str().unwrap()),
        ("CUPI_GATEWAY__SERVER__TLS__KEY", key.to_str().unwrap()),
    ];

    let expected = format!(
        "cupi-gateway: server.tls.key: {} is not the key of the first certificate in {}\n",
        key.display(),
        certificate.display()
    );
    for command in ["serve", "check"] {
        let output = run(&[command], &environment);

        assert_eq!(String::from_utf8(output.stderr).unwrap(), expected, "{command}");
        assert_eq!(output.stdout, b"", "{command}");
        assert_eq!(output.status.code(), Some(2), "{command}");
    }
}
