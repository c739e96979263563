//! Rules over a sequence of reloads of one playlist: what must not change, go back or vanish.

use super::parse::{Part, Playlist, Segment, parse};
use super::single::{ROUNDING_US, check, length};
use super::{Code, Finding, Findings};

/// Follows one playlist as a client does, delta updates included.
#[derive(Debug, Default)]
pub struct Reloads {
    last: Option<Playlist>,
}

impl Reloads {
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next answer and says what is wrong with it, by itself and against those before.
    pub fn push(&mut self, text: &str) -> Vec<Finding> {
        let mut playlist = parse(text);
        let mut findings = Findings(check(&playlist));
        let unreadable = findings.0.iter().any(|finding| matches!(finding.code, Code::NotAPlaylist | Code::TooBig));
        if unreadable {
            return findings.0;
        }
        if playlist.skipped > 0 {
            fill_in(&mut playlist, self.last.as_ref(), &mut findings);
        }
        if let Some(last) = &self.last {
            compare(last, &playlist, &mut findings);
        }
        self.last = Some(playlist);
        findings.0
    }

    /// The playlist as a client now knows it: the last answer with what it skipped.
    pub fn current(&self) -> Option<&Playlist> {
        self.last.as_ref()
    }
}

/// Puts what a delta update skipped back in from what is known.
fn fill_in(delta: &mut Playlist, last: Option<&Playlist>, findings: &mut Findings) {
    let (first, kept) = (delta.first_sequence(), delta.first_kept());
    let known: Vec<Segment> = last
        .into_iter()
        .flat_map(Playlist::numbered)
        .filter(|(sequence, segment)| (first..kept).contains(sequence) && !segment.uri.is_empty())
        .map(|(_, segment)| Segment { parts: Vec::new(), ..segment.clone() })
        .collect();
    let complete = u64::try_from(known.len()).is_ok_and(|count| count == delta.skipped);
    findings.add_if(!complete, Code::DeltaInconsistent, format_args!("of {} skipped segments {} are known", delta.skipped, known.len()));
    if complete {
        delta.skipped = 0;
        delta.segments.splice(..0, known);
    }
}

fn compare(last: &Playlist, next: &Playlist, findings: &mut Findings) {
    let target_changed = last.target_duration_s != next.target_duration_s;
    findings.add_if(target_changed, Code::TargetDurationChanged, "EXT-X-TARGETDURATION has changed");
    findings.add_if(last.part_target_us != next.part_target_us, Code::PartTargetChanged, "PART-TARGET has changed");
    let unchanged = (&last.segments, &last.open, last.first_sequence()) == (&next.segments, &next.open, next.first_sequence());
    findings.add_if(last.ended && !unchanged, Code::AfterEnd, "the playlist has changed after EXT-X-ENDLIST");
    sequences(last, next, findings);
    same_segments(last, next, findings);
    if !next.ended {
        hint(last, next, findings);
    }
}

fn sequences(last: &Playlist, next: &Playlist, findings: &mut Findings) {
    let (before, after) = (last.first_sequence(), next.first_sequence());
    findings.add_if(after < before, Code::MediaSequenceBack, format_args!("EXT-X-MEDIA-SEQUENCE went from {before} back to {after}"));
    let end = (last.open_sequence(), next.open_sequence());
    let vanished = end.1 < end.0 && after >= before;
    findings.add_if(vanished, Code::SegmentVanished, format_args!("the playlist ended before segment {}, now before {}", end.0, end.1));

    let numbers = (last.discontinuity_sequence.unwrap_or(0), next.discontinuity_sequence.unwrap_or(0));
    let back = numbers.1 < numbers.0;
    findings.add_if(
        back,
        Code::DiscontinuitySequenceBack,
        format_args!("EXT-X-DISCONTINUITY-SEQUENCE went from {} back to {}", numbers.0, numbers.1),
    );
    if after <= before {
        return;
    }
    if after > last.open_sequence() {
        findings.add(
            Code::SegmentsMissed,
            format_args!("nothing of the last playlist is left: it ended before {}, this starts at {after}", end.0),
        );
        return;
    }
    let left = last.numbered().filter(|(sequence, segment)| *sequence < after && segment.discontinuity).count();
    let wrong = !back && last.skipped == 0 && Some(numbers.1) != u64::try_from(left).ok().and_then(|left| numbers.0.checked_add(left));
    findings.add_if(
        wrong,
        Code::DiscontinuitySequenceWrong,
        format_args!("{left} discontinuities left, EXT-X-DISCONTINUITY-SEQUENCE went from {} to {}", numbers.0, numbers.1),
    );
    let stays = next.segments.iter().map(|segment| segment.duration_us).fold(0, u64::saturating_add);
    let early = next.skipped == 0 && stays < next.target_duration_s.unwrap_or(0).saturating_mul(3_000_000);
    findings.add_if(early, Code::RemovedTooEarly, "segments left although less than three target durations stay");
}

