//! The password: from a prompt that shows nothing of it, or from standard input. Never an argument or the environment,
//! which other programs can see.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};

/// Asks for it. An empty one is `InvalidInput`.
pub fn ask() -> io::Result<SecretString> {
    let input = io::stdin();
    let prompt = if input.is_terminal() { Some(Prompt::show()?) } else { None };
    let mut text = String::new();
    input.lock().read_line(&mut text)?;
    drop(prompt);
    let line = text
        .strip_suffix('\n')
        .map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    let password = SecretString::from(line);
    if password.expose_secret().is_empty() {
        let sentence = "the password is empty: type it, or write it to standard input";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, sentence));
    }
    Ok(password)
}

/// A terminal that shows nothing of what is typed, until it is dropped.
struct Prompt(Termios);

impl Prompt {
    fn show() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        let mut terminal = io::stderr();
        write!(terminal, "Password: ")?;
        terminal.flush()?;
        tcsetattr(io::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        tcsetattr(io::stdin(), OptionalActions::Now, &self.0).unwrap_or_default();
        writeln!(io::stderr()).unwrap_or_default();
    }
}
