//! `/api/v1/setup`: the first account, for whoever can read the server's console.

use super::session;
use crate::error::AppResult;
use crate::extract::ApiJson;
use crate::guard::{Anyone, Gate, Permit};
use crate::people::sessions::Subject;
use app::model::{FirstAdmin, Problem};
use axum::Json;
use axum::http::{HeaderMap, StatusCode};
use serde::Serialize;
use tower_sessions::Session;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Answer of `GET /setup`.
#[derive(Debug, Serialize, ToSchema)]
pub struct SetupState {
    /// There is no account yet.
    needed: bool,
}

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(read, create))
}

/// Whether the server waits for its first account.
#[utoipa::path(get, path = "/api/v1/setup", tag = "session", security(()), responses((status = OK, body = SetupState)))]
async fn read(permit: Permit<Anyone>) -> Json<SetupState> {
    Json(SetupState { needed: !permit.people.directory().has_accounts() })
}

/// Makes the first account, an admin, and signs it in. The token stands on the server's console and is of no use afterwards.
#[utoipa::path(
    post,
    path = "/api/v1/setup",
    tag = "session",
    security(()),
    request_body = FirstAdmin,
    responses(
        (status = CREATED),
        (status = FORBIDDEN, body = Problem, content_type = "application/problem+json", description = "Not the token, or sent by a page of another site"),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "There is an account already"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json", description = "A name or password that is not taken; see `field` and `code`"),
        (status = TOO_MANY_REQUESTS),
    )
)]
async fn create(permit: Permit<Anyone>, session: Session, headers: HeaderMap, ApiJson(body): ApiJson<FirstAdmin>) -> AppResult<StatusCode> {
    let person = permit.people.set_up(permit.address(), &body.setup_token.0, body.username, body.password).await?;
    let subject = Subject::Person { id: person.id, generation: person.generation };
    session::begin(&permit, &session, subject, &headers, session::Lasts::Usual).await?;
    Ok(StatusCode::CREATED)
}
