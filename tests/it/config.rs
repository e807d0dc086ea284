//! Settings: what they are without a word, what a file and the environment may say, and how faults are told.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use cupi_gateway::config::{Config, LogFormat, NoEndDate};
use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tracing::Level;

const URL: &str = "upstream.url = 'https://cuc.example.com:8443'";

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Reads these lines, and a URL besides.
fn parse(toml: &str) -> Config {
    Config::parse(&format!("{URL}\n{toml}")).unwrap()
}

/// The faults of these lines, and a URL besides.
fn faults(toml: &str) -> Vec<String> {
    Config::parse(&format!("{URL}\n{toml}")).unwrap_err().0
}

#[track_caller]
fn assert_same(left: &impl Debug, right: &impl Debug) {
    assert_eq!(format!("{left:#?}"), format!("{right:#?}"));
}

#[test]
fn every_setting_but_the_upstream_has_a_default() {
    let config = parse("");

    assert_eq!(config.server.bind, SocketAddr::from(([0, 0, 0, 0], 8080)));
    assert_eq!(config.server.workers, available_parallelism().unwrap().get());
    assert_eq!(config.upstream.url.as_str(), "https://cuc.example.com:8443/");
    assert_eq!(config.upstream.ca_bundle.len(), 0);
    assert_eq!(config.upstream.certificate_sha256.len(), 0);
    assert_eq!(config.upstream.connect_timeout, Duration::from_secs(3));
    assert_eq!(config.upstream.timeout, Duration::from_secs(15));
    assert_eq!(config.upstream.max_response_size, 8 * 1024 * 1024);
    assert_eq!(config.upstream.no_end_date, NoEndDate::Empty);
    assert_eq!(config.audio.max_size, 20 * 1024 * 1024);
    assert_eq!(config.audio.memory, 40 * 1024 * 1024);
    assert_eq!(config.audio.upload_timeout, Duration::from_mins(1));
    assert_eq!(config.cors.allowed_origins.len(), 0);
    assert!(config.shared.url.is_none() && config.shared.key.is_none());
    assert_eq!(config.shared.timeout, Duration::from_millis(100));
    assert!(config.docs.swagger_ui);
    assert_eq!(config.log.format, None);
    assert_eq!(config.log.level, Level::INFO);
}

#[test]
fn every_setting_can_be_set() {
    let pin = "AB:cd:".repeat(16);
    let config = Config::parse(&format!(
        "[server]\nbind = '[::1]:80'\nworkers = 3\n\
         [upstream]\nurl = 'http://cuc.example.com'\nallow_plaintext = true\nconnect_timeout = '500ms'\ntimeout = '1m 5s'\n\
         certificate_sha256 = ['{}', '{}']\nmax_response_size = '10kB'\nno_end_date = 'far-future'\n\
         [audio]\nmax_size = '1MiB'\nmemory = '2MiB'\nupload_timeout = '2s'\n\
         [cors]\nallowed_origins = ['https://a.example', 'http://localhost:3000']\n\
         [docs]\nswagger_ui = false\n[log]\nformat = 'text'\nlevel = 'trace'\n",
        pin.trim_end_matches(':'),
        "00".repeat(32)
    ))
    .unwrap();

    assert_eq!(config.server.bind.to_string(), "[::1]:80");
    assert_eq!(config.server.workers, 3);
    assert_eq!(config.upstream.url.as_str(), "http://cuc.example.com/");
    assert_eq!(config.upstream.connect_timeout, Duration::from_millis(500));
    assert_eq!(config.upstream.timeout, Duration::from_secs(65));
    let pins: Vec<[u8; 32]> = vec![[0xab, 0xcd].repeat(16).try_into().unwrap(), [0; 32]];
    assert_eq!(config.upstream.certificate_sha256, pins);
    assert_eq!(config.upstream.max_response_size, 10_000);
    assert_eq!(config.upstream.no_end_date, NoEndDate::FarFuture);
    assert_eq!(config.audio.max_size, 1024 * 1024);
    assert_eq!(config.audio.memory, 2 * 1024 * 1024);
    assert_eq!(config.audio.upload_timeout, Duration::from_secs(2));
    assert_eq!(config.cors.allowed_origins, ["https://a.example", "http://localhost:3000"]);
    assert!(!config.docs.swagger_ui);
    assert_eq!(config.log.format, Some(LogFormat::Text));
    assert_eq!(config.log.level, Level::TRACE);
}

