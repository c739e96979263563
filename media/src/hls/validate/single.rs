//! Rules that one playlist keeps or breaks by itself.

use super::parse::{Playlist, Segment};
use super::{Code, Finding, Findings, Sec};
use std::collections::HashSet;

/// EXT-X-PROGRAM-DATE-TIME may differ this much from the date before plus EXTINF, in ms: rounding and slewed clocks.
const DATE_SLACK_MS: i64 = 50;
/// Sums of durations may be off by this much: each is rounded to the digits that are written.
pub(super) const ROUNDING_US: u64 = 5000;

/// Everything that is wrong with the playlist by itself, with what could not be read.
pub fn check(playlist: &Playlist) -> Vec<Finding> {
    let mut findings = Findings(playlist.findings.clone());
    // Nothing more is worth saying about what is no playlist.
    if !playlist.findings.iter().any(|finding| matches!(finding.code, Code::NotAPlaylist | Code::TooBig)) {
        header(playlist, &mut findings);
        segments(playlist, &mut findings);
        dates(playlist, &mut findings);
        uris(playlist, &mut findings);
        if playlist.low_latency() {
            low_latency(playlist, &mut findings);
        } else {
            let parts = playlist.numbered().any(|(_, segment)| !segment.parts.is_empty());
            findings.add_if(parts, Code::PartTargetMissing, "EXT-X-PART needs EXT-X-PART-INF");
        }
    }
    findings.0
}

fn header(playlist: &Playlist, findings: &mut Findings) {
    let mapped = playlist.segments.iter().any(|segment| segment.map.is_some());
    let needed = match (playlist.skipped > 0, mapped) {
        (true, _) => 9,
        (false, true) => 6,
        _ => 1,
    };
    let version = playlist.version.unwrap_or(1);
    findings.add_if(version < needed, Code::VersionTooLow, format_args!("EXT-X-VERSION is {version}, the tags need {needed}"));
    findings.add_if(playlist.target_duration_s.is_none(), Code::TargetDurationMissing, "EXT-X-TARGETDURATION is missing");
    let few = playlist.skipped == 0 && !playlist.ended && playlist.segments.len() < 6;
    findings.add_if(few, Code::TooFewSegments, format_args!("{} segments; live playlists should have 6", playlist.segments.len()));
    let Some((control, target)) = playlist.server_control.zip(playlist.target_duration_s) else { return };
    let target_us = target.saturating_mul(1_000_000);
    let skip_short = control.can_skip_until_us.is_some_and(|until| until < target_us.saturating_mul(6));
    findings.add_if(skip_short, Code::SkipUntilTooShort, "CAN-SKIP-UNTIL is less than six target durations");
    let hold_short = control.hold_back_us.is_some_and(|hold| hold < target_us.saturating_mul(3));
    findings.add_if(hold_short, Code::HoldBackTooShort, "HOLD-BACK is less than three target durations");
}

fn segments(playlist: &Playlist, findings: &mut Findings) {
    for (sequence, segment) in playlist.numbered().take(playlist.segments.len()) {
        let rounded = segment.duration_us.saturating_add(500_000) / 1_000_000;
        let too_long = playlist.target_duration_s.is_some_and(|target| rounded > target);
        let duration = Sec(segment.duration_us);
        findings.add_if(too_long, Code::SegmentTooLong, format_args!("segment {sequence} has {duration}, more than the target duration"));
    }
    let fmp4 = playlist.segments.iter().any(|segment| segment.map.is_some()) || playlist.low_latency();
    for (sequence, segment) in playlist.numbered() {
        let shown = !segment.uri.is_empty() || !segment.parts.is_empty();
        // A delta update need not repeat the map for what the client knows; the first kept segment's is wanted here all the same.
        let missing = fmp4 && shown && segment.map.is_none();
        findings.add_if(missing, Code::MapMissing, format_args!("segment {sequence} has no EXT-X-MAP"));
        let dependent = playlist.independent_segments && segment.parts.first().is_some_and(|part| !part.independent);
        findings.add_if(
            dependent,
            Code::NotIndependentSegments,
            format_args!("segment {sequence} does not start with an independent part"),
        );
    }
}

fn dates(playlist: &Playlist, findings: &mut Findings) {
    let mut expected: Option<i64> = None;
    for (sequence, segment) in playlist.numbered() {
        if let (Some(expected), Some(date), false) = (expected, segment.date_utc_ms, segment.discontinuity) {
            let off = date.saturating_sub(expected);
            let jump = !(-DATE_SLACK_MS..=DATE_SLACK_MS).contains(&off);
            findings.add_if(
                jump,
                Code::DateJump,
                format_args!("the date of segment {sequence} is {off} ms off the one before plus its duration"),
            );
        }
        let start = segment.date_utc_ms.or(expected);
        expected = start.map(|date| date.saturating_add(i64::try_from(segment.duration_us / 1000).unwrap_or(i64::MAX)));
    }
}

