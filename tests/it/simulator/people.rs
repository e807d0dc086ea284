//! The people: who has what, and with which ids.

use super::{get, start};

#[actix_web::test]
async fn nadia_has_a_mailbox_as_it_was_created() {
    let simulator = start();

    for (path, list) in [
        ("externalserviceaccounts", "<UserExternalServiceAccounts/>"),
        ("alternatedevices", r#"<AlternateDevices total="0"/>"#),
        ("privatelists", "<PrivateLists/>"),
        ("smtpproxyaddresses", "<SmtpProxyAddresses/>"),
        ("greetings/Standard/greetingstreamfiles", "<GreetingStreamFiles/>"),
    ] {
        assert_eq!(get(&simulator, "nadia", &format!("/vmrest/user/{path}")).await, list);
    }
    for (path, id) in [
        ("htmldevices", "00000065-471d-4000-8000-000000000001"),
        ("smtpdevices", "00000065-537d-4000-8000-000000000001"),
    ] {
        let list =
            get(&simulator, "nadia", &format!("/vmrest/user/notificationdevices/{path}")).await;
        assert_eq!(list.matches("<ObjectId>").count(), 1);
        assert!(list.contains(&format!("<ObjectId>{id}</ObjectId>")), "{list}");
        assert!(
            list.contains("<Undeletable>true</Undeletable>")
                && list.contains("<Active>false</Active>")
        );
        let user = "<SubscriberObjectId>00000065-05e1-4000-8000-000000000000</SubscriberObjectId>";
        assert!(list.contains(user), "{list}");
    }
}

#[actix_web::test]
async fn eva_has_names_to_escape_everywhere() {
    let simulator = start();
    let first = "/vmrest/user/privatelists/00000068-115a-4000-8000-000000000001";

    for (path, text) in [
        ("/vmrest/user", "<LastName>O&apos;Hara &amp; Søn</LastName>"),
        ("/vmrest/user/cos", "R&amp;D &lt;EMEA&gt; &quot;x&quot; é 😀"),
        ("/vmrest/user/alternatedevices", "A &amp; &lt;B&gt; &quot;q&quot; ]]&gt; é 😀"),
        ("/vmrest/user/privatelists", "it&apos;s &amp;amp; not &lt;![CDATA["),
        (
            &format!("{first}/privatelistmembers"),
            "<DisplayName>it&apos;s &amp;amp; not &lt;![CDATA[",
        ),
        (
            "/vmrest/user/notificationdevices/htmldevices",
            "A &amp; &lt;B&gt; &quot;q&quot; ]]&gt; é 😀",
        ),
        ("/vmrest/user/notificationdevices/smtpdevices", "&lt;/SmtpDevice&gt;"),
        (
            "/vmrest/user/smtpproxyaddresses",
            "&quot;o&apos;hara &amp; &lt;søn&gt;&quot;@old.example.org",
        ),
        (
            "/vmrest/directory/addressable?query=(extension%20is%204104)",
            "Éva O&apos;Hara &amp; Søn",
        ),
    ] {
        let document = get(&simulator, "eva", path).await;
        assert!(document.contains(text), "{path}: {document}");
    }
}

#[actix_web::test]
async fn the_people_of_the_load_test_have_one_list_each() {
    let simulator = start();

    for number in 1..=24 {
        let alias = format!("person{number:02}");
        let lists = get(&simulator, &alias, "/vmrest/user/privatelists").await;
        let id = format!("<ObjectId>{number:08x}-115a-4000-8000-000000000001</ObjectId>");
        assert!(lists.contains(&id) && lists.contains(&format!("List of {alias}")), "{lists}");
        assert_eq!(lists.matches("<PrivateList>").count(), 1);
    }
}
