//! The listener: accepts connections within limits, speaks TLS where it is on, and HTTP/1.1 or HTTP/2 over it.
//!
//! What belongs here: connections, from accept to their end, and [`client`], who is at the other end. What does not: requests
//! ([`crate::middleware`], [`crate::routes`]) and how certificates are got ([`crate::certificates`]).
//!
//! WebSockets run over HTTP/1.1 only: the extended CONNECT of HTTP/2 (RFC 8441) would put all streams of a wall on one TCP connection, where
//! one lost packet holds every picture up.

pub mod client;
mod connection;
mod slots;
mod socket;

use crate::state::AppState;
use axum::Router;
use client::{is_trusted, networks};
use connection::Connections;
use rustls::ServerConfig;
use slots::Slots;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Shortest and longest pause after a failure to accept, such as too many open files.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));
/// The same trouble is logged at most this often.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// What connections may take. Not settings: the defaults suit a Raspberry Pi as well as a wall of screens behind one address.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Open connections in all, and from one address (a wall of 50 cameras opens some 60).
    pub connections: usize,
    pub connections_per_address: usize,
    /// Until the first byte, and for the TLS handshake.
    pub start: Duration,
    /// For the head of an HTTP/1.1 request, and how long a connection may be idle between two of them.
    pub head: Duration,
    /// How long a write may wait for a peer that takes nothing.
    pub write: Duration,
    /// Bytes and number of a request's headers.
    pub header_bytes: usize,
    pub headers: usize,
    /// Requests at the same time on one HTTP/2 connection: two per camera of a large wall, and some.
    pub streams: u32,
    /// Between two pings of an HTTP/2 connection, and how long the answer may take.
    pub ping: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 2048,
            connections_per_address: 512,
            start: Duration::from_secs(10),
            head: Duration::from_secs(30),
            write: Duration::from_secs(60),
            header_bytes: 32 << 10,
            headers: 100,
            streams: 256,
            ping: Duration::from_secs(20),
        }
    }
}

/// One port and what is spoken on it.
pub struct Port {
    pub listener: TcpListener,
    /// Where the clear text is only there to be sent to HTTPS.
    pub https: bool,
}

/// The running listener.
pub struct Server {
    /// Accepting and every connection that is not a WebSocket.
    tasks: TaskTracker,
    cut: CancellationToken,
    slots: Slots,
}

impl Server {
    /// Serves `app` on `ports` until [`AppState::stopping`]. With `tls`, a TLS handshake is answered on either kind of port.
    pub fn start(state: &AppState, app: Router, ports: Vec<Port>, tls: Option<Arc<ServerConfig>>, limits: Limits) -> Self {
        let tasks = TaskTracker::new();
        let cut = CancellationToken::new();
        let slots = Slots::new(limits.connections, limits.connections_per_address);
        let connections = Arc::new(Connections::new(app, tls, limits, tasks.clone(), state.stopping.clone(), cut.clone()));
        for port in ports {
            let door = Door { connections: Arc::clone(&connections), slots: slots.clone(), state: state.clone(), https: port.https };
            tasks.spawn(async move { door.run(port.listener).await });
        }
        tasks.close();
        Self { tasks, cut, slots }
    }

    /// Connections that are open now, WebSockets among them.
    pub fn open(&self) -> usize {
        self.slots.open()
    }

    /// Once [`AppState::stopping`] is cancelled: waits until requests have ended, at most `patience`; then they are cut off.
    pub async fn ended(&self, patience: Duration) {
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!(left = self.tasks.len(), "some requests did not end in time and are cut off");
            self.cut.cancel();
            self.tasks.wait().await;
        }
    }
}

/// Accepts connections; a scripted one in tests.
trait Accept: Send {
    fn accept(&mut self) -> impl Future<Output = io::Result<(TcpStream, SocketAddr)>> + Send;
}

impl Accept for TcpListener {
    async fn accept(&mut self) -> io::Result<(TcpStream, SocketAddr)> {
        Self::accept(self).await
    }
}

/// One port.
struct Door {
    connections: Arc<Connections>,
    slots: Slots,
    state: AppState,
    https: bool,
}

impl Door {
    /// Never ends by itself: whatever goes wrong with one connection, or for lack of files, the next one is awaited.
    async fn run(self, mut listener: impl Accept) {
        let stopping = self.state.stopping.clone();
        let mut pause = PAUSE.0;
        let mut told: Option<Instant> = None;
        let mut tell = || {
            let now = Instant::now();
            let due = told.is_none_or(|last| now.duration_since(last) >= LOG_EVERY);
            if due {
                told = Some(now);
            }
            due
        };
        loop {
            let accepted = tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((tcp, peer)) => {
                    pause = PAUSE.0;
                    let trusted = networks(&self.state.settings.get().trusted_proxies);
                    let Some(slot) = self.slots.take(peer.ip(), is_trusted(peer.ip(), &trusted)) else {
                        if tell() {
                            tracing::warn!(%peer, open = self.slots.open(), "too many connections; new ones are closed");
                        }
                        continue;
                    };
                    Arc::clone(&self.connections).take(tcp, peer, slot, self.https);
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    if tell() {
                        tracing::warn!(%error, "connections cannot be accepted now");
                    }
                    tokio::select! {
                        () = stopping.cancelled() => return,
                        () = sleep(pause) => {}
                    }
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests;
