//! Greetings: seven by path, what plays, and until when they are enabled.

use super::{assert_done, assert_refused, get, send, set, start};

const TYPES: [&str; 7] =
    ["Standard", "Alternate", "Busy", "Error", "Internal", "Off Hours", "Holiday"];

fn path(kind: &str) -> String {
    format!("/vmrest/user/greetings/{}", kind.replace(' ', "%20"))
}

fn greeting(play_what: u8, end: Option<&str>, kind: &str) -> String {
    let end = end.map_or_else(String::new, |end| format!("<TimeExpires>{end}</TimeExpires>"));
    format!(
        "<Greeting><PlayWhat>{play_what}</PlayWhat>{end}<GreetingType>{kind}</GreetingType>\
         <EnablePersonalVideoRecording>false</EnablePersonalVideoRecording>\
         <PlayRecordVideoMessagePrompt>false</PlayRecordVideoMessagePrompt></Greeting>"
    )
}

fn until(end: &str) -> String {
    format!("<Greeting><TimeExpires>{end}</TimeExpires></Greeting>")
}

#[actix_web::test]
async fn there_are_seven_and_no_list() {
    let simulator = start();

    for kind in TYPES {
        let always = ["Standard", "Error"].contains(&kind);
        let end = (!always).then_some("1972-01-01 00:00:00.0");
        assert_eq!(get(&simulator, "nadia", &path(kind)).await, greeting(0, end, kind));
    }
    let recorded = get(&simulator, "fung", &path("Alternate")).await;
    assert_eq!(recorded, greeting(1, Some("2091-02-14 17:30:00.0"), "Alternate"));
    assert_eq!(get(&simulator, "fung", &path("Standard")).await, greeting(1, None, "Standard"));
    for path in [
        "/vmrest/user/greetings",
        "/vmrest/user/greetings/standard",
        "/vmrest/user/greetings/Closed",
        "/vmrest/user/greetings/Off+Hours",
        "/vmrest/user/greetings/Nope",
    ] {
        assert_refused(&send(&simulator, "fung", ["GET", path, ""]).await, 404, "NOT_FOUND");
    }
    for method in ["POST", "DELETE"] {
        let refused = send(&simulator, "fung", [method, &path("Busy"), ""]).await;
        assert_eq!((refused.status, refused.header("allow")), (405, Some("GET, PUT")));
    }
}

#[actix_web::test]
async fn an_end_is_set_and_so_is_what_plays() {
    let simulator = start();
    let body = "<Greeting><PlayWhat>2</PlayWhat><TimeExpires>2031-02-14 17:30:00.123</TimeExpires>\
        <GreetingType>Busy</GreetingType></Greeting>";

    assert_done(&send(&simulator, "fung", ["PUT", &path("Off Hours"), body]).await);

    let end = Some("2031-02-14 17:30:00.0");
    assert_eq!(get(&simulator, "fung", &path("Off Hours")).await, greeting(2, end, "Off Hours"));
    assert_done(
        &send(&simulator, "fung", ["PUT", &path("Off Hours"), &until("1970-01-01 00:00:00.0")])
            .await,
    );
    let end = Some("1970-01-01 00:00:00.0");
    assert_eq!(get(&simulator, "fung", &path("Off Hours")).await, greeting(2, end, "Off Hours"));
}

#[actix_web::test]
async fn a_time_of_another_form_is_refused() {
    let simulator = start();
    let before = get(&simulator, "fung", &path("Busy")).await;

    for end in [
        "2031-02-14T17:30:00.0",
        "2031-02-14T17:30:00Z",
        "2031-02-14 17:30:00Z",
        "2031-02-14 17:30",
        "2031-02-30 17:30:00.0",
        "2031-02-14 24:30:00.0",
        "2031-02-14 17:30:00.",
        "2031-02-14 17:30:00.x",
        "2031-2-14 17:30:00.0",
        "tomorrow",
        " ",
    ] {
        let refused = send(&simulator, "fung", ["PUT", &path("Busy"), &until(end)]).await;
        assert_refused(&refused, 400, "INVALID_PARAMETER");
    }
    for play_what in ["3", "-1", "", "x"] {
        let body = format!("<Greeting><PlayWhat>{play_what}</PlayWhat></Greeting>");
        let refused = send(&simulator, "fung", ["PUT", &path("Busy"), &body]).await;
        assert_refused(&refused, 400, "INVALID_PARAMETER");
    }
    assert_eq!(get(&simulator, "fung", &path("Busy")).await, before);
}

#[actix_web::test]
async fn standard_and_error_cannot_be_disabled() {
    let simulator = start();

    for kind in ["Standard", "Error"] {
        let body = until("1972-01-01 00:00:00.0");
        let refused = send(&simulator, "fung", ["PUT", &path(kind), &body]).await;
        assert_refused(&refused, 400, "INVALID_PARAMETER");
        let body = until("2091-01-01 00:00:00.0");
        assert_done(&send(&simulator, "fung", ["PUT", &path(kind), &body]).await);
    }
}

