//! The invariants of the house, read from its source: who may use whom, and what lives in one place only.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may use, from the street down to the foundation, each below all that use it. What stands in a folder
/// counts as its module.
const MAY_USE: [(&str, &[&str]); 27] = [
    ("arguments", &[]),
    ("demo", &["config", "server", "signals", "simulator"]),
    ("readiness", &["config"]),
    (
        "survey",
        &[
            "check",
            "config",
            "credentials",
            "error",
            "gateway",
            "metrics",
            "resources",
            "table",
            "upstream",
            "xml",
        ],
    ),
    ("check", &["config", "error", "upstream"]),
    (
        "server",
        &[
            "access",
            "admin",
            "cache",
            "config",
            "connection",
            "credentials",
            "drain",
            "error",
            "gateway",
            "metrics",
            "middleware",
            "openapi",
            "resources",
            "signals",
            "upstream",
        ],
    ),
    (
        "middleware",
        &["access", "connection", "credentials", "drain", "error", "gateway", "problem"],
    ),
    ("admin", &["drain", "metrics", "upstream"]),
    ("openapi", &["error", "gateway", "problem", "request", "resources", "table"]),
    ("resources", &["config", "error", "gateway", "object_id", "request", "table", "xml"]),
    (
        "gateway",
        &[
            "access",
            "cache",
            "config",
            "credentials",
            "drain",
            "error",
            "object_id",
            "request",
            "table",
            "upstream",
            "xml",
        ],
    ),
    ("table", &["config", "error", "object_id", "xml"]),
    ("cache", &["config", "credentials", "error", "metrics"]),
    ("upstream", &["access", "config", "credentials", "error", "metrics", "object_id", "xml"]),
    ("access", &["credentials", "drain", "error", "metrics", "object_id", "request"]),
    ("credentials", &["error"]),
    ("request", &["drain", "error", "object_id"]),
    ("problem", &["error"]),
    ("logging", &["config", "metrics"]),
    ("xml", &[]),
    ("error", &[]),
    ("connection", &[]),
    ("drain", &[]),
    ("metrics", &[]),
    ("signals", &[]),
    ("config", &[]),
    ("object_id", &[]),
];

/// The most lines that a file may have, comments included, tests excluded.
const MAX_LINES: usize = 300;

/// The most lines of code that a file of a resource may have.
const MAX_RESOURCE: usize = 150;

/// A file of `src`.
struct Source {
    /// Its path below `src`.
    path: String,
    /// Its lines without those that are comments alone, and without its tests.
    code: String,
    /// How many lines it has, comments included.
    lines: usize,
    /// Its first line.
    first: String,
}

impl Source {
    /// The module that the file belongs to, or is.
    fn module(&self) -> &str {
        let module = self.path.split('/').next().unwrap();
        module.strip_suffix(".rs").unwrap_or(module)
    }

    fn is_simulator(&self) -> bool {
        self.module() == "simulator"
    }

    /// The files of the simulator that are named in this one, by paths that begin with `super` or with one of its parts.
    fn neighbours(&self, files: &BTreeSet<String>) -> BTreeSet<String> {
        let here = self.path.strip_suffix(".rs").unwrap();
        let above = here.rsplit_once('/').map(|(folder, _)| folder);
        let from = |base: &str, path: &[&str]| {
            let part = path.first().map(|part| format!("{base}/{part}"));
            let part = part.filter(|part| files.contains(part));
            let below = part.as_ref().zip(path.get(1)).map(|(part, name)| format!("{part}/{name}"));
            below.filter(|below| files.contains(below)).or(part)
        };
        let mut found = BTreeSet::new();
        for path in paths(&self.code) {
            match path.split_first() {
                Some((&"super", rest)) => {
                    let above = above.unwrap();
                    found.insert(from(above, rest).unwrap_or_else(|| above.to_owned()));
                }
                _ => found.extend(from(here, &path)),
            }
        }
        found.remove(here);
        found
    }

