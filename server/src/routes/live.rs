//! Live media: LL-HLS, MSE over WebSocket, motion JPEG and snapshots. Everything here takes references out of the running streams;
//! nothing asks the database.

pub mod audience;
pub mod hls;
pub mod mjpeg;
pub mod mse;
pub mod snapshot;

use crate::error::{AppError, AppResult};
use crate::guard::{Gate, On, Permit};
use crate::pages::no_such_address;
use crate::people::principal::deed;
use axum::Router;
use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;
use axum::routing::get;
use media::stream::handle::StreamHandle;
use media::{CameraId, Quality};

/// `/live/…` and the snapshot.
pub fn router() -> Router<Gate> {
    let media = || {
        Router::new()
            .route("/{camera}/master.m3u8", get(hls::master))
            .route("/{camera}/snapshot.jpg", get(snapshot::latest))
            .route("/{camera}/{quality}/mse", get(mse::live))
            .route("/{camera}/{quality}/mjpeg", get(mjpeg::live))
            .route("/{camera}/{quality}/{file}", get(hls::file))
            .fallback(no_such_address)
    };
    Router::new()
        .nest("/live", media())
        // Players that know neither cookies nor tokens: the link stands in front, so that it also holds for what playlists name.
        .nest("/link/{link}/live", media())
        .route("/api/v1/cameras/{camera}/snapshot.jpg", get(snapshot::latest))
}

/// Camera and quality of a path. Anything that cannot be one does not exist: 404.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LivePath {
    pub camera: CameraId,
    pub quality: Quality,
}

impl LivePath {
    fn parse(camera: &str, quality: &str) -> AppResult<Self> {
        let quality = quality.parse().map_err(|_| AppError::stream_not_found())?;
        Ok(Self { camera: camera_id(camera)?, quality })
    }

    /// The supervised stream that serves it.
    fn handle(&self, permit: &Permit<On<deed::Live>>) -> AppResult<StreamHandle> {
        // The camera that was looked at for the permit, not one that was read from the path again.
        permit.cameras.stream(permit.camera(), self.quality)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for LivePath {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, AppError> {
        let Path(fields) =
            Path::<Vec<(String, String)>>::from_request_parts(parts, state).await.map_err(|_| AppError::camera_not_found())?;
        let field = |name: &str| fields.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
        Self::parse(field("camera"), field("quality"))
    }
}

fn camera_id(text: &str) -> AppResult<CameraId> {
    text.parse().ok().filter(|id| *id > 0).map(CameraId).ok_or_else(AppError::camera_not_found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_positive_numbers_and_known_qualities_are_streams() {
        assert_eq!(LivePath::parse("7", "sub").expect("a stream"), LivePath { camera: CameraId(7), quality: Quality::Sub });
        for (camera, quality) in
            [("0", "main"), ("-1", "main"), ("x", "main"), ("1", "Main"), ("1", ""), ("", "sub"), ("99999999999999999999", "sub")]
        {
            assert_eq!(LivePath::parse(camera, quality).expect_err("no stream").status().as_u16(), 404, "{camera} {quality}");
        }
    }
}
