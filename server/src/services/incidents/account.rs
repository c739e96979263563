//! Counts how long each stream was live, dark (wanted and not live) and idle (not wanted, or asleep), by slots of five minutes, as a sans-IO core.
//!
//! A stream that is being opened is neither: if it comes up that time counts as idle, if it fails it turns out to have been dark. Lengths come
//! from the monotonic clock; the clock of the wall only says into which slot they go.

use super::fold::is_asleep;
use media::StreamKey;
use media::stream::{StreamEvent, StreamState};
use media::time::Stamp;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Length of a slot, milliseconds.
pub(super) const SLOT_MS: i64 = 300_000;
/// Slots that may wait to be stored; beyond, the oldest go.
const MAX_WAITING: usize = 50_000;

/// Milliseconds of one slot. A correction may make one negative until it is added to what is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub live: i64,
    pub dark: i64,
    pub idle: i64,
}

impl Sums {
    pub(super) fn add(&mut self, other: Self) {
        self.live = self.live.saturating_add(other.live);
        self.dark = self.dark.saturating_add(other.dark);
        self.idle = self.idle.saturating_add(other.idle);
    }
}

/// A stream and a slot; ordered by slot first, so that the oldest can go.
pub(super) type Slot = (i64, StreamKey);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lane {
    Idle,
    /// Being opened, without a failure so far.
    Starting,
    Live,
    Dark,
}

#[derive(Debug)]
struct Running {
    lane: Lane,
    /// Counted until then.
    counted: Stamp,
    /// How long it has been starting, milliseconds.
    starting: i64,
}

#[derive(Debug, Default)]
pub(super) struct Account {
    streams: HashMap<StreamKey, Running>,
    /// Not stored yet.
    waiting: BTreeMap<Slot, Sums>,
}

impl Account {
    pub(super) fn event(&mut self, event: &StreamEvent) {
        self.count(event.key, event.at);
        let before = self.streams.get(&event.key).map_or(Lane::Idle, |running| running.lane);
        let to = match event.to {
            StreamState::Live => Lane::Live,
            StreamState::Idle | StreamState::Disabled => Lane::Idle,
            _ if is_asleep(event) => Lane::Idle,
            StreamState::Connecting if event.code.is_none() && matches!(before, Lane::Idle | Lane::Starting) => Lane::Starting,
            _ => Lane::Dark,
        };
        if to == Lane::Dark {
            match before {
                Lane::Live => {
                    let silent = milliseconds(event.silent_for.unwrap_or_default());
                    self.spread(event.key, event.at, silent, |sums, ms| sums.add(Sums { live: -ms, dark: ms, idle: 0 }));
                }
                Lane::Starting => {
                    let starting = self.streams.get(&event.key).map_or(0, |running| running.starting);
                    self.spread(event.key, event.at, starting, |sums, ms| sums.add(Sums { live: 0, dark: ms, idle: -ms }));
                }
                Lane::Idle | Lane::Dark => {}
            }
        }
        self.streams.insert(event.key, Running { lane: to, counted: event.at, starting: 0 });
    }

    /// Counts all streams until `now`; `states` are those that exist. One that was not heard of yet starts being counted.
    pub(super) fn tick(&mut self, states: &[(StreamKey, StreamState)], now: Stamp) {
        let keys: BTreeSet<StreamKey> = states.iter().map(|(key, _)| *key).collect();
        self.streams.retain(|key, _| keys.contains(key));
        for (key, state) in states {
            if self.streams.contains_key(key) {
                self.count(*key, now);
                continue;
            }
            self.streams.insert(*key, Running { lane: lane_of(*state), counted: now, starting: 0 });
        }
        while self.waiting.len() > MAX_WAITING {
            self.waiting.pop_first();
        }
    }

    /// Changes of state went by unheard: from now on each stream is counted as what it is.
    pub(super) fn resync(&mut self, states: &[(StreamKey, StreamState)], now: Stamp) {
        self.tick(states, now);
        for (key, state) in states {
            let lane = lane_of(*state);
            if let Some(running) = self.streams.get_mut(key).filter(|running| running.lane != lane) {
                (running.lane, running.starting) = (lane, 0);
            }
        }
    }

    /// What is to be stored. Whoever cannot store it gives it back.
    pub(super) fn take(&mut self) -> BTreeMap<Slot, Sums> {
        std::mem::take(&mut self.waiting)
    }

    pub(super) fn give_back(&mut self, slots: BTreeMap<Slot, Sums>) {
        for (slot, sums) in slots {
            self.waiting.entry(slot).or_default().add(sums);
        }
    }

    /// What is not stored yet of one camera.
    pub(super) fn waiting_of(&self, camera: i64) -> Vec<(Slot, Sums)> {
        self.waiting.iter().filter(|((_, key), _)| key.camera.0 == camera).map(|(slot, sums)| (*slot, *sums)).collect()
    }

    fn count(&mut self, key: StreamKey, now: Stamp) {
        let Some(running) = self.streams.get_mut(&key) else { return };
        let ms = milliseconds(now.since(running.counted));
        // The rest of a millisecond is counted next time.
        running.counted.mono_us = running.counted.mono_us.saturating_add(u64::try_from(ms).unwrap_or(0).saturating_mul(1000));
        let lane = running.lane;
        if lane == Lane::Starting {
            running.starting = running.starting.saturating_add(ms);
        }
        self.spread(key, now, ms, |sums, ms| {
            sums.add(match lane {
                Lane::Live => Sums { live: ms, ..Sums::default() },
                Lane::Dark => Sums { dark: ms, ..Sums::default() },
                Lane::Idle | Lane::Starting => Sums { idle: ms, ..Sums::default() },
            });
        });
    }

