//! The settings that the pages know: their words, where they apply, and how their values are written.

use crate::model::Profile;
use crate::text::settings as words;
use serde_json::Value;

/// What a group of settings is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Area {
    Connection,
    Playback,
    Recovery,
    Rtsp,
    Health,
}

impl Area {
    /// In the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::Connection, Self::Playback, Self::Health, Self::Recovery, Self::Rtsp];

    pub fn label(self) -> &'static str {
        match self {
            Self::Connection => words::AREA_CONNECTION,
            Self::Playback => words::AREA_PLAYBACK,
            Self::Recovery => words::AREA_RECOVERY,
            Self::Rtsp => words::AREA_RTSP,
            Self::Health => words::AREA_HEALTH,
        }
    }
}

/// A setting with its words.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    pub key: &'static str,
    pub area: Area,
    pub label: &'static str,
    pub hint: &'static str,
}

const fn known(key: &'static str, area: Area, label: &'static str, hint: &'static str) -> Known {
    Known { key, area, label, hint }
}

/// Settings whose keys are missing here are not shown.
static KNOWN: [Known; 36] = [
    known("stream.stall_timeout_s", Area::Connection, words::STALL, words::STALL_HINT),
    known("stream.linger_s", Area::Connection, words::LINGER, words::LINGER_HINT),
    known("stream.sleep_prone", Area::Connection, words::SLEEP, words::SLEEP_HINT),
    known("hls.part_target_ms", Area::Playback, words::PART, words::PART_HINT),
    known("health.enabled", Area::Health, words::HEALTH_ON, words::HEALTH_ON_HINT),
    known("health.stale_after_s", Area::Health, words::HEALTH_STALE, words::HEALTH_STALE_HINT),
    known("health.sample_interval_ms", Area::Health, words::HEALTH_INTERVAL, words::HEALTH_INTERVAL_HINT),
    known("health.warm_up_s", Area::Health, words::HEALTH_WARM_UP, words::HEALTH_WARM_UP_HINT),
    known("health.refreshes", Area::Health, words::HEALTH_REFRESHES, words::HEALTH_REFRESHES_HINT),
    known("health.window_s", Area::Health, words::HEALTH_WINDOW, words::HEALTH_WINDOW_HINT),
    known("health.first_wait_s", Area::Health, words::HEALTH_FIRST_WAIT, words::HEALTH_FIRST_WAIT_HINT),
    known("health.longest_wait_s", Area::Health, words::HEALTH_LONGEST_WAIT, words::HEALTH_LONGEST_WAIT_HINT),
    known("health.max_attempts", Area::Health, words::HEALTH_ATTEMPTS, words::HEALTH_ATTEMPTS_HINT),
    known("health.cool_down_s", Area::Health, words::HEALTH_COOL_DOWN, words::HEALTH_COOL_DOWN_HINT),
    known("health.frozen_samples", Area::Health, words::HEALTH_FROZEN, words::HEALTH_FROZEN_HINT),
    known("health.blank_samples", Area::Health, words::HEALTH_BLANK, words::HEALTH_BLANK_HINT),
    known("recovery.enabled", Area::Recovery, words::RECOVERY_ON, words::RECOVERY_ON_HINT),
    known("recovery.dry_run", Area::Recovery, words::DRY_RUN, words::DRY_RUN_HINT),
    known("recovery.reconnect_wait_s", Area::Recovery, words::RECONNECT_WAIT, words::WAIT_HINT),
    known("recovery.reconnect_per_day", Area::Recovery, words::RECONNECT_LIMIT, words::LIMIT_HINT),
    known("recovery.transport_wait_s", Area::Recovery, words::TRANSPORT_WAIT, words::WAIT_HINT),
    known("recovery.transport_per_day", Area::Recovery, words::TRANSPORT_LIMIT, words::LIMIT_HINT),
    known("recovery.reboot_wait_s", Area::Recovery, words::REBOOT_WAIT, words::WAIT_HINT),
    known("recovery.reboot_per_day", Area::Recovery, words::REBOOT_LIMIT, words::LIMIT_HINT),
    known("recovery.webhook_wait_s", Area::Recovery, words::WEBHOOK_WAIT, words::WAIT_HINT),
    known("recovery.webhook_per_day", Area::Recovery, words::WEBHOOK_LIMIT, words::LIMIT_HINT),
    known("recovery.alert_wait_s", Area::Recovery, words::ALERT_WAIT, words::WAIT_HINT),
    known("recovery.alert_per_day", Area::Recovery, words::ALERT_LIMIT, words::LIMIT_HINT),
    known("recovery.again_after_s", Area::Recovery, words::AGAIN, words::AGAIN_HINT),
    known("recovery.settled_after_s", Area::Recovery, words::SETTLED, words::SETTLED_HINT),
    known("rtsp.teardown", Area::Rtsp, words::TEARDOWN, words::TEARDOWN_HINT),
    known("rtsp.session_id", Area::Rtsp, words::SESSION, words::SESSION_HINT),
    known("rtsp.initial_sequence", Area::Rtsp, words::SEQUENCE, words::SEQUENCE_HINT),
    known("rtsp.initial_timestamp", Area::Rtsp, words::TIMESTAMP, words::TIMESTAMP_HINT),
    known("rtsp.unassigned_data", Area::Rtsp, words::UNASSIGNED, words::UNASSIGNED_HINT),
    known("rtsp.unknown_rtcp_ssrc", Area::Rtsp, words::SSRC, words::SSRC_HINT),
];

