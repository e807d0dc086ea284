//! What tests share: clients of HTTP, a gateway with what stands behind it, and how answers look.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::Method;
use actix_web::rt::net::TcpStream;
use actix_web::rt::{
    self,
    time::{sleep, timeout},
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cupi_gateway::config::Config;
use cupi_gateway::server;
use cupi_gateway::simulator::{self, LoggedRequest, Simulator, Switches};
use futures_util::future::join_all;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use xxhash_rust::xxh3::xxh3_128;

use crate::raw::{RawUpstream, Step};

/// Longer than anything takes that a test waits for.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// An answer as it arrived.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Reads the first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(known, _)| known == name)?;
        Some(value)
    }

    /// Reads the body as text.
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// Reads the body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// Sends a request and reads the whole answer. Redirects are not followed, compression is not asked for.
pub async fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let client = awc::Client::builder()
        .connector(awc::Connector::new().timeout(DEADLINE))
        .disable_redirects()
        .timeout(DEADLINE)
        .finish();
    ask_by(&client, method, url, headers, body).await
}

/// Sends a request by this client and reads the whole answer.
pub async fn ask_by(
    client: &awc::Client,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Reply {
    #[expect(clippy::disallowed_methods, reason = "tests are clients of their own")]
    let mut request = client.request(Method::from_bytes(method.as_bytes()).unwrap(), url);
    for header in headers {
        request = request.append_header(*header);
    }
    let answer = request.send_body(body.to_vec()).await.unwrap();
    let mut answer = answer.timeout(DEADLINE);
    let body = answer.body().limit(usize::MAX).await;
    let headers = answer.headers().iter();
    Reply {
        status: answer.status().as_u16(),
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: body.unwrap().to_vec(),
    }
}

/// Makes the value of an `Authorization` header.
pub fn basic(alias: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{alias}:{password}")))
}

/// The list of accounts.
pub const ACCOUNTS: &str = "/api/v1/accounts";

/// The guide's account that uses service credentials.
pub const FIRST: &str = "/api/v1/accounts/510eeaa6-6e85-40f3-88b3-863c2a4eec84";

/// The guide's account that has a password.
pub const SECOND: &str = "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364";

/// Where the password of [`SECOND`] is set.
pub const PASSWORD: &str = "/api/v1/accounts/75436abf-8784-450f-ac61-23a08be2c364/password";

/// The list of alternate devices.
pub const DEVICES: &str = "/api/v1/alternate-devices";

/// A device of [`FUNG`] that the administrator defined.
pub const GIVEN_DEVICE: &str = "/api/v1/alternate-devices/00000064-de71-4000-8000-000000000001";

/// The one device of [`FUNG`]'s own.
pub const OWN_DEVICE: &str = "/api/v1/alternate-devices/00000064-de71-4000-8000-000000000003";

/// Where Unity Connection keeps alternate devices.
pub const UPSTREAM_DEVICES: &str = "/vmrest/user/alternatedevices";

/// Where Unity Connection keeps accounts.
pub const UPSTREAM_ACCOUNTS: &str = "/vmrest/user/externalserviceaccounts";

/// `fung:winter-2010`, the person of the guide's sample.
pub const FUNG: (&str, &str) = ("authorization", "Basic ZnVuZzp3aW50ZXItMjAxMA==");

/// What a body of JSON is declared as.
pub const JSON: (&str, &str) = ("content-type", "application/json");

/// A gateway on a free port, and what stands behind it. Dropping it ends both.
pub struct TestGateway<U> {
    /// Where it is.
    pub address: SocketAddr,
    /// Where its operator's side is.
    pub admin_address: SocketAddr,
    /// What it takes for Unity Connection.
    pub upstream: U,
    servers: Vec<ServerHandle>,
}

impl TestGateway<Simulator> {
    /// Starts a gateway before a simulator.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// Starts a gateway with these settings, lines of TOML, before a simulator.
    pub fn start_with(toml: &str) -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let (simulator, server) = simulator::bind(address, None, Switches::default()).unwrap();
        let handle = server.handle();
        rt::spawn(server);
        let url = simulator.url();
        let mut gateway = Self::before(simulator, &url, toml);
        gateway.servers.push(handle);
        gateway
    }
}

