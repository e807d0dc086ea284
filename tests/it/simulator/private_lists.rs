//! Private lists: how many, with which names and numbers, and what goes with one.

use super::{assert_done, assert_refused, get, send, set, start};

const LISTS: &str = "/vmrest/user/privatelists";
const FIRST: &str = "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000001";
const SECOND: &str = "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000002";
const CREATED: &str = "/vmrest/user/privatelists/00000064-c0de-4000-8000-000000000001";

fn list(path: &str, name: &str, number: u8) -> String {
    let id = path.rsplit('/').next().unwrap();
    format!(
        "<PrivateList><URI>{path}</URI><ObjectId>{id}</ObjectId><DisplayName>{name}</DisplayName>\
         <NumericId>{number}</NumericId><PrivateListMembersURI>{path}/privatelistmembers</PrivateListMembersURI></PrivateList>"
    )
}

#[actix_web::test]
async fn lists_are_read_created_changed_and_deleted() {
    let simulator = start();
    let given = [list(FIRST, "Night shift", 1), list(SECOND, "Fish &amp; chips", 7)].concat();
    assert_eq!(
        get(&simulator, "fung", LISTS).await,
        format!("<PrivateLists>{given}</PrivateLists>")
    );

    let body = "<PrivateList><DisplayName>Choir</DisplayName></PrivateList>";
    let created = send(&simulator, "fung", ["POST", LISTS, body]).await;

    assert_eq!((created.status, created.text().as_str()), (201, CREATED));
    assert_eq!(created.header("location").unwrap(), format!("https://localhost:8443{CREATED}"));
    // Two is the lowest number that was free.
    assert_eq!(get(&simulator, "fung", CREATED).await, list(CREATED, "Choir", 2));

    let body = "<PrivateList><NumericId>99</NumericId><ObjectId>x</ObjectId></PrivateList>";
    assert_done(&send(&simulator, "fung", ["PUT", CREATED, body]).await);
    assert_eq!(get(&simulator, "fung", CREATED).await, list(CREATED, "Choir", 99));

    assert_done(&send(&simulator, "fung", ["DELETE", CREATED, ""]).await);
    assert_refused(&send(&simulator, "fung", ["GET", CREATED, ""]).await, 404, "NOT_FOUND");
    assert_eq!(get(&simulator, "nadia", LISTS).await, "<PrivateLists/>");
}

#[actix_web::test]
async fn names_and_numbers_are_unique_and_within_bounds() {
    let simulator = start();
    let cases = [
        ("", "MISSING_PARAMETER"),
        ("<NumericId>3</NumericId>", "MISSING_PARAMETER"),
        ("<DisplayName/>", "INVALID_PARAMETER"),
        ("<DisplayName>Night shift</DisplayName>", "DUPLICATE"),
        ("<DisplayName>x</DisplayName><NumericId>7</NumericId>", "DUPLICATE"),
        ("<DisplayName>x</DisplayName><NumericId>07</NumericId>", "DUPLICATE"),
        ("<DisplayName>x</DisplayName><NumericId>0</NumericId>", "INVALID_PARAMETER"),
        ("<DisplayName>x</DisplayName><NumericId>100</NumericId>", "INVALID_PARAMETER"),
        ("<DisplayName>x</DisplayName><NumericId/>", "INVALID_PARAMETER"),
    ];
    let before = get(&simulator, "fung", LISTS).await;

    for (texts, code) in cases {
        let body = format!("<PrivateList>{texts}</PrivateList>");
        assert_refused(&send(&simulator, "fung", ["POST", LISTS, &body]).await, 400, code);
        if code != "MISSING_PARAMETER" {
            let path = if texts.contains("Night") { SECOND } else { FIRST };
            assert_refused(&send(&simulator, "fung", ["PUT", path, &body]).await, 400, code);
        }
    }
    let long = format!("<PrivateList><DisplayName>{}</DisplayName></PrivateList>", "é".repeat(65));
    assert_refused(
        &send(&simulator, "fung", ["POST", LISTS, &long]).await,
        400,
        "INVALID_PARAMETER",
    );
    assert_eq!(get(&simulator, "fung", LISTS).await, before);
    let same =
        "<PrivateList><DisplayName>Night shift</DisplayName><NumericId>1</NumericId></PrivateList>";
    assert_done(&send(&simulator, "fung", ["PUT", FIRST, same]).await);
}

