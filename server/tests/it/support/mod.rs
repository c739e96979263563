//! A whole server in this process, on a data folder of its own.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod acme;
mod fake;
pub mod tls;

use crate::live_support::{admin, remember};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
pub use fake::FakeCameras;
use http_body_util::BodyExt;
use serde_json::Value;
use server::config::{Flags, Settings};
use server::listen::{Limits, Port, Server};
use server::services::address::{Resolve, SystemResolver};
use server::services::discovery::Terms;
use server::state::{AppState, Outside};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tempfile::TempDir;
use tower::ServiceExt;

/// Every name ending in `.test` is a camera on the network; nothing else is known.
pub struct TestNames;

#[async_trait]
impl Resolve for TestNames {
    async fn resolve(&self, host: &str, _port: u16) -> io::Result<Vec<IpAddr>> {
        match host {
            "loopback.test" => Ok(vec![IpAddr::from([127, 0, 0, 1])]),
            host if host.ends_with(".test") => Ok(vec![IpAddr::from([192, 0, 2, 10])]),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "unknown")),
        }
    }
}

pub struct TestApp {
    pub cameras: Arc<FakeCameras>,
    pub state: AppState,
    pub router: Router,
    /// An admin's API token: what requests are made with that say nothing else.
    pub token: String,
    folder: Arc<TempDir>,
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text))
    }

    /// Status, code and field of a problem document.
    #[track_caller]
    pub fn problem(&self) -> (u16, String, Option<String>) {
        assert_eq!(self.headers["content-type"], "application/problem+json", "{}", self.text);
        let json = self.json();
        assert_eq!(json["status"], self.status.as_u16());
        assert!(!json["detail"].as_str().expect("a sentence").is_empty());
        let text = |key: &str| json[key].as_str().map(str::to_owned);
        (self.status.as_u16(), text("code").expect("a code"), text("field"))
    }
}

pub fn settings(data: &Path, more: &[(&str, &str)]) -> Settings {
    let mut environment: HashMap<String, String> = more.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    environment.insert("NIGHTJAR_DATA".into(), data.to_string_lossy().into());
    environment.entry("NIGHTJAR_DISCOVERY_INTERFACES".into()).or_insert_with(|| "127.0.0.1".into());
    Settings::load_from(&Flags::default(), Some(environment)).expect("settings that load")
}

impl TestApp {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With environment variables.
    pub async fn start_with(environment: &[(&str, &str)]) -> Self {
        Self::open(Arc::new(tempfile::tempdir().expect("a temporary folder")), environment, true, Arc::new(TestNames)).await
    }

    /// Without an account.
    pub async fn start_bare() -> Self {
        Self::start_bare_with(&[]).await
    }

    /// As `start_bare`, with environment variables.
    pub async fn start_bare_with(environment: &[(&str, &str)]) -> Self {
        Self::open(Arc::new(tempfile::tempdir().expect("a temporary folder")), environment, false, Arc::new(TestNames)).await
    }

    /// Names are looked up by the machine's own resolver.
    pub async fn start_resolving() -> Self {
        Self::start_resolving_with(&[]).await
    }

    /// As `start_resolving`, with environment variables.
    pub async fn start_resolving_with(environment: &[(&str, &str)]) -> Self {
        Self::open(Arc::new(tempfile::tempdir().expect("a temporary folder")), environment, true, Arc::new(SystemResolver)).await
    }

    async fn open(folder: Arc<TempDir>, environment: &[(&str, &str)], account: bool, resolver: Arc<dyn Resolve>) -> Self {
        let settings = settings(folder.path(), environment);
        let cameras = Arc::new(FakeCameras::default());
        let outside = Outside { resolver, connect: cameras.clone(), discovery: quiet() };
        let state = AppState::start(settings, outside).await.expect("a server that starts");
        let token = admin(&state, account).await;
        Self { cameras, router: server::router::app(state.clone()), state, token, folder }
    }

    /// Stops the server and starts another one on the same data.
    pub async fn restart(self) -> Self {
        self.restart_with(&[]).await
    }

    /// As `restart`, with environment variables.
    pub async fn restart_with(self, environment: &[(&str, &str)]) -> Self {
        self.state.shutdown().await;
        Self::open(self.folder, environment, false, Arc::new(TestNames)).await
    }

    /// Serves on a real socket; the address.
    pub async fn listen(&self) -> SocketAddr {
        self.listen_within(Limits::default()).await.0
    }

    /// As `listen`, with other limits.
    pub async fn listen_within(&self, limits: Limits) -> (SocketAddr, Server) {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        self.state.addresses.set_listener(address);
        remember(address, self.token.clone());
        (address, Server::start(&self.state, self.router.clone(), vec![Port { listener, https: false }], None, limits))
    }

    pub fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Sends a request, as an admin unless it says who it is from (a cookie, a token, or an empty `authorization` for nobody).
    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        if !request.headers().contains_key(AUTHORIZATION) && !request.headers().contains_key(COOKIE) {
            let value = format!("Bearer {}", self.token).parse().expect("a header's value");
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("a whole body").to_bytes();
        Answer { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Request::delete(path).body(Body::empty()).expect("a request")).await
    }

    pub async fn json(&self, method: &str, path: &str, body: Value) -> Answer {
        let request = Request::builder().method(method).uri(path).header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.json("POST", path, body).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.json("PATCH", path, body).await
    }

    /// Adds a camera that is reachable at `host`.test; its id.
    #[track_caller]
    pub fn add(&self, name: &str) -> impl Future<Output = i64> + '_ {
        let body = camera(name);
        async move {
            let answer = self.post("/api/v1/cameras", body).await;
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
            answer.json()["id"].as_i64().expect("an id")
        }
    }
}

/// Drives a future until it was not ready this often, then drops it, as the server does with a request whose client has gone. None: dropped.
pub async fn left_after<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    std::future::poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

/// Searches ask nobody but whom the settings name, and only on this machine.
fn quiet() -> Terms {
    Terms { group: SocketAddrV4::new(Ipv4Addr::LOCALHOST, 9), wait: Duration::from_secs(1) }
}

/// A camera that is accepted.
pub fn camera(name: &str) -> Value {
    serde_json::json!({ "name": name, "sources": { "main": { "url": "rtsp://ok.test:554/main" } } })
}
