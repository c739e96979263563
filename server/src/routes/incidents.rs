//! The incident log: `/api/v1/incidents` and what a camera has of it.

use crate::error::AppResult;
use crate::extract::{ApiPath, ApiQuery};
use crate::state::AppState;
use app::model::{Availability, Incident, IncidentQuery, Problem, Timeline, TimelineQuery};
use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(all)).routes(routes!(of_camera)).routes(routes!(availability)).routes(routes!(timeline))
}

/// The incidents of all cameras and of the server, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/incidents",
    tag = "incidents",
    params(IncidentQuery),
    responses(
        (status = OK, body = Vec<Incident>),
        (status = BAD_REQUEST, body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn all(State(state): State<AppState>, ApiQuery(query): ApiQuery<IncidentQuery>) -> AppResult<Json<Vec<Incident>>> {
    state.incidents.list(None, &query).await.map(Json)
}

/// The incidents of a camera, the newest first.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/incidents",
    tag = "incidents",
    params(("id" = i64, Path), IncidentQuery),
    responses(
        (status = OK, body = Vec<Incident>),
        (status = BAD_REQUEST, body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn of_camera(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<i64>,
    ApiQuery(query): ApiQuery<IncidentQuery>,
) -> AppResult<Json<Vec<Incident>>> {
    state.cameras.get(id)?;
    state.incidents.list(Some(id), &query).await.map(Json)
}

/// How much of the wanted time of the last seven UTC days a camera was live.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/availability",
    tag = "incidents",
    params(("id" = i64, Path)),
    responses((status = OK, body = Availability), (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"))
)]
async fn availability(State(state): State<AppState>, ApiPath(id): ApiPath<i64>) -> AppResult<Json<Availability>> {
    state.cameras.get(id)?;
    state.incidents.availability(id).await.map(Json)
}

/// How the streams of a camera went over the last day or week: live, dark or not wanted, by slots of time.
#[utoipa::path(
    get,
    path = "/api/v1/cameras/{id}/timeline",
    tag = "incidents",
    params(("id" = i64, Path), TimelineQuery),
    responses(
        (status = OK, body = Timeline),
        (status = BAD_REQUEST, body = Problem, content_type = "application/problem+json"),
        (status = NOT_FOUND, body = Problem, content_type = "application/problem+json"),
    )
)]
async fn timeline(
    State(state): State<AppState>,
    ApiPath(id): ApiPath<i64>,
    ApiQuery(query): ApiQuery<TimelineQuery>,
) -> AppResult<Json<Timeline>> {
    state.cameras.get(id)?;
    state.incidents.timeline(id, query.range).await.map(Json)
}
