//! The pieces of the window: init segments, parts, segments, and the names under which they are served.

use super::{MediaBody, Sound};
use crate::cmaf::{Epoch, Track};
use bytes::Bytes;
use std::sync::Arc;

/// An epoch's init segment under a name that is never used twice.
#[derive(Debug)]
pub(super) struct Init {
    /// Counts the epochs that this playlist has seen, from 1.
    pub number: u64,
    pub epoch: Arc<Epoch>,
}

impl Init {
    /// The init segment.
    pub fn body(&self, sound: Sound) -> Option<MediaBody> {
        let bytes = match sound {
            Sound::Without if self.epoch.audio_muxed => self.epoch.video_only().ok()?.init,
            Sound::With | Sound::Without => self.epoch.init.clone(),
        };
        Some(MediaBody::of([bytes]))
    }
}

/// A chunk of a part.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub track: Track,
    pub bytes: Bytes,
}

/// A closed, immutable part.
#[derive(Debug)]
pub(super) struct Part {
    /// Counts parts over the life of the stream. None for the only piece of a bridge segment, which is not listed as a part.
    pub number: Option<u64>,
    /// Ticks of video.
    pub duration: u64,
    /// Its first video frame is a key frame.
    pub independent: bool,
    pub chunks: Vec<Piece>,
    pub len: u64,
}

impl Part {
    pub fn body(&self, sound: Sound) -> MediaBody {
        MediaBody::of(self.heard(sound))
    }

    fn heard(&self, sound: Sound) -> impl Iterator<Item = Bytes> + '_ {
        self.chunks.iter().filter(move |piece| sound == Sound::With || piece.track == Track::Video).map(|piece| piece.bytes.clone())
    }
}

/// A segment: exactly its parts. Open while it is the window's last, then immutable.
#[derive(Debug)]
pub(super) struct Segment {
    pub sequence: u64,
    pub init: Arc<Init>,
    /// EXT-X-DISCONTINUITY stands before it.
    pub discontinuity: bool,
    /// When its first frame was received, ms since 1970 UTC.
    pub start_utc_ms: i64,
    pub parts: Vec<Part>,
    /// Ticks of video as declared by EXTINF.
    pub duration: u64,
    pub len: u64,
}

impl Segment {
    /// How many EXT-X-PART tags it has.
    pub fn listed_parts(&self) -> u32 {
        u32::try_from(self.parts.iter().filter(|part| part.number.is_some()).count()).unwrap_or(u32::MAX)
    }

    pub fn push(&mut self, part: Part) {
        self.duration += part.duration;
        self.len += part.len;
        self.parts.push(part);
    }

    pub fn body(&self, sound: Sound) -> MediaBody {
        MediaBody::of(self.parts.iter().flat_map(|part| part.heard(sound)))
    }
}

/// What a name refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Init(u64),
    Segment(u64),
    Part(u64),
}

/// The names of one run: they hold the run's own prefix, so that no name ever means two things and all may be cached for ever.
#[derive(Debug, Clone)]
pub(super) struct Names {
    run: String,
    sound: Sound,
}

/// Stands before the names of media without sound.
const WITHOUT_SOUND: &str = "silent-";

impl Names {
    pub fn new(run: String) -> Self {
        Self { run, sound: Sound::With }
    }

    /// The names of the same media with or without sound.
    pub fn with(&self, sound: Sound) -> Self {
        Self { run: self.run.clone(), sound }
    }

    pub fn of(&self, resource: Resource) -> String {
        let sort = match self.sound {
            Sound::With => "",
            Sound::Without => WITHOUT_SOUND,
        };
        match resource {
            Resource::Init(number) => format!("{sort}init-{}-{number}.mp4", self.run),
            Resource::Segment(number) => format!("{sort}seg-{}-{number}.m4s", self.run),
            Resource::Part(number) => format!("{sort}part-{}-{number}.m4s", self.run),
        }
    }

    /// Reads a name back. Only the exact spelling of `of` is accepted.
    pub fn parse(&self, name: &str) -> Option<(Resource, Sound)> {
        let (name, sound) = name.strip_prefix(WITHOUT_SOUND).map_or((name, Sound::With), |rest| (rest, Sound::Without));
        let (stem, extension) = name.split_once('.')?;
        let (kind, rest) = stem.split_once('-')?;
        let digits = rest.strip_prefix(self.run.as_str())?.strip_prefix('-')?;
        if digits.is_empty() || digits.starts_with('+') || (digits.len() > 1 && digits.starts_with('0')) {
            return None;
        }
        let number = digits.parse().ok()?;
        let resource = match (kind, extension) {
            ("init", "mp4") => Resource::Init(number),
            ("seg", "m4s") => Resource::Segment(number),
            ("part", "m4s") => Resource::Part(number),
            _ => return None,
        };
        Some((resource, sound))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_read() {
        let names = Names::new("a1b2".to_owned());
        for resource in [Resource::Init(1), Resource::Segment(0), Resource::Part(u64::MAX)] {
            for sound in [Sound::With, Sound::Without] {
                assert_eq!(names.parse(&names.with(sound).of(resource)), Some((resource, sound)));
            }
        }
        for bad in [
            "",
            "silent-silent-part-a1b2-1.m4s",
            "silent-",
            "part-a1b2-.m4s",
            "part-a1b2-01.m4s",
            "part-a1b2-+1.m4s",
            "part-a1b-1.m4s",
            "seg-a1b2-1.mp4",
            "part-a1b2-1.m4s.m4s",
        ] {
            assert_eq!(names.parse(bad), None, "{bad}");
        }
    }
}
