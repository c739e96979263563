//! A whole server on a real socket with real cameras: everything goes over the network, nothing is faked but the camera itself.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod hls;
pub mod http;
pub mod http2;
pub mod mse;
pub mod programs;

use app::model::{CameraAction, Password, Role, TokenScope};
use http::Http;
use media::id::{CameraId, Quality};
use media::stream::StreamState;
use media::stream::handle::StreamHandle;
use media::stream::status::StreamStatus;
use serde_json::{Value, json};
use server::config::{Flags, Settings};
use server::people::audit::Actor;
use server::people::directory::LinkKind;
use server::people::{NewLink, NewPerson, NewToken};
use server::state::{AppState, Outside};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio::task::JoinHandle;

/// Nothing that is waited for here takes nearly as long, on a busy machine either.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// What is promised: whoever loses a right is cut off by then.
pub const CUT_OFF: Duration = Duration::from_secs(5);

pub struct Server {
    pub state: AppState,
    pub address: SocketAddr,
    serving: JoinHandle<()>,
    folder: Arc<TempDir>,
}

impl Server {
    pub async fn start() -> Self {
        Self::open(folder(), None).await
    }

    /// A server whose connections have hardly any room: a client that does not read is felt at once.
    pub async fn start_narrow() -> Self {
        Self::open(folder(), Some(8192)).await
    }

    async fn open(folder: Arc<TempDir>, send_buffer: Option<u32>) -> Self {
        let environment = HashMap::from([
            ("NIGHTJAR_DATA".to_owned(), folder.path().to_string_lossy().into_owned()),
            ("NIGHTJAR_ALLOW_LOOPBACK_CAMERAS".to_owned(), "true".to_owned()),
        ]);
        let settings = Settings::load_from(&Flags::default(), Some(environment)).expect("settings that load");
        let outside = Outside::real(&settings);
        let state = AppState::start(settings, outside).await.expect("a server that starts");
        let socket = TcpSocket::new_v4().expect("a socket");
        if let Some(bytes) = send_buffer {
            // Accepted connections inherit it.
            socket.set_send_buffer_size(bytes).expect("a socket option");
        }
        socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
        let listener = socket.listen(1024).expect("a socket that listens");
        let address = listener.local_addr().expect("an address");
        state.addresses.set_listener(address);
        remember(address, admin(&state, true).await);
        let service = server::router::app(state.clone()).into_make_service_with_connect_info::<SocketAddr>();
        let server = axum::serve(listener, service).with_graceful_shutdown(state.stopping.clone().cancelled_owned());
        let serving = tokio::spawn(async move { server.await.expect("a server that serves") });
        Self { state, address, serving, folder }
    }

    /// Stops the server; its data stays until the folder is dropped.
    pub async fn stop(self) -> Arc<TempDir> {
        self.state.shutdown().await;
        timely("connections end", self.serving).await.expect("no panic");
        self.folder
    }

    /// Another server on the same data.
    pub async fn restart(self) -> Self {
        Self::open(self.stop().await, None).await
    }

    pub async fn http(&self) -> Http {
        Http::connect(self.address).await
    }

    /// The address of live media for a player that knows nothing of tokens.
    pub async fn player_url(&self, camera: i64, file: &str) -> String {
        let new = NewLink {
            kind: LinkKind::Media,
            label: "A player".to_owned(),
            camera,
            stream: None,
            recording: None,
            actions: vec![CameraAction::Live, CameraAction::Audio],
            created_by: None,
            expires_at: self.state.people.now() + time::Duration::hours(1),
        };
        let (_, link) = self.state.people.add_link(Actor::console(), new).await.expect("a link");
        format!("http://{}/link/{}/live/{camera}/{file}", self.address, &*link)
    }

