//! The command line. Each subcommand is one file.

mod check;
mod first_run;
mod password;
mod people;
mod reload;
mod serve;
mod token;
mod user;

use crate::config::{Flags, LogFormat};
use clap::{Args, Parser, Subcommand};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Live camera wall and network video recorder. Without a command it runs the server.
#[derive(Debug, Parser)]
#[command(name = "nightjar", version, about, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    /// Of the server, where no command is given.
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server. The same as no command.
    Serve(ServeArgs),
    /// Say what is wrong with a configuration; exit code 1 if anything is.
    Check(CheckArgs),
    /// Accounts of people: add, change the password, list, remove. Works beside a running server.
    User {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(subcommand)]
        command: user::UserCommand,
    },
    /// API tokens of programs. Works beside a running server.
    Token {
        #[command(flatten)]
        place: PlaceArgs,
        #[command(subcommand)]
        command: token::TokenCommand,
    },
}

/// Which installation a command is about.
#[derive(Debug, Args)]
struct PlaceArgs {
    /// Configuration file [default: nightjar.toml, if it exists]
    #[arg(long, value_name = "FILE", env = "NIGHTJAR_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Data folder [default: ./data]
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

impl PlaceArgs {
    fn flags(self) -> Flags {
        Flags { config: self.config, data: self.data, ..Flags::default() }
    }
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Configuration file [default: nightjar.toml, if it exists]
    #[arg(long, value_name = "FILE", env = "NIGHTJAR_CONFIG")]
    config: Option<PathBuf>,
    /// Data folder [default: ./data]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to serve on [default: 0.0.0.0:8080]
    #[arg(long, value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Form of the log [default: text]
    #[arg(long, value_name = "FORMAT")]
    log: Option<LogFormat>,
}

#[derive(Debug, Args)]
struct CheckArgs {
    /// Configuration file [default: nightjar.toml, if it exists]
    #[arg(long, value_name = "FILE", env = "NIGHTJAR_CONFIG")]
    config: Option<PathBuf>,
}

/// Parses the arguments and runs the command.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    leave_no_core();
    let result = match cli.command.unwrap_or(Command::Serve(cli.serve)) {
        Command::Serve(args) => serve::run(&Flags { config: args.config, data: args.data, listen: args.listen, log: args.log }),
        Command::Check(args) => check::run(&Flags { config: args.config, ..Flags::default() }),
        Command::User { place, command } => user::run(&place.flags(), command),
        Command::Token { place, command } => token::run(&place.flags(), command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(std::io::stderr(), "nightjar: {message}");
            ExitCode::FAILURE
        }
    }
}

/// No core file of ours or of a child's: camera passwords and keys of sessions are in memory in clear.
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    // Less is always permitted; where it is not, the machine's own limit holds.
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
}

/// One line on standard output, for people and scripts that wait for it.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A closed standard output must not end the server.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Cli> {
        Cli::try_parse_from(line.split(' ')).ok()
    }

    #[test]
    fn without_a_command_the_server_runs() {
        let listen = |line: &str| match parsed(line) {
            Some(Cli { command: None, serve }) | Some(Cli { command: Some(Command::Serve(serve)), .. }) => Some(serve.listen),
            _ => None,
        };
        assert_eq!(listen("nightjar"), Some(None));
        for line in ["nightjar --listen 127.0.0.1:9000", "nightjar serve --listen 127.0.0.1:9000"] {
            assert_eq!(listen(line), Some(Some("127.0.0.1:9000".to_owned())), "{line}");
        }
        assert!(matches!(parsed("nightjar check"), Some(Cli { command: Some(Command::Check(_)), .. })));
        assert!(matches!(parsed("nightjar user --data /srv/data list"), Some(Cli { command: Some(Command::User { .. }), .. })));
        for line in ["nightjar srve", "nightjar --listen 127.0.0.1:9000 user list"] {
            assert!(parsed(line).is_none(), "{line}");
        }
    }
}
