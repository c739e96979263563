//! What was recorded: to watch, to take away, and as a still.

use crate::error::{AppError, AppResult, Kind};
use crate::extract::ApiQuery;
use crate::guard::{On, Permit, Standing};
use crate::people::principal::{Deed, deed};
use app::model::CameraAction;
use axum::body::Body;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, stream};
use media::record::Movie;
use serde::Deserialize;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use utoipa::IntoParams;

/// Whoever has lost the right must not find it in a cache, and nobody else either.
const CACHING: &str = "private, no-cache";

/// The query.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Wanted {
    /// Any number. Of a recording that runs, all questions with the same one are answered from the same state of it, for some time: who asks for
    /// it in parts sends one.
    load: Option<u64>,
}

/// A recording as one MP4 file, seekable by `Range`; without sound for those who may not hear the camera. Of one that runs: what there is so far.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{recording}/video.mp4",
    tag = "recordings",
    params(("recording" = i64, Path), Wanted),
    responses(
        (status = OK, content((String = "video/mp4"))),
        (status = PARTIAL_CONTENT, content((String = "video/mp4"))),
        (status = RANGE_NOT_SATISFIABLE, body = app::model::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn watch(
    permit: Permit<On<deed::Playback>>,
    method: Method,
    ApiQuery(wanted): ApiQuery<Wanted>,
    headers: HeaderMap,
) -> AppResult<Response> {
    answer(permit, &method, &headers, wanted.load, None).await
}

/// The same as a file with a name, to take away.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{recording}/export.mp4",
    tag = "recordings",
    params(("recording" = i64, Path)),
    responses(
        (status = OK, content((String = "video/mp4"))),
        (status = PARTIAL_CONTENT, content((String = "video/mp4"))),
        (status = RANGE_NOT_SATISFIABLE, body = app::model::Problem, content_type = "application/problem+json"),
    )
)]
pub async fn export(permit: Permit<On<deed::Export>>, method: Method, headers: HeaderMap) -> AppResult<Response> {
    let recording = permit.recordings.get(permit.recording()?, permit.actions()).await?;
    // 2026-11-21T21:30:05.123Z: no colons, which Windows does not take.
    let at = recording.start.get(..19).unwrap_or_default().replace(':', "-").replace('T', " ");
    let name = format!("{} {at}.mp4", recording.camera_name);
    answer(permit, &method, &headers, None, Some(&name)).await
}

/// A still of a recording.
#[utoipa::path(
    get,
    path = "/api/v1/recordings/{recording}/poster.jpg",
    tag = "recordings",
    params(("recording" = i64, Path)),
    responses((status = OK, content((String = "image/jpeg"))))
)]
pub async fn poster(permit: Permit<On<deed::Glance>>) -> AppResult<Response> {
    let jpeg = permit.recordings.poster(permit.recording()?).await?;
    Ok(([(CONTENT_TYPE, "image/jpeg"), (CACHE_CONTROL, CACHING)], jpeg).into_response())
}

async fn answer<D: Deed>(
    permit: Permit<On<D>>,
    method: &Method,
    asked: &HeaderMap,
    load: Option<u64>,
    name: Option<&str>,
) -> AppResult<Response> {
    let id = permit.recording()?;
    let silent = !permit.actions().has(CameraAction::Audio);
    let film = permit.recordings.film(id, silent, load).await?;
    let length = film.len();
    let tag = format!("\"{id}-{length}\"");
    let range = match wanted(asked, length, &tag) {
        Ok(range) => range,
        Err(()) => {
            let detail = format!("This recording has {length} bytes. Ask for a part of them.");
            let error = AppError::with_status(Kind::Malformed, StatusCode::RANGE_NOT_SATISFIABLE, "range_not_satisfiable", detail);
            return Ok(([(CONTENT_RANGE, format!("bytes */{length}"))], error).into_response());
        }
    };
    let part = range.clone().unwrap_or(0..length);
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("video/mp4"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(CACHING));
    headers.insert(CONTENT_LENGTH, HeaderValue::from(part.end - part.start));
    let mut put = |header, text: String| {
        if let Ok(value) = HeaderValue::from_str(&text) {
            headers.insert(header, value);
        }
    };
    put(ETAG, tag);
    if range.is_some() {
        put(CONTENT_RANGE, format!("bytes {}-{}/{length}", part.start, part.end.saturating_sub(1)));
    }
    if let Some(name) = name {
        put(CONTENT_DISPOSITION, attachment(name));
    }
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let body = if *method == Method::HEAD { Body::empty() } else { Body::from_stream(pieces(&permit, &film, part, silent)) };
    Ok((status, headers, body).into_response())
}

