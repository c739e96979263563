//! A password from the terminal, without showing it, or from standard input.

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use secrecy::zeroize::Zeroizing;
use std::io::{BufRead, IsTerminal, Write};

/// Longer is no password.
const MAX_BYTES: u64 = 4096;

/// Asks twice on a terminal; reads one line if `from_stdin`.
///
/// # Errors
/// There is nobody to ask, or the answers differ.
pub fn read(from_stdin: bool) -> Result<Zeroizing<String>, String> {
    if from_stdin {
        return line();
    }
    if !std::io::stdin().is_terminal() {
        return Err("there is no terminal to ask for a password; pipe it in and say --password-stdin".to_owned());
    }
    let first = asked("Password: ")?;
    let second = asked("The same again: ")?;
    if first == second { Ok(first) } else { Err("the two are not the same".to_owned()) }
}

fn asked(question: &str) -> Result<Zeroizing<String>, String> {
    let mut err = std::io::stderr();
    write!(err, "{question}").and_then(|()| err.flush()).map_err(|error| error.to_string())?;
    let hidden = Hidden::new()?;
    let answer = line();
    drop(hidden);
    // The line break that was typed was not shown either; a terminal that is gone needs none.
    let _ = writeln!(err);
    answer
}

fn line() -> Result<Zeroizing<String>, String> {
    let mut text = Zeroizing::new(String::new());
    let mut input = std::io::Read::take(std::io::stdin().lock(), MAX_BYTES);
    input.read_line(&mut text).map_err(|error| format!("the password could not be read: {error}"))?;
    let line = text.trim_end_matches(['\n', '\r']);
    if line.is_empty() { Err("no password was given".to_owned()) } else { Ok(Zeroizing::new(line.to_owned())) }
}

/// While it lives, the terminal shows nothing of what is typed.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn new() -> Result<Self, String> {
        let before = tcgetattr(std::io::stdin()).map_err(|error| format!("the terminal cannot be asked: {error}"))?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &silent)
            .map_err(|error| format!("the terminal cannot be silenced: {error}"))?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Flush, &self.0);
    }
}
