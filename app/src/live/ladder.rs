//! Which transport a tile uses: chosen from what the browser can do, stepped down on failure, tried up again later.
//! A state machine with time as an argument; it opens nothing.

use super::{FailReason, TransportKind};

/// What this browser can do at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// `MediaSource` or `ManagedMediaSource` exists. hls.js needs one of them too.
    pub media_source: bool,
    /// `canPlayType` says something about HLS. Chromium says "maybe" as well, so it is believed only without `media_source`.
    pub native_hls: bool,
}

/// Whether the browser's media source plays this codec; unknown codecs are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodecSupport {
    Yes,
    No,
    Unknown,
}

/// The transports worth trying, best first.
pub fn rungs(capabilities: Capabilities, codec: CodecSupport, pinned: Option<TransportKind>) -> Vec<TransportKind> {
    if let Some(pinned) = pinned {
        return vec![pinned];
    }
    let by_media_source = capabilities.media_source && codec != CodecSupport::No;
    TransportKind::LADDER
        .into_iter()
        .filter(|kind| match kind {
            TransportKind::Mse | TransportKind::LlHls => by_media_source,
            TransportKind::NativeHls => capabilities.native_hls && !capabilities.media_source,
            TransportKind::Stills => true,
        })
        .collect()
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// The same transport again, after this long.
    Retry { after_ms: u32 },
    /// Another transport, now.
    StepDown { from: TransportKind, to: TransportKind },
    /// Nothing more until the person or the page asks for it.
    Stop,
}

#[derive(Debug, Clone)]
struct Rung {
    kind: TransportKind,
    /// This browser can't play the stream this way: not tried again.
    unsupported: bool,
    /// Failures that speak against the transport since its last good run, and when the first was (ms).
    strikes: u32,
    first_strike_ms: f64,
}

/// The ladder of one player. Times are milliseconds of any monotonic clock.
#[derive(Debug, Clone)]
pub struct Ladder {
    rungs: Vec<Rung>,
    at: usize,
    /// Attempts since the last picture, for the backoff.
    attempts: u32,
    /// The rung to fall back to at the first failure, while a better one is tried.
    probation: Option<usize>,
    /// When a better rung is tried next.
    up_at_ms: Option<f64>,
    /// How long the next stay on a lesser rung lasts.
    up_after_ms: f64,
    /// Since when pictures come.
    good_since_ms: Option<f64>,
}

impl Ladder {
    /// So many failures within [`Self::STRIKE_WINDOW_MS`] and a transport is left.
    const STRIKES: u32 = 3;
    const STRIKE_WINDOW_MS: f64 = 60_000.0;
    const FIRST_UP_MS: f64 = 30_000.0;
    const LAST_UP_MS: f64 = 600_000.0;
    /// A transport that ran this long has proved itself.
    const PROVEN_MS: f64 = 20_000.0;
    /// First and longest pause between attempts when the server is gone, milliseconds. Short: a wall must be back right after a restart.
    const BACKOFF_MS: (f64, f64) = (300.0, 2_500.0);

    /// # Panics
    /// Never: an empty list is answered with [`Verdict::Stop`] and no current transport.
    pub fn new(rungs: Vec<TransportKind>) -> Self {
        let rungs = rungs.into_iter().map(|kind| Rung { kind, unsupported: false, strikes: 0, first_strike_ms: 0.0 }).collect();
        Self { rungs, at: 0, attempts: 0, probation: None, up_at_ms: None, up_after_ms: Self::FIRST_UP_MS, good_since_ms: None }
    }

    /// The transport to use now.
    pub fn current(&self) -> Option<TransportKind> {
        self.rungs.get(self.at).map(|rung| rung.kind)
    }

    /// A picture is on the screen.
    pub fn first_frame(&mut self, now_ms: f64) {
        self.attempts = 0;
        self.good_since_ms.get_or_insert(now_ms);
        if self.probation.take().is_some() {
            self.up_at_ms = None;
        }
        if self.better().is_some() && self.up_at_ms.is_none() {
            self.up_at_ms = Some(now_ms + self.up_after_ms);
        }
    }

