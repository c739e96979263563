//! From media time to wall clock and back to "how late is this picture". Pure: every reading of a clock is an argument.

/// How far two readings may lie apart and still be one line (ms): more is a jump of a clock or of the timeline.
const JUMP_MS: f64 = 1_000.0;
/// Weight of a reading that says "received later": delay on the way from the camera makes those, so they are followed slowly, for drift.
const LATER: f64 = 0.1;

/// When the server received the frame of a media time: a straight line through the `clock` messages.
#[derive(Debug, Clone, Default)]
pub struct MediaClock {
    /// Server wall clock minus media time, milliseconds.
    line_ms: Option<f64>,
}

impl MediaClock {
    /// Takes one `clock` message in.
    pub fn observe(&mut self, media_time_s: f64, wallclock_ms: f64) {
        let reading = wallclock_ms - media_time_s * 1_000.0;
        self.line_ms = Some(match self.line_ms {
            Some(line) if reading > line && reading - line < JUMP_MS => line + (reading - line) * LATER,
            _ => reading,
        });
    }

    /// The server's wall clock (ms) when it received the frame of this media time.
    pub fn received_ms(&self, media_time_s: f64) -> Option<f64> {
        self.line_ms.map(|line| line + media_time_s * 1_000.0)
    }

    /// The timeline has started anew.
    pub fn reset(&mut self) {
        self.line_ms = None;
    }
}

/// This browser's wall clock minus the server's.
///
/// Only one-way readings exist (a message's server time and its arrival), so the offset and the network's delay can't be told
/// apart exactly. The smallest difference seen is the offset plus the shortest way. A small positive one is what synchronised clocks and a short
/// way give, and is taken as delay (offset 0); a negative one proves an offset, and one above [`ServerOffset::PLAUSIBLE_MS`] is taken as one.
#[derive(Debug, Clone, Default)]
pub struct ServerOffset {
    smallest_ms: Option<f64>,
}

impl ServerOffset {
    /// The longest shortest way that is believed, milliseconds.
    pub const PLAUSIBLE_MS: f64 = 400.0;

    /// Takes in that a message stamped `server_ms` arrived when this browser's clock read `browser_ms`.
    pub fn observe(&mut self, server_ms: f64, browser_ms: f64) {
        let difference = browser_ms - server_ms;
        self.smallest_ms = Some(match self.smallest_ms {
            // A step of either clock shows as a jump in both directions.
            Some(smallest) if (difference - smallest).abs() < 5_000.0 => smallest.min(difference),
            _ => difference,
        });
    }

    /// Browser minus server, milliseconds; 0 while nothing is known.
    pub fn offset_ms(&self) -> f64 {
        match self.smallest_ms {
            Some(smallest) if (0.0..=Self::PLAUSIBLE_MS).contains(&smallest) => 0.0,
            Some(smallest) => smallest,
            None => 0.0,
        }
    }

    /// From the server's receiving something to its being seen here, milliseconds, never below 0.
    pub fn latency_ms(&self, received_server_ms: f64, shown_browser_ms: f64) -> f64 {
        (shown_browser_ms - self.offset_ms() - received_server_ms).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_of_a_frame_between_two_clock_messages() {
        let mut clock = MediaClock::default();
        assert_eq!(clock.received_ms(1.0), None);
        clock.observe(100.0, 1_000_000.0);
        clock.observe(102.0, 1_002_000.0);
        let received = clock.received_ms(102.5).expect("observed");
        assert!((received - 1_002_500.0).abs() < 1e-6);
        assert_eq!(ServerOffset::default().latency_ms(received, 1_002_620.0).round(), 120.0);
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
    fn synchronised_clocks_need_no_offset_and_wrong_ones_are_corrected() {
        let mut near = ServerOffset::default();
        near.observe(1_000.0, 1_012.0);
        assert_eq!(near.offset_ms(), 0.0);
        assert_eq!(near.latency_ms(1_000.0, 1_150.0), 150.0);

        let mut behind = ServerOffset::default();
        behind.observe(10_000.0, 7_000.0);
        behind.observe(12_000.0, 8_990.0);
        assert_eq!(behind.offset_ms(), -3_010.0);
        assert_eq!(behind.latency_ms(12_000.0, 9_090.0), 100.0);

        let mut ahead = ServerOffset::default();
        ahead.observe(0.0, 90_020.0);
        ahead.observe(0.0, 90_004.0);
        assert_eq!(ahead.latency_ms(0.0, 90_104.0), 100.0);
    }

    #[test]
    fn a_clock_that_steps_is_believed_again() {
        let mut offset = ServerOffset::default();
        offset.observe(0.0, -60_000.0);
        offset.observe(0.0, 5.0);
        assert_eq!(offset.offset_ms(), 0.0);
    }
}
