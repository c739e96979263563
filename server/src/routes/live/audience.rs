//! HLS viewers have no connection: whoever asked for a playlist lately counts as watching and keeps the stream wanted.

use media::StreamKey;
use media::stream::handle::{StreamHandle, Viewer};
use media::stream::status::ViewerKind;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;

/// How long a viewer counts after its last playlist request.
const LINGER: Duration = Duration::from_secs(15);
/// More viewers than this are not told apart (they share one place), so that a flood of made-up clients costs no memory.
const MAX_VIEWERS: usize = 20_000;

/// Who is watching what by HLS.
#[derive(Debug, Default)]
pub struct HlsAudience {
    viewers: Mutex<HashMap<(StreamKey, u64), Seat>>,
}

#[derive(Debug)]
struct Seat {
    _viewer: Viewer,
    last_request: Instant,
}

impl HlsAudience {
    /// Notes a request. Address and user agent together stand for one player.
    pub fn touch(&self, handle: &StreamHandle, address: Option<IpAddr>, user_agent: &[u8]) {
        let mut hasher = DefaultHasher::new();
        (address, user_agent).hash(&mut hasher);
        let mut viewers = self.viewers.lock().unwrap_or_else(PoisonError::into_inner);
        let client = if viewers.len() < MAX_VIEWERS { hasher.finish() } else { 0 };
        let now = Instant::now();
        viewers
            .entry((handle.key(), client))
            .and_modify(|seat| seat.last_request = now)
            .or_insert_with(|| Seat { _viewer: handle.join(ViewerKind::Hls), last_request: now });
    }

    /// Lets go of those that have not asked for a while, until cancelled.
    pub async fn run(&self, stopping: CancellationToken) {
        let mut tick = interval(Duration::from_secs(2));
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                _ = tick.tick() => {}
            }
            let now = Instant::now();
            self.viewers.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, seat| now - seat.last_request < LINGER);
        }
        self.viewers.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
