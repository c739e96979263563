//! One plain MP4 of several recorded files.

use super::boxes::boxed;
use super::index::{Index, IndexError, Sample, TrackInfo};
use super::spans::{MovieReader, Spans};
use super::tables::{Entry, Tables};
use super::{sets, summary};
use crate::cmaf::{AUDIO_TRACK_ID, Track, VIDEO_TRACK_ID};
use crate::time::VIDEO_TIMESCALE;
use bytes::{BufMut, Bytes, BytesMut};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

mod header;

/// Samples of a movie at most; it takes some 30 bytes of memory for each. Two days of 25 pictures and as many frames of sound a second.
const MAX_SAMPLES: u64 = 1 << 23;

/// A plain MP4 (`ftyp`, `moov`, `mdat`: it plays, and can be sought in, before it is whole) of the samples of one or more recorded files,
/// none of them copied: the header is in memory, the rest are spans of the files.
///
/// Each file begins where the pictures of the one before end, and its sound lies where it lay beside its pictures: where sound is
/// missing, the frame before lasts longer. Sound from before the first picture, or that the sound of the file before runs into, is left out.
/// Presentation begins at 0 with the first picture.
///
/// Where the files' parameters differ there is a sample entry for each, and the parameter sets also stand before every key frame: many
/// players only ever read the first entry.
#[derive(Debug)]
pub struct Movie {
    header: Bytes,
    spans: Spans,
    duration: Duration,
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
    /// Puts the files behind each other. Files without a picture are passed over.
    ///
    /// # Errors
    /// No picture in them, or too long.
    pub fn of(files: Vec<(PathBuf, Index)>) -> Result<Self, MovieError> {
        let entries: Vec<_> = files.iter().map(|(_, index)| &index.video.entry).collect();
        let mut builder = Builder { repeat_sets: differ(&entries), ..Builder::default() };
        for (path, index) in files {
            builder.push(path, &index)?;
        }
        builder.finish()
    }

    /// Reads the indexes of files in a folder one after the other, then as [`Movie::of`]; `silent`: without their sound. Blocking: the more
    /// samples, the longer.
    ///
    /// # Errors
    /// As [`Movie::of`], or a file can't be opened or is no recorded file. A name with a folder in it is never opened.
    pub fn open(folder: &Path, names: &[String], silent: bool) -> Result<Self, MovieError> {
        let mut files = Vec::new();
        for name in names {
            let unusable = |source| MovieError::File { name: name.clone(), source };
            if Path::new(name).file_name().is_none_or(|last| last != name.as_str()) {
                return Err(unusable(io::ErrorKind::InvalidInput.into()));
            }
            files.push((name, folder.join(name)));
        }
        let open =
            |(name, path): &(&String, PathBuf)| File::open(path).map_err(|source| MovieError::File { name: (*name).clone(), source });
        let unusable = |name: &String, source| MovieError::Index { name: name.clone(), source };
        let mut entries = Vec::new();
        for file in &files {
            entries.push(Index::entry(&mut open(file)?).map_err(|source| unusable(file.0, source))?);
        }
        let mut builder = Builder { repeat_sets: differ(&entries), ..Builder::default() };
        for file in files {
            let index = Index::read(&mut open(&file)?).map_err(|source| unusable(file.0, source))?;
            let index = if silent { index.without_sound() } else { index };
            builder.push(file.1, &index)?;
        }
        builder.finish()
    }

    /// Size in bytes.
    pub fn len(&self) -> u64 {
        self.spans.length().saturating_add(u64::try_from(self.header.len()).unwrap_or(u64::MAX))
    }

    /// Never: a movie has a header.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How long its pictures play.
    pub fn duration(&self) -> Duration {
        self.duration
    }

    /// Bytes that it takes in memory, for a cache with a bound.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.header.len() + self.spans.memory()
    }

    /// The bytes of a range (cut to the movie's end), some at a time.
    pub fn reader(self: &Arc<Self>, range: Range<u64>) -> MovieReader {
        MovieReader::new(Arc::clone(self), range)
    }

    pub(super) fn header(&self) -> &Bytes {
        &self.header
    }

    pub(super) fn spans(&self) -> &Spans {
        &self.spans
    }
}

fn differ<T: PartialEq>(entries: &[T]) -> bool {
    entries.windows(2).any(|pair| pair[0] != pair[1])
}

/// A movie while files are put to it.
#[derive(Default)]
struct Builder {
    /// Put the parameter sets before every key frame.
    repeat_sets: bool,
    spans: Spans,
    video: Tables,
    audio: Tables,
    /// Of the first file that has audio.
    audio_rate: u32,
    /// Width and height of the first file.
    size: (u32, u32),
    started_utc_ms: Option<i64>,
    /// Decode time at which the next file begins, in ticks of video.
    elapsed: u64,
    samples: u64,
    last_track: Option<Track>,
}

