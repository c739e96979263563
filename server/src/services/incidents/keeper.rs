//! The task that keeps the log: one half listens and tells browsers, the other stores in batches. Neither waits for the other.

use super::account::Sums;
use super::entry::Entry;
use super::fold::Moment;
use super::{Incidents, Received, account, store};
use crate::config::Current;
use crate::services::cameras::Cameras;
use crate::services::feed::Feed;
use app::model::ServerMessage;
use media::stream::StreamEvent;
use media::time::Stamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often the time is counted, changes are told, and what waits is stored.
const TICK: Duration = Duration::from_secs(1);
/// How often the length of open incidents and the counted time are stored: what a kill can lose of them.
const REFRESH: Duration = Duration::from_secs(60);
/// Entries of one transaction.
const BATCH: usize = 200;
/// After a failed transaction.
const RETRY: Duration = Duration::from_secs(5);
/// How often a database that cannot be written is complained of.
const COMPLAIN: Duration = Duration::from_secs(60);
const FIRST_PRUNE: Duration = Duration::from_secs(60);
const PRUNE: Duration = Duration::from_secs(600);
/// Slots are kept for a week and the day that it begins with.
const SLOT_DAYS: i64 = 8;
const DAY_MS: i64 = 86_400_000;

/// What the keeper works with.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Which cameras there are.
    pub cameras: &'a Cameras,
    /// Where entries are told.
    pub feed: &'a Feed,
    /// How long entries are kept.
    pub settings: &'a Current,
}

impl Incidents {
    /// Keeps the log until cancelled; then closes what is open and stores it.
    pub async fn run(&self, sources: Sources<'_>, stopping: CancellationToken) {
        let mut received = self.inner.received.lock().await;
        let closed = CancellationToken::new();
        let listening = async {
            self.listen(sources, &mut received, stopping).await;
            closed.cancel();
        };
        tokio::join!(listening, self.keep(sources.settings, &closed));
    }

