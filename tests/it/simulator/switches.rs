//! What the switches change in documents and refusals.

use cupi_gateway::simulator::Switches;

use super::{ACCOUNTS, SECOND, call, fung, set, start};

#[actix_web::test]
async fn switches_change_how_documents_are_spelled() {
    let simulator = start();
    let cases = [
        ("fung", "flags", "capital", "<UseServiceCredentials>>False</UseServiceCredentials>"),
        ("fung", "flags", "digits", "<IsEnabled>1</IsEnabled><UseServiceCredentials>>0<"),
        ("fung", "padding", "on", "<DisplayName> Exchange2K7 </DisplayName>"),
        ("fung", "total", "present", r#"<UserExternalServiceAccounts total="2">"#),
        ("nadia", "total", "present", r#"<UserExternalServiceAccounts total="0"/>"#),
        ("nadia", "total", "missing", "<UserExternalServiceAccounts/>"),
        ("otto", "bare_root", "on", r#"standalone="yes"?><UserExternalServiceAccount><URI>"#),
        ("otto", "document", "<X/>", "<X/>"),
        ("otto", "framing", "chunked", "</UserExternalServiceAccounts>"),
    ];
    for (alias, name, value, text) in cases {
        let simulator = start();
        simulator.set(name, value).unwrap();

        let token = format!("Bearer token-{alias}");
        let list = call(&simulator, "GET", ACCOUNTS, &token).await.text();

        assert!(list.contains(text), "{name}={value}: {list}");
    }
    set(&simulator, &[("many", "10000")]);
    let list = call(&simulator, "GET", ACCOUNTS, "Bearer token-mira").await;
    assert_eq!(list.text().matches("<URI>").count(), 10_000);
}

#[actix_web::test]
async fn switches_change_how_refusals_look() {
    let malformed = format!("{ACCOUNTS}/1");
    let cases = [
        ("error_body", "several", "/vmrest/users", 403, "</errors><errors><code>SECOND</code>"),
        ("error_body", "html", "/vmrest/users", 403, "<html>"),
        ("error_body", "empty", "/vmrest/users", 403, ""),
        ("malformed_id", "400", &malformed, 400, "<ErrorDetails>"),
        ("forbidden", "401", "/vmrest/users", 401, "<html>"),
        ("not_permitted", ACCOUNTS, SECOND, 401, "<html>"),
        ("status", "500", "/vmrest/user", 500, "<ErrorDetails>"),
        ("status", "503", "/nope", 503, "<html>"),
        ("redirect", "on", "/vmrest/user", 302, "<html>"),
    ];

    for (name, value, path, status, text) in cases {
        let simulator = start();
        simulator.set(name, value).unwrap();

        let refused = fung(&simulator, "GET", path).await;

        assert_eq!(refused.status, status, "{name}={value}");
        assert!(refused.text().contains(text), "{name}={value}: {}", refused.text());
        assert_eq!(refused.text().is_empty(), text.is_empty());
        assert_eq!(simulator.failed_sign_ins("fung"), 0);
    }
}

#[actix_web::test]
async fn a_redirect_leads_to_https_and_a_header_can_be_added() {
    let simulator = start();
    set(&simulator, &[("redirect", "on"), ("header", "Content-Encoding: gzip")]);

    let moved = fung(&simulator, "GET", "/vmrest/user?a=b").await;

    assert_eq!(moved.header("location"), Some("https://localhost:8443/vmrest/user?a=b"));
    assert_eq!(moved.header("content-encoding"), Some("gzip"));
}

#[test]
fn a_wrong_switch_or_value_is_told_with_those_that_there_are() {
    let cases = [
        ("flag", "lower", "There is no switch `flag`; there are: total, bare_root, flags, "),
        ("flags", "upper", "The switch `flags` takes lower, capital, digits, not `upper`."),
        ("forbidden", "200", "The switch `forbidden` takes 400, 401, 403, 404, not `200`."),
        ("status", "99", "The switch `status` takes off or a status from 200 to 599, not `99`."),
        (
            "delay",
            "soon",
            "The switch `delay` takes a duration such as 50ms, 20s or 30m, not `soon`.",
        ),
        ("lockout", "-1", "The switch `lockout` takes off or a number, not `-1`."),
        ("header", "x", "The switch `header` takes off or `Name: value`, not `x`."),
    ];

    for (name, value, sentence) in cases {
        let fault = Switches::default().set(name, value).unwrap_err();

        assert!(fault.starts_with(sentence), "{fault}");
    }
}

/// Every switch with values that it takes, the default first, and one that it does not take where there is one.
const SWITCHES: [(&str, &[&str], Option<&str>); 53] = [
    ("total", &["guide", "present", "missing"], Some("x")),
    ("bare_root", &["off", "on"], Some("x")),
    ("flags", &["lower", "capital", "digits"], Some("x")),
    ("padding", &["off", "on"], Some("x")),
    ("error_body", &["xml", "several", "html", "empty"], Some("x")),
    ("malformed_id", &["404", "400", "401", "403"], Some("402")),
    ("forbidden", &["403", "400", "401", "404"], Some("402")),
    ("refused_write", &["403", "400", "401", "404"], Some("402")),
    ("created_body", &["uri", "empty", "other"], Some("x")),
    ("location", &["good", "malformed", "missing"], Some("x")),
    ("not_permitted", &["off", "/vmrest/user"], None),
    ("status", &["off", "200", "599"], Some("600")),
    ("redirect", &["off", "on"], Some("x")),
    ("document", &["off", "<X/>"], None),
    ("header", &["off", "A: b"], Some("A")),
    ("framing", &["length", "chunked"], Some("x")),
    ("delay", &["0s", "50ms"], Some("1")),
    ("stall", &["off", "head", "body"], Some("x")),
    ("cut", &["off", "length", "chunked"], Some("x")),
    ("close", &["off", "every:2", "idle:1s", "unread", "unread:reused"], Some("every")),
    ("throttle", &["5", "off"], Some("-1")),
    ("throttle_queue", &["255", "off"], Some("x")),
    ("throttle_wait", &["20s"], Some("x")),
    ("work", &["0s"], Some("x")),
    ("cookies", &["2015", "2012", "2010", "off"], Some("2011")),
    ("session_ttl", &["30m"], Some("x")),
    ("stale_session", &["off", "302", "401", "403"], Some("404")),
    ("token_each", &["off", "on"], Some("x")),
    ("cookies_alone", &["off", "on"], Some("x")),
    ("lockout", &["3", "off"], Some("x")),
    ("hack_reset", &["30m"], Some("x")),
    ("lockout_time", &["30m"], Some("x")),
    ("user_update", &["with-id", "without-id", "both"], Some("x")),
    ("no_end_date", &["accepted", "needs-enabled", "refused", "ignored"], Some("x")),
    ("play_what", &["writable", "ignored", "refused"], Some("accepted")),
    ("upload_sets_play_what", &["off", "on"], Some("x")),
    ("off_hours", &["off-hours", "closed"], Some("x")),
    ("greeting_elements", &["2019", "2011"], Some("2015")),
    ("member_writes", &["on", "off"], Some("x")),
    ("member_created", &["uri", "empty"], Some("other")),
    ("cos_refusal", &["403", "400", "401", "404"], Some("405")),
    ("cos_hidden", &["on", "off"], Some("x")),
    ("no_recording", &["404", "empty", "204"], Some("200")),
    ("audio_type", &["audio/wav", "text/html"], None),
    ("languages", &["1033,1031", "1036"], Some("en-US")),
    ("pin_fixed", &["off", "on"], Some("x")),
    ("ignored_element", &["off", "PlayWhat"], None),
    ("version", &["signed-in", "open"], Some("x")),
    ("address_type", &["SUBSCRIBER", "CONTACT"], None),
    ("time_fraction", &["0", "000", "none"], Some("00")),
    ("device_lists", &["guide", "full"], Some("x")),
    ("directory_crowd", &["0", "150"], Some("-1")),
    ("many", &["40", "off"], Some("x")),
];

#[test]
fn every_switch_takes_its_values_and_no_others() {
    let unknown = Switches::default().set("x", "x").unwrap_err();
    let names = SWITCHES.map(|(name, _, _)| name).join(", ");
    assert_eq!(unknown, format!("There is no switch `x`; there are: {names}."));

    for (name, values, wrong) in SWITCHES {
        let mut switches = Switches::default();
        for value in values {
            switches.set(name, value).unwrap();
        }
        let fault = wrong.map(|wrong| switches.set(name, wrong).unwrap_err());
        let begin = format!("The switch `{name}` takes ");
        assert!(fault.is_none_or(|fault| fault.starts_with(&begin)), "{name}");
    }
}

#[actix_web::test]
async fn the_defaults_are_those_of_a_healthy_server() {
    let paths = [
        ACCOUNTS,
        "/vmrest/user",
        "/vmrest/user/cos",
        "/vmrest/user/greetings/Off%20Hours",
        "/vmrest/user/voicename",
        "/vmrest/user/notificationdevices/htmldevices",
        "/vmrest/directory/addressable?query=(name%20startswith%20f)",
        "/vmrest/nope",
    ];
    let (plain, set_by_hand) = (start(), start());
    for (name, values, _) in SWITCHES {
        set_by_hand.set(name, values[0]).unwrap();
    }

    for path in paths {
        let [one, other] = [fung(&plain, "GET", path).await, fung(&set_by_hand, "GET", path).await];

        assert_eq!(
            (one.status, one.body.as_slice()),
            (other.status, other.body.as_slice()),
            "{path}"
        );
        assert_eq!(one.header("content-type"), other.header("content-type"));
    }
}
