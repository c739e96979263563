//! The pieces of the window: init segments, parts, segments, and the names under which they are served.

use super::MediaBody;
use crate::cmaf::Epoch;
use bytes::Bytes;
use std::sync::Arc;

/// An epoch's init segment under a name that is never used twice.
#[derive(Debug)]
pub(super) struct Init {
    /// Counts the epochs that this playlist has seen, from 1.
    pub number: u64,
    pub epoch: Arc<Epoch>,
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
    pub chunks: Vec<Bytes>,
    pub len: u64,
}

impl Part {
    pub fn body(&self) -> MediaBody {
        MediaBody { parts: self.chunks.clone(), len: self.len }
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

    pub fn body(&self) -> MediaBody {
        MediaBody { parts: self.parts.iter().flat_map(|part| part.chunks.iter().cloned()).collect(), len: self.len }
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
}

impl Names {
    pub fn new(run: String) -> Self {
        Self { run }
    }

    pub fn of(&self, resource: Resource) -> String {
        match resource {
            Resource::Init(number) => format!("init-{}-{number}.mp4", self.run),
            Resource::Segment(number) => format!("seg-{}-{number}.m4s", self.run),
            Resource::Part(number) => format!("part-{}-{number}.m4s", self.run),
        }
    }

    /// Reads a name back. Only the exact spelling of `of` is accepted.
    pub fn parse(&self, name: &str) -> Option<Resource> {
        let (stem, extension) = name.split_once('.')?;
        let (kind, rest) = stem.split_once('-')?;
        let digits = rest.strip_prefix(self.run.as_str())?.strip_prefix('-')?;
        if digits.is_empty() || digits.starts_with('+') || (digits.len() > 1 && digits.starts_with('0')) {
            return None;
        }
        let number = digits.parse().ok()?;
        match (kind, extension) {
            ("init", "mp4") => Some(Resource::Init(number)),
            ("seg", "m4s") => Some(Resource::Segment(number)),
            ("part", "m4s") => Some(Resource::Part(number)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_read() {
        let names = Names::new("a1b2".to_owned());
        for resource in [Resource::Init(1), Resource::Segment(0), Resource::Part(u64::MAX)] {
            assert_eq!(names.parse(&names.of(resource)), Some(resource));
        }
        for bad in ["", "part-a1b2-.m4s", "part-a1b2-01.m4s", "part-a1b2-+1.m4s", "part-a1b-1.m4s", "seg-a1b2-1.mp4", "part-a1b2-1.m4s.m4s"]
        {
            assert_eq!(names.parse(bad), None, "{bad}");
        }
    }
}