    async fn listen(&self, sources: Sources<'_>, Received { notes, events }: &mut Received, stopping: CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut refreshed = Instant::now();
        let mut changed = BTreeMap::new();
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                event = events.recv() => match event {
                    Ok(event) => self.take_event(&event),
                    Err(RecvError::Lagged(missed)) => {
                        // From the newest on: replaying what is left of the past after looking at the present would tell it twice.
                        *events = events.resubscribe();
                        self.resync(missed);
                    }
                    Err(RecvError::Closed) => break,
                },
                Some(note) = notes.recv() => self.book().fold.note(note),
                _ = tick.tick() => {
                    self.tick();
                    if refreshed.elapsed() >= REFRESH {
                        refreshed = Instant::now();
                        self.book().fold.refresh(Stamp::now());
                    }
                    for entry in std::mem::take(&mut changed).into_values() {
                        tell(sources.feed, entry);
                    }
                }
            }
            self.publish(sources, &mut changed);
        }
        while let Ok(note) = notes.try_recv() {
            self.book().fold.note(note);
        }
        self.tick();
        self.book().fold.stop(Stamp::now());
        self.publish(sources, &mut changed);
    }

    fn take_event(&self, event: &StreamEvent) {
        let mut book = self.book();
        book.account.event(event);
        book.fold.event(event);
    }

    fn resync(&self, missed: u64) {
        tracing::warn!(missed, "the incident log did not keep up with the streams and goes by their present state");
        let (statuses, states) = (self.inner.streams.statuses(), self.states());
        let now = Stamp::now();
        let mut book = self.book();
        book.account.resync(&states, now);
        book.fold.resync(&statuses, now);
    }

    fn tick(&self) {
        let dropped = self.inner.dropped.swap(0, Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "notes for the incident log came too fast and were lost");
        }
        let states = self.states();
        let keys: BTreeSet<_> = states.iter().map(|(key, _)| *key).collect();
        let now = Stamp::now();
        let mut book = self.book();
        book.account.tick(&states, now);
        book.fold.retain(&keys, now);
    }

    /// Hands what changed to those who store and those who look. An incident's beginning and end are told at once, what lies between with
    /// the next tick.
    fn publish(&self, sources: Sources<'_>, changed: &mut BTreeMap<i64, Entry>) {
        let news = self.book().fold.take();
        if news.is_empty() {
            return;
        }
        let wall = sources.cameras.wall();
        for (moment, entry) in news {
            // With a camera its incidents go.
            if entry.camera.is_some_and(|id| wall.cameras.iter().all(|camera| camera.id != id)) {
                self.book().waiting.remove(&entry.id);
                changed.remove(&entry.id);
                continue;
            }
            self.book().put(entry.clone());
            if moment == Moment::Changed {
                changed.insert(entry.id, entry);
            } else {
                changed.remove(&entry.id);
                tell(sources.feed, entry);
            }
        }
    }

    /// Stores what waits, and deletes what is old, until `closed` and once more then.
    async fn keep(&self, settings: &Current, closed: &CancellationToken) {
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let start = Instant::now();
        let (mut slots_due, mut prune_due, mut retry_at) = (start + REFRESH, start + FIRST_PRUNE, start);
        let mut complained: Option<Instant> = None;
        loop {
            let last = tokio::select! {
                () = closed.cancelled() => true,
                _ = tick.tick() => false,
            };
            let now = Instant::now();
            if last || now >= retry_at {
                let with_slots = last || now >= slots_due;
                match self.store(with_slots).await {
                    Ok(()) if with_slots => slots_due = now + REFRESH,
                    Ok(()) => {}
                    Err(error) => {
                        retry_at = Instant::now() + RETRY;
                        if last || complained.is_none_or(|at| at.elapsed() >= COMPLAIN) {
                            complained = Some(Instant::now());
                            let (waiting, lost) = (self.book().waiting.len(), self.book().lost);
                            tracing::warn!(%error, waiting, lost, "the incident log cannot be stored; it waits in memory");
                        }
                    }
                }
            }
            if last {
                return;
            }
            if now >= prune_due && now >= retry_at {
                let more = self.prune(settings).await;
                prune_due = Instant::now() + if more { TICK } else { PRUNE };
            }
        }
    }

    /// Stores everything that waits, batch by batch.
    async fn store(&self, with_slots: bool) -> Result<(), sea_orm::DbErr> {
        let mut slots = if with_slots { self.book().account.take() } else { BTreeMap::new() };
        slots.retain(|_, sums| *sums != Sums::default());
        loop {
            let batch: Vec<Entry> = self.book().waiting.values().take(BATCH).cloned().collect();
            if batch.is_empty() && slots.is_empty() {
                return Ok(());
            }
            if let Err(error) = store::write(&self.inner.db, &batch, &slots).await {
                self.book().account.give_back(slots);
                return Err(error);
            }
            slots.clear();
            let mut book = self.book();
            for entry in &batch {
                // What changed meanwhile waits on.
                if book.waiting.get(&entry.id) == Some(entry) {
                    book.waiting.remove(&entry.id);
                }
            }
            if batch.len() < BATCH {
                return Ok(());
            }
        }
    }

    /// Deletes what is older than the settings say, a part at a time. True if there is more.
    async fn prune(&self, settings: &Current) -> bool {
        let days = settings.get().incidents_keep_days;
        self.prune_now(days, store::MAX_PER_CAMERA).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "old entries of the incident log could not be deleted");
            false
        })
    }

    /// Deletes a part of what began more than `days` ago, or is more than the newest `max_per_camera` of its camera. True if there is more.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn prune_now(&self, days: u32, max_per_camera: u64) -> Result<bool, sea_orm::DbErr> {
        let now_ms = Stamp::now().utc_ms;
        let slot = (now_ms - SLOT_DAYS * DAY_MS).div_euclid(account::SLOT_MS);
        store::prune(&self.inner.db, now_ms - i64::from(days) * DAY_MS, slot, max_per_camera).await
    }
}

fn tell(feed: &Feed, entry: Entry) {
    feed.tell(&ServerMessage::Incident { incident: entry.told() });
}