    /// Adds a camera; its number.
    pub async fn add(&self, body: &Value) -> i64 {
        let answer = self.http().await.json("POST", "/api/v1/cameras", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_i64().expect("an id")
    }

    /// Adds an RTSP camera with a main and perhaps a sub stream.
    pub async fn add_rtsp(&self, name: &str, main: &str, sub: Option<&str>) -> i64 {
        self.add(&rtsp(name, main, sub)).await
    }

    /// Adds a camera that has never been seen, and runs on demand.
    pub async fn add_rtsp_unseen(&self, name: &str, url: &str) -> i64 {
        let mut body = rtsp(name, url, None);
        body["always_on"] = json!(false);
        let answer = self.http().await.json("POST", "/api/v1/cameras?force=true", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_i64().expect("an id")
    }

    /// Adds an always-on camera without trying it first.
    pub async fn add_rtsp_unseen_always(&self, number: u32, url: String) -> i64 {
        let body = rtsp(&format!("Camera {number}"), &url, None);
        let answer = self.http().await.json("POST", "/api/v1/cameras?force=true", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["id"].as_i64().expect("an id")
    }

    pub fn stream(&self, camera: i64, quality: Quality) -> StreamHandle {
        self.state.cameras.stream(CameraId(camera), quality).expect("a stream")
    }

    /// Waits until a stream's status is as wanted.
    pub async fn until(&self, camera: i64, quality: Quality, wanted: impl Fn(&StreamStatus) -> bool) -> StreamStatus {
        let mut watch = self.stream(camera, quality).watch();
        let last = watch.clone();
        let found = tokio::time::timeout(PATIENCE, watch.wait_for(|status| wanted(status))).await;
        match found {
            Ok(Ok(status)) => status.clone(),
            _ => panic!("camera {camera} {quality}: {:?}", *last.borrow()),
        }
    }

    pub async fn live(&self, camera: i64, quality: Quality) -> StreamStatus {
        self.until(camera, quality, |status| status.state == StreamState::Live).await
    }

    /// The camera's streams as the API tells them.
    pub async fn streams(&self, camera: i64) -> Value {
        self.http().await.get(&format!("/api/v1/cameras/{camera}/streams")).await.json()
    }
}

/// Admins' tokens of the servers that run, so that clients which know an address only are admins.
static TOKENS: LazyLock<Mutex<HashMap<SocketAddr, String>>> = LazyLock::new(Mutex::default);

/// Clients of this address use this token.
pub fn remember(address: SocketAddr, token: String) {
    TOKENS.lock().expect("no panic").insert(address, token);
}

/// The token of the server at an address.
pub fn token(address: SocketAddr) -> String {
    TOKENS.lock().expect("no panic").get(&address).cloned().unwrap_or_default()
}

/// An admin's API token; with the first account, if wanted.
pub async fn admin(state: &AppState, account: bool) -> String {
    let people = &state.people;
    if account && !people.directory().has_accounts() {
        let password = Password("violet ferry onion crane".to_owned());
        let new = NewPerson { name: "Admin".to_owned(), role: Role::Admin, grants: None, password };
        people.add_person(Actor::console(), new).await.expect("an account");
    }
    let new = NewToken { name: "Tests".to_owned(), scope: TokenScope::Admin, owner: None, camera_ids: None, expires_at: None };
    people.add_token(Actor::console(), new).await.expect("a token").1.to_string()
}

fn folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a temporary folder"))
}

/// A camera as the API takes it.
pub fn rtsp(name: &str, main: &str, sub: Option<&str>) -> Value {
    let mut sources = json!({ "main": { "url": main, "transport": "auto" } });
    if let Some(sub) = sub {
        sources["sub"] = json!({ "url": sub, "transport": "auto" });
    }
    json!({ "name": name, "sources": sources })
}

/// Fails, instead of hanging, when something does not happen.
#[track_caller]
pub fn timely<T>(what: &str, waiting: impl Future<Output = T>) -> impl Future<Output = T> {
    within(PATIENCE, what, waiting)
}

/// Fails when something does not happen in the time that is promised for it. Only for promises: what has none is waited for by [`timely`].
#[track_caller]
pub fn within<T>(limit: Duration, what: &str, waiting: impl Future<Output = T>) -> impl Future<Output = T> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(limit, waiting).await {
            Ok(value) => value,
            Err(_) => panic!("{what}: not within {} s ({caller})", limit.as_secs()),
        }
    }
}
