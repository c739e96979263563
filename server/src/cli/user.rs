//! `nightjar user`: accounts without a browser.

use super::people::{said, with_people};
use super::{password, say};
use crate::config::Flags;
use crate::people::audit::Actor;
use crate::people::{NewPerson, People};
use app::model::{CameraAction, Grant, GrantTarget, Password, Role};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Add an account. The password is asked for.
    Add {
        name: String,
        /// admin, operator or viewer
        #[arg(long)]
        role: Role,
        /// What a viewer or operator may do, as TARGET=ACTIONS: all=live,audio or group:Yard=live or camera:3=live,ptz. Several are possible.
        #[arg(long = "grant", value_name = "GRANT", value_parser = grant)]
        grants: Vec<Grant>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Give an account another password; its sessions end.
    Passwd {
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List the accounts.
    List,
    /// Remove an account with its sessions, tokens and links.
    Remove { name: String },
}

/// Runs the command.
///
/// # Errors
/// In a sentence that says what to do.
pub fn run(flags: &Flags, command: UserCommand) -> Result<(), String> {
    match command {
        UserCommand::Add { name, role, grants, password_stdin } => {
            let password = Password(password::read(password_stdin)?.to_string());
            let grants = (!grants.is_empty()).then_some(grants);
            with_people(flags, async |people: People| {
                let person = people.add_person(Actor::console(), NewPerson { name, role, grants, password }).await.map_err(said)?;
                say(&format!("Added {} as {}.", person.name, person.role.as_str()));
                if person.role != Role::Admin && person.grants.is_empty() {
                    say(
                        "This account sees no camera yet: say --grant all=live,audio next time, or let an admin grant some in the browser.",
                    );
                }
                Ok(())
            })
        }
        UserCommand::Passwd { name, password_stdin } => {
            let password = password::read(password_stdin)?;
            with_people(flags, async |people: People| {
                let person = people.person_by_name(&name).map_err(said)?;
                people.reset_password(Actor::console(), person.id, &password, "password").await.map_err(said)?;
                say(&format!("{} has a new password; all sessions with the old one have ended.", person.name));
                Ok(())
            })
        }
        UserCommand::List => with_people(flags, async |people: People| {
            let directory = people.directory();
            if !directory.has_accounts() {
                say("There are no accounts. Add one: nightjar user add NAME --role admin");
            }
            for person in directory.people.values() {
                let disabled = if person.disabled { "  disabled" } else { "" };
                say(&format!("{:<9} {}{disabled}", person.role.as_str(), person.name));
            }
            Ok(())
        }),
        UserCommand::Remove { name } => with_people(flags, async |people: People| {
            let person = people.person_by_name(&name).map_err(said)?;
            people.remove_person(Actor::console(), person.id).await.map_err(said)?;
            say(&format!("Removed {}.", person.name));
            Ok(())
        }),
    }
}

/// `all=live,audio`, `group:Yard=live`, `camera:3=live,ptz`.
fn grant(text: &str) -> Result<Grant, String> {
    let (target, actions) = text.rsplit_once('=').ok_or("write TARGET=ACTIONS, for example all=live,audio")?;
    let target = match target.split_once(':') {
        None if target == "all" => GrantTarget::All,
        Some(("group", name)) if !name.is_empty() => GrantTarget::Group(name.to_owned()),
        Some(("camera", id)) => GrantTarget::Camera(id.parse().map_err(|_| format!("{id} is not the number of a camera"))?),
        _ => return Err(format!("{target} is not a target; write all, group:NAME or camera:NUMBER")),
    };
    let actions = actions.split(',').map(|action| action.trim().parse()).collect::<Result<Vec<CameraAction>, String>>()?;
    Ok(Grant { target, actions })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read() {
        let read = |text: &str| grant(text).expect(text);
        assert_eq!(read("all=live,audio"), Grant { target: GrantTarget::All, actions: vec![CameraAction::Live, CameraAction::Audio] });
        assert_eq!(read("group:a=b=live").target, GrantTarget::Group("a=b".into()));
        assert_eq!(read("camera:3=ptz").target, GrantTarget::Camera(3));
        for wrong in ["", "all", "all=", "all=fly", "camera:x=live", "camera=live", "group:=live", "everything=live"] {
            assert!(grant(wrong).is_err(), "{wrong}");
        }
    }
}