    /// Applies `ms` milliseconds that ended at `now` to the slots that they lie in.
    fn spread(&mut self, key: StreamKey, now: Stamp, ms: i64, apply: impl Fn(&mut Sums, i64)) {
        let (mut left, mut end) = (ms, now.utc_ms);
        while left > 0 {
            // The end of a slot belongs to the slot before it.
            let slot = end.saturating_sub(1).div_euclid(SLOT_MS);
            let part = left.min(end.saturating_sub(slot.saturating_mul(SLOT_MS)).max(1));
            apply(self.waiting.entry((slot, key)).or_default(), part);
            left -= part;
            end = end.saturating_sub(part);
        }
    }
}

/// Of a stream whose past is not known.
fn lane_of(state: StreamState) -> Lane {
    match state {
        StreamState::Live => Lane::Live,
        StreamState::Idle | StreamState::Disabled => Lane::Idle,
        StreamState::Connecting => Lane::Starting,
        StreamState::Stalled | StreamState::Backoff | StreamState::AuthBlocked | StreamState::CircuitOpen => Lane::Dark,
    }
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::ErrorCode;
    use media::id::{CameraId, Quality};

    const KEY: StreamKey = StreamKey { camera: CameraId(1), quality: Quality::Main };
    /// One minute before a slot ends.
    const START_MS: i64 = 5_999 * SLOT_MS + 240_000;

    fn at(ms: u64) -> Stamp {
        Stamp { mono_us: ms * 1000, utc_ms: START_MS + i64::try_from(ms).expect("small") }
    }

    fn change(ms: u64, from: StreamState, to: StreamState, failed: bool, silent_ms: u64) -> StreamEvent {
        let code = failed.then_some(ErrorCode::Stalled);
        let silent_for = Some(Duration::from_millis(silent_ms));
        StreamEvent { key: KEY, at: at(ms), from, to, reason: String::new(), code, attempt: 1, dark_for: None, silent_for }
    }

    fn all(account: &Account) -> Sums {
        account.waiting.values().fold(Sums::default(), |mut all, sums| {
            all.add(*sums);
            all
        })
    }

    #[test]
    fn time_goes_into_its_slots_by_what_it_was() {
        use StreamState::{Backoff, Connecting, Idle, Live, Stalled};
        let mut account = Account::default();
        account.tick(&[(KEY, Idle)], at(0));
        account.event(&change(10_000, Idle, Connecting, false, 0));
        account.event(&change(11_000, Connecting, Live, false, 0));
        account.tick(&[(KEY, Live)], at(50_000));
        account.event(&change(90_000, Live, Stalled, true, 35_000));
        account.event(&change(91_500, Stalled, Backoff, true, 0));
        account.event(&change(92_000, Backoff, Live, true, 0));
        account.tick(&[(KEY, Live)], at(95_000));
        // Silent from 55 s on, seen at 90 s, back at 92 s; the slot changes at 60 s.
        let first = Sums { live: 44_000, dark: 5_000, idle: 11_000 };
        let second = Sums { live: 3_000, dark: 32_000, idle: 0 };
        assert_eq!(account.take().into_values().collect::<Vec<_>>(), [first, second]);
    }

    #[test]
    fn opening_that_fails_was_dark_after_all() {
        use StreamState::{Backoff, Connecting, Idle};
        let mut account = Account::default();
        account.event(&change(0, Idle, Connecting, false, 0));
        account.tick(&[(KEY, Connecting)], at(4_000));
        assert_eq!(all(&account), Sums { live: 0, dark: 0, idle: 4_000 });
        account.event(&change(9_000, Connecting, Backoff, true, 0));
        account.event(&change(12_000, Backoff, Idle, false, 0));
        account.tick(&[(KEY, Idle)], at(13_000));
        assert_eq!(all(&account), Sums { live: 0, dark: 12_000, idle: 1_000 });
    }

    #[test]
    fn a_loss_that_went_by_unheard_is_not_counted_as_live_for_ever() {
        use StreamState::{Backoff, Live};
        let mut account = Account::default();
        account.tick(&[(KEY, Live)], at(0));
        // It broke somewhere on the way, and too much else happened for that to be heard.
        account.resync(&[(KEY, Backoff)], at(5_000));
        account.tick(&[(KEY, Backoff)], at(15_000));
        assert_eq!(all(&account), Sums { live: 5_000, dark: 10_000, idle: 0 });
        account.event(&change(16_000, Backoff, Live, true, 0));
        account.tick(&[(KEY, Live)], at(18_000));
        assert_eq!(all(&account), Sums { live: 7_000, dark: 11_000, idle: 0 });
    }

    #[test]
    fn what_could_not_be_stored_is_not_lost_and_a_clock_that_is_set_changes_no_length() {
        let mut account = Account::default();
        account.tick(&[(KEY, StreamState::Live)], at(0));
        account.tick(&[(KEY, StreamState::Live)], at(2_000));
        let taken = account.take();
        account.tick(&[(KEY, StreamState::Live)], Stamp { utc_ms: 77, ..at(4_500) });
        account.give_back(taken);
        assert_eq!(all(&account).live, 4_500);
        account.tick(&[], at(9_000));
        assert_eq!(all(&account).live, 4_500, "a stream that is gone counts no longer");
    }
}
