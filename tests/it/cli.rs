//! The command line: what each command prints, and how it ends.

use std::fs;
use std::net::TcpListener;
use std::process::Output;

use serde_json::json;

use crate::process::{Process, run, unread};
use crate::support::{FUNG, ask, basic};

const URL: (&str, &str) = ("CUPI_GATEWAY__UPSTREAM__URL", "https://cuc.example.com:8443");

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Expects that the program said these lines and nothing else, and ended with this code.
#[track_caller]
fn assert_ended(output: &Output, expected: i32, lines: &[&str]) {
    let lines = lines.iter().map(|line| format!("cupi-gateway: {line}\n"));
    assert_eq!(err(output), lines.collect::<String>());
    assert_eq!(out(output), "");
    assert_eq!(code(output), expected);
}

#[actix_web::test]
async fn demo_says_where_everything_is_and_its_line_works_as_printed() {
    let environment = [
        ("CUPI_GATEWAY__SERVER__BIND", "127.0.0.1:0"),
        ("CUPI_GATEWAY__ADMIN__BIND", "127.0.0.1:0"),
        ("CUPI_GATEWAY__SERVER__WORKERS", "1"),
        // The simulator takes its place.
        ("CUPI_GATEWAY__UPSTREAM__URL", "https://nowhere.invalid"),
    ];
    let process = Process::start(&["demo"], &environment);

    process.wait_for(0, "curl ");
    let printed = process.wait_for(0, "/api/v1/accounts\n");
    let first = printed.lines().next().unwrap();
    let ui = first.strip_prefix("Swagger UI:  ").unwrap();
    assert!(ui.ends_with("/swagger-ui/"), "{first}");
    assert_eq!(ask("GET", ui, &[], b"").await.status, 200);

    let line = printed.lines().find(|line| line.trim_start().starts_with("curl ")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    assert_eq!(words[..3], ["curl", "-u", "fung:winter-2010"]);
    assert_eq!(words.len(), 4);
    // Nothing in it means something to a shell.
    let plain = |c: char| c.is_ascii_alphanumeric() || " :/.-".contains(c);
    assert!(line.chars().all(plain), "{line}");
    let reply = ask("GET", words[3], &[FUNG], b"").await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.json()["total"], 2);

    let [printed, log] = process.end();
    for (alias, password) in [("fung", "winter-2010"), ("eva", "pass:wörd 😀&%+")] {
        let row = printed.lines().find(|line| line.trim_start().starts_with(alias)).unwrap();
        assert!(row.contains(password), "{row}");
        let header = basic(alias, password);
        assert!(!log.contains(&header), "{log}");
    }
    for word in ["settings page", "refused", "482913", "lock"] {
        assert!(printed.contains(word), "{printed}");
    }
    assert!(!log.contains("WARN") && !log.contains("ERROR"), "{log}");
}

#[test]
fn demo_prints_addresses_that_work_here() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("tls.crt"), path("tls.key"));
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(&certificate, signed.cert.pem()).unwrap();
    fs::write(&key, signed.signing_key.serialize_pem()).unwrap();
    let tls = [
        ("CUPI_GATEWAY__SERVER__TLS__CERTIFICATE", certificate.as_str()),
        ("CUPI_GATEWAY__SERVER__TLS__KEY", &key),
    ];

    for (bind, tls, url, options) in [
        ("0.0.0.0:0", &tls[..], "https://127.0.0.1:", "-k -u"),
        ("[::]:0", &[], "http://[::1]:", "-u"),
        ("[::1]:0", &[], "http://[::1]:", "-u"),
    ] {
        if bind.starts_with('[') && TcpListener::bind("[::1]:0").is_err() {
            // No IPv6 here.
            continue;
        }
        let mut environment = vec![
            ("CUPI_GATEWAY__SERVER__BIND", bind),
            ("CUPI_GATEWAY__ADMIN__BIND", "127.0.0.1:0"),
        ];
        environment.extend(tls);
        let process = Process::start(&["demo"], &environment);

        process.wait_for(0, "curl ");
        let printed = process.wait_for(0, "/api/v1/accounts\n\n");
        let ui = printed.lines().next().unwrap();
        assert!(ui.starts_with(&format!("Swagger UI:  {url}")), "{ui}");
        let curl = format!("  curl {options} fung:winter-2010 {url}");
        assert!(printed.contains(&curl), "{printed}");
    }
}

