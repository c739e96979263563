//! Reading recordings back. Where their samples are is kept for the next piece that a browser asks for, bounded by bytes.

use super::{PATIENCE, Recordings, files, store};
use crate::error::{AppError, AppResult};
use bytes::Bytes;
use media::record::{Movie, MovieError, MovieReader};
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Semaphore;

/// An hour with sound takes some 10 MB.
const MOST_BYTES: usize = 48 << 20;
/// Films that are opened, and pieces of them that are read, at the same time.
const READS_AT_ONCE: usize = 8;

/// What a film is known by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    /// Number of the recording.
    id: i64,
    silent: bool,
    /// Of a recording that runs: which state of it.
    load: Option<u64>,
}

/// The least recently used first.
pub struct Films {
    kept: Mutex<VecDeque<(Key, Arc<Movie>)>>,
    /// A disk that hangs holds so many threads and no more.
    turns: Arc<Semaphore>,
}

impl Default for Films {
    fn default() -> Self {
        Self { kept: Mutex::default(), turns: Arc::new(Semaphore::new(READS_AT_ONCE)) }
    }
}

impl Films {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(Key, Arc<Movie>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The film of a recording, if it is kept.
    fn find(&self, key: Key) -> Option<Arc<Movie>> {
        let mut kept = self.lock();
        let at = kept.iter().position(|(known, _)| *known == key)?;
        let entry = kept.remove(at)?;
        let film = Arc::clone(&entry.1);
        kept.push_back(entry);
        Some(film)
    }

    /// Keeps it, and lets go of others for it.
    fn keep(&self, key: Key, film: &Arc<Movie>) {
        let mut kept = self.lock();
        kept.retain(|(known, _)| *known != key);
        kept.push_back((key, Arc::clone(film)));
        while kept.len() > 1 && kept.iter().map(|(_, film)| film.memory()).sum::<usize>() > MOST_BYTES {
            kept.pop_front();
        }
    }

    /// Reads from a disk, if it answers.
    async fn reading<T: Send + 'static>(&self, read: impl FnOnce() -> AppResult<T> + Send + 'static) -> AppResult<T> {
        let turns = Arc::clone(&self.turns);
        let turn_and_read = async move {
            let turn = turns.acquire_owned().await.map_err(AppError::internal)?;
            let read = tokio::task::spawn_blocking(move || {
                let _turn = turn;
                read()
            });
            read.await.map_err(AppError::internal)?
        };
        let silent = |_| unavailable("The disk with this recording does not answer. Is a network share gone?".to_owned());
        tokio::time::timeout(PATIENCE, turn_and_read).await.map_err(silent)?
    }

    /// It is deleted.
    pub fn forget(&self, id: i64) {
        self.lock().retain(|(known, _)| known.id != id);
    }
}

impl Recordings {
    /// A recording as one plain MP4; `silent`: without its sound. Of one that runs: what there is so far, or what there was at the first question
    /// with this `load`, so that somebody who asks for it in parts gets parts of the same film.
    ///
    /// # Errors
    /// 404; 503 if there is no picture in it, or its files cannot be read.
    pub async fn film(&self, id: i64, silent: bool, load: Option<u64>) -> AppResult<Arc<Movie>> {
        let row = store::find(self.db(), id).await?;
        let whole = row.ended_by.is_some();
        let key = Key { id, silent, load: load.filter(|_| !whole) };
        let keeps = whole || load.is_some();
        let films = Arc::clone(&self.inner.films);
        let film = self.inner.films.reading(move || {
            let folder = Path::new(&row.folder);
            // Also where it is known what is in them: a disk may have gone since.
            let names =
                files::on_disk(folder, &row.stem).and_then(|()| media::record::names(folder, &row.stem)).map_err(|error| lost(&error))?;
            if let Some(known) = films.find(key).filter(|_| keeps) {
                return Ok(known);
            }
            let film = Arc::new(opened(folder, &names, silent, whole)?);
            if keeps {
                films.keep(key, &film);
            }
            Ok(film)
        });
        film.await
    }

    /// The next piece of a film.
    ///
    /// # Errors
    /// Its disk does not answer.
    pub async fn next_piece(&self, mut reader: MovieReader) -> AppResult<(Option<io::Result<Bytes>>, MovieReader)> {
        self.inner.films.reading(move || Ok((reader.next(), reader))).await
    }

    /// A recording's still, as JPEG.
    ///
    /// # Errors
    /// 404, also if it has none; 503 if its disk is not there.
    pub async fn poster(&self, id: i64) -> AppResult<Vec<u8>> {
        let row = store::find(self.db(), id).await?;
        if !row.has_poster {
            return Err(AppError::not_found("no_poster", "There is no still of this recording."));
        }
        let still = PathBuf::from(&row.folder).join(files::poster(&row.stem));
        self.inner.films.reading(move || std::fs::read(still).map_err(|error| lost(&error))).await
    }
}

/// `whole`: it has ended. Otherwise its last file may be just being begun, and is left out if it makes no sense yet.
fn opened(folder: &Path, names: &[String], silent: bool, whole: bool) -> AppResult<Movie> {
    match (Movie::open(folder, names, silent), names.split_last()) {
        (Err(MovieError::Index { .. }), Some((_, earlier))) if !whole => Movie::open(folder, earlier, silent),
        (film, _) => film,
    }
    .map_err(|error| explained(&error))
}

fn explained(error: &MovieError) -> AppError {
    match error {
        MovieError::Empty => AppError::not_found("no_picture", "There is no picture in this recording."),
        MovieError::TooLong => unavailable("This recording is too long to be watched as one.".to_owned()),
        MovieError::File { source, .. } => lost(source),
        MovieError::Index { .. } => {
            tracing::warn!(%error, "a recording cannot be read");
            unavailable("The files of this recording are damaged.".to_owned())
        }
    }
}

fn lost(error: &io::Error) -> AppError {
    if error.kind() == ErrorKind::NotFound {
        return unavailable("The files of this recording are not where they were. Is their disk there?".to_owned());
    }
    unusable("The files of this recording cannot be used", error)
}

/// 503: the disk says why.
pub fn unusable(what: &str, error: &io::Error) -> AppError {
    unavailable(format!("{what}: {}.", media::error::plainly(error)))
}

fn unavailable(detail: String) -> AppError {
    AppError::unavailable("recording_unavailable", detail, 30)
}