    /// The current transport failed. `random` in 0..1 spreads the retries of many tiles.
    pub fn failed(&mut self, reason: FailReason, now_ms: f64, random: f64) -> Verdict {
        let proven = self.good_since_ms.take().is_some_and(|since| now_ms - since > Self::PROVEN_MS);
        let Some(rung) = self.rungs.get_mut(self.at) else { return Verdict::Stop };
        if proven {
            rung.strikes = 0;
            self.up_after_ms = Self::FIRST_UP_MS;
        }
        match reason {
            FailReason::SignedOut | FailReason::Gone => return Verdict::Stop,
            // Not the transport's fault: another one would fail alike.
            FailReason::Unreachable | FailReason::NoStream => return self.retry(random),
            FailReason::Unsupported => rung.unsupported = true,
            FailReason::TransportBlocked | FailReason::Media | FailReason::NoFrame => {
                if rung.strikes == 0 || now_ms - rung.first_strike_ms > Self::STRIKE_WINDOW_MS {
                    rung.strikes = 0;
                    rung.first_strike_ms = now_ms;
                }
                rung.strikes += 1;
                if rung.strikes < Self::STRIKES && self.probation.is_none() {
                    return self.retry(random);
                }
                rung.strikes = 0;
            }
        }
        self.step_down(now_ms, random, reason)
    }

    fn step_down(&mut self, now_ms: f64, random: f64, reason: FailReason) -> Verdict {
        let from = self.at;
        let target =
            self.probation.take().filter(|&back| self.usable(back)).or_else(|| (from + 1..self.rungs.len()).find(|&i| self.usable(i)));
        let Some(to) = target else {
            return if reason == FailReason::Unsupported { Verdict::Stop } else { self.retry(random) };
        };
        self.at = to;
        self.attempts = 0;
        self.up_at_ms = Some(now_ms + self.up_after_ms);
        self.up_after_ms = (self.up_after_ms * 2.0).min(Self::LAST_UP_MS);
        Verdict::StepDown { from: self.rungs[from].kind, to: self.rungs[to].kind }
    }

    /// Whether it is time to try a better transport, and which: the ladder stands on it then, for one attempt.
    pub fn try_up(&mut self, now_ms: f64) -> Option<(TransportKind, TransportKind)> {
        if self.up_at_ms.is_none_or(|at| now_ms < at) || self.good_since_ms.is_none() {
            return None;
        }
        let to = self.better()?;
        let from = self.at;
        self.probation = Some(from);
        self.up_at_ms = None;
        self.at = to;
        self.attempts = 0;
        self.good_since_ms = None;
        Some((self.rungs[from].kind, self.rungs[to].kind))
    }

    /// The nearest better rung that is not ruled out.
    fn better(&self) -> Option<usize> {
        (0..self.at).find(|&i| self.usable(i))
    }

    fn usable(&self, index: usize) -> bool {
        self.rungs.get(index).is_some_and(|rung| !rung.unsupported)
    }

    /// Doubling pauses; between half and all of each is waited.
    fn retry(&mut self, random: f64) -> Verdict {
        let (first, longest) = Self::BACKOFF_MS;
        let pause = (first * f64::from(1_u32 << self.attempts.min(8))).min(longest);
        self.attempts = self.attempts.saturating_add(1);
        let waited = pause * (0.5 + 0.5 * random.clamp(0.0, 1.0));
        Verdict::Retry { after_ms: waited.round().clamp(0.0, longest) as u32 }
    }
}

#[cfg(test)]
mod tests {
    use super::TransportKind::{LlHls, Mse, NativeHls, Stills};
    use super::*;

    const CHROMIUM: Capabilities = Capabilities { media_source: true, native_hls: true };
    const OLD_IPHONE: Capabilities = Capabilities { media_source: false, native_hls: true };

    fn after(verdict: Verdict) -> u32 {
        match verdict {
            Verdict::Retry { after_ms } => after_ms,
            other => panic!("expected a retry, got {other:?}"),
        }
    }

    #[test]
    fn the_choice_follows_the_browser_and_the_codec() {
        assert_eq!(rungs(CHROMIUM, CodecSupport::Yes, None), [Mse, LlHls, Stills], "Chromium's maybe about HLS is not believed");
        assert_eq!(rungs(CHROMIUM, CodecSupport::Unknown, None), [Mse, LlHls, Stills]);
        assert_eq!(rungs(CHROMIUM, CodecSupport::No, None), [Stills]);
        assert_eq!(rungs(OLD_IPHONE, CodecSupport::No, None), [NativeHls, Stills]);
        assert_eq!(rungs(Capabilities::default(), CodecSupport::Unknown, None), [Stills]);
        assert_eq!(rungs(CHROMIUM, CodecSupport::Yes, Some(LlHls)), [LlHls]);
    }

