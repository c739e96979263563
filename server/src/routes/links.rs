//! `/api/v1/links`: signed links for players and links for guests, each to one camera.

use crate::error::{AppError, AppResult};
use crate::extract::{ApiJson, ApiPath};
use crate::guard::{Gate, Permit, SignedIn};
use crate::people::directory::{Link, LinkKind};
use crate::people::principal::{Who, authorize, deed, not_allowed};
use crate::people::rights::Actions;
use crate::people::{NewLink, link_not_found};
use app::model::{CameraAction, Problem, Role};
use axum::Json;
use axum::http::StatusCode;
use media::CameraId;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Players open it: VLC, a wall panel.
    Media,
    /// Browsers of guests open it.
    Guest,
}

/// A new link.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkInput {
    kind: Kind,
    /// What it is for, to recognise it by.
    label: String,
    camera_id: i64,
    /// `live` at least. What one may not do oneself one cannot give away.
    actions: Vec<CameraAction>,
    /// RFC 3339; within 7 days for players, within a year for guests.
    expires_at: String,
}

/// A link that holds.
#[derive(Debug, Serialize, ToSchema)]
struct LinkInfo {
    id: i64,
    kind: Kind,
    label: String,
    camera_id: i64,
    actions: Vec<CameraAction>,
    created_at: String,
    expires_at: String,
    last_used_at: Option<String>,
    /// The path to open; told once, when the link is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
}

impl LinkInfo {
    fn of(link: &Link) -> Self {
        let text = |at: OffsetDateTime| at.format(&Rfc3339).unwrap_or_default();
        Self {
            id: link.id,
            kind: match link.kind {
                LinkKind::Media => Kind::Media,
                LinkKind::Guest => Kind::Guest,
            },
            label: link.label.clone(),
            camera_id: link.camera,
            actions: link.actions.list(),
            created_at: text(link.created_at),
            expires_at: text(link.expires_at),
            last_used_at: link.last_used_at.map(text),
            path: None,
        }
    }
}

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// Admins look after all links, others after their own.
fn owns(permit: &Permit<SignedIn>, link: &Link) -> bool {
    permit.principal().role() == Role::Admin || (link.created_by.is_some() && link.created_by == permit.principal().person())
}

/// The links that hold: all for admins, the own ones for others.
#[utoipa::path(get, path = "/api/v1/links", tag = "links", responses((status = OK, body = Vec<LinkInfo>)))]
async fn list(permit: Permit<SignedIn>) -> Json<Vec<LinkInfo>> {
    let now = permit.people.now();
    let directory = permit.people.directory();
    let own = directory.links.values().filter(|link| link.expires_at > now && owns(&permit, link));
    Json(own.map(|link| LinkInfo::of(link)).collect())
}

/// Makes a link. Its path is told this once.
#[utoipa::path(
    post,
    path = "/api/v1/links",
    tag = "links",
    request_body = LinkInput,
    responses(
        (status = CREATED, body = LinkInfo),
        (status = FORBIDDEN, body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn create(permit: Permit<SignedIn>, ApiJson(input): ApiJson<LinkInput>) -> AppResult<(StatusCode, Json<LinkInfo>)> {
    let created_by = match permit.principal().who {
        Who::Person { id, .. } => Some(id),
        // A token of the console has nobody it could go with; only one that administers may make links.
        Who::Token { .. } if permit.principal().role() == Role::Admin => None,
        _ => return Err(not_allowed()),
    };
    let wall = permit.cameras.wall();
    let allowed = authorize::<deed::Live>(permit.principal(), wall.place(CameraId(input.camera_id)))?;
    if Actions::of(&input.actions).and(allowed.actions()) != Actions::of(&input.actions) {
        return Err(not_allowed().field("actions"));
    }
    let expires_at = OffsetDateTime::parse(&input.expires_at, &Rfc3339)
        .map_err(|_| AppError::invalid("expires_at", "invalid_value", "Write a moment as in 2030-01-31T12:00:00Z."))?;
    let kind = match input.kind {
        Kind::Media => LinkKind::Media,
        Kind::Guest => LinkKind::Guest,
    };
    let new = NewLink { kind, label: input.label, camera: input.camera_id, actions: input.actions, created_by, expires_at };
    let (link, secret) = permit.people.add_link(permit.actor(), new).await?;
    let path = match kind {
        LinkKind::Media => format!("/link/{}/live/{}/master.m3u8", &*secret, link.camera),
        LinkKind::Guest => format!("/guest/{}", &*secret),
    };
    Ok((StatusCode::CREATED, Json(LinkInfo { path: Some(path), ..LinkInfo::of(&link) })))
}

/// Revokes a link; whoever uses it is cut off.
#[utoipa::path(
    delete,
    path = "/api/v1/links/{id}",
    tag = "links",
    params(("id" = i64, Path)),
    responses((status = NO_CONTENT), (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"))
)]
async fn revoke(permit: Permit<SignedIn>, ApiPath(id): ApiPath<i64>) -> AppResult<StatusCode> {
    let directory = permit.people.directory();
    directory.links.get(&id).filter(|link| owns(&permit, link)).ok_or_else(link_not_found)?;
    permit.people.revoke_link(permit.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
