//! The incident log: every fault of a camera from its beginning to its end, in the database and in plain words.
//!
//! Changes of state come from `media::stream`, notes from whoever has something to say about a camera ([`Incidents::note`], which never
//! waits). [`fold`] makes incidents of them and [`account`] counts the time, both sans-IO; [`keeper`] is the task that feeds the two, stores
//! what they say in batches and tells it to browsers. Nothing here is in the way of pictures: while the database cannot be written,
//! entries wait in memory, and beyond a bound they are lost, counted and complained of.

mod account;
mod availability;
mod entry;
mod fold;
mod keeper;
mod note;
mod open;
mod store;
mod words;

use crate::db::Db;
use crate::error::{AppError, AppResult};
use crate::moment;
use account::Account;
use app::model::{Availability, Incident, IncidentQuery, Timeline, TimelineRange};
use entry::Entry;
pub use entry::Step;
use fold::Fold;
pub use keeper::Sources;
use media::StreamKey;
use media::stream::{StreamEvent, StreamState, StreamStatus, Streams};
use media::time::Stamp;
pub use note::{Note, NotePhase};
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Filter;
use tokio::sync::{broadcast, mpsc};

/// Notes that may wait for the keeper.
const NOTES: usize = 1024;
/// Entries that may wait to be stored.
const MAX_WAITING: usize = 5_000;
/// Entries of an answer, where the query doesn't say.
const PAGE: u32 = 50;
/// How many may be asked for.
const PAGES: RangeInclusive<u32> = 1..=200;

/// The log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Incidents {
    inner: Arc<Inner>,
}

/// What the keeper hears.
#[derive(Debug)]
struct Received {
    notes: mpsc::Receiver<Note>,
    events: broadcast::Receiver<StreamEvent>,
}

#[derive(Debug)]
struct Inner {
    db: Db,
    streams: Streams,
    notes: mpsc::Sender<Note>,
    /// What the keeper hears. An async lock, because the keeper holds it all the time: one that fails leaves it to the next.
    received: tokio::sync::Mutex<Received>,
    /// Notes for which there was no room.
    dropped: AtomicU64,
    /// Held for memory accesses only, never across an await.
    book: Mutex<Book>,
}

/// What is known in memory.
#[derive(Debug)]
struct Book {
    fold: Fold,
    account: Account,
    /// Entries that are not stored in this form yet.
    waiting: BTreeMap<i64, Entry>,
    /// Entries that found no room in `waiting`.
    lost: u64,
}

impl Book {
    /// Puts an entry among those that wait to be stored; where there is no room, the oldest one that has ended gives way.
    fn put(&mut self, entry: Entry) {
        self.waiting.insert(entry.id, entry);
        if self.waiting.len() > MAX_WAITING {
            let ended = self.waiting.values().find(|entry| entry.ended_ms.is_some()).map(|entry| entry.id);
            if let Some(id) = ended.or_else(|| self.waiting.keys().next().copied()) {
                self.waiting.remove(&id);
                self.lost = self.lost.saturating_add(1);
            }
        }
    }
}

impl Incidents {
    /// Opens the log: what a run that was killed left open is closed. Call this before any stream is started, so that nothing is missed;
    /// [`Incidents::run`] then keeps it.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn open(db: &Db, streams: &Streams) -> Result<Self, sea_orm::DbErr> {
        let next_id = store::begin(db).await?;
        let (notes, received) = mpsc::channel(NOTES);
        let book = Book { fold: Fold::new(next_id), account: Account::default(), waiting: BTreeMap::new(), lost: 0 };
        let inner = Inner {
            db: db.clone(),
            streams: streams.clone(),
            notes,
            received: tokio::sync::Mutex::new(Received { notes: received, events: streams.events() }),
            dropped: AtomicU64::new(0),
            book: Mutex::new(book),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Puts a note into the log. Never waits: where the log does not keep up, the note is lost and counted.
    pub fn note(&self, note: Note) {
        if self.inner.notes.try_send(note).is_err() {
            self.inner.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Entries of one camera, or of all and about the server; the newest first.
    ///
    /// # Errors
    /// 422 for a query that makes no sense, with its field.
    pub async fn list(&self, camera: Option<i64>, query: &IncidentQuery) -> AppResult<Vec<Incident>> {
        let limit = query.limit.unwrap_or(PAGE);
        if !PAGES.contains(&limit) {
            return Err(AppError::out_of_range("limit", &PAGES, "entries"));
        }
        let filter = Filter {
            camera,
            before: query.before,
            from_ms: milliseconds("from", query.from.as_deref())?,
            to_ms: milliseconds("to", query.to.as_deref())?,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
        };
        // What waits is looked at first: it may be stored, and so be gone from there, while the query runs.
        let waiting: Vec<Entry> = self.book().waiting.values().filter(|entry| filter.takes(entry)).cloned().collect();
        let stored = store::list(&self.inner.db, &filter).await.map_err(AppError::internal)?;
        let mut entries: BTreeMap<i64, Entry> = stored.into_iter().map(|entry| (entry.id, entry)).collect();
        // A stored form may fit a filter that the newer one no longer does; the newer one counts.
        entries.retain(|id, _| self.book().waiting.get(id).is_none_or(|newer| filter.takes(newer)));
        entries.extend(waiting.into_iter().map(|entry| (entry.id, entry)));
        Ok(entries.into_values().rev().take(filter.limit).map(Entry::told).collect())
    }

    /// How much of the last seven days a camera could be seen.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn availability(&self, camera: i64) -> AppResult<Availability> {
        let now = self.count();
        let from = availability::first_slot_of_week(now);
        let slots = self.slots(camera, from).await?;
        Ok(availability::week(&slots, now))
    }

    /// How a camera's streams went, by slots.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn timeline(&self, camera: i64, range: TimelineRange) -> AppResult<Timeline> {
        let now = self.count();
        let from = availability::first_slot(range, now);
        let slots = self.slots(camera, from).await?;
        Ok(availability::timeline(&slots, range, now))
    }

    /// Counts until now.
    fn count(&self) -> Stamp {
        let states = self.states();
        let now = Stamp::now();
        self.book().account.tick(&states, now);
        now
    }

    /// Stored and not yet stored, together.
    async fn slots(&self, camera: i64, from: i64) -> AppResult<Vec<availability::Part>> {
        let waiting = self.book().account.waiting_of(camera);
        let stored = store::slots(&self.inner.db, camera, from).await.map_err(AppError::internal)?;
        Ok(availability::merged(stored, waiting, from))
    }

    /// All streams as they are now. One whose camera sleeps is as good as idle.
    fn states(&self) -> Vec<(StreamKey, StreamState)> {
        let state = |status: &StreamStatus| if status.asleep { StreamState::Idle } else { status.state };
        self.inner.streams.statuses().iter().map(|(key, status)| (*key, state(status))).collect()
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.inner.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since 1970 UTC.
fn milliseconds(field: &'static str, text: Option<&str>) -> AppResult<Option<i64>> {
    let Some(text) = text else { return Ok(None) };
    Ok(i64::try_from(moment::read(text, field)?.unix_timestamp_nanos() / 1_000_000).ok())
}
