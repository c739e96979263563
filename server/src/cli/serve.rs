//! `nightjar serve`: start everything, serve, stop in order.

use super::{first_run, reload};
use crate::config::{Flags, HttpsMode, Settings};
use crate::listen::{Limits, Port, Server};
use crate::logging::LogLevel;
use crate::state::{AppState, Outside};
use crate::{logging, router};
use media::error::plainly;
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
    state.listens(address);

    let mut ports = vec![Port { listener, https: false }];
    let tls = match https_port(&state).await? {
        Some(port) => {
            ports.push(port);
            Some(state.certificates.tls()?)
        }
        None => None,
    };
    let server = Server::start(&state, router::app(state.clone()), ports, tls, Limits::default());
    super::say(&format!("nightjar ready on http://{address}"));
    if let Some(token) = state.people.setup_token() {
        super::say(&first_run::words(address, state.certificates.address(), first_run::own_address(), &token));
    }
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

/// Binds the port of HTTPS and sees to it that there is a certificate. Where the port was not asked for by name and is taken, the server
/// runs without.
async fn https_port(state: &AppState) -> Result<Option<Port>, String> {
    let settings = state.settings.get();
    if settings.https == HttpsMode::Off {
        return Ok(None);
    }
    let wanted = settings.https_address();
    let listener = match TcpListener::bind(&wanted).await {
        Ok(listener) => listener,
        Err(error) if settings.https_listen.is_empty() => {
            tracing::warn!(%error, address = wanted, "HTTPS is not served: its port cannot be used; choose another one with https_listen");
            state.certificates.listens(Err(format!(
                "HTTPS is not served: {wanted} cannot be used ({}). Choose another one with https_listen.",
                plainly(&error)
            )));
            return Ok(None);
        }
        Err(error) => return Err(format!("cannot listen on {wanted} for HTTPS: {error}. Choose another port with https_listen.")),
    };
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    state.listens(address);
    state.certificates.start(state).await;
    state.certificates.listens(Ok(address));
    tracing::info!(%address, "HTTPS is served");
    Ok(Some(Port { listener, https: true }))
}