#[actix_web::test]
async fn there_are_as_many_as_the_class_of_service_allows() {
    let simulator = start();
    let body = |name| format!("<PrivateList><DisplayName>{name}</DisplayName></PrivateList>");

    assert_eq!(send(&simulator, "otto", ["POST", LISTS, &body("one")]).await.status, 201);
    assert_refused(
        &send(&simulator, "otto", ["POST", LISTS, &body("two")]).await,
        400,
        "LIMIT_EXCEEDED",
    );
    assert_refused(
        &send(&simulator, "mira", ["POST", LISTS, &body("x")]).await,
        400,
        "LIMIT_EXCEEDED",
    );
    assert_eq!(get(&simulator, "mira", LISTS).await.matches("<PrivateList>").count(), 25);
}

#[actix_web::test]
async fn a_deleted_list_takes_its_members_and_voice_name_along_and_leaves_other_lists() {
    let simulator = start();
    let voice_name = "user/privatelists/00000064-115a-4000-8000-000000000002/voicename";
    assert_eq!(simulator.recording("fung", voice_name).unwrap().len(), 44 + 800);

    assert_done(&send(&simulator, "fung", ["DELETE", SECOND, ""]).await);

    assert_eq!(simulator.recording("fung", voice_name), None);
    let members = get(&simulator, "fung", &format!("{FIRST}/privatelistmembers")).await;
    assert_eq!(members.matches("<PrivateListMember>").count(), 1);
    for below in ["", "/voicename", "/privatelistmembers"] {
        let gone = send(&simulator, "fung", ["GET", &format!("{SECOND}{below}"), ""]).await;
        assert_refused(&gone, 404, "NOT_FOUND");
    }
    assert_done(&send(&simulator, "fung", ["DELETE", FIRST, ""]).await);
    let first = vec![("ObjectId", FIRST.rsplit('/').next().unwrap()), ("DisplayName", "x")];
    simulator.set_objects("fung", "privatelists", &[first]).unwrap();
    let members = get(&simulator, "fung", &format!("{FIRST}/privatelistmembers")).await;
    assert_eq!(members, r#"<PrivateListMembers total="0"/>"#);
}

#[actix_web::test]
async fn the_old_switches_hold() {
    let simulator = start();
    set(&simulator, &[("total", "present"), ("padding", "on")]);
    let lists = get(&simulator, "person01", LISTS).await;
    assert!(lists.starts_with(r#"<PrivateLists total="1"><PrivateList><URI> /vmrest/"#), "{lists}");

    set(&simulator, &[("padding", "off"), ("bare_root", "on")]);
    let path = format!("{LISTS}/00000001-115a-4000-8000-000000000001");
    assert_eq!(get(&simulator, "person01", LISTS).await, list(&path, "List of person01", 1));

    set(&simulator, &[("created_body", "other"), ("location", "missing")]);
    let body = "<PrivateList><DisplayName>x</DisplayName></PrivateList>";
    let created = send(&simulator, "person01", ["POST", LISTS, body]).await;
    assert_eq!((created.text().as_str(), created.header("location")), ("Created", None));

    set(&simulator, &[("malformed_id", "400")]);
    for below in ["", "/voicename", "/privatelistmembers"] {
        let refused = send(&simulator, "fung", ["GET", &format!("{LISTS}/1{below}"), ""]).await;
        assert_refused(&refused, 400, "INVALID_OBJECT_ID");
    }
    set(&simulator, &[("not_permitted", LISTS)]);
    assert_eq!(send(&simulator, "fung", ["GET", FIRST, ""]).await.status, 401);
    set(&simulator, &[("not_permitted", "off"), ("document", "<X/>")]);
    assert_eq!(send(&simulator, "fung", ["GET", FIRST, ""]).await.text(), "<X/>");
}
