//! A camera's history as it is shown: entries that belong together, stretches of a timeline, shares and local times as words. Pure.

use crate::model::{Incident, IncidentKind, Quality, StreamTimeline, Timeline};
use crate::text::history as text;
use crate::view::time::{days_from_civil, parse_rfc3339};
use std::collections::BTreeMap;

mod steps;
pub use steps::{StepLine, lines};

/// Main and sub of a camera that fail within this time fail for one reason.
const TOGETHER_MS: i64 = 15_000;

/// Entries from several places, each id once in its newest form; the newest first.
pub fn merged(lists: impl IntoIterator<Item = Incident>) -> Vec<Incident> {
    let mut by_id: BTreeMap<i64, Incident> = BTreeMap::new();
    for incident in lists {
        let newer = by_id
            .get(&incident.id)
            .is_none_or(|known| known.ended_at.is_none() && (incident.ended_at.is_some() || incident.dark_ms >= known.dark_ms));
        if newer {
            by_id.insert(incident.id, incident);
        }
    }
    by_id.into_values().rev().collect()
}

/// One line of the list: an incident, or the same one seen by both streams of a camera.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Story {
    /// The one that lasted longer.
    pub incident: Incident,
    /// Id of the other stream's.
    pub twin: Option<i64>,
}

impl Story {
    /// Stays the same while the story changes.
    pub fn key(&self) -> i64 {
        self.twin.map_or(self.incident.id, |twin| twin.min(self.incident.id))
    }

    pub fn is_open(&self) -> bool {
        self.incident.ended_at.is_none()
    }
}

/// Lines from entries, newest first. A camera whose two streams fail together has one trouble, not two.
pub fn stories(incidents: Vec<Incident>) -> Vec<Story> {
    let mut stories: Vec<Story> = Vec::new();
    for incident in incidents {
        let twin = stories.iter_mut().rev().take(4).find(|story| story.twin.is_none() && are_twins(&story.incident, &incident));
        match twin {
            Some(story) => {
                let longer = incident.ended_at.is_none() || (!story.is_open() && incident.dark_ms > story.incident.dark_ms);
                let other = if longer { std::mem::replace(&mut story.incident, incident) } else { incident };
                story.twin = Some(other.id);
            }
            None => stories.push(Story { incident, twin: None }),
        }
    }
    stories
}

fn are_twins(a: &Incident, b: &Incident) -> bool {
    let alike = !matches!(a.kind, IncidentKind::RecoveryStep | IncidentKind::Server) && a.kind == b.kind && a.camera_id == b.camera_id;
    let streams = matches!((a.quality, b.quality), (Some(Quality::Main), Some(Quality::Sub)) | (Some(Quality::Sub), Some(Quality::Main)));
    let began = |incident: &Incident| parse_rfc3339(&incident.started_at);
    alike && streams && began(a).zip(began(b)).is_some_and(|(a, b)| a.abs_diff(b) <= TOGETHER_MS.unsigned_abs())
}

/// What a stream was for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Live,
    Dark,
    Idle,
    /// The server did not run.
    Off,
}

impl Lane {
    /// For the `data-lane` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Dark => "dark",
            Self::Idle => "idle",
            Self::Off => "off",
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Live => text::LANE_LIVE,
            Self::Dark => text::LANE_DARK,
            Self::Idle => text::LANE_IDLE,
            Self::Off => text::LANE_OFF,
        }
    }
}

/// Neighbouring slots of the same sort.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    pub lane: Lane,
    /// Seconds since 1970.
    pub from: i64,
    pub to: i64,
    /// How much of it was dark.
    pub dark_ms: u64,
    /// Place in the strip, percent.
    pub left: f64,
    pub width: f64,
}

