//! Where the samples of recordings are, kept for the next piece that a browser asks for. Bounded by bytes.

use media::record::Movie;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An hour with sound takes some 10 MB.
const MOST_BYTES: usize = 48 << 20;

/// The least recently used first.
#[derive(Default)]
pub struct Films {
    kept: Mutex<VecDeque<(i64, Arc<Movie>)>>,
}

impl Films {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(i64, Arc<Movie>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The film of a recording, if it is kept.
    pub fn find(&self, id: i64) -> Option<Arc<Movie>> {
        let mut kept = self.lock();
        let at = kept.iter().position(|(known, _)| *known == id)?;
        let entry = kept.remove(at)?;
        let film = Arc::clone(&entry.1);
        kept.push_back(entry);
        Some(film)
    }

    /// Keeps it, and lets go of others for it.
    pub fn keep(&self, id: i64, film: &Arc<Movie>) {
        let mut kept = self.lock();
        kept.retain(|(known, _)| *known != id);
        kept.push_back((id, Arc::clone(film)));
        while kept.len() > 1 && kept.iter().map(|(_, film)| film.memory()).sum::<usize>() > MOST_BYTES {
            kept.pop_front();
        }
    }

    /// It is deleted.
    pub fn forget(&self, id: i64) {
        self.lock().retain(|(known, _)| *known != id);
    }
}
