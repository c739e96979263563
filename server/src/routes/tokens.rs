//! API tokens: `/api/v1/tokens`. For admins.

use crate::entities::token;
use crate::error::{AppError, AppResult};
use crate::extract::{ApiJson, ApiPath};
use crate::guard::{Admin, Gate, Permit};
use crate::moment;
use crate::people::NewToken;
use app::model::{Problem, TokenInfo, TokenInput, TokenScope};
use axum::Json;
use axum::http::StatusCode;
use media::CameraId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// All tokens, the newest first; also those that have ended or whose owner is disabled, until they are revoked.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", responses((status = OK, body = Vec<TokenInfo>)))]
async fn list(permit: Permit<Admin>) -> AppResult<Json<Vec<TokenInfo>>> {
    let rows = permit.people.token_rows().await?;
    Ok(Json(rows.into_iter().map(|row| told(&permit, row)).collect()))
}

fn told(permit: &Permit<Admin>, row: token::Model) -> TokenInfo {
    let people = &permit.people;
    let directory = people.directory();
    let owner = row.owner_id.map(|id| directory.people.get(&id));
    TokenInfo {
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        // An unknown scope is from a newer version: the least.
        scope: row.scope.parse().unwrap_or(TokenScope::Read),
        owner: owner.map(|owner| owner.map(|owner| owner.name.clone()).unwrap_or_default()),
        camera_ids: row.camera_ids.map(|ids| ids.0),
        created_at: moment::told(row.created_at),
        active: row.expires_at.is_none_or(|at| at > people.now()) && owner.is_none_or(|owner| owner.is_some_and(|owner| !owner.disabled)),
        expires_at: row.expires_at.map(moment::told),
        last_used_at: people.token_used_at(row.id, row.last_used_at).map(moment::told),
        secret: None,
    }
}

/// Makes a token. Its secret is told in this answer and never again. It belongs to whoever makes it: it can do no more than they, and goes
/// with their account.
#[utoipa::path(
    post,
    path = "/api/v1/tokens",
    tag = "tokens",
    request_body = TokenInput,
    responses(
        (status = CREATED, body = TokenInfo),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "There are too many"),
    )
)]
async fn create(permit: Permit<Admin>, ApiJson(input): ApiJson<TokenInput>) -> AppResult<(StatusCode, Json<TokenInfo>)> {
    let expires_at = input.expires_at.as_deref().map(|at| moment::read(at, "expires_at")).transpose()?;
    let wall = permit.cameras.wall();
    for (index, id) in input.camera_ids.iter().flatten().enumerate() {
        if wall.place(CameraId(*id)).is_none() {
            return Err(AppError::invalid(format!("camera_ids[{index}]"), "camera_not_found", "There is no such camera."));
        }
    }
    let new = NewToken { name: input.name, scope: input.scope, owner: permit.owner(), camera_ids: input.camera_ids, expires_at };
    let (token, secret) = permit.people.add_token(permit.actor(), new).await?;
    let directory = permit.people.directory();
    let info = TokenInfo {
        id: token.id,
        name: token.name.clone(),
        prefix: token.prefix.clone(),
        scope: token.scope,
        owner: token.owner.and_then(|id| directory.people.get(&id)).map(|owner| owner.name.clone()),
        camera_ids: token.camera_ids.clone(),
        created_at: moment::told(token.created_at),
        expires_at: token.expires_at.map(moment::told),
        last_used_at: None,
        active: true,
        secret: Some((*secret).clone()),
    };
    Ok((StatusCode::CREATED, Json(info)))
}

/// Revokes a token: whoever uses it is cut off.
#[utoipa::path(
    delete,
    path = "/api/v1/tokens/{id}",
    tag = "tokens",
    params(("id" = i64, Path)),
    responses((status = NO_CONTENT))
)]
async fn revoke(permit: Permit<Admin>, ApiPath(id): ApiPath<i64>) -> AppResult<StatusCode> {
    permit.people.remove_token(permit.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