#[test]
fn each_fault_is_told_with_its_key() {
    let address = "server.bind: write an address and port such as 0.0.0.0:8080 or [::]:8080";
    let count = "server.workers: write a whole number above 0";
    let duration = "upstream.timeout: write a duration such as 10s or 500ms";
    let size = "upstream.max_response_size: write a size above 0 such as 8MiB";
    let pin = "upstream.certificate_sha256: a fingerprint is 64 hexadecimal digits, as openssl x509 -fingerprint -sha256 \
        prints them";
    let pins = r#"upstream.certificate_sha256: write a list of texts such as ["AB:CD:…"]"#;
    let origins =
        r#"cors.allowed_origins: write a list of texts such as ["https://app.example.com"]"#;
    let level = "log.level: write error, warn, info, debug or trace";
    let cases = [
        ("server.bind = 8080", address),
        ("server.bind = '8080'", address),
        ("server.bind = 'localhost:8080'", address),
        ("server.bind = '127.0.0.1'", address),
        ("server.workers = 0", count),
        ("server.workers = -1", count),
        ("server.workers = 1.5", count),
        ("server.workers = 'two'", count),
        ("server.workers = 513", "server.workers: must not be above 512"),
        ("upstream.timeout = 10", duration),
        ("upstream.timeout = '10'", duration),
        ("upstream.timeout = '-1s'", duration),
        ("upstream.timeout = ''", duration),
        ("upstream.timeout = '0s'", "upstream.timeout: must be longer than 0"),
        ("upstream.connect_timeout = '0ms'", "upstream.connect_timeout: must be longer than 0"),
        ("upstream.max_response_size = 0", size),
        ("upstream.max_response_size = '0MiB'", size),
        ("upstream.max_response_size = 'big'", size),
        ("audio.max_size = '0'", "audio.max_size: write a size above 0 such as 8MiB"),
        ("audio.memory = '39MiB'", "audio.memory: must be at least twice audio.max_size"),
        ("audio.max_size = '21MiB'", "audio.memory: must be at least twice audio.max_size"),
        ("audio.memory = 'big'", "audio.memory: write a size above 0 such as 8MiB"),
        ("audio.upload_timeout = '0s'", "audio.upload_timeout: must be longer than 0"),
        ("upstream.certificate_sha256 = ['ab:cd']", pin),
        ("upstream.certificate_sha256 = ['']", pin),
        ("upstream.certificate_sha256 = 'ab'", pins),
        ("upstream.certificate_sha256 = [1]", pins),
        ("upstream.ca_bundle = 1", "upstream.ca_bundle: write the path of a PEM file"),
        (
            "upstream.ca_bundle = '/nowhere/ca.pem'",
            "upstream.ca_bundle: /nowhere/ca.pem cannot be read: No such file or directory (os error 2)",
        ),
        ("upstream.allow_plaintext = 'yes'", "upstream.allow_plaintext: write true or false"),
        ("cors.allowed_origins = 'https://a.example'", origins),
        (
            "cors.allowed_origins = ['*', 'https://a.example']",
            r#"cors.allowed_origins: "*" allows every origin: let it stand alone"#,
        ),
        ("docs.swagger_ui = 1", "docs.swagger_ui: write true or false"),
        ("log.format = 'xml'", "log.format: write json or text"),
        ("log.level = 'INFO'", level),
        ("log.level = 'off'", level),
        ("nope = 1", "nope: there is no such setting"),
        ("server.port = 8080", "server.port: there is no such setting"),
        ("upstream.URL = 'x'", "upstream.URL: there is no such setting"),
        ("server.bind.x = 1", address),
        ("log.level.x = 1", level),
    ];
    for (toml, fault) in cases {
        assert_eq!(faults(toml)[0], fault, "{toml}");
    }
    for origin in [
        "app.example.com",
        "https://app.example.com/",
        "https://app.example.com:443",
        "https://App.example.com",
        "https://*.example.com",
        "null",
        "",
        "capacitor://localhost/",
        "capacitor://me@localhost",
        "capacitor://*",
        "capacitor:",
        "file://",
    ] {
        let fault = format!(
            "cors.allowed_origins: {origin:?} is not an origin: write scheme, host and port alone, as a browser sends them, \
             such as https://app.example.com"
        );
        assert_eq!(faults(&format!("cors.allowed_origins = ['{origin}']")), [fault]);
    }
}