/// The part that is asked for; None: all of it. What is not understood is passed over (RFC 9110 14.2), and so is a list of several parts.
///
/// # Errors
/// There is no such part.
fn wanted(asked: &HeaderMap, length: u64, tag: &str) -> Result<Option<Range<u64>>, ()> {
    let Some(text) = asked.get(RANGE).and_then(|value| value.to_str().ok()) else { return Ok(None) };
    if asked.get(IF_RANGE).is_some_and(|condition| condition.as_bytes() != tag.as_bytes()) {
        return Ok(None);
    }
    let Ok(parsed) = http_range_header::parse_range_header(text) else { return Ok(None) };
    if parsed.ranges.len() > 1 {
        return Ok(None);
    }
    let found = parsed.validate(length).map_err(|_| ())?;
    Ok(found.first().map(|part| *part.start()..part.end().saturating_add(1)))
}

/// The name in letters that every browser takes, and as it is (RFC 6266).
fn attachment(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || " .-_()".contains(c) { c } else { '_' }).collect();
    let whole = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}")
}

/// Reads as fast as it is taken: a browser that has enough for now holds no thread. Ends when the right is withdrawn, also that to hear.
fn pieces<D: Deed>(
    permit: &Permit<On<D>>,
    film: &Arc<Movie>,
    part: Range<u64>,
    silent: bool,
) -> impl Stream<Item = io::Result<Bytes>> + use<D> {
    let state = (Some(film.reader(part)), permit.standing_on_camera(), permit.stopping.clone());
    let recordings = permit.recordings.clone();
    stream::unfold(state, move |(reader, mut standing, stopping)| {
        let recordings = recordings.clone();
        async move {
            let reader = reader?;
            let piece = tokio::select! {
                biased;
                () = stopping.cancelled() => None,
                () = withdrawn(&mut standing, silent) => None,
                read = recordings.next_piece(reader) => Some(read),
            };
            let (piece, reader) = match piece {
                // An error and not an end: what was sent is not all of it.
                None => (Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the right was withdrawn, or the server stops")), None),
                Some(Err(error)) => (Err(io::Error::other(error)), None),
                Some(Ok((None, _))) => return None,
                Some(Ok((Some(Err(error)), _))) => (Err(error), None),
                Some(Ok((Some(Ok(piece)), reader))) => (Ok(piece), Some(reader)),
            };
            Some((piece, (reader, standing, stopping)))
        }
    })
}

async fn withdrawn<D: Deed>(standing: &mut Standing<On<D>>, silent: bool) {
    while standing.changed().await.is_ok() {
        if !silent && !standing.actions().has(CameraAction::Audio) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(range: &str) -> Result<Option<Range<u64>>, ()> {
        let headers = HeaderMap::from_iter([(RANGE, range.parse().expect("a header"))]);
        wanted(&headers, 100, "\"1-100\"")
    }

    #[test]
    fn parts_are_read_as_the_standard_says() {
        assert_eq!(part("bytes=0-"), Ok(Some(0..100)));
        assert_eq!(part("bytes=0-0"), Ok(Some(0..1)));
        assert_eq!(part("bytes=10-19"), Ok(Some(10..20)));
        assert_eq!(part("bytes=90-1000"), Ok(Some(90..100)));
        assert_eq!(part("bytes=-10"), Ok(Some(90..100)));
        assert_eq!((part("bytes=100-"), part("bytes=500-600")), (Err(()), Err(())));
        for passed_over in ["", "bytes", "lines=1-2", "bytes=a-b", "bytes=0-1,5-6"] {
            assert_eq!(part(passed_over), Ok(None), "{passed_over}");
        }
        let mut headers = HeaderMap::from_iter([(RANGE, "bytes=10-19".parse().expect("a header"))]);
        headers.insert(IF_RANGE, HeaderValue::from_static("\"1-100\""));
        assert_eq!(wanted(&headers, 100, "\"1-100\""), Ok(Some(10..20)));
        assert_eq!(wanted(&headers, 100, "\"1-200\""), Ok(None));
    }

    #[test]
    fn a_name_from_outside_stays_a_name() {
        assert_eq!(attachment("Gate 1.mp4"), "attachment; filename=\"Gate 1.mp4\"; filename*=UTF-8''Gate%201%2Emp4");
        let hostile = attachment("Tür\"; x=\r\n/../a");
        assert!(
            hostile.starts_with("attachment; filename=\"T_r__ x____.._a\"; filename*=UTF-8''T%C3%BCr%22") && hostile.is_ascii(),
            "{hostile}"
        );
        assert!(!hostile.contains(['\r', '\n']));
    }
}
