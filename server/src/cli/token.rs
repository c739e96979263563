//! `nightjar token`: API tokens without a browser.

use super::people::{said, with_people};
use super::say;
use crate::config::Flags;
use crate::people::audit::Actor;
use crate::people::{NewToken, People};
use app::model::TokenScope;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it, this once.
    Create {
        name: String,
        /// read, operate or admin
        #[arg(long)]
        scope: TokenScope,
        /// Only these cameras, by their numbers: 1,2
        #[arg(long, value_delimiter = ',', value_name = "NUMBERS")]
        cameras: Option<Vec<i64>>,
        /// Let it end after so many days
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=3650))]
        days: Option<u32>,
    },
    /// List the tokens.
    List,
    /// Revoke a token by its number.
    Revoke { number: i64 },
}

/// Runs the command.
///
/// # Errors
/// In a sentence that says what to do.
pub fn run(flags: &Flags, command: TokenCommand) -> Result<(), String> {
    match command {
        TokenCommand::Create { name, scope, cameras, days } => with_people(flags, async |people: People| {
            let expires_at = days.map(|days| people.now() + time::Duration::days(i64::from(days)));
            let new = NewToken { name, scope, owner: None, camera_ids: cameras, expires_at };
            let (_, secret) = people.add_token(Actor::console(), new).await.map_err(said)?;
            say(&secret);
            Ok(())
        }),
        TokenCommand::List => with_people(flags, async |people: People| {
            for token in people.directory().tokens.values() {
                let cameras = token.camera_ids.as_ref().map_or(String::new(), |ids| format!("  cameras {ids:?}"));
                let ends = token.expires_at.map_or(String::new(), |at| format!("  until {}", at.date()));
                let used = token.last_used_at.map_or("never used".to_owned(), |at| format!("last used {}", at.date()));
                say(&format!("{:>4}  {:<8} {}…  {}  {used}{cameras}{ends}", token.id, token.scope.as_str(), token.prefix, token.name));
            }
            Ok(())
        }),
        TokenCommand::Revoke { number } => with_people(flags, async |people: People| {
            people.remove_token(Actor::console(), number).await.map_err(said)?;
            say("Revoked.");
            Ok(())
        }),
    }
}
