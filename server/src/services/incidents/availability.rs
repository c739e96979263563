//! Shares and timelines from slots: pure sums.

use super::account::{SLOT_MS, Slot, Sums};
use crate::entities::stream_slot;
use crate::services::status;
use app::model::{Availability, AvailabilityDay, StreamAvailability, StreamTimeline, Timeline, TimelineRange, TimelineSlot};
use media::id::Quality;
use media::time::Stamp;
use std::collections::BTreeMap;
use time::OffsetDateTime;

const SLOTS_OF_DAY: i64 = 86_400_000 / SLOT_MS;
const DAYS: i64 = 7;

/// One slot of one of the camera's streams.
pub(super) type Part = (i64, Quality, Sums);

/// Stored and waiting slots added up, from slot `from` on; in their order, nothing negative.
pub(super) fn merged(stored: Vec<stream_slot::Model>, waiting: Vec<(Slot, Sums)>, from: i64) -> Vec<Part> {
    let mut sums: BTreeMap<(i64, Quality), Sums> = BTreeMap::new();
    for row in stored {
        if let Ok(quality) = row.quality.parse() {
            sums.entry((row.slot, quality)).or_default().add(Sums { live: row.live_ms, dark: row.dark_ms, idle: row.idle_ms });
        }
    }
    for ((slot, key), more) in waiting.into_iter().filter(|((slot, _), _)| *slot >= from) {
        sums.entry((slot, key.quality)).or_default().add(more);
    }
    let positive = |sums: Sums| Sums { live: sums.live.max(0), dark: sums.dark.max(0), idle: sums.idle.max(0) };
    sums.into_iter().map(|((slot, quality), sums)| (slot, quality, positive(sums))).collect()
}

fn day_of(now: Stamp) -> i64 {
    now.utc_ms.div_euclid(SLOT_MS * SLOTS_OF_DAY)
}

/// The first slot of the oldest of the seven days.
pub(super) fn first_slot_of_week(now: Stamp) -> i64 {
    (day_of(now) - DAYS + 1) * SLOTS_OF_DAY
}

/// Slots of five minutes in one slot of a timeline, and how many of these there are.
fn shape(range: TimelineRange) -> (i64, i64) {
    match range {
        TimelineRange::Day => (1, SLOTS_OF_DAY),
        TimelineRange::Week => (6, DAYS * SLOTS_OF_DAY / 6),
    }
}

/// The first slot of a timeline that ends with the slot of `now`.
pub(super) fn first_slot(range: TimelineRange, now: Stamp) -> i64 {
    let (width, count) = shape(range);
    let last = now.utc_ms.div_euclid(SLOT_MS * width);
    (last - count + 1) * width
}

pub(super) fn timeline(parts: &[Part], range: TimelineRange, now: Stamp) -> Timeline {
    let (width, count) = shape(range);
    let first = first_slot(range, now);
    let end = first + count * width;
    let stream = |quality: Quality| {
        let mut slots: BTreeMap<i64, Sums> = BTreeMap::new();
        for (slot, _, sums) in parts.iter().filter(|(slot, of, _)| *of == quality && (first..end).contains(slot)) {
            slots.entry((slot - first) / width).or_default().add(*sums);
        }
        let told = |(index, sums): (i64, Sums)| TimelineSlot {
            at: (first + index * width) * (SLOT_MS / 1000),
            live_ms: small(sums.live),
            dark_ms: small(sums.dark),
            idle_ms: small(sums.idle),
        };
        StreamTimeline { quality: status::quality(quality), slots: slots.into_iter().map(told).collect() }
    };
    let qualities = Quality::ALL.into_iter().filter(|quality| parts.iter().any(|(_, of, _)| of == quality));
    Timeline {
        from: first * (SLOT_MS / 1000),
        slot_s: small(width * (SLOT_MS / 1000)),
        slots: small(count),
        streams: qualities.map(stream).collect(),
    }
}

pub(super) fn week(parts: &[Part], now: Stamp) -> Availability {
    let today = day_of(now);
    let days = (today - DAYS + 1..=today).map(|day| {
        let sums = total(parts.iter().filter(|(slot, _, _)| slot.div_euclid(SLOTS_OF_DAY) == day));
        AvailabilityDay {
            day: date(day),
            share: share(sums),
            wanted_s: seconds(sums.live.saturating_add(sums.dark)),
            live_s: seconds(sums.live),
        }
    });
    let qualities = Quality::ALL.into_iter().filter(|quality| parts.iter().any(|(_, of, _)| of == quality));
    let streams = qualities.map(|quality| StreamAvailability {
        quality: status::quality(quality),
        share: share(total(parts.iter().filter(|(_, of, _)| *of == quality))),
    });
    Availability { share: share(total(parts.iter())), days: days.collect(), streams: streams.collect() }
}

