//! The gateway's description of itself: the document, and Swagger UI out of the binary.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::Path;

use cupi_gateway::openapi;
use cupi_gateway::simulator::Simulator;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::support::{DEVICES, FUNG, JSON, Reply, TestGateway, ask, problem};

const DOCUMENT: &str = "/api/v1/openapi.json";

fn committed() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/openapi.json");
    fs::read_to_string(path).unwrap()
}

/// The document, generated.
pub fn document() -> Value {
    serde_json::from_str(&openapi::text()).unwrap()
}

/// Every operation: path, method, and what the document says of it.
fn operations(document: &Value) -> Vec<(&str, &str, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    operations.collect()
}

#[test]
fn the_committed_document_is_the_generated_one() {
    let hint = "write it anew: cargo run -- openapi > openapi/openapi.json";

    assert!(committed() == openapi::text(), "{hint}");
}

#[actix_web::test]
async fn the_document_is_served_to_everybody() {
    let gateway = TestGateway::start();

    let reply = gateway.ask("GET", DOCUMENT, &[], "").await;

    let length = reply.body.len().to_string();
    let expected = [
        ("cache-control", "private, no-cache"),
        ("content-length", length.as_str()),
        ("content-type", "application/json"),
        ("etag", reply.header("etag").unwrap()),
        ("vary", "Authorization, Origin, Accept-Encoding"),
        ("x-content-type-options", "nosniff"),
    ];
    assert_eq!((reply.status, reply.fields()), (200, expected.to_vec()));
    assert_eq!(reply.text(), committed());
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[test]
fn the_document_describes_the_gateway_as_the_contract_does() {
    let document = document();

    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["servers"], json!([{ "url": "/" }]));
    let schemes = document["components"]["securitySchemes"].as_object().unwrap();
    let schemes: Vec<_> =
        schemes.values().map(|scheme| format!("{} {}", scheme["type"], scheme["scheme"])).collect();
    assert_eq!(schemes, [r#""http" "basic""#, r#""http" "bearer""#]);
    assert_eq!(document["security"], json!([{ "basic": [] }, { "bearer": [] }]));
    let ids = operations(&document).into_iter().map(|(_, _, operation)| &operation["operationId"]);
    let ids: Vec<_> = ids.map(|id| id.as_str().unwrap()).collect();
    let unique: BTreeSet<_> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len());
    let verbs = ["list", "get", "create", "update", "delete", "set"];
    for id in ids {
        assert!(verbs.contains(&id.split('_').next().unwrap()), "{id}");
    }
}

/// Whether an operation is about a recording itself.
fn is_recording(id: &str) -> bool {
    id.ends_with("_voice_name") || id.ends_with("_greeting_recording")
}

#[test]
fn uploads_are_documented_as_bytes() {
    let document = document();
    let operations = operations(&document);
    let uploads: Vec<_> = operations
        .iter()
        .filter(|(_, method, operation)| {
            *method == "put" && is_recording(operation["operationId"].as_str().unwrap())
        })
        .collect();

    assert_eq!(uploads.len(), 3);
    for (_, _, operation) in uploads {
        let body = &operation["requestBody"];
        let wav = json!({ "type": "string", "contentMediaType": "audio/wav" });
        assert_eq!(body["content"], json!({ "audio/wav": { "schema": wav } }));
        assert_eq!(body["required"], json!(true));
    }
}

/// The response itself, or the one that its reference leads to.
fn resolved<'a>(document: &'a Value, response: &'a Value) -> &'a Value {
    let Some(target) = response["$ref"].as_str() else {
        return response;
    };
    let name = target.strip_prefix("#/components/responses/").unwrap();
    &document["components"]["responses"][name]
}

#[test]
fn every_status_that_an_operation_can_give_is_documented_once() {
    let document = document();
    let always = ["400", "401", "403", "502", "503", "504", "default"];

    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap();
        let responses = operation["responses"].as_object().unwrap();
        let statuses: BTreeSet<_> = responses.keys().map(String::as_str).collect();
        let success = match method {
            "get" => "200",
            "post" => "201",
            _ => "204",
        };
        let mut expected = BTreeSet::from(always);
        expected.insert(success);
        let composite = ["list_greetings", "list_transfer_options"].contains(&id);
        if path.contains('{') || composite || id == "get_voice_name" {
            expected.insert("404");
        }
        expected.insert(if method == "get" { "304" } else { "422" });
        if ["post", "put", "patch"].contains(&method) {
            expected.extend(["408", "413", "415"]);
        }
        if ["put", "patch", "delete"].contains(&method) {
            expected.insert("412");
        }
        if id == "set_account_password" {
            expected.insert("409");
        }
        assert_eq!(statuses, expected, "{id}");

        for (status, response) in responses {
            let response = resolved(&document, response);
            let media_type = match status.as_str() {
                "204" | "304" => {
                    assert_eq!(response["content"], json!(null));
                    continue;
                }
                status if status == success && is_recording(id) => {
                    let wav = json!({ "type": "string", "contentMediaType": "audio/wav" });
                    assert_eq!(response["content"], json!({ "audio/wav": { "schema": wav } }));
                    continue;
                }
                status if status == success => "application/json",
                _ => "application/problem+json",
            };
            let content = response["content"].as_object().unwrap();
            let media_types: Vec<_> = content.keys().collect();
            assert_eq!(media_types, [media_type], "{id} {status}");
            let schema = content[media_type]["schema"]["$ref"].as_str().unwrap();
            let is_problem = schema == "#/components/schemas/Problem";
            assert_eq!(is_problem, status != success, "{id} {status}");
        }
    }
}

