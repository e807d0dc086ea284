//! The reading of settings, key by key: what is wrong with them is collected.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use bytesize::ByteSize;
use figment::value::{Dict, Value};
use strsim::damerau_levenshtein;

use super::PREFIX;

/// The longest duration, a year as [`humantime`] has it: moka panics at a thousand of them, and
/// whoever writes one means something else.
const LONGEST: Duration = Duration::from_hours(8766);

/// Reads one key after the other and collects what is wrong with them.
pub struct Keys {
    values: Value,
    in_file: BTreeSet<String>,
    found: BTreeSet<String>,
    known: Vec<&'static str>,
    faults: Vec<String>,
}

impl Keys {
    /// Nothing was asked of these values yet, some of which lie over those of the file. What they
    /// cover there has to be a setting all the same.
    pub fn new(file: &Dict, values: Dict) -> Self {
        let mut in_file = BTreeSet::new();
        leaves("", file, &mut in_file);
        let mut found = in_file.clone();
        leaves("", &values, &mut found);
        let values = Value::from(values);
        Self { values, in_file, found, known: Vec::new(), faults: Vec::new() }
    }

    fn value(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.values.find_ref(key).cloned()
    }

    /// Reads a text that is to look like `form`.
    pub fn text(&mut self, key: &'static str, form: &str) -> Option<String> {
        let value = self.value(key)?;
        let text = value.as_str().map(str::to_owned);
        if text.is_none() {
            self.fault(key, &format!("write {form}"));
        }
        text
    }

    /// Says whether something is wrong with a key.
    pub fn is_faulty(&self, key: &str) -> bool {
        self.faults.iter().any(|fault| fault.starts_with(key))
    }

    /// Takes down what is wrong with a key.
    pub fn fault(&mut self, key: &str, sentence: &str) {
        self.faults.push(format!("{key}: {sentence}"));
    }

    /// Reads an address with a port.
    pub fn address(&mut self, key: &'static str, default: SocketAddr) -> SocketAddr {
        const FORM: &str = "an address and port such as 0.0.0.0:8080 or [::]:8080";

        let Some(text) = self.text(key, FORM) else {
            return default;
        };
        text.parse().unwrap_or_else(|_| {
            self.fault(key, &format!("write {FORM}"));
            default
        })
    }

    /// Reads a number above 0.
    pub fn count(&mut self, key: &'static str, default: usize) -> usize {
        let Some(value) = self.value(key) else {
            return default;
        };
        match value.deserialize() {
            Ok(number) if number > 0 => number,
            _ => {
                self.fault(key, "write a whole number above 0");
                default
            }
        }
    }

    /// Reads a number above 0 that is not above `most`.
    pub fn count_within(&mut self, key: &'static str, most: usize, default: usize) -> usize {
        let count = self.count(key, default);
        if count > most {
            self.fault(key, &format!("must not be above {most}"));
            return default;
        }
        count
    }

    /// Reads true or false.
    pub fn flag(&mut self, key: &'static str, default: bool) -> bool {
        let Some(value) = self.value(key) else {
            return default;
        };
        value.to_bool().unwrap_or_else(|| {
            self.fault(key, "write true or false");
            default
        })
    }

    /// Reads a duration above 0.
    pub fn duration(&mut self, key: &'static str, default: Duration) -> Duration {
        let duration = self.duration_or_off(key, default);
        if duration.is_zero() {
            self.fault(key, "must be longer than 0");
        }
        duration
    }

    /// A duration that may be zero: then it switches something off.
    pub fn duration_or_off(&mut self, key: &'static str, default: Duration) -> Duration {
        const FORM: &str = "a duration such as 10s or 500ms";

        let Some(text) = self.text(key, FORM) else {
            return default;
        };
        match humantime::parse_duration(&text) {
            Ok(duration) if duration > LONGEST => {
                self.fault(key, "must not be longer than a year (1y)");
                default
            }
            Ok(duration) => duration,
            Err(_) => {
                self.fault(key, &format!("write {FORM}"));
                default
            }
        }
    }

    /// Reads a number of bytes above 0.
    pub fn size(&mut self, key: &'static str, default: ByteSize) -> usize {
        const FORM: &str = "a size above 0 such as 8MiB";

        let size = match self.text(key, FORM) {
            Some(text) => text.parse().unwrap_or(ByteSize(0)),
            None => default,
        };
        match usize::try_from(size.0) {
            Ok(size) if size > 0 => size,
            _ => {
                self.fault(key, &format!("write {FORM}"));
                1
            }
        }
    }

    /// Reads a list of texts.
    pub fn list(&mut self, key: &'static str, form: &str) -> Vec<String> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let texts = value.as_array().and_then(|values| {
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
        });
        texts.unwrap_or_else(|| {
            self.fault(key, &format!("write a list of texts such as {form}"));
            Vec::new()
        })
    }

    /// Asks whether a similar setting was meant, spelled as where the key stands.
    fn suggestion(&self, key: &str) -> String {
        match similar(key, &self.known) {
            Some(known) if self.in_file.contains(key) => format!(". Did you mean {known}?"),
            Some(known) => {
                let variable = known.to_uppercase().replace('.', "__");
                format!(". Did you mean {known} ({PREFIX}{variable})?")
            }
            None => String::new(),
        }
    }

    /// All faults, those of keys that nobody asked for included.
    pub fn finish(mut self) -> Vec<String> {
        for key in std::mem::take(&mut self.found) {
            if self.known.contains(&key.as_str()) {
                continue;
            }
            let group = format!("{key}.");
            let sentence = if self.known.iter().any(|known| known.starts_with(&group)) {
                format!(
                    "is a group of settings: set those in it; in a file they stand below [{key}], which stands there once"
                )
            } else if key.contains('"') {
                "a name in quotes is no setting: write it without them".to_owned()
            } else {
                format!("there is no such setting{}", self.suggestion(&key))
            };
            self.fault(&key, &sentence);
        }
        self.faults
    }
}

/// Finds the setting that an unknown key may mean: the only one of this name where the group is left out, else the one
/// with the fewest slips, at most one for three characters of its name.
fn similar(key: &str, known: &[&'static str]) -> Option<&'static str> {
    let name = |known: &'static str| known.rsplit('.').next().unwrap_or_default();
    let mut namesakes = known.iter().filter(|known| name(known) == key);
    if let (Some(namesake), None) = (namesakes.next(), namesakes.next()) {
        return Some(namesake);
    }
    let (slips, nearest) =
        known.iter().map(|known| (damerau_levenshtein(key, known), *known)).min()?;
    (slips * 3 <= name(nearest).len()).then_some(nearest)
}

/// The keys that have a value, with dots between the levels. A name that has a dot of its own, as
/// TOML allows in quotes, is none of ours and keeps its quotes.
fn leaves(prefix: &str, values: &Dict, found: &mut BTreeSet<String>) {
    for (name, value) in values {
        let key = if name.contains('.') {
            format!("{prefix}{name:?}")
        } else {
            format!("{prefix}{name}")
        };
        // TOML's reader hands on a date as a table.
        let is_date = |values: &&Dict| values.contains_key("$__toml_private_datetime");
        match value.as_dict().filter(|values| !is_date(values)) {
            Some(values) if !values.is_empty() => leaves(&format!("{key}."), values, found),
            Some(_) => {}
            None => {
                found.insert(key);
            }
        }
    }
}