#[test]
fn a_duration_is_a_year_at_the_most() {
    for key in ["cache.ttl", "upstream.timeout"] {
        for duration in ["31557601s", "600years", "1001years"] {
            let fault = format!("{key}: must not be longer than a year (1y)");
            assert_eq!(faults(&format!("{key} = '{duration}'")), [fault]);
        }
    }
    assert_eq!(parse("cache.ttl = '1y'").cache.ttl, Duration::from_hours(8766));
}

#[test]
fn a_setting_has_its_name_and_its_place() {
    for (toml, fault) in [
        (
            "'upstream.timeout' = '1s'",
            r#""upstream.timeout": a name in quotes is no setting: write it without them"#,
        ),
        (
            "[[server]]",
            "server: is a group of settings: set those in it; in a file they stand below [server], which stands there once",
        ),
    ] {
        assert_eq!(faults(toml), [fault]);
    }
}

#[test]
fn the_upstream_is_an_origin_and_never_quoted() {
    let required =
        "upstream.url: is required: write an origin such as https://cuc-publisher.example.com:8443";
    let form = "upstream.url: write an origin such as https://cuc-publisher.example.com:8443";
    let parts = format!("{form}, without user, path or query");
    let plain = "upstream.url: http would send passwords in clear: write https, or set upstream.allow_plaintext = true if \
        the network between is safe";
    assert_eq!(Config::parse("").unwrap_err().0, [required]);
    for (url, fault) in [
        ("1", form),
        ("''", &parts),
        ("'cuc.example.com'", &parts),
        ("'cuc.example.com:8443'", &parts),
        ("'//cuc.example.com'", &parts),
        ("'ftp://cuc.example.com'", &parts),
        ("'https://'", &parts),
        ("'https://fung:winter-2010@cuc.example.com'", &parts),
        ("'https://fung@cuc.example.com'", &parts),
        ("'https://cuc.example.com/vmrest'", &parts),
        ("'https://cuc.example.com?password=winter-2010'", &parts),
        ("'https://cuc.example.com/#x'", &parts),
        ("'http://cuc.example.com'", plain),
        ("'http://10.0.0.1:8080'", plain),
        ("'http://localhost.example.com'", plain),
        ("'http://0.0.0.0'", plain),
        ("'http://[::2]'", plain),
    ] {
        let faults = Config::parse(&format!("upstream.url = {url}")).unwrap_err();
        assert_eq!(faults.0, [fault], "{url}");
        assert_eq!(faults.to_string(), fault);
    }
    for url in [
        "https://cuc.example.com",
        "https://cuc.example.com/",
        "https://10.0.0.1:8443",
        "http://localhost:8444",
        "http://127.0.0.1:8444",
        "http://127.8.8.8",
        "http://[::1]:8444",
        "https://[2001:db8::1]:8443",
    ] {
        assert!(Config::parse(&format!("upstream.url = '{url}'")).is_ok(), "{url}");
    }
    assert!(
        Config::parse("upstream.url = 'http://cuc.example.com'\nupstream.allow_plaintext = true")
            .is_ok()
    );
}

