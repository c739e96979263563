//! Motion JPEG for browsers and programs that can play nothing better: one ffmpeg child per stream, started by the first viewer and
//! ended after the last, fed with the stream's own chunks.
//!
//! Every viewer sees the newest picture: a slow one skips pictures, the child never waits for it. Nothing here is in the path of the
//! other transports. What does not belong here: HTTP, and cameras that send MJPEG themselves (they are a source).

pub mod multipart;

use crate::child::{Child, ChildSpec};
use crate::cmaf::{Epoch, Track};
use crate::id::StreamKey;
use crate::stream::hub::{Hub, Item, Reader};
use bytes::Bytes;
use multipart::Splitter;
use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

/// Pictures per second.
const FPS: u32 = 8;
/// Widest picture, in pixels; larger ones are scaled down.
const MAX_WIDTH: u32 = 1280;
/// Unread bytes after which the feed skips to the newest key frame.
const MAX_LAG_BYTES: usize = 4 << 20;
/// Pause before a failed child is started again.
const RETRY: Duration = Duration::from_secs(2);

/// The running conversions, at most one per stream.
#[derive(Debug, Default)]
pub struct MjpegTaps {
    taps: Mutex<HashMap<StreamKey, Weak<Tap>>>,
    tasks: TaskTracker,
    cancel: CancellationToken,
}

/// One stream's conversion; ends when the last viewer is dropped.
#[derive(Debug)]
struct Tap {
    pictures: watch::Receiver<Option<Bytes>>,
    _ends_with_last_viewer: DropGuard,
}

/// One viewer.
#[derive(Debug)]
pub struct MjpegViewer {
    _tap: Arc<Tap>,
    pictures: watch::Receiver<Option<Bytes>>,
}

impl MjpegViewer {
    /// The newest picture not yet seen by this viewer; waits for one. None when the conversion has ended. Cancel-safe.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            self.pictures.changed().await.ok()?;
            if let Some(picture) = self.pictures.borrow_and_update().clone() {
                return Some(picture);
            }
        }
    }
}

impl MjpegTaps {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a viewer. The caller keeps the stream itself wanted.
    pub fn join(&self, key: StreamKey, hub: &Hub) -> MjpegViewer {
        let mut taps = self.taps.lock().unwrap_or_else(PoisonError::into_inner);
        taps.retain(|_, tap| tap.strong_count() > 0);
        let tap = taps.get(&key).and_then(Weak::upgrade).unwrap_or_else(|| {
            let tap = Arc::new(self.start(key, hub.clone()));
            taps.insert(key, Arc::downgrade(&tap));
            tap
        });
        let mut pictures = tap.pictures.clone();
        // The newest picture is shown at once.
        pictures.mark_changed();
        MjpegViewer { pictures, _tap: tap }
    }

    /// Ends every conversion and waits until the children are reaped.
    pub async fn shutdown(&self) {
        self.cancel.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    fn start(&self, key: StreamKey, hub: Hub) -> Tap {
        let (sender, pictures) = watch::channel(None);
        let cancel = self.cancel.child_token();
        let guard = cancel.clone().drop_guard();
        self.tasks.spawn(async move { run(key, &hub, &sender, &cancel).await });
        Tap { pictures, _ends_with_last_viewer: guard }
    }
}

async fn run(key: StreamKey, hub: &Hub, pictures: &watch::Sender<Option<Bytes>>, cancel: &CancellationToken) {
    let mut reader = hub.subscribe(MAX_LAG_BYTES);
    let mut epoch = None;
    while !cancel.is_cancelled() {
        let current = match epoch.take() {
            Some(known) => known,
            None => match next_epoch(&mut reader, cancel).await {
                Some(first) => first,
                None => return,
            },
        };
        match run_once(&current, &mut reader, pictures, cancel).await {
            Ok(Ended::NewEpoch(next)) => epoch = Some(next),
            Ok(Ended::Closed) => return,
            Err(error) => {
                tracing::warn!(stream = %key, %error, "motion JPEG: ffmpeg ended; it is started again");
                tokio::select! {
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(RETRY) => {}
                }
                reader = hub.subscribe(MAX_LAG_BYTES);
            }
        }
    }
}

/// Waits for the epoch that the reader starts with.
async fn next_epoch(reader: &mut Reader, cancel: &CancellationToken) -> Option<Arc<Epoch>> {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return None,
            item = reader.next() => if let Item::Epoch(epoch) = item? { return Some(epoch) },
        }
    }
}

