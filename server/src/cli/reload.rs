//! SIGHUP: reads the settings again and puts in force what can change while the server runs.

use crate::config::{Flags, Settings};
use crate::logging::LogLevel;
use crate::state::AppState;

/// Reads all layers of the settings again. If anything is wrong with them, the old ones stay in force and the log says why.
pub async fn reload(flags: &Flags, state: &AppState, log_level: &LogLevel) {
    let flags = flags.clone();
    let read = tokio::task::spawn_blocking(move || read(&flags)).await.map_err(|error| error.to_string());
    let settings = match read.and_then(|read| read) {
        Ok(settings) => settings,
        Err(reason) => {
            tracing::error!(reason, "SIGHUP: the configuration cannot be used; the old settings stay in force");
            return;
        }
    };
    if let Err(reason) = log_level.set(&settings.log_level) {
        tracing::error!(reason, "SIGHUP: the log level could not be changed");
    }
    match state.reconfigure(settings).await {
        Ok(fixed) if fixed.is_empty() => tracing::info!("SIGHUP: the configuration was read again"),
        Ok(fixed) => tracing::warn!(
            settings = fixed.join(", "),
            "SIGHUP: the configuration was read again; some changed settings take effect at the next start only"
        ),
        Err(reason) => tracing::error!(reason, "SIGHUP: the cameras could not be brought in line with the new configuration"),
    }
}

fn read(flags: &Flags) -> Result<Settings, String> {
    let settings = Settings::load(flags).map_err(|error| error.to_string())?;
    match settings.complaints().into_iter().next() {
        Some(complaint) => Err(complaint),
        None => Ok(settings),
    }
}
