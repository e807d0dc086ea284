//! Where objects are: a table's paths with the parameters of a request filled in.

use super::Table;

/// A Windows LCID as a route takes it: 1 to 65535, without zeros at its beginning.
const LANGUAGE_CODE: &str =
    "[1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]";

/// Where the objects of a request are.
#[derive(Clone, Debug)]
pub struct Address {
    /// Our path of the list, or of the object where the table has no list.
    pub collection: String,
    /// What names one object in the list, where one is asked for.
    pub key: Option<String>,
}

impl Address {
    /// Fills the parameters of a request's path, checked and by name, into the table's paths. `base` stands before all
    /// paths of ours.
    pub fn new(table: &Table, base: &str, parameters: &[(String, String)]) -> Self {
        let value = |name: &str| value(parameters, name);
        let ours = fill(table.collection(), |name| value(name).unwrap_or_default().to_owned());
        let key = table.key().and_then(value).map(str::to_owned);
        Self { collection: [base, &ours].concat(), key }
    }
}

/// The value of a parameter.
fn value<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = parameters.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

impl Table {
    /// Unity Connection's path of what a request with these parameters asks for: of one object, or without its key of the
    /// list.
    pub fn upstream_path(&self, parameters: &[(String, String)]) -> String {
        let value = |name: &str| value(parameters, name);
        let path = match self.key() {
            Some(key) if value(key).is_none() => without_key(self.upstream),
            _ => self.upstream,
        };
        fill(path, |name| {
            let value = value(name).unwrap_or_default();
            let word = self.types.iter().find(|(ours, _)| *ours == value);
            word.map_or(value.to_owned(), |(_, theirs)| theirs.replace(' ', "%20"))
        })
    }

    /// The path of one object as a route: a parameter that is a type takes the table's types only.
    pub fn route(&self) -> String {
        self.with_types(self.path)
    }

    /// The path of the list as a route.
    pub fn list_route(&self) -> String {
        self.with_types(self.collection())
    }

    fn with_types(&self, path: &str) -> String {
        fill(path, |name| match name {
            "languageCode" => format!("{{{name}:{LANGUAGE_CODE}}}"),
            _ if name.ends_with("Id") => format!("{{{name}}}"),
            _ => {
                let types: Vec<_> = self.types.iter().map(|(ours, _)| *ours).collect();
                format!("{{{name}:{}}}", types.join("|"))
            }
        })
    }
}

/// The name of a path's last parameter, where the path ends with one.
pub fn key(path: &str) -> Option<&str> {
    let path = path.strip_suffix('}')?;
    // Such names are short: a search that is made for long texts costs more than it finds.
    path.bytes().rposition(|byte| byte == b'{').and_then(|begin| path.get(begin + 1..))
}

/// The path without its last parameter, where the path ends with one.
pub fn without_key(path: &str) -> &str {
    let name = key(path).map_or(0, |name| "/{}".len() + name.len());
    path.get(..path.len() - name).unwrap_or(path)
}

/// The path with the value of each parameter in its place.
pub fn fill(path: &str, value: impl Fn(&str) -> String) -> String {
    let mut filled = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, name, after)) = next_parameter(rest) {
        filled.push_str(before);
        filled.push_str(&value(name));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// What stands before the first parameter of a path, its name, and what follows it.
fn next_parameter(path: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = path.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}