fn total<'a>(parts: impl Iterator<Item = &'a Part>) -> Sums {
    parts.fold(Sums::default(), |mut all, (_, _, sums)| {
        all.add(*sums);
        all
    })
}

/// None where it was not wanted for even a second: a share of that would say nothing.
fn share(sums: Sums) -> Option<f64> {
    let wanted = sums.live.saturating_add(sums.dark);
    (wanted >= 1000).then(|| approximate(sums.live) / approximate(wanted))
}

/// Milliseconds of a week fit exactly.
fn approximate(ms: i64) -> f64 {
    std::time::Duration::from_millis(u64::try_from(ms).unwrap_or(0)).as_secs_f64()
}

fn seconds(ms: i64) -> u64 {
    u64::try_from(ms / 1000).unwrap_or(0)
}

fn small(number: i64) -> u32 {
    u32::try_from(number.max(0)).unwrap_or(u32::MAX)
}

/// `2026-11-21` of a day since 1970.
fn date(day: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(day.saturating_mul(86_400)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.date().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-21T06:02:00Z.
    const NOW: Stamp = Stamp { mono_us: 0, utc_ms: 1_795_240_920_000 };

    fn part(ago: i64, quality: Quality, live: i64, dark: i64) -> Part {
        (NOW.utc_ms / SLOT_MS - ago, quality, Sums { live, dark, idle: 1_000 })
    }

    #[test]
    fn the_week_has_seven_days_and_counts_wanted_time_only() {
        let parts =
            [part(0, Quality::Main, 90_000, 10_000), part(0, Quality::Sub, 50_000, 50_000), part(SLOTS_OF_DAY, Quality::Main, 300_000, 0)];
        let week = week(&parts, NOW);
        assert_eq!(week.days.iter().map(|day| day.day.as_str()).collect::<Vec<_>>()[5..], ["2026-11-20", "2026-11-21"]);
        assert_eq!(week.days.iter().map(|day| day.share).collect::<Vec<_>>(), [None, None, None, None, None, Some(1.0), Some(0.7)]);
        assert_eq!((week.days[6].wanted_s, week.days[6].live_s), (200, 140));
        assert_eq!(week.streams.iter().map(|stream| stream.share).collect::<Vec<_>>(), [Some(0.975), Some(0.5)]);
        let unwanted = super::week(&[part(0, Quality::Main, 0, 0)], NOW);
        assert_eq!(unwanted.share, None, "nobody wanted it");
        assert_eq!(first_slot_of_week(NOW) * SLOT_MS, 1_794_700_800_000, "2026-11-15T00:00:00Z");
    }

    #[test]
    fn a_timeline_ends_with_the_slot_of_now() {
        let parts = [part(1, Quality::Main, 1, 2), part(0, Quality::Main, 3, 4), part(400, Quality::Main, 5, 6)];
        let day = timeline(&parts, TimelineRange::Day, NOW);
        assert_eq!((day.slots, day.slot_s, day.from + i64::from(day.slots * day.slot_s)), (288, 300, 1_795_241_100));
        assert_eq!(day.streams.len(), 1);
        assert_eq!(
            day.streams[0].slots.iter().map(|slot| (slot.at, slot.live_ms)).collect::<Vec<_>>(),
            [(1_795_240_500, 1), (1_795_240_800, 3)]
        );
        let week = timeline(&parts, TimelineRange::Week, NOW);
        assert_eq!((week.slots, week.slot_s), (336, 1800));
        assert_eq!(week.streams[0].slots.iter().map(|slot| slot.live_ms).sum::<u32>(), 9);
    }

    #[test]
    fn what_waits_is_added_to_what_is_stored() {
        let stored = vec![stream_slot::Model { camera_id: 1, quality: "main".into(), slot: 9, live_ms: 10, dark_ms: 0, idle_ms: 0 }];
        let key = media::StreamKey::new(media::id::CameraId(1), Quality::Main);
        let waiting = vec![((9, key), Sums { live: -4, dark: 4, idle: -1 }), ((3, key), Sums::default())];
        assert_eq!(merged(stored, waiting, 5), [(9, Quality::Main, Sums { live: 6, dark: 4, idle: 0 })]);
    }
}