#[actix_web::test]
async fn simulate_serves_with_the_switches_given() {
    let arguments = [
        "simulate",
        "--bind",
        "127.0.0.1:0",
        "--switch",
        "flags=capital",
        "--switch",
        "total=present",
    ];
    let process = Process::start(&arguments, &[]);

    let printed = process.wait_for(0, "http://127.0.0.1:");
    let url = printed.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
    let url = format!("{url}/vmrest/user/externalserviceaccounts");
    let reply = ask("GET", &url, &[FUNG], b"").await;

    assert!(reply.text().contains(r#"total="2""#), "{}", reply.text());
    assert!(reply.text().contains("<IsEnabled>True</IsEnabled>"));
    process.wait_for(0, "eva");
}

#[actix_web::test]
async fn serve_takes_its_settings_from_file_and_environment() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.toml");
    fs::write(
        &file,
        "[server]\nbind = '127.0.0.1:1'\nworkers = 1\n[upstream]\nurl = 'http://127.0.0.1:1'\n[docs]\nswagger_ui = false\n\
         [cors]\nallowed_origins = ['https://file.example']",
    )
    .unwrap();
    let environment = [
        ("CUPI_GATEWAY__SERVER__BIND", "127.0.0.1:0"),
        ("CUPI_GATEWAY__ADMIN__BIND", "127.0.0.1:0"),
        ("CUPI_GATEWAY__CORS__ALLOWED_ORIGINS", r#"["https://a.example", "https://b.example"]"#),
        ("CUPI_GATEWAY__LOG__FORMAT", "text"),
        ("CUPI_GATEWAY_OTHER", "not ours"),
        ("CUPI_GATEWAY", "not ours"),
    ];
    let process = Process::start(&["serve", "--config", file.to_str().unwrap()], &environment);

    let log = process.wait_for(1, "listening");
    let address = log.split("address=").nth(1).unwrap();
    let port = address.split([':', ' ']).nth(1).unwrap();
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let ui = ask("GET", &url("/swagger-ui/"), &[], b"").await;
    let file = ask("GET", &url("/"), &[("origin", "https://file.example")], b"").await;
    let environment = ask("GET", &url("/"), &[("origin", "https://b.example")], b"").await;
    let accounts = ask("GET", &url("/api/v1/accounts"), &[FUNG], b"").await;

    assert_eq!(ui.status, 404);
    assert_eq!(file.header("access-control-allow-origin"), None);
    assert_eq!(environment.header("access-control-allow-origin"), Some("https://b.example"));
    assert_eq!(accounts.json()["code"], json!("upstream_unreachable"));
}

#[test]
fn serve_without_an_upstream_does_not_start() {
    let output = run(&["serve"], &[]);

    let line =
        "upstream.url: is required: write an origin such as https://cuc-publisher.example.com:8443";
    assert_ended(&output, 2, &[line]);
}

#[test]
fn faults_in_file_and_environment_are_told_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.toml");
    fs::write(&file, "nope = 1\n[server]\nworkers = 0\n[log]\nlevel = 'loud'\n").unwrap();
    let environment = [
        ("CUPI_GATEWAY__UPSTREAM__URL", "https://fung:winter-2010@cuc.example.com"),
        ("CUPI_GATEWAY__UPSTREAM__TIMEOUT", "0s"),
        ("CUPI_GATEWAY__UPSTREAM__NO", "1"),
        ("CUPI_GATEWAY__NO__SUCH__KEY", "x"),
        ("CUPI_GATEWAY__CORS__ALLOWED_ORIGINS", "https://a.example"),
    ];

    let output = run(&["serve", "--config", file.to_str().unwrap()], &environment);

    assert_ended(
        &output,
        2,
        &[
            "server.workers: write a whole number above 0",
            "upstream.url: write an origin such as https://cuc-publisher.example.com:8443, without user, path or query",
            "upstream.timeout: must be longer than 0",
            r#"cors.allowed_origins: write a list of texts such as ["https://app.example.com"]"#,
            "log.level: write error, warn, info, debug or trace",
            "no.such.key: there is no such setting",
            "nope: there is no such setting",
            "upstream.no: there is no such setting",
        ],
    );
}

#[test]
fn what_the_environment_covers_in_the_file_has_to_be_a_setting_too() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.toml");
    let group = "upstream: is a group of settings: set those in it; in a file they stand below [upstream], which stands there once";
    let quoted = r#""upstream.url": a name in quotes is no setting: write it without them"#;
    for (text, fault) in [
        ("[[upstream]]\ntimeout = '1s'", group),
        ("upstream = 'x'", group),
        ("'upstream.url' = 'https://x'", quoted),
        ("upstream.url.host = 'x'", "upstream.url.host: there is no such setting"),
    ] {
        fs::write(&file, text).unwrap();

        let output = run(&["serve", "--config", file.to_str().unwrap()], &[URL]);

        assert_ended(&output, 2, &[fault]);
    }
}

