//! Members of private lists: what one can be, and who is named at the time of reading.

use super::{assert_done, assert_refused, get, send, set, start};

const MEMBERS: &str =
    "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000001/privatelistmembers";
const EMPTY: &str =
    "/vmrest/user/privatelists/00000064-115a-4000-8000-000000000002/privatelistmembers";
const FIRST: &str = "00000064-115a-4000-8000-000000000001";
const SECOND: &str = "00000064-115a-4000-8000-000000000002";
const NADIA: &str = "00000065-05e1-4000-8000-000000000000";
const OTTO: &str = "00000066-05e1-4000-8000-000000000000";
const ANY: &str = "0c0ffee0-0000-4000-8000-00000000abcd";

fn member(element: &str, id: &str) -> String {
    format!("<PrivateListMember><{element}>{id}</{element}></PrivateListMember>")
}

#[actix_web::test]
async fn members_carry_the_names_of_users_and_lists() {
    let simulator = start();

    let list = get(&simulator, "fung", MEMBERS).await;

    let begin = |id| {
        format!(
            "<PrivateListMember><URI>{MEMBERS}/{id}</URI><PersonalVoiceMailListObjectId>{FIRST}\
             </PersonalVoiceMailListObjectId><PrivateListURI>/vmrest/user/privatelists/{FIRST}</PrivateListURI>"
        )
    };
    let [one, two] = [1, 2].map(|number| format!("00000064-3e3b-4000-8000-{number:012}"));
    let nadia = format!(
        "{}<MemberSubscriberObjectId>{NADIA}</MemberSubscriberObjectId><MemberUserURI>/vmrest/users/{NADIA}</MemberUserURI>\
         <ObjectId>{one}</ObjectId><Alias>nadia</Alias><DisplayName>Nadia Ruiz</DisplayName><Extension>4101</Extension>\
         </PrivateListMember>",
        begin(&one)
    );
    let second = format!(
        "{}<MemberPersonalVoiceMailListObjectId>{SECOND}</MemberPersonalVoiceMailListObjectId>\
         <MemberPrivateListURI>/vmrest/user/privatelists/{SECOND}</MemberPrivateListURI><ObjectId>{two}</ObjectId>\
         <Alias>fung_{SECOND}</Alias><DisplayName>Fish &amp; chips</DisplayName></PrivateListMember>",
        begin(&two)
    );
    assert_eq!(
        list,
        format!(r#"<PrivateListMembers total="2">{nadia}{second}</PrivateListMembers>"#)
    );

    let body = "<PrivateList><DisplayName>Renamed</DisplayName></PrivateList>";
    let path = format!("/vmrest/user/privatelists/{SECOND}");
    assert_done(&send(&simulator, "fung", ["PUT", &path, body]).await);
    assert!(get(&simulator, "fung", MEMBERS).await.contains("<DisplayName>Renamed</DisplayName>"));
    assert_eq!(get(&simulator, "fung", EMPTY).await, r#"<PrivateListMembers total="0"/>"#);
}

#[actix_web::test]
async fn each_kind_of_member_is_created_and_deleted() {
    let simulator = start();
    let kinds = [
        ("MemberSubscriberObjectId", "00000066-05E1-4000-8000-000000000000"),
        ("MemberDistributionListObjectId", ANY),
        ("MemberPersonalVoiceMailListObjectId", FIRST),
        ("MemberContactObjectId", ANY),
    ];

    for (number, (element, id)) in (1..).zip(kinds) {
        let created = send(&simulator, "fung", ["POST", EMPTY, &member(element, id)]).await;

        let path = format!("{EMPTY}/00000064-c0de-4000-8000-{number:012}");
        assert_eq!((created.status, created.text()), (201, path.clone()));
        let id = id.to_lowercase();
        let list = get(&simulator, "fung", EMPTY).await;
        assert!(list.contains(&format!("<{element}>{id}</{element}>")), "{list}");
        assert_eq!(list.matches("<PrivateListMember>").count(), 1);
        let refused = send(&simulator, "fung", ["GET", &path, ""]).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some("DELETE")));
        let elsewhere = path.replace(EMPTY, MEMBERS);
        assert_refused(
            &send(&simulator, "fung", ["DELETE", &elsewhere, ""]).await,
            404,
            "NOT_FOUND",
        );
        assert_done(&send(&simulator, "fung", ["DELETE", &path, ""]).await);
        assert_refused(&send(&simulator, "fung", ["DELETE", &path, ""]).await, 404, "NOT_FOUND");
    }
}

