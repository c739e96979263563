//! Writes the window as playlist text (RFC 8216bis): low-latency or plain, whole or as a delta update.

use super::choose::{SECOND, Targets};
use super::datetime::UtcMs;
use super::segment::{Names, Resource, Segment};
use super::window::Window;
use std::fmt::{self, Display, Write};

/// Where another rendition of the same camera is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub uri: String,
    pub last_msn: u64,
    /// None where its last segment shows no parts.
    pub last_part: Option<u32>,
}

/// Ticks as decimal seconds with five digits: exact to 10 µs.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundred_thousandths = (self.0 * 100_000 + SECOND / 2) / SECOND;
        write!(f, "{}.{:05}", hundred_thousandths / 100_000, hundred_thousandths % 100_000)
    }
}

/// Whole milliseconds as decimal seconds.
struct Millis(u64);

impl Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0 / 1000, self.0 % 1000)
    }
}

/// The low-latency playlist. With `skip`, segments beyond CAN-SKIP-UNTIL are left out where there are any.
pub(super) fn low_latency(window: &Window, names: &Names, targets: Targets, skip: bool, reports: &[Report]) -> String {
    let mut text = String::with_capacity(8 << 10);
    let skipped = if skip { skippable(window, targets) } else { 0 };
    // Writing to a String does not fail.
    let _ = write_low_latency(&mut text, window, names, targets, skipped, reports);
    text
}

fn write_low_latency(
    out: &mut String,
    window: &Window,
    names: &Names,
    targets: Targets,
    skipped: usize,
    reports: &[Report],
) -> fmt::Result {
    let part_ms = targets.part_ms();
    write!(
        out,
        "#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:{}\n\
         #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={}.0,HOLD-BACK={}.0,PART-HOLD-BACK={}\n#EXT-X-PART-INF:PART-TARGET={}\n",
        targets.duration_s,
        targets.duration_s * 6,
        targets.duration_s * 3,
        Millis(part_ms * 3),
        Millis(part_ms),
    )?;
    write_sequences(out, window)?;
    if skipped > 0 {
        writeln!(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}")?;
    }
    let mut init = None;
    let mut ahead = window.listed().iter().chain(window.open()).map(|segment| segment.duration).sum::<u64>();
    for (index, segment) in window.listed().iter().enumerate() {
        ahead -= segment.duration;
        if index < skipped {
            continue;
        }
        write_head(out, names, segment, &mut init)?;
        // Tags of parts older than three target durations go, a segment's together.
        if ahead < 3 * targets.duration() {
            write_parts(out, names, segment)?;
        }
        write_segment(out, names, segment)?;
    }
    if let Some(open) = window.open() {
        write_head(out, names, open, &mut init)?;
        write_parts(out, names, open)?;
    }
    if let Some(coming) = window.coming_init() {
        writeln!(out, "#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"{}\"", names.of(Resource::Init(coming.number)))?;
    }
    writeln!(out, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}\"", names.of(Resource::Part(window.next_part())))?;
    for Report { uri, last_msn, last_part } in reports {
        write!(out, "#EXT-X-RENDITION-REPORT:URI=\"{uri}\",LAST-MSN={last_msn}")?;
        if let Some(part) = last_part {
            write!(out, ",LAST-PART={part}")?;
        }
        out.push('\n');
    }
    Ok(())
}

/// The playlist for players without LL: whole segments only.
pub(super) fn plain(window: &Window, names: &Names, targets: Targets) -> String {
    let mut text = String::with_capacity(2 << 10);
    let _ = write_plain(&mut text, window, names, targets);
    text
}

fn write_plain(out: &mut String, window: &Window, names: &Names, targets: Targets) -> fmt::Result {
    write!(out, "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:{}\n", targets.duration_s)?;
    write_sequences(out, window)?;
    let mut init = None;
    for segment in window.listed() {
        write_head(out, names, segment, &mut init)?;
        write_segment(out, names, segment)?;
    }
    Ok(())
}

fn write_sequences(out: &mut String, window: &Window) -> fmt::Result {
    let first = window.listed().front().map_or(window.open_sequence(), |segment| segment.sequence);
    write!(out, "#EXT-X-MEDIA-SEQUENCE:{first}\n#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", window.discontinuity_sequence())
}

/// What stands before a segment's first part: the map wherever it changes and at the start of the text, and always the date.
fn write_head(out: &mut String, names: &Names, segment: &Segment, init: &mut Option<u64>) -> fmt::Result {
    if segment.discontinuity {
        out.push_str("#EXT-X-DISCONTINUITY\n");
    }
    if *init != Some(segment.init.number) {
        *init = Some(segment.init.number);
        writeln!(out, "#EXT-X-MAP:URI=\"{}\"", names.of(Resource::Init(segment.init.number)))?;
    }
    writeln!(out, "#EXT-X-PROGRAM-DATE-TIME:{}", UtcMs(segment.start_utc_ms))
}

fn write_parts(out: &mut String, names: &Names, segment: &Segment) -> fmt::Result {
    for part in &segment.parts {
        let Some(number) = part.number else { continue };
        write!(out, "#EXT-X-PART:DURATION={},URI=\"{}\"", Seconds(part.duration), names.of(Resource::Part(number)))?;
        out.push_str(if part.independent { ",INDEPENDENT=YES\n" } else { "\n" });
    }
    Ok(())
}

fn write_segment(out: &mut String, names: &Names, segment: &Segment) -> fmt::Result {
    write!(out, "#EXTINF:{},\n{}\n", Seconds(segment.duration), names.of(Resource::Segment(segment.sequence)))
}

/// How many of the oldest segments lie wholly before the skip boundary (RFC 8216bis 6.2.5.1).
fn skippable(window: &Window, targets: Targets) -> usize {
    let total: u64 = window.listed().iter().chain(window.open()).map(|segment| segment.duration).sum();
    let mut end = 0;
    window
        .listed()
        .iter()
        .take_while(|segment| {
            end += segment.duration;
            total - end >= 6 * targets.duration()
        })
        .count()
}
