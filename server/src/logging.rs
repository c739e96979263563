//! Log output: sentences with fields, as text for people or JSON lines for programs. Goes to standard error, and
//! its newest part stays in memory ([`recent`]).

mod recent;

use crate::config::{LogFormat, Settings};
pub use recent::recent;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

type Replace = Box<dyn Fn(EnvFilter) -> Result<(), String> + Send + Sync>;

/// Changes which messages are logged while the process runs.
pub struct LogLevel {
    replace: Replace,
}

impl LogLevel {
    /// Logs by other directives from now on.
    ///
    /// # Errors
    /// They cannot be read; the old ones stay.
    pub fn set(&self, directives: &str) -> Result<(), String> {
        (self.replace)(filter(directives)?)
    }
}

fn filter(directives: &str) -> Result<EnvFilter, String> {
    // Every old cookie would be a warning, and strangers can send as many as they like.
    EnvFilter::try_new(format!("tower_sessions=off,tower_sessions_core=off,{directives}"))
        .map_err(|error| format!("log_level cannot be read: {error}"))
}

/// Starts logging for the whole process. `RUST_LOG`-like directives come from the setting `log_level`.
///
/// # Errors
/// The level cannot be read, or logging was started before.
pub fn start(settings: &Settings) -> Result<LogLevel, String> {
    let filter = filter(&settings.log_level)?;
    // A log that nobody takes any more (its reader was killed, the disk is full) must not end the server: tracing-subscriber would report
    // the failed write by `eprintln!`, which panics on the same broken output, and aborts where a span is closed while unwinding.
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).log_internal_errors(false).with_writer(recent::writer.and(std::io::stderr));
    let (started, replace): (_, Replace) = match settings.log {
        LogFormat::Text => {
            let builder = builder.with_filter_reloading();
            let handle = builder.reload_handle();
            (builder.try_init(), Box::new(move |filter| handle.reload(filter).map_err(|error| error.to_string())))
        }
        LogFormat::Json => {
            let builder = builder.json().flatten_event(true).with_filter_reloading();
            let handle = builder.reload_handle();
            (builder.try_init(), Box::new(move |filter| handle.reload(filter).map_err(|error| error.to_string())))
        }
    };
    started.map_err(|error| format!("logging could not be started: {error}"))?;
    Ok(LogLevel { replace })
}
