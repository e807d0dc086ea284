//! What a path means: a collection, and the ids that stand in the path.

use super::collection::Collection;
use super::collections::COLLECTIONS;

/// A list, or an object in it.
pub struct Place<'a> {
    /// The collection.
    pub collection: &'static Collection,
    /// The id of the object that the list belongs to.
    pub parent: Option<&'a str>,
    /// The key of one object; none for the list.
    pub key: Option<&'a str>,
}

/// Finds what a path below `/vmrest/` means.
pub fn find<'a>(path: &[&'a str]) -> Option<Place<'a>> {
    COLLECTIONS.iter().find_map(|collection| {
        let place = |ids: &[&'a str], key| Place { collection, parent: ids.first().copied(), key };
        if let Some(ids) = ids_in(collection.path, path) {
            let is_something = collection.root.is_some() || collection.key.is_none();
            return is_something.then(|| place(&ids, None));
        }
        let (key, list) = path.split_last()?;
        collection.key?;
        ids_in(collection.path, list).map(|ids| place(&ids, Some(*key)))
    })
}

/// Reads the ids that stand for the `{}` of a pattern, if the path has its form.
pub fn ids_in<'a>(pattern: &str, path: &[&'a str]) -> Option<Vec<&'a str>> {
    let mut parts = path.iter();
    let mut ids = Vec::new();
    for known in pattern.split('/') {
        match (known, parts.next()?) {
            ("{}", id) => ids.push(*id),
            (known, part) if known != *part => return None,
            _ => {}
        }
    }
    parts.next().is_none().then_some(ids)
}
