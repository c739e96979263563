//! `nightjar serve`: start everything, serve, stop in order.

use super::reload;
use crate::config::{Flags, Settings};
use crate::listen::{Limits, Port, Server};
use crate::logging::LogLevel;
use crate::state::{AppState, Outside};
use crate::{logging, router};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// How long open requests may take to finish after a signal; streams and tasks get the rest of the ten seconds.
const DRAIN: Duration = Duration::from_secs(4);

/// Runs until SIGTERM or SIGINT. SIGHUP reads the settings again.
///
/// # Errors
/// The server cannot start; the text says what to do.
pub fn run(flags: &Flags) -> Result<(), String> {
    let settings = Settings::load(flags).map_err(|error| error.to_string())?;
    let log_level = logging::start(&settings)?;
    if let Some(complaint) = settings.complaints().first() {
        return Err(complaint.clone());
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("the runtime could not be started: {error}"))?;
    let result = runtime.block_on(serve(settings, flags, &log_level));
    runtime.shutdown_timeout(Duration::from_secs(1));
    result
}

async fn serve(settings: Settings, flags: &Flags, log_level: &LogLevel) -> Result<(), String> {
    // First of all: unhandled, these would end the process.
    let mut hangup = signal(SignalKind::hangup()).map_err(|error| error.to_string())?;
    let mut term = signal(SignalKind::terminate()).map_err(|error| error.to_string())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|error| error.to_string())?;
    let listener = TcpListener::bind(&settings.listen).await.map_err(|error| {
        format!("cannot listen on {}: {error}. Another program may use the port; choose one with --listen.", settings.listen)
    })?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let outside = Outside::real(&settings);
    let state = AppState::start(settings, outside).await?;
    state.addresses.set_listener(address);

    let ports = vec![Port { listener, https: false }];
    let server = Server::start(&state, router::app(state.clone()), ports, None, Limits::default());
    super::say(&format!("nightjar ready on http://{address}"));
    loop {
        tokio::select! {
            _ = term.recv() => tracing::info!("SIGTERM: stopping"),
            _ = interrupt.recv() => tracing::info!("SIGINT: stopping"),
            Some(()) = hangup.recv() => {
                reload::reload(flags, &state, log_level).await;
                continue;
            }
        }
        break;
    }
    state.stopping.cancel();
    tokio::join!(server.ended(DRAIN), state.shutdown());
    tracing::info!("stopped");
    Ok(())
}
