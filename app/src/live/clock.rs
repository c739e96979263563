//! From media time to wall clock and back to "how late is this picture". Pure: every reading of a clock is an argument.

/// How far two readings may lie apart and still be one line (ms): more is a jump of a clock or of the timeline.
const JUMP_MS: f64 = 1_000.0;
/// Weight of a reading that says "received later": delay on the way from the camera makes those, so they are followed slowly, for drift.
const LATER: f64 = 0.1;

/// How far a line is believed beyond the reading it was drawn through (seconds): readings come every two.
const BELIEVED_S: f64 = 15.0;

/// When the server received the frame of a media time: a straight line through the `clock` messages.
#[derive(Debug, Clone, Default)]
pub struct MediaClock {
    /// Server wall clock minus media time (milliseconds), and the media time (seconds) of the newest reading.
    line: Option<(f64, f64)>,
}

impl MediaClock {
    /// Takes one `clock` message in.
    pub fn observe(&mut self, media_time_s: f64, wallclock_ms: f64) {
        let reading = wallclock_ms - media_time_s * 1_000.0;
        let line_ms = match self.line {
            Some((line, _)) if reading > line && reading - line < JUMP_MS => line + (reading - line) * LATER,
            _ => reading,
        };
        self.line = Some((line_ms, media_time_s));
    }

    /// The server's wall clock (ms) when it received the frame of this media time. None: no message has come, or none for so long that
    /// the line would be a guess.
    pub fn received_ms(&self, media_time_s: f64) -> Option<f64> {
        let (line_ms, read_at_s) = self.line?;
        ((media_time_s - read_at_s).abs() <= BELIEVED_S).then_some(line_ms + media_time_s * 1_000.0)
    }

    /// The timeline has started anew.
    pub fn reset(&mut self) {
        self.line = None;
    }
}

/// This browser's wall clock minus the server's.
///
/// Only one-way readings exist (a message's server time and its arrival), so the offset and the network's delay can't be told
/// apart exactly. The smallest difference of the last minutes is the offset plus the shortest way. A small positive one is what
/// synchronised clocks and a short way give, and is taken as delay (offset 0); a negative one proves an offset, and one above
/// [`ServerOffset::PLAUSIBLE_MS`] is taken as one.
#[derive(Debug, Clone, Default)]
pub struct ServerOffset {
    /// The smallest difference of this window and of the one before: what is older no longer counts, since clocks drift.
    this_ms: Option<f64>,
    before_ms: Option<f64>,
    window_began_ms: f64,
    /// Since when (browser time) all differences have been far above the smallest, and the smallest of them.
    late: Option<(f64, f64)>,
}

impl ServerOffset {
    /// The longest shortest way that is believed, milliseconds.
    pub const PLAUSIBLE_MS: f64 = 400.0;
    const WINDOW_MS: f64 = 60_000.0;
    /// A difference that changes by more is a step of a clock.
    const STEP_MS: f64 = 5_000.0;
    /// Differences that are larger by this much for so long are a step too: no network is that late every time.
    const LATE_MS: f64 = 500.0;
    const LATE_FOR_MS: f64 = 6_000.0;
    /// Below zero by more than this, or above an hour: a clock is wrong, and no number is better than this one.
    const NEGATIVE_MS: f64 = -250.0;
    const ABSURD_MS: f64 = 3_600_000.0;

    /// Takes in that a message stamped `server_ms` arrived when this browser's clock read `browser_ms`.
    pub fn observe(&mut self, server_ms: f64, browser_ms: f64) {
        let difference = browser_ms - server_ms;
        if !difference.is_finite() {
            return;
        }
        if self.smallest_ms().is_none_or(|smallest| (difference - smallest).abs() >= Self::STEP_MS) {
            return self.start(difference, browser_ms);
        }
        if !(0.0..Self::WINDOW_MS).contains(&(browser_ms - self.window_began_ms)) {
            (self.before_ms, self.this_ms, self.window_began_ms) = (self.this_ms, None, browser_ms);
        }
        let known = self.smallest_ms().unwrap_or(difference);
        self.late = (difference > known + Self::LATE_MS).then(|| match self.late {
            Some((since, least)) => (since, difference.min(least)),
            None => (browser_ms, difference),
        });
        if let Some((_, least)) = self.late.filter(|(since, _)| browser_ms - since >= Self::LATE_FOR_MS) {
            return self.start(least, browser_ms);
        }
        self.this_ms = Some(self.this_ms.map_or(difference, |least| least.min(difference)));
    }

    /// Browser minus server, milliseconds. None: nothing has been heard.
    pub fn offset_ms(&self) -> Option<f64> {
        let smallest = self.smallest_ms()?;
        Some(if (0.0..=Self::PLAUSIBLE_MS).contains(&smallest) { 0.0 } else { smallest })
    }

    /// From the server's receiving something to its being seen here, milliseconds. None: the clocks don't tell.
    pub fn latency_ms(&self, received_server_ms: f64, shown_browser_ms: f64) -> Option<f64> {
        let latency = shown_browser_ms - self.offset_ms()? - received_server_ms;
        (Self::NEGATIVE_MS..Self::ABSURD_MS).contains(&latency).then_some(latency.max(0.0))
    }

    fn smallest_ms(&self) -> Option<f64> {
        self.this_ms.into_iter().chain(self.before_ms).min_by(f64::total_cmp)
    }

