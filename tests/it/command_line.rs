//! The man pages and shell completions in docs/command-line, which follow from the command line: this test writes them.

use std::fs;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::{Shell, generate_to};
use cupi_gateway::arguments::Arguments;

const COMMITTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/command-line");

/// The names and texts of a folder's files, in order.
fn files(folder: &Path) -> Vec<(String, String)> {
    let entries = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn man_pages_and_completions_describe_the_commands_that_there_are() {
    let made = tempfile::tempdir().unwrap();
    for shell in [Shell::Bash, Shell::Fish, Shell::Zsh] {
        generate_to(shell, &mut Arguments::command(), "cupi-gateway", made.path()).unwrap();
    }
    clap_mangen::generate_to(Arguments::command(), made.path()).unwrap();

    let made = files(made.path());
    if made == files(Path::new(COMMITTED)) {
        return;
    }
    for entry in fs::read_dir(COMMITTED).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    for (name, text) in made {
        fs::write(format!("{COMMITTED}/{name}"), text).unwrap();
    }
    panic!(
        "docs/command-line has been written anew, since the command line has changed: commit it"
    );
}
