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
    /// Unity Connection's path of what is asked for.
    pub upstream: String,
    /// What names one object in the list, where one is asked for.
    pub key: Option<String>,
}

impl Address {
    /// Fills the parameters of a request's path, checked and by name, into the table's paths. `base` stands before all
    /// paths of ours.
    pub fn new(table: &Table, base: &str, parameters: &[(String, String)]) -> Self {
        let value = |name: &str| {
            let found = parameters.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        let key = table.key().and_then(value);
        let upstream = match table.key() {
            Some(_) if key.is_none() => without_key(table.upstream),
            _ => table.upstream,
        };
        let spelled = |name: &str| {
            let value = value(name).unwrap_or_default();
            let word = table.types.iter().find(|(ours, _)| *ours == value);
            word.map_or(value.to_owned(), |(_, theirs)| theirs.replace(' ', "%20"))
        };
        let ours = fill(table.collection(), |name| value(name).unwrap_or_default().to_owned());
        Self {
            collection: format!("{base}{ours}"),
            upstream: fill(upstream, spelled),
            key: key.map(str::to_owned),
        }
    }
}

impl Table {
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
    path.strip_suffix('}')?.rsplit_once('{').map(|(_, name)| name)
}

/// The path without its last parameter, where the path ends with one.
pub fn without_key(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some((before, _)) if key(path).is_some() => before,
        _ => path,
    }
}

/// The path with the value of each parameter in its place.
pub fn fill(path: &str, mut value: impl FnMut(&str) -> String) -> String {
    let segments = path.split('/').map(|segment| {
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        name.map_or_else(|| segment.to_owned(), &mut value)
    });
    segments.collect::<Vec<_>>().join("/")
}
