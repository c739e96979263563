//! The task of one recording, from its first picture to its row's end.

use super::files::poster;
use super::{Inner, Running, store};
use crate::services::storage::MIN_FREE;
use app::model::RecordingEnd;
use futures::future::{Either, select};
use media::record::{Ended, Job, Progress, record as record_files};
use media::stream::StreamHandle;
use media::stream::status::ViewerKind;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

/// Pictures that wait for the disk, bytes: more, and the recording goes on at the next key frame.
const MAX_LAG: usize = 8 << 20;
/// Width of the still, pixels.
const POSTER_WIDTH: u32 = 640;
/// While the database cannot be written.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// What is to be recorded.
pub struct Take {
    pub id: i64,
    pub handle: StreamHandle,
    pub folder: PathBuf,
    pub stem: String,
    pub length: Duration,
    pub stopped: oneshot::Receiver<RecordingEnd>,
    pub progress: watch::Sender<Progress>,
}

/// Frees the camera for the next recording, however this one ended.
struct Place {
    service: Arc<Inner>,
    running: Arc<Running>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.service.running().remove(&self.running.camera);
        self.running.stored.cancel();
        self.service.tell();
    }
}

/// Records until somebody stops it, its time is over, or it cannot go on, and stores what came of it.
pub async fn record(service: Arc<Inner>, take: Take, running: Arc<Running>) {
    let Take { id, handle, folder, stem, length, stopped, progress } = take;
    let _place = Place { service: Arc::clone(&service), running };
    let stopping = service.parts.stopping.clone();
    let still = {
        let (service, still, progress) = (Arc::clone(&service), folder.join(poster(&stem)), progress.subscribe());
        let stopping = stopping.clone();
        service.parts.tasks.clone().spawn(async move { stopping.run_until_cancelled(keep_still(&service, id, still, progress)).await })
    };
    let why = async {
        tokio::select! {
            // Nobody can ask any more: the server is going.
            why = stopped => why.unwrap_or(RecordingEnd::ServerStopped),
            () = tokio::time::sleep(length) => RecordingEnd::TimeUp,
            () = stopping.cancelled() => RecordingEnd::ServerStopped,
        }
    };
    // Keeps the stream wanted.
    let viewer = handle.join(ViewerKind::Internal);
    let end = CancellationToken::new();
    let job = Job { folder, stem, keep_free: MIN_FREE };
    let files = record_files(viewer.hub().subscribe(MAX_LAG), job, end.clone(), progress);
    let (finished, why) = match select(pin!(files), pin!(why)).await {
        Either::Left((finished, _)) => (finished, RecordingEnd::Stopped),
        Either::Right((why, files)) => {
            end.cancel();
            (files.await, why)
        }
    };
    drop(viewer);
    let ended_by = match finished.ended {
        Ended::Stopped => why,
        Ended::StreamGone => RecordingEnd::CameraGone,
        Ended::DiskFull => RecordingEnd::DiskFull,
        Ended::Failed(error) => {
            tracing::error!(recording.id = id, %error, "a recording cannot be written any more");
            RecordingEnd::DiskFailed
        }
    };
    if finished.dropped > 0 {
        tracing::warn!(recording.id = id, pictures = finished.dropped, "the disk was too slow for a recording");
    }
    // Who asks for the recording when it has ended finds its still.
    let _ = stopping.run_until_cancelled(still).await;
    while let Err(error) = store::finish(&service.parts.db, id, &finished.files, ended_by).await {
        tracing::error!(recording.id = id, %error, "the end of a recording could not be stored; trying again");
        // The next start looks at the files.
        if stopping.run_until_cancelled(tokio::time::sleep(TRY_AGAIN)).await.is_none() {
            break;
        }
    }
}

/// Keeps the first picture as a still, beside the files.
async fn keep_still(service: &Inner, id: i64, still: PathBuf, mut progress: watch::Receiver<Progress>) {
    let Ok(found) = progress.wait_for(|progress| progress.first_key.is_some()).await.map(|progress| progress.first_key.clone()) else {
        return;
    };
    let Some((epoch, key)) = found else { return };
    let kept = async {
        let jpeg = service.parts.snapshots.jpeg(&epoch, &key, Some(POSTER_WIDTH)).await.map_err(|error| error.message)?;
        tokio::fs::write(still, jpeg).await.map_err(|error| media::error::plainly(&error))?;
        store::has_poster(&service.parts.db, id).await.map_err(|error| error.to_string())
    };
    if let Err(reason) = kept.await {
        tracing::warn!(recording.id = id, reason, "a recording has no still");
    }
}
