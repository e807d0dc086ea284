//! The PIN: which are taken, and who may set one.

use super::{assert_done, assert_refused, send, start};

const PIN: &str = "/vmrest/user/credential/pin";

#[actix_web::test]
async fn a_pin_is_stored_and_not_taken_twice() {
    let simulator = start();
    assert_eq!(simulator.pin("fung"), None);

    assert_refused(
        &send(&simulator, "fung", ["PUT", &format!("{PIN}?newpin=482913"), ""]).await,
        400,
        "INVALID_PARAMETER",
    );
    assert_done(&send(&simulator, "fung", ["PUT", &format!("{PIN}?newpin=604817"), ""]).await);
    let again = send(&simulator, "fung", ["PUT", &format!("{PIN}?newpin=604817"), ""]).await;

    assert!(
        again
            .text()
            .contains("<message>Repeat credentials prohibited by credential policy</message>")
    );
    assert_eq!((simulator.pin("fung").as_deref(), simulator.pin("otto")), (Some("604817"), None));
    assert_done(&send(&simulator, "fung", ["PUT", &format!("{PIN}?newpin=482913"), ""]).await);
}

#[actix_web::test]
async fn a_pin_that_the_policy_forbids_is_refused() {
    let simulator = start();

    for query in [
        "",
        "?newpin",
        "?newpin=",
        "?pin=604817",
        "?newpin=60481",
        "?newpin=60481x",
        "?newpin=604817+",
        "?newpin=%D9%A1%D9%A2%D9%A3%D9%A4%D9%A5%D9%A7",
        "?newpin=777777",
        "?newpin=234567",
        "?newpin=987654",
    ] {
        let refused = send(&simulator, "fung", ["PUT", &format!("{PIN}{query}"), ""]).await;

        assert_refused(&refused, 400, "INVALID_PARAMETER");
        assert_eq!(simulator.pin("fung"), None, "{query}");
    }
    assert_done(&send(&simulator, "fung", ["PUT", &format!("{PIN}?newpin=789012"), ""]).await);
}

#[actix_web::test]
async fn a_pin_that_cannot_be_changed_is_refused_as_the_switch_says() {
    for status in ["403", "400", "401", "404"] {
        let simulator = start();
        simulator.set("pin_fixed", "on").unwrap();
        simulator.set("cos_refusal", status).unwrap();

        let refused = send(&simulator, "fung", ["PUT", &format!("{PIN}?newpin=604817"), ""]).await;

        assert_eq!(refused.status.to_string(), status);
        assert_eq!(simulator.pin("fung"), None);
    }
}

#[actix_web::test]
async fn nothing_but_a_put_is_allowed() {
    let simulator = start();

    for method in ["GET", "POST", "DELETE"] {
        let refused = send(&simulator, "fung", [method, PIN, ""]).await;

        assert_refused(&refused, 405, "METHOD_NOT_ALLOWED");
        assert_eq!(refused.header("allow"), Some("PUT"));
    }
}