#[actix_web::test]
async fn a_member_that_cannot_be_is_refused() {
    let simulator = start();
    let two = format!(
        "<PrivateListMember><MemberContactObjectId>{ANY}</MemberContactObjectId>\
         <MemberSubscriberObjectId>{OTTO}</MemberSubscriberObjectId></PrivateListMember>"
    );
    let cases = [
        ("<PrivateListMember/>".to_owned(), "INVALID_PARAMETER"),
        (member("MemberObjectId", OTTO), "INVALID_PARAMETER"),
        (two, "INVALID_PARAMETER"),
        (member("MemberSubscriberObjectId", "1"), "INVALID_PARAMETER"),
        (member("MemberSubscriberObjectId", ANY), "DATA_EXCEPTION"),
        (member("MemberPersonalVoiceMailListObjectId", ANY), "DATA_EXCEPTION"),
        (member("MemberPersonalVoiceMailListObjectId", FIRST), "INVALID_PARAMETER"),
        (member("MemberPersonalVoiceMailListObjectId", SECOND), "DUPLICATE"),
        (member("MemberSubscriberObjectId", NADIA), "DUPLICATE"),
    ];
    let before = get(&simulator, "fung", MEMBERS).await;

    for (body, code) in cases {
        assert_refused(&send(&simulator, "fung", ["POST", MEMBERS, &body]).await, 400, code);
    }

    assert_eq!(get(&simulator, "fung", MEMBERS).await, before);
    let nowhere = MEMBERS.replace(FIRST, ANY);
    for method in ["GET", "POST"] {
        let body = member("MemberSubscriberObjectId", OTTO);
        assert_refused(
            &send(&simulator, "fung", [method, &nowhere, &body]).await,
            404,
            "NOT_FOUND",
        );
    }
    let foreign = MEMBERS.replace("00000064", "00000001");
    assert_refused(&send(&simulator, "fung", ["GET", &foreign, ""]).await, 404, "NOT_FOUND");
}

#[actix_web::test]
async fn a_list_takes_as_many_as_the_class_of_service_allows() {
    let simulator = start();
    let full = "/vmrest/user/privatelists/00000067-115a-4000-8000-000000000001/privatelistmembers";
    let other = "/vmrest/user/privatelists/00000067-115a-4000-8000-000000000002/privatelistmembers";
    let body = member("MemberContactObjectId", ANY);

    assert_eq!(get(&simulator, "mira", full).await.matches("<PrivateListMember>").count(), 99);
    assert_refused(&send(&simulator, "mira", ["POST", full, &body]).await, 400, "LIMIT_EXCEEDED");
    assert_eq!(send(&simulator, "mira", ["POST", other, &body]).await.status, 201);
}

#[actix_web::test]
async fn switches_take_the_writes_away_or_the_uri_of_the_new_member() {
    let simulator = start();
    let body = member("MemberSubscriberObjectId", OTTO);
    set(&simulator, &[("member_writes", "off")]);

    let posted = send(&simulator, "fung", ["POST", MEMBERS, &body]).await;
    let path = format!("{MEMBERS}/00000064-3e3b-4000-8000-000000000001");
    let deleted = send(&simulator, "fung", ["DELETE", &path, ""]).await;

    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET")));
    assert_eq!((deleted.status, deleted.header("allow")), (405, Some("")));
    set(&simulator, &[("member_writes", "on"), ("member_created", "empty")]);
    let created = send(&simulator, "fung", ["POST", MEMBERS, &body]).await;
    let location = format!("https://localhost:8443{MEMBERS}/00000064-c0de-4000-8000-000000000001");
    assert_eq!((created.status, created.text().as_str()), (201, ""));
    assert_eq!(created.header("location"), Some(location.as_str()));
}
