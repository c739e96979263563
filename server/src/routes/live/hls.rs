//! `/live/{camera}/…m3u8` and the media that playlists name. Playlists are rendered by [`media::hls`], at most once per state, and
//! shared by all requests; media goes out by reference.

use super::LivePath;
use crate::error::{AppError, AppResult, Kind};
use crate::guard::{On, Permit};
use crate::listen;
use crate::people::principal::deed;
use crate::site::{accepts, is_known};
use crate::state::AppState;
use app::model::CameraAction;
use axum::body::Body;
use axum::extract::{FromRequestParts, Path, RawQuery};
use axum::http::header::{
    ACCEPT_ENCODING, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, USER_AGENT, VARY,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use media::hls::{
    MEDIA_CONTENT_TYPE, MediaBody, PLAYLIST_CONTENT_TYPE, PlaylistError, PlaylistRequest, Rendered, RenditionPeer, Skip, Sound,
    master_playlist,
};
use media::stream::handle::StreamHandle;
use media::stream::status::StreamState;
use media::{CameraId, Quality};
use std::convert::Infallible;
use std::io::Write;
use std::net::IpAddr;
use std::time::Duration;

/// How long the first request of a stream that has just been started waits for its first segment.
const FIRST_WAIT: Duration = Duration::from_secs(4);
/// Players without low latency may give up on a playlist of a single segment (GStreamer 1.22 asks for that segment for ever) …
const PLAIN_SEGMENTS: usize = 2;
/// … or on one of two short ones (it plays nothing and reads on until its buffers are full) …
const PLAIN_TOGETHER: Duration = Duration::from_millis(3500);
/// Begins the User-Agent of a player that does not know low latency and reads its playlists all the same.
const READS_AS_PLAIN: &str = "GStreamer";
/// … so they wait for two GOPs.
const PLAIN_WAIT: Duration = Duration::from_millis(8500);

/// Who asks, for counting viewers and for choosing an encoding.
pub struct Client {
    address: Option<IpAddr>,
    headers: HeaderMap,
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<listen::client::Client>().map(|client| client.address);
        Ok(Self { address, headers: parts.headers.clone() })
    }
}

impl Client {
    fn header(&self, name: axum::http::HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }
}

/// Whether whoever asks may hear the camera.
fn sound(permit: &Permit<On<deed::Live>>) -> Sound {
    if permit.actions().has(CameraAction::Audio) { Sound::With } else { Sound::Without }
}

/// `GET /live/{camera}/master.m3u8`.
pub async fn master(permit: Permit<On<deed::Live>>, client: Client) -> AppResult<Response> {
    let state = permit.state();
    let handles = renditions(state, permit.camera())?;
    if handles.iter().all(|(_, handle)| handle.status().state == StreamState::Disabled) {
        return Err(disabled());
    }
    for (_, handle) in &handles {
        state.hls_audience.touch(handle, client.address, client.header(USER_AGENT).as_bytes());
    }
    let waits = handles.iter().map(|(_, handle)| handle.hls().ready(FIRST_WAIT));
    futures::future::join_all(waits).await;
    let variants: Vec<_> =
        handles.iter().filter_map(|(quality, handle)| handle.hls().variant(format!("{quality}/index.m3u8"), sound(&permit))).collect();
    if variants.is_empty() {
        return Err(no_frame_yet(handles.first().map(|(_, handle)| handle)));
    }
    let headers = [(CONTENT_TYPE, PLAYLIST_CONTENT_TYPE), (CACHE_CONTROL, "no-cache")];
    Ok((headers, master_playlist(&variants)).into_response())
}

/// `GET /live/{camera}/{quality}/{file}`: a playlist, or the media that one named.
pub async fn file(
    permit: Permit<On<deed::Live>>,
    path: LivePath,
    Path(fields): Path<Vec<(String, String)>>,
    RawQuery(query): RawQuery,
    client: Client,
) -> AppResult<Response> {
    let state = permit.state();
    let handle = path.handle(&permit)?;
    let asked = |query: &str, low_latency| request(query, low_latency).map(|asked| PlaylistRequest { sound: sound(&permit), ..asked });
    match fields.iter().find(|(name, _)| name == "file").map_or("", |(_, file)| file) {
        "index.m3u8" => playlist(state, path, &handle, asked(query.as_deref().unwrap_or(""), true)?, &client).await,
        "plain.m3u8" => playlist(state, path, &handle, asked("", false)?, &client).await,
        name => {
            let body = handle.hls().resource(name, sound(&permit)).await.ok_or_else(|| {
                AppError::not_found(
                    "media_not_found",
                    "This piece of the stream does not exist, or is no longer kept. Reload the playlist.",
                )
            })?;
            Ok(media(body))
        }
    }
}

