use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use utoipa::openapi::Object;
use utoipa::openapi::schema::Type;

use super::address::Address;
use super::property::{
    Kind, Own, enabled, enabled_until, id, kind, link, read, read_only, secret, uri, write,
};
use super::write::{Purpose, Writing};
use super::{Table, refuse};
use crate::config::NoEndDate;
use crate::xml::Fault;

const ID: &str = "75436abf-8784-450f-ac61-23a08be2c364";
const OTHER: &str = "510eeaa6-6e85-40f3-88b3-863c2a4eec84";

/// A table with every kind, whose objects belong to others.
static THING: Table = Table {
    names: ["Thing", "Things"],
    about: "A thing.",
    path: "/api/v1/boxes/{objectId}/things/{thingId}",
    upstream: "/vmrest/user/boxes/{objectId}/boxthings/{thingId}",
    elements: ["Thing", "Things"],
    properties: &[
        id("Its id.", ID),
        uri("Where it is."),
        link("partsUri", "/parts", "Where its parts are."),
        write("DisplayName", Kind::Text(4), "Its name.", "a").required().needed_to_create(),
        write("Note", Kind::Text(4), "A note.", "b").clearable(),
        write("Extension", Kind::Digits("0-9*#+,", 3), "A number.", "1,2"),
        write("SmtpAddress", Kind::MailAddress(10), "An address.", "a@b").clearable(),
        write("TemplateID", Kind::Id, "Another thing.", ID).named("templateId"),
        write("Active", Kind::Flag, "Whether it works.", "true"),
        write("Delay", Kind::Number(-1, 120), "Minutes.", "5").named("delayMinutes"),
        write("PlayWhat", Kind::OneOf(WORDS), "What is played.", "1"),
        write("Events", Kind::SomeOf(EVENTS, &["newFax", "newMail"]), "Events.", "NewMail"),
        read("Count", Kind::Own(&COUNT), "How many parts.", "x,y").named("count"),
    ],
    order: &[
        "Active",
        "Events",
        "DisplayName",
        "Note",
        "Extension",
        "SmtpAddress",
        "TemplateID",
        "Delay",
        "PlayWhat",
    ],
    rules: Some(|body, elements| {
        if body.get("active").and_then(super::body::Value::flag) == Some(true)
            && body.get("note").is_some_and(super::body::Value::is_null)
        {
            return Err(refuse("note", "is needed."));
        }
        if body.get("extension").is_some() {
            elements.push(("Active", "false".to_owned()));
        }
        Ok(())
    }),
    limit: Some(2),
    ..Table::NEW
};

const WORDS: &[super::Word] = &[("system", "0"), ("recorded", "1")];

const EVENTS: &[super::Word] =
    &[("newMail", "NewMail"), ("newFax", "NewFax"), ("missedCall", "MissedCall")];

static COUNT: Own = Own {
    elements: &["Parts"],
    read: |object| match object.optional("Parts").or(object.optional("Count")) {
        Some(text) if text == "?" => Err(Fault::Senseless("Count")),
        Some(text) => Ok(text.split(',').count().into()),
        None => Ok(Value::Null),
    },
    write: read_only,
    schema: || Object::with_type(Type::Integer).into(),
};

/// A table whose objects are known by a type.
static GREETING: Table = Table {
    names: ["Greeting", "Greetings"],
    about: "A greeting.",
    path: "/api/v1/greetings/{greetingType}",
    upstream: "/vmrest/user/greetings/{greetingType}",
    elements: ["Greeting", ""],
    properties: &[
        kind("GreetingType", "The type.", "Off Hours"),
        uri("Where it is."),
        enabled("standard", "Whether it is played."),
        enabled_until("Until when."),
        write("PlayWhat", Kind::OneOf(WORDS), "What is played.", "1"),
    ],
    types: &[("standard", "Standard"), ("off-hours", "Off Hours")],
    ..Table::NEW
};

/// What a caller has once.
static PLACE: Table = Table {
    names: ["Place", ""],
    about: "A place.",
    path: "/api/v1/place",
    upstream: "/vmrest/user/location",
    elements: ["ConnectionLocation", ""],
    properties: &[
        read("DisplayName", Kind::Text(64), "Its name.", "vm7"),
        link("mapUri", "/map", "Where its map is."),
    ],
    check: Some(|object| object.text("DisplayName").map(|_| ())),
    ..Table::NEW
};

