//! The streams of a camera: status, recover, restart.

use crate::error::{AppError, AppResult};
use crate::extract::ApiPath;
use crate::guard::{On, Permit};
use crate::people::audit::Entry;
use crate::people::principal::{Deed, deed};
use app::model::{CameraAction, StreamStatus};
use axum::Json;
use media::id::Quality;
use media::stream::{RecoverOutcome, StreamHandle};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

/// Answer of recover and restart.
#[derive(Debug, Serialize, ToSchema)]
pub struct Restart {
    /// Whether a new session is being opened because of this request or one just before it.
    restarted: bool,
    /// Why, or why not.
    reason: String,
}

impl From<RecoverOutcome> for Restart {
    fn from(outcome: RecoverOutcome) -> Self {
        Self { restarted: outcome.restarted, reason: outcome.reason }
    }
}

/// The measured status of main and sub. A camera without a sub stream shows main's measurements for both. Of its sound only those are told who
/// may hear it.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/streams",
    tag = "streams",
    params(("id" = i64, Path)),
    responses((status = OK, body = Vec<StreamStatus>))
)]
pub async fn list(permit: Permit<On<deed::Live>>) -> AppResult<Json<Vec<StreamStatus>>> {
    let streams = permit.cameras.streams_of(permit.camera().0)?;
    let hears = permit.actions().has(CameraAction::Audio);
    Ok(Json(streams.into_iter().map(|status| if hears { status } else { status.without_sound() }).collect()))
}

/// Opens a new session if the server's own evidence says that this one is bad.
#[utoipa::path(
    post,
    path = "/api/v1/cameras/{id}/streams/{quality}/recover",
    tag = "streams",
    params(("id" = i64, Path), ("quality" = String, Path, description = "`main` or `sub`")),
    responses((status = OK, body = Restart))
)]
pub async fn recover(permit: Permit<On<deed::Live>>, ApiPath(path): ApiPath<(i64, String)>) -> AppResult<Json<Restart>> {
    Ok(Json(handle(&permit, &path.1)?.recover().await.into()))
}

/// Opens a new session whatever the evidence.
#[utoipa::path(
    post,
    path = "/api/v1/cameras/{id}/streams/{quality}/restart",
    tag = "streams",
    params(("id" = i64, Path), ("quality" = String, Path, description = "`main` or `sub`")),
    responses((status = OK, body = Restart))
)]
pub async fn restart(permit: Permit<On<deed::Operate>>, ApiPath(path): ApiPath<(i64, String)>) -> AppResult<Json<Restart>> {
    let restarted = |permit: Permit<On<deed::Operate>>| async move {
        let (id, stream) = (permit.camera().0, path.1);
        let outcome = handle(&permit, &stream)?.restart().await;
        let name = permit.cameras.get(id).map(|camera| camera.name).unwrap_or_default();
        permit.note(|actor| Entry::new(actor, "camera.restart").target("camera", id, &name).details(json!({ "stream": stream })));
        Ok(Json(outcome.into()))
    };
    permit.detached(restarted).await
}

fn handle<D: Deed>(permit: &Permit<On<D>>, quality: &str) -> AppResult<StreamHandle> {
    let quality: Quality = quality.parse().map_err(|_| AppError::stream_not_found())?;
    permit.cameras.stream(permit.camera(), quality)
}