#[test]
fn settings_in_the_environment_are_read_as_what_they_are() {
    let cases = [
        ("SERVER__WORKERS", "two", "server.workers: write a whole number above 0"),
        ("SERVER__WORKERS", "", "server.workers: write a whole number above 0"),
        ("SERVER__WORKERS", "-1", "server.workers: write a whole number above 0"),
        ("UPSTREAM__TIMEOUT", "15", "upstream.timeout: write a duration such as 10s or 500ms"),
        ("CACHE__TTL", "1001years", "cache.ttl: must not be longer than a year (1y)"),
        ("UPSTREAM__ALLOW_PLAINTEXT", "yes", "upstream.allow_plaintext: write true or false"),
        ("DOCS__SWAGGER_UI", "1", "docs.swagger_ui: write true or false"),
    ];
    for (name, value, fault) in cases {
        let name = format!("CUPI_GATEWAY__{name}");
        let output = run(&["serve"], &[URL, (&name, value)]);

        assert_ended(&output, 2, &[fault]);
    }
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (missing, binary, broken) =
        (path("missing.toml"), path("binary.toml"), path("broken.toml"));
    fs::write(&binary, b"\xff\xfe").unwrap();
    fs::write(&broken, "[upstream]\nurl = 'https://fung:winter-2010@cuc.example.com\n").unwrap();
    let folder = directory.path().to_str().unwrap();

    for (file, fault) in [
        (missing.as_str(), "No such file or directory (os error 2)"),
        (&binary, "stream did not contain valid UTF-8"),
        (&broken, "TOML parse error at line 2, column 48: invalid literal string"),
        (folder, "Is a directory (os error 21)"),
    ] {
        let output = run(&["serve", "--config", file], &[URL]);

        assert_ended(&output, 2, &[&format!("{file}: {fault}")]);
    }
}

#[test]
fn a_port_that_is_taken_ends_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let bind = ("CUPI_GATEWAY__SERVER__BIND", address.as_str());
    let fault = |key: &str| format!("{key}: {address}: Address already in use (os error 98)");
    let ports = "choose other ports: --bind 127.0.0.1:0 takes any free one for the API, \
                 CUPI_GATEWAY__ADMIN__BIND=127.0.0.1:0 for the admin address";

    let url = ("CUPI_GATEWAY__UPSTREAM__URL", "http://127.0.0.1:1");
    let serve = run(&["serve"], &[url, bind]);
    let demo = run(&["demo"], &[bind]);
    let demo_elsewhere = run(&["demo", "--bind", &address], &[]);
    let admin = ("CUPI_GATEWAY__ADMIN__BIND", address.as_str());
    let demo_admin = run(&["demo", "--bind", "127.0.0.1:0"], &[admin]);
    let simulate = run(&["simulate", "--bind", &address], &[]);

    assert_ended(&serve, 1, &[&fault("server.bind")]);
    assert_ended(&demo, 1, &[&fault("server.bind"), ports]);
    assert_ended(&demo_elsewhere, 1, &[&fault("server.bind"), ports]);
    assert_ended(&demo_admin, 1, &[&fault("admin.bind"), ports]);
    let port = "choose another port: --bind 127.0.0.1:0 takes any free one";
    assert_ended(&simulate, 1, &["Address already in use (os error 98)", port]);
}

