//! Recording by hand.

use crate::error::AppResult;
use crate::extract::ApiJson;
use crate::guard::{Asked, On, Permit};
use crate::people::audit::Entry;
use crate::people::principal::deed;
use app::model::{Problem, Recording, RecordingInput};
use axum::Json;
use axum::http::StatusCode;
use axum::http::header::LOCATION;
use axum::response::IntoResponse;
use serde_json::json;

type Recorder = Permit<On<deed::Record>>;

/// Starts recording a camera’s main stream. What is in memory since the newest key frame is kept, too.
#[utoipa::path(
    post,
    path = "/api/v1/cameras/{id}/recording",
    tag = "recordings",
    params(("id" = i64, Path)),
    request_body = RecordingInput,
    responses(
        (status = CREATED, body = Recording, headers(("Location" = String, description = "Its address"))),
        (status = NOT_FOUND),
        (
            status = CONFLICT,
            body = Problem,
            content_type = "application/problem+json",
            description = "It is being recorded already (`recording_runs`), or switched off (`camera_off`)"
        ),
    )
)]
pub async fn start(permit: Recorder, ApiJson(input): ApiJson<RecordingInput>) -> AppResult<impl IntoResponse> {
    let started = |permit: Recorder| async move {
        let id = permit.recordings.start(permit.actor(), permit.principal().name(), permit.camera(), input.duration_s).await?;
        told(&permit, id).await
    };
    let recording = permit.detached(started).await?;
    let place = format!("/api/v1/recordings/{}", recording.id);
    Ok((StatusCode::CREATED, [(LOCATION, place)], Json(recording)))
}

/// Ends a camera’s recording; answers when it is stored.
#[utoipa::path(
    delete,
    path = "/api/v1/cameras/{id}/recording",
    tag = "recordings",
    params(("id" = i64, Path)),
    responses(
        (status = OK, body = Recording),
        (
            status = CONFLICT,
            body = Problem,
            content_type = "application/problem+json",
            description = "It is not being recorded (`not_recording`)"
        ),
    )
)]
pub async fn stop(permit: Recorder) -> AppResult<Json<Recording>> {
    let stopped = |permit: Recorder| async move {
        let id = permit.recordings.stop(permit.camera()).await?;
        let recording = told(&permit, id).await?;
        let details = json!({ "camera": recording.camera_id, "ms": recording.duration_ms, "bytes": recording.bytes });
        permit.note(|actor| Entry::new(actor, "recording.stop").target("recording", id, &recording.camera_name).details(details));
        Ok(Json(recording))
    };
    permit.detached(stopped).await
}

async fn told(permit: &Recorder, id: i64) -> AppResult<Recording> {
    let wall = permit.cameras.wall();
    let place = Asked::recording(permit.camera().0, id).place(&wall);
    let actions = place.map(|place| permit.principal().on(place)).unwrap_or_default();
    permit.recordings.get(id, actions).await
}
