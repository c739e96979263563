//! One camera: read, change, delete.

use crate::error::AppResult;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::guard::{Admin, On, Permit};
use crate::people::audit::Entry;
use crate::people::principal::{deed, not_allowed};
use crate::services::cameras::StoredPassword;
use app::model::{Camera, CameraPatch, Problem, Role, SaveQuery};
use axum::Json;
use axum::http::StatusCode;
use serde_json::json;

/// One camera.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}",
    tag = "cameras",
    params(("id" = i64, Path)),
    responses((status = OK, body = Camera))
)]
pub async fn get(permit: Permit<On<deed::See>>) -> AppResult<Json<Camera>> {
    let camera = permit.cameras.get(permit.camera().0)?;
    Ok(Json(permit.shown(camera)))
}

/// Changes what the body names. Without a new password the stored one stays; only admins can point a camera elsewhere without typing it again
/// (`password_needed`). A changed source is tried first, unless `force=true`.
#[utoipa::path(
    patch,
    path = "/api/v1/cameras/{id}",
    tag = "cameras",
    params(("id" = i64, Path), SaveQuery),
    request_body = CameraPatch,
    responses(
        (status = OK, body = Camera),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn update(
    permit: Permit<On<deed::Configure>>,
    ApiQuery(query): ApiQuery<SaveQuery>,
    ApiJson(patch): ApiJson<CameraPatch>,
) -> AppResult<Json<Camera>> {
    let id = permit.camera().0;
    let before = permit.cameras.get(id)?;
    let admin = permit.principal().role() == Role::Admin;
    // Groups carry rights: who may change one camera must not hand it to others, or take it from them.
    if !admin && patch.group.as_ref().is_some_and(|group| *group != before.group) {
        return Err(not_allowed().field("group"));
    }
    let typed = patch.credentials.as_ref().and_then(Option::as_ref).is_some_and(|login| login.password.is_some());
    let stored = if admin { StoredPassword::Follows } else { StoredPassword::Stays };
    let updated = |permit: Permit<On<deed::Configure>>| async move {
        let camera = permit.cameras.update(id, patch, query.force, stored).await?;
        let (before, mut after) = (json!(before), json!(camera));
        if typed {
            // That there is another one is a change, too; the log masks what it is.
            after["password"] = "new".into();
        }
        permit.note(|actor| Entry::new(actor, "camera.update").target("camera", id, &camera.name).changes(&before, &after));
        Ok(Json(permit.shown(camera)))
    };
    permit.detached(updated).await
}

/// Deletes a camera and ends its streams.
#[utoipa::path(
    delete,
    path = "/api/v1/cameras/{id}",
    tag = "cameras",
    params(("id" = i64, Path)),
    responses((status = NO_CONTENT))
)]
pub async fn delete(permit: Permit<Admin>, ApiPath(id): ApiPath<i64>) -> AppResult<StatusCode> {
    let camera = permit.cameras.get(id)?;
    let removed = |permit: Permit<Admin>| async move {
        permit.cameras.delete(id).await?;
        permit.note(|actor| Entry::new(actor, "camera.delete").target("camera", id, &camera.name).details(json!({ "camera": camera })));
        if let Err(error) = permit.people.reread().await {
            // It is gone all the same; the next change of accounts reads again.
            tracing::warn!(%error, camera.id = id, "what people may do still names a camera that was removed");
        }
        Ok(StatusCode::NO_CONTENT)
    };
    permit.detached(removed).await
}
