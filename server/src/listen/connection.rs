//! One connection from its first byte to its end.

use super::Limits;
use super::client::Arrival;
use super::slots::Slot;
use super::socket::{Held, Peekable, Stream};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::ServerConfig;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// How an HTTP/2 connection begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// How a TLS connection begins: the type of a handshake record.
const HANDSHAKE: u8 = 0x16;

/// What all connections share.
pub(super) struct Connections {
    app: Router,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    tasks: TaskTracker,
    stopping: CancellationToken,
    /// Cancelled when requests have had their time to end.
    cut: CancellationToken,
}

/// Runs what HTTP/2 starts where it is known of.
#[derive(Clone)]
struct Tracked(TaskTracker);

impl<F: Future<Output: Send> + Send + 'static> hyper::rt::Executor<F> for Tracked {
    fn execute(&self, future: F) {
        self.0.spawn(future);
    }
}

impl Connections {
    pub fn new(
        app: Router,
        tls: Option<Arc<ServerConfig>>,
        limits: Limits,
        tasks: TaskTracker,
        stopping: CancellationToken,
        cut: CancellationToken,
    ) -> Self {
        Self { app, tls: tls.map(TlsAcceptor::from), limits, tasks, stopping, cut }
    }

    /// Serves a connection in a task of its own.
    pub fn take(self: Arc<Self>, tcp: TcpStream, peer: SocketAddr, slot: Slot, https_port: bool) {
        let tasks = self.tasks.clone();
        tasks.spawn(async move {
            // Chunks are written whole: waiting for more to send would only delay pictures.
            let _ = tcp.set_nodelay(true);
            let outcome = tokio::select! {
                biased;
                () = self.cut.cancelled() => Ok(()),
                outcome = self.run(Held::new(tcp, slot, self.limits.write), peer, https_port) => outcome,
            };
            if let Err(error) = outcome {
                tracing::debug!(%peer, error, "a connection ended");
            }
        });
    }

    async fn run(&self, socket: Held<TcpStream>, peer: SocketAddr, https_port: bool) -> Result<(), String> {
        let mut socket = Peekable::new(socket);
        let Some(first) = self.in_time(socket.look(&[HANDSHAKE])).await? else { return Ok(()) };
        if first != [HANDSHAKE] {
            return self.http(socket, Arrival { peer, secure: false, https_port }).await;
        }
        let Some(tls) = &self.tls else { return Ok(()) };
        let Some(socket) = self.in_time(tls.accept(socket)).await? else { return Ok(()) };
        self.http(Peekable::new(socket), Arrival { peer, secure: true, https_port }).await
    }

    /// The outcome of a first step, None when the server stops meanwhile.
    async fn in_time<T>(&self, step: impl Future<Output = io::Result<T>>) -> Result<Option<T>, String> {
        tokio::select! {
            biased;
            () = self.stopping.cancelled() => Ok(None),
            outcome = timeout(self.limits.start, step) => match outcome {
                Ok(Ok(value)) => Ok(Some(value)),
                Ok(Err(error)) => Err(error.to_string()),
                Err(_) => Err("nothing came in time".to_owned()),
            },
        }
    }

    async fn http<T: Stream + 'static>(&self, mut socket: Peekable<T>, arrival: Arrival) -> Result<(), String> {
        // By what is sent, not by what TLS agreed on: programs speak HTTP/2 in clear text too, and an end that says nothing is let go.
        let Some(first) = self.in_time(socket.look(PREFACE)).await? else { return Ok(()) };
        let is_http2 = first == PREFACE;
        if first.is_empty() {
            return Ok(());
        }
        let app = self.app.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| answer(app.clone(), request.map(Body::new), arrival));
        let boxed: Box<dyn Stream> = Box::new(socket);
        let io = TokioIo::new(boxed);
        if is_http2 {
            let mut builder = http2::Builder::new(Tracked(self.tasks.clone()));
            builder
                .timer(TokioTimer::new())
                .max_concurrent_streams(self.limits.streams)
                .max_header_list_size(u32::try_from(self.limits.header_bytes).unwrap_or(u32::MAX))
                .keep_alive_interval(self.limits.ping)
                .keep_alive_timeout(self.limits.ping);
            self.drive(pin!(builder.serve_connection(io, service)), http2::Connection::graceful_shutdown).await
        } else {
            let mut builder = http1::Builder::new();
            builder
                .timer(TokioTimer::new())
                .header_read_timeout(self.limits.head)
                .max_headers(self.limits.headers)
                .max_header_size(self.limits.header_bytes);
            let connection = pin!(builder.serve_connection(io, service).with_upgrades());
            self.drive(connection, http1::UpgradeableConnection::graceful_shutdown).await
        }
    }

    /// Runs a connection; when the server stops, it takes no further requests and ends with the open ones.
    async fn drive<C: Future<Output = hyper::Result<()>>>(
        &self,
        mut connection: Pin<&mut C>,
        wind_down: fn(Pin<&mut C>),
    ) -> Result<(), String> {
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = self.stopping.cancelled() => {
                wind_down(connection.as_mut());
                connection.await
            }
        };
        outcome.map_err(|error| error.to_string())
    }
}

async fn answer(app: Router, mut request: Request, arrival: Arrival) -> Result<Response, Infallible> {
    request.extensions_mut().insert(arrival);
    request.extensions_mut().insert(ConnectInfo(arrival.peer));
    app.oneshot(request).await
}
