//! `/guest/{secret}`: opens a guest link. The browser gets a session that ends with the link, and goes to the camera or the recording.

use super::session;
use crate::error::AppResult;
use crate::extract::ApiPath;
use crate::guard::{Anyone, Gate, Permit};
use axum::Router;
use axum::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_sessions::Session;

pub fn router() -> Router<Gate> {
    Router::new().route("/guest/{secret}", get(open))
}

async fn open(permit: Permit<Anyone>, session: Session, headers: HeaderMap, ApiPath(secret): ApiPath<String>) -> AppResult<Response> {
    let (subject, link) = permit.people.open_guest_link(permit.address(), &secret)?;
    // Whoever is signed in and tries a link they made stays who they are.
    if permit.principal().person().is_none() {
        session::begin(&permit, &session, subject, &headers, session::Lasts::Until(link.expires_at)).await?;
    }
    let place = match link.recording {
        Some(recording) => format!("/recordings/{recording}"),
        None => format!("/camera/{}", link.camera),
    };
    // The secret must not travel on in a Referer.
    let headers = [(LOCATION, place.as_str()), (CACHE_CONTROL, "no-store"), (REFERRER_POLICY, "no-referrer")];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
