//! The fan-out ring of one stream: chunks go in once, every reader takes references out at its own pace.
//!
//! The producer never waits. A reader that falls behind (its chunk was evicted, or more than its byte limit is unread) is moved to the
//! next key frame and told how many frames it missed. The hub outlives sessions: after a reconnect the same readers go on with a new epoch.

use crate::cmaf::{Chunk, Epoch, Track};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Bounds of the ring.
#[derive(Debug, Clone, Copy)]
pub struct HubLimits {
    /// Chunks older than the newest key frame are kept this long, so that a reader that is a little late loses nothing.
    pub history: Duration,
    /// Hard ceiling of bytes in the ring; a longer GOP loses its beginning (and late joiners wait for the next key frame).
    pub max_bytes: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self { history: Duration::from_millis(1500), max_bytes: 12 << 20 }
    }
}

/// What a reader gets, in order. An `Epoch` precedes the first chunk that decodes with it.
#[derive(Debug, Clone)]
pub enum Item {
    Epoch(Arc<Epoch>),
    Chunk(Arc<Chunk>),
    /// This many video frames were skipped; the next chunk is a key frame.
    Dropped(u64),
}

/// The producer's and the subscribers' handle; clones share one ring.
#[derive(Debug, Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Held for a few pointer moves only, never across an await.
    ring: Mutex<Ring>,
    /// Counts publications; readers wait on it. `None` once the hub is closed.
    head: watch::Sender<Option<u64>>,
    dropped: AtomicU64,
}

#[derive(Debug)]
struct Ring {
    limits: HubLimits,
    /// Oldest first.
    entries: VecDeque<Entry>,
    /// Sum of the chunk sizes in `entries`.
    bytes: usize,
    /// Every epoch that an entry or `last_key` refers to, plus the newest.
    epochs: VecDeque<Arc<Epoch>>,
    /// Totals over all chunks ever published: a reader's lag is a difference of two of these.
    published: Totals,
    /// `published.chunks` of the newest key frame's entry, if it is still in the ring.
    newest_key: Option<u64>,
    last_key: Option<Arc<Chunk>>,
}

/// Cumulative counts at the moment before an entry.
#[derive(Debug, Clone, Copy, Default)]
struct Totals {
    chunks: u64,
    frames: u64,
    bytes: u64,
}

#[derive(Debug)]
struct Entry {
    before: Totals,
    chunk: Arc<Chunk>,
}

impl Default for Hub {
    fn default() -> Self {
        Self::new(HubLimits::default())
    }
}

impl Hub {
    /// An empty ring.
    pub fn new(limits: HubLimits) -> Self {
        let ring = Ring {
            limits,
            entries: VecDeque::new(),
            bytes: 0,
            epochs: VecDeque::new(),
            published: Totals::default(),
            newest_key: None,
            last_key: None,
        };
        Self { shared: Arc::new(Shared { ring: Mutex::new(ring), head: watch::channel(Some(0)).0, dropped: AtomicU64::new(0) }) }
    }

    /// Announces the epoch of the chunks that follow.
    pub fn publish_epoch(&self, epoch: Arc<Epoch>) {
        self.shared.ring().epochs.push_back(epoch);
    }

    /// Adds a chunk and wakes the readers.
    pub fn publish(&self, chunk: Arc<Chunk>) {
        let head = {
            let mut ring = self.shared.ring();
            ring.push(chunk);
            ring.published.chunks
        };
        self.shared.head.send_if_modified(|value| match value {
            Some(current) => {
                *current = head;
                true
            }
            None => false,
        });
    }

    /// Forgets the ring (the session ended: what is in it is no longer live). The last key frame stays for posters.
    pub fn clear(&self) {
        self.shared.ring().clear();
    }

    /// No more chunks will come: readers end after what they have not read yet.
    pub fn close(&self) {
        self.shared.head.send_replace(None);
    }

