//! Names that came with a request, as a sentence of ours has them.

use std::collections::BTreeSet;

/// Names that came with the request, in quotes and fit for a sentence: each once and in order, the first five of them,
/// with the number of the others. `None` where there are none.
pub fn list_names<'a>(names: impl Iterator<Item = &'a str>) -> Option<String> {
    const SHOWN: usize = 5;

    let names: BTreeSet<&str> = names.collect();
    let shown = names.iter().take(SHOWN).map(|name| {
        let name: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
        format!("`{name}`")
    });
    let shown = shown.collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        1..=SHOWN => Some(shown),
        all => Some(format!("{shown} and {} more", all - SHOWN)),
    }
}
