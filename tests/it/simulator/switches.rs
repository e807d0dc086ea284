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
