//! When something else than the player pauses the element (a media key, a call, a tablet that saves power): pictures are asked for again
//! after a while, unless whoever paused it insists. Pure: time is an argument.

/// Follows the pauses of one element.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pauses {
    /// The pause that lasts; None once playing was asked for.
    since_ms: Option<f64>,
    /// The first of those that count, and how many.
    first_ms: f64,
    count: u32,
}

impl Pauses {
    /// So long the pause is left alone, milliseconds: time to see it and to tap.
    pub const WAIT_MS: f64 = 5_000.0;
    /// Whoever pauses more often than this within the window means it.
    pub const MOST: u32 = 3;
    /// Milliseconds.
    pub const WINDOW_MS: f64 = 60_000.0;

    /// Somebody else paused it.
    pub fn paused(&mut self, now_ms: f64) {
        if self.count == 0 || now_ms - self.first_ms > Self::WINDOW_MS {
            self.first_ms = now_ms;
            self.count = 0;
        }
        self.count = self.count.saturating_add(1);
        self.since_ms = Some(now_ms);
    }

    /// It plays, or was asked to.
    pub fn played(&mut self) {
        self.since_ms = None;
    }

    /// Whether to ask for pictures again now: once for each pause.
    pub fn take_due(&mut self, now_ms: f64) -> bool {
        let due = self.count <= Self::MOST && self.since_ms.is_some_and(|since| now_ms - since >= Self::WAIT_MS);
        if due {
            self.since_ms = None;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::Pauses;

    #[test]
    fn a_pause_is_ended_once_after_a_while() {
        let mut pauses = Pauses::default();
        assert!(!pauses.take_due(0.0));
        pauses.paused(1_000.0);
        assert!(!pauses.take_due(1_000.0 + Pauses::WAIT_MS - 1.0));
        assert!(pauses.take_due(1_000.0 + Pauses::WAIT_MS));
        assert!(!pauses.take_due(60_000.0), "a refusal is not answered with another attempt");
    }

    #[test]
    fn a_tap_comes_first() {
        let mut pauses = Pauses::default();
        pauses.paused(0.0);
        pauses.played();
        assert!(!pauses.take_due(Pauses::WAIT_MS));
    }

    #[test]
    fn whoever_insists_is_left_alone_until_later() {
        let mut pauses = Pauses::default();
        let mut now = 0.0;
        for _ in 0..Pauses::MOST {
            pauses.paused(now);
            now += Pauses::WAIT_MS;
            assert!(pauses.take_due(now));
        }
        pauses.paused(now);
        assert!(!pauses.take_due(now + Pauses::WINDOW_MS));
        pauses.paused(now + Pauses::WINDOW_MS + 1.0);
        assert!(pauses.take_due(now + Pauses::WINDOW_MS + 1.0 + Pauses::WAIT_MS));
    }
}
