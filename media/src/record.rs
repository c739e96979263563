//! Recordings: chunks of a stream written to files as they are, found again, and given out as one plain MP4.
//!
//! A recorded file is an init segment and the chunks that follow (fragmented MP4): any player reads it at any moment, also while it
//! grows and after a power cut. Before the fragment of each key frame stands a `prft` box (ISO 14496-12 8.16.5), so a file knows its own
//! wall-clock times. A file holds one epoch: the next one may need another init segment, and time has passed between the two that the
//! decode times hide. Pictures that a slow disk missed begin no new file: the picture before them lasts until the next key frame.
//!
//! `assemble` decides what is written where (sans-IO), `writer` writes it, `recorder` is the task between them and the hub.
//! [`index`] finds every sample of a file again and [`movie`] puts the samples of several files under one header.
//! What does not belong here: which camera is recorded when and for how long, names that people see, what is deleted.

use crate::cmaf::{Chunk, Epoch};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod assemble;
mod boxes;
pub mod index;
pub mod movie;
mod recorder;
mod recover;
mod sets;
mod spans;
mod summary;
mod tables;
#[cfg(test)]
mod testing;
mod writer;

pub use index::{Index, IndexError};
pub use movie::{Movie, MovieError};
pub use recorder::record;
pub use recover::{names, recover};
pub use spans::MovieReader;

use summary::Summary;

/// What to write where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Made if missing, for this user only (mode 0700), as are missing folders above it.
    pub folder: PathBuf,
    /// Files are named `{stem}-{n}.mp4`, n from 1. A number that is taken is passed over: nothing is ever overwritten.
    pub stem: String,
    /// Bytes that stay free on the disk of `folder`.
    pub keep_free: u64,
}

/// Why a recording ended.
#[derive(Debug)]
pub enum Ended {
    /// By the token.
    Stopped,
    /// The hub was closed: the stream does not exist any more.
    StreamGone,
    /// No more than [`Job::keep_free`] bytes are free, or the disk took no more. What was written stays and is whole.
    DiskFull,
    /// The folder or a file can't be written. What was written before stays and is whole.
    Failed(std::io::Error),
}

/// A file of a recording that has at least one picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedFile {
    /// Inside the job's folder.
    pub name: String,
    /// Milliseconds since 1970-01-01 UTC at which its first picture was received.
    pub started_utc_ms: i64,
    /// The same for its end: the last key frame's time plus what plays from there.
    pub ended_utc_ms: i64,
    /// How long it plays.
    pub duration: Duration,
    pub bytes: u64,
    pub pictures: u64,
}

/// What became of a recording.
#[derive(Debug)]
pub struct Finished {
    /// In order. Empty if no key frame came, or none could be written.
    pub files: Vec<RecordedFile>,
    pub ended: Ended,
    /// Pictures of the stream that were not recorded because the disk was too slow.
    pub dropped: u64,
}

/// How far a recording is. Sent after every write, and at the first key frame.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// On the disk, in all files.
    pub bytes: u64,
    /// How long they play.
    pub duration: Duration,
    /// When the first picture was received.
    pub started_utc_ms: Option<i64>,
    /// The first picture, for a poster.
    pub first_key: Option<(Arc<Epoch>, Arc<Chunk>)>,
}
