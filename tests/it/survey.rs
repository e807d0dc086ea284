//! `survey`: what the report says of servers that differ, and what is in no report.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use actix_web::rt;
use cupi_gateway::config::Config;
use cupi_gateway::simulator::Simulator;
use cupi_gateway::survey::{self, Person};
use secrecy::SecretString;
use serde_json::Value;

use crate::raw::{RawUpstream, Step, answer, document};
use crate::support::{FUNG, ask, basic, simulate};

const PASSWORD: &str = "winter-2010";

fn person(user: &str, password: &str) -> Person {
    Person { user: user.to_owned(), password: SecretString::from(password), pace: Duration::ZERO }
}

async fn survey_as(url: &str, user: &str, password: &str) -> Result<[String; 2], String> {
    let config =
        Config::parse(&format!("upstream.url = '{url}'\nupstream.timeout = '500ms'")).unwrap();
    let report = survey::run(&config, person(user, password), Box::new(|_, _| {})).await;
    let report = report.map_err(|error| error.to_string())?;
    Ok([false, true].map(|json| {
        let mut text = Vec::new();
        report.print(json, &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }))
}

/// The report as JSON of a person with nothing recorded.
async fn report(simulator: &Simulator) -> Value {
    let [_, json] = survey_as(&simulator.url(), "nadia", "lonely-cloud").await.unwrap();
    serde_json::from_str(&json).unwrap()
}

fn how(report: &Value, unknown: &str) -> String {
    let unknowns = report["unknowns"].as_array().unwrap();
    let found = unknowns.iter().find(|one| one["unknown"] == unknown).unwrap();
    found["how"].as_str().unwrap().to_owned()
}

fn paths(report: &Value) -> Vec<String> {
    let calls = report["calls"].as_array().unwrap();
    calls.iter().map(|call| call["path"].as_str().unwrap().to_owned()).collect()
}

#[actix_web::test]
async fn every_read_is_made_once_and_the_gateway_takes_it() {
    let simulator = simulate();

    let [text, json] = survey_as(&simulator.url(), "fung", PASSWORD).await.unwrap();

    let report: Value = serde_json::from_str(&json).unwrap();
    let user = "/vmrest/user";
    let expected = [
        "",
        "",
        "/voicename",
        "/greetings/Standard",
        "/greetings/Alternate",
        "/greetings/Busy",
        "/greetings/Internal",
        "/greetings/Off%20Hours",
        "/greetings/Holiday",
        "/greetings/Error",
        "/greetings/Standard/greetingstreamfiles",
        "/greetings/Standard/greetingstreamfiles/{id}",
        "/transferoptions/Standard",
        "/transferoptions/Alternate",
        "/transferoptions/Off%20Hours",
        "/alternatedevices",
        "/alternatedevices/{id}",
        "/privatelists",
        "/privatelists/{id}",
        "/privatelists/{id}/voicename",
        "/privatelists/{id}/privatelistmembers",
        "/notificationdevices/htmldevices",
        "/notificationdevices/htmldevices/{id}",
        "/notificationdevices/smtpdevices",
        "/notificationdevices/smtpdevices/{id}",
        "/externalserviceaccounts",
        "/externalserviceaccounts/{id}",
        "/smtpproxyaddresses",
        "/smtpproxyaddresses/{id}",
        "!/vmrest/directory/addressable",
        "/cos",
        "/location",
        "!/vmrest/systemconfiguration",
        "/externalserviceaccounts/{id}",
        "!/vmrest/version",
        "!/vmrest/version",
        "",
    ]
    .map(|path| path.strip_prefix('!').map_or_else(|| format!("{user}{path}"), str::to_owned));
    assert_eq!(paths(&report), expected);
    assert_eq!(report["version"], 1);
    let members: Vec<_> = report["calls"][1].as_object().unwrap().keys().collect();
    let expected = [
        "accepted",
        "bytes",
        "contentType",
        "cookies",
        "elements",
        "fault",
        "headers",
        "method",
        "milliseconds",
        "missingElements",
        "path",
        "root",
        "status",
        "unknownElements",
    ];
    assert_eq!(members, expected);
    for call in report["calls"].as_array().unwrap() {
        assert_eq!(call["fault"], Value::Null, "{call}");
        assert_eq!(call["missingElements"], Value::Array(vec![]), "{call}");
    }
    assert!(text.contains("nothing: the gateway takes every answer"), "{text}");
    assert_eq!(report["unknowns"].as_array().unwrap().len(), 23);
    assert_eq!(simulator.failed_sign_ins("fung"), 0);
    assert!(simulator.log().iter().all(|call| call.method == "GET"));
    assert_eq!(simulator.most_in_flight(), 1);
}

#[actix_web::test]
async fn a_wrong_password_costs_one_sign_in_and_ends_it() {
    let simulator = simulate();

    let error = survey_as(&simulator.url(), "fung", "wrong").await.unwrap_err();

    assert!(error.contains("one sign-in has failed"), "{error}");
    assert_eq!(simulator.failed_sign_ins("fung"), 1);
    assert_eq!(simulator.log().len(), 2);
}

#[actix_web::test]
async fn nothing_follows_a_check_that_fails() {
    let upstream = RawUpstream::start(vec![vec![answer("200 OK", b"hello")]]);

    let error = survey_as(&upstream.url(), "fung", PASSWORD).await.unwrap_err();

    assert!(error.contains("without credentials Unity Connection would answer 401"), "{error}");
    assert_eq!(upstream.received().len(), 1);
}

#[actix_web::test]
async fn the_unknowns_are_settled_as_the_server_is() {
    let cases = [
        ("U3", "cookies_alone", "off", "do not suffice (status 401)"),
        ("U3", "cookies_alone", "on", "alone suffice"),
        ("U9", "off_hours", "off-hours", "the path is Off%20Hours, and"),
        ("U9", "off_hours", "closed", "there is no path Off%20Hours"),
        ("U15", "no_recording", "404", "nothing recorded is 404"),
        ("U15", "no_recording", "empty", "nothing recorded is 200 with an empty body"),
        ("U15", "no_recording", "204", "nothing recorded is 204"),
        ("U21", "version", "signed-in", "needs credentials (without them 401)"),
        ("U21", "version", "open", "readable without credentials"),
        ("U22", "address_type", "SUBSCRIBER", "its type is a known word"),
        ("U22", "address_type", "SOMETHING", "its type is no known word"),
    ];
    for (unknown, switch, value, expected) in cases {
        let simulator = simulate();
        simulator.set(switch, value).unwrap();

        let told = how(&report(&simulator).await, unknown);

        assert!(told.starts_with("settled") && told.contains(expected), "{switch}={value}: {told}");
    }
    let report = report(&simulate()).await;
    for unknown in [
        "U4", "U5", "U6", "U7", "U8", "U10", "U11", "U12", "U14", "U16", "U17", "U18", "U20", "U23",
    ] {
        assert!(how(&report, unknown).starts_with("not settled by reading"), "{unknown}");
    }
}

#[actix_web::test]
async fn every_switch_of_the_simulator_leaves_a_report() {
    let switches = [
        ("total", "missing"),
        ("bare_root", "on"),
        ("flags", "digits"),
        ("padding", "on"),
        ("error_body", "several"),
        ("error_body", "html"),
        ("error_body", "empty"),
        ("malformed_id", "400"),
        ("forbidden", "401"),
        ("not_permitted", "/vmrest/user/externalserviceaccounts"),
        ("not_permitted", "/vmrest/user/notificationdevices"),
        ("status", "503"),
        ("redirect", "on"),
        ("document", "<html/>"),
        ("header", "X-Other: x"),
        ("framing", "chunked"),
        ("delay", "5ms"),
        ("cut", "length"),
        ("cut", "chunked"),
        ("close", "every:1"),
        ("close", "every:3"),
        ("close", "unread:reused"),
        ("throttle", "1"),
        ("cookies", "2010"),
        ("cookies", "2015"),
        ("cookies", "off"),
        ("session_ttl", "1ms"),
        ("stale_session", "302"),
        ("stale_session", "401"),
        ("stale_session", "403"),
        ("token_each", "on"),
        ("cookies_alone", "on"),
        ("lockout", "1"),
        ("user_update", "both"),
        ("no_end_date", "refused"),
        ("play_what", "refused"),
        ("upload_sets_play_what", "on"),
        ("off_hours", "closed"),
        ("greeting_elements", "2011"),
        ("member_writes", "off"),
        ("member_created", "empty"),
        ("cos_refusal", "401"),
        ("cos_hidden", "off"),
        ("no_recording", "empty"),
        ("no_recording", "204"),
        ("audio_type", "text/x-secret"),
        ("languages", "1031"),
        ("pin_fixed", "on"),
        ("ignored_element", "DisplayName"),
        ("version", "open"),
        ("address_type", "OTHER"),
        ("time_fraction", "none"),
        ("device_lists", "full"),
        ("directory_crowd", "150"),
    ];
    for (name, value) in switches {
        let simulator = simulate();
        simulator.set(name, value).unwrap();

        match survey_as(&simulator.url(), "fung", PASSWORD).await {
            Ok([text, _]) => assert!(text.contains("Send this report"), "{name}={value}: {text}"),
            // These make `check` fail, or the first sign-in.
            Err(error) => {
                assert!(["status", "redirect"].contains(&name), "{name}={value}: {error}");
            }
        }
        assert!(simulator.failed_sign_ins("fung") <= 1, "{name}={value}");
    }
}

#[actix_web::test]
async fn answers_that_are_none_leave_a_report_that_names_the_fault() {
    let asked = answer("401 Unauthorized\r\nWWW-Authenticate: Basic", b"");
    let user = document(b"<User><DisplayName>x</DisplayName><Alias>x</Alias></User>");
    let html = answer("200 OK\r\nContent-Type: text/html", b"<html><p>Sign in</html>");
    let cases = [
        (html, "its root element is not `Greeting`"),
        (answer("500 Internal Server Error", b"no"), "status 500"),
        (Step::Close, "upstream_unreachable"),
        (Step::Hold, "upstream_timeout"),
        (Step::Send(b"garbage\r\n\r\n".to_vec()), "upstream_"),
        (document(b"<Other/>"), "its root element is not"),
    ];
    for (step, fault) in cases {
        let upstream =
            RawUpstream::start(vec![vec![asked.clone()], vec![user.clone()], vec![step]]);

        let [text, json] = survey_as(&upstream.url(), "fung", PASSWORD).await.unwrap();

        assert!(
            text.contains(&format!("the gateway does not take it: {fault}")),
            "{fault}: {text}"
        );
        let report: Value = serde_json::from_str(&json).unwrap();
        assert!(report["calls"].as_array().unwrap().len() > 20);
    }
}

#[actix_web::test]
async fn a_missing_element_and_an_unknown_one_are_named() {
    let asked = answer("401 Unauthorized\r\nWWW-Authenticate: Basic", b"");
    let user = document(b"<User><Alias>x</Alias></User>");
    let greeting = document(
        b"<Greeting><GreetingType>Standard</GreetingType><NewThing>1</NewThing></Greeting>",
    );
    let upstream = RawUpstream::start(vec![vec![asked], vec![user], vec![greeting]]);

    let [_, json] = survey_as(&upstream.url(), "fung", PASSWORD).await.unwrap();

    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["calls"][1]["missingElements"], serde_json::json!(["ListInDirectory"]));
    assert_eq!(report["calls"][3]["unknownElements"], serde_json::json!(["NewThing"]));
}

