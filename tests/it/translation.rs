//! Translation, case by case: each `name.xml` in a folder of `tests/fixtures/cupi` as Unity Connection's answer, and what
//! comes of it: `name.json`, or `name.problem.json` where it cannot be used. A new case is two files.
//!
//! | folder | an answer about |
//! | --- | --- |
//! | `list`, `item` | accounts, one account |
//! | `devices`, `device` | alternate devices, one of them |

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

/// Runs the cases of a folder as answers to this path.
async fn run(folder: &str, path: &str) {
    let cases = cases(folder);
    let scripts = cases.iter().map(|(file, _)| vec![document(&fs::read(file).unwrap())]);
    let gateway = TestGateway::raw_with("", scripts.collect());
    let mut failed = Vec::new();

    for (file, expected) in &cases {
        let reply = gateway.ask("GET", path, &[FUNG, ("x-request-id", "fixture")], "").await;

        let status = expected.get("status").map_or(200, |status| status.as_u64().unwrap());
        if u64::from(reply.status) != status || reply.json() != *expected {
            failed.push(format!("{}: {} {}", file.display(), reply.status, reply.text()));
        }
    }

    assert_eq!(failed.join("\n"), "");
    assert!(cases.len() > 15);
}

#[actix_web::test]
async fn every_list_reads_as_expected() {
    run("list", ACCOUNTS).await;
}

#[actix_web::test]
async fn every_single_account_reads_as_expected() {
    run("item", SECOND).await;
}

#[actix_web::test]
async fn every_list_of_devices_reads_as_expected() {
    run("devices", DEVICES).await;
}

#[actix_web::test]
async fn every_single_device_reads_as_expected() {
    run("device", OWN_DEVICE).await;
}
