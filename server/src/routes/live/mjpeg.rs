//! `GET /live/{camera}/{quality}/mjpeg`: multipart/x-mixed-replace, for browsers and programs that can play nothing better.

use super::LivePath;
use crate::error::AppResult;
use crate::guard::{On, Permit, Standing};
use crate::people::principal::deed;
use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use futures::stream;
use media::mjpeg::MjpegViewer;
use media::stream::handle::Viewer;
use media::stream::status::ViewerKind;
use std::convert::Infallible;
use tokio_util::sync::CancellationToken;

const BOUNDARY: &str = "nightjar-picture";

pub async fn live(permit: Permit<On<deed::Live>>, path: LivePath) -> AppResult<Response> {
    let handle = path.handle(&permit)?;
    let viewer = handle.join(ViewerKind::Mjpeg);
    let pictures = permit.mjpeg.join(handle.key(), viewer.hub());
    let parts = stream::unfold(
        Parts { pictures, _viewer: viewer, stopping: permit.stopping.clone(), standing: permit.standing_on_camera() },
        |mut parts| async move {
            let picture = tokio::select! {
                () = parts.stopping.cancelled() => return None,
                _ = parts.standing.lost() => return None,
                picture = parts.pictures.next() => picture?,
            };
            Some((Ok::<_, Infallible>(part(&picture)), parts))
        },
    );
    let headers = [(CONTENT_TYPE, format!("multipart/x-mixed-replace; boundary={BOUNDARY}")), (CACHE_CONTROL, "no-store".to_owned())];
    Ok((headers, Body::from_stream(parts)).into_response())
}

struct Parts {
    pictures: MjpegViewer,
    /// Keeps the stream wanted while this answer is being read.
    _viewer: Viewer,
    stopping: CancellationToken,
    standing: Standing<On<deed::Live>>,
}

/// The closing boundary is sent with the part: browsers show a picture only when they have seen its end.
fn part(picture: &Bytes) -> Bytes {
    let head = format!("--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n", picture.len());
    let mut bytes = BytesMut::with_capacity(head.len() + picture.len() + 2);
    bytes.put_slice(head.as_bytes());
    bytes.put_slice(picture);
    bytes.put_slice(b"\r\n");
    bytes.freeze()
}