enum Ended {
    /// Other decoder parameters: a new child decodes them.
    NewEpoch(Arc<Epoch>),
    /// The stream or the last viewer is gone.
    Closed,
}

async fn run_once(
    epoch: &Epoch,
    reader: &mut Reader,
    pictures: &watch::Sender<Option<Bytes>>,
    cancel: &CancellationToken,
) -> io::Result<Ended> {
    let mut child = Child::spawn(&command())?;
    let (Some(stdin), Some(stdout)) = (child.take_stdin(), child.take_stdout()) else {
        return Err(io::Error::other("the child has no pipes"));
    };
    let ended = tokio::select! {
        () = cancel.cancelled() => Ok(Ended::Closed),
        ended = feed(epoch, reader, stdin) => ended,
        failed = collect(stdout, pictures) => failed,
    };
    let tail = child.error_tail();
    child.stop().await;
    ended.map_err(|error| io::Error::new(error.kind(), format!("{error} ({})", tail.join("; "))))
}

fn command() -> ChildSpec {
    let filter = format!("fps={FPS},scale='min({MAX_WIDTH},iw)':-2");
    let arguments = [
        "-hide_banner",
        "-nostdin",
        "-loglevel",
        "error",
        "-fflags",
        "nobuffer",
        "-flags",
        "low_delay",
        "-probesize",
        "32",
        "-analyzeduration",
        "0",
        "-protocol_whitelist",
        "pipe",
        "-f",
        "mp4",
        "-i",
        "pipe:0",
        "-an",
        "-vf",
        &filter,
        "-q:v",
        "5",
        "-flush_packets",
        "1",
        "-f",
        "mpjpeg",
        "pipe:1",
    ];
    ChildSpec { program: "ffmpeg".into(), args: arguments.iter().map(Into::into).collect(), ..ChildSpec::default() }
}

/// Writes the stream into the child until its parameters change.
async fn feed(epoch: &Epoch, reader: &mut Reader, mut stdin: ChildStdin) -> io::Result<Ended> {
    stdin.write_all(&epoch.init).await?;
    loop {
        match reader.next().await {
            None => return Ok(Ended::Closed),
            Some(Item::Epoch(next)) => return Ok(Ended::NewEpoch(next)),
            Some(Item::Dropped(_)) => {}
            Some(Item::Chunk(chunk)) if chunk.track == Track::Video => {
                stdin.write_all(&chunk.bytes).await?;
                stdin.flush().await?;
            }
            Some(Item::Chunk(_)) => {}
        }
    }
}

/// Publishes the child's pictures. Only ever returns an error: the child ended or wrote nonsense.
async fn collect(mut stdout: ChildStdout, pictures: &watch::Sender<Option<Bytes>>) -> io::Result<Ended> {
    let mut splitter = Splitter::new();
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = stdout.read(&mut buffer).await?;
        if count == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "ffmpeg ended"));
        }
        splitter.extend(&buffer[..count]);
        while let Some(picture) = splitter.next_picture().map_err(io::Error::other)? {
            pictures.send_replace(Some(picture));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// Whatever a stream made the child open, it may open nothing but its pipe.
    #[test]
    fn the_child_opens_no_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = format!("tcp://{}", listener.local_addr().expect("an address"));
        let spec = command();
        let arguments = spec.args.iter().map(|argument| if *argument == "pipe:0" { (&address).into() } else { argument.clone() });
        let ran = Command::new(&spec.program).args(arguments).output().expect("ffmpeg");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(!ran.status.success() && said.contains("whitelist"), "{said}");
        assert!(listener.accept().is_err(), "it connected");
    }
}