impl Builder {
    fn push(&mut self, path: PathBuf, index: &Index) -> Result<(), MovieError> {
        let first = index.samples.iter().find(|sample| sample.track == Track::Video);
        let (Some(first), Some(summary)) = (first, index.summary) else { return Ok(()) };
        self.samples += u64::try_from(index.samples.len()).unwrap_or(u64::MAX);
        if self.samples > MAX_SAMPLES {
            return Err(MovieError::TooLong);
        }
        if self.video.is_empty() {
            self.size = index.video.size;
            self.started_utc_ms = summary.started_utc_ms;
        }
        let sets = self.repeat_sets.then(|| sets::of_entry(&index.video.entry)).flatten();
        self.spans.begin(path, sets);
        self.last_track = None;
        self.video.describe(&index.video.entry);
        let sound = index.audio.as_ref().map(|audio| Sound::new(self, audio, first));
        for sample in &index.samples {
            match (sample.track, &sound) {
                (Track::Video, _) => self.picture(sample, first).ok_or(MovieError::TooLong)?,
                (Track::Audio, Some(sound)) => self.sound(sample, sound).ok_or(MovieError::TooLong)?,
                (Track::Audio, None) => {}
            }
        }
        self.elapsed = self.elapsed.checked_add(summary.ticks()).ok_or(MovieError::TooLong)?;
        Ok(())
    }

    fn picture(&mut self, sample: &Sample, first: &Sample) -> Option<()> {
        let offset = i64::from(sample.composition_offset) - i64::from(first.composition_offset);
        let entry = Entry {
            time: self.elapsed.checked_add(sample.decode_time.checked_sub(first.decode_time)?)?,
            duration: sample.duration,
            size: sample.size.checked_add(if sample.key { self.spans.insert_size() } else { 0 })?,
            // Key frames are decoded when they are shown, whatever the file, so that one may follow the other; all are moved up in the end.
            offset: i32::try_from(offset).ok()?,
            sync: sample.key,
            position: self.spans.length(),
            follows: self.last_track == Some(Track::Video),
        };
        self.video.push(entry)?;
        if sample.key {
            self.spans.insert();
        }
        self.place(sample);
        Some(())
    }

    fn sound(&mut self, sample: &Sample, sound: &Sound) -> Option<()> {
        let Ok(time) = u64::try_from(sound.time(sample.decode_time)) else { return Some(()) };
        let overlaps = |(last, duration): (u64, u32)| time < last.saturating_add(u64::from(duration / 2).max(1));
        if self.audio.last().is_some_and(overlaps) {
            return Some(());
        }
        let entry = Entry {
            time,
            duration: sound.duration(sample.duration),
            size: sample.size,
            offset: 0,
            // No table of them: all are.
            sync: false,
            position: self.spans.length(),
            follows: self.last_track == Some(Track::Audio),
        };
        self.audio.push(entry)?;
        self.place(sample);
        Some(())
    }

    fn place(&mut self, sample: &Sample) {
        self.spans.push(sample.position, sample.size);
        self.last_track = Some(sample.track);
    }

    fn finish(mut self) -> Result<Movie, MovieError> {
        if self.video.is_empty() {
            return Err(MovieError::Empty);
        }
        self.spans.shrink();
        let header = header::write(&self).ok_or(MovieError::TooLong)?;
        Ok(Movie { header, duration: summary::duration(self.elapsed), spans: self.spans })
    }
}

/// How the times of a file's sound become those of the movie. Every time is rounded by itself, so that errors don't add up.
struct Sound {
    /// Ticks per second in the movie and in the file.
    movie_rate: i128,
    file_rate: i128,
    /// From the file's presentation times to the movie's, in ticks of video.
    ahead: i128,
}

impl Sound {
    fn new(movie: &mut Builder, audio: &TrackInfo, first: &Sample) -> Self {
        if movie.audio.is_empty() {
            movie.audio_rate = audio.timescale;
        }
        movie.audio.describe(&audio.entry);
        let shown = i128::from(first.decode_time) + i128::from(first.composition_offset);
        Self { movie_rate: i128::from(movie.audio_rate), file_rate: i128::from(audio.timescale), ahead: i128::from(movie.elapsed) - shown }
    }

    /// In ticks of the movie's sound. Below 0 for sound from before the first picture.
    fn time(&self, decode_time: u64) -> i128 {
        let video = i128::from(VIDEO_TIMESCALE);
        let scaled = self.ahead * self.movie_rate * self.file_rate + i128::from(decode_time) * self.movie_rate * video;
        let one = video * self.file_rate;
        (2 * scaled + one).div_euclid(2 * one)
    }

    fn duration(&self, ticks: u32) -> u32 {
        let scaled = i128::from(ticks) * self.movie_rate;
        u32::try_from(((2 * scaled + self.file_rate) / (2 * self.file_rate)).max(1)).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
#[path = "movie/tests.rs"]
mod tests;