#[test]
fn every_response_names_the_headers_that_it_brings() {
    let document = document();

    for (_, method, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let response = resolved(&document, response);
            let headers = response["headers"].as_object().into_iter().flatten();
            let mut headers: Vec<_> = headers.map(|(name, _)| name.as_str()).collect();
            if status == "200" && response["content"]["audio/wav"].is_object() {
                assert_eq!(headers.remove(0), "Accept-Ranges");
            }
            let expected: &[&str] = match status.as_str() {
                "200" | "304" => &["Age", "Cache-Control", "Cache-Status", "ETag", "X-Request-Id"],
                "201" => &["Location", "X-Request-Id"],
                "204" => &["X-Request-Id"],
                "401" => &["Retry-After", "WWW-Authenticate"],
                "415" if method == "patch" => &["Accept-Encoding", "Accept-Patch"],
                "415" => &["Accept-Encoding"],
                "503" | "504" => &["Retry-After"],
                // Problems have the id in their body.
                _ => &[],
            };
            assert_eq!(headers, expected, "{} {status}", operation["operationId"]);
        }
    }
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(target)) = members.get("$ref") {
                    found.insert(target.clone());
                }
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = document();
    let mut used = BTreeSet::new();
    references(&document, &mut used);

    let mut known = BTreeSet::new();
    for (kind, components) in document["components"].as_object().unwrap() {
        if kind != "securitySchemes" {
            let names = components.as_object().unwrap().keys();
            known.extend(names.map(|name| format!("#/components/{kind}/{name}")));
        }
    }

    assert_eq!(used, known);
}

/// Checks a value as far as our schemas go, and that it has no member that they do not have.
pub fn conforms(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(target) = schema["$ref"].as_str() {
        let name = target.rsplit('/').next().unwrap();
        return conforms(document, &document["components"]["schemas"][name], value);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    if !types.contains(&kind.into()) {
        return Err(format!("{value} is not {types:?}"));
    }
    if let Some(values) = schema["enum"].as_array()
        && !values.contains(value)
    {
        return Err(format!("{value} is none of {values:?}"));
    }
    for item in value.as_array().into_iter().flatten() {
        conforms(document, &schema["items"], item)?;
    }
    if let Some(members) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten() {
            if !members.contains_key(name.as_str().unwrap()) {
                return Err(format!("{name} is missing in {value}"));
            }
        }
        for (name, member) in members {
            conforms(document, &schema["properties"][name], member)
                .map_err(|fault| format!("{name}: {fault}"))?;
        }
    }
    Ok(())
}

