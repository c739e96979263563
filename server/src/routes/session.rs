//! Signing in and out: `/api/v1/session`, and the own sessions below `/api/v1/sessions`.

use crate::error::{AppError, AppResult};
use crate::extract::{ApiJson, ApiPath};
use crate::guard::{Anyone, Gate, Permit, SignedIn};
use crate::listen::client::Client;
use crate::moment;
use crate::people::audit::Entry;
use crate::people::principal::{Principal, Proof, Who, not_signed_in};
use crate::people::sessions::{Entry as Kept, SIGNED_IN, SignedIn as Stored, Subject, hash};
use crate::secrets::to_hex;
use app::model::{PasswordChange, Problem, SessionInfo, SignIn, WhoAmI, WhoKind};
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use time::OffsetDateTime;
use tower_sessions::{Expiry, Session};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Bytes of a session's hash by which lists name it.
const SHOWN: usize = 8;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new()
        .routes(routes!(read, sign_in, sign_out))
        .routes(routes!(change_password))
        .routes(routes!(list, end_all))
        .routes(routes!(end))
}

/// How long a session that begins lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lasts {
    /// Idle and absolute expiry.
    Usual,
    /// A tablet on the wall: until then, however long it is switched off.
    Display(OffsetDateTime),
    /// As usual, but not beyond this.
    Until(OffsetDateTime),
}

impl Lasts {
    fn display<K: crate::guard::Kind>(permit: &Permit<K>) -> Self {
        Self::Display(permit.people.now().saturating_add(permit.people.sessions().lifetimes().display))
    }
}

/// Begins a session for `subject` under a new id; the cookie goes out with the answer.
///
/// # Errors
/// The session could not be stored.
pub async fn begin<K: crate::guard::Kind>(
    permit: &Permit<K>,
    session: &Session,
    subject: Subject,
    headers: &HeaderMap,
    lasts: Lasts,
) -> AppResult<()> {
    // Whatever this browser was signed in as before ends, and its id with it.
    session.flush().await.map_err(AppError::internal)?;
    let user_agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or("").to_owned();
    let (until, stay) = match lasts {
        Lasts::Usual => (None, false),
        Lasts::Display(until) => (Some(until), true),
        Lasts::Until(until) => (Some(until), false),
    };
    let stored = Stored {
        subject,
        rises: permit.people.rises(subject),
        address: permit.client().address.to_string(),
        user_agent,
        until: until.map(OffsetDateTime::unix_timestamp),
        stay,
    };
    if let Some(until) = until {
        session.set_expiry(Some(Expiry::AtDateTime(until)));
    }
    session.insert(SIGNED_IN, &stored).await.map_err(AppError::internal)?;
    session.save().await.map_err(AppError::internal)
}

/// Who a principal is, as the API tells it.
pub fn told(principal: &Principal, client: &Client) -> Option<WhoAmI> {
    let kind = match principal.who {
        Who::Nobody => return None,
        Who::Person { .. } => WhoKind::Person,
        Who::Token { .. } => WhoKind::Token,
        Who::Guest { .. } | Who::Player { .. } => WhoKind::Guest,
    };
    Some(WhoAmI {
        kind,
        username: principal.name().to_owned(),
        role: principal.role(),
        encrypted: client.secure,
        expires_at: principal.expires_at.map(moment::told),
    })
}

/// Who is signed in.
#[utoipa::path(
    get,
    path = "/api/v1/session",
    tag = "session",
    responses((status = OK, body = WhoAmI))
)]
async fn read(permit: Permit<SignedIn>) -> AppResult<Json<WhoAmI>> {
    told(permit.principal(), permit.client()).map(Json).ok_or_else(not_signed_in)
}

/// Signs in: the answer sets a cookie. Unknown names and wrong passwords are answered alike, and repeated failures with growing delays.
#[utoipa::path(
    post,
    path = "/api/v1/session",
    tag = "session",
    security(()),
    request_body = SignIn,
    responses(
        (status = OK, body = WhoAmI),
        (status = TOO_MANY_REQUESTS),
    )
)]
async fn sign_in(permit: Permit<Anyone>, session: Session, headers: HeaderMap, ApiJson(body): ApiJson<SignIn>) -> AppResult<Json<WhoAmI>> {
    let subject = permit.people.sign_in(permit.address(), &body.username, &body.password.0).await?;
    let lasts = if body.stay { Lasts::display(&permit) } else { Lasts::Usual };
    begin(&permit, &session, subject, &headers, lasts).await?;
    whose(&permit, &session)
}

/// Who a session that has just begun belongs to.
fn whose<K: crate::guard::Kind>(permit: &Permit<K>, session: &Session) -> AppResult<Json<WhoAmI>> {
    let principal = session.id().and_then(|id| permit.people.by_session(hash(&id))).ok_or_else(not_signed_in)?;
    told(&principal, permit.client()).map(Json).ok_or_else(not_signed_in)
}