#[test]
fn origins_have_any_scheme() {
    let origins = [
        "capacitor://localhost",
        "ionic://localhost:81",
        "chrome-extension://abc",
        "http://[::1]:3000",
    ];

    let config = parse(&format!("cors.allowed_origins = {origins:?}"));

    assert_eq!(config.cors.allowed_origins, origins);
}

#[test]
fn the_public_url_has_a_path_and_nothing_after_it() {
    for (url, path) in [
        ("https://apps.example.com", ""),
        ("https://apps.example.com/", ""),
        ("http://apps.example.com:8080/voicemail", "/voicemail"),
        ("https://apps.example.com/a/b/", "/a/b"),
    ] {
        let config = parse(&format!("server.public_url = '{url}'"));

        assert_eq!(config.server.public_path(), path, "{url}");
    }
    for url in [
        "apps.example.com",
        "/voicemail",
        "ftp://apps.example.com",
        "https://",
        "https://me@apps.example.com",
        "https://me:secret@apps.example.com",
        "https://apps.example.com/?a",
        "https://apps.example.com/#a",
    ] {
        let fault = "server.public_url: write an address such as https://apps.example.com/voicemail: http or https, a path \
                     if there is one, and no user, query or fragment";
        assert_eq!(faults(&format!("server.public_url = '{url}'")), [fault], "{url}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let faults = Config::parse(
        "server.workers = 0\nupstream.timeout = '0s'\nlog.level = 'x'\na.b = 1\nc = 2",
    )
    .unwrap_err();

    assert_eq!(
        faults.0,
        [
            "server.workers: write a whole number above 0",
            "upstream.url: is required: write an origin such as https://cuc-publisher.example.com:8443",
            "upstream.timeout: must be longer than 0",
            "log.level: write error, warn, info, debug or trace",
            "a.b: there is no such setting",
            "c: there is no such setting",
        ]
    );
}

#[test]
fn a_text_that_is_no_toml_is_one_fault_and_not_quoted() {
    let faults = Config::parse("upstream.url = 'https://fung:winter-2010@x\n").unwrap_err();

    assert_eq!(faults.0, ["TOML parse error at line 1, column 43: invalid literal string"]);
}

#[test]
fn a_date_is_one_fault_and_no_group_of_settings() {
    let fault = "upstream.timeout: write a duration such as 10s or 500ms";

    assert_eq!(faults("upstream.timeout = 2026-11-26"), [fault]);
}

#[test]
fn a_bundle_without_a_certificate_is_a_fault() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    for (text, fault) in [
        ("", "holds no certificate in PEM form"),
        ("not PEM", "holds no certificate in PEM form"),
        (
            "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            "holds no certificate in PEM form",
        ),
    ] {
        fs::write(&path, text).unwrap();
        let path = path.display();
        assert_eq!(
            faults(&format!("upstream.ca_bundle = '{path}'")),
            [format!("upstream.ca_bundle: {path} {fault}")]
        );
    }
}

#[test]
fn a_bundle_in_another_form_is_refused_with_the_command_that_converts_it() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.cer");
    let (pem, _) = pair();
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap().to_vec();
    let p7b = include_bytes!("../fixtures/tls/bundle.p7b").to_vec();
    let base64: String =
        str::from_utf8(&p7b).unwrap().lines().filter(|l| !l.starts_with('-')).collect();
    let p7b_der = BASE64_STANDARD.decode(base64).unwrap();
    for (file, form, command) in [
        (der, "DER", "x509 -inform DER"),
        (p7b, "PKCS #7", "pkcs7 -print_certs"),
        (p7b_der, "PKCS #7 (DER)", "pkcs7 -inform DER -print_certs"),
        (
            pem.replace("CERTIFICATE", "TRUSTED CERTIFICATE").into_bytes(),
            "OpenSSL's trusted certificates",
            "x509",
        ),
    ] {
        fs::write(&path, file).unwrap();
        let path = path.display();
        assert_eq!(
            faults(&format!("upstream.ca_bundle = '{path}'")),
            [format!(
                "upstream.ca_bundle: {path} is not in PEM form but in that of {form}. Convert it: openssl {command} -in \
                 {path} -out {path}.pem"
            )]
        );
    }
}

