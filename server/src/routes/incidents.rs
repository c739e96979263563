//! The incident log: `/api/v1/incidents` and what a camera has of it.

use crate::error::AppResult;
use crate::extract::ApiQuery;
use crate::guard::{Gate, On, Permit, SignedIn};
use crate::people::principal::deed;
use app::model::{Availability, Incident, IncidentQuery, Role, Timeline, TimelineQuery};
use axum::Json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Pages that are looked through for somebody who sees few cameras; what is further back is found with `before`.
const PAGES: usize = 20;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(all)).routes(routes!(of_camera)).routes(routes!(availability)).routes(routes!(timeline))
}

/// The incidents of all cameras and of the server, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/incidents",
    tag = "incidents",
    params(IncidentQuery),
    responses((status = OK, body = Vec<Incident>), (status = UNPROCESSABLE_ENTITY))
)]
async fn all(permit: Permit<SignedIn>, ApiQuery(mut query): ApiQuery<IncidentQuery>) -> AppResult<Json<Vec<Incident>>> {
    let mut found = permit.incidents.list(None, &query).await?;
    if permit.principal().role() == Role::Admin {
        return Ok(Json(found));
    }
    // Others see what is about their cameras: page after page is looked through until one is full.
    let wanted = query.limit.map_or(found.len().max(1), |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut shown: Vec<Incident> = Vec::new();
    for _ in 0..PAGES {
        let Some(last) = found.last().map(|incident| incident.id) else { break };
        shown.extend(found.into_iter().filter(|incident| incident.camera_id.is_some_and(|camera| permit.watches(camera))));
        if shown.len() >= wanted {
            break;
        }
        query.before = Some(last);
        found = permit.incidents.list(None, &query).await?;
    }
    shown.truncate(wanted);
    Ok(Json(shown))
}

/// The incidents of a camera, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/incidents",
    tag = "incidents",
    params(("id" = i64, Path), IncidentQuery),
    responses((status = OK, body = Vec<Incident>), (status = UNPROCESSABLE_ENTITY))
)]
async fn of_camera(permit: Permit<On<deed::Live>>, ApiQuery(query): ApiQuery<IncidentQuery>) -> AppResult<Json<Vec<Incident>>> {
    let id = permit.camera().0;
    permit.incidents.list(Some(id), &query).await.map(Json)
}

/// How much of the wanted time of the last seven UTC days a camera was live.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/availability",
    tag = "incidents",
    params(("id" = i64, Path)),
    responses((status = OK, body = Availability))
)]
async fn availability(permit: Permit<On<deed::Live>>) -> AppResult<Json<Availability>> {
    let id = permit.camera().0;
    permit.incidents.availability(id).await.map(Json)
}

/// How the streams of a camera went over the last day or week: live, dark or not wanted, by slots of time.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/timeline",
    tag = "incidents",
    params(("id" = i64, Path), TimelineQuery),
    responses((status = OK, body = Timeline))
)]
async fn timeline(permit: Permit<On<deed::Live>>, ApiQuery(query): ApiQuery<TimelineQuery>) -> AppResult<Json<Timeline>> {
    let id = permit.camera().0;
    permit.incidents.timeline(id, query.range).await.map(Json)
}