/// A stream's stretches over the whole timeline, without gaps. Any darkness makes a slot dark: a short one must not be overlooked.
pub fn stretches(timeline: &Timeline, stream: &StreamTimeline) -> Vec<Stretch> {
    let slots: BTreeMap<i64, _> = stream.slots.iter().map(|slot| (slot.at, slot)).collect();
    let (width, total) = (i64::from(timeline.slot_s), f64::from(timeline.slots.max(1)));
    let mut out: Vec<Stretch> = Vec::new();
    for index in 0..timeline.slots {
        let from = timeline.from + i64::from(index) * width;
        let slot = slots.get(&from);
        let dark_ms = slot.map_or(0, |slot| u64::from(slot.dark_ms));
        let lane = match slot {
            None => Lane::Off,
            Some(_) if dark_ms > 0 => Lane::Dark,
            Some(slot) if slot.live_ms > 0 => Lane::Live,
            Some(_) => Lane::Idle,
        };
        let share = 100.0 / total;
        match out.last_mut() {
            Some(last) if last.lane == lane => {
                last.to = from + width;
                last.dark_ms += dark_ms;
                last.width += share;
            }
            _ => out.push(Stretch { lane, from, to: from + width, dark_ms, left: f64::from(index) * share, width: share }),
        }
    }
    out
}

/// `100 %`, `99.95 %`, `87.2 %`: rounded down, so that only a perfect week reads as one.
pub fn percent(share: f64) -> String {
    let share = share.clamp(0.0, 1.0) * 100.0;
    if share >= 100.0 {
        return "100 %".to_owned();
    }
    // Rounding down must not turn 87.2, which is stored as 87.19999, into 87.1.
    let down = |steps: f64| ((share + 1e-9) * steps).floor() / steps;
    if share >= 99.9 { format!("{:.2} %", down(100.0)) } else { format!("{:.1} %", down(10.0)) }
}

/// `0.4 s`, `12 s`, and from a minute on as ages are.
pub fn length(ms: u64) -> String {
    match ms {
        ..10_000 => format!("{}.{} s", ms / 1_000, ms % 1_000 / 100),
        _ => crate::view::time::age(i64::try_from(ms).unwrap_or(i64::MAX)),
    }
}

/// A moment in the viewer's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LocalTime {
    pub year: u32,
    /// From 0.
    pub month: u32,
    pub day: u32,
    /// Sunday is 0.
    pub weekday: u32,
    pub hour: u32,
    pub minute: u32,
    pub second: u32,
}

impl LocalTime {
    pub fn same_day(&self, other: &Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }

    /// `14:05`, or with the day if that is another than today: `Fri 20 Nov, 14:05`.
    pub fn short(&self, now: &Self) -> String {
        let clock = format!("{:02}:{:02}", self.hour, self.minute);
        if self.same_day(now) { clock } else { format!("{}, {clock}", self.date(now)) }
    }

    /// The end of what began at `from`: with its day only if that is another one.
    pub fn end(&self, from: &Self, now: &Self) -> String {
        match (self.same_day(from), self.same_day(now)) {
            (true, _) => self.short(self),
            (false, true) => format!("{}, {}", text::TODAY.to_lowercase(), self.short(self)),
            (false, false) => self.short(now),
        }
    }

    /// `Today, 14:05:09`, `Fri 20 Nov, 14:05:09`.
    pub fn long(&self, now: &Self) -> String {
        let day = if self.same_day(now) { text::TODAY.to_owned() } else { self.date(now) };
        format!("{day}, {}", self.clock())
    }

    /// `14:05:09`.
    pub fn clock(&self) -> String {
        format!("{:02}:{:02}:{:02}", self.hour, self.minute, self.second)
    }

    /// Number of the day, for telling how far days are apart.
    pub fn days(&self) -> i64 {
        days_from_civil(i64::from(self.year), i64::from(self.month) + 1, i64::from(self.day))
    }

    /// `Fri 20 Nov`, or of another year `20 Nov 2025`.
    pub fn date(&self, now: &Self) -> String {
        let name =
            |names: &[&'static str], index: u32| usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or("");
        let (weekday, month) = (name(&text::WEEKDAYS, self.weekday), name(&text::MONTHS, self.month));
        if self.year == now.year { format!("{weekday} {} {month}", self.day) } else { format!("{} {month} {}", self.day, self.year) }
    }
}

/// `Sat` of a UTC day such as `2026-11-21`.
pub fn weekday(day: &str) -> &'static str {
    let days = parse_rfc3339(&format!("{day}T00:00:00Z")).map_or(0, |ms| ms.div_euclid(86_400_000));
    // 1970-01-01 was a Thursday.
    let index = usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0);
    text::WEEKDAYS.get(index).copied().unwrap_or("")
}

#[cfg(test)]
mod tests;