fn uris(playlist: &Playlist, findings: &mut Findings) {
    let mut seen = HashSet::new();
    for (_, segment) in playlist.numbered() {
        let own = (!segment.uri.is_empty()).then_some(&segment.uri);
        for uri in segment.parts.iter().map(|part| &part.uri).chain(own) {
            findings.add_if(!seen.insert(uri.as_str()), Code::UriRepeated, format_args!("{uri} is listed twice"));
        }
    }
    if let Some(hint) = playlist.part_hint() {
        findings.add_if(seen.contains(hint), Code::HintStale, format_args!("the hinted part {hint} is already listed"));
    }
}

fn low_latency(playlist: &Playlist, findings: &mut Findings) {
    let target = playlist.part_target_us.unwrap_or(0);
    let control = playlist.server_control.unwrap_or_default();
    findings.add_if(!control.can_block_reload, Code::CannotBlockReload, "CAN-BLOCK-RELOAD=YES is missing");
    let hold_back = control.part_hold_back_us.unwrap_or(0);
    let short = hold_back < target.saturating_mul(3);
    findings.add_if(short, Code::PartHoldBackTooShort, format_args!("PART-HOLD-BACK is {}, less than three part targets", Sec(hold_back)));
    let hints = |kind: &str| playlist.hints.iter().filter(|hint| hint.kind == kind).count();
    findings.add_if(hints("PART") == 0 && !playlist.ended, Code::HintMissing, "there is no EXT-X-PRELOAD-HINT of a part");
    findings.add_if(hints("PART") > 1 || hints("MAP") > 1, Code::HintRepeated, "more than one EXT-X-PRELOAD-HINT of a type");

    let limit = playlist.target_duration_s.unwrap_or(0).saturating_mul(3_000_000);
    let mut ahead: u64 = playlist.numbered().map(|(_, segment)| length(segment)).fold(0, u64::saturating_add);
    for (sequence, segment) in playlist.numbered() {
        ahead = ahead.saturating_sub(length(segment));
        let old = ahead > limit.saturating_add(ROUNDING_US) && !segment.parts.is_empty();
        findings.add_if(
            old,
            Code::PartTagsTooOld,
            format_args!("segment {sequence} is older than three target durations and still lists parts"),
        );
        let shown = !segment.uri.is_empty() || !segment.parts.is_empty();
        let undated = shown && (segment.date_utc_ms.is_none() || segment.parts.iter().any(|part| !part.dated));
        findings.add_if(undated, Code::DateMissing, format_args!("segment {sequence} has no date before its first part"));
        parts(sequence, segment, target, findings);
    }
}

fn parts(sequence: u64, segment: &Segment, target: u64, findings: &mut Findings) {
    for (index, part) in segment.parts.iter().enumerate() {
        let (uri, duration) = (&part.uri, Sec(part.duration_us));
        findings.add_if(part.duration_us > target, Code::PartTooLong, format_args!("{uri} has {duration}, more than PART-TARGET"));
        // The open segment's last part may turn out to be the segment's last.
        let Some(next) = segment.parts.get(index + 1) else { continue };
        let exempt = part.independent || part.gap || next.gap;
        let short = part.duration_us.saturating_mul(100) < target.saturating_mul(85);
        findings.add_if(short && !exempt, Code::PartTooShort, format_args!("{uri} has {duration}, less than 85 % of PART-TARGET"));
    }
    if segment.uri.is_empty() || segment.parts.is_empty() {
        return;
    }
    let sum = length(&Segment { uri: String::new(), ..segment.clone() });
    // Each part's duration is rounded to the digits given.
    let slack = 1000 + 10 * u64::try_from(segment.parts.len()).unwrap_or(u64::MAX / 10);
    let off = sum.abs_diff(segment.duration_us) > slack;
    let (sum, duration) = (Sec(sum), Sec(segment.duration_us));
    findings.add_if(off, Code::PartsDoNotSum, format_args!("the parts of segment {sequence} add up to {sum}, its EXTINF is {duration}"));
}

/// EXTINF of a whole segment, the parts so far of an open one.
pub(super) fn length(segment: &Segment) -> u64 {
    match segment.uri.is_empty() {
        true => segment.parts.iter().map(|part| part.duration_us).fold(0, u64::saturating_add),
        false => segment.duration_us,
    }
}