impl TestGateway<Simulator> {
    /// The calls that Unity Connection saw since this was asked last: method, path and query, and the body without its
    /// prolog where there is one.
    pub fn calls(&self) -> Vec<String> {
        let log = self.upstream.log();
        self.upstream.clear_log();
        let line = |asked: &LoggedRequest| {
            let query = asked.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
            let body = String::from_utf8(asked.body.to_vec()).unwrap();
            let body = body.strip_prefix(PROLOG).map(|body| format!(" {body}")).unwrap_or(body);
            format!("{} {}{query}{body}", asked.method, asked.path)
        };
        log.iter().map(line).collect()
    }

    /// Reads this path as the person with this alias, by a token.
    pub async fn get_as(&self, alias: &str, path: &str) -> Reply {
        let token = format!("Bearer token-{alias}");
        self.ask("GET", path, &[("authorization", &token)], "").await
    }

    /// Sends this JSON as the person with this alias, by a token.
    pub async fn send_as(&self, alias: &str, [method, path, body]: [&str; 3]) -> Reply {
        let token = format!("Bearer token-{alias}");
        self.ask(method, path, &[("authorization", &token), JSON], body).await
    }

    /// Expects that each body is taken, and that Unity Connection gets these elements for it at this path.
    pub async fn assert_sent(&self, path: &str, upstream: &str, item: &str, cases: &[[&str; 2]]) {
        for [body, elements] in cases {
            self.upstream.clear_log();
            let reply = self.send("PATCH", path, body).await;

            assert_eq!(
                self.calls().last().unwrap(),
                &format!("PUT {upstream} <{item}>{elements}</{item}>"),
                "{body}"
            );
            reply.assert_written();
        }
    }

    /// Expects that each body is refused for the property beside it, and that nothing is sent. An empty name stands for a
    /// body that is refused as a whole.
    pub async fn assert_refused(&self, method: &str, path: &str, cases: &[[&str; 2]]) {
        self.upstream.clear_log();
        for [body, property] in cases {
            let reply = self.send(method, path, body).await;

            let detail = reply.json()["detail"].as_str().unwrap().to_owned();
            problem("invalid_body", path).detail(&detail).about(body).assert(&reply);
            let named = property.is_empty() || detail.contains(&format!("property `{property}` "));
            assert!(named, "{property} for {body}: {detail}");
        }
        assert_eq!(self.calls(), [""; 0]);
    }

    /// Expects that addresses that are none, wrong methods and queries are answered without a call.
    pub async fn assert_closed(&self, path: &str, allow: &str) {
        self.upstream.clear_log();
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"].into_iter();
        for method in methods.filter(|method| !allow.contains(method)) {
            let reply = self.send(method, path, "{}").await;
            let expected = problem("method_not_allowed", path).header("allow", allow);
            expected.about(&method).assert(&reply);
        }
        let method = allow.split(", ").next().unwrap();
        let reply = self.send(method, &format!("{path}?x=1"), "{}").await;
        assert_eq!(reply.json()["code"], "invalid_query", "{path}");
        assert_eq!(self.calls(), [""; 0]);
    }
}

/// What begins each document of the gateway.
pub const PROLOG: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

impl TestGateway<RawUpstream> {
    /// Starts a gateway before a server that does these steps for every request.
    pub fn raw(steps: Vec<Step>) -> Self {
        Self::raw_with("", vec![steps])
    }

    /// Starts a gateway with these settings before a server that has steps for each request in turn, the last ones for
    /// all that follow.
    pub fn raw_with(toml: &str, scripts: Vec<Vec<Step>>) -> Self {
        let upstream = RawUpstream::start(scripts);
        let url = upstream.url();
        Self::before(upstream, &url, toml)
    }
}

