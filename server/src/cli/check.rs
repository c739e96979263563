//! `nightjar check`: is this configuration usable?

use crate::config::{Flags, Settings};

/// Prints every complaint.
///
/// # Errors
/// The configuration cannot be used; the text says why.
pub fn run(flags: &Flags) -> Result<(), String> {
    let settings = Settings::load(flags).map_err(|error| error.to_string())?;
    let complaints = settings.complaints();
    if complaints.is_empty() {
        super::say("The configuration is fine.");
        return Ok(());
    }
    for complaint in &complaints {
        super::say(complaint);
    }
    Err(format!("{} thing(s) to put right", complaints.len()))
}
