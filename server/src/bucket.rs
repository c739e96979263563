//! How often something may happen: a bucket of tokens that fills up by itself. Sans-IO.

use std::time::{Duration, Instant};

/// A burst of at most `capacity`, and one more per `refill` in the long run.
#[derive(Debug)]
pub struct Bucket {
    capacity: u32,
    refill: Duration,
    tokens: u32,
    /// Since when the token that comes next has been coming.
    since: Instant,
}

impl Bucket {
    /// Full at `now`.
    pub fn new(capacity: u32, refill: Duration, now: Instant) -> Self {
        Self { capacity, refill: refill.max(Duration::from_nanos(1)), tokens: capacity, since: now }
    }

    /// Takes a token; false if there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let come = u32::try_from(now.saturating_duration_since(self.since).as_nanos() / self.refill.as_nanos()).unwrap_or(u32::MAX);
        self.tokens = self.tokens.saturating_add(come).min(self.capacity);
        // What is left of the next token's time counts on, unless the bucket is full.
        self.since = if self.tokens == self.capacity { now } else { self.since + self.refill * come };
        let taken = self.tokens > 0;
        self.tokens = self.tokens.saturating_sub(1);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_borne_and_a_flood_is_not() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, Duration::from_secs(1), start);
        assert!((0..100).all(|_| bucket.take(start)));
        assert!(!bucket.take(start));
        assert!(!bucket.take(start + Duration::from_millis(999)));
        assert!(bucket.take(start + Duration::from_secs(1)));
        assert!(!bucket.take(start + Duration::from_millis(1999)));
        assert!(bucket.take(start + Duration::from_secs(2)));
    }

    #[test]
    fn one_a_minute_may_go_on_for_months() {
        let mut now = Instant::now();
        let mut bucket = Bucket::new(100, Duration::from_secs(1), now);
        for _ in 0..60 * 24 * 90 {
            now += Duration::from_secs(60);
            assert!(bucket.take(now));
        }
    }

    #[test]
    fn the_clock_may_stand_still_or_jump_far() {
        let now = Instant::now();
        let mut bucket = Bucket::new(2, Duration::ZERO, now);
        assert!(bucket.take(now) && bucket.take(now));
        assert!(bucket.take(now + Duration::from_secs(40_000_000)));
    }
}