impl<U> TestGateway<U> {
    /// Starts a gateway with these settings before whatever is at this URL.
    pub fn before(upstream: U, url: &str, toml: &str) -> Self {
        // Nothing is kept unless a test is about that.
        let plain = ["cache.ttl", "upstream.session_reuse", "upstream.sign_in_pause"];
        let plain = plain.iter().filter(|key| !toml.contains(*key));
        let plain: Vec<_> = plain.map(|key| format!("{key} = '0s'\n")).collect();
        let plain = plain.concat();
        let workers = if toml.contains("server.workers") { "" } else { "server.workers = 1" };
        let config = Config::parse(&format!(
            "server.bind = '127.0.0.1:0'\nadmin.bind = '127.0.0.1:0'\nupstream.url = '{url}'\n{workers}\n{plain}{toml}"
        ));
        let bound = server::bind(&config.unwrap()).unwrap();
        let servers = vec![bound.server.handle(), bound.admin.handle()];
        let admin_address = bound.admin_address;
        rt::spawn(bound.server);
        rt::spawn(bound.admin);
        Self { address: bound.address, admin_address, upstream, servers }
    }

    /// Sends a request.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let url = format!("http://{}{path}", self.address);
        ask(method, &url, headers, body.as_bytes()).await
    }

    /// Reads as [`FUNG`].
    pub async fn get(&self, path: &str) -> Reply {
        self.ask("GET", path, &[FUNG], "").await
    }

    /// Sends this JSON as [`FUNG`].
    pub async fn send(&self, method: &str, path: &str, body: &str) -> Reply {
        self.ask(method, path, &[FUNG, JSON], body).await
    }

    /// Sets the password of [`SECOND`] as [`FUNG`].
    pub async fn set_password(&self, password: &str) -> Reply {
        let body = json!({ "password": password }).to_string();
        self.ask("PUT", PASSWORD, &[FUNG, JSON], &body).await
    }

    /// Sends these bytes and reads until the connection ends.
    pub async fn speak(&self, request: &[u8]) -> Reply {
        speak(self.address, request).await
    }
}

impl<U> Drop for TestGateway<U> {
    fn drop(&mut self) {
        for server in &self.servers {
            // The command is sent at once; only its end would have to be awaited.
            drop(server.stop(false));
        }
    }
}

/// Makes this many requests at once.
pub async fn together<F: Future<Output = Reply>>(
    count: usize,
    ask: impl Fn(usize) -> F,
) -> Vec<Reply> {
    join_all((0..count).map(ask)).await
}

/// Starts a simulator on a free port, which runs as long as the test.
pub fn simulate() -> Simulator {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let (simulator, server) = simulator::bind(address, None, Switches::default()).unwrap();
    rt::spawn(server);
    simulator
}

/// Waits until something is so.
pub async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            sleep(Duration::from_millis(1)).await;
        }
    };
    timeout(DEADLINE, waiting).await.unwrap();
}

/// Sends these bytes, which must ask for the connection to be closed, and reads until it is.
pub async fn speak(address: SocketAddr, request: &[u8]) -> Reply {
    let talk = async {
        let mut socket = TcpStream::connect(address).await.unwrap();
        socket.write_all(request).await.unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.unwrap();
        answer
    };
    let answer = timeout(DEADLINE, talk).await.unwrap();
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
    let (head, body) = answer.split_at(end.unwrap() + 4);
    let head = String::from_utf8(head.to_vec()).unwrap();
    let mut lines = head.trim_end().lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line.split_once(": ").unwrap();
        (name.to_lowercase(), value.to_owned())
    });
    Reply { status: status.parse().unwrap(), headers: headers.collect(), body: body.to_vec() }
}

