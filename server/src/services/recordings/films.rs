//! Reading recordings back. Where their samples are is kept for the next piece that a browser asks for, bounded by bytes.

use super::{Recordings, poster, stem, store};
use crate::error::{AppError, AppResult};
use media::record::{Movie, MovieError};
use std::collections::VecDeque;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// An hour with sound takes some 10 MB.
const MOST_BYTES: usize = 48 << 20;

/// The number of a recording, and whether it is the one without sound.
type Key = (i64, bool);

/// The least recently used first.
#[derive(Default)]
pub struct Films {
    kept: Mutex<VecDeque<(Key, Arc<Movie>)>>,
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

    /// It is deleted.
    pub fn forget(&self, id: i64) {
        self.lock().retain(|((known, _), _)| *known != id);
    }
}

impl Recordings {
    /// A recording as one plain MP4, also one that runs: what there is of it so far. `silent`: without its sound.
    ///
    /// # Errors
    /// 404; 503 if there is no picture in it, or its files cannot be read.
    pub async fn film(&self, id: i64, silent: bool) -> AppResult<Arc<Movie>> {
        let row = store::find(self.db(), id).await?;
        let whole = row.ended_by.is_some();
        let known = self.inner.films.find((id, silent)).filter(|_| whole);
        let folder = PathBuf::from(&row.folder);
        let film = tokio::task::spawn_blocking(move || {
            // Also where it is known what is in them: a disk may have gone since.
            let names = match media::record::names(&folder, &stem(id)) {
                Ok(names) if names.is_empty() => return Err(missing(row.bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing(row.bytes)),
                Err(error) => return Err(unusable(&media::error::plainly(&error))),
                Ok(names) => names,
            };
            known.map_or_else(|| opened(&folder, &names, silent, whole).map(Arc::new), Ok)
        });
        let film = film.await.map_err(AppError::internal)??;
        if whole {
            self.inner.films.keep((id, silent), &film);
        }
        Ok(film)
    }

    /// A recording's still, as JPEG.
    ///
    /// # Errors
    /// 404, also if it has none.
    pub async fn poster(&self, id: i64) -> AppResult<Vec<u8>> {
        let row = store::find(self.db(), id).await?;
        let none = || AppError::not_found("no_poster", "There is no still of this recording.");
        if !row.has_poster {
            return Err(none());
        }
        tokio::fs::read(PathBuf::from(row.folder).join(poster(id))).await.map_err(|error| match error.kind() {
            ErrorKind::NotFound => missing(1),
            _ => unusable(&media::error::plainly(&error)),
        })
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

/// No file is there; `bytes`: what there should be.
fn missing(bytes: i64) -> AppError {
    if bytes == 0 {
        no_picture()
    } else {
        unavailable("The files of this recording are not where they were. Is their disk there?".to_owned())
    }
}

fn no_picture() -> AppError {
    AppError::not_found("no_picture", "There is no picture in this recording.")
}

fn explained(error: &MovieError) -> AppError {
    match error {
        MovieError::Empty => no_picture(),
        MovieError::TooLong => unavailable("This recording is too long to be watched as one.".to_owned()),
        MovieError::File { source, .. } if source.kind() == ErrorKind::NotFound => missing(1),
        MovieError::File { source, .. } => unusable(&media::error::plainly(source)),
        MovieError::Index { .. } => {
            tracing::warn!(%error, "a recording cannot be read");
            unusable("they are damaged")
        }
    }
}

/// 503: its files cannot be read or removed.
pub fn unusable(reason: &str) -> AppError {
    unavailable(format!("The files of this recording cannot be used: {reason}."))
}

fn unavailable(detail: String) -> AppError {
    AppError::unavailable("recording_unavailable", detail, 30)
}
