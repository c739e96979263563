//! The list of recordings.

use super::told;
use crate::error::{AppError, AppResult};
use crate::extract::ApiQuery;
use crate::guard::{Asked, Permit, SignedIn};
use crate::moment;
use crate::people::rights::Actions;
use crate::services::cameras::Wall;
use crate::services::recordings::{Span, gaps};
use app::model::{CameraAction, RecordingList};
use axum::Json;
use media::CameraId;
use serde::Deserialize;
use std::ops::RangeInclusive;
use utoipa::IntoParams;

/// Recordings of a list without `limit`.
const PAGE: u32 = 50;
/// How many may be asked for.
const PAGES: RangeInclusive<u32> = 1..=200;

/// Which ones.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Wanted {
    /// Of this camera only.
    camera: Option<i64>,
    /// Those that end after this moment, RFC 3339.
    from: Option<String>,
    /// Those that begin before this moment, RFC 3339.
    to: Option<String>,
    /// Those that are older than the one with this number.
    before: Option<i64>,
    /// At most so many, 1 to 200; 50 without it.
    limit: Option<u32>,
}

/// The recordings that whoever asks may watch, newest first, and the times inside them without pictures.
#[utoipa::path(
    get,
    path = "/api/v1/recordings",
    tag = "recordings",
    params(Wanted),
    responses((status = OK, body = RecordingList), (status = UNPROCESSABLE_ENTITY))
)]
pub async fn list(permit: Permit<SignedIn>, ApiQuery(wanted): ApiQuery<Wanted>) -> AppResult<Json<RecordingList>> {
    let limit = wanted.limit.unwrap_or(PAGE);
    if !PAGES.contains(&limit) {
        return Err(AppError::out_of_range("limit", &PAGES, "recordings"));
    }
    let moment = |at: Option<&str>, field: &str| -> AppResult<Option<i64>> {
        let at = at.map(|at| moment::read(at, field)).transpose()?;
        Ok(at.map(|at| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)))
    };
    let (from_ms, to_ms) = (moment(wanted.from.as_deref(), "from")?, moment(wanted.to.as_deref(), "to")?);
    let wall = permit.cameras.wall();
    let mut span = Span { from_ms, to_ms, before: wanted.before, limit: u64::from(limit) + 1, ..theirs(&permit, &wall) };
    if let Some(camera) = wanted.camera {
        let seen = span.cameras.as_ref().is_none_or(|cameras| cameras.contains(&camera)) && !span.without.contains(&camera);
        span.cameras = Some(if seen { vec![camera] } else { Vec::new() });
    }
    let (mut rows, runs) = permit.recordings.list(&span).await?;
    let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut answer = RecordingList { more, ..RecordingList::default() };
    for (row, files) in rows {
        let actions = on(&permit, &wall, row.camera_id, row.id);
        // Between the query's condition and here rights may have changed.
        if actions.has(CameraAction::Playback) {
            answer.gaps.extend(gaps(&row, &files));
            answer.spans.push(told(&permit, permit.recordings.shown(row, actions, &runs)));
        }
    }
    Ok(Json(answer))
}

fn on(permit: &Permit<SignedIn>, wall: &Wall, camera: i64, recording: i64) -> Actions {
    Asked::recording(camera, recording).place(wall).map(|place| permit.principal().on(place)).unwrap_or_default()
}

/// Whose recordings they may watch. The cameras are known, but what was recorded outlives its camera.
fn theirs(permit: &Permit<SignedIn>, wall: &Wall) -> Span {
    let rights = permit.principal().rights();
    if let Some(only) = rights.recording() {
        return Span { only: Some(only), ..Span::default() };
    }
    // Any number stands for a recording here: without the one above, rights do not go by it.
    let (may, without): (Vec<i64>, Vec<i64>) =
        wall.cameras.iter().map(|camera| camera.id).partition(|camera| on(permit, wall, *camera, 0).has(CameraAction::Playback));
    // A number that no camera has, had or will have: what they may do with all cameras.
    let all = wall.place(CameraId(0)).is_none() && on(permit, wall, 0, 0).has(CameraAction::Playback);
    if all { Span { without, ..Span::default() } } else { Span { cameras: Some(may), ..Span::default() } }
}
