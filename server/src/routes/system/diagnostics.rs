//! Everything that helps to understand a fault, as one file.

use crate::error::{AppError, AppResult};
use crate::guard::{Admin, Permit};
use crate::people::audit::Entry;
use crate::services::diagnostics;
use app::model::Problem;
use axum::http::{HeaderName, HeaderValue, header};
use axum::response::IntoResponse;

/// A zip of the states of all streams, cameras, incidents, the last hour, figures, versions, settings and the newest log lines. Passwords
/// and other secrets are not in it; names and addresses of cameras are. At most 20 MB.
#[utoipa::path(
    get,
    path = "/api/v1/system/diagnostics.zip",
    tag = "system",
    responses(
        (status = OK, body = Vec<u8>, content_type = "application/zip"),
        (status = SERVICE_UNAVAILABLE, body = Problem, content_type = "application/problem+json", description = "One is being made already")
    )
)]
pub async fn diagnostics(permit: Permit<Admin>) -> AppResult<impl IntoResponse> {
    let bundle = diagnostics::bundle(permit.state()).await?;
    permit.note(|actor| Entry::new(actor, "system.diagnostics"));
    let disposition = HeaderValue::from_str(&format!("attachment; filename=\"{}\"", bundle.name)).map_err(AppError::internal)?;
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, bundle.bytes))
}