    /// The modules of this crate that are named in the file.
    fn uses(&self) -> BTreeSet<&str> {
        let mut uses = BTreeSet::new();
        for rest in self.code.split("crate::").skip(1) {
            match rest.strip_prefix('{') {
                None => {
                    uses.insert(name(rest));
                }
                Some(group) => {
                    let mut depth = 0;
                    let mut begins = true;
                    for (index, character) in group.char_indices() {
                        match character {
                            '}' if depth == 0 => break,
                            '{' => depth += 1,
                            '}' => depth -= 1,
                            ',' if depth == 0 => begins = true,
                            _ if character.is_whitespace() => {}
                            _ if begins => {
                                uses.insert(name(group.get(index..).unwrap()));
                                begins = false;
                            }
                            _ => {}
                        }
                    }
                }
            }
        }
        uses
    }
}

/// The identifier that a text begins with.
fn name(text: &str) -> &str {
    let part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    text.split(|character| !part(character)).next().unwrap()
}

/// All paths of at least two names in a code, with groups such as `a::{b, c::d}` taken apart.
fn paths(code: &str) -> Vec<Vec<&str>> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("::") {
        let before = code.get(..start).unwrap();
        let part = |character: char| character.is_ascii_alphanumeric() || character == '_';
        let first = before.rsplit(|character| !part(character)).next().unwrap();
        if !before.strip_suffix(first).unwrap().ends_with("::") {
            extend(&mut found, &[first], code.get(start + 2..).unwrap());
        }
    }
    found
}

