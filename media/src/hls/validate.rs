//! Checks playlists and media against the rules of RFC 8216bis, Apple's authoring rules and what real players hold against muxers.
//!
//! For output of any origin: ours in tests and on the admin page, other servers' to compare. [`parse`](parse::parse) reads hostile text
//! without panic and in bounded memory; [`check`](single::check) judges one playlist, [`Reloads`] a sequence of them, [`MediaChecker`] the bytes.
//! What does not belong here: fetching anything.

pub mod media;
pub mod parse;
pub mod reloads;
pub mod single;

pub use media::{MediaChecker, MediaTracks, PartFacts, segment_is_its_parts};
pub use parse::{Playlist, parse};
pub use reloads::Reloads;
pub use single::check;

use std::fmt;

/// Findings kept of one check: hostile input must not make a million.
const MAX_FINDINGS: usize = 200;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Allowed, but players do worse with it.
    Warning,
    /// Breaks a rule.
    Error,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// What is wrong, for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &[Code] = &[$(Code::$name,)*];

            /// The stable name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            pub fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity,)* }
            }
        }
    };
}

codes! {
    /// The text does not begin with #EXTM3U.
    NotAPlaylist = "not_a_playlist", Error;
    /// Longer than is read.
    TooBig = "too_big", Error;
    /// A tag's value cannot be read, or a needed attribute is missing.
    BadTag = "bad_tag", Error;
    /// A header tag stands twice.
    RepeatedTag = "repeated_tag", Error;
    /// A tag stands where it has no meaning, e.g. a part after its segment's EXTINF.
    MisplacedTag = "misplaced_tag", Error;
    /// EXT-X-VERSION is lower than the tags used need.
    VersionTooLow = "version_too_low", Error;
    TargetDurationMissing = "target_duration_missing", Error;
    /// EXTINF rounds to more than EXT-X-TARGETDURATION.
    SegmentTooLong = "segment_too_long", Error;
    /// EXT-X-PART without EXT-X-PART-INF.
    PartTargetMissing = "part_target_missing", Error;
    PartTooLong = "part_too_long", Error;
    /// Below 85 % of PART-TARGET and not the last of its segment.
    PartTooShort = "part_too_short", Error;
    /// The parts of a segment do not add up to its EXTINF.
    PartsDoNotSum = "parts_do_not_sum", Error;
    PartHoldBackTooShort = "part_hold_back_too_short", Error;
    HoldBackTooShort = "hold_back_too_short", Error;
    SkipUntilTooShort = "skip_until_too_short", Error;
    CannotBlockReload = "cannot_block_reload", Error;
    DateMissing = "date_missing", Error;
    /// EXT-X-PROGRAM-DATE-TIME does not follow from the segment before.
    DateJump = "date_jump", Error;
    HintMissing = "hint_missing", Error;
    HintRepeated = "hint_repeated", Error;
    /// The hint names a part that is already listed.
    HintStale = "hint_stale", Error;
    /// The part that came is not the one that was hinted.
    HintBroken = "hint_broken", Error;
    MapMissing = "map_missing", Error;
    /// EXT-X-PART tags of segments older than three target durations.
    PartTagsTooOld = "part_tags_too_old", Error;
    /// One URI for two things.
    UriRepeated = "uri_repeated", Error;
    /// EXT-X-INDEPENDENT-SEGMENTS, but a segment does not start with an independent part.
    NotIndependentSegments = "not_independent_segments", Error;
    TooFewSegments = "too_few_segments", Warning;
    TargetDurationChanged = "target_duration_changed", Error;
    PartTargetChanged = "part_target_changed", Error;
    MediaSequenceBack = "media_sequence_back", Error;
    DiscontinuitySequenceBack = "discontinuity_sequence_back", Error;
    /// EXT-X-DISCONTINUITY-SEQUENCE did not grow by the number of discontinuities that left.
    DiscontinuitySequenceWrong = "discontinuity_sequence_wrong", Error;
    /// A listed segment has changed.
    SegmentChanged = "segment_changed", Error;
    /// A segment at the end has gone.
    SegmentVanished = "segment_vanished", Error;
    /// A listed part has changed.
    PartChanged = "part_changed", Error;
    /// Part tags have gone before they were three target durations old.
    PartVanished = "part_vanished", Error;
    /// Segments left although less than three target durations stay.
    RemovedTooEarly = "removed_too_early", Error;
    /// Nothing of the last playlist is left: segments may have been missed.
    SegmentsMissed = "segments_missed", Warning;
    /// A delta update skips what was never seen, or does not agree with what was.
    DeltaInconsistent = "delta_inconsistent", Error;
    AfterEnd = "after_end", Error;
    /// Boxes that are cut off, or not moof + mdat.
    BrokenBoxes = "broken_boxes", Error;
    DecodeTimeGap = "decode_time_gap", Error;
    /// INDEPENDENT=YES and no key frame first, or the other way round.
    IndependentWrong = "independent_wrong", Error;
    /// The samples do not last as long as the playlist says.
    DurationWrong = "duration_wrong", Error;
    SegmentNotItsParts = "segment_not_its_parts", Error;
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub code: Code,
    /// One plain sentence.
    pub message: String,
}

impl Finding {
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.as_str(), self.message)
    }
}

/// A bounded list of findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, code: Code, message: impl fmt::Display) {
        if self.0.len() < MAX_FINDINGS {
            // Messages quote the playlist: bounded too.
            self.0.push(Finding { code, message: message.to_string().chars().take(400).collect() });
        }
    }

    fn add_if(&mut self, wrong: bool, code: Code, message: impl fmt::Display) {
        if wrong {
            self.add(code, message);
        }
    }
}

/// Microseconds as seconds, for messages.
struct Sec(u64);

impl fmt::Display for Sec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03} s", self.0 / 1_000_000, self.0 / 1000 % 1000)
    }
}
