//! Judges blocking playlist requests (RFC 8216bis 6.2.5.2): answer now, wait, or refuse.

/// Why there is no playlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PlaylistError {
    /// HTTP 400: the directives contradict the playlist.
    #[error("{0}")]
    BadRequest(&'static str),
    /// HTTP 503 with Retry-After: the stream has no whole segment yet.
    #[error("the stream has no picture yet; try again in {retry_after_s} s")]
    NotReady { retry_after_s: u32 },
    /// HTTP 503 with Retry-After: what was asked for did not come in time.
    #[error("the stream has not advanced in time; ask again without _HLS_msn")]
    TimedOut { retry_after_s: u32 },
}

/// The live edge of a playlist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    /// The first segment that is not whole.
    pub open_sequence: u64,
    /// Its parts so far.
    pub open_parts: u32,
    /// EXT-X-PART tags of the last whole segment.
    pub last_parts: u32,
    /// Parts that a request may be ahead: 3 / PART-TARGET, at least 3.
    pub advance_limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Answer,
    Wait,
    Refuse(&'static str),
}

impl Edge {
    /// What to do with a request for `_HLS_msn` and `_HLS_part` (RFC 8216bis section 6.2.5.2).
    pub fn judge(&self, msn: Option<u64>, part: Option<u32>) -> Verdict {
        let Some(msn) = msn else {
            return match part {
                Some(_) => Verdict::Refuse("_HLS_part needs _HLS_msn"),
                None => Verdict::Answer,
            };
        };
        let newest = if self.open_parts > 0 { self.open_sequence } else { self.open_sequence.saturating_sub(1) };
        if msn > newest.saturating_add(2) {
            return Verdict::Refuse("_HLS_msn is more than two segments ahead of the playlist");
        }
        let Some(part) = part else {
            return if msn < self.open_sequence { Verdict::Answer } else { Verdict::Wait };
        };
        let ahead = match msn.checked_sub(self.open_sequence) {
            Some(0) => u64::from(part) + 1 - u64::from(self.open_parts).min(u64::from(part) + 1),
            Some(_) => u64::from(part) + 1,
            // A part past the end of the last whole segment is part 0 of the open one. Of older segments everything is there.
            None if msn + 1 == self.open_sequence && part >= self.last_parts => {
                if part - self.last_parts > self.advance_limit {
                    return Verdict::Refuse("_HLS_part is too far ahead of the playlist");
                }
                return if self.open_parts > 0 { Verdict::Answer } else { Verdict::Wait };
            }
            None => return Verdict::Answer,
        };
        match ahead {
            0 => Verdict::Answer,
            ahead if ahead > u64::from(self.advance_limit) => Verdict::Refuse("_HLS_part is too far ahead of the playlist"),
            _ => Verdict::Wait,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Answer, Wait};
    use super::*;

    const EDGE: Edge = Edge { open_sequence: 100, open_parts: 3, last_parts: 10, advance_limit: 14 };

    fn refused(edge: Edge, msn: Option<u64>, part: Option<u32>) -> bool {
        matches!(edge.judge(msn, part), Verdict::Refuse(_))
    }

    #[test]
    fn directives_are_judged_by_the_rules() {
        assert_eq!(EDGE.judge(None, None), Answer);
        assert!(refused(EDGE, None, Some(0)), "part without msn");
        assert_eq!(EDGE.judge(Some(0), None), Answer, "old msn");
        assert_eq!(EDGE.judge(Some(3), Some(999)), Answer, "old msn");
        assert_eq!(EDGE.judge(Some(99), None), Answer);
        assert_eq!(EDGE.judge(Some(100), None), Wait);
        assert_eq!(EDGE.judge(Some(100), Some(2)), Answer);
        assert_eq!(EDGE.judge(Some(100), Some(3)), Wait);
        assert_eq!(EDGE.judge(Some(100), Some(16)), Wait);
        assert!(refused(EDGE, Some(100), Some(17)), "15 parts ahead");
        assert_eq!(EDGE.judge(Some(102), None), Wait);
        assert!(refused(EDGE, Some(103), None));
        assert!(refused(EDGE, Some(103), Some(0)));
        assert!(refused(EDGE, Some(u64::MAX), Some(u32::MAX)));
        assert_eq!(EDGE.judge(Some(99), Some(10)), Answer, "past the end of 99 is part 0 of 100, which is there");
    }

    #[test]
    fn a_part_past_the_end_waits_for_the_next_segments_first() {
        let edge = Edge { open_parts: 0, ..EDGE };
        assert_eq!(edge.judge(Some(99), Some(9)), Answer);
        assert_eq!(edge.judge(Some(99), Some(10)), Wait);
        assert_eq!(edge.judge(Some(101), None), Wait);
        assert!(refused(edge, Some(102), None));
        assert!(refused(edge, Some(99), Some(25)));
    }
}
