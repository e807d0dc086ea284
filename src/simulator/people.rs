//! The people of the simulator, and what they have.

use std::collections::BTreeMap;

use super::object::Object;

/// Who can sign in, with which password, and what there is to see: alias, password, description.
pub const SIGN_INS: &[(&str, &str, &str)] = &[
    ("fung", "winter-2010", "the two accounts of Cisco's guide"),
    ("nadia", "lonely-cloud", "no account at all"),
    ("otto", "single-malt", "one account"),
    (
        "mira",
        "forty-winks",
        "many accounts: 40, or as the switch `many` says",
    ),
    (
        "eva",
        "pass:wörd 😀&%+",
        "names that need escaping, a password that needs UTF-8",
    ),
    (
        "person01",
        "secret-01",
        "two accounts; person02 to person24 are alike, with secret-02 to secret-24",
    ),
];

const PRODUCTS: [&str; 4] = [
    "Exchange 2007",
    "Cisco Unified MeetingPlace 8.0",
    "Exchange 2003",
    "Office 365",
];

/// Somebody who can sign in.
pub struct Person {
    /// The name to sign in with.
    pub alias: String,
    /// The password of the web applications.
    pub password: String,
    /// What `/vmrest/user` tells.
    pub user: Object,
    /// The objects, by the path of their collection.
    pub objects: BTreeMap<&'static str, Vec<Object>>,
}

/// Makes everybody.
pub fn everybody() -> Vec<Person> {
    let mut people = vec![
        person(
            "fung",
            "winter-2010",
            ["Fung", "Lee", "4100"],
            guide_accounts(),
        ),
        person(
            "nadia",
            "lonely-cloud",
            ["Nadia", "Ruiz", "4101"],
            Vec::new(),
        ),
        person(
            "otto",
            "single-malt",
            ["Otto", "Brandt", "0410"],
            accounts("otto", 102, 1),
        ),
        person(
            "mira",
            "forty-winks",
            ["Mira", "Patel", "4103"],
            accounts("mira", 103, 40),
        ),
        person(
            "eva",
            "pass:wörd 😀&%+",
            ["Éva", "O'Hara & Søn", "4104"],
            awkward_accounts(),
        ),
    ];
    for number in 1..=24 {
        let alias = format!("person{number:02}");
        let name = ["Person", &format!("{number:02}"), &format!("42{number:02}")];
        people.push(person(
            &alias,
            &format!("secret-{number:02}"),
            name,
            accounts(&alias, number, 2),
        ));
    }
    people
}

/// Makes accounts by rule: each names its owner, every third is disabled, every second has a password to set.
pub fn accounts(alias: &str, owner: usize, count: usize) -> Vec<Object> {
    let account = |(number, product): (usize, &&str)| {
        let login_type = number % 3;
        let mut account = Object::new([
            ("IsEnabled", if number % 3 == 0 { "false" } else { "true" }),
            (
                "UseServiceCredentials",
                if number % 2 == 0 { "true" } else { "false" },
            ),
            ("LoginType", &login_type.to_string()),
            (
                "ObjectId",
                &format!("{owner:08x}-00e5-4000-8000-{number:012x}"),
            ),
            ("DisplayName", &format!("{product} of {alias} ({number})")),
        ]);
        if login_type == 2 {
            account.texts.insert("UserId", alias.to_owned());
        }
        account
    };
    (1..)
        .zip(PRODUCTS.iter().cycle())
        .take(count)
        .map(account)
        .collect()
}

/// The two accounts of the guide's sample, down to its stray `>`.
fn guide_accounts() -> Vec<Object> {
    let first = Object::new([
        ("IsEnabled", "true"),
        ("UseServiceCredentials", "true"),
        ("LoginType", "0"),
        ("ObjectId", "510eeaa6-6e85-40f3-88b3-863c2a4eec84"),
        ("DisplayName", "Exchange2K3"),
    ]);
    let second = Object::new([
        ("IsEnabled", "true"),
        ("UseServiceCredentials", "false"),
        ("LoginType", "2"),
        ("UserId", "fung"),
        ("ObjectId", "75436abf-8784-450f-ac61-23a08be2c364"),
        ("DisplayName", "Exchange2K7"),
    ]);
    vec![
        first,
        Object {
            stray: Some("UseServiceCredentials"),
            ..second
        },
    ]
}

fn awkward_accounts() -> Vec<Object> {
    let names = [r#"R&D <EMEA> "x" é 😀"#, "]]> it's &amp; not <![CDATA[", ""];
    let mut accounts = accounts("eva", 104, names.len());
    for (account, name) in accounts.iter_mut().zip(names) {
        account.texts.insert("DisplayName", name.to_owned());
        account.texts.insert("UserId", "o'hara & <søn>".to_owned());
    }
    accounts
}

fn person(
    alias: &str,
    password: &str,
    [first, last, extension]: [&str; 3],
    accounts: Vec<Object>,
) -> Person {
    let user = Object::new([
        ("FirstName", first),
        ("LastName", last),
        ("Alias", alias),
        ("DisplayName", &format!("{first} {last}")),
        ("VoiceFileURI", "/vmrest/user/voicename"),
        ("ListInDirectory", "true"),
        ("DtmfAccessId", extension),
        ("SmtpAddress", &format!("{alias}@vm1.example.org")),
        ("EmailAddress", &format!("{alias}@example.org")),
    ]);
    Person {
        alias: alias.to_owned(),
        password: password.to_owned(),
        user,
        objects: BTreeMap::from([("externalserviceaccounts", accounts)]),
    }
}
