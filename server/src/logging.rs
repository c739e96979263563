//! Log output: sentences with fields, as text for people or JSON lines for programs. Goes to standard error.

use crate::config::{LogFormat, Settings};
use tracing_subscriber::EnvFilter;

/// Starts logging for the whole process. `RUST_LOG`-like directives come from the setting `log_level`.
///
/// # Errors
/// The level cannot be read, or logging was started before.
pub fn start(settings: &Settings) -> Result<(), String> {
    let filter = EnvFilter::try_new(&settings.log_level).map_err(|error| format!("log_level cannot be read: {error}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match settings.log {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| format!("logging could not be started: {error}"))
}
