//! What replicas and restarts remember together, in a real Valkey or Redis.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use actix_web::rt::time::sleep;
use cupi_gateway::config::Config;
use cupi_gateway::simulator::Simulator;
use redis::{Connection, ConnectionLike};
use tempfile::TempDir;

use crate::metrics::{metrics, value};
use crate::process::Process;
use crate::raw::{RawUpstream, Step, answer, document};
use crate::support::{
    ACCOUNTS, DEADLINE, FUNG, Reply, TestGateway, UPSTREAM_ACCOUNTS, ask, basic, simulate, together,
};

/// What servers of Debian's packages are called.
const SERVERS: [&str; 2] = ["valkey-server", "redis-server"];

/// A store that listens on a port of this machine, and the key of digests.
struct Store {
    server: Child,
    folder: TempDir,
    port: u16,
}

impl Store {
    /// Starts a server with these settings. None where none is installed, which is a failure in CI.
    #[expect(clippy::disallowed_methods, reason = "it is CI's own variable")]
    #[expect(
        clippy::print_stdout,
        reason = "a test that does not run must not look like one that passed"
    )]
    fn start(settings: &[&str]) -> Option<Self> {
        let is_there = |name: &&str| {
            let mut path = env::var_os("PATH")
                .into_iter()
                .flat_map(|path| env::split_paths(&path).collect::<Vec<_>>());
            path.any(|folder| folder.join(name).is_file())
        };
        let Some(name) = SERVERS.into_iter().find(is_there) else {
            assert_ne!(
                env::var("CI").as_deref(),
                Ok("true"),
                "neither of {SERVERS:?} is installed"
            );
            println!("skipped: no data (neither of {SERVERS:?} is installed)");
            return None;
        };
        // It takes no port 0. Another program may take the port that was free: then it ends, and the next one is tried.
        loop {
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let server = Command::new(name)
                .args([
                    "--bind",
                    "127.0.0.1",
                    "--save",
                    "",
                    "--appendonly",
                    "no",
                    "--port",
                    &port.to_string(),
                ])
                .args(settings)
                .stdout(Stdio::null())
                .spawn()
                .unwrap();
            let mut store = Self { server, folder: tempfile::tempdir().unwrap(), port };
            std::fs::write(store.folder.path().join("key"), [7; 32]).unwrap();
            let begun = Instant::now();
            while store.server.try_wait().unwrap().is_none() {
                if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                    return Some(store);
                }
                assert!(begun.elapsed() < DEADLINE, "it does not listen");
                thread::sleep(Duration::from_millis(2));
            }
        }
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    fn settings(&self) -> String {
        self.settings_with(&self.url())
    }

    /// Settings of a gateway with this address of the store, under which nothing may take long.
    fn settings_with(&self, url: &str) -> String {
        let key = self.folder.path().join("key");
        format!(
            "upstream.sign_in_pause = '35m'\nshared.url = '{url}'\nshared.key_file = '{}'\nshared.timeout = '30s'\n",
            key.display()
        )
    }

    fn connect(&self) -> Connection {
        redis::Client::open(self.url()).unwrap().get_connection().unwrap()
    }

    /// Tells the store something, and reads what it says.
    fn tell(&self, command: &[&str]) -> redis::Value {
        let mut packed = redis::cmd(command[0]);
        packed.arg(&command[1..]);
        self.connect().req_command(&packed).unwrap()
    }

    fn keys(&self) -> Vec<String> {
        redis::cmd("KEYS").arg("*").query(&mut self.connect()).unwrap()
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([name, &self.server.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

fn replica(simulator: &Simulator, toml: &str) -> TestGateway<()> {
    TestGateway::before((), &simulator.url(), toml)
}

/// Waits until a metric has this value.
async fn until_counted<U>(gateway: &TestGateway<U>, series: &str, count: f64) {
    let begun = Instant::now();
    while value(&metrics(gateway).await, series) < count {
        assert!(begun.elapsed() < DEADLINE, "{series} stays below {count}");
        sleep(Duration::from_millis(20)).await;
    }
}

async fn end_pauses<U>(gateway: &TestGateway<U>, path: &str) -> u16 {
    let url = format!("http://{}/sign-in-pauses{path}", gateway.admin_address);
    ask("DELETE", &url, &[], b"").await.status
}

const PAUSES: &str = "cupi_gateway_sign_in_pauses";

#[actix_web::test]
async fn a_replaced_password_is_tried_by_one_replica_alone() {
    let Some(store) = Store::start(&[]) else { return };
    let simulator = simulate();
    let [one, other] = [(); 2].map(|()| replica(&simulator, &store.settings()));
    for replica in [&one, &other] {
        assert_eq!(replica.get(ACCOUNTS).await.status, 200);
    }
    simulator.set_password("fung", "changed").unwrap();

    assert_eq!(one.get(ACCOUNTS).await.json()["code"], "credentials_rejected");
    until_counted(&other, PAUSES, 1.0).await;
    let restarted = replica(&simulator, &store.settings());
    simulator.clear_log();

    for replica in [&one, &other, &restarted] {
        assert_eq!(replica.get(ACCOUNTS).await.json()["code"], "sign_in_paused");
    }
    assert_eq!(simulator.log().len(), 0);
    assert_eq!(simulator.failed_sign_ins("fung"), 2);
    let keys = store.keys();
    assert_eq!(keys.len(), 2, "{keys:?}");
    for key in &keys {
        let redis::Value::Int(expiry) = store.tell(&["PTTL", key]) else { panic!("{key}") };
        assert!((1..=35 * 60 * 1000).contains(&expiry), "{key}: {expiry}");
    }
}

#[actix_web::test]
async fn a_pause_that_is_ended_on_one_replica_ends_on_all() {
    let Some(store) = Store::start(&[]) else { return };
    let simulator = simulate();
    let one = replica(&simulator, &store.settings());
    let wrong = basic("fung", "wrong");
    let wrong = [("authorization", wrong.as_str())];
    simulator.set_password("fung", "changed").unwrap();
    one.get(ACCOUNTS).await;
    one.ask("GET", ACCOUNTS, &wrong, "").await;
    simulator.set_password("fung", "winter-2010").unwrap();
    let detail = one.get(ACCOUNTS).await.json()["detail"].as_str().unwrap().to_owned();
    let (_, digits) = detail.split_once("/sign-in-pauses/").unwrap();
    let digits: String = digits.chars().take(8).collect();
    // It has heard of no pause, since they began before it did.
    let other = replica(&simulator, &store.settings());

    assert_eq!(end_pauses(&other, "/00000000").await, 404);
    assert_eq!(end_pauses(&other, &format!("/{digits}")).await, 204);
    assert_eq!(end_pauses(&other, &format!("/{digits}")).await, 404);

    assert_eq!(other.get(ACCOUNTS).await.status, 200);
    let begun = Instant::now();
    while one.get(ACCOUNTS).await.status != 200 {
        assert!(begun.elapsed() < DEADLINE, "it does not hear of the end");
    }
    assert_eq!(one.ask("GET", ACCOUNTS, &wrong, "").await.json()["code"], "sign_in_paused");
    assert_eq!(end_pauses(&other, "").await, 204);
    let begun = Instant::now();
    while one.ask("GET", ACCOUNTS, &wrong, "").await.json()["code"] == "sign_in_paused" {
        assert!(begun.elapsed() < DEADLINE, "it does not hear of the end");
    }
}

#[actix_web::test]
async fn a_known_caller_stays_known_over_a_restart() {
    let Some(store) = Store::start(&[]) else { return };
    let simulator = simulate();
    let before = replica(&simulator, &store.settings());
    assert_eq!(before.get(ACCOUNTS).await.status, 200);
    until_kept(&store, 1).await;
    drop(before);
    simulator.set("not_permitted", UPSTREAM_ACCOUNTS).unwrap();

    let after = replica(&simulator, &store.settings());
    let reply = after.get(ACCOUNTS).await;

    // A stranger's 401 would be a pause.
    assert_eq!(reply.json()["code"], "forbidden");
    assert_eq!(simulator.failed_sign_ins("fung"), 0);
}

async fn until_kept(store: &Store, count: usize) {
    let begun = Instant::now();
    while store.keys().len() < count {
        assert!(begun.elapsed() < DEADLINE, "{:?}", store.keys());
        sleep(Duration::from_millis(5)).await;
    }
}

#[actix_web::test]
async fn calls_that_were_not_answered_count_on_all_replicas() {
    let Some(store) = Store::start(&[]) else { return };
    let toml = format!("upstream.timeout = '300ms'\n{}", store.settings());
    let steps = [Step::Hold, answer("401 Unauthorized", b""), Step::Hold, document(b"<x/>")];
    let upstream = RawUpstream::start(steps.into_iter().map(|step| vec![step]).collect());
    let [one, other, third] = [(); 3].map(|()| TestGateway::before((), &upstream.url(), &toml));

    one.get(ACCOUNTS).await;
    until_kept(&store, 2).await;
    // It asks without credentials first, and those are not answered either.
    other.get(ACCOUNTS).await;
    let twice = Instant::now();
    while unanswered(&store) < 2 {
        assert!(twice.elapsed() < DEADLINE, "{:?}", store.keys());
    }
    let refused = third.get(ACCOUNTS).await;

    assert_eq!(refused.json()["code"], "upstream_timeout");
    assert_eq!(refused.header("retry-after"), Some("5"));
    let signed: Vec<_> = upstream
        .received()
        .iter()
        .map(|request| request.header("authorization").is_some())
        .collect();
    assert_eq!(signed, [true, false, true]);
}

/// How often the only caller's credentials were sent without an answer.
fn unanswered(store: &Store) -> u32 {
    let keys = store.keys();
    let key = keys.iter().find(|key| key.contains(":caller:")).unwrap();
    redis::cmd("HGET").arg(key).arg("unanswered").query(&mut store.connect()).unwrap()
}

/// Twenty people read at once, and then somebody unknown.
async fn read_as_many(gateway: &TestGateway<()>) {
    let read = async |number: usize| -> Reply {
        let token = format!("Bearer token-person{number:02}");
        gateway.ask("GET", ACCOUNTS, &[("authorization", &token)], "").await
    };
    for reply in together(20, |number| read(number + 1)).await {
        assert_eq!(reply.status, 200, "{}", reply.text());
    }
    let nobody = gateway.ask("GET", ACCOUNTS, &[("authorization", "Bearer x")], "").await;
    assert_eq!(nobody.status, 401);
    let ready = ask("GET", &format!("http://{}/readyz", gateway.admin_address), &[], b"").await;
    assert_eq!(ready.status, 200);
}

#[actix_web::test]
async fn no_request_fails_for_a_store_that_does_not_work() {
    const ERRORS: &str = "cupi_gateway_shared_errors_total";
    /// What is done to the store, before the gateway starts or while it runs.
    type Harm = fn(&mut Store);
    let harms: [(&str, Harm); 7] = [
        ("killed", |store| store.server.kill().unwrap()),
        ("stalled", |store| store.signal("-STOP")),
        ("full", |store| {
            store.tell(&["CONFIG", "SET", "maxmemory", "1"]);
        }),
        ("read-only", |store| {
            store.tell(&["REPLICAOF", "127.0.0.1", "1"]);
        }),
        ("other password", |store| {
            store.tell(&["CONFIG", "SET", "requirepass", "other"]);
            let mut connection =
                redis::Client::open(format!("redis://:other@127.0.0.1:{}", store.port))
                    .unwrap()
                    .get_connection()
                    .unwrap();
            redis::cmd("CLIENT")
                .arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"])
                .exec(&mut connection)
                .unwrap();
        }),
        ("closed", |store| {
            store.tell(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
        }),
        ("rubbish at our keys", |store| {
            store.tell(&["SET", "cupi-gateway:1:told", "rubbish"]);
        }),
    ];
    for (name, harm) in harms {
        for is_there_before in [true, false] {
            let Some(mut store) = Store::start(&[]) else { return };
            let simulator = simulate();
            let toml = store.settings().replace("'30s'", "'200ms'");
            let gateway = if is_there_before {
                let gateway = replica(&simulator, &toml);
                assert_eq!(gateway.get(ACCOUNTS).await.status, 200);
                until_kept(&store, 1).await;
                harm(&mut store);
                gateway
            } else {
                harm(&mut store);
                replica(&simulator, &toml)
            };

            read_as_many(&gateway).await;

            if name != "closed" || is_there_before {
                until_counted(&gateway, ERRORS, 1.0).await;
            }
            store.signal("-CONT");
        }
    }
}

#[actix_web::test]
async fn a_store_that_comes_back_is_used_again() {
    let Some(store) = Store::start(&[]) else { return };
    let simulator = simulate();
    let [one, other] = [(); 2].map(|()| replica(&simulator, &store.settings()));
    store.tell(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    let wrong = [("authorization", "Bearer x")];

    one.ask("GET", ACCOUNTS, &wrong, "").await;
    until_counted(&other, PAUSES, 1.0).await;

    let reply = other.ask("GET", ACCOUNTS, &wrong, "").await;
    assert_eq!(reply.json()["code"], "sign_in_paused");
}

#[actix_web::test]
async fn another_key_knows_nobody() {
    let Some(store) = Store::start(&[]) else { return };
    let simulator = simulate();
    let one = replica(&simulator, &store.settings());
    let wrong = [("authorization", "Bearer x")];
    one.ask("GET", ACCOUNTS, &wrong, "").await;
    until_kept(&store, 2).await;
    std::fs::write(store.folder.path().join("key"), [8; 40]).unwrap();

    let other = replica(&simulator, &store.settings());

    let reply = other.ask("GET", ACCOUNTS, &wrong, "").await;
    assert_eq!(reply.json()["code"], "credentials_rejected");
}

#[actix_web::test]
async fn an_ordered_end_leaves_nothing_untold() {
    let Some(store) = Store::start(&[]) else { return };
    let simulator = simulate();
    let key = store.folder.path().join("key");
    let url = store.url();
    let environment = [
        ("CUPI_GATEWAY__SHARED__URL", url.as_str()),
        ("CUPI_GATEWAY__SHARED__KEY_FILE", key.to_str().unwrap()),
        ("CUPI_GATEWAY__SERVER__SHUTDOWN_DELAY", "0s"),
    ];
    let (process, address) = Process::serve(&simulator.url(), &environment);

    let reply = ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await;
    assert_eq!(reply.status, 200);
    process.signal("TERM");

    assert_eq!(process.ended().0, 0);
    assert_eq!(store.keys().len(), 1);
}

#[actix_web::test]
async fn neither_address_nor_password_of_the_store_is_ever_printed() {
    let Some(store) = Store::start(&["--requirepass", "right"]) else { return };
    let simulator = simulate();
    let key = store.folder.path().join("key");
    let url = format!("redis://somebody:never%20seen@127.0.0.1:{}/0", store.port);
    let environment = [
        ("CUPI_GATEWAY__SHARED__URL", url.as_str()),
        ("CUPI_GATEWAY__SHARED__KEY_FILE", key.to_str().unwrap()),
        ("CUPI_GATEWAY__LOG__LEVEL", "trace"),
    ];
    let (process, address) = Process::serve(&simulator.url(), &environment);

    let reply = ask("GET", &format!("http://{address}{ACCOUNTS}"), &[FUNG], b"").await;
    assert_eq!(reply.status, 200);
    process.wait_for(1, "the shared store fails");
    let [printed, log] = process.end();

    for secret in ["never", "somebody", &store.port.to_string()] {
        assert!(!printed.contains(secret) && !log.contains(secret), "{secret}: {printed}{log}");
    }
}

#[test]
fn what_is_wrong_with_the_settings_is_told_without_the_address() {
    let folder = tempfile::tempdir().unwrap();
    let short = folder.path().join("short");
    std::fs::write(&short, [1; 31]).unwrap();
    let short = short.display();
    let cases = [
        (
            "shared.url = 'redis://store'".to_owned(),
            "shared.key_file: is required beside shared.url",
        ),
        (format!("shared.key_file = '{short}'"), "has 31 bytes: it must have at least 32"),
        ("shared.key_file = '/none'".to_owned(), "shared.key_file: /none cannot be read"),
        ("shared.timeout = '0s'".to_owned(), "shared.timeout: must be longer than 0"),
        (
            "shared.url = 'http://secret@store'".to_owned(),
            "shared.url: write a URL such as redis://",
        ),
        ("shared.url = 'redis://:secret@/0'".to_owned(), "shared.url: write"),
        ("shared.url = 'redis://store/secret'".to_owned(), "shared.url: write"),
        ("shared.url = 'redis://store/0?secret=1'".to_owned(), "shared.url: write"),
    ];
    for (toml, expected) in cases {
        let faults =
            Config::parse(&format!("upstream.url = 'http://127.0.0.1'\n{toml}")).unwrap_err();
        let faults = faults.to_string();
        assert!(faults.contains(expected), "{toml}: {faults}");
        assert!(!faults.contains("secret"), "{faults}");
    }
}
