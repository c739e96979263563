//! The table itself. Keys never change: they are stored.

use super::row::{Allowed, Chosen, Tunable};
use app::health::HealthSettings;
use media::ingest::rtsp::{
    InitialSequenceQuirk, InitialTimestampQuirk, SessionIdQuirk, TeardownQuirk, UnassignedDataQuirk, UnknownRtcpSsrcQuirk,
};
use std::time::Duration;

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A named quirk of [`media::ingest::rtsp::Quirks`]: key, field and type.
macro_rules! quirk {
    ($key:literal, $field:ident, $type:ty) => {
        Tunable {
            key: $key,
            allowed: Allowed::OneOf(|| <$type>::ALL.iter().map(|policy| policy.as_str()).collect()),
            put: |effective, chosen| {
                if let Chosen::Name(name) = chosen
                    && let Ok(policy) = name.parse::<$type>()
                {
                    effective.quirks.$field = policy;
                }
            },
            built_in: |built_in| built_in.quirks.$field.as_str().into(),
        }
    };
}

/// A length of time.
macro_rules! duration {
    ($key:literal, $min:literal..=$max:literal $unit_name:literal, $unit:expr, $($field:ident).+) => {
        Tunable {
            key: $key,
            allowed: Allowed::Range { min: $min, max: $max, unit: $unit_name },
            put: |effective, chosen| effective.$($field).+ = chosen.duration($unit),
            built_in: |built_in| u64::try_from(built_in.$($field).+.as_millis() / $unit.as_millis()).unwrap_or(u64::MAX).into(),
        }
    };
}

/// How often.
macro_rules! count {
    ($key:literal, $min:literal..=$max:literal $unit_name:literal, $($field:ident).+) => {
        Tunable {
            key: $key,
            allowed: Allowed::Range { min: $min, max: $max, unit: $unit_name },
            put: |effective, chosen| effective.$($field).+ = chosen.number(),
            built_in: |built_in| built_in.$($field).+.into(),
        }
    };
}

/// On or off.
macro_rules! switch {
    ($key:literal, $($field:ident).+) => {
        Tunable {
            key: $key,
            allowed: Allowed::Switch,
            put: |effective, chosen| effective.$($field).+ = chosen.is_on(),
            built_in: |built_in| built_in.$($field).+.into(),
        }
    };
}

/// A number of the browser's health monitor, which has the ranges.
macro_rules! health {
    ($key:literal, $range:ident $unit_name:literal, $field:ident) => {
        Tunable {
            key: $key,
            allowed: Allowed::Range {
                min: *HealthSettings::$range.start() as i64,
                max: *HealthSettings::$range.end() as i64,
                unit: $unit_name,
            },
            put: |effective, chosen| effective.health.$field = chosen.number(),
            built_in: |built_in| built_in.health.$field.into(),
        }
    };
}

/// In the order in which they are shown.
pub(super) static TUNABLES: [Tunable; 36] = [
    health!("health.blank_samples", BLANK_SAMPLES "samples in a row", blank_samples),
    health!("health.cool_down_s", COOL_DOWN_S "seconds", cool_down_s),
    switch!("health.enabled", health.enabled),
    health!("health.first_wait_s", FIRST_WAIT_S "seconds", first_wait_s),
    health!("health.frozen_samples", FROZEN_SAMPLES "samples in a row", frozen_samples),
    health!("health.longest_wait_s", LONGEST_WAIT_S "seconds", longest_wait_s),
    health!("health.max_attempts", MAX_ATTEMPTS "attempts, 0 for no limit", max_attempts),
    health!("health.refreshes", REFRESHES "refreshes", refreshes),
    health!("health.sample_interval_ms", SAMPLE_INTERVAL_MS "milliseconds", sample_interval_ms),
    health!("health.stale_after_s", STALE_AFTER_S "seconds", stale_after_s),
    health!("health.warm_up_s", WARM_UP_S "seconds", warm_up_s),
    health!("health.window_s", WINDOW_S "seconds", window_s),
    duration!("hls.part_target_ms", 100..=1000 "milliseconds", MILLISECOND, stream.hls_part_target),
    duration!("recovery.again_after_s", 0..=86400 "seconds, 0 for not again", SECOND, recovery.again_after),
    count!("recovery.alert_per_day", 0..=1000 "a day, 0 for never", recovery.alert.per_day),
    duration!("recovery.alert_wait_s", 0..=86400 "seconds", SECOND, recovery.alert.wait),
    switch!("recovery.dry_run", recovery.dry_run),
    switch!("recovery.enabled", recovery.enabled),
    count!("recovery.reboot_per_day", 0..=100 "a day, 0 for never", recovery.reboot.per_day),
    duration!("recovery.reboot_wait_s", 0..=86400 "seconds", SECOND, recovery.reboot.wait),
    count!("recovery.reconnect_per_day", 0..=1000 "a day, 0 for never", recovery.reconnect.per_day),
    duration!("recovery.reconnect_wait_s", 0..=86400 "seconds", SECOND, recovery.reconnect.wait),
    duration!("recovery.settled_after_s", 1..=3600 "seconds", SECOND, recovery.settled_after),
    count!("recovery.transport_per_day", 0..=1000 "a day, 0 for never", recovery.transport.per_day),
    duration!("recovery.transport_wait_s", 0..=86400 "seconds", SECOND, recovery.transport.wait),
    count!("recovery.webhook_per_day", 0..=100 "a day, 0 for never", recovery.webhook.per_day),
    duration!("recovery.webhook_wait_s", 0..=86400 "seconds", SECOND, recovery.webhook.wait),
    quirk!("rtsp.initial_sequence", initial_sequence, InitialSequenceQuirk),
    quirk!("rtsp.initial_timestamp", initial_timestamp, InitialTimestampQuirk),
    quirk!("rtsp.session_id", session_id, SessionIdQuirk),
    quirk!("rtsp.teardown", teardown, TeardownQuirk),
    quirk!("rtsp.unassigned_data", unassigned_data, UnassignedDataQuirk),
    quirk!("rtsp.unknown_rtcp_ssrc", unknown_rtcp_ssrc, UnknownRtcpSsrcQuirk),
    duration!("stream.linger_s", 1..=600 "seconds", SECOND, stream.policy.linger),
    switch!("stream.sleep_prone", stream.policy.sleep_prone),
    duration!("stream.stall_timeout_s", 5..=120 "seconds", SECOND, stream.policy.stall_after),
];

/// The row of a key.
pub(super) fn row(key: &str) -> Option<&'static Tunable> {
    TUNABLES.iter().find(|tunable| tunable.key == key)
}
