//! Certificates: what HTTPS is served with, the installation's own authority for devices to install, and the proofs for ACME.

use crate::error::{AppError, AppResult};
use crate::guard::{Admin, Anyone, Gate, Permit};
use app::model::HttpsStatus;
use axum::extract::Path;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(status))
}

/// The authority's certificate as files, for devices to install.
pub fn files() -> Router<Gate> {
    Router::new().route("/https/nightjar-ca.crt", get(der)).route("/https/nightjar-ca.pem", get(pem))
}

/// Proofs are fetched under the public name, whatever else is refused under it.
pub fn challenges() -> Router<Gate> {
    Router::new().route("/.well-known/acme-challenge/{token}", get(challenge))
}

/// How HTTPS is served.
#[utoipa::path(get, path = "/api/v1/system/https", tag = "system", responses((status = OK, body = HttpsStatus)))]
async fn status(permit: Permit<Admin>) -> Json<HttpsStatus> {
    Json(permit.certificates.status(&permit.settings.get()))
}

/// As phones and Windows want it.
async fn der(permit: Permit<Anyone>) -> AppResult<impl IntoResponse> {
    let (_, der) = permit.certificates.authority().ok_or_else(none)?;
    let kind = (header::CONTENT_TYPE, "application/x-x509-ca-cert");
    Ok(([kind, (header::CONTENT_DISPOSITION, "attachment; filename=\"nightjar-ca.crt\""), (header::CACHE_CONTROL, "no-store")], der))
}

async fn pem(permit: Permit<Anyone>) -> AppResult<impl IntoResponse> {
    let (pem, _) = permit.certificates.authority().ok_or_else(none)?;
    let kind = (header::CONTENT_TYPE, "application/x-pem-file");
    Ok(([kind, (header::CONTENT_DISPOSITION, "attachment; filename=\"nightjar-ca.pem\""), (header::CACHE_CONTROL, "no-store")], pem))
}

fn none() -> AppError {
    AppError::not_found("no_authority", "The certificate in use was not made here: there is nothing to install.")
}

async fn challenge(permit: Permit<Anyone>, Path(token): Path<String>) -> AppResult<impl IntoResponse> {
    let answer = permit.certificates.challenge(&token).ok_or_else(|| AppError::not_found("not_found", "No such proof is open."))?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], answer))
}