impl Reply {
    /// Lists the headers in order of their names, without the date and the request id, which must be there, and without
    /// what concerns the connection alone.
    pub fn fields(&self) -> Vec<(&str, &str)> {
        assert!(self.header("date").is_some());
        assert!(self.header("x-request-id").is_some());
        let headers = self.headers.iter();
        let mut fields: Vec<_> = headers
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| !["connection", "date", "x-request-id"].contains(name))
            .collect();
        fields.sort_unstable();
        fields
    }

    /// Holds the whole answer against a read that succeeded.
    #[track_caller]
    pub fn assert_read(&self, json: &Value) {
        assert_eq!(self.status, 200, "{}", self.text());
        let length = self.body.len().to_string();
        let etag = etag(&self.body);
        let expected = [
            ("age", "0"),
            ("cache-control", "private, no-cache"),
            ("cache-status", "cupi-gateway; fwd=miss"),
            ("content-length", length.as_str()),
            ("content-type", "application/json"),
            ("etag", etag.as_str()),
            ("vary", "Authorization, Origin"),
            ("x-content-type-options", "nosniff"),
        ];
        assert_eq!(self.fields(), expected);
        assert_eq!(self.json(), *json);
    }

    /// Holds the whole answer against a write that succeeded.
    #[track_caller]
    pub fn assert_written(&self) {
        assert_eq!(self.text(), "");
        assert_eq!(self.status, 204);
        let expected = [("cache-control", "no-store"), ("x-content-type-options", "nosniff")];
        assert_eq!(self.fields(), expected);
    }
}

/// The validator of a body: its XXH3 of 128 bits.
pub fn etag(body: &[u8]) -> String {
    format!("\"{:032x}\"", xxh3_128(body))
}

