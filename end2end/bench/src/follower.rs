//! An HLS viewer in its simplest form: the playlist again and again, and of it the newest segment and the newest part.
//!
//! It counts what it got that was new. Whether that is enough is for the soak to say, which knows what the camera could give.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use tokio::task::JoinHandle;

use crate::server::{Access, fetch};

const PAUSE: Duration = Duration::from_millis(500);

pub(crate) struct Follower {
    got: Arc<AtomicU64>,
    task: JoinHandle<Result<()>>,
}

impl Follower {
    pub(crate) fn start(server: Access, camera: i64) -> Self {
        let got = Arc::new(AtomicU64::new(0));
        let task = tokio::spawn(follow(server, camera, Arc::clone(&got)));
        Self { got, task }
    }

    /// Segments and parts that came since the last call.
    pub(crate) fn catch_up(&mut self) -> u64 {
        self.got.swap(0, Ordering::Relaxed)
    }

    /// Whether it has met an answer that no viewer should meet.
    pub(crate) fn gave_up(&self) -> bool {
        self.task.is_finished()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn follow(server: Access, camera: i64, got: Arc<AtomicU64>) -> Result<()> {
    let folder = format!("/live/{camera}/main/");
    let mut last = [String::new(), String::new()];
    loop {
        let playlist = fetch(&server, &format!("{folder}index.m3u8")).await?;
        ensure!(matches!(playlist.status, 200 | 503), "the playlist: {}", playlist.status);
        let text = if playlist.status == 200 { String::from_utf8_lossy(&playlist.body) } else { "".into() };
        for (uri, last) in newest(&text).into_iter().zip(&mut last) {
            let Some(uri) = uri.filter(|uri| *uri != last.as_str()) else { continue };
            let media = fetch(&server, &format!("{folder}{uri}")).await?;
            // Not the first three: the session may have ended between the playlist and this.
            ensure!(matches!(media.status, 404 | 410 | 503 | 200), "{uri}: {}", media.status);
            if media.status == 200 && !media.body.is_empty() {
                got.fetch_add(1, Ordering::Relaxed);
                uri.clone_into(last);
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The newest segment and the newest part that a playlist names.
fn newest(playlist: &str) -> [Option<&str>; 2] {
    let segment = playlist.lines().rfind(|line| !line.starts_with('#') && !line.is_empty());
    let part = playlist.lines().rfind(|line| line.starts_with("#EXT-X-PART:"));
    [segment, part.and_then(|line| line.split_once("URI=\"")?.1.split('"').next())]
}

#[cfg(test)]
mod tests {
    use super::newest;

    #[test]
    fn the_newest_segment_and_part_are_found_and_hints_are_not() {
        let playlist =
            "#EXTM3U\n#EXTINF:2,\ns1.m4s\n#EXT-X-PART:DURATION=0.2,URI=\"p2.0.m4s\"\n#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p2.1.m4s\"\n";
        assert_eq!(newest(playlist), [Some("s1.m4s"), Some("p2.0.m4s")]);
        assert_eq!(newest(""), [None, None]);
    }
}
