//! `GET /api/v1/cameras/{id}/snapshot.jpg`: the newest key frame as a JPEG.

use crate::error::{AppError, AppResult};
use crate::extract::ApiQuery;
use crate::guard::{On, Permit};
use crate::people::principal::deed;
use crate::state::AppState;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse, Response};
use media::cmaf::{Chunk, Epoch};
use media::stream::handle::StreamHandle;
use media::stream::status::{StreamState, ViewerKind};
use media::time::Stamp;
use media::{CameraId, Quality};
use serde::Deserialize;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// How long a stream that was idle may take to its first key frame.
const WAIT: Duration = Duration::from_secs(5);
/// Accepted widths, in pixels.
const WIDTHS: std::ops::RangeInclusive<u32> = 16..=7680;
/// Up to this width the sub stream's picture is good enough and cheaper to decode.
const SUB_WIDTH: u32 = 720;

/// The query. Without a width the picture is as large as the stream.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    width: Option<u32>,
}

/// Answers with the picture, its age in `X-Frame-Age-Ms`, and when it was received in `Last-Modified`.
pub async fn latest(permit: Permit<On<deed::Live>>, ApiQuery(wanted): ApiQuery<Wanted>) -> AppResult<Response> {
    if let Some(width) = wanted.width
        && !WIDTHS.contains(&width)
    {
        return Err(AppError::out_of_range("width", &WIDTHS, "pixels"));
    }
    let (epoch, key) = newest_key_frame(permit.state(), permit.camera(), wanted.width).await?;
    let jpeg = permit
        .snapshots
        .jpeg(&epoch, &key, wanted.width)
        .await
        .map_err(|error| AppError::unavailable("snapshot_failed", error.message, 2))?;
    Ok((headers(&key), jpeg).into_response())
}

fn headers(key: &Chunk) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let age = Stamp::now().since(key.received).as_millis();
    headers.insert(HeaderName::from_static("x-frame-age-ms"), HeaderValue::from(u64::try_from(age).unwrap_or(u64::MAX)));
    let received = UNIX_EPOCH + Duration::from_millis(u64::try_from(key.received.utc_ms).unwrap_or(0));
    if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(received)) {
        headers.insert(LAST_MODIFIED, date);
    }
    headers
}

/// The newest picture of either stream that suits the width; waits a little for a stream that was idle.
async fn newest_key_frame(state: &AppState, camera: CameraId, width: Option<u32>) -> AppResult<(Arc<Epoch>, Arc<Chunk>)> {
    let order = if width.is_some_and(|width| width <= SUB_WIDTH) { [Quality::Sub, Quality::Main] } else { [Quality::Main, Quality::Sub] };
    let handles: Vec<StreamHandle> = order.into_iter().map(|quality| state.cameras.stream(camera, quality)).collect::<AppResult<_>>()?;
    let live = |handle: &&StreamHandle| handle.status().state == StreamState::Live;
    let stored = handles.iter().find(live).and_then(|handle| handle.hub().last_key_frame());
    if let Some(picture) = stored.or_else(|| handles.iter().find_map(|handle| handle.hub().last_key_frame())) {
        return Ok(picture);
    }
    let preferred = handles.first().ok_or_else(AppError::camera_not_found)?;
    let no_picture = || {
        let reason = preferred.status().error.map(|error| error.error.message);
        AppError::unavailable("no_picture", reason.unwrap_or_else(|| "This camera has not sent a picture yet.".to_owned()), 5)
    };
    if preferred.status().state == StreamState::Disabled {
        return Err(AppError::unavailable("no_picture", "This camera is switched off and has never sent a picture.", 60));
    }
    let viewer = preferred.join(ViewerKind::Internal);
    let mut status = viewer.handle().watch();
    let became_live = status.wait_for(|status| status.state == StreamState::Live || status.error.is_some());
    let _ = tokio::time::timeout(WAIT, became_live).await;
    preferred.hub().last_key_frame().ok_or_else(no_picture)
}