/// Every text that the simulator has answered to one of these calls.
async fn values(simulator: &Simulator) -> Vec<String> {
    let mut values = Vec::new();
    for call in simulator.log() {
        let query = call.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let reply = ask(
            "GET",
            &format!("{}{}{query}", simulator.url(), call.path.replace(' ', "%20")),
            &[FUNG],
            b"",
        )
        .await;
        if let Ok(text) = String::from_utf8(reply.body) {
            values.extend(
                text.split('<').filter_map(|part| Some(part.split_once('>')?.1.trim().to_owned())),
            );
        }
    }
    values
}

#[actix_web::test]
async fn no_value_credential_host_or_id_is_in_the_report() {
    let simulator = simulate();
    let marked = |element: &'static str| (element, "planted-marker");
    let id = ("ObjectId", "deadbeef-dead-4eef-8ead-deadbeefdead");
    let account = [
        id,
        marked("DisplayName"),
        ("IsEnabled", "true"),
        ("UseServiceCredentials", "false"),
        ("LoginType", "0"),
        marked("UserId"),
    ];
    simulator.set_objects("fung", "externalserviceaccounts", &[account.to_vec()]).unwrap();
    simulator
        .set_objects("fung", "smtpproxyaddresses", &[vec![id, marked("SmtpAddress")]])
        .unwrap();

    let reports = survey_as(&simulator.url(), "fung", PASSWORD).await.unwrap();

    let mut values = values(&simulator).await;
    values.extend(
        [
            "fung",
            PASSWORD,
            "127.0.0.1",
            "deadbeef",
            "planted-marker",
            basic("fung", PASSWORD).trim_start_matches("Basic "),
        ]
        .map(str::to_owned),
    );
    // Words that stand in paths, and numbers that lengths and times may be too.
    let known = [
        "true",
        "false",
        "True",
        "False",
        "Standard",
        "Alternate",
        "Busy",
        "Internal",
        "Off Hours",
        "Holiday",
        "Error",
        "Action",
        "HTML",
        "vmrest",
    ];
    values.retain(|value| {
        value.len() > 3
            && !value.starts_with("/vmrest/")
            && !known.contains(&value.as_str())
            && value.parse::<u32>().is_err()
    });
    assert!(values.len() > 60, "{values:?}");
    for value in values {
        for report in &reports {
            assert!(!report.contains(&value), "{value}: {report}");
        }
    }
}

