//! What the simulator holds: the collections below `/vmrest/user`, as a table, and each person's objects in them.
//!
//! A new collection is one entry in [`COLLECTIONS`], and objects for somebody in `people.rs`. Source: CUPI for End
//! Users, one chapter a collection.

use super::object::Is;
use super::people;
use super::person::Person;

/// One collection of objects that each person has.
pub struct Collection {
    /// Its name in the URI, below `/vmrest/user/`.
    pub path: &'static str,
    /// The root of its list.
    pub root: &'static str,
    /// The name of one object.
    pub item: &'static str,
    /// Whether the guide prints `total="N"` on its list.
    pub total: bool,
    /// The elements, in the guide's order.
    pub elements: &'static [(&'static str, Is)],
    /// The methods on the list, and on one object.
    pub methods: [&'static [&'static str]; 2],
    /// The query parameter that is all a PUT may set, and the flag that refuses it.
    pub secret: Option<(&'static str, &'static str)>,
    /// The flag that tells a person's own objects from the administrator's, and the query parameter that asks for it.
    pub own: Option<(&'static str, &'static str)>,
    /// The most objects of his own that a person may have.
    pub at_most: usize,
    /// The element that no two objects of a person share.
    pub unique: Option<&'static str>,
}

/// The collections.
pub const COLLECTIONS: &[Collection] = &[
    Collection {
        path: "externalserviceaccounts",
        root: "UserExternalServiceAccounts",
        item: "UserExternalServiceAccount",
        total: false,
        elements: &[
            ("URI", Is::Uri),
            ("IsEnabled", Is::Flag),
            ("UseServiceCredentials", Is::Flag),
            ("LoginType", Is::Text),
            ("UserId", Is::Text),
            ("ObjectId", Is::Text),
            ("DisplayName", Is::Text),
        ],
        methods: [&["GET"], &["GET", "PUT"]],
        secret: Some(("password", "UseServiceCredentials")),
        own: None,
        at_most: 0,
        unique: None,
    },
    Collection {
        path: "alternatedevices",
        root: "AlternateDevices",
        item: "AlternateDevice",
        total: true,
        elements: &[
            ("URI", Is::Uri),
            ("ObjectId", Is::Text),
            ("DisplayName", Is::Optional(64)),
            ("DtmfAccessId", Is::Required(40)),
            ("UserDefined", Is::Flag),
        ],
        methods: [&["GET", "POST"], &["GET", "PUT", "DELETE"]],
        secret: None,
        own: Some(("UserDefined", "userDefined")),
        at_most: 5,
        unique: Some("DtmfAccessId"),
    },
];

/// The elements of `/vmrest/user`.
pub const USER: &[(&str, Is)] = &[
    ("FirstName", Is::Text),
    ("LastName", Is::Text),
    ("Alias", Is::Text),
    ("DisplayName", Is::Text),
    ("VoiceFileURI", Is::Text),
    ("ListInDirectory", Is::Flag),
    ("DtmfAccessId", Is::Text),
    ("SmtpAddress", Is::Text),
    ("EmailAddress", Is::Text),
];

/// Everybody and everything; `Store::default()` holds the people of the demo.
pub struct Store {
    people: Vec<Person>,
}

impl Default for Store {
    fn default() -> Self {
        Self { people: people::everybody() }
    }
}

impl Store {
    /// Finds a person.
    pub fn person(&mut self, alias: &str) -> Option<&mut Person> {
        self.people.iter_mut().find(|person| person.alias == alias)
    }

    /// Finds a collection by its path.
    pub fn collection(path: &str) -> Option<&'static Collection> {
        COLLECTIONS.iter().find(|collection| collection.path == path)
    }

    /// Gives the person with many accounts this many.
    pub fn set_many(&mut self, count: usize) {
        if let Some(mira) = self.person("mira") {
            let accounts = mira.objects.entry("externalserviceaccounts").or_default();
            if accounts.len() != count {
                *accounts = people::accounts("mira", 103, count);
            }
        }
    }
}