#[actix_web::test]
async fn answers_are_as_the_document_describes_them() {
    let document = document();
    let schema = |name: &str| document["components"]["schemas"][name].clone();
    let gateway = TestGateway::start();

    for (path, name) in [
        (crate::support::ACCOUNTS, "Accounts"),
        (crate::support::FIRST, "Account"),
        (crate::support::SECOND, "Account"),
        ("/api/v1/accounts/7", "Problem"),
        ("/api/v1/accounts/00000000-0000-4000-8000-000000000000", "Problem"),
    ] {
        let reply = gateway.get(path).await;

        assert_eq!(conforms(&document, &schema(name), &reply.json()), Ok(()), "{path}");
    }
    gateway.upstream.set("status", "500").unwrap();
    let unknown = gateway.set_password("abc123").await.json();
    assert_eq!(unknown["outcomeUnknown"], true);
    assert_eq!(conforms(&document, &schema("Problem"), &unknown), Ok(()));
}

#[test]
fn every_example_of_a_schema_is_of_that_schema() {
    let document = document();

    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if name != "Problem" {
            let example = &schema["example"];
            assert_eq!(conforms(&document, schema, example), Ok(()), "{name}");
        }
    }
}

#[test]
fn the_problems_of_an_operation_are_about_its_own_path() {
    let document = document();
    let mut seen = 0;

    for (path, _, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().unwrap().iter();
        let path = parameters.filter(|parameter| parameter["in"] == "path").fold(
            path.to_owned(),
            |path, parameter| {
                let name = format!("{{{}}}", parameter["name"].as_str().unwrap());
                path.replace(&name, parameter["example"].to_string().trim_matches('"'))
            },
        );
        assert!(!path.contains('{'), "{path}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let examples = &response["content"]["application/problem+json"]["examples"];
            for (code, example) in examples.as_object().into_iter().flatten() {
                assert_eq!(example["value"]["instance"], path, "{status} {code}");
                assert_eq!(
                    conforms(
                        &document,
                        &document["components"]["schemas"]["Problem"],
                        &example["value"]
                    ),
                    Ok(())
                );
                seen += 1;
            }
        }
    }
    assert!(seen > 100);
}

/// Every operation as the document prints them, from top to bottom: method, path.
fn printed_operations() -> Vec<(String, String)> {
    let text = openapi::text();
    let (_, paths) = text.split_once("\n  \"paths\": {").unwrap();
    let (paths, _) = paths.split_once("\n  },").unwrap();
    let mut operations = Vec::new();
    let mut path = "";
    for line in paths.lines() {
        let name = |indent: &str| line.strip_prefix(indent)?.strip_suffix("\": {");
        if let Some(name) = name("    \"") {
            path = name;
        } else if let Some(method) = name("      \"") {
            operations.push((method.to_uppercase(), path.to_owned()));
        }
    }
    operations
}

#[actix_web::test]
async fn examples_can_be_executed_from_top_to_bottom() {
    let gateway = TestGateway::start();
    let document = document();
    let printed = printed_operations();
    assert_eq!(printed.len(), operations(&document).len());
    let silence = gateway.get("/api/v1/user/voice-name").await.body;

    for (method, path) in printed {
        let operation = &document["paths"][&path][method.to_lowercase()];
        let mut uri = path.clone();
        for parameter in operation["parameters"].as_array().unwrap() {
            let name = parameter["name"].as_str().unwrap_or_default();
            let example = parameter["example"].to_string();
            let example = example.trim_matches('"');
            match parameter["in"].as_str() {
                Some("path") => uri = uri.replace(&format!("{{{name}}}"), example),
                Some("query") if example != "null" => uri = format!("{uri}?{name}={example}"),
                _ => {}
            }
        }
        let content = operation["requestBody"]["content"].as_object();
        let bodies = content.into_iter().flatten().map(|(media_type, content)| {
            let schema = content["schema"]["$ref"].as_str().unwrap_or_default();
            let schema = schema.rsplit('/').next().unwrap();
            let example = &document["components"]["schemas"][schema]["example"];
            let is_audio = media_type == "audio/wav";
            let body = if is_audio { silence.clone() } else { example.to_string().into_bytes() };
            (media_type.as_str(), body)
        });
        let mut bodies: Vec<_> = bodies.collect();
        if bodies.is_empty() {
            bodies.push(("", Vec::new()));
        }
        for (media_type, body) in bodies {
            let content_type = ("content-type", media_type);
            let headers = [FUNG, content_type];
            let headers = if media_type.is_empty() { &headers[..1] } else { &headers };
            let url = format!("http://{}{uri}", gateway.address);

            let reply = ask(&method, &url, headers, &body).await;

            let responses = operation["responses"].as_object().unwrap();
            let success = responses.keys().find(|status| status.starts_with('2')).unwrap();
            assert_eq!(&reply.status.to_string(), success, "{method} {uri}: {}", reply.text());
        }
    }
}

