//! What the pages ask of the server while they are rendered, as a trait that the server implements and provides by context.
//!
//! Only reads for the first picture of a page belong here: changes go through the REST API like everybody else's.

use crate::model::{Camera, HttpsStatus, Problem, Role, StreamStatus, SystemHealth};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// The status of one stream of one camera.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CameraStatus {
    pub camera_id: i64,
    pub status: StreamStatus,
}

/// Everything the wall shows at first; later it changes by `/api/v1/ws`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WallData {
    /// In their order, the hidden ones among them: the page decides.
    pub cameras: Vec<Camera>,
    pub statuses: Vec<CameraStatus>,
}

/// What a guest's link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest {
    Camera,
    /// One recording, by its number.
    Recording(i64),
}

impl Guest {
    /// As the document says it in `data-guest`.
    pub fn told(self) -> String {
        match self {
            Self::Camera => "camera".to_owned(),
            Self::Recording(id) => id.to_string(),
        }
    }

    /// Reads [`Guest::told`].
    pub fn read(told: &str) -> Self {
        told.parse().map_or(Self::Camera, Self::Recording)
    }
}

/// The answer of a [`Backend`] method.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// The server as the pages see it.
pub trait Backend: Send + Sync + 'static {
    /// All cameras and the status of their streams.
    fn wall(&self) -> Answer<'_, WallData>;
    /// How the server and its machine are.
    fn system(&self) -> Answer<'_, SystemHealth>;
    /// How HTTPS is served.
    fn https(&self) -> Answer<'_, HttpsStatus>;
    /// Whether there is such a recording, for whoever asks for the page.
    fn recording(&self, id: i64) -> Answer<'_, ()>;
    /// The role of whoever asks for the page.
    fn role(&self) -> Option<Role>;
    /// What the link of whoever asks leads to, if they are a guest.
    fn guest(&self) -> Option<Guest>;
    /// What the page is about does not exist, for whoever asks: the answer's status says so too.
    fn missing(&self);
    /// The page is not for whoever asks: the answer's status says so too.
    fn refused(&self);
}

/// The server's [`Backend`] as it travels through context: `provide_context(ServerBackend(Arc::new(…)))` in
/// `leptos_routes_with_context`.
#[derive(Clone)]
pub struct ServerBackend(pub Arc<dyn Backend>);

/// The server of the page that is being rendered, or of the server function that is called.
#[cfg(feature = "ssr")]
fn backend() -> Result<Arc<dyn Backend>, ServerFnError> {
    use_context().map(|ServerBackend(backend)| backend).ok_or_else(|| ServerFnError::ServerError("no backend in context".to_owned()))
}

/// A problem as server functions tell it.
#[cfg(feature = "ssr")]
fn told(problem: Problem) -> ServerFnError {
    ServerFnError::ServerError(problem.detail)
}

/// The wall's first data. During server rendering this is a direct call.
#[server(prefix = "/api/ui", endpoint = "wall")]
pub async fn load_wall() -> Result<WallData, ServerFnError> {
    backend()?.wall().await.map_err(told)
}

/// The health page's first figures.
#[server(prefix = "/api/ui", endpoint = "system")]
pub async fn load_system() -> Result<SystemHealth, ServerFnError> {
    backend()?.system().await.map_err(told)
}

/// How HTTPS is served, for the page that explains it.
#[server(prefix = "/api/ui", endpoint = "https")]
pub async fn load_https() -> Result<HttpsStatus, ServerFnError> {
    backend()?.https().await.map_err(told)
}

/// Whether the server, while it renders a page, finds a recording that does not exist for whoever asks. In the browser the page asks the
/// API itself.
pub async fn lacks_recording(id: i64) -> bool {
    #[cfg(feature = "ssr")]
    {
        match backend() {
            // Any other failure is told by the page.
            Ok(backend) => backend.recording(id).await.is_err_and(|problem| problem.status == 404),
            Err(_) => false,
        }
    }
    #[cfg(not(feature = "ssr"))]
    {
        let _ = id;
        false
    }
}
