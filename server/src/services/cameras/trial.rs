//! Trying a camera: may its hosts be asked, may its files be read, does each stream give a picture? Used by "test" and before anything is stored.

use super::input::{Draft, url_field};
use super::url_rules::port_of;
use crate::config::Current;
use crate::error::{AppError, AppResult};
use crate::services::address::{AddressPolicy, Refusal};
use crate::services::status;
use app::model::{AudioInfo, ProbeReport, ProbedStream, VideoInfo};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use media::id::Quality;
use media::ingest::SourceSpec;
use media::snapshot::Snapshotter;
use media::stream::{ProbeResult, Streams};
use media::unit::{AudioCodec, VideoCodec};
use media::{ErrorCode, StreamError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use url::Url;

/// Longest wait for the first picture of one stream. Cameras with a long key frame interval need most of it.
const PICTURE_WITHIN: Duration = Duration::from_secs(15);
/// Width of the picture in a report, in pixels.
const PICTURE_WIDTH: u32 = 480;
/// Cameras that are tried at once, over all requests.
const AT_ONCE: usize = 4;

/// Tries cameras.
pub struct Trials {
    streams: Streams,
    addresses: AddressPolicy,
    /// For the folders that `file:` addresses may point into.
    settings: Current,
    snapshots: Arc<Snapshotter>,
    places: Semaphore,
}

/// What was found about one stream.
pub struct Found {
    pub quality: Quality,
    pub result: ProbeResult,
}

impl Trials {
    pub fn new(streams: Streams, snapshots: Arc<Snapshotter>, addresses: AddressPolicy, settings: Current) -> Self {
        Self { streams, snapshots, addresses, settings, places: Semaphore::new(AT_ONCE) }
    }

    /// Whether the hosts and files of a camera may be opened at all. `offline` accepts a name that does not resolve now.
    ///
    /// # Errors
    /// 422 with the field.
    pub async fn check_places(&self, draft: &Draft, offline: bool) -> AppResult<()> {
        for (quality, url, _) in &draft.urls {
            if url.scheme() == "file" {
                let allowed = is_in_folders(url, &self.settings.get().media_folders).await;
                if !allowed {
                    return Err(AppError::invalid(
                        url_field(*quality),
                        "file_not_allowed",
                        "There is no such file in the folders that cameras may be read from (setting media_folders).",
                    ));
                }
                continue;
            }
            match self.addresses.check(url.host_str().unwrap_or_default(), port_of(url)).await {
                Err(Refusal::Unknown) if offline => {}
                Err(refusal) => return Err(AppError::invalid(url_field(*quality), refusal.code(), refusal.to_string())),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    /// Opens the streams one after another, main first: a camera that refuses the password is not asked again for sub, and cameras with few
    /// sessions are never asked for two.
    ///
    /// # Errors
    /// 422 with the stream error's code and the field that is most likely wrong.
    pub async fn run(&self, specs: &[(Quality, SourceSpec)]) -> AppResult<Vec<Found>> {
        let _place = self.places.acquire().await.map_err(AppError::internal)?;
        let mut found = Vec::with_capacity(specs.len());
        for (quality, spec) in specs {
            let result = self.streams.probe(spec, PICTURE_WITHIN).await.map_err(|error| refused(*quality, spec, error))?;
            found.push(Found { quality: *quality, result });
        }
        Ok(found)
    }

    /// The report of a trial, with a picture of each stream that can be decoded.
    pub async fn report(&self, found: &[Found]) -> ProbeReport {
        let main_width = found.iter().find(|one| one.quality == Quality::Main).map(|one| one.result.tracks.video.width);
        let mut streams = Vec::with_capacity(found.len());
        for one in found {
            streams.push(probed(one, main_width, self.picture(&one.result).await));
        }
        ProbeReport { streams }
    }

    /// A `data:` URL. A camera whose picture cannot be drawn here is still a good camera.
    async fn picture(&self, result: &ProbeResult) -> Option<String> {
        let width = result.tracks.video.width.min(PICTURE_WIDTH);
        let jpeg = self.snapshots.jpeg(&result.epoch, &result.key_frame, Some(width)).await;
        let jpeg =
            jpeg.inspect_err(|error| tracing::info!(code = %error.code, reason = %error.message, "no picture of a tried camera")).ok()?;
        Some(format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(&jpeg)))
    }
}

fn refused(quality: Quality, spec: &SourceSpec, error: StreamError) -> AppError {
    let field = match (error.code, spec) {
        (_, SourceSpec::TestPattern(_)) => "profile".to_owned(),
        (ErrorCode::AuthFailed | ErrorCode::AuthBlocked, _) => "credentials".to_owned(),
        (ErrorCode::UnsupportedTransport, _) => format!("sources.{quality}.transport"),
        _ => url_field(quality),
    };
    AppError::invalid(field, error.code.as_str(), error.message)
}

/// Whether a `file:` address leads to a regular file inside one of the folders, after every link was followed. One answer for "no such file"
/// and "not allowed", so that nobody learns what lies elsewhere on the disk.
async fn is_in_folders(url: &Url, folders: &[PathBuf]) -> bool {
    let Ok(path) = url.to_file_path() else { return false };
    let Ok(real) = tokio::fs::canonicalize(&path).await else { return false };
    for folder in folders {
        if tokio::fs::canonicalize(folder).await.is_ok_and(|folder| real.starts_with(folder)) {
            return tokio::fs::metadata(&real).await.is_ok_and(|metadata| metadata.is_file());
        }
    }
    false
}

/// Whether a stored file address still lies in a permitted folder, by its name only: the disk may not be mounted yet.
pub fn is_named_in_folders(path: &Path, folders: &[PathBuf]) -> bool {
    folders.iter().any(|folder| path.starts_with(folder))
}

fn probed(found: &Found, main_width: Option<u32>, picture: Option<String>) -> ProbedStream {
    let tracks = &found.result.tracks;
    ProbedStream {
        quality: status::quality(found.quality),
        video: VideoInfo { codec: tracks.video.rfc6381.clone(), width: tracks.video.width, height: tracks.video.height },
        audio: tracks.audio.as_ref().map(|audio| AudioInfo {
            codec: audio.rfc6381.clone(),
            channels: audio.channels,
            rate_hz: audio.rate_hz,
        }),
        source: found.result.describe().to_owned(),
        picture,
        hints: hints(found, main_width),
    }
}

fn hints(found: &Found, main_width: Option<u32>) -> Vec<String> {
    let tracks = &found.result.tracks;
    let mut hints = Vec::new();
    if matches!(tracks.video.codec, VideoCodec::H265 { .. }) {
        hints.push("This stream is H.265, which not every browser can play. H.264 plays everywhere; you can choose it in the camera's video settings.".to_owned());
    }
    if tracks.audio.as_ref().is_some_and(|audio| audio.codec != AudioCodec::Aac) {
        hints.push(
            "The sound is G.711, which browsers don't play in live view. Choose AAC in the camera's audio settings to hear it.".to_owned(),
        );
    }
    if found.quality == Quality::Sub && main_width.is_some_and(|main| tracks.video.width > main) {
        hints.push("The sub stream is larger than the main stream. The two addresses may be swapped.".to_owned());
    }
    hints
}