#[actix_web::test]
async fn two_hosts_of_the_same_person_have_one_report() {
    let [one, other] = [simulate(), simulate()];
    let mut reports = Vec::new();
    for simulator in [&one, &other] {
        let mut report = report(simulator).await;
        for call in report["calls"].as_array_mut().unwrap() {
            call["milliseconds"] = Value::Null;
        }
        reports.push(report);
    }

    assert_eq!(reports[0], reports[1]);
}

/// Runs the program with this standard input, at the most talkative level.
fn run(url: &str, input: &[u8]) -> (i32, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cupi-gateway"))
        .args(["survey", "--user", "fung", "--json"])
        .env("CUPI_GATEWAY__UPSTREAM__URL", url)
        .env("CUPI_GATEWAY__LOG__LEVEL", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    (output.status.code().unwrap(), out, err)
}

#[actix_web::test]
async fn the_password_comes_from_standard_input_and_nothing_goes_to_standard_error() {
    let simulator = simulate();
    let url = simulator.url();
    // The pace of a real run is two calls a second: a wrong password ends it after two.
    let refused = rt::task::spawn_blocking(move || {
        [&b"wrong\n"[..], b"wrong\r\n", b"wrong"].map(|input| run(&url, input))
    });
    for (code, out, err) in refused.await.unwrap() {
        assert_eq!((code, out.as_str()), (1, ""));
        assert!(err.contains("one sign-in has failed") && !err.contains("wrong\n"), "{err}");
    }
    assert_eq!(simulator.failed_sign_ins("fung"), 3);

    for input in [&b""[..], b"\n", b"\r\n"] {
        let (code, out, err) = run("http://127.0.0.1:1", input);
        assert_eq!((code, out.as_str()), (2, ""));
        assert!(err.contains("the password is empty"), "{err}");
    }
}

#[actix_web::test]
async fn a_whole_run_of_the_program_prints_the_report_alone() {
    let simulator = simulate();
    let url = simulator.url();

    let (code, out, err) =
        rt::task::spawn_blocking(move || run(&url, b"winter-2010\n")).await.unwrap();

    assert_eq!((code, err.as_str()), (0, ""));
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["calls"].as_array().unwrap().len(), 37);
}
