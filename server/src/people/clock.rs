//! A clock that never goes back, also not over restarts: a session that has ended must not come alive when somebody sets the machine's
//! clock. Sans-IO core; the shell stores the latest time in the database.

use std::sync::{Mutex, PoisonError};
use time::OffsetDateTime;
use tokio::time::Instant;

/// The latest time that was ever seen, and how long ago that was.
#[derive(Debug, Clone, Copy)]
struct Core {
    latest: OffsetDateTime,
    at: Instant,
}

impl Core {
    /// The machine's time, or where it would be had nobody set it back.
    fn now(&mut self, machine: OffsetDateTime, instant: Instant) -> OffsetDateTime {
        let passed = time::Duration::try_from(instant.saturating_duration_since(self.at)).unwrap_or(time::Duration::ZERO);
        let now = machine.max(self.latest.saturating_add(passed));
        *self = Self { latest: now, at: instant };
        now
    }
}

/// The clock that expiry goes by.
#[derive(Debug)]
pub struct Clock {
    core: Mutex<Core>,
}

impl Clock {
    /// `stored`: the latest time that an earlier run has seen.
    pub fn new(stored: Option<OffsetDateTime>) -> Self {
        let machine = OffsetDateTime::now_utc();
        let latest = stored.map_or(machine, |stored| stored.max(machine));
        Self { core: Mutex::new(Core { latest, at: Instant::now() }) }
    }

    /// The machine's time, or where it would be had nobody set it back.
    pub fn now(&self) -> OffsetDateTime {
        self.core.lock().unwrap_or_else(PoisonError::into_inner).now(OffsetDateTime::now_utc(), Instant::now())
    }

    /// As if the machine's clock had been put forward for a moment.
    #[cfg(test)]
    pub fn put_forward(&self, by: time::Duration) {
        let now = self.now();
        self.core.lock().unwrap_or_else(PoisonError::into_inner).latest = now + by;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    proptest::proptest! {
        #[test]
        fn it_never_goes_back_and_never_stands_still(steps in proptest::collection::vec((-100_000_i64..100_000, 1_u64..1000), 1..50)) {
            let (mut machine, mut instant) = (OffsetDateTime::UNIX_EPOCH + time::Duration::days(20_000), Instant::now());
            let mut core = Core { latest: machine, at: instant };
            let mut before = core.now(machine, instant);
            for (jump_s, passed_ms) in steps {
                let passed = Duration::from_millis(passed_ms);
                instant += passed;
                machine += time::Duration::seconds(jump_s) + passed;
                let now = core.now(machine, instant);
                proptest::prop_assert!(now >= before + passed);
                proptest::prop_assert!(now >= machine);
                before = now;
            }
        }
    }

    #[test]
    fn a_stored_time_in_the_future_counts() {
        let later = OffsetDateTime::now_utc() + time::Duration::days(1);
        assert!(Clock::new(Some(later)).now() >= later);
        assert!(Clock::new(Some(OffsetDateTime::UNIX_EPOCH)).now() > OffsetDateTime::now_utc() - time::Duration::seconds(60));
    }
}
