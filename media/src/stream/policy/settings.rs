//! The thresholds of the state machine. Built-in defaults; a camera, a vendor profile or the installation may override them.

use crate::error::ErrorCode;
use std::time::Duration;

/// Pause before the first knock after a failure, before further ones, and before those from which little is expected.
pub(super) const FIRST_KNOCK: Duration = Duration::from_millis(200);
pub(super) const KNOCK: Duration = Duration::from_secs(1);
pub(super) const IDLE_KNOCK: Duration = Duration::from_secs(5);

/// A silent session is given up so much before its limit: whoever watches has heard of it by then, on a busy machine too.
pub(super) const NOTICE: Duration = Duration::from_millis(200);
/// A live session whose newest picture is this many tenths of the stall limit older than usual is given up although pictures come …
pub(super) const TOO_OLD_TENTHS: u32 = 9;
/// … unless it has become less old within this time (what a hiccup of the network held up then comes in), and the last picture that was
/// on time is not as old as the limit itself.
pub(super) const CATCH_UP: Duration = Duration::from_millis(500);

/// Every number of [`super::Policy`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicySettings {
    /// Ceiling of the first wait; doubles with every further failure.
    pub first_backoff: Duration,
    /// Ceiling of every later wait.
    pub max_backoff: Duration,
    /// After so long live the next failure starts at `first_backoff` again.
    pub healthy_after: Duration,
    /// A stream that has been live gets so many attempts before its waits grow past `quick_backoff`: most troubles are over by then.
    pub quick_attempts: u32,
    /// Ceiling of the waits between those.
    pub quick_backoff: Duration,
    /// So long live earns one of them back, and half of them at least; less earns nothing: a camera that flaps is not hammered.
    pub quick_refill: Duration,
    /// Whoever watches a live session without a frame hears after this long at the latest that it was given up …
    pub stall_after: Duration,
    /// … or for this many frame intervals, where that is longer (a camera that sends one frame every few seconds).
    pub stall_intervals: u32,
    /// As `stall_after`, while the frame interval is not known yet.
    pub stall_unmeasured: Duration,
    /// An open session that sends nothing at all is given up after this.
    pub first_frame_timeout: Duration,
    /// An open session that sends frames but no key frame is given up after this.
    pub first_key_timeout: Duration,
    /// Refused logins before no further one is sent.
    pub login_attempts: u32,
    /// How long none is sent then.
    pub login_block: Duration,
    /// Failures in a row, quick attempts not counted, before attempts go on at `slow_pace`.
    pub circuit_after: u32,
    /// Half to all of this lies between two attempts then.
    pub slow_pace: Duration,
    /// How long the session is kept after the last consumer went.
    pub linger: Duration,
    /// Restart requests within this time after one join it.
    pub join_window: Duration,
    /// `recover` brings a waiting attempt forward only if the last one is older than this.
    pub nudge_interval: Duration,
    /// `recover` leaves an attempt alone that is due within this time.
    pub soon: Duration,
    /// The camera sleeps to save its battery: being away or silent is its normal state and no failure.
    pub sleep_prone: bool,
    /// How long a session with a camera that may sleep is kept although it sends nothing: when it wakes, its picture is there at once.
    pub sleep_silence: Duration,
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            first_backoff: Duration::from_millis(500),
            max_backoff: Duration::from_secs(30),
            healthy_after: Duration::from_secs(60),
            quick_attempts: 20,
            quick_backoff: Duration::from_millis(1500),
            quick_refill: Duration::from_secs(3),
            stall_after: Duration::from_secs(5),
            stall_intervals: 10,
            stall_unmeasured: Duration::from_secs(10),
            first_frame_timeout: Duration::from_secs(10),
            first_key_timeout: Duration::from_secs(30),
            login_attempts: 2,
            login_block: Duration::from_secs(30 * 60),
            circuit_after: 8,
            slow_pace: Duration::from_secs(60),
            linger: Duration::from_secs(10),
            join_window: Duration::from_secs(2),
            nudge_interval: Duration::from_secs(10),
            soon: Duration::from_secs(1),
            sleep_prone: false,
            sleep_silence: Duration::from_secs(5 * 60),
        }
    }
}

impl PolicySettings {
    /// Ceiling of the wait after `step` earlier failures.
    pub fn ceiling(&self, step: u32) -> Duration {
        self.first_backoff.saturating_mul(2_u32.saturating_pow(step)).min(self.max_backoff)
    }

    /// How long a live session may be silent, the time to tell of it taken off.
    pub fn stall_limit(&self, interval: Option<Duration>) -> Duration {
        let told_after = match interval {
            Some(interval) => self.stall_after.max(interval.saturating_mul(self.stall_intervals)),
            None => self.stall_after.max(self.stall_unmeasured),
        };
        told_after.saturating_sub(NOTICE)
    }

    /// How old the newest frame may be for `recover` to call the stream healthy.
    pub fn recover_limit(&self, interval: Option<Duration>) -> Duration {
        Duration::from_secs(2).max(interval.unwrap_or_default().saturating_mul(5))
    }
}

/// Errors that a person has to mend: trying quickly again changes nothing.
pub fn heals_slowly(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NotFound | ErrorCode::UnsupportedCodec | ErrorCode::NoVideo | ErrorCode::UnsupportedTransport)
}

/// Errors of a camera that is not there: knocking tells when it is back, and an attempt until then only costs time.
pub fn is_away(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::Unreachable | ErrorCode::Refused | ErrorCode::Timeout | ErrorCode::Dns)
}

/// Errors whose end can be seen from outside, by a look that needs neither session nor login.
pub fn shows_outside(code: ErrorCode) -> bool {
    is_away(code) || matches!(code, ErrorCode::NotFound | ErrorCode::Protocol | ErrorCode::SessionLimit | ErrorCode::Tls)
}

/// How a camera looks that has gone to sleep: not there, or there without sending anything.
pub fn may_be_sleep(code: ErrorCode) -> bool {
    is_away(code) || code == ErrorCode::Stalled
}
