//! The people of the simulator, and what they have.

use std::collections::BTreeMap;

use super::object::Object;
use super::person::Person;

/// Who can sign in, with which password, and what there is to see: alias, password, description.
pub const SIGN_INS: &[(&str, &str, &str)] = &[
    (
        "fung",
        "winter-2010",
        "the two accounts of Cisco's guide; three alternate devices, one of them his own",
    ),
    ("nadia", "lonely-cloud", "no accounts, no devices"),
    ("otto", "single-malt", "one account; one device, the administrator's"),
    (
        "mira",
        "forty-winks",
        "many accounts (40, or as the switch `many` says); as many devices as there may be",
    ),
    ("eva", "pass:wörd 😀&%+", "names that need escaping, a password that needs UTF-8"),
    (
        "person01",
        "secret-01",
        "two accounts, two devices; person02 to person24 are alike, with secret-02 to secret-24",
    ),
];

const PRODUCTS: [&str; 4] =
    ["Exchange 2007", "Cisco Unified MeetingPlace 8.0", "Exchange 2003", "Office 365"];

/// Makes everybody.
pub fn everybody() -> Vec<Person> {
    let mut people = vec![
        person(100, ("fung", "winter-2010"), ["Fung", "Lee", "4100"]),
        person(101, ("nadia", "lonely-cloud"), ["Nadia", "Ruiz", "4101"]),
        person(102, ("otto", "single-malt"), ["Otto", "Brandt", "0410"]),
        person(103, ("mira", "forty-winks"), ["Mira", "Patel", "4103"]),
        person(104, ("eva", "pass:wörd 😀&%+"), ["Éva", "O'Hara & Søn", "4104"]),
    ];
    for number in 1..=24 {
        let alias = format!("person{number:02}");
        let password = format!("secret-{number:02}");
        let name = ["Person", &format!("{number:02}"), &format!("42{number:02}")];
        people.push(person(number, (&alias, &password), name));
    }
    for person in &mut people {
        let Person { alias, number, .. } = &*person;
        let (accounts, devices) = match alias.as_str() {
            "fung" => (guide_accounts(), devices(alias, *number, [2, 1])),
            "nadia" => (Vec::new(), Vec::new()),
            "otto" => (accounts(alias, *number, 1), devices(alias, *number, [1, 0])),
            "mira" => (accounts(alias, *number, 40), devices(alias, *number, [9, 5])),
            "eva" => (awkward_accounts(), awkward_devices()),
            _ => (accounts(alias, *number, 2), devices(alias, *number, [1, 1])),
        };
        person.objects.insert("externalserviceaccounts", accounts);
        person.objects.insert("alternatedevices", devices);
    }
    people
}

/// Makes accounts by rule: each names its owner, every third is disabled, every second has a password to set.
pub fn accounts(alias: &str, owner: usize, count: usize) -> Vec<Object> {
    let account = |(number, product): (usize, &&str)| {
        let login_type = number % 3;
        let mut account = Object::new([
            ("IsEnabled", if number % 3 == 0 { "false" } else { "true" }),
            ("UseServiceCredentials", if number % 2 == 0 { "true" } else { "false" }),
            ("LoginType", &login_type.to_string()),
            ("ObjectId", &format!("{owner:08x}-00e5-4000-8000-{number:012x}")),
            ("DisplayName", &format!("{product} of {alias} ({number})")),
        ]);
        if login_type == 2 {
            account.texts.insert("UserId", alias.to_owned());
        }
        account
    };
    (1..).zip(PRODUCTS.iter().cycle()).take(count).map(account).collect()
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
    vec![first, Object { stray: Some("UseServiceCredentials"), ..second }]
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

/// Makes devices by rule: so many that the administrator defined, so many of the person's own.
fn devices(alias: &str, owner: usize, [administrators, own]: [usize; 2]) -> Vec<Object> {
    let device = |number: usize| {
        let user_defined = number > administrators;
        let place = if user_defined { "Weekend flat" } else { "Desk" };
        Object::new([
            ("ObjectId", &format!("{owner:08x}-de71-4000-8000-{number:012x}")),
            ("DisplayName", &format!("{place} of {alias} ({number})")),
            ("DtmfAccessId", &format!("0044{owner:04}{number:02}")),
            ("UserDefined", if user_defined { "true" } else { "false" }),
        ])
    };
    (1..=administrators + own).map(device).collect()
}

fn awkward_devices() -> Vec<Object> {
    let mut devices = devices("eva", 104, [1, 2]);
    if let [_, named, nameless] = devices.as_mut_slice() {
        named.texts.insert("DisplayName", r#"A & <B> "q" ]]> é 😀"#.to_owned());
        named.texts.insert("DtmfAccessId", "+*0#".to_owned());
        nameless.texts.remove("DisplayName");
    }
    devices
}

fn person(
    number: usize,
    (alias, password): (&str, &str),
    [first, last, extension]: [&str; 3],
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
        number,
        alias: alias.to_owned(),
        password: password.to_owned(),
        user,
        objects: BTreeMap::new(),
        created: 0,
    }
}