#[actix_web::test]
async fn demo_listens_where_its_option_says_whatever_the_environment_says() {
    let environment = [
        ("CUPI_GATEWAY__SERVER__BIND", "192.0.2.1:1"),
        ("CUPI_GATEWAY__ADMIN__BIND", "127.0.0.1:0"),
        ("CUPI_GATEWAY__SERVER__WORKERS", "1"),
    ];
    let process = Process::start(&["demo", "--bind", "127.0.0.1:0"], &environment);

    let printed = process.wait_for(0, "Swagger UI:");
    let ui = printed.lines().next().unwrap().split_whitespace().last().unwrap();
    assert!(ui.starts_with("http://127.0.0.1:"), "{ui}");
    assert_eq!(ask("GET", ui, &[], b"").await.status, 200);
}

#[test]
fn unknown_settings_are_told_with_the_one_that_was_meant() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("gateway.toml");
    for (text, fault) in [
        (
            "upstream.tiemout = '5s'",
            "upstream.tiemout: there is no such setting. Did you mean upstream.timeout?",
        ),
        (
            "upsteam.timeout = '5s'",
            "upsteam.timeout: there is no such setting. Did you mean upstream.timeout?",
        ),
        ("bind = '[::]:8080'", "bind: there is no such setting"),
        ("ttl = '5s'", "ttl: there is no such setting. Did you mean cache.ttl?"),
        ("server.swagger_ui = false", "server.swagger_ui: there is no such setting"),
        ("server.threads = 4", "server.threads: there is no such setting"),
    ] {
        fs::write(&file, text).unwrap();

        let output = run(&["serve", "--config", file.to_str().unwrap()], &[URL]);

        assert_ended(&output, 2, &[fault]);
    }
    let output = run(
        &["serve"],
        &[URL, ("CUPI_GATEWAY__CACHE__TTTL", "5s"), ("CUPI_GATEWAY__ADMIN_BIND", "x")],
    );

    assert_ended(
        &output,
        2,
        &[
            "admin_bind: there is no such setting. Did you mean admin.bind (CUPI_GATEWAY__ADMIN__BIND)?",
            "cache.tttl: there is no such setting. Did you mean cache.ttl (CUPI_GATEWAY__CACHE__TTL)?",
        ],
    );
}

#[test]
fn unknown_options_and_commands_are_told_with_the_one_that_was_meant() {
    for (arguments, meant) in [
        (vec!["serv"], "'serve'"),
        (vec!["serve", "--confg", "x"], "'--config'"),
        (vec!["demo", "--bnd", "127.0.0.1:0"], "'--bind'"),
    ] {
        let output = run(&arguments, &[]);

        assert!(err(&output).contains(meant), "{}", err(&output));
        assert_eq!(code(&output), 2);
    }
}

