//! Every error of a request is a problem document: which one, in which order, and what it never says.

use serde_json::json;

use crate::raw::{RawUpstream, send};
use crate::support::{
    ACCOUNTS, DEVICES, Expected, FUNG, JSON, OWN_DEVICE, PASSWORD, PROBLEMS, Reply, TestGateway,
    problem,
};

/// A gateway before a server that would do anything; nobody may ask it.
fn start() -> TestGateway<RawUpstream> {
    TestGateway::raw(vec![send("HTTP/1.1 204 No Content\r\n\r\n")])
}

/// Sends a PUT of the password as fung, with this head besides and this body.
async fn put(gateway: &TestGateway<RawUpstream>, lines: &str, body: &[u8]) -> Reply {
    let mut request = format!(
        "PUT {PASSWORD} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {}\r\n{lines}\r\n\r\n",
        FUNG.1
    )
    .into_bytes();
    request.extend_from_slice(body);
    gateway.speak(&request).await
}

/// Sends a body as it is, declared as JSON.
async fn put_json(gateway: &TestGateway<RawUpstream>, body: &[u8]) -> Reply {
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}", body.len());
    put(gateway, &lines, body).await
}

fn invalid_body(detail: &str) -> Expected {
    problem("invalid_body", PASSWORD).detail(detail)
}

#[test]
fn the_codes_of_the_api_are_these() {
    let codes: Vec<_> = PROBLEMS
        .iter()
        .map(|(code, status, title, _)| format!("{status} {code}: {title}"))
        .collect();

    assert_eq!(
        codes,
        [
            "400 invalid_object_id: Invalid object id",
            "400 invalid_query: Invalid query",
            "400 invalid_body: Invalid body",
            "400 cors_rejected: Cross-origin request refused",
            "401 credentials_missing: Credentials missing",
            "401 credentials_rejected: Credentials rejected",
            "401 sign_in_paused: Sign-in paused",
            "403 forbidden: Not permitted",
            "404 account_not_found: No such account",
            "404 alternate_device_not_found: No such alternate device",
            "404 route_not_found: No such address",
            "405 method_not_allowed: Method not allowed",
            "408 request_timeout: Request timed out",
            "409 password_not_settable: Password not settable",
            "412 precondition_failed: Precondition failed",
            "413 body_too_large: Body too large",
            "415 unsupported_media_type: Unsupported media type",
            "422 password_rejected: Password rejected",
            "422 alternate_device_rejected: Alternate device rejected",
            "502 upstream_unreachable: Unity Connection unreachable",
            "502 upstream_untrusted: Unity Connection not trusted",
            "502 upstream_redirected: Unity Connection redirects",
            "502 upstream_invalid_response: Invalid answer from Unity Connection",
            "502 upstream_error: Unity Connection failed",
            "503 upstream_busy: Unity Connection busy",
            "504 upstream_timeout: Unity Connection timed out",
            "503 overloaded: Overloaded",
            "404 greeting_not_found: No such greeting",
            "404 notification_device_not_found: No such notification device",
            "404 private_list_member_not_found: No such private list member",
            "404 private_list_not_found: No such private list",
            "404 smtp_proxy_address_not_found: No such SMTP proxy address",
            "404 transfer_option_not_found: No such transfer option",
            "404 recording_not_found: No such recording",
            "422 greeting_rejected: Greeting rejected",
            "422 notification_device_rejected: Notification device rejected",
            "422 pin_rejected: PIN rejected",
            "422 private_list_member_rejected: Private list member rejected",
            "422 private_list_rejected: Private list rejected",
            "422 recording_rejected: Recording rejected",
            "422 transfer_option_rejected: Transfer option rejected",
            "422 user_rejected: User rejected",
        ]
    );
}

#[actix_web::test]
async fn the_document_names_every_code() {
    let gateway = start();

    let document = gateway.get("/api/v1/openapi.json").await.json();

    let schema = &document["components"]["schemas"]["Problem"]["properties"]["code"];
    let description = schema["description"].as_str().unwrap();
    let mut named: Vec<_> = description.split('`').skip(1).step_by(2).collect();
    let mut known: Vec<_> = PROBLEMS.iter().map(|(code, ..)| *code).collect();
    named.sort_unstable();
    known.sort_unstable();
    assert_eq!(named, known);
    assert_eq!(schema["type"], "string");
    assert_eq!(schema["enum"], json!(null));
}