/// Signs out. Without a session nothing happens.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", security(()), responses((status = NO_CONTENT)))]
async fn sign_out(permit: Permit<Anyone>, session: Session) -> AppResult<StatusCode> {
    if matches!(permit.principal().proof, Proof::Session(_)) {
        permit.note(|actor| Entry::new(actor, "session.sign_out"));
    }
    session.flush().await.map_err(AppError::internal)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes the own password. All other sessions end; this one goes on under a new id.
#[utoipa::path(
    put,
    path = "/api/v1/session/password",
    tag = "session",
    request_body = PasswordChange,
    responses(
        (status = NO_CONTENT),
        (status = FORBIDDEN, body = Problem, content_type = "application/problem+json", description = "The current password is wrong, or this is not a person's session"),
        (status = UNPROCESSABLE_ENTITY, body = Problem, content_type = "application/problem+json", description = "The new password breaks the rule that `code` names"),
        (status = TOO_MANY_REQUESTS),
    )
)]
async fn change_password(
    permit: Permit<SignedIn>,
    session: Session,
    headers: HeaderMap,
    ApiJson(body): ApiJson<PasswordChange>,
) -> AppResult<StatusCode> {
    let stays = matches!(permit.principal().proof, Proof::Session(hash) if permit.people.sessions().stays(&hash));
    let lasts = if stays { Lasts::display(&permit) } else { Lasts::Usual };
    let subject = permit.people.change_password(permit.principal(), permit.address(), &body.current.0, &body.new.0).await?;
    begin(&permit, &session, subject, &headers, lasts).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The person, and the generation that their sessions have.
fn person(permit: &Permit<SignedIn>) -> AppResult<(i64, i64)> {
    let id = permit.principal().person().ok_or_else(crate::people::principal::not_allowed)?;
    Ok((id, permit.people.person(id)?.generation))
}

/// Where one is signed in, the last used first.
#[utoipa::path(
    get,
    path = "/api/v1/sessions",
    tag = "session",
    responses((status = OK, body = Vec<SessionInfo>))
)]
async fn list(permit: Permit<SignedIn>) -> AppResult<Json<Vec<SessionInfo>>> {
    let (id, generation) = person(&permit)?;
    Ok(Json(listed(&permit, id, generation)))
}

/// The sessions of a person as lists tell them, the last used first.
pub(super) fn listed<K: crate::guard::Kind>(permit: &Permit<K>, id: i64, generation: i64) -> Vec<SessionInfo> {
    let told = |(hash, entry): ([u8; 32], Kept)| SessionInfo {
        id: shown(&hash),
        current: permit.principal().proof == Proof::Session(hash),
        created_at: moment::told(entry.created_at),
        last_seen_at: moment::told(entry.last_seen_at),
        expires_at: moment::told(entry.expires_at),
        address: entry.address,
        user_agent: entry.user_agent,
    };
    permit.people.sessions().of_person(id, generation).into_iter().map(told).collect()
}

/// Ends the session that lists name so.
///
/// # Errors
/// 404.
pub(super) async fn end_listed<K: crate::guard::Kind>(permit: &Permit<K>, id: i64, generation: i64, wanted: &str) -> AppResult<()> {
    let own = permit.people.sessions().of_person(id, generation);
    let found: Vec<_> = own.into_iter().map(|(hash, _)| hash).filter(|hash| shown(hash) == wanted).collect();
    if found.is_empty() {
        return Err(AppError::not_found("session_not_found", "There is no such session. It may have ended."));
    }
    permit.people.sessions().end(&found).await
}

/// By what lists name a session.
fn shown(hash: &[u8; 32]) -> String {
    to_hex(hash.get(..SHOWN).unwrap_or_default())
}

/// Signs out in one place.
#[utoipa::path(
    delete,
    path = "/api/v1/sessions/{id}",
    tag = "session",
    params(("id" = String, Path)),
    responses((status = NO_CONTENT))
)]
async fn end(permit: Permit<SignedIn>, ApiPath(wanted): ApiPath<String>) -> AppResult<StatusCode> {
    let (id, generation) = person(&permit)?;
    let ended = |permit: Permit<SignedIn>| async move {
        end_listed(&permit, id, generation, &wanted).await?;
        permit.note(|actor| Entry::new(actor, "session.end").target("session", &wanted, ""));
        Ok(StatusCode::NO_CONTENT)
    };
    permit.detached(ended).await
}

/// Signs out everywhere, here as well.
#[utoipa::path(delete, path = "/api/v1/sessions", tag = "session", responses((status = NO_CONTENT)))]
async fn end_all(permit: Permit<SignedIn>, session: Session) -> AppResult<StatusCode> {
    let (id, _) = person(&permit)?;
    permit.people.sign_out_everywhere(permit.actor(), id).await?;
    session.flush().await.map_err(AppError::internal)?;
    Ok(StatusCode::NO_CONTENT)
}
