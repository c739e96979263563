//! Tries a source once: opens it, waits for a first key frame, closes it. Used by "test" and before a camera is saved.

use crate::cmaf::{Chunk, Epoch};
use crate::error::{ErrorCode, StreamError};
use crate::ingest::{Source, SourceSpec};
use crate::mux::{MuxOptions, MuxOutput, Muxer};
use crate::stream::session::{self, Opened, Opening, Upstream};
use crate::unit::Tracks;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout, timeout_at};

/// Longest wait for the polite end of a probe.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// What a source offers.
#[derive(Debug, Clone)]
pub struct ProbeResult {
    pub tracks: Tracks,
    /// How it was carried, e.g. `RTSP over TCP`.
    pub carried: String,
    /// Decodes `key_frame`.
    pub epoch: Arc<Epoch>,
    /// The first picture.
    pub key_frame: Arc<Chunk>,
    /// From the first packet sent to the first picture.
    pub took: Duration,
}

impl ProbeResult {
    /// How it was carried, e.g. `RTSP over TCP`.
    pub fn describe(&self) -> &str {
        &self.carried
    }
}

/// The opening of a probe, which is not forgotten when nobody waits for it any more: a login that is under way is seen to its end.
pub(super) struct Probing {
    upstream: Arc<Upstream>,
    opening: Option<Opening>,
}

impl Probing {
    pub(super) fn new(upstream: &Arc<Upstream>, spec: &SourceSpec) -> Self {
        Self { upstream: Arc::clone(upstream), opening: Some(upstream.open(spec.clone(), false, None)) }
    }

    /// To be awaited to its end once.
    pub(super) async fn opened(&mut self) -> Opened {
        let opened = match &mut self.opening {
            Some(opening) => opening.opened().await,
            None => std::future::pending().await,
        };
        self.opening = None;
        opened
    }
}

impl Drop for Probing {
    fn drop(&mut self) {
        if let Some(opening) = self.opening.take() {
            // It goes on by itself.
            drop(self.upstream.abandon(opening));
        }
    }
}

/// Reads from an open source until the first key frame and closes it.
pub(super) async fn first_picture(mut source: Box<dyn Source>, started: Instant, limit: Duration) -> Result<ProbeResult, StreamError> {
    let mut result = timeout_at(started + limit, read_key_frame(&mut *source)).await.unwrap_or_else(|_| Err(no_picture(limit)));
    if let Ok(found) = &mut result {
        found.took = session::now().since(crate::time::Stamp::at(started.into_std()));
    }
    // Awaited: a camera with a session limit must have this place back before the stream itself is opened.
    let _ = timeout(CLOSE_TIMEOUT, source.close()).await;
    result
}

async fn read_key_frame(source: &mut dyn Source) -> Result<ProbeResult, StreamError> {
    let mut muxer = Muxer::new(MuxOptions::default());
    muxer.start_session(source.tracks());
    let mut outputs = Vec::new();
    let mut newest: Option<Arc<Epoch>> = None;
    loop {
        muxer.push(source.next().await?, &mut outputs);
        for output in outputs.drain(..) {
            match output {
                MuxOutput::Epoch(epoch) => newest = Some(epoch),
                MuxOutput::Chunk(chunk) => {
                    if let (true, Some(epoch)) = (chunk.key, &newest) {
                        return Ok(ProbeResult {
                            tracks: epoch.tracks.clone(),
                            carried: source.describe(),
                            epoch: Arc::clone(epoch),
                            key_frame: chunk,
                            took: Duration::ZERO,
                        });
                    }
                }
            }
        }
    }
}

fn no_picture(limit: Duration) -> StreamError {
    let text = format!(
        "The camera accepted the connection but no picture came within {} s. Check that this stream is switched on in the camera and that its key frame interval is 2 s or less.",
        limit.as_secs()
    );
    StreamError::new(ErrorCode::Stalled, text)
}