fn parameters(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn thing_parameters() -> Vec<(String, String)> {
    parameters(&[("objectId", OTHER), ("thingId", ID)])
}

fn thing_address() -> Address {
    Address::new(&THING, "", &thing_parameters())
}

fn moment(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A thing with these elements, read.
fn thing(elements: &str) -> Result<Value, Fault> {
    let xml = format!("<Thing><DisplayName>a</DisplayName>{elements}</Thing>");
    let json = THING.read_one(xml.as_bytes(), &thing_address(), UNIX_EPOCH)?;
    Ok(serde_json::from_slice(&json).unwrap())
}

#[test]
fn each_kind_is_read_as_the_contract_says() {
    let fault = |fault| Err(fault);
    let cases = [
        ("", "note", Ok(Value::Null)),
        ("<Note/>", "note", Ok(Value::Null)),
        ("<Note> &lt; </Note>", "note", Ok(json!("<"))),
        ("<DisplayName>b</DisplayName>", "displayName", Ok(json!("a"))),
        ("<Extension>x</Extension>", "extension", Ok(json!("x"))),
        ("<Active/>", "active", Ok(Value::Null)),
        ("<Active>1</Active>", "active", Ok(json!(true))),
        ("<Active>yes</Active>", "active", fault(Fault::NotAFlag("Active"))),
        ("<Delay/>", "delayMinutes", Ok(Value::Null)),
        ("<Delay>-2147483648</Delay>", "delayMinutes", Ok(json!(-2_147_483_648))),
        ("<Delay>+7</Delay>", "delayMinutes", Ok(json!(7))),
        ("<Delay>2147483648</Delay>", "delayMinutes", fault(Fault::NotANumber("Delay"))),
        ("<Delay>1.0</Delay>", "delayMinutes", fault(Fault::NotANumber("Delay"))),
        ("<PlayWhat>0</PlayWhat>", "playWhat", Ok(json!("system"))),
        ("<PlayWhat>00</PlayWhat>", "playWhat", Ok(json!("unknown"))),
        ("<PlayWhat/>", "playWhat", Ok(Value::Null)),
        ("<TemplateID/>", "templateId", Ok(Value::Null)),
        ("<TemplateID>x</TemplateID>", "templateId", fault(Fault::NotAnObjectId("TemplateID"))),
        ("", "events", Ok(Value::Null)),
        ("<Events/>", "events", Ok(json!([]))),
        ("<Events>none</Events>", "events", Ok(json!([]))),
        (
            "<Events>newfax, NEWMAIL,,None,Spam,NewFax,Ham</Events>",
            "events",
            Ok(json!(["newFax", "newMail", "unknown"])),
        ),
        ("<Count>x</Count><Parts>x,y</Parts>", "count", Ok(json!(2))),
        ("<Parts>?</Parts>", "count", fault(Fault::Senseless("Count"))),
        ("", "objectId", Ok(json!(ID))),
        ("<ObjectId/>", "objectId", fault(Fault::NotAnObjectId("ObjectId"))),
        (&format!("<ObjectId>{OTHER}</ObjectId>"), "objectId", fault(Fault::OtherObject)),
    ];
    for (elements, name, expected) in cases {
        assert_eq!(thing(elements).map(|thing| thing[name].clone()), expected, "{elements}");
    }
    let template = format!("<TemplateID>{}</TemplateID>", ID.to_uppercase());
    assert_eq!(thing(&template).unwrap()["templateId"], ID);
    let nameless = THING.read_one(b"<Thing/>", &thing_address(), UNIX_EPOCH);
    assert_eq!(nameless, Err(Fault::Missing("DisplayName")));
}

#[test]
fn links_know_parents_and_what_stands_before_all_paths() {
    let parameters = parameters(&[("objectId", OTHER)]);
    let address = Address::new(&THING, "/voicemail", &parameters);
    let things =
        |count| format!("<Thing><ObjectId>{ID}</ObjectId><DisplayName/></Thing>").repeat(count);
    let read = |count| {
        let xml = format!("<Things>{}</Things>", things(count));
        let json = THING.read_list(xml.as_bytes(), &address, UNIX_EPOCH).unwrap();
        serde_json::from_slice::<Value>(&json).unwrap()
    };

    let list = read(1);

    let upstream = format!("/vmrest/user/boxes/{OTHER}/boxthings");
    assert_eq!(THING.upstream_path(&parameters), upstream);
    let uri = format!("/voicemail/api/v1/boxes/{OTHER}/things/{ID}");
    assert_eq!(list["items"][0]["uri"], uri);
    assert_eq!(list["items"][0]["partsUri"], format!("{uri}/parts"));
    assert_eq!((&list["total"], &list["truncated"]), (&json!(1), &json!(false)));
    assert_eq!(read(2)["truncated"], true);
    assert_eq!(THING.upstream_path(&thing_parameters()), format!("{upstream}/{ID}"));
    assert_eq!(thing("").unwrap()["uri"], format!("/api/v1/boxes/{OTHER}/things/{ID}"));
}

#[test]
fn what_a_caller_has_once_has_links_and_no_id() {
    let address = Address::new(&PLACE, "", &[]);
    let read = |xml: &[u8]| PLACE.read_one(xml, &address, UNIX_EPOCH);

    let place = read(b"<ConnectionLocation><DisplayName/></ConnectionLocation>").unwrap();

    assert_eq!(place, br#"{"displayName":null,"mapUri":"/api/v1/place/map"}"#);
    assert_eq!(read(b"<ConnectionLocation/>"), Err(Fault::Missing("DisplayName")));
    assert_eq!(PLACE.upstream_path(&[]), "/vmrest/user/location");
}

fn greeting_parameters(greeting_type: &str) -> Vec<(String, String)> {
    parameters(&[("greetingType", greeting_type)])
}

fn greeting_address(greeting_type: &str) -> Address {
    Address::new(&GREETING, "", &greeting_parameters(greeting_type))
}

/// A greeting of this type, with these elements, read at this moment.
fn greeting(elements: &str, now: SystemTime) -> Result<Value, Fault> {
    let xml = format!("<Greeting>{elements}</Greeting>");
    let json = GREETING.read_one(xml.as_bytes(), &greeting_address("off-hours"), now)?;
    Ok(serde_json::from_slice(&json).unwrap())
}

#[test]
fn a_type_comes_from_the_path() {
    let read = |text: &str| {
        let greeting = greeting(&format!("<GreetingType>{text}</GreetingType>"), UNIX_EPOCH)?;
        Ok(greeting["greetingType"].clone())
    };

    assert_eq!(read("Off Hours"), Ok(json!("off-hours")));
    assert_eq!(read("Closed"), Ok(json!("off-hours")));
    assert_eq!(read(""), Ok(json!("off-hours")));
    assert_eq!(read("Standard"), Err(Fault::OtherObject));
    assert_eq!(greeting("", UNIX_EPOCH), Err(Fault::Missing("GreetingType")));
    let upstream = GREETING.upstream_path(&greeting_parameters("off-hours"));
    assert_eq!(upstream, "/vmrest/user/greetings/Off%20Hours");
    assert_eq!(greeting_address("off-hours").collection, "/api/v1/greetings");
}

#[test]
fn what_is_enabled_has_an_end_that_is_to_come_or_none() {
    let cases = [
        ("", json!([true, null])),
        ("<TimeExpires/>", json!([true, null])),
        ("<TimeExpires>1970-01-01 00:00:11.0</TimeExpires>", json!([true, "1970-01-01T00:00:11Z"])),
        ("<TimeExpires>1970-01-01 00:00:10.9</TimeExpires>", json!([false, null])),
        ("<TimeExpires>0001-01-01T00:00:00Z</TimeExpires>", json!([false, null])),
        ("<TimeExpires>2199-12-31 23:59:59</TimeExpires>", json!([true, null])),
    ];
    for (element, expected) in cases {
        let elements = format!("<GreetingType/>{element}");
        let greeting = greeting(&elements, moment(10)).unwrap();
        assert_eq!(json!([greeting["enabled"], greeting["enabledUntil"]]), expected, "{element}");
    }
    let senseless = "<GreetingType/><TimeExpires>soon</TimeExpires>";
    assert_eq!(greeting(senseless, moment(10)), Err(Fault::NotATime("TimeExpires")));
}

/// What is sent for a body, without what every document has; or what is said of it.
fn sent(table: &Table, body: &str, writing: Writing<'_>) -> Result<String, String> {
    let document = table.write(body.as_bytes(), writing).map_err(|error| error.to_string())?;
    let [item, _] = table.elements;
    let inner = document.split_once(&format!("<{item}>")).unwrap().1;
    Ok(inner.strip_suffix(&format!("</{item}>")).unwrap().to_owned())
}

const CHANGE: Writing<'static> =
    Writing { purpose: Purpose::Change, key: None, now: UNIX_EPOCH, no_end_date: NoEndDate::Empty };

#[test]
fn each_kind_is_written_as_the_contract_says() {
    let template = format!(r#"{{"templateId":"{}"}}"#, ID.to_uppercase());
    let template_sent = format!("<TemplateID>{ID}</TemplateID>");
    let cases = [
        (r#"{"note":null}"#, "<Note></Note>"),
        (r#"{"displayName":" < "}"#, "<DisplayName> &lt; </DisplayName>"),
        (r#"{"extension":"1,#"}"#, "<Active>false</Active><Extension>1,#</Extension>"),
        (r#"{"smtpAddress":"@é@b"}"#, "<SmtpAddress>@é@b</SmtpAddress>"),
        (r#"{"smtpAddress":null}"#, "<SmtpAddress></SmtpAddress>"),
        (&template, &template_sent),
        (r#"{"delayMinutes":-1}"#, "<Delay>-1</Delay>"),
        (r#"{"delayMinutes":120}"#, "<Delay>120</Delay>"),
        (r#"{"playWhat":"recorded"}"#, "<PlayWhat>1</PlayWhat>"),
        (r#"{"events":[]}"#, "<Events>None</Events>"),
        (r#"{"events":["newMail","newFax"]}"#, "<Events>NewMail,NewFax</Events>"),
        (
            r#"{"playWhat":"system","displayName":"a","active":true}"#,
            "<Active>true</Active><DisplayName>a</DisplayName><PlayWhat>0</PlayWhat>",
        ),
    ];
    for (body, elements) in cases {
        assert_eq!(sent(&THING, body, CHANGE).as_deref(), Ok(elements), "{body}");
    }
}

#[test]
fn what_is_not_right_is_named_and_never_quoted() {
    let text = "must be a string of 1 to 4 characters that XML can carry: no control characters. Leave it out to say \
                nothing of it.";
    let note = text.replace("be a", "be `null` or a");
    let digits =
        "must be a string of 1 to 3 digits, `*`, `#`, `+` and `,`. Send such a one.".to_owned();
    let mail = "must be `null` or a mail address of at most 10 characters, without blanks and with an `@` within. Send \
                such a one.";
    let number = "must be an integer from -1 to 120. Send such a one.";
    let word = "must be one of `system`, `recorded`. Send one of them.";
    let events =
        "must be a list of some of `newFax`, `newMail`, each at most once. Send such a one.";
    let flag = "must be `true` or `false`. Send one of them.";
    let uuid = "must be a UUID. Send one as another resource gives it.";
    let unknown = "cannot be written here. Remove it from the body.";
    let cases = [
        ("displayName", "null", text),
        ("displayName", r#""abcde""#, text),
        ("displayName", r#""""#, text),
        ("note", r#""""#, &note),
        ("note", r#""\u0001""#, &note),
        ("extension", r#""1-2""#, &digits),
        ("extension", "12", &digits),
        ("smtpAddress", r#""a@""#, mail),
        ("smtpAddress", r#""a b@c""#, mail),
        ("smtpAddress", r#""@""#, mail),
        ("delayMinutes", "121", number),
        ("delayMinutes", "1.0", number),
        ("delayMinutes", "1e1", number),
        ("delayMinutes", r#""1""#, number),
        ("delayMinutes", "99999999999999999999", number),
        ("playWhat", r#""unknown""#, word),
        ("playWhat", r#""1""#, word),
        ("events", r#"["newMail","newMail"]"#, events),
        ("events", r#"["missedCall"]"#, events),
        ("events", r#"["unknown"]"#, events),
        ("events", r#"[["newMail"]]"#, events),
        ("events", r#""newMail""#, events),
        ("active", r#""true""#, flag),
        ("active", "1", flag),
        ("templateId", r#""{}""#, uuid),
        ("objectId", "1", unknown),
        ("uri", "1", unknown),
        ("count", "1", unknown),
    ];
    for (name, value, rule) in cases {
        let body = format!(r#"{{"{name}":{value}}}"#);
        let expected = Err(format!("The property `{name}` {rule}"));
        assert_eq!(sent(&THING, &body, CHANGE), expected, "{body}");
    }
    let ruled = sent(&THING, r#"{"active":true,"note":null}"#, CHANGE);
    assert_eq!(ruled, Err("The property `note` is needed.".to_owned()));
    let nothing = "The body changes nothing. Send at least one of `displayName`, `note`, `extension`, `smtpAddress`, \
                   `templateId`, `active`, `delayMinutes`, `playWhat`, `events`.";
    assert_eq!(sent(&THING, "{}", CHANGE), Err(nothing.to_owned()));
    let missing = "The property `displayName` is missing. Add it to the body.";
    let create = Writing { purpose: Purpose::Create, ..CHANGE };
    assert_eq!(sent(&THING, r#"{"active":true}"#, create), Err(missing.to_owned()));
    let many: Vec<_> = (0..1_000).map(|number| format!(r#""x{number:03}":1"#)).collect();
    let many = format!("{{{}}}", many.join(","));
    let named = "The property `x000`, `x001`, `x002`, `x003`, `x004` and 995 more cannot be written here. Remove it from \
                 the body.";
    assert_eq!(sent(&THING, &many, CHANGE), Err(named.to_owned()));
}

#[test]
fn enabled_and_until_when_are_written_as_one() {
    let until = |text: &str| format!("<TimeExpires>{text}</TimeExpires>");
    let enable = r#"{"playWhat":"recorded","enabled":true,"enabledUntil":null}"#;
    let time = r#"{"enabled":true,"enabledUntil":"1970-01-01T01:00:11+01:00"}"#;
    let expired = |no_end_date| Writing { now: moment(10), no_end_date, ..CHANGE };
    let writing = expired(NoEndDate::Empty);
    let cases = [
        (r#"{"enabled":false}"#, until("1972-01-01 00:00:00.0")),
        (r#"{"enabledUntil":null,"enabled":false}"#, until("1972-01-01 00:00:00.0")),
        (time, until("1970-01-01 00:00:11.0")),
        (enable, until("") + "<PlayWhat>1</PlayWhat>"),
    ];
    for (body, elements) in cases {
        assert_eq!(sent(&GREETING, body, writing), Ok(elements), "{body}");
    }
    let both = expired(NoEndDate::EmptyAndEnabled);
    let both = sent(&GREETING, enable, both).unwrap();
    assert_eq!(both, until("") + "<PlayWhat>1</PlayWhat><Enabled>true</Enabled>");
    let far = sent(&GREETING, enable, expired(NoEndDate::FarFuture)).unwrap();
    assert_eq!(far, until("2199-12-31 23:59:59.0") + "<PlayWhat>1</PlayWhat>");

    let standard = Writing { key: Some("standard"), ..writing };
    for (body, writing, named) in [
        (r#"{"enabled":true}"#, writing, "enabledUntil"),
        (r#"{"enabledUntil":null}"#, writing, "enabled"),
        (r#"{"enabled":false,"enabledUntil":"2031-01-01T00:00:00Z"}"#, writing, "enabledUntil"),
        (r#"{"enabled":true,"enabledUntil":"1970-01-01T00:00:10Z"}"#, writing, "enabledUntil"),
        (r#"{"enabled":true,"enabledUntil":"2199-12-31T23:59:59Z"}"#, writing, "enabledUntil"),
        (r#"{"enabled":true,"enabledUntil":"2031-01-01"}"#, writing, "enabledUntil"),
        (r#"{"enabled":1,"enabledUntil":null}"#, writing, "enabled"),
        (r#"{"enabled":null,"enabledUntil":null}"#, writing, "enabled"),
        (r#"{"enabled":false}"#, standard, "enabled"),
        (time, standard, "enabledUntil"),
    ] {
        let refused = sent(&GREETING, body, writing).unwrap_err();
        assert!(refused.starts_with(&format!("The property `{named}` ")), "{body}: {refused}");
    }
    assert_eq!(sent(&GREETING, r#"{"enabled":true,"enabledUntil":null}"#, standard), Ok(until("")));
}

#[test]
fn a_secret_has_a_charset_or_takes_any_text() {
    static PIN: Table = Table {
        names: ["NewPin", ""],
        path: "/api/v1/user/pin",
        properties: &[secret("newpin", ("0-9", 3), "The PIN.", "123").named("pin")],
        ..Table::NEW
    };
    let read = |body: &str| match PIN.write_secret(body.as_bytes()) {
        Ok((parameter, _)) => Ok(parameter),
        Err(error) => Err(error.to_string()),
    };
    let rule = "The property `pin` must be a string of 1 to 3 digits. Send such a one.";

    assert_eq!(read(r#"{"pin":"012"}"#), Ok("newpin"));
    for body in [r#"{"pin":12}"#, r#"{"pin":"1234"}"#, r#"{"pin":""}"#, r#"{"pin":"١"}"#] {
        assert_eq!(read(body), Err(rule.to_owned()), "{body}");
    }
    let missing = "The property `pin` is missing. Add it to the body.";
    assert_eq!(read("{}"), Err(missing.to_owned()));
}

#[test]
fn bytes_that_are_not_utf_8_are_called_so() {
    let refused = THING.write(b"{\"note\":\"\xe9\"}", CHANGE).unwrap_err();

    assert_eq!(refused.to_string(), "The body is not UTF-8. Send JSON in that encoding.");
}