#[actix_web::test]
async fn checks_come_in_the_order_that_is_promised() {
    let gateway = start();
    let bad_id = "/api/v1/accounts/7/password?x=1";
    let bad_query = format!("{PASSWORD}?x=1");
    let text = ("content-type", "text/plain");
    let large = "x".repeat(16 * 1024 + 1);
    let invalid_query = problem("invalid_query", PASSWORD)
        .detail("This address does not take the query parameter `x`. Remove it.");

    let route = gateway.ask("PATCH", "/api/v1/nope/7?x=1", &[text], &large).await;
    let method = gateway.ask("PATCH", bad_id, &[text], &large).await;
    let credentials = gateway.ask("PUT", bad_id, &[text], &large).await;
    let id = gateway.ask("PUT", bad_id, &[FUNG, text], &large).await;
    let query = gateway.ask("PUT", &bad_query, &[FUNG, text], &large).await;
    let media_type = gateway.ask("PUT", PASSWORD, &[FUNG, text], &large).await;
    let size = gateway.ask("PUT", PASSWORD, &[FUNG, JSON], &large).await;
    let body = gateway.ask("PUT", PASSWORD, &[FUNG, JSON], "x").await;

    problem("route_not_found", "/api/v1/nope/7").assert(&route);
    problem("method_not_allowed", "/api/v1/accounts/7/password")
        .header("allow", "PUT")
        .assert(&method);
    problem("credentials_missing", "/api/v1/accounts/7/password").assert(&credentials);
    problem("invalid_object_id", "/api/v1/accounts/7/password").assert(&id);
    invalid_query.assert(&query);
    problem("unsupported_media_type", PASSWORD).assert(&media_type);
    problem("body_too_large", PASSWORD).assert(&size);
    invalid_body("The body is not valid JSON: look at line 1, column 1.").assert(&body);
    assert_eq!(gateway.upstream.received().len(), 0);
}

#[actix_web::test]
async fn what_is_not_there_is_404_for_every_method() {
    let gateway = start();

    for path in [
        "/nope",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/api/v2/accounts",
        "/api/v1/Accounts",
        "/api/v1/accounts/",
        "/api/v1/accounts//password",
        "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364/",
        "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364/pin",
        "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364/password/x",
        "/vmrest/user/externalserviceaccounts",
        "/swagger-ui/nope.js",
        "/swagger-ui/../Cargo.toml",
        "/livez",
        "/readyz",
        "/metrics",
        "/%2e%2e/etc/passwd",
        "/%ff",
    ] {
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "QUERY"] {
            if path.starts_with("/swagger-ui/") && method != "GET" {
                continue;
            }
            let request =
                format!("{method} {path}?a=b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
            let reply = gateway.speak(request.as_bytes()).await;

            problem("route_not_found", path).about(&format!("{method} {path}")).assert(&reply);
        }
    }
    assert_eq!(gateway.upstream.received().len(), 0);
}

#[actix_web::test]
async fn a_wrong_method_is_405_and_told_which_are_right() {
    let gateway = start();
    let account = "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364";

    for (path, allow) in [
        (ACCOUNTS, "GET, HEAD"),
        (account, "GET, HEAD"),
        (PASSWORD, "PUT"),
        (DEVICES, "GET, HEAD, POST"),
        (OWN_DEVICE, "GET, HEAD, PATCH, DELETE"),
        ("/api/v1/openapi.json", "GET, HEAD"),
        ("/swagger-ui/", "GET, HEAD"),
        ("/swagger-ui", "GET, HEAD"),
        ("/", "GET, HEAD"),
    ] {
        for method in ["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if allow.contains(method) {
                continue;
            }
            let reply = gateway.ask(method, path, &[FUNG], "").await;

            problem("method_not_allowed", path)
                .about(&format!("{method} {path}"))
                .header("allow", allow)
                .assert(&reply);
        }
    }
    assert_eq!(gateway.upstream.received().len(), 0);
}