/// Adds the paths that begin with these names and go on with this text.
fn extend<'a>(found: &mut Vec<Vec<&'a str>>, begin: &[&'a str], rest: &'a str) {
    let Some(group) = rest.strip_prefix('{') else {
        let next = name(rest);
        let path = [begin, &[next]].concat();
        match rest.strip_prefix(next).unwrap().strip_prefix("::") {
            Some(rest) => extend(found, &path, rest),
            None => found.push(path),
        }
        return;
    };
    let mut depth = 0;
    let mut begins = true;
    for (index, character) in group.char_indices() {
        match character {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => begins = true,
            _ if character.is_whitespace() || !begins => {}
            _ => {
                extend(found, begin, group.get(index..).unwrap());
                begins = false;
            }
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// All files of `src` with code but those that hold tests.
fn sources() -> Vec<Source> {
    let mut folders = vec![root()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
                let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
                let below = path.strip_prefix(root()).unwrap();
                sources.push(Source {
                    path: below.to_str().unwrap().to_owned(),
                    code: code.collect::<Vec<_>>().join("\n"),
                    lines: text.lines().count(),
                    first: text.lines().next().unwrap_or_default().to_owned(),
                });
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(sources.len() > 20);
    sources
}

/// The files that hold one of these words.
fn files_with(words: &[&str]) -> Vec<String> {
    let part = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let holds = |code: &str, word: &str| {
        code.match_indices(word).any(|(index, _)| {
            let before = code.get(..index).unwrap().chars().next_back();
            let after = code.get(index + word.len()..).unwrap().chars().next();
            let word_begins = !word.starts_with(part) || !before.is_some_and(part);
            let word_ends = !word.ends_with(part) || !after.is_some_and(part);
            word_begins && word_ends
        })
    };
    let sources = sources().into_iter();
    sources
        .filter(|source| words.iter().any(|word| holds(&source.code, word)))
        .map(|source| source.path)
        .collect()
}

/// Expects that a file is one of these, or lies in a folder of one of them.
#[track_caller]
fn assert_within(files: &[String], homes: &[&str]) {
    assert!(!files.is_empty());
    for file in files {
        let at_home = |home: &&str| {
            let folder = home.strip_suffix(".rs").unwrap();
            file == home || file.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        };
        assert!(homes.iter().any(at_home), "{file} is not of {homes:?}");
    }
}

#[test]
fn imports_point_down() {
    for source in sources() {
        let module = source.module();
        if ["main", "lib", "simulator"].contains(&module) {
            continue;
        }
        let row = MAY_USE.iter().find(|(known, _)| *known == module);
        let (_, may_use) = row.unwrap_or_else(|| panic!("{} has no row", source.path));
        for used in source.uses() {
            let fine = used == module || may_use.contains(&used);
            assert!(fine, "{} must not use {used}", source.path);
        }
    }
}

#[test]
fn what_a_module_may_use_it_does_use() {
    let sources = sources();
    for (module, may_use) in MAY_USE {
        let files = sources.iter().filter(|source| source.module() == module);
        let used: BTreeSet<_> =
            files.flat_map(Source::uses).filter(|used| *used != module).collect();
        assert_eq!(used, may_use.iter().copied().collect(), "{module}");
    }
}

#[test]
fn the_house_has_no_circles() {
    let mut standing = BTreeSet::from(["simulator"]);
    for (module, may_use) in MAY_USE.iter().rev() {
        let open: Vec<_> = may_use.iter().filter(|used| !standing.contains(*used)).collect();
        assert!(open.is_empty(), "{module} stands on {open:?}, which is not below it");
        standing.insert(module);
    }
}

#[test]
fn the_picture_shows_every_module() {
    let library = fs::read_to_string(root().join("lib.rs")).unwrap();
    let picture = library.split("```").nth(1).unwrap();
    let modules = library.lines().filter_map(|line| line.strip_prefix("pub mod "));
    let modules: BTreeSet<_> = modules.map(|name| name.trim_end_matches(';')).collect();
    let mut known: BTreeSet<_> = MAY_USE.iter().map(|(module, _)| *module).collect();
    known.insert("simulator");

    assert_eq!(modules, known);
    for module in modules {
        assert!(picture.contains(module), "{module}");
    }
}

#[test]
fn gateway_and_simulator_share_no_code() {
    for source in sources() {
        if source.is_simulator() {
            assert_eq!(source.uses(), BTreeSet::new(), "{}", source.path);
            for up in ["super::super", "cupi_gateway"] {
                assert!(!source.code.contains(up), "{}", source.path);
            }
            // Its parts reach each other and it, not what stands beside it.
            let is_part = source.path != "simulator.rs";
            assert!(is_part || !source.code.contains("super::"), "{}", source.path);
        }
    }
    let named = files_with(&["simulator"]);
    assert_within(&named, &["main.rs", "lib.rs", "demo.rs", "simulator.rs", "config.rs"]);
    let config = sources().into_iter().find(|source| source.path == "config.rs").unwrap();
    assert!(!config.code.contains("simulator::"));
}

#[test]
fn the_simulators_files_use_each_other_without_a_circle() {
    let sources: Vec<_> = sources().into_iter().filter(Source::is_simulator).collect();
    let files = sources.iter().map(|source| source.path.strip_suffix(".rs").unwrap().to_owned());
    let files: BTreeSet<_> = files.collect();
    let mut open: Vec<_> = sources
        .iter()
        .map(|source| (source.path.strip_suffix(".rs").unwrap(), source.neighbours(&files)))
        .collect();
    let edges: usize = open.iter().map(|(_, used)| used.len()).sum();
    assert!(edges > 2 * files.len(), "{open:?}");

    let mut standing = BTreeSet::new();
    while !open.is_empty() {
        let before = open.len();
        open.retain(|(file, used)| {
            let stands = used.iter().all(|used| standing.contains(used));
            if stands {
                standing.insert((*file).to_owned());
            }
            !stands
        });
        assert!(open.len() < before, "there is a circle among {open:#?}");
    }
}

#[test]
fn paths_are_taken_apart() {
    let code = "use super::{Simulator, guard::{self, Claim}};\nlet x = a::b::C::new(d::e); f::G";
    let expected: &[&[&str]] = &[
        &["super", "Simulator"],
        &["super", "guard", "self"],
        &["super", "guard", "Claim"],
        &["a", "b", "C", "new"],
        &["d", "e"],
        &["f", "G"],
    ];

    let found: Vec<_> =
        paths(code).into_iter().filter(|path| path.first() != Some(&"guard")).collect();

    assert_eq!(found, expected);
}

#[test]
fn resources_do_not_know_each_other() {
    let mut resources = 0;
    for source in sources() {
        if source.path.starts_with("resources/") {
            resources += 1;
            // These are no resources: they hold what two of them have in common.
            let code = source.code.replace("crate::resources::notification_devices", "");
            let code = code.replace("crate::resources::greeting_types", "");
            assert!(!code.contains("resources"), "{}", source.path);
            assert!(!source.code.contains("super::"), "{}", source.path);
        }
    }
    assert!(resources > 0);
}

#[test]
fn each_library_has_its_door() {
    assert_within(&files_with(&["awc"]), &["upstream.rs"]);
    assert_within(&files_with(&["quick_xml"]), &["xml.rs", "simulator/xml.rs"]);
    assert_within(&files_with(&["figment", "bytesize"]), &["config.rs"]);
    assert_within(&files_with(&["redis::"]), &["upstream/shared.rs"]);
    assert_within(&files_with(&["clap"]), &["main.rs", "arguments.rs"]);
    assert_within(&files_with(&["tracing_subscriber"]), &["logging.rs"]);
    assert_within(&files_with(&["utoipa_swagger_ui", "flate2"]), &["openapi.rs"]);
    let transport =
        ["actix_http", "actix_server", "actix_service", "tokio_rustls", "socket2", "rustix"];
    // The log names one of them as the source of lines.
    // A prompt shows nothing of a password by it.
    assert_within(&files_with(&transport), &["server.rs", "logging.rs", "survey/password.rs"]);
    assert_within(&files_with(&["actix_cors"]), &["server.rs", "middleware.rs"]);
    for file in files_with(&["moka"]) {
        assert_within(&[file], &["cache.rs", "upstream/callers.rs"]);
    }
}

#[test]
fn only_the_configuration_reads_the_environment() {
    assert_within(&files_with(&["env::", "Env", "vars", "var_os"]), &["config.rs"]);
}

#[test]
fn nothing_ends_the_process_or_is_global() {
    let forbidden = [
        "process::exit",
        "exit(",
        "process::abort",
        "abort(",
        "static mut",
        "OnceLock",
        "LazyLock",
        "OnceCell",
        "thread_local!",
        "lazy_static",
    ];
    assert_eq!(files_with(&forbidden), Vec::<String>::new());
}

#[test]
fn there_are_no_traits_macros_or_features_of_our_own() {
    let forbidden = ["macro_rules!", "trait", "feature ="];
    assert_eq!(files_with(&forbidden), Vec::<String>::new());
}

#[test]
fn files_say_what_they_are_and_are_short() {
    for source in sources() {
        let Source { path, lines, first, .. } = &source;
        assert!(*lines <= MAX_LINES, "{path} has {lines} lines");
        assert!(first.starts_with("//! "), "{path} begins with {first}");
        let name = path.rsplit('/').next().unwrap();
        let vague = ["mod.rs", "utils.rs", "common.rs", "helpers.rs", "types.rs", "models.rs"];
        assert!(!vague.contains(&name), "{path}");
    }
}

#[test]
fn resources_are_short() {
    for source in sources().into_iter().filter(|source| source.path.starts_with("resources/")) {
        let lines = source.code.lines().filter(|line| !line.trim().is_empty()).count();
        assert!(lines <= MAX_RESOURCE, "{} has {lines} lines of code", source.path);
    }
}

#[test]
fn a_module_with_parts_is_a_file_beside_its_folder() {
    for source in sources() {
        if let Some((folder, _)) = source.path.rsplit_once('/') {
            let file = root().join(format!("{folder}.rs"));
            assert!(file.is_file(), "{}", source.path);
        }
    }
}