#[actix_web::test]
async fn an_empty_end_is_what_the_switch_says() {
    let end = "2091-02-14 17:30:00.0";
    let enabled = "<Greeting><TimeExpires></TimeExpires><Enabled>true</Enabled></Greeting>";
    let cases = [
        ("accepted", until(""), 204, None),
        ("needs-enabled", until(""), 204, Some(end)),
        ("needs-enabled", enabled.to_owned(), 204, None),
        ("refused", enabled.to_owned(), 400, Some(end)),
        ("ignored", enabled.to_owned(), 204, Some(end)),
    ];

    for (value, body, status, expected) in cases {
        let simulator = start();
        simulator.set("no_end_date", value).unwrap();

        let answer = send(&simulator, "fung", ["PUT", &path("Alternate"), &body]).await;

        assert_eq!(answer.status, status, "{value}");
        let after = get(&simulator, "fung", &path("Alternate")).await;
        assert_eq!(after, greeting(1, expected, "Alternate"), "{value}");
    }
}

#[actix_web::test]
async fn what_plays_is_written_as_the_switch_says() {
    let body = "<Greeting><PlayWhat>2</PlayWhat></Greeting>";

    for (value, status, play_what) in
        [("writable", 204, 2), ("ignored", 204, 0), ("refused", 400, 0)]
    {
        let simulator = start();
        simulator.set("play_what", value).unwrap();

        let answer = send(&simulator, "fung", ["PUT", &path("Error"), body]).await;

        assert_eq!(answer.status, status, "{value}");
        assert_eq!(
            get(&simulator, "fung", &path("Error")).await,
            greeting(play_what, None, "Error")
        );
        let other =
            send(&simulator, "fung", ["PUT", &path("Busy"), &until("2031-02-14 17:30:00.0")]).await;
        assert_done(&other);
    }
}

#[actix_web::test]
async fn closed_hours_can_have_the_other_name() {
    let simulator = start();
    simulator.set("off_hours", "closed").unwrap();

    let read = get(&simulator, "nadia", "/vmrest/user/greetings/Closed").await;

    assert_eq!(read, greeting(0, Some("1972-01-01 00:00:00.0"), "Closed"));
    let body = until("2031-02-14 17:30:00.0");
    assert_done(&send(&simulator, "nadia", ["PUT", "/vmrest/user/greetings/Closed", &body]).await);
    for below in ["", "/greetingstreamfiles", "/greetingstreamfiles/1033"] {
        let refused =
            send(&simulator, "nadia", ["GET", &format!("{}{below}", path("Off Hours")), ""]).await;
        assert_refused(&refused, 404, "NOT_FOUND");
    }
    simulator.set("off_hours", "off-hours").unwrap();
    let end = Some("2031-02-14 17:30:00.0");
    assert_eq!(get(&simulator, "nadia", &path("Off Hours")).await, greeting(0, end, "Off Hours"));
    let other = get(&simulator, "nadia", "/vmrest/user/transferoptions/Off%20Hours").await;
    assert!(other.contains("<TransferOptionType>Off Hours<"));
}

#[actix_web::test]
async fn an_old_release_knows_two_elements() {
    let simulator = start();
    simulator.set("greeting_elements", "2011").unwrap();

    let body = "<Greeting><PlayWhat>2</PlayWhat></Greeting>";
    assert_done(&send(&simulator, "fung", ["PUT", &path("Alternate"), body]).await);

    let read = get(&simulator, "fung", &path("Alternate")).await;
    assert_eq!(
        read,
        "<Greeting><TimeExpires>2091-02-14 17:30:00.0</TimeExpires><GreetingType>Alternate</GreetingType></Greeting>"
    );
    simulator.set("greeting_elements", "2019").unwrap();
    assert!(get(&simulator, "fung", &path("Alternate")).await.contains("<PlayWhat>1</PlayWhat>"));
}

#[actix_web::test]
async fn fractions_flags_and_blanks_are_the_switches() {
    let cases = [
        ("time_fraction", "000", "<TimeExpires>2091-02-14 17:30:00.000</TimeExpires>"),
        ("time_fraction", "none", "<TimeExpires>2091-02-14 17:30:00</TimeExpires>"),
        ("flags", "capital", "<EnablePersonalVideoRecording>False</EnablePersonalVideoRecording>"),
        ("flags", "digits", "<EnablePersonalVideoRecording>0</EnablePersonalVideoRecording>"),
        ("padding", "on", "<TimeExpires> 2091-02-14 17:30:00.0 </TimeExpires>"),
    ];

    for (name, value, text) in cases {
        let simulator = start();
        set(&simulator, &[(name, value)]);

        let read = get(&simulator, "fung", &path("Alternate")).await;

        assert!(read.contains(text), "{read}");
    }
}
