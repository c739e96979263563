//! `/api/v1/links`: signed links for players and links for guests, each to one camera or one recording.

use crate::error::AppResult;
use crate::extract::{ApiJson, ApiPath};
use crate::guard::{Asked, Gate, Permit, SignedIn};
use crate::moment;
use crate::people::directory::{self, Link};
use crate::people::principal::{Who, authorize, deed, not_allowed, recording_not_found};
use crate::people::rights::Actions;
use crate::people::{NewLink, link_not_found};
use app::model::{LinkInfo, LinkInput, LinkKind, Problem, Role};
use axum::Json;
use axum::http::StatusCode;
use media::CameraId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// As the API tells it.
fn told(permit: &Permit<SignedIn>, link: &Link) -> LinkInfo {
    let directory = permit.people.directory();
    let maker = link.created_by.and_then(|id| directory.people.get(&id));
    LinkInfo {
        id: link.id,
        kind: match link.kind {
            directory::LinkKind::Media => LinkKind::Media,
            directory::LinkKind::Guest => LinkKind::Guest,
        },
        label: link.label.clone(),
        camera_id: link.camera,
        stream: link.stream,
        recording_id: link.recording,
        actions: link.actions.list(),
        created_by: maker.map(|maker| maker.name.clone()),
        created_at: moment::told(link.created_at),
        expires_at: moment::told(link.expires_at),
        last_used_at: permit.people.link_used_at(link).map(moment::told),
        active: directory.links.contains_key(&link.id),
        path: None,
    }
}

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// Admins look after all links, others after their own.
fn owns(permit: &Permit<SignedIn>, link: &Link) -> bool {
    permit.principal().role() == Role::Admin || (link.created_by.is_some() && link.created_by == permit.principal().person())
}

/// The links that have neither ended nor been revoked: all for admins, the own ones for others. Also those that rest because their maker is
/// disabled.
#[utoipa::path(get, path = "/api/v1/links", tag = "links", responses((status = OK, body = Vec<LinkInfo>)))]
async fn list(permit: Permit<SignedIn>) -> Json<Vec<LinkInfo>> {
    let now = permit.people.now();
    let directory = permit.people.directory();
    let own = directory.every_link().filter(|link| link.expires_at > now && owns(&permit, link));
    Json(own.map(|link| told(&permit, link)).collect())
}

/// Makes a link. Its path is told this once.
#[utoipa::path(
    post,
    path = "/api/v1/links",
    tag = "links",
    request_body = LinkInput,
    responses(
        (status = CREATED, body = LinkInfo),
        (status = NOT_FOUND),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "There are too many (`too_many_links`)"),
    )
)]
async fn create(permit: Permit<SignedIn>, ApiJson(input): ApiJson<LinkInput>) -> AppResult<(StatusCode, Json<LinkInfo>)> {
    let created_by = match permit.principal().who {
        // Of programs, only those that administer may make links.
        Who::Token { .. } if permit.principal().role() != Role::Admin => return Err(not_allowed()),
        Who::Person { .. } | Who::Token { .. } => permit.owner(),
        Who::Nobody | Who::Guest { .. } | Who::Player { .. } => return Err(not_allowed()),
    };
    let allowed = match input.recording_id {
        None => {
            let wall = permit.cameras.wall();
            authorize::<deed::Live>(permit.principal(), wall.place(CameraId(input.camera_id)))?.actions()
        }
        Some(recording) => {
            let (camera, _) = permit.recordings.camera_of(recording).await?;
            let wall = permit.cameras.wall();
            let allowed = authorize::<deed::Glance>(permit.principal(), Asked::recording(camera, recording).place(&wall))?.actions();
            if camera != input.camera_id {
                return Err(recording_not_found());
            }
            allowed
        }
    };
    if Actions::of(&input.actions).and(allowed) != Actions::of(&input.actions) {
        return Err(not_allowed().field("actions"));
    }
    let expires_at = moment::read(&input.expires_at, "expires_at")?;
    let kind = match input.kind {
        LinkKind::Media => directory::LinkKind::Media,
        LinkKind::Guest => directory::LinkKind::Guest,
    };
    let new = NewLink {
        kind,
        label: input.label,
        camera: input.camera_id,
        stream: input.stream,
        recording: input.recording_id,
        actions: input.actions,
        created_by,
        expires_at,
    };
    let (link, secret) = permit.people.add_link(permit.actor(), new).await?;
    let path = match input.kind {
        LinkKind::Media => match link.path() {
            Some(path) => format!("/link/{}{path}index.m3u8", &*secret),
            None => format!("/link/{}/live/{}/master.m3u8", &*secret, link.camera),
        },
        LinkKind::Guest => format!("/guest/{}", &*secret),
    };
    Ok((StatusCode::CREATED, Json(LinkInfo { path: Some(path), ..told(&permit, &link) })))
}

/// Revokes a link; whoever uses it is cut off.
#[utoipa::path(
    delete,
    path = "/api/v1/links/{id}",
    tag = "links",
    params(("id" = i64, Path)),
    responses((status = NO_CONTENT))
)]
async fn revoke(permit: Permit<SignedIn>, ApiPath(id): ApiPath<i64>) -> AppResult<StatusCode> {
    let directory = permit.people.directory();
    directory.every_link().find(|link| link.id == id && owns(&permit, link)).ok_or_else(link_not_found)?;
    permit.people.revoke_link(permit.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}