#[test]
fn a_system_without_certificate_authorities_needs_a_bundle_or_a_pin() {
    let pin = format!(r#"["{}"]"#, "ab".repeat(32));
    let none = [URL, ("SSL_CERT_FILE", "/nowhere"), ("SSL_CERT_DIR", "/nowhere")];
    let pinned =
        [none.as_slice(), &[("CUPI_GATEWAY__UPSTREAM__CERTIFICATE_SHA256", &pin)]].concat();

    let output = run(&["serve"], &none);

    let fault = "upstream.ca_bundle: this system has no certificate authorities of its own: name a bundle, or pin the \
        server's certificate with upstream.certificate_sha256";
    assert_ended(&output, 2, &[fault]);
    let bind = ("CUPI_GATEWAY__SERVER__BIND", "127.0.0.1:0");
    let process = Process::start(&["serve"], &[pinned.as_slice(), &[bind]].concat());
    process.wait_for(1, "listening");
}

#[test]
fn a_command_line_that_makes_no_sense_ends_with_2() {
    for arguments in [
        vec![],
        vec!["nope"],
        vec!["serve", "--nope"],
        vec!["serve", "--config"],
        vec!["serve", "extra"],
        vec!["demo", "--config", "x"],
        vec!["simulate", "--bind", "nowhere"],
        vec!["simulate", "--certificate", "x"],
        vec!["simulate", "--key", "x"],
    ] {
        let output = run(&arguments, &[]);

        assert_eq!(code(&output), 2, "{arguments:?}");
        assert_eq!(out(&output), "", "{arguments:?}");
        assert!(err(&output).contains("--help"), "{arguments:?}");
    }
}

#[test]
fn switches_that_there_are_not_are_told_at_once() {
    let arguments =
        ["simulate", "--switch", "flags=odd", "--switch", "nope=1", "--switch", "total"];

    let output = run(&arguments, &[]);

    assert_eq!(code(&output), 2);
    let faults = err(&output);
    let faults: Vec<_> = faults.lines().collect();
    assert_eq!(faults.len(), 3);
    assert!(faults[0].starts_with("cupi-gateway: --switch flags=odd: "), "{}", faults[0]);
    assert!(faults[1].starts_with("cupi-gateway: --switch nope=1: "), "{}", faults[1]);
    assert!(faults[2].starts_with("cupi-gateway: --switch total: "), "{}", faults[2]);
}

#[test]
fn help_and_version_are_no_faults() {
    let help = run(&["--help"], &[]);
    let serve = run(&["serve", "--help"], &[]);
    let version = run(&["--version"], &[]);

    for command in ["demo", "serve", "simulate", "openapi", "health", "check", "Exit codes"] {
        assert!(out(&help).contains(command), "{command}");
    }
    assert!(out(&serve).contains("--config <FILE>"));
    assert_eq!(out(&version), format!("cupi-gateway {}\n", env!("CARGO_PKG_VERSION")));
    for output in [help, serve, version] {
        assert_eq!(code(&output), 0);
        assert_eq!(err(&output), "");
    }
}

#[test]
fn openapi_prints_the_committed_document() {
    let output = run(&["openapi"], &[]);

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi/openapi.json");
    assert!(out(&output) == fs::read_to_string(path).unwrap(), "the committed document is another");
    assert_eq!(err(&output), "");
    assert_eq!(code(&output), 0);
}

#[test]
fn a_reader_that_goes_away_early_is_no_failure() {
    for arguments in [["openapi"], ["--help"]] {
        assert_eq!(unread(&arguments), (0, String::new()), "{arguments:?}");
    }
}

#[test]
fn no_color_is_heeded_in_logs_and_help() {
    let environment = [
        ("CUPI_GATEWAY__SERVER__BIND", "127.0.0.1:0"),
        ("CUPI_GATEWAY__ADMIN__BIND", "127.0.0.1:0"),
        ("CUPI_GATEWAY__UPSTREAM__URL", "http://127.0.0.1:1"),
    ];
    for (no_color, is_coloured) in [(None, true), (Some("1"), false), (Some(""), true)] {
        let mut environment = environment.to_vec();
        environment.extend(no_color.map(|value| ("NO_COLOR", value)));
        let mut serve = Process::start_on_a_terminal("serve", &environment);
        serve.wait_for(0, "listening");
        serve.press_ctrl_c();
        let (_, [log, _]) = serve.ended();
        let (_, [help, _]) = Process::start_on_a_terminal("--help", &environment).ended();

        assert!(log.contains("INFO"), "{log}");
        for text in [log, help] {
            assert_eq!(text.contains('\x1b'), is_coloured, "{no_color:?}: {text}");
        }
    }
}
