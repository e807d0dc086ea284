//! Makes the people of the demo from `people.xml`.
//!
//! In that file each `Person` has, beside what names them, any number of objects as CUPI prints them. An `ObjectId` that
//! is left out is made of the person's number, the collection's tag and the object's number. What `Everybody` has, each
//! person has too: where there are many objects, unless they have some of their own; where there is one, or one of each
//! type, with what their own say otherwise. `Times` repeats a person or an object, and in texts stand
//!
//! | for | stands |
//! |---|---|
//! | `{alias}` `{first}` `{last}` `{extension}` | what names the person |
//! | `{owner}` `{number}` | their number: eight hexadecimal digits, four decimal ones |
//! | `{n}` `{nn}` `{n8}` `{n12}` | the number of the object or person: plain, two decimal digits, hexadecimal ones |

use super::collection::{Collection, Kind};
use super::collections::COLLECTIONS;
use super::object::Object;
use super::person::Person;
use super::wav;
use super::xml::{self, Node};

const PEOPLE: &str = include_str!("people.xml");

/// The name of an account.
pub const ACCOUNT: &str = "UserExternalServiceAccount";

const PRODUCTS: [&str; 4] =
    ["Exchange 2007", "Cisco Unified MeetingPlace 8.0", "Exchange 2003", "Office 365"];

/// Makes everybody.
pub fn everybody() -> Result<Vec<Person>, String> {
    let root = xml::parse(PEOPLE.as_bytes())?;
    let everybody = root.all("Everybody").next().ok_or("people.xml has no Everybody.")?;
    let given = templates(everybody)?;
    let mut people = Vec::new();
    for node in root.all("Person") {
        let own = templates(node)?;
        for number in 1..=count(node, "Times")?.unwrap_or(1) {
            people.push(person(node, [&given, &own], number)?);
        }
    }
    Ok(people)
}

/// Makes accounts by rule: each names its owner, every third is disabled, every second has a password to set.
pub fn accounts(owner: &Person, count: usize) -> Vec<Object> {
    let account = |(number, product): (usize, &&str)| {
        let login_type = number % 3;
        let mut account = Object::new([
            ("IsEnabled", if number % 3 == 0 { "false" } else { "true" }),
            ("UseServiceCredentials", if number % 2 == 0 { "true" } else { "false" }),
            ("LoginType", &login_type.to_string()),
            ("ObjectId", &owner.id("00e5", number)),
            ("DisplayName", &format!("{product} of {} ({number})", owner.alias)),
        ]);
        if login_type == 2 {
            account.texts.insert("UserId", owner.alias.clone());
        }
        account
    };
    (1..).zip(PRODUCTS.iter().cycle()).take(count).map(account).collect()
}

/// An object as the file has it.
struct Template {
    collection: &'static Collection,
    times: usize,
    object: Object,
}

/// Reads the objects of a person.
fn templates(node: &Node) -> Result<Vec<Template>, String> {
    let mut templates = Vec::new();
    for collection in COLLECTIONS {
        for node in node.all(collection.item) {
            let times = count(node, "Times")?.unwrap_or(1);
            templates.push(Template { collection, times, object: object(collection, node)? });
        }
    }
    Ok(templates)
}

fn person(node: &Node, [given, own]: [&[Template]; 2], n: usize) -> Result<Person, String> {
    let text = |name: &str| {
        let text = node.text_of(name).ok_or_else(|| format!("A person has no {name}."))?;
        Ok::<_, String>(numbered(text, n))
    };
    let number = text("Number")?;
    let mut person = Person {
        number: number.parse().map_err(|error| format!("{number}: {error}"))?,
        alias: text("Alias")?,
        password: text("Password")?,
        description: node.text_of("Description").filter(|_| n == 1).map(str::to_owned),
        ..Person::default()
    };
    let names = [
        ("{alias}", person.alias.clone()),
        ("{first}", text("FirstName")?),
        ("{last}", text("LastName")?),
        ("{extension}", text("Extension")?),
        ("{owner}", format!("{:08x}", person.number)),
        ("{number}", format!("{:04}", person.number)),
    ];
    let fill = |text: &str, n| {
        names.iter().fold(numbered(text, n), |text, (name, value)| text.replace(name, value))
    };
    let is_replaced = |Template { collection, .. }: &&Template| {
        let mut own = own.iter().map(|template| template.collection.item);
        collection.key == Some("ObjectId") && own.any(|item| item == collection.item)
    };
    for template in given.iter().filter(|template| !is_replaced(template)).chain(own) {
        let Template { collection, times, object } = template;
        for _ in 0..*times {
            let number = person.objects(collection.item).len() + 1;
            let mut object = object.clone();
            for text in object.texts.values_mut().filter(|text| text.contains('{')) {
                *text = fill(text, number);
            }
            add(&mut person, collection, object);
        }
    }
    if let Some(count) = count(node, "Accounts")? {
        let accounts = accounts(&person, count);
        person.objects.insert(ACCOUNT, accounts);
    }
    for recording in node.all("Recording") {
        let path = fill(recording.text_of("Path").unwrap_or_default(), 0);
        let bytes = count(recording, "Bytes")?.unwrap_or(0);
        person.recordings.insert(path, wav::silence(bytes));
    }
    Ok(person)
}

/// Reads an object.
fn object(collection: &Collection, node: &Node) -> Result<Object, String> {
    let mut object = Object::default();
    for child in node.children.iter().filter(|child| child.name != "Times") {
        let mut elements = collection.elements.iter();
        let known = elements.find(|element| element.name == child.name);
        let mut text = child.text.as_str();
        let name = match known.map(|element| (element.name, element.kind)) {
            Some((name, Kind::Flag)) => {
                // The guide's sample has a stray `>`.
                if let Some(flag) = text.strip_prefix('>') {
                    text = flag;
                    object.stray = Some(name);
                }
                name
            }
            Some((name, _)) => name,
            None if child.name == "ObjectId" => "ObjectId",
            None => return Err(format!("{} has no {}.", collection.item, child.name)),
        };
        object.texts.insert(name, text.to_owned());
    }
    Ok(object)
}

/// Gives a person an object, or changes the one that it replaces.
fn add(person: &mut Person, collection: &Collection, mut object: Object) {
    let number = person.objects(collection.item).len() + 1;
    let id = person.id(collection.tag, number);
    let objects = person.objects.entry(collection.item).or_default();
    let same = |known: &&mut Object| match collection.key {
        Some("ObjectId") => false,
        Some(key) => known.text(key) == object.text(key),
        None => true,
    };
    if let Some(known) = objects.iter_mut().find(same) {
        known.texts.extend(object.texts);
    } else {
        object.texts.entry("ObjectId").or_insert(id);
        objects.push(object);
    }
}

/// Puts a number where a text asks for one.
fn numbered(text: &str, n: usize) -> String {
    text.replace("{n}", &n.to_string())
        .replace("{nn}", &format!("{n:02}"))
        .replace("{n8}", &format!("{n:08x}"))
        .replace("{n12}", &format!("{n:012x}"))
}

fn count(node: &Node, name: &str) -> Result<Option<usize>, String> {
    let fault = |error| format!("{name} of {}: {error}", node.name);
    node.text_of(name).map(|text| text.parse().map_err(fault)).transpose()
}
