//! Reads a media playlist line by line. Hostile text gives findings, never a panic; memory is bounded by the text.

use super::{Code, Finding, Findings};
use crate::hls::datetime;

/// Longest text that is read, in bytes.
pub const MAX_TEXT: usize = 4 << 20;

/// A media playlist as it stands. Durations are microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Playlist {
    pub version: Option<u64>,
    pub target_duration_s: Option<u64>,
    pub server_control: Option<ServerControl>,
    pub part_target_us: Option<u64>,
    pub media_sequence: Option<u64>,
    pub discontinuity_sequence: Option<u64>,
    pub independent_segments: bool,
    /// EXT-X-SKIP's SKIPPED-SEGMENTS: a delta update.
    pub skipped: u64,
    /// Whole segments.
    pub segments: Vec<Segment>,
    /// The tags after the last whole segment: the one that grows.
    pub open: Segment,
    pub hints: Vec<Hint>,
    pub reports: Vec<Report>,
    pub ended: bool,
    /// What could not be read.
    pub findings: Vec<Finding>,
}

/// EXT-X-SERVER-CONTROL; times in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ServerControl {
    pub can_block_reload: bool,
    pub can_skip_until_us: Option<u64>,
    pub hold_back_us: Option<u64>,
    pub part_hold_back_us: Option<u64>,
}

/// A segment with its tags; durations in microseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Segment {
    /// Empty for the open segment.
    pub uri: String,
    pub duration_us: u64,
    pub discontinuity: bool,
    /// EXT-X-PROGRAM-DATE-TIME, ms since 1970 UTC.
    pub date_utc_ms: Option<i64>,
    /// URI of the map that applies to it.
    pub map: Option<String>,
    pub gap: bool,
    pub parts: Vec<Part>,
}

/// EXT-X-PART.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub uri: String,
    pub duration_us: u64,
    pub independent: bool,
    pub gap: bool,
    /// The date of its segment was known when it was listed.
    pub dated: bool,
}

/// EXT-X-PRELOAD-HINT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// `PART` or `MAP`.
    pub kind: String,
    pub uri: String,
}

/// EXT-X-RENDITION-REPORT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    pub uri: String,
    pub last_msn: Option<u64>,
    pub last_part: Option<u64>,
}

impl Playlist {
    /// Sequence number of the first segment, skipped ones included.
    pub fn first_sequence(&self) -> u64 {
        self.media_sequence.unwrap_or(0)
    }

    /// Sequence number of `segments[0]`.
    pub fn first_kept(&self) -> u64 {
        self.first_sequence().saturating_add(self.skipped)
    }

    /// Sequence number of the open segment.
    pub fn open_sequence(&self) -> u64 {
        self.first_kept().saturating_add(u64::try_from(self.segments.len()).unwrap_or(u64::MAX))
    }

    /// Whole and open segments with their sequence numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &Segment)> {
        let first = self.first_kept();
        self.segments.iter().chain([&self.open]).zip(0u64..).map(move |(segment, index)| (first.saturating_add(index), segment))
    }

    pub fn low_latency(&self) -> bool {
        self.part_target_us.is_some()
    }

    /// The hinted part's URI.
    pub fn part_hint(&self) -> Option<&str> {
        self.hints.iter().find(|hint| hint.kind == "PART").map(|hint| hint.uri.as_str())
    }
}

/// Reads `text`. What is wrong with single lines is in `findings`; nothing else is judged.
pub fn parse(text: &str) -> Playlist {
    let mut reader = Reader::default();
    if text.len() > MAX_TEXT {
        reader.findings.add(Code::TooBig, format_args!("the playlist has {} bytes; at most {MAX_TEXT} are read", text.len()));
    } else {
        let mut lines = text.lines().map(str::trim_end);
        if lines.next() == Some("#EXTM3U") {
            lines.for_each(|line| reader.line(line));
        } else {
            reader.findings.add(Code::NotAPlaylist, "the first line is not #EXTM3U");
        }
    }
    let Reader { mut playlist, segment, findings, .. } = reader;
    playlist.open = segment;
    playlist.findings = findings.0;
    playlist
}

#[derive(Default)]
struct Reader {
    playlist: Playlist,
    segment: Segment,
    map: Option<String>,
    /// EXTINF was read, the URI is next.
    has_duration: bool,
    findings: Findings,
}

impl Reader {
    fn line(&mut self, line: &str) {
        if line.is_empty() || (line.starts_with('#') && !line.starts_with("#EXT")) {
            return;
        }
        if !line.starts_with('#') {
            return self.uri(line);
        }
        let (tag, value) = line.split_once(':').unwrap_or((line, ""));
        if self.tag(tag, value).is_none() {
            self.findings.add(Code::BadTag, format_args!("cannot be read: {line}"));
        }
    }

    fn uri(&mut self, uri: &str) {
        self.findings.add_if(!self.has_duration, Code::MisplacedTag, format_args!("the segment {uri} has no EXTINF"));
        self.has_duration = false;
        self.segment.uri = uri.to_owned();
        self.segment.map.clone_from(&self.map);
        self.playlist.segments.push(std::mem::take(&mut self.segment));
        self.segment.map.clone_from(&self.map);
    }