/// The settings of an area, in the order in which they are shown. `profile`: only those that make a difference to such cameras.
pub fn of_area(area: Area, profile: Option<Profile>) -> impl Iterator<Item = &'static Known> {
    let applies = area != Area::Rtsp || profile.is_none_or(|profile| profile == Profile::GenericRtsp);
    KNOWN.iter().filter(move |known| known.area == area && applies)
}

/// The known setting of this key.
pub fn of(key: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.key == key)
}

/// The known key of this name.
pub fn key(name: &str) -> Option<&'static str> {
    of(name).map(|known| known.key)
}

/// A value as it is typed.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A value as it is read.
pub fn read(value: &Value) -> String {
    match value {
        Value::Bool(true) => words::ON.to_owned(),
        Value::Bool(false) => words::OFF.to_owned(),
        Value::String(text) => text.replace('_', " "),
        other => other.to_string(),
    }
}

/// What was chosen; nothing means: inherit.
pub fn typed(text: &str) -> Option<Value> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.into())
}

/// As [`typed`], a number where it is one. Anything else stays as typed: the server says what is wrong with it.
pub fn typed_number(text: &str) -> Option<Value> {
    typed(text).map(|value| text.trim().parse::<i64>().map_or(value, Value::from))
}

/// As [`typed`], for a switch.
pub fn typed_switch(text: &str) -> Option<Value> {
    typed(text).map(|value| text.trim().parse::<bool>().map_or(value, Value::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_typed_reads_back() {
        assert_eq!(typed_number(" 20 "), Some(json!(20)));
        assert_eq!(typed_number("2x"), Some(json!("2x")));
        assert_eq!((typed_number("  "), typed(""), typed_switch("")), (None, None, None));
        for value in [json!(20), json!("always")] {
            let text = shown(&value);
            assert_eq!(typed_number(&text), Some(value));
        }
        assert_eq!(typed_switch(&shown(&json!(false))), Some(json!(false)));
        assert_eq!((read(&json!(true)), read(&json!("drop_packets"))), ("On".to_owned(), "drop packets".to_owned()));
    }

    #[test]
    fn rtsp_settings_are_for_rtsp_cameras() {
        assert!(of_area(Area::Rtsp, Some(Profile::GenericRtsp)).any(|known| known.key == "rtsp.teardown"));
        assert_eq!(of_area(Area::Rtsp, Some(Profile::TestPattern)).count(), 0);
        assert!(of_area(Area::Rtsp, None).count() > 0);
        assert!(of_area(Area::Connection, Some(Profile::TestPattern)).any(|known| known.key == "stream.stall_timeout_s"));
        assert_eq!(of("speed"), None);
    }

    #[test]
    fn every_setting_is_in_an_area_that_is_shown() {
        let shown: usize = Area::ALL.into_iter().map(|area| of_area(area, None).count()).sum();
        assert_eq!(shown, KNOWN.len());
    }
}