/// Every problem that there is: code, status, title, and the detail where it is always the same. Codes are API.
pub const PROBLEMS: [(&str, u16, &str, &str); 42] = [
    (
        "invalid_object_id",
        400,
        "Invalid object id",
        "The id in the path is not a UUID. Use an `objectId` as the list gives it.",
    ),
    ("invalid_query", 400, "Invalid query", ""),
    ("invalid_body", 400, "Invalid body", ""),
    (
        "cors_rejected",
        400,
        "Cross-origin request refused",
        "This origin or method is not allowed in requests from a page of another origin. The operator allows \
         origins with `cors.allowed_origins`.",
    ),
    (
        "credentials_missing",
        401,
        "Credentials missing",
        "Sign in with your Unity Connection credentials: exactly one `Authorization` header, `Basic` or `Bearer` with a \
         value, at most 8 KiB.",
    ),
    (
        "credentials_rejected",
        401,
        "Credentials rejected",
        "Unity Connection did not accept these credentials. Check user name and password before you try again: a few \
         wrong ones lock the account.",
    ),
    ("sign_in_paused", 401, "Sign-in paused", ""),
    (
        "forbidden",
        403,
        "Not permitted",
        "Unity Connection does not permit this to these credentials. Ask its administrator for the right.",
    ),
    (
        "account_not_found",
        404,
        "No such account",
        "The caller has no account with this id. Use an `objectId` of the caller's own list.",
    ),
    (
        "alternate_device_not_found",
        404,
        "No such alternate device",
        "The caller has no alternate device with this id. Use an `objectId` of the caller's own list.",
    ),
    (
        "route_not_found",
        404,
        "No such address",
        "There is nothing at this address. `/api/v1/openapi.json` describes what there is.",
    ),
    (
        "method_not_allowed",
        405,
        "Method not allowed",
        "This address does not take that method. Use one that the `Allow` header names.",
    ),
    (
        "request_timeout",
        408,
        "Request timed out",
        "The body did not arrive whole within 10 seconds. Send the request again.",
    ),
    (
        "password_not_settable",
        409,
        "Password not settable",
        "This account uses service credentials: it has no password of the caller's. Set passwords only where \
         `useServiceCredentials` is false.",
    ),
    (
        "precondition_failed",
        412,
        "Precondition failed",
        "The object is not as `If-Match` or `If-None-Match` asks, and nothing was changed. Read it again, and send the \
         change with its new `ETag`.",
    ),
    (
        "body_too_large",
        413,
        "Body too large",
        "The body is larger than 16 KiB. Send only the properties that are documented.",
    ),
    (
        "unsupported_media_type",
        415,
        "Unsupported media type",
        "The body must be JSON. Send it with `Content-Type: application/json`.",
    ),
    (
        "password_rejected",
        422,
        "Password rejected",
        "Unity Connection did not take this password. Its own words, where it sent some, stand in `upstream`; choose \
         another password.",
    ),
    (
        "alternate_device_rejected",
        422,
        "Alternate device rejected",
        "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; a number that is \
         taken and a sixth device are usual causes.",
    ),
    (
        "upstream_unreachable",
        502,
        "Unity Connection unreachable",
        "Unity Connection cannot be reached. Try again later; if it lasts, tell the operator of this gateway.",
    ),
    (
        "upstream_untrusted",
        502,
        "Unity Connection not trusted",
        "Unity Connection's certificate is not trusted. The operator of this gateway sets `upstream.ca_bundle` or \
         `upstream.certificate_sha256`.",
    ),
    (
        "upstream_redirected",
        502,
        "Unity Connection redirects",
        "Unity Connection answered with a redirect, which is not followed. The operator of this gateway sets \
         `upstream.url` to the address that it points to, usually https.",
    ),
    ("upstream_invalid_response", 502, "Invalid answer from Unity Connection", ""),
    (
        "upstream_error",
        502,
        "Unity Connection failed",
        "Unity Connection answered with an error of its own. Try again later; if it lasts, tell its administrator.",
    ),
    (
        "upstream_busy",
        503,
        "Unity Connection busy",
        "Unity Connection is busy. Try again after the time in `Retry-After`.",
    ),
    (
        "upstream_timeout",
        504,
        "Unity Connection timed out",
        "Unity Connection did not answer in time. Try again later.",
    ),
    (
        "overloaded",
        503,
        "Overloaded",
        "There is no room here now: too many requests wait for Unity Connection, or this gateway is about to end. Try again \
         after the time in `Retry-After`.",
    ),
    (
        "greeting_not_found",
        404,
        "No such greeting",
        "Unity Connection has no such greeting for the caller. Mostly the caller has no mailbox: ask the administrator.",
    ),
    (
        "notification_device_not_found",
        404,
        "No such notification device",
        "The caller has no such notification device with this id. Use an `objectId` of the caller's own list.",
    ),
    (
        "private_list_member_not_found",
        404,
        "No such private list member",
        "The caller has no such private list, or the list has no member with this id. Use an `objectId` of the list's own members.",
    ),
    (
        "private_list_not_found",
        404,
        "No such private list",
        "The caller has no private list with this id. Use an `objectId` of the caller's own list.",
    ),
    (
        "smtp_proxy_address_not_found",
        404,
        "No such SMTP proxy address",
        "The caller has no SMTP proxy address with this id. Use an `objectId` of the caller's own list.",
    ),
    (
        "transfer_option_not_found",
        404,
        "No such transfer option",
        "Unity Connection has no such transfer option for the caller. Mostly the caller has no mailbox: ask the administrator.",
    ),
    (
        "recording_not_found",
        404,
        "No such recording",
        "Nothing is recorded here, or Unity Connection does not have what the recording would belong to. Upload a recording first, or check the address.",
    ),
    (
        "greeting_rejected",
        422,
        "Greeting rejected",
        "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; the `error` greeting, which cannot be disabled, is a usual cause.",
    ),
    (
        "notification_device_rejected",
        422,
        "Notification device rejected",
        "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; a device that is switched on without an address is a usual cause.",
    ),
    (
        "pin_rejected",
        422,
        "PIN rejected",
        "Unity Connection did not take this PIN. Usual causes are a PIN that is too short, trivial or used before, one that was changed a short while ago, and a user whose PIN cannot be changed. Its own words, where it sent some, stand in `upstream`; choose another PIN.",
    ),
    (
        "private_list_member_rejected",
        422,
        "Private list member rejected",
        "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; a member that is there already, one that does not exist and more members than the class of service allows are usual causes.",
    ),
    (
        "private_list_rejected",
        422,
        "Private list rejected",
        "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; a name or number that another list has and more lists than the class of service allows are usual causes.",
    ),
    (
        "recording_rejected",
        422,
        "Recording rejected",
        "Unity Connection did not accept this recording. Its own words, where it sent some, stand in `upstream`; an audio format that it does not know, a recording longer than the class of service allows and a language that is not installed are usual causes.",
    ),
    (
        "transfer_option_rejected",
        422,
        "Transfer option rejected",
        "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`; an extension that the administrator does not allow is a usual cause.",
    ),
    (
        "user_rejected",
        422,
        "User rejected",
        "Unity Connection did not accept this. Its own words, where it sent some, stand in `upstream`.",
    ),
];