async fn playlist(
    state: &AppState,
    path: LivePath,
    handle: &StreamHandle,
    mut request: PlaylistRequest,
    client: &Client,
) -> AppResult<Response> {
    if handle.status().state == StreamState::Disabled {
        return Err(disabled());
    }
    state.hls_audience.touch(handle, client.address, client.header(USER_AGENT).as_bytes());
    let knows_parts = request.low_latency && !client.header(USER_AGENT).starts_with(READS_AS_PLAIN);
    let (segments, together, patience) =
        if knows_parts { (1, Duration::ZERO, FIRST_WAIT) } else { (PLAIN_SEGMENTS, PLAIN_TOGETHER, PLAIN_WAIT) };
    if !handle.hls().lists(segments, together, patience).await {
        return Err(no_frame_yet(Some(handle)));
    }
    if request.low_latency {
        request.renditions = renditions(state, path.camera)?
            .into_iter()
            .filter(|(quality, _)| *quality != path.quality)
            .map(|(quality, other)| RenditionPeer { uri: format!("../{quality}/index.m3u8"), stream: other.hls().clone() })
            .collect();
    }
    let rendered = handle.hls().playlist(request).await.map_err(|error| match error {
        PlaylistError::BadRequest(reason) => AppError::new(Kind::Malformed, "bad_hls_directive", reason),
        PlaylistError::NotReady { .. } => no_frame_yet(Some(handle)),
        PlaylistError::TimedOut { retry_after_s } => {
            AppError::unavailable("no_new_media", "The camera has sent nothing new. Ask again.", retry_after_s)
        }
    })?;
    Ok(answer(&rendered, client))
}

fn disabled() -> AppError {
    AppError::unavailable("camera_disabled", "This camera is switched off.", 60)
}

/// The camera's own streams: one that is served from the other is not listed twice.
fn renditions(state: &AppState, camera: CameraId) -> AppResult<Vec<(Quality, StreamHandle)>> {
    let mut found: Vec<(Quality, StreamHandle)> = Vec::new();
    for quality in Quality::ALL {
        let handle = state.cameras.stream(camera, quality)?;
        if found.iter().all(|(_, other)| other.key() != handle.key()) {
            found.push((quality, handle));
        }
    }
    Ok(found)
}

fn no_frame_yet(handle: Option<&StreamHandle>) -> AppError {
    let reason = handle.and_then(|handle| handle.status().error).map(|error| error.error.message);
    AppError::unavailable("no_frame_yet", reason.unwrap_or_else(|| "The camera has not sent a picture yet. Ask again.".to_owned()), 2)
}

/// Reads the delivery directives (RFC 8216bis section 6.2.5). Parameters with other names are ignored.
fn request(query: &str, low_latency: bool) -> AppResult<PlaylistRequest> {
    let malformed = |name: &str| AppError::new(Kind::Malformed, "bad_hls_directive", format!("{name} has a value that is not allowed."));
    let mut request = PlaylistRequest { low_latency, ..PlaylistRequest::default() };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match name.as_ref() {
            "_HLS_msn" => request.msn = Some(value.parse().map_err(|_| malformed(&name))?),
            "_HLS_part" => request.part = Some(value.parse().map_err(|_| malformed(&name))?),
            "_HLS_skip" => {
                request.skip = match value.as_ref() {
                    "YES" => Skip::Yes,
                    "v2" => Skip::V2,
                    _ => return Err(malformed(&name)),
                }
            }
            _ => {}
        }
    }
    Ok(request)
}

fn answer(rendered: &Rendered, client: &Client) -> Response {
    let gzip = accepts(client.header(ACCEPT_ENCODING), "gzip");
    let tag = if gzip { rendered.etag().replacen('"', "\"gz-", 1) } else { rendered.etag().to_owned() };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(PLAYLIST_CONTENT_TYPE));
    // Shared caches must not mix people, and a live playlist is stale at once.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-transform"));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("none"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    if is_known(client.header(IF_NONE_MATCH), &tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let body = if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        rendered.gzip_with(compress)
    } else {
        rendered.text().clone()
    };
    headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    (headers, Body::from(body)).into_response()
}

fn compress(text: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
    // Writing into memory does not fail.
    let _ = encoder.write_all(text);
    encoder.finish().map(Bytes::from).unwrap_or_default()
}

/// Names are unique for ever, so what they name never changes.
fn media(body: MediaBody) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(MEDIA_CONTENT_TYPE)),
        (CACHE_CONTROL, HeaderValue::from_static("private, max-age=3600, immutable")),
        (CONTENT_LENGTH, HeaderValue::from(body.len)),
    ];
    let pieces = futures::stream::iter(body.parts.into_iter().map(Ok::<_, Infallible>));
    (headers, Body::from_stream(pieces)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_and_nonsense_is_400() {
        let read = request("_HLS_msn=17&_HLS_part=3&_HLS_skip=v2&token=x", true).expect("well-formed");
        assert_eq!((read.msn, read.part, read.skip), (Some(17), Some(3), Skip::V2));
        assert_eq!(request("", true).expect("empty").msn, None);
        for query in ["_HLS_msn=", "_HLS_msn=-1", "_HLS_msn=x", "_HLS_part=99999999999", "_HLS_skip=yes", "_HLS_skip=", "_HLS_msn=1.5"] {
            assert_eq!(request(query, true).expect_err(query).status(), StatusCode::BAD_REQUEST);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_query_is_read_or_400(query in "((_HLS_(msn|part|skip)|[a-z]{0,3})(=|%3D)?[ -~]{0,24}&?){0,4}") {
            if let Err(error) = request(&query, true) {
                proptest::prop_assert_eq!(error.status(), StatusCode::BAD_REQUEST);
            }
        }
    }

    #[test]
    fn compressed_playlists_are_whole() {
        let text = "#EXTM3U\n".repeat(100);
        let mut read = String::new();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&*compress(text.as_bytes())), &mut read).expect("gzip");
        assert_eq!(read, text);
    }
}