#[test]
fn byte_order_marks_in_a_pem_file_are_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let (pem, key) = pair();
    let text = format!("\u{feff}{pem}\u{feff}{}\r\n", pem.replace('\n', "\r\n"));
    fs::write(&path, &text).unwrap();
    let private = directory.path().join("key.pem");
    fs::write(&private, format!("\u{feff}{key}")).unwrap();
    let (path, private) = (path.display(), private.display());

    let config = parse(&format!(
        "upstream.ca_bundle = '{path}'\nserver.tls.certificate = '{path}'\nserver.tls.key = '{private}'"
    ));

    assert_eq!(config.upstream.ca_bundle.len(), 2);
}

#[test]
fn a_fingerprint_is_taken_as_people_copy_it() {
    let digits: Vec<_> = (0..32).map(|byte| format!("{byte:02X}")).collect();
    let bytes: [u8; 32] = std::array::from_fn(|byte| u8::try_from(byte).unwrap());
    let colons = digits.join(":");
    for text in [
        colons.clone(),
        digits.concat().to_lowercase(),
        digits.join(" "),
        format!("sha256 Fingerprint={colons}"),
        format!("SHA256 Fingerprint={}", colons.to_lowercase()),
        format!("  sha-256 fingerprint = {colons} "),
        format!("\u{200e}{}", digits.join("\u{a0}")),
        format!("\u{feff}{colons}\u{200e}"),
    ] {
        let config = parse(&format!("upstream.certificate_sha256 = ['{text}']"));
        assert_eq!(config.upstream.certificate_sha256, [bytes], "{text:?}");
    }
    for text in [
        format!("SHA1 Fingerprint={colons}"),
        format!("Fingerprint={colons}"),
        format!("{colons}={colons}"),
        format!("{colons}:00"),
        format!("{colons}0"),
        colons.replace(':', ","),
    ] {
        let faults = faults(&format!("upstream.certificate_sha256 = ['{text}']"));
        assert_eq!(faults.len(), 1, "{text}");
    }
}

/// A PEM file's section.
fn section(name: &str, body: &str) -> String {
    format!("-----BEGIN {name}-----\n{body}\n-----END {name}-----\n")
}

#[test]
fn a_bundle_is_whole_and_holds_certificates() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("ca.pem");
    let (good, _) = pair();
    let shown = path.display();
    let damaged = format!("{shown} is damaged: a part of it is not PEM. Write the file anew");
    for (text, fault) in [
        (
            good.split("-----END").next().unwrap().to_owned(),
            format!("{shown} is cut off: an END line is missing. Write the file anew"),
        ),
        (section("CERTIFICATE", "!"), damaged.clone()),
        ("-----BEGIN CERTIFICATE\nAAAA\n".to_owned(), damaged),
        (
            good.clone() + &section("CERTIFICATE", "AAAA"),
            format!(
                "certificate 2 of {shown} is damaged: it is no X.509 certificate. Write the file anew, or leave that one \
                 out"
            ),
        ),
    ] {
        fs::write(&path, &text).unwrap();
        assert_eq!(
            faults(&format!("upstream.ca_bundle = '{shown}'")),
            [format!("upstream.ca_bundle: {fault}")],
            "{text}"
        );
    }
    fs::write(&path, good).unwrap();
    assert_eq!(parse(&format!("upstream.ca_bundle = '{shown}'")).upstream.ca_bundle.len(), 1);
}