    /// None where the value cannot be read.
    fn tag(&mut self, tag: &str, value: &str) -> Option<()> {
        let playlist = &mut self.playlist;
        match tag {
            "#EXT-X-VERSION" => self.findings.header(tag, &mut playlist.version, value.parse().ok()?),
            "#EXT-X-TARGETDURATION" => self.findings.header(tag, &mut playlist.target_duration_s, value.parse().ok()?),
            "#EXT-X-MEDIA-SEQUENCE" | "#EXT-X-DISCONTINUITY-SEQUENCE" => {
                let late = !playlist.segments.is_empty() || self.segment != Segment::default();
                self.findings.add_if(late, Code::MisplacedTag, format_args!("{tag} stands after the first segment's tags"));
                let slot = match tag {
                    "#EXT-X-MEDIA-SEQUENCE" => &mut playlist.media_sequence,
                    _ => &mut playlist.discontinuity_sequence,
                };
                self.findings.header(tag, slot, value.parse().ok()?);
            }
            "#EXT-X-PART-INF" => {
                let target = micros(Attributes(value).get("PART-TARGET")?)?;
                self.findings.header(tag, &mut playlist.part_target_us, target);
            }
            "#EXT-X-SERVER-CONTROL" => {
                let control = server_control(Attributes(value))?;
                self.findings.header(tag, &mut playlist.server_control, control);
            }
            "#EXT-X-INDEPENDENT-SEGMENTS" => playlist.independent_segments = true,
            "#EXT-X-ENDLIST" => playlist.ended = true,
            "#EXT-X-SKIP" => {
                let late = !playlist.segments.is_empty() || playlist.skipped > 0;
                self.findings.add_if(late, Code::MisplacedTag, "EXT-X-SKIP stands after a segment");
                playlist.skipped = Attributes(value).get("SKIPPED-SEGMENTS")?.parse().ok()?;
            }
            "#EXT-X-MAP" => {
                let uri = Attributes(value).get("URI")?.to_owned();
                let late = !self.segment.parts.is_empty();
                self.findings.add_if(late, Code::MisplacedTag, "EXT-X-MAP stands after the first part of its segment");
                self.segment.map = Some(uri.clone());
                self.map = Some(uri);
            }
            "#EXT-X-DISCONTINUITY" => {
                let late = !self.segment.parts.is_empty() || self.segment.discontinuity;
                self.findings.add_if(late, Code::MisplacedTag, "EXT-X-DISCONTINUITY stands twice or after the first part of its segment");
                self.segment.discontinuity = true;
            }
            "#EXT-X-PROGRAM-DATE-TIME" => self.segment.date_utc_ms = Some(datetime::parse(value)?),
            "#EXT-X-GAP" => self.segment.gap = true,
            "#EXT-X-PART" => self.part(Attributes(value))?,
            "#EXTINF" => {
                self.findings.add_if(self.has_duration, Code::MisplacedTag, "EXTINF stands twice");
                self.has_duration = true;
                self.segment.duration_us = micros(value.split(',').next()?)?;
            }
            "#EXT-X-PRELOAD-HINT" => {
                let attributes = Attributes(value);
                let hint = Hint { kind: attributes.get("TYPE")?.to_owned(), uri: attributes.get("URI")?.to_owned() };
                playlist.hints.push(hint);
            }
            "#EXT-X-RENDITION-REPORT" => {
                let attributes = Attributes(value);
                let number = |name| attributes.get(name).and_then(|text| text.parse().ok());
                let uri = attributes.get("URI")?.to_owned();
                playlist.reports.push(Report { uri, last_msn: number("LAST-MSN"), last_part: number("LAST-PART") });
            }
            _ => {}
        }
        Some(())
    }

    fn part(&mut self, attributes: Attributes<'_>) -> Option<()> {
        // Players count parts up to the EXTINF: one after it belongs to the wrong segment.
        self.findings.add_if(self.has_duration, Code::MisplacedTag, "EXT-X-PART stands between EXTINF and its URI");
        self.segment.parts.push(Part {
            uri: attributes.get("URI")?.to_owned(),
            duration_us: micros(attributes.get("DURATION")?)?,
            independent: attributes.get("INDEPENDENT") == Some("YES"),
            gap: attributes.get("GAP") == Some("YES"),
            dated: self.segment.date_utc_ms.is_some(),
        });
        Some(())
    }
}

impl Findings {
    fn header<T>(&mut self, tag: &str, slot: &mut Option<T>, value: T) {
        self.add_if(slot.is_some(), Code::RepeatedTag, format_args!("{tag} stands twice"));
        *slot = Some(value);
    }
}

fn server_control(attributes: Attributes<'_>) -> Option<ServerControl> {
    let duration = |name| attributes.get(name).map(micros);
    let readable = |value: Option<Option<u64>>| match value {
        Some(None) => None,
        other => Some(other.flatten()),
    };
    Some(ServerControl {
        can_block_reload: attributes.get("CAN-BLOCK-RELOAD") == Some("YES"),
        can_skip_until_us: readable(duration("CAN-SKIP-UNTIL"))?,
        hold_back_us: readable(duration("HOLD-BACK"))?,
        part_hold_back_us: readable(duration("PART-HOLD-BACK"))?,
    })
}

/// An attribute list (RFC 8216 4.2).
#[derive(Clone, Copy)]
struct Attributes<'a>(&'a str);

impl<'a> Attributes<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let mut rest = self.0;
        while !rest.is_empty() {
            let (key, after) = rest.split_once('=')?;
            let value;
            if let Some(quoted) = after.strip_prefix('"') {
                let (text, tail) = quoted.split_once('"')?;
                value = text;
                rest = tail.strip_prefix(',').unwrap_or(tail);
            } else {
                (value, rest) = after.split_once(',').unwrap_or((after, ""));
            }
            if key.trim() == name {
                return Some(value);
            }
        }
        None
    }
}

/// Decimal seconds as microseconds; digits beyond are cut.
fn micros(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.bytes().chain(*b"000000").take(6).fold(0u64, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    whole.parse::<u64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction)
}