    #[test]
    fn a_dead_server_or_camera_never_steps_down_and_is_asked_often() {
        let mut ladder = Ladder::new(vec![Mse, LlHls, Stills]);
        let pauses: Vec<u32> = (0..20).map(|i| after(ladder.failed(FailReason::Unreachable, f64::from(i) * 3e3, 1.0))).collect();
        assert_eq!(pauses[..5], [300, 600, 1200, 2400, 2500]);
        assert!(pauses.iter().all(|&pause| pause <= 2_500));
        assert_eq!(ladder.current(), Some(Mse));
        ladder.first_frame(1e6);
        assert_eq!(after(ladder.failed(FailReason::NoStream, 1e6, 0.0)), 150, "the backoff starts afresh after a picture");
    }

    #[test]
    fn three_strikes_step_down_and_a_better_rung_is_tried_ever_more_rarely() {
        let mut ladder = Ladder::new(vec![Mse, LlHls, Stills]);
        after(ladder.failed(FailReason::TransportBlocked, 0.0, 0.5));
        after(ladder.failed(FailReason::TransportBlocked, 1e3, 0.5));
        assert_eq!(ladder.failed(FailReason::TransportBlocked, 2e3, 0.5), Verdict::StepDown { from: Mse, to: LlHls });
        ladder.first_frame(3e3);
        assert_eq!(ladder.try_up(20e3), None);
        assert_eq!(ladder.try_up(40e3), Some((LlHls, Mse)));
        assert_eq!(ladder.current(), Some(Mse));
        // One failure on probation is enough.
        assert_eq!(ladder.failed(FailReason::TransportBlocked, 41e3, 0.5), Verdict::StepDown { from: Mse, to: LlHls });
        ladder.first_frame(42e3);
        assert_eq!(ladder.try_up(80e3), None, "the pause has doubled");
        assert_eq!(ladder.try_up(102e3), Some((LlHls, Mse)));
        ladder.first_frame(103e3);
        assert_eq!(ladder.try_up(1e9), None, "at the top there is nothing better");
        assert!(matches!(ladder.failed(FailReason::Media, 200e3, 0.5), Verdict::Retry { .. }));
    }

    #[test]
    fn strikes_are_forgotten_after_a_minute_and_after_a_good_run() {
        let mut ladder = Ladder::new(vec![Mse, LlHls]);
        for minute in 0..10 {
            after(ladder.failed(FailReason::Media, f64::from(minute) * 61e3, 0.5));
        }
        let mut ladder = Ladder::new(vec![Mse, LlHls]);
        for run in 0..10 {
            ladder.first_frame(f64::from(run) * 25e3);
            after(ladder.failed(FailReason::Media, f64::from(run) * 25e3 + 24e3, 0.5));
        }
        assert_eq!(ladder.current(), Some(Mse));
    }

    #[test]
    fn unsupported_is_left_at_once_and_never_tried_again() {
        let mut ladder = Ladder::new(vec![Mse, LlHls, Stills]);
        assert_eq!(ladder.failed(FailReason::Unsupported, 0.0, 0.5), Verdict::StepDown { from: Mse, to: LlHls });
        assert_eq!(ladder.failed(FailReason::Unsupported, 1.0, 0.5), Verdict::StepDown { from: LlHls, to: Stills });
        ladder.first_frame(2.0);
        assert_eq!(ladder.try_up(1e12), None);
        let mut pinned = Ladder::new(vec![LlHls]);
        assert_eq!(pinned.failed(FailReason::Unsupported, 0.0, 0.5), Verdict::Stop);
    }

    #[test]
    fn a_pinned_transport_is_retried_and_final_reasons_stop() {
        let mut ladder = Ladder::new(vec![Mse]);
        for i in 0..10 {
            after(ladder.failed(FailReason::TransportBlocked, f64::from(i), 0.5));
        }
        assert_eq!(ladder.failed(FailReason::SignedOut, 0.0, 0.5), Verdict::Stop);
        assert_eq!(ladder.failed(FailReason::Gone, 0.0, 0.5), Verdict::Stop);
        assert_eq!(Ladder::new(vec![]).failed(FailReason::Media, 0.0, 0.5), Verdict::Stop);
    }
}
