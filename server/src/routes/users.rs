//! Accounts: `/api/v1/users`, with what each may do, its password and where it is signed in. For admins.

use super::session::{end_listed, listed};
use crate::error::{AppError, AppResult, Kind};
use crate::extract::{ApiJson, ApiPath};
use crate::guard::{Admin, Gate, Permit};
use crate::moment;
use crate::people::audit::Entry;
use crate::people::directory::Person;
use crate::people::{NewPerson, PersonPatch};
use app::model::{NewPassword, Problem, SessionInfo, UserInfo, UserInput, UserPatch};
use axum::Json;
use axum::http::{HeaderName, StatusCode, header};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(read, update, remove))
        .routes(routes!(set_password))
        .routes(routes!(sessions, end_sessions))
        .routes(routes!(end_session))
}

fn told(permit: &Permit<Admin>, person: &Person) -> UserInfo {
    let people = &permit.people;
    let sessions = if person.disabled { 0 } else { people.sessions().of_person(person.id, person.generation).len() };
    UserInfo {
        id: person.id,
        username: person.name.clone(),
        role: person.role,
        disabled: person.disabled,
        grants: person.grants.clone(),
        created_at: moment::told(person.created_at),
        password_changed_at: moment::told(person.password_changed_at),
        last_sign_in_at: people.signed_in_at(person).map(moment::told),
        sessions: u32::try_from(sessions).unwrap_or(u32::MAX),
        own: permit.principal().person() == Some(person.id),
    }
}

/// All accounts, by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "users", responses((status = OK, body = Vec<UserInfo>)))]
async fn list(permit: Permit<Admin>) -> Json<Vec<UserInfo>> {
    let directory = permit.people.directory();
    let mut people: Vec<_> = directory.people.values().collect();
    people.sort_by(|one, other| one.name_key.cmp(&other.name_key));
    Json(people.into_iter().map(|person| told(&permit, person)).collect())
}

/// Makes an account.
#[utoipa::path(
    post,
    path = "/api/v1/users",
    tag = "users",
    request_body = UserInput,
    responses(
        (status = CREATED, body = UserInfo, headers(("Location" = String, description = "The account's address"))),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "The name is taken"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json", description = "`field` says what, `code` which rule"),
    )
)]
async fn create(
    permit: Permit<Admin>,
    ApiJson(input): ApiJson<UserInput>,
) -> AppResult<(StatusCode, [(HeaderName, String); 1], Json<UserInfo>)> {
    let new = NewPerson { name: input.username, role: input.role, grants: input.grants, password: input.password };
    let person = permit.people.add_person(permit.actor(), new).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/api/v1/users/{}", person.id))], Json(told(&permit, &person))))
}

/// An account.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}",
    tag = "users",
    params(("id" = i64, Path)),
    responses((status = OK, body = UserInfo))
)]
async fn read(permit: Permit<Admin>, ApiPath(id): ApiPath<i64>) -> AppResult<Json<UserInfo>> {
    let person = permit.people.person(id)?;
    Ok(Json(told(&permit, &person)))
}

/// Changes an account. Another role, or its being disabled, ends its sessions; less grants count at once, also for pictures that run.
#[utoipa::path(
    patch,
    path = "/api/v1/users/{id}",
    tag = "users",
    params(("id" = i64, Path)),
    request_body = UserPatch,
    responses(
        (status = OK, body = UserInfo),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "The name is taken, or this is the last admin (`last_admin`)"),
    )
)]
async fn update(permit: Permit<Admin>, ApiPath(id): ApiPath<i64>, ApiJson(patch): ApiJson<UserPatch>) -> AppResult<Json<UserInfo>> {
    let patch = PersonPatch { name: patch.username, role: patch.role, disabled: patch.disabled, grants: patch.grants };
    let person = permit.people.change_person(permit.actor(), id, patch).await?;
    Ok(Json(told(&permit, &person)))
}

/// Removes an account with its sessions, tokens and links.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}",
    tag = "users",
    params(("id" = i64, Path)),
    responses(
        (status = NO_CONTENT),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "This is the last admin (`last_admin`)"),
    )
)]
async fn remove(permit: Permit<Admin>, ApiPath(id): ApiPath<i64>) -> AppResult<StatusCode> {
    permit.people.remove_person(permit.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an account another password and ends its sessions. Not the own one: that takes the current password (`PUT /session/password`).
#[utoipa::path(
    put,
    path = "/api/v1/users/{id}/password",
    tag = "users",
    params(("id" = i64, Path)),
    request_body = NewPassword,
    responses(
        (status = NO_CONTENT),
        (status = CONFLICT, body = Problem, content_type = "application/problem+json", description = "It is the own account (`own_password`)"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json", description = "The password breaks the rule that `code` names"),
    )
)]
async fn set_password(permit: Permit<Admin>, ApiPath(id): ApiPath<i64>, ApiJson(body): ApiJson<NewPassword>) -> AppResult<StatusCode> {
    // Whoever finds an admin's browser open must not get the account for good.
    if permit.principal().person() == Some(id) {
        let detail = "This is your own account. Change its password on the page of your account, with the current one.";
        return Err(AppError::new(Kind::Conflict, "own_password", detail));
    }
    permit.people.reset_password(permit.actor(), id, &body.password.0, "password").await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where somebody is signed in, the last used first.
#[utoipa::path(
    get,
    path = "/api/v1/users/{id}/sessions",
    tag = "users",
    params(("id" = i64, Path)),
    responses((status = OK, body = Vec<SessionInfo>))
)]
async fn sessions(permit: Permit<Admin>, ApiPath(id): ApiPath<i64>) -> AppResult<Json<Vec<SessionInfo>>> {
    let person = permit.people.person(id)?;
    Ok(Json(listed(&permit, id, person.generation)))
}

/// Signs somebody out everywhere.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}/sessions",
    tag = "users",
    params(("id" = i64, Path)),
    responses((status = NO_CONTENT))
)]
async fn end_sessions(permit: Permit<Admin>, ApiPath(id): ApiPath<i64>) -> AppResult<StatusCode> {
    permit.people.sign_out_everywhere(permit.actor(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Signs somebody out in one place.
#[utoipa::path(
    delete,
    path = "/api/v1/users/{id}/sessions/{session}",
    tag = "users",
    params(("id" = i64, Path), ("session" = String, Path)),
    responses((status = NO_CONTENT))
)]
async fn end_session(permit: Permit<Admin>, ApiPath((id, wanted)): ApiPath<(i64, String)>) -> AppResult<StatusCode> {
    let person = permit.people.person(id)?;
    let ended = |permit: Permit<Admin>| async move {
        end_listed(&permit, id, person.generation, &wanted).await?;
        permit.note(|actor| Entry::new(actor, "session.end").target("user", id, &person.name));
        Ok(StatusCode::NO_CONTENT)
    };
    permit.detached(ended).await
}