    /// A reader that starts at the newest key frame, or at the next one if the ring has none.
    pub fn subscribe(&self, max_lag_bytes: usize) -> Reader {
        let ring = self.shared.ring();
        let start = ring.newest_key.and_then(|number| ring.entry(number)).map(|entry| entry.before);
        let (cursor, waiting_for_key) = match start {
            Some(before) => (before, false),
            None => (ring.published, true),
        };
        drop(ring);
        Reader {
            head: self.shared.head.subscribe(),
            shared: Arc::clone(&self.shared),
            cursor,
            waiting_for_key,
            skipped: 0,
            epoch: None,
            pending: None,
            max_lag_bytes: u64::try_from(max_lag_bytes).unwrap_or(u64::MAX),
        }
    }

    /// The newest key frame ever published, with its epoch; survives `clear`.
    pub fn last_key_frame(&self) -> Option<(Arc<Epoch>, Arc<Chunk>)> {
        let ring = self.shared.ring();
        let chunk = ring.last_key.clone()?;
        let epoch = ring.epoch(chunk.epoch)?;
        Some((epoch, chunk))
    }

    /// The newest epoch.
    pub fn epoch(&self) -> Option<Arc<Epoch>> {
        self.shared.ring().epochs.back().cloned()
    }

    /// Frames skipped by slow readers since the hub was made.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Bytes held by the ring now.
    pub fn bytes(&self) -> usize {
        self.shared.ring().bytes
    }
}

impl Shared {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        // A panic while the lock was held leaves the ring in a usable state: every step keeps its counts consistent or is repaired by eviction.
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn push(&mut self, chunk: Arc<Chunk>) {
        let before = self.published;
        self.published.chunks += 1;
        self.published.frames += u64::from(chunk.track == Track::Video);
        self.published.bytes += u64::try_from(chunk.bytes.len()).unwrap_or(0);
        self.bytes += chunk.bytes.len();
        if chunk.key {
            self.newest_key = Some(before.chunks);
            self.last_key = Some(Arc::clone(&chunk));
        }
        let now = chunk.received;
        self.entries.push_back(Entry { before, chunk });
        while let Some(front) = self.entries.front() {
            let needed_by_gop = self.newest_key.is_none_or(|key| front.before.chunks >= key);
            let needed_by_late = now.since(front.chunk.received) < self.limits.history;
            let fits = self.bytes <= self.limits.max_bytes;
            if fits && (needed_by_gop || needed_by_late) {
                break;
            }
            self.evict_front();
        }
        self.forget_epochs();
    }

    fn evict_front(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= entry.chunk.bytes.len();
            if self.newest_key == Some(entry.before.chunks) {
                self.newest_key = None;
            }
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
        self.newest_key = None;
        self.forget_epochs();
    }

    fn forget_epochs(&mut self) {
        let oldest_entry = self.entries.front().map(|entry| entry.chunk.epoch);
        let last_key = self.last_key.as_ref().map(|chunk| chunk.epoch);
        while self.epochs.len() > 1 {
            let Some(front) = self.epochs.front() else { break };
            let needed = oldest_entry.is_some_and(|epoch| epoch <= front.number) || last_key == Some(front.number);
            if needed {
                break;
            }
            self.epochs.pop_front();
        }
    }

    fn epoch(&self, number: u32) -> Option<Arc<Epoch>> {
        self.epochs.iter().rev().find(|epoch| epoch.number == number).cloned()
    }

    /// The entry with `before.chunks == number`.
    fn entry(&self, number: u64) -> Option<&Entry> {
        let first = self.entries.front()?.before.chunks;
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        self.entries.get(index)
    }
}

/// One consumer's position in the ring.
#[derive(Debug)]
pub struct Reader {
    shared: Arc<Shared>,
    head: watch::Receiver<Option<u64>>,
    /// Totals before the next unread chunk.
    cursor: Totals,
    /// Nothing but a key frame may be delivered next.
    waiting_for_key: bool,
    /// Frames skipped since the last `Dropped`.
    skipped: u64,
    /// Number of the epoch last delivered.
    epoch: Option<u32>,
    /// The chunk whose epoch or drop count had to be delivered first.
    pending: Option<Arc<Chunk>>,
    max_lag_bytes: u64,
}

