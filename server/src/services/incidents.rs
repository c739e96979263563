//! The incident log: every fault of a camera from its beginning to its end, in the database and in plain words.
//!
//! Whoever has something to say about a camera hands a [`Note`] to [`Incidents::note`], which never waits.

mod note;

pub use note::{Note, NotePhase};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Notes that may wait for the log's task.
const NOTES: usize = 1024;

/// The log. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Incidents {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    notes: mpsc::Sender<Note>,
    /// Taken by the log's task.
    received: Mutex<Option<mpsc::Receiver<Note>>>,
    /// Notes for which there was no room.
    dropped: AtomicU64,
}

impl Default for Incidents {
    fn default() -> Self {
        let (notes, received) = mpsc::channel(NOTES);
        Self { inner: Arc::new(Inner { notes, received: Mutex::new(Some(received)), dropped: AtomicU64::new(0) }) }
    }
}

impl Incidents {
    /// Puts a note into the log. Never waits: where the log does not keep up, the note is lost and counted.
    pub fn note(&self, note: Note) {
        if self.inner.notes.try_send(note).is_err() {
            self.inner.dropped.fetch_add(1, Relaxed);
        }
    }

    /// Keeps the log until cancelled.
    pub async fn run(&self, stopping: CancellationToken) {
        let taken = self.inner.received.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut notes) = taken else { return };
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                Some(note) = notes.recv() => tracing::info!(camera.id = note.camera.map(|id| id.0), kind = note.kind.as_str(), "{}", note.text),
            }
        }
    }
}
