//! CMAF: the init segment of an epoch and one chunk (`moof` + `mdat`) per access unit or audio frame (ISO 23000-19, ISO 14496-12).
//!
//! [`Epoch`] and [`Chunk`] are the ref-counted values every consumer shares; making them is the job of [`crate::mux`].

use crate::time::{Stamp, VIDEO_TIMESCALE};
use crate::unit::Tracks;
use bytes::Bytes;

pub mod chunk;
pub mod init;

/// Track number of video in every init segment.
pub const VIDEO_TRACK_ID: u32 = 1;
/// Track number of audio in every init segment that has audio.
pub const AUDIO_TRACK_ID: u32 = 2;

/// Which track a chunk belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Track {
    Video,
    Audio,
}

/// A span of the stream with one set of decoder parameters and one camera session: everything in it decodes with `init`.
///
/// Numbers grow by one within a process run. Decode times run on continuously from one epoch to the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    pub number: u32,
    /// `ftyp` + `moov`.
    pub init: Bytes,
    /// What the source described. `tracks.audio` may be a codec that is not in `init`: see `audio_muxed`.
    pub tracks: Tracks,
    /// Whether the init segment has the audio track.
    pub audio_muxed: bool,
    /// `video/mp4; codecs="avc1.640028,mp4a.40.2"`.
    pub mime: String,
}

impl Epoch {
    /// Ticks per second of a track in this epoch.
    pub fn timescale(&self, track: Track) -> u32 {
        match track {
            Track::Video => VIDEO_TIMESCALE,
            Track::Audio => self.tracks.audio.as_ref().map_or(VIDEO_TIMESCALE, |audio| audio.rate_hz),
        }
    }

    /// The comma-separated RFC 6381 list inside `mime`.
    pub fn codecs(&self) -> String {
        let mut codecs = self.tracks.video.rfc6381.clone();
        if let (true, Some(audio)) = (self.audio_muxed, &self.tracks.audio) {
            codecs.push(',');
            codecs.push_str(&audio.rfc6381);
        }
        codecs
    }

    /// The same epoch without its audio track, for viewers that get no audio frames: a player would wait for them.
    ///
    /// # Errors
    /// The init segment can't be written; the epoch's own one was, so this does not happen in practice.
    pub fn video_only(&self) -> Result<Epoch, init::InitError> {
        let tracks = Tracks { video: self.tracks.video.clone(), audio: None };
        let init = init::write(&tracks.video, None)?;
        let mut epoch = Epoch { number: self.number, init, tracks, audio_muxed: false, mime: String::new() };
        epoch.mime = format!("video/mp4; codecs=\"{}\"", epoch.codecs());
        Ok(epoch)
    }
}

/// One `moof` + `mdat` with exactly one video access unit, or one or more audio frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Position in the stream, counted over both tracks from 1; also `mfhd.sequence_number` modulo 2^32.
    pub sequence: u64,
    /// [`Epoch::number`] it decodes with.
    pub epoch: u32,
    pub track: Track,
    /// Video: an IDR/IRAP picture. Audio: always false, so that "the newest key chunk" is a picture.
    pub key: bool,
    /// `tfdt.baseMediaDecodeTime` in the track's timescale. Per track: next chunk's = this one's + `duration`, for video also
    /// from one epoch to the next; audio starts an epoch at or after its key frame and may skip forward there.
    pub decode_time: u64,
    /// In the track's timescale, > 0.
    pub duration: u32,
    /// Presentation time minus decode time, in the track's timescale.
    pub composition_offset: i32,
    /// When the access unit was completely received.
    pub received: Stamp,
    /// The whole box pair, ready to send.
    pub bytes: Bytes,
    /// Where the `mdat` payload starts in `bytes`.
    pub payload_offset: usize,
}

impl Chunk {
    /// The access unit (length-prefixed NAL units) or audio frame, without copying.
    pub fn payload(&self) -> Bytes {
        self.bytes.slice(self.payload_offset..)
    }

    /// A copy of the bytes whose sample lasts `duration` (in the track's timescale) instead.
    pub fn with_duration(&self, duration: u32) -> Bytes {
        chunk::with_duration(&self.bytes, duration)
    }
}