    fn start(&mut self, difference: f64, browser_ms: f64) {
        *self = Self { this_ms: Some(difference), before_ms: None, window_began_ms: browser_ms, late: None };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn latency_of_a_frame_between_two_clock_messages() {
        let mut clock = MediaClock::default();
        assert_eq!(clock.received_ms(1.0), None);
        clock.observe(100.0, 1_000_000.0);
        clock.observe(102.0, 1_002_000.0);
        let received = clock.received_ms(102.5).expect("observed");
        assert!((received - 1_002_500.0).abs() < 1e-6);
        let mut offset = ServerOffset::default();
        assert_eq!(offset.latency_ms(received, 1_002_620.0), None, "nothing is known of the clocks");
        offset.observe(1_002_000.0, 1_002_010.0);
        assert_eq!(offset.latency_ms(received, 1_002_620.0).map(f64::round), Some(120.0));
    }

    #[test]
    fn an_earlier_arrival_counts_at_once_a_later_one_slowly_and_a_jump_at_once() {
        let mut clock = MediaClock::default();
        clock.observe(0.0, 5_000.0);
        clock.observe(2.0, 7_040.0);
        assert!((clock.received_ms(2.0).expect("observed") - 7_004.0).abs() < 1e-6);
        clock.observe(4.0, 8_980.0);
        assert!((clock.received_ms(4.0).expect("observed") - 8_980.0).abs() < 1e-6);
        clock.observe(0.0, 60_000.0);
        assert_eq!(clock.received_ms(0.0), Some(60_000.0));
    }

    #[test]
    fn without_clock_messages_there_is_soon_no_number() {
        let mut clock = MediaClock::default();
        clock.observe(10.0, 500_000.0);
        assert!(clock.received_ms(24.0).is_some());
        assert_eq!(clock.received_ms(26.0), None);
        assert_eq!(clock.received_ms(-6.0), None, "of another timeline");
    }

    #[test]
    fn synchronised_clocks_need_no_offset_and_wrong_ones_are_corrected() {
        let mut near = ServerOffset::default();
        near.observe(1_000.0, 1_012.0);
        assert_eq!(near.offset_ms(), Some(0.0));
        assert_eq!(near.latency_ms(1_000.0, 1_150.0), Some(150.0));

        let mut behind = ServerOffset::default();
        behind.observe(10_000.0, 7_000.0);
        behind.observe(12_000.0, 8_990.0);
        assert_eq!(behind.offset_ms(), Some(-3_010.0));
        assert_eq!(behind.latency_ms(12_000.0, 9_090.0), Some(100.0));

        let mut ahead = ServerOffset::default();
        ahead.observe(0.0, 90_020.0);
        ahead.observe(0.0, 90_004.0);
        assert_eq!(ahead.latency_ms(0.0, 90_104.0), Some(100.0));
    }

    #[test]
    fn a_clock_that_steps_is_believed_again() {
        let mut offset = ServerOffset::default();
        offset.observe(0.0, -60_000.0);
        offset.observe(0.0, 5.0);
        assert_eq!(offset.offset_ms(), Some(0.0));
        // The server's clock is set back by two seconds: every message is late from then on, and that is no network.
        let mut browser = 1_000.0;
        for _ in 0..5 {
            offset.observe(browser - 2_000.0, browser + 5.0);
            browser += 2_000.0;
        }
        assert_eq!(offset.offset_ms(), Some(2_005.0));
        assert_eq!(offset.latency_ms(browser - 2_000.0, browser + 105.0), Some(100.0));
    }

    #[test]
    fn one_late_message_is_not_a_step_and_clocks_that_drift_are_followed() {
        let mut offset = ServerOffset::default();
        offset.observe(0.0, 10.0);
        offset.observe(2_000.0, 4_500.0);
        offset.observe(4_000.0, 4_010.0);
        offset.observe(6_000.0, 8_500.0);
        assert_eq!(offset.offset_ms(), Some(0.0));
        // A day at a hundred parts per million: 8.6 s, and never a wrong second in between.
        let mut drifting = ServerOffset::default();
        for minute in 0..(24 * 60) {
            let server = f64::from(minute) * 60_000.0;
            let browser = server * 1.0001 + 1_000.0;
            drifting.observe(server, browser);
            let latency = drifting.latency_ms(server, browser + 100.0).expect("known");
            assert!((99.0..120.0).contains(&latency), "minute {minute}: {latency}");
        }
    }

    #[test]
    fn a_number_that_can_not_be_is_none() {
        let mut offset = ServerOffset::default();
        offset.observe(0.0, 1_000.0);
        assert_eq!(offset.latency_ms(10_000.0, 9_000.0), None, "seen before it was received");
        assert_eq!(offset.latency_ms(0.0, 5e7), None);
        assert_eq!(offset.latency_ms(f64::NAN, 0.0), None);
        assert_eq!(offset.latency_ms(10_000.0, 10_950.0), Some(0.0), "a little below is jitter");
    }

    proptest! {
        /// Whatever comes: a number that is told is never negative and never absurd.
        #[test]
        fn what_is_told_can_be(readings in prop::collection::vec((-1e7..1e7_f64, -1e7..1e7_f64), 0..50), received in -1e7..1e7_f64, shown in -1e7..1e7_f64) {
            let mut offset = ServerOffset::default();
            for (server, browser) in readings {
                offset.observe(server, browser);
            }
            if let Some(latency) = offset.latency_ms(received, shown) {
                prop_assert!((0.0..3_600_000.0).contains(&latency));
            }
        }
    }
}
