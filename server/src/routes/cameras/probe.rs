//! Trying a camera without storing it.

use crate::error::{AppError, AppResult};
use crate::extract::{ApiJson, ApiQuery};
use crate::guard::{Permit, SignedIn};
use crate::people::principal::{authorize, deed, not_allowed};
use crate::services::cameras::StoredPassword;
use app::model::{CameraAction, CameraInput, ProbeQuery, ProbeReport, Problem, Role};
use axum::Json;
use media::CameraId;

/// What the camera offers, or why it gives no picture. Nothing is stored.
#[utoipa::path(
    post,
    path = "/api/v1/cameras/probe",
    tag = "cameras",
    params(ProbeQuery),
    request_body = CameraInput,
    responses(
        (status = OK, body = ProbeReport),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json", description = "There is no camera `camera_id`"),
    )
)]
pub async fn probe(
    permit: Permit<SignedIn>,
    ApiQuery(query): ApiQuery<ProbeQuery>,
    input: Result<ApiJson<CameraInput>, AppError>,
) -> AppResult<Json<ProbeReport>> {
    // First whether they may: who may not learns nothing about what they sent.
    let (stored, watches) = match query.camera_id {
        _ if permit.principal().role() == Role::Admin => (StoredPassword::Follows, true),
        Some(id) => {
            let allowed = authorize::<deed::Configure>(permit.principal(), permit.cameras.wall().place(CameraId(id)))?;
            (StoredPassword::Stays, allowed.actions().has(CameraAction::Live))
        }
        None => return Err(not_allowed()),
    };
    let ApiJson(input) = input?;
    let mut report = permit.cameras.probe(input, query.camera_id, stored).await?;
    if !watches {
        // Who may set a camera up, but not watch it, learns that it works and nothing of what it sees.
        for stream in &mut report.streams {
            stream.picture = None;
        }
    }
    Ok(Json(report))
}
