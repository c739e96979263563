//! Log output: sentences with fields, as text for people or JSON lines for programs. Goes to standard error, and
//! its newest part stays in memory ([`recent`]).

mod recent;

use crate::config::{LogFormat, Settings};
pub use recent::recent;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
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

/// Libraries that log, at level trace, whole messages with everything private that is in them.
const TALKATIVE: [&str; 7] = ["tungstenite", "tokio_tungstenite", "hyper", "hyper_util", "h2", "rustls", "reqwest"];

/// Messages of [`TALKATIVE`] libraries at level trace only come if asked for by name (`trace,hyper=trace`).
fn filter(directives: &str) -> Result<EnvFilter, String> {
    let pieces = || directives.split(',').map(str::trim);
    let everything = pieces().any(|piece| matches!(piece.parse(), Ok(LevelFilter::TRACE)));
    let named = |library: &str| pieces().any(|piece| piece.split(['=', ':', '[']).next() == Some(library));
    let capped = TALKATIVE.iter().filter(|library| everything && !named(library)).map(|library| format!("{library}=debug,"));
    // Every old cookie would be a warning, and strangers can send as many as they like.
    let all = format!("tower_sessions=off,tower_sessions_core=off,{}{directives}", capped.collect::<String>());
    EnvFilter::try_new(all).map_err(|error| format!("log_level cannot be read: {error}"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What of some messages is written.
    fn written(directives: &str) -> String {
        let written = Written::default();
        let writer = written.clone();
        let subscriber =
            tracing_subscriber::fmt().with_env_filter(filter(directives).expect("directives")).with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::trace!(target: "tungstenite::protocol", "frame rtsp://camera.lan");
            tracing::trace!(target: "hyper::proto::h1::io", "bytes");
            tracing::debug!(target: "hyper::proto", "connection");
            tracing::trace!(target: "nightjar", "ours");
        });
        String::from_utf8(written.0.lock().expect("not poisoned").clone()).expect("UTF-8")
    }

    #[test]
    fn whole_messages_of_libraries_are_logged_only_where_they_are_asked_for() {
        let seen = |directives| {
            let text = written(directives);
            ["camera.lan", "bytes", "connection", "ours"].map(|word| text.contains(word))
        };
        assert_eq!(seen("trace"), [false, false, true, true]);
        assert_eq!(seen("trace,hyper=trace"), [false, true, true, true]);
        assert_eq!(seen("trace,tungstenite::protocol=trace"), [true, false, true, true]);
        assert_eq!(seen("info,nightjar=trace"), [false, false, false, true]);
        assert_eq!(seen("info"), [false; 4]);
        assert!(filter("=:,=").is_err());
    }
}
