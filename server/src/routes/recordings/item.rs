//! One recording: what it is, what is said about it, deleting it.

use super::told;
use crate::error::AppResult;
use crate::extract::ApiJson;
use crate::guard::{On, Permit};
use crate::people::principal::deed;
use app::model::{Problem, Recording, RecordingPatch};
use axum::Json;
use axum::http::StatusCode;

/// A recording.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{recording}",
    tag = "recordings",
    params(("recording" = i64, Path)),
    responses((status = OK, body = Recording))
)]
pub async fn get(permit: Permit<On<deed::Glance>>) -> AppResult<Json<Recording>> {
    let recording = permit.recordings.get(permit.recording()?, permit.actions()).await?;
    Ok(Json(told(&permit, recording)))
}

/// Writes a title over a recording.
#[utoipa::path(
    patch,
    path = "/api/v1/recordings/{recording}",
    tag = "recordings",
    params(("recording" = i64, Path)),
    request_body = RecordingPatch,
    responses((status = OK, body = Recording))
)]
pub async fn update(permit: Permit<On<deed::Record>>, ApiJson(patch): ApiJson<RecordingPatch>) -> AppResult<Json<Recording>> {
    let updated = |permit: Permit<On<deed::Record>>| async move {
        let id = permit.recording()?;
        permit.recordings.rename(permit.actor(), id, &patch.title).await?;
        Ok(Json(permit.recordings.get(id, permit.actions()).await?))
    };
    permit.detached(updated).await
}

/// Deletes a recording with its files, of a disk that is away as soon as it is back. Links to it end.
#[utoipa::path(
    delete,
    path = "/api/v1/recordings/{recording}",
    tag = "recordings",
    params(("recording" = i64, Path)),
    responses(
        (status = NO_CONTENT),
        (
            status = CONFLICT,
            body = Problem,
            content_type = "application/problem+json",
            description = "It is being recorded now (`recording_runs`)"
        ),
    )
)]
pub async fn delete(permit: Permit<On<deed::Record>>) -> AppResult<StatusCode> {
    let removed = |permit: Permit<On<deed::Record>>| async move {
        let id = permit.recording()?;
        permit.recordings.delete(permit.actor(), id).await?;
        if let Err(error) = permit.people.reread().await {
            // The links are gone all the same; the next change of accounts reads again.
            tracing::warn!(%error, recording.id = id, "links may still name a recording that was removed");
        }
        Ok(StatusCode::NO_CONTENT)
    };
    permit.detached(removed).await
}