impl Reader {
    /// The next item; waits for one. None when the hub is closed and everything was read. Cancel-safe.
    pub async fn next(&mut self) -> Option<Item> {
        loop {
            self.head.mark_unchanged();
            if let Some(item) = self.try_next() {
                return Some(item);
            }
            if self.head.borrow().is_none() || self.head.changed().await.is_err() {
                return self.try_next();
            }
        }
    }

    /// The next item if there is one now.
    pub fn try_next(&mut self) -> Option<Item> {
        if self.pending.is_none() {
            self.pending = self.take_chunk();
        }
        let chunk = self.pending.as_ref()?;
        if self.skipped > 0 {
            let frames = std::mem::take(&mut self.skipped);
            self.shared.dropped.fetch_add(frames, Ordering::Relaxed);
            return Some(Item::Dropped(frames));
        }
        if self.epoch != Some(chunk.epoch) {
            let number = chunk.epoch;
            self.epoch = Some(number);
            let epoch = self.shared.ring().epoch(number);
            if let Some(epoch) = epoch {
                return Some(Item::Epoch(epoch));
            }
        }
        self.pending.take().map(Item::Chunk)
    }

    /// Bytes published and not yet taken by this reader.
    pub fn lag_bytes(&self) -> u64 {
        self.shared.ring().published.bytes.saturating_sub(self.cursor.bytes)
    }

    /// Skips what is unread and goes on at the newest key frame (after a pause, so that the viewer is at the live edge at once).
    /// The skipped frames are not counted as dropped: the viewer asked for it.
    pub fn resume_live(&mut self) {
        let ring = self.shared.ring();
        let key = ring.newest_key.and_then(|number| ring.entry(number)).map(|entry| entry.before);
        // Inside the newest GOP this goes back to its key frame: a little data twice, but a picture at once.
        let (cursor, waiting) = key.map_or((ring.published, true), |before| (before, false));
        drop(ring);
        self.cursor = cursor;
        self.waiting_for_key = waiting;
        self.pending = None;
        self.skipped = 0;
    }

    fn take_chunk(&mut self) -> Option<Arc<Chunk>> {
        let shared = Arc::clone(&self.shared);
        let ring = shared.ring();
        let evicted = ring.entries.front().map_or(ring.published.chunks, |front| front.before.chunks) > self.cursor.chunks;
        let lagging = ring.published.bytes.saturating_sub(self.cursor.bytes) > self.max_lag_bytes;
        if evicted || lagging {
            self.catch_up(&ring);
        }
        loop {
            let entry = ring.entry(self.cursor.chunks)?;
            let chunk = Arc::clone(&entry.chunk);
            let is_video = chunk.track == Track::Video;
            self.cursor = Totals {
                chunks: entry.before.chunks + 1,
                frames: entry.before.frames + u64::from(is_video),
                bytes: entry.before.bytes + u64::try_from(chunk.bytes.len()).unwrap_or(0),
            };
            if self.waiting_for_key && !chunk.key {
                // A reader that has had nothing yet has missed nothing.
                self.skipped += u64::from(is_video && self.epoch.is_some());
                continue;
            }
            self.waiting_for_key = false;
            return Some(chunk);
        }
    }

    /// Moves the cursor to the newest key frame ahead of it, or past everything until the next one comes.
    fn catch_up(&mut self, ring: &Ring) {
        let target = ring.newest_key.filter(|key| *key > self.cursor.chunks).and_then(|number| ring.entry(number));
        let (to, waiting) = match target {
            Some(entry) => (entry.before, false),
            None => (ring.published, true),
        };
        if self.epoch.is_some() {
            self.skipped += to.frames.saturating_sub(self.cursor.frames);
        }
        self.cursor = to;
        self.waiting_for_key = waiting;
    }
}

#[cfg(test)]
#[path = "hub/tests.rs"]
mod tests;