#[actix_web::test]
async fn documented_methods_are_those_that_allow_names() {
    let gateway = TestGateway::start();
    let document = document();
    let paths: BTreeSet<_> = operations(&document).iter().map(|(path, ..)| *path).collect();

    for path in paths {
        let mut methods = BTreeSet::new();
        for (_, method, _) in operations(&document).iter().filter(|(known, ..)| *known == path) {
            methods.insert(method.to_uppercase());
            if *method == "get" {
                methods.insert("HEAD".to_owned());
            }
        }
        let real = path
            .replace("{objectId}", "75436abf-8784-450f-ac61-23a08be2c364")
            .replace("{memberId}", "75436abf-8784-450f-ac61-23a08be2c365")
            .replace("{greetingType}", "off-hours")
            .replace("{languageCode}", "1033")
            .replace("{transferOptionType}", "alternate");

        let reply = gateway.ask("BREW", &real, &[], "").await;

        assert_eq!(reply.status, 405);
        let allow = reply.header("allow").unwrap().split(", ");
        let allow: BTreeSet<_> = allow.map(str::to_owned).collect();
        assert_eq!(allow, methods, "{path}");
    }
}

async fn get(gateway: &TestGateway<Simulator>, path: &str) -> Reply {
    gateway.ask("GET", path, &[], "").await
}

