//! Stills: a key frame as JPEG, decoded by an ffmpeg child from a pipe.
//!
//! A child per picture, so that a hostile or broken stream can only crash that child. Which key frame is shown, and how old it may be,
//! is decided by the callers.

use crate::child::{Child, ChildSpec};
use crate::cmaf::{Chunk, Epoch};
use crate::error::{ErrorCode, StreamError, plainly};
use bytes::Bytes;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::timeout;

/// Pictures kept.
const CACHE_ENTRIES: usize = 32;
/// Bytes of pictures kept.
const CACHE_BYTES: usize = 8 << 20;
/// For one picture, from its turn on; a 4K H.265 key frame takes about 0.3 s on a slow machine.
const DECODE_LIMIT: Duration = Duration::from_secs(5);
/// Largest JPEG that is taken from the child.
const MAX_JPEG: u64 = 16 << 20;
/// Permitted widths in pixels.
const WIDTHS: std::ops::RangeInclusive<u32> = 16..=3840;

/// Makes JPEGs of key frames: few at a time, each only once, the last ones kept.
#[derive(Debug)]
pub struct Snapshotter {
    program: PathBuf,
    turns: Semaphore,
    /// Most recently used last. A cell that is being filled is shared by everyone who asks for the same picture.
    cache: Mutex<VecDeque<(Key, Arc<OnceCell<Bytes>>)>>,
    /// Keyed anew in each process, so that no camera can make two pictures collide.
    hasher: RandomState,
}

/// What decides the picture: the bytes of init segment and key frame, and the width.
type Key = (u64, Option<u32>);

impl Snapshotter {
    /// At most `limit` (at least 1) pictures are decoded at the same time. Uses the `ffmpeg` of the `PATH`.
    pub fn new(limit: usize) -> Self {
        Self::with_program(limit, "ffmpeg")
    }

    /// The same with a given ffmpeg.
    pub fn with_program(limit: usize, program: impl Into<PathBuf>) -> Self {
        Self { program: program.into(), turns: Semaphore::new(limit.max(1)), cache: Mutex::default(), hasher: RandomState::new() }
    }

    /// The picture of `key`, a key frame chunk of `epoch`. `width` (clamped to 16-3840 pixels) scales down, never up.
    ///
    /// # Errors
    /// `timeout` or `ffmpeg_failed`, with a sentence.
    pub async fn jpeg(&self, epoch: &Epoch, key: &Chunk, width: Option<u32>) -> Result<Bytes, StreamError> {
        let width = width.map(|width| width.clamp(*WIDTHS.start(), *WIDTHS.end()));
        let cell = self.cell((self.hasher.hash_one((&epoch.init, &key.bytes)), width));
        // Whoever comes first decodes; if that one is cancelled or fails, the next one tries.
        let picture = cell.get_or_try_init(|| self.decode(epoch, key, width)).await.cloned();
        self.trim();
        picture
    }

    fn cell(&self, key: Key) -> Arc<OnceCell<Bytes>> {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = match cache.iter().position(|(known, _)| *known == key) {
            Some(index) => cache.remove(index),
            None => None,
        };
        let entry = entry.unwrap_or_else(|| (key, Arc::default()));
        let cell = Arc::clone(&entry.1);
        cache.push_back(entry);
        cell
    }

    fn trim(&self) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes: usize = cache.iter().map(|(_, cell)| cell.get().map_or(0, Bytes::len)).sum();
        while cache.len() > CACHE_ENTRIES || bytes > CACHE_BYTES {
            let Some((_, oldest)) = cache.pop_front() else { break };
            bytes -= oldest.get().map_or(0, Bytes::len);
        }
    }

    async fn decode(&self, epoch: &Epoch, key: &Chunk, width: Option<u32>) -> Result<Bytes, StreamError> {
        let closed = |_| StreamError::new(ErrorCode::Internal, "Pictures are no longer made: the server is stopping.");
        let _turn = self.turns.acquire().await.map_err(closed)?;
        let spec = ChildSpec { program: self.program.clone().into(), args: arguments(width), ..ChildSpec::default() };
        let mut child = Child::spawn(&spec).map_err(|error| {
            StreamError::new(ErrorCode::FfmpegFailed, format!("The picture can't be made: ffmpeg does not start ({}).", plainly(&error)))
        })?;
        match timeout(DECODE_LIMIT, run(&mut child, [epoch.init.clone(), key.bytes.clone()])).await {
            Ok(picture) => picture,
            Err(_) => {
                // Dropping the child ends it in the background.
                Err(StreamError::new(ErrorCode::Timeout, format!("The picture was not made within {} s.", DECODE_LIMIT.as_secs())))
            }
        }
    }
}

/// MP4 on standard input, one JPEG on standard output.
fn arguments(width: Option<u32>) -> Vec<OsString> {
    let mut args: Vec<OsString> = ["-hide_banner", "-nostats", "-loglevel", "error", "-threads", "1", "-protocol_whitelist", "pipe"]
        .into_iter()
        .chain(["-f", "mov", "-i", "pipe:0", "-map", "0:v:0", "-frames:v", "1"])
        .map(OsString::from)
        .collect();
    // Full range, as JPEG has it; the height follows, and stays even for the chroma.
    let scale = match width {
        Some(width) => format!("scale='min({width},iw)':-2:out_range=full"),
        None => "scale=out_range=full".to_owned(),
    };
    args.extend(["-vf".into(), OsString::from(scale)]);
    args.extend(["-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "4", "-f", "mjpeg", "-y", "pipe:1"].map(OsString::from));
    args
}

async fn run(child: &mut Child, input: [Bytes; 2]) -> Result<Bytes, StreamError> {
    let (stdin, stdout) = (child.take_stdin(), child.take_stdout());
    let feed = async {
        let Some(mut stdin) = stdin else { return };
        for part in &input {
            // Fails when the child has seen enough, or has failed: both show below.
            if stdin.write_all(part).await.is_err() {
                return;
            }
        }
    };
    let collect = async {
        let mut picture = Vec::new();
        if let Some(stdout) = stdout {
            let _ = stdout.take(MAX_JPEG).read_to_end(&mut picture).await;
        }
        picture
    };
    let ((), picture) = tokio::join!(feed, collect);
    let status = child.wait().await.ok();
    // Start and end of image (ITU-T T.81 B.2.1).
    if picture.starts_with(&[0xff, 0xd8]) && picture.ends_with(&[0xff, 0xd9]) {
        return Ok(Bytes::from(picture));
    }
    tracing::debug!(?status, tail = ?child.error_tail(), "no picture from a key frame");
    Err(StreamError::new(ErrorCode::FfmpegFailed, "The picture can't be decoded. It may be damaged; the next one is tried again."))
}

#[cfg(test)]
#[path = "snapshot/tests.rs"]
mod tests;