/// A certificate and its key.
fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["cuc.example.com".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn a_pair_is_blamed_on_the_file_that_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("tls.crt"), path("tls.key"));
    let (good, good_key) = pair();
    let garbage = section("CERTIFICATE", "AAAA");
    let encrypted = section("ENCRYPTED PRIVATE KEY", "AAAA");
    let odd = section("PRIVATE KEY", "AAAA");
    let no_key = format!("server.tls.key: {key} holds no unencrypted private key in PEM form");
    let cases = [
        (
            &garbage,
            &good_key,
            format!(
                "server.tls.certificate: certificate 1 of {certificate} is damaged: it is no X.509 certificate. Write the \
                 file anew, or leave that one out"
            ),
        ),
        (
            &good_key,
            &good_key,
            format!("server.tls.certificate: {certificate} holds no certificate in PEM form"),
        ),
        (&good, &encrypted, no_key.clone()),
        (&good, &String::new(), no_key.clone()),
        (&good, &good, no_key),
        (
            &good,
            &good_key.split("-----END").next().unwrap().to_owned(),
            format!(
                "server.tls.key: {key} is cut off: an END line is missing. Write the file anew"
            ),
        ),
        (
            &good,
            &odd,
            format!(
                "server.tls.key: {key} holds a private key of a kind that is not known here: use RSA with 2048 bits or \
                 more, ECDSA with P-256 or P-384, or Ed25519"
            ),
        ),
        (
            &good,
            &pair().1,
            format!(
                "server.tls.key: {key} is not the key of the first certificate in {certificate}"
            ),
        ),
    ];
    let settings = format!("server.tls.certificate = '{certificate}'\nserver.tls.key = '{key}'");
    for (certificate_text, key_text, fault) in cases {
        fs::write(&certificate, certificate_text).unwrap();
        fs::write(&key, key_text).unwrap();

        assert_eq!(faults(&settings), [fault]);
    }
    fs::write(&key, &good_key).unwrap();
    assert!(parse(&settings).server.tls.is_some());
}

#[test]
fn the_example_is_what_goes_without_saying() {
    let example = file("config/cupi-gateway.toml");
    let url = "upstream.url = 'https://cuc-publisher.example.com:8443'";
    let defaults = Config::parse(url).unwrap();

    assert_same(&Config::parse(&example).unwrap(), &defaults);

    // Every setting that is commented out, taken in, but for what depends on the machine.
    let settings = example.lines().map(|line| match line.strip_prefix('#') {
        Some(line) if line.starts_with(|c: char| c.is_ascii_lowercase()) => line,
        _ => line,
    });
    let lines: Vec<_> = settings
        .filter(|line| {
            let places = ["ca_bundle", "certificate =", "key =", "key_file", r#"url = "rediss:"#];
            !places.iter().any(|file| line.starts_with(file))
        })
        .collect();
    let mut whole = Config::parse(&lines.join("\n")).unwrap();
    assert_eq!(whole.log.format.take(), Some(LogFormat::Json));
    let public_url = whole.server.public_url.take();
    assert_eq!(public_url.unwrap().as_str(), "https://apps.example.com/voicemail");
    whole.server.workers = defaults.server.workers;
    assert_same(&whole, &defaults);
}

#[test]
fn the_example_names_every_setting() {
    let source = ["src/config.rs", "src/config/shared.rs"].map(file).concat();
    let texts = source.split('"').skip(1).step_by(2);
    let is_key = |text: &&str| {
        let parts: Vec<_> = text.split('.').collect();
        let lower = |byte| b"_0123456789".contains(&byte) || byte.is_ascii_lowercase();
        (2..=3).contains(&parts.len())
            && parts.iter().all(|part| !part.is_empty() && part.bytes().all(lower))
    };
    let keys: BTreeSet<_> = texts.filter(is_key).map(str::to_owned).collect();

    let mut table = String::new();
    let mut named = BTreeSet::new();
    for line in file("config/cupi-gateway.toml").lines() {
        if let Some(name) = line.strip_prefix('[') {
            name.trim_end_matches(']').clone_into(&mut table);
        } else if let Some((name, _)) = line.trim_start_matches('#').split_once(" = ")
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte))
        {
            named.insert(format!("{table}.{name}"));
        }
    }

    assert_eq!(named, keys);
    assert!(keys.len() >= 13);
}