#[actix_web::test]
async fn the_root_leads_to_swagger_ui() {
    let gateway = TestGateway::start();

    for path in ["/", "/swagger-ui"] {
        let reply = get(&gateway, path).await;

        assert!([301, 302, 303, 307, 308].contains(&reply.status), "{path}");
        // Relative, so that a path that something in front strips stays.
        assert_eq!(reply.header("location"), Some("swagger-ui/"), "{path}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    }
}

#[actix_web::test]
async fn swagger_ui_needs_nothing_from_outside() {
    let gateway = TestGateway::start();

    let page = get(&gateway, "/swagger-ui/").await;

    let html = page.text();
    let files = html.split(['"', '\'']).skip(1).step_by(2);
    let files: Vec<_> = files
        .filter(|text| {
            let extension = Path::new(text).extension().and_then(OsStr::to_str);
            matches!(extension, Some("js" | "css" | "png"))
        })
        .collect();
    assert!(files.len() >= 4, "{files:?}");
    assert!(!html.contains("//"), "{html}");
    assert!(html.contains("<title>cupi-gateway: Swagger UI</title>"));
    assert!(html.contains("<html lang=\"en\">"));
    assert!(html.contains(r#"<meta name="viewport" content="width=device-width"#), "{html}");
    assert!(html.contains("<noscript><p>"), "{html}");
    assert!(html.contains(r#"<a href="../api/v1/openapi.json">openapi.json</a>"#), "{html}");
    let mut replies = vec![("index", "text/html", page)];
    for file in files {
        let kind = match file.rsplit('.').next().unwrap() {
            "js" => "text/javascript",
            "css" => "text/css",
            _ => "image/png",
        };
        let path = format!("/swagger-ui/{}", file.trim_start_matches("./"));
        let reply = get(&gateway, &path).await;
        replies.push((file, kind, reply));
    }
    for (file, kind, reply) in &replies {
        assert_eq!(reply.status, 200, "{file}");
        assert!(!reply.body.is_empty(), "{file}");
        let media_type = reply.header("content-type").unwrap();
        assert_eq!(media_type.split(';').next(), Some(*kind), "{file}");
        assert_eq!(
            reply.header("content-security-policy"),
            Some(
                "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                 media-src blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            ),
            "{file}"
        );
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{file}");
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{file}");
    }
    let settings = get(&gateway, "/swagger-ui/swagger-initializer.js").await.text();
    assert!(settings.contains(r#""url": "../api/v1/openapi.json""#), "{settings}");
    assert!(settings.contains(r#""validatorUrl": "none""#), "{settings}");
    assert!(!settings.contains("petstore"), "{settings}");
    // What is played is what came: an address takes credentials.
    assert!(settings.contains("function Recordings()"), "{settings}");
    assert!(
        settings.contains("plugins: [\n      Recordings, SignIn, Utf8, Folding, Dark,"),
        "{settings}"
    );
    assert_eq!(gateway.upstream.log().len(), 0);
}

#[actix_web::test]
async fn files_are_sent_once_and_packed_for_who_takes_that() {
    let gateway = TestGateway::start();
    let gzip = ("accept-encoding", "br, gzip;q=0.8");

    for file in [
        "",
        "index.html",
        "swagger-initializer.js",
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        DOCUMENT,
    ] {
        let path = if file == DOCUMENT { file.to_owned() } else { format!("/swagger-ui/{file}") };
        let plain = get(&gateway, &path).await;
        let unwanted = [("accept-encoding", "gzip;q=0, identity")];
        let unwanted = gateway.ask("GET", &path, &unwanted, "").await;
        let packed = gateway.ask("GET", &path, &[gzip], "").await;
        let mut unpacked = Vec::new();
        GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).unwrap();

        assert_eq!(packed.header("content-encoding"), Some("gzip"), "{file}");
        assert_eq!(plain.header("content-encoding"), None, "{file}");
        assert!(packed.header("vary").unwrap().ends_with("Accept-Encoding"), "{file}");
        assert!(unpacked == plain.body && unwanted.body == plain.body, "{file}");
        assert_ne!(plain.header("etag"), packed.header("etag"), "{file}");
        for (reply, coding) in [(&plain, None), (&packed, Some(gzip))] {
            let known = ("if-none-match", reply.header("etag").unwrap());
            let headers: Vec<_> = coding.into_iter().chain([known]).collect();
            let again = gateway.ask("GET", &path, &headers, "").await;

            assert_eq!((again.status, again.body.len()), (304, 0), "{file}");
            assert_eq!(again.header("etag"), reply.header("etag"), "{file}");
        }
    }
    let packed = gateway.ask("GET", "/swagger-ui/swagger-ui-bundle.js", &[gzip], "").await;
    assert!(packed.body.len() < 600_000, "{}", packed.body.len());
}

#[actix_web::test]
async fn links_have_the_path_that_something_in_front_strips() {
    let gateway =
        TestGateway::start_with("server.public_url = 'https://apps.example.com/voicemail/'");

    let document = get(&gateway, DOCUMENT).await.json();
    let page = get(&gateway, "/swagger-ui/").await;
    let made = gateway.ask("POST", DEVICES, &[FUNG, JSON], r#"{"dtmfAccessId":"77123"}"#).await;
    let missing = get(&gateway, "/nope").await;
    let root = get(&gateway, "/").await;

    assert_eq!(document["servers"], json!([{ "url": "https://apps.example.com/voicemail" }]));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("connect-src 'self' https://apps.example.com;"), "{policy}");
    let id = made.json()["objectId"].as_str().unwrap().to_owned();
    let location = format!("/voicemail{DEVICES}/{id}");
    assert_eq!(made.header("location"), Some(location.as_str()));
    problem("route_not_found", "/voicemail/nope").assert(&missing);
    assert_eq!(root.header("location"), Some("swagger-ui/"));
}

#[actix_web::test]
async fn swagger_ui_can_be_left_out() {
    let gateway = TestGateway::start_with("docs.swagger_ui = false");

    for path in ["/swagger-ui", "/swagger-ui/", "/swagger-ui/index.html"] {
        problem("route_not_found", path).assert(&get(&gateway, path).await);
    }
    let root = get(&gateway, "/").await;
    assert_eq!(root.header("location"), Some("api/v1/openapi.json"));
    assert_eq!(get(&gateway, DOCUMENT).await.text(), committed());
    assert_eq!(gateway.ask("GET", "/api/v1/accounts", &[FUNG], "").await.status, 200);
}