/// A whole answer that is a problem.
pub struct Expected {
    about: String,
    status: u16,
    headers: Vec<(&'static str, String)>,
    members: Map<String, Value>,
}

/// Expects the problem with this code at this path.
pub fn problem(code: &str, instance: &str) -> Expected {
    let row = PROBLEMS.iter().find(|(known, ..)| *known == code);
    let (_, status, title, detail) = *row.unwrap();
    let members = json!({
        "type": format!("urn:cupi-gateway:problem:{code}"),
        "title": title,
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
    });
    let Value::Object(members) = members else { unreachable!() };
    let expected = Expected { about: String::new(), status, headers: Vec::new(), members };
    match code {
        "upstream_busy" => expected.header("retry-after", "5"),
        _ if status == 401 => expected
            .header("www-authenticate", r#"Basic realm="Unity Connection", charset="UTF-8""#),
        _ => expected,
    }
}

impl Expected {
    /// Names the case, for who reads that it failed.
    pub fn about(mut self, case: &impl ToString) -> Self {
        self.about = case.to_string();
        self
    }

    /// Expects this header too, or in place of the usual one.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Expects this detail.
    pub fn detail(self, detail: &str) -> Self {
        self.member("detail", detail.into())
    }

    /// Expects the detail of an answer that cannot be used for this reason.
    pub fn reason(self, reason: &str) -> Self {
        self.detail(&format!(
            "Unity Connection's answer is not the one asked for: {reason}. If it lasts, tell the operator of this \
             gateway."
        ))
    }

    /// Expects that Unity Connection answered so.
    pub fn upstream(self, upstream: Value) -> Self {
        self.member("upstream", upstream)
    }

    /// Expects that nobody knows whether the change was made.
    pub fn unknown(self) -> Self {
        let detail = self.members["detail"].as_str().unwrap();
        let detail = format!(
            "{detail} Whether the change was made is not known: read the resource before you repeat it."
        );
        self.detail(&detail).member("outcomeUnknown", true.into())
    }

    fn member(mut self, name: &str, value: Value) -> Self {
        self.members.insert(name.to_owned(), value);
        self
    }

    /// Holds the whole answer against what is expected.
    #[track_caller]
    pub fn assert(mut self, reply: &Reply) {
        let id = reply.header("x-request-id").unwrap_or_default();
        self.members.insert("requestId".to_owned(), id.into());
        let about = self.about;
        assert_eq!(reply.json(), Value::Object(self.members), "{about}");
        assert_eq!(reply.status, self.status, "{about}");
        self.headers.extend([
            ("cache-control", "no-store".to_owned()),
            ("content-length", reply.body.len().to_string()),
            ("content-type", "application/problem+json".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ]);
        self.headers.sort_unstable();
        let headers = self.headers.iter();
        let headers: Vec<_> = headers.map(|(name, value)| (*name, value.as_str())).collect();
        assert_eq!(reply.fields(), headers, "{about}");
    }
}

/// Any text that XML can carry, of so many characters.
pub fn text(length: RangeInclusive<usize>) -> impl Strategy<Value = String> {
    let character = prop_oneof![
        4 => proptest::char::range(' ', '~'),
        2 => prop::sample::select(vec!['<', '>', '&', '"', '\'', ']', ' ', '\t', '\n', '\r', '\u{feff}']),
        1 => proptest::char::range('\u{80}', '\u{d7ff}'),
        1 => proptest::char::range('\u{e000}', '\u{fffd}'),
        1 => proptest::char::range('\u{10000}', '\u{10ffff}'),
    ];
    proptest::collection::vec(character, length).prop_map(String::from_iter)
}
