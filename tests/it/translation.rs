//! Translation, case by case: each `name.xml` in a folder of `tests/fixtures/cupi` as Unity Connection's answer, and what
//! comes of it: `name.json`, or `name.problem.json` where it cannot be used. A new case is two files; a new folder is a line
//! in [`FOLDERS`] besides.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::raw::document;
use crate::support::{ACCOUNTS, DEVICES, FUNG, OWN_DEVICE, SECOND, TestGateway};

/// The cases of a folder: each document, with what is expected of it.
fn cases(folder: &str) -> Vec<(PathBuf, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cupi").join(folder);
    let files = fs::read_dir(folder).unwrap();
    let files: BTreeSet<_> = files.map(|file| file.unwrap().path()).collect();
    let documents = files.iter().filter(|file| file.extension().unwrap() == "xml");
    let cases: Vec<_> = documents
        .map(|document| {
            let expected =
                [document.with_extension("json"), document.with_extension("problem.json")];
            let expected: Vec<_> = expected.iter().filter(|file| files.contains(*file)).collect();
            assert_eq!(expected.len(), 1, "{}", document.display());
            let expected = fs::read_to_string(expected[0]).unwrap();
            (document.clone(), serde_json::from_str(&expected).unwrap())
        })
        .collect();
    assert_eq!(2 * cases.len(), files.len(), "each case is two files");
    cases
}

/// The folders, and the path whose answer each holds.
const FOLDERS: [(&str, &str); 17] = [
    ("class-of-service", "/api/v1/class-of-service"),
    ("device", OWN_DEVICE),
    ("devices", DEVICES),
    ("directory", "/api/v1/directory?name=x"),
    ("greeting", "/api/v1/greetings/alternate"),
    ("greeting-recordings", "/api/v1/greetings/busy/recordings"),
    ("html-device", "/api/v1/notification-devices/html/5d0e7a10-2c4b-4f6d-8e9f-a1b2c3d4e5f6"),
    ("item", SECOND),
    ("list", ACCOUNTS),
    ("location", "/api/v1/location"),
    ("private-list", "/api/v1/private-lists/3f0d1a52-9c1b-4e7e-8a44-5b7c20e1d9f0"),
    ("private-list-members", "/api/v1/private-lists/3f0d1a52-9c1b-4e7e-8a44-5b7c20e1d9f0/members"),
    ("smtp-device", "/api/v1/notification-devices/smtp/5d0e7a10-2c4b-4f6d-8e9f-a1b2c3d4e5f6"),
    ("smtp-proxy-addresses", "/api/v1/smtp-proxy-addresses"),
    ("system-configuration", "/api/v1/system-configuration"),
    ("transfer-option", "/api/v1/transfer-options/off-hours"),
    ("user", "/api/v1/user"),
];

#[test]
fn every_folder_has_its_path() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cupi");
    let folders = fs::read_dir(folder).unwrap();
    let folders: BTreeSet<_> =
        folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();

    let known: BTreeSet<_> = FOLDERS.iter().map(|(folder, _)| (*folder).to_owned()).collect();

    assert_eq!(folders, known);
}

#[actix_web::test]
async fn every_document_reads_as_expected() {
    let mut failed = Vec::new();
    for (folder, path) in FOLDERS {
        let cases = cases(folder);
        let scripts = cases.iter().map(|(file, _)| vec![document(&fs::read(file).unwrap())]);
        let gateway = TestGateway::raw_with("", scripts.collect());
        for (file, expected) in &cases {
            let reply = gateway.ask("GET", path, &[FUNG, ("x-request-id", "fixture")], "").await;

            let status = expected.get("status").map_or(200, |status| status.as_u64().unwrap());
            if u64::from(reply.status) != status || reply.json() != *expected {
                failed.push(format!("{}: {} {}", file.display(), reply.status, reply.text()));
            }
        }
    }

    assert_eq!(failed.join("\n"), "");
}
