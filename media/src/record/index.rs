//! Where each sample of a recorded file is.

use super::boxes::{self, Head, u32_at};
use super::{RecordedFile, Summary};
use crate::cmaf::Track;
use bytes::Bytes;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

mod fragment;
mod tracks;

pub(super) use fragment::Sample;
pub(super) use tracks::TrackInfo;

/// Samples that are indexed at most, 32 bytes each. The recorder begins a new file long before.
const MAX_SAMPLES: usize = 1 << 21;
/// Larger boxes of these kinds are none of ours.
const MAX_MOOV: u64 = 1 << 20;
const MAX_MOOF: u64 = 1 << 16;
/// Decode times above are none of ours (3000 years); sums and products of what is below fit.
const MAX_TIME: u64 = 1 << 53;
/// A chunk's boxes and what stands before them are some 150 bytes; a larger buffer reads pictures that are only passed over.
const BUFFER: usize = 4096;

/// The samples of a recorded file, up to its last whole chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    pub(super) video: TrackInfo,
    pub(super) audio: Option<TrackInfo>,
    /// In the order in which they lie in the file. Decode times of a track increase.
    pub(super) samples: Vec<Sample>,
    /// What the pictures say of the file's times.
    pub(super) summary: Option<Summary>,
    /// Size of the file up to the end of the last whole chunk.
    whole: u64,
}

/// Why a file has no index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("the file can't be read: {0}")]
    Io(#[from] io::Error),
    /// It does not begin with an init segment like ours.
    #[error("this is not a recorded file: {0}")]
    NotRecorded(&'static str),
    /// It has more samples than any of ours.
    #[error("the file has too many samples")]
    TooLong,
}

impl Index {
    /// Reads a file up to its last whole chunk, or to the first box that makes no sense. Blocking. Takes anything without panic, in memory
    /// that is bounded by its size and by some 70 MB.
    ///
    /// # Errors
    /// Reading failed, or the file does not begin as a recorded file does. A torn tail is no error.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Self, IndexError> {
        let mut boxes = Boxes::of(file)?;
        let (video, audio) = init(&mut boxes)?;
        let mut index = Self { video, audio, samples: Vec::new(), summary: None, whole: boxes.at };
        index.read_chunks(&mut boxes)?;
        Ok(index)
    }

    /// The video's sample entry alone, without a look at the samples.
    pub(super) fn entry(file: &mut (impl Read + Seek)) -> Result<Bytes, IndexError> {
        init(&mut Boxes::of(file)?).map(|(video, _)| video.entry)
    }

    /// Bytes from the file's beginning to the end of its last whole chunk.
    pub fn bytes(&self) -> u64 {
        self.whole
    }

    /// The same file without its sound, for those who may not hear it.
    #[must_use]
    pub fn without_sound(mut self) -> Self {
        self.audio = None;
        self.samples.retain(|sample| sample.track == Track::Video);
        self
    }

    pub fn pictures(&self) -> u64 {
        self.summary.map_or(0, |summary| summary.pictures)
    }

    /// What there is to say of the file. None if it has no picture.
    pub fn describe(&self, name: String) -> Option<RecordedFile> {
        self.summary.map(|summary| summary.of_file(name, self.whole))
    }

    /// Whether it is known when the first picture was received.
    pub fn knows_time(&self) -> bool {
        self.summary.is_some_and(|summary| summary.started_utc_ms.is_some())
    }

    fn read_chunks(&mut self, boxes: &mut Boxes<impl Read + Seek>) -> Result<(), IndexError> {
        let mut utc_ms = None;
        let mut last = [None; 2];
        while let Some(head) = boxes.head()? {
            match &head.kind {
                b"prft" if head.body_size() <= 64 => utc_ms = boxes::prft_time(&boxes.body(&head)?),
                b"moof" if head.size <= MAX_MOOF => {
                    let start = boxes.at - head.length;
                    let moof = boxes.body(&head)?;
                    let Some(mdat) = boxes.head()?.filter(|head| head.kind == *b"mdat") else { break };
                    let payload = boxes.at..boxes.at + mdat.body_size();
                    let known = self.samples.len();
                    let ids = (self.video.id, self.audio.as_ref().map(|audio| audio.id));
                    if fragment::read(&moof, start, &payload, ids, &mut last, &mut self.samples).is_none() {
                        self.samples.truncate(known);
                        break;
                    }
                    if self.samples.len() > MAX_SAMPLES {
                        return Err(IndexError::TooLong);
                    }
                    self.note(known, utc_ms.take());
                    boxes.skip(mdat.body_size())?;
                    self.whole = boxes.at;
                }
                b"moof" | b"mdat" | b"moov" => break,
                _ => boxes.skip(head.body_size())?,
            }
        }
        Ok(())
    }

    /// Takes the pictures from the `first`th sample on into the summary.
    fn note(&mut self, first: usize, mut utc_ms: Option<i64>) {
        for sample in self.samples.iter().skip(first).filter(|sample| sample.track == Track::Video) {
            let summary = self.summary.get_or_insert_with(|| Summary::begin(utc_ms));
            summary.picture(sample.decode_time, sample.composition_offset, sample.duration, utc_ms.take());
        }
    }
}

/// Reads up to the end of `moov`.
fn init(boxes: &mut Boxes<impl Read + Seek>) -> Result<(TrackInfo, Option<TrackInfo>), IndexError> {
    let no = IndexError::NotRecorded;
    for _ in 0..8 {
        let head = boxes.head()?.ok_or(no("no init segment"))?;
        match &head.kind {
            b"moov" if head.size <= MAX_MOOV => {
                let moov = boxes.body(&head)?;
                return tracks::read(&moov).ok_or(no("its tracks are none of ours"));
            }
            b"moov" | b"moof" | b"mdat" => return Err(no("no init segment")),
            _ => boxes.skip(head.body_size())?,
        }
    }
    Err(no("no init segment"))
}

/// The boxes of a file, of which only those that end within `length` are looked at.
struct Boxes<R> {
    reader: BufReader<R>,
    at: u64,
    length: u64,
}

impl<R: Read + Seek> Boxes<R> {
    fn of(mut file: R) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.rewind()?;
        Ok(Self { reader: BufReader::with_capacity(BUFFER, file), at: 0, length })
    }

    /// The next box, of which nothing but the head is consumed. None at the end or where no whole box follows.
    fn head(&mut self) -> io::Result<Option<Head>> {
        let left = self.length.saturating_sub(self.at);
        let mut bytes = [0; 16];
        if left < 8 {
            return Ok(None);
        }
        let (short, long) = bytes.split_at_mut(8);
        self.reader.read_exact(short)?;
        self.at += 8;
        if u32_at(short, 0) == Some(1) {
            if left < 16 {
                return Ok(None);
            }
            self.reader.read_exact(long)?;
            self.at += 8;
        }
        Ok(Head::of(&bytes).filter(|head| head.size <= left))
    }

    /// The body of a box whose head was just read. The caller has looked at its size.
    fn body(&mut self, head: &Head) -> io::Result<Vec<u8>> {
        let mut body = vec![0; usize::try_from(head.body_size()).map_err(|_| io::ErrorKind::OutOfMemory)?];
        self.reader.read_exact(&mut body)?;
        self.at += head.body_size();
        Ok(body)
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        self.reader.seek_relative(i64::try_from(bytes).map_err(|_| io::ErrorKind::InvalidData)?)?;
        self.at += bytes;
        Ok(())
    }
}

#[cfg(test)]
#[path = "index/tests.rs"]
mod tests;