#[actix_web::test]
async fn an_id_that_is_no_uuid_is_refused_without_a_call() {
    let gateway = start();
    let long = "7".repeat(2000);
    for id in [
        "7",
        "externalserviceaccounts",
        "75436abf8784450fac6123a08be2c364",
        "75436abf-8784-450f-ac61-23a08be2c36",
        "75436abf-8784-450f-ac61-23a08be2c3644",
        "75436abf-8784-450f-ac61-23a08be2c36g",
        "%7B75436abf-8784-450f-ac61-23a08be2c364%7D",
        "75436abf-8784-450f-ac61-23a08be2c364%20",
        "75436abf-8784-450f-ac61-23a08be2c364%2Fx",
        "..%2f..%2fusers",
        "%00",
        "%C3%A9",
        &long,
    ] {
        for (method, path) in
            [("GET", format!("{ACCOUNTS}/{id}")), ("PUT", format!("{ACCOUNTS}/{id}/password"))]
        {
            let reply = gateway.ask(method, &path, &[FUNG, JSON], r#"{"password":"a"}"#).await;

            problem("invalid_object_id", &path).about(&path).assert(&reply);
        }
    }
    assert_eq!(gateway.upstream.received().len(), 0);
}

#[actix_web::test]
async fn parameters_that_are_not_documented_are_named() {
    let gateway = start();
    let account = "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364";
    let long = "x".repeat(200);
    let shown = "x".repeat(64);
    let many: Vec<_> = (0..8_000).map(|number| format!("p{number:04}")).collect();
    let many = many.join("&");
    let cases = [
        ("x=1", "`x`".to_owned()),
        ("x", "`x`".to_owned()),
        ("=1", "``".to_owned()),
        ("b=1&a=2&b=3", "`a`, `b`".to_owned()),
        ("password=winter-2010", "`password`".to_owned()),
        ("a%20b+c=1", "`a b c`".to_owned()),
        ("%00%0a=1", "``".to_owned()),
        (long.as_str(), format!("`{shown}`")),
        (many.as_str(), "`p0000`, `p0001`, `p0002`, `p0003`, `p0004` and 7995 more".to_owned()),
    ];
    for (query, names) in cases {
        for (method, path) in
            [("GET", ACCOUNTS), ("GET", account), ("PUT", PASSWORD), ("HEAD", ACCOUNTS)]
        {
            let reply = gateway.ask(method, &format!("{path}?{query}"), &[FUNG, JSON], "").await;

            if method == "HEAD" {
                assert_eq!(reply.status, 400);
                continue;
            }
            problem("invalid_query", path)
                .detail(&format!(
                    "This address does not take the query parameter {names}. Remove it."
                ))
                .assert(&reply);
        }
    }
    let empty =
        gateway.ask("PUT", &format!("{PASSWORD}?"), &[FUNG, JSON], r#"{"password":"a"}"#).await;
    empty.assert_written();
}

#[actix_web::test]
async fn a_body_that_is_not_the_object_asked_for_is_explained() {
    let missing = "The property `password` is missing. Add it to the body.";
    let rule = "The property `password` must be a string of 1 to 256 characters. Send such a one.";
    let twice = "The property `password` stands in the body more than once. Send it once.";
    let unknown = |name: &str| {
        format!("The property `{name}` cannot be written here. Remove it from the body.")
    };
    let broken =
        |line, column| format!("The body is not valid JSON: look at line {line}, column {column}.");
    let long = format!(r#"{{"password":"{}"}}"#, "é".repeat(257));
    let deep = format!(r#"{{"password":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
    let name = "n".repeat(100);
    let cases: Vec<(&str, String)> = vec![
        ("{}", missing.to_owned()),
        (" {\n} ", missing.to_owned()),
        ("null", missing.to_owned()),
        ("[]", missing.to_owned()),
        (r#"["s3cret"]"#, missing.to_owned()),
        (r#"[{"password":"s3cret"}]"#, missing.to_owned()),
        (r#""s3cret""#, missing.to_owned()),
        ("42", missing.to_owned()),
        ("true", missing.to_owned()),
        (r#"{"password":null}"#, rule.to_owned()),
        (r#"{"password":42}"#, rule.to_owned()),
        (r#"{"password":true}"#, rule.to_owned()),
        (r#"{"password":["s3cret"]}"#, rule.to_owned()),
        (r#"{"password":{"s3cret":1}}"#, rule.to_owned()),
        (r#"{"password":""}"#, rule.to_owned()),
        (&long, rule.to_owned()),
        (r#"{"Password":"s3cret"}"#, unknown("Password")),
        (r#"{"s3cret":"x"}"#, unknown("s3cret")),
        (r#"{"password":"s3cret","objectId":"x"}"#, unknown("objectId")),
        (r#"{"objectId":"x","password":"s3cret"}"#, unknown("objectId")),
        (r#"{"password":"s3cret","password":"s3cret"}"#, twice.to_owned()),
        (r#"{"password":"s3cret","\u0070assword":"s3cret"}"#, twice.to_owned()),
        ("", broken(1, 0)),
        (" \n ", broken(2, 1)),
        ("{", broken(1, 1)),
        (r#"{"password":"s3cret""#, broken(1, 20)),
        (r#"{"password":"s3cret"}x"#, broken(1, 22)),
        (r#"{"password":"s3cret"}{}"#, broken(1, 22)),
        (r#"{"password":"s3cret",}"#, broken(1, 22)),
        ("{password:\"s3cret\"}", broken(1, 2)),
        ("{'password':'s3cret'}", broken(1, 2)),
        ("password=s3cret", broken(1, 1)),
        ("\u{feff}{\"password\":\"s3cret\"}", broken(1, 1)),
        ("{\"password\":\"s3\ncret\"}", broken(1, 15)),
        (r#"{"password":"s3cret\x"}"#, broken(1, 21)),
        (r#"{"password":"s3cret\ud800"}"#, rule.to_owned()),
        (r#"{"password":s3cret}"#, broken(1, 13)),
        (r#"{"password":NaN}"#, broken(1, 13)),
        (&deep, rule.to_owned()),
    ];
    let gateway = start();
    for (body, detail) in cases {
        let reply = put_json(&gateway, body.as_bytes()).await;

        invalid_body(&detail).about(&body).assert(&reply);
        let name_is_told = detail.contains("`s3cret`");
        assert_eq!(reply.text().contains("s3cret"), name_is_told, "{body}");
    }
    let reply = put_json(&gateway, format!(r#"{{"{name}":1}}"#).as_bytes()).await;
    invalid_body(&unknown(&"n".repeat(64))).assert(&reply);
    for bytes in
        [b"{\"password\":\"\xe9\"}".as_slice(), b"\xff\xfe{\0", b"{\"password\":\"\xc0\xaf\"}"]
    {
        let reply = put_json(&gateway, bytes).await;
        invalid_body("The body is not UTF-8. Send JSON in that encoding.").assert(&reply);
    }
    assert_eq!(gateway.upstream.received().len(), 0);
}

#[actix_web::test]
async fn a_password_may_have_256_characters_and_a_body_16_kib() {
    let gateway = start();
    let longest = format!(r#"{{"password":"{}"}}"#, "\u{1f600}".repeat(256));
    let small = r#"{"password":"abc123"}"#;
    let fits = format!("{small}{}", " ".repeat(16 * 1024 - small.len()));
    let larger = format!("{fits} ");
    let chunked = |body: &str| {
        let half = body.len() / 2;
        let (first, second) = body.split_at(half);
        format!("{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n", half, body.len() - half)
    };
    let json = "Content-Type: application/json\r\nTransfer-Encoding: chunked";

    put_json(&gateway, longest.as_bytes()).await.assert_written();
    put_json(&gateway, fits.as_bytes()).await.assert_written();
    put(&gateway, json, chunked(&fits).as_bytes()).await.assert_written();
    assert_eq!(gateway.upstream.received().len(), 3);

    let too_large = problem("body_too_large", PASSWORD);
    too_large.assert(&put_json(&gateway, larger.as_bytes()).await);
    let too_large = problem("body_too_large", PASSWORD);
    too_large.assert(&put(&gateway, json, chunked(&larger).as_bytes()).await);
    assert_eq!(gateway.upstream.received().len(), 3);
}

#[actix_web::test]
async fn a_body_that_announces_too_much_is_refused_before_it_arrives() {
    let gateway = start();
    let announced = "Content-Type: application/json\r\nContent-Length: 50000000";

    let reply = put(&gateway, announced, b"{").await;

    problem("body_too_large", PASSWORD).assert(&reply);
}

#[actix_web::test]
async fn a_body_must_be_declared_as_json() {
    let gateway = start();
    let body = br#"{"password":"abc123"}"#;
    let length = format!("Content-Length: {}", body.len());

    for declared in [
        "",
        "Content-Type:\r\n",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: multipart/form-data; boundary=x\r\n",
        "Content-Type: application/xml\r\n",
        "Content-Type: application/problem+json\r\n",
        "Content-Type: application/merge-patch+json\r\n",
        "Content-Type: application/jsonp\r\n",
        "Content-Type: text/json\r\n",
        "Content-Type: application\r\n",
        "Content-Type: application/json, text/plain\r\n",
        "Content-Type: text/plain, application/json\r\n",
        "Content-Type: text/plain; application/json\r\n",
        "Content-Type: application/json\r\nContent-Type: text/plain\r\n",
        "Content-Type: text/plain\r\nContent-Type: application/json\r\n",
        "Content-Type: application/json\r\nContent-Type: application/json\r\n",
        "Content-Type: appl\u{e9}cation/json\r\n",
    ] {
        let reply = put(&gateway, &format!("{declared}{length}"), body).await;

        problem("unsupported_media_type", PASSWORD).about(&declared).assert(&reply);
    }
    assert_eq!(gateway.upstream.received().len(), 0);

    for declared in [
        "application/json",
        "APPLICATION/JSON",
        "application/json; charset=utf-8",
        "application/json;charset=UTF-8",
        "application/json ; x=y",
        "application/json; x=\"\u{e9}\"",
    ] {
        let reply = put(&gateway, &format!("Content-Type: {declared}\r\n{length}"), body).await;

        reply.assert_written();
    }
}

#[actix_web::test]
async fn a_change_may_be_declared_as_a_merge_patch() {
    let gateway = start();
    let merge = ("content-type", "application/merge-patch+JSON; charset=utf-8");
    let body = r#"{"dtmfAccessId":"1"}"#;
    let types = "application/merge-patch+json, application/json";

    let change = gateway.ask("PATCH", OWN_DEVICE, &[FUNG, merge], body).await;
    let create = gateway.ask("POST", DEVICES, &[FUNG, merge], body).await;
    let other =
        gateway.ask("PATCH", OWN_DEVICE, &[FUNG, ("content-type", "text/json")], body).await;

    change.assert_written();
    problem("unsupported_media_type", DEVICES).assert(&create);
    problem("unsupported_media_type", OWN_DEVICE).header("accept-patch", types).assert(&other);
    assert_eq!(gateway.upstream.received().len(), 1);
}

#[actix_web::test]
async fn a_body_that_is_encoded_is_refused_with_what_is_taken() {
    let gateway = start();
    let refused = |path| {
        let detail = "The body must not be compressed. Send it without `Content-Encoding`.";
        problem("unsupported_media_type", path).detail(detail).header("accept-encoding", "identity")
    };

    for coding in ["gzip", "identity", "br, gzip", ""] {
        let coding = ("content-encoding", coding);
        let set = gateway.ask("PUT", PASSWORD, &[FUNG, JSON, coding], "\u{1f}").await;
        let change = gateway.ask("PATCH", OWN_DEVICE, &[FUNG, JSON, coding], "{}").await;

        refused(PASSWORD).assert(&set);
        let types = "application/merge-patch+json, application/json";
        refused(OWN_DEVICE).header("accept-patch", types).assert(&change);
    }
    assert_eq!(gateway.upstream.received().len(), 0);
}

#[actix_web::test]
async fn what_is_no_request_is_answered_bare() {
    let gateway = start();
    for request in [
        "GARBAGE\r\n\r\n",
        "GET /api/v1/accounts HTTP/3.0\r\n\r\n",
        "GET /api/v1/accounts HTTP/1.1\r\nno colon\r\n\r\n",
        "GET /é HTTP/1.1\r\nHost: x\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    ] {
        let reply = gateway.speak(request.as_bytes()).await;

        assert_eq!((reply.status, reply.text().as_str()), (400, ""), "{request}");
    }
    assert_eq!(gateway.upstream.received().len(), 0);
}

#[actix_web::test]
async fn accept_is_not_looked_at() {
    let gateway = TestGateway::start();
    for accept in ["text/html", "application/xml", "application/json;q=0", "*/*", "x"] {
        let accept = ("accept", accept);

        let read = gateway.ask("GET", ACCOUNTS, &[FUNG, accept], "").await;
        let missing = gateway.ask("GET", ACCOUNTS, &[accept], "").await;

        assert_eq!(read.json()["total"], 2);
        problem("credentials_missing", ACCOUNTS).assert(&missing);
    }
}