fn same_segments(last: &Playlist, next: &Playlist, findings: &mut Findings) {
    let limit = next.target_duration_s.unwrap_or(0).saturating_mul(3_000_000);
    let mut ahead: u64 = next.numbered().map(|(_, segment)| length(segment)).fold(0, u64::saturating_add);
    let mut old = last.numbered().skip_while(|(sequence, _)| *sequence < next.first_kept()).peekable();
    for (sequence, new) in next.numbered() {
        ahead = ahead.saturating_sub(length(new));
        let Some((_, old)) = old.next_if(|(number, _)| *number == sequence) else { continue };
        let was_open = old.uri.is_empty();
        if was_open && old.parts.is_empty() {
            continue;
        }
        let same_head = (old.discontinuity, old.date_utc_ms, &old.map, old.gap) == (new.discontinuity, new.date_utc_ms, &new.map, new.gap);
        let same_body = was_open || (&old.uri, old.duration_us) == (&new.uri, new.duration_us);
        findings.add_if(!same_head || !same_body, Code::SegmentChanged, format_args!("segment {sequence} has changed"));
        // Age is counted to the segment's end; its tags may go together.
        let may_drop = !new.uri.is_empty() && ahead.saturating_add(ROUNDING_US) >= limit;
        parts(sequence, old, new, may_drop, findings);
    }
}

fn parts(sequence: u64, old: &Segment, new: &Segment, may_drop: bool, findings: &mut Findings) {
    if new.parts.is_empty() && !old.parts.is_empty() {
        let early = !may_drop;
        return findings.add_if(early, Code::PartVanished, format_args!("the parts of segment {sequence} have gone too early"));
    }
    // A delta update has put the segment back without its parts: nothing to compare.
    if old.parts.is_empty() && !old.uri.is_empty() {
        return;
    }
    let same = |(old, new): (&Part, &Part)| {
        (&old.uri, old.duration_us, old.independent, old.gap) == (&new.uri, new.duration_us, new.independent, new.gap)
    };
    let prefix = old.parts.iter().zip(&new.parts).all(same);
    let whole = !old.uri.is_empty();
    let count = if whole { new.parts.len() == old.parts.len() } else { new.parts.len() >= old.parts.len() };
    findings.add_if(!prefix || !count, Code::PartChanged, format_args!("the parts of segment {sequence} have changed"));
}

fn hint(last: &Playlist, next: &Playlist, findings: &mut Findings) {
    let Some(hinted) = last.part_hint() else { return };
    let known = last.numbered().flat_map(|(_, segment)| &segment.parts).last();
    let Some(known) = known else { return };
    let mut after = next.numbered().flat_map(|(_, segment)| &segment.parts).skip_while(|part| part.uri != known.uri);
    if after.next().is_none() {
        return;
    }
    match after.next() {
        Some(came) => {
            let broken = came.uri != hinted;
            findings.add_if(broken, Code::HintBroken, format_args!("{hinted} was hinted, {} came", came.uri));
        }
        None => {
            let changed = next.part_hint().is_some_and(|hint| hint != hinted);
            findings.add_if(changed, Code::HintBroken, format_args!("{hinted} was hinted and never came"));
        }
    }
}
