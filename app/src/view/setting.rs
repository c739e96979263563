//! The settings that the camera dialog knows: their words, where they apply, and how their values are written.

use crate::model::Profile;
use crate::text;
use serde_json::Value;

/// A setting with its words.
#[derive(Debug, PartialEq, Eq)]
pub struct Known {
    pub key: &'static str,
    pub label: &'static str,
    pub hint: &'static str,
}

/// In the order they are shown by the server's list; keys that are missing here are not shown.
static KNOWN: [Known; 9] = [
    Known { key: "hls.part_target_ms", label: text::SETTING_PART, hint: text::SETTING_PART_HINT },
    Known { key: "rtsp.initial_sequence", label: text::SETTING_SEQUENCE, hint: text::SETTING_SEQUENCE_HINT },
    Known { key: "rtsp.initial_timestamp", label: text::SETTING_TIMESTAMP, hint: text::SETTING_TIMESTAMP_HINT },
    Known { key: "rtsp.session_id", label: text::SETTING_SESSION, hint: text::SETTING_SESSION_HINT },
    Known { key: "rtsp.teardown", label: text::SETTING_TEARDOWN, hint: text::SETTING_TEARDOWN_HINT },
    Known { key: "rtsp.unassigned_data", label: text::SETTING_UNASSIGNED, hint: text::SETTING_UNASSIGNED_HINT },
    Known { key: "rtsp.unknown_rtcp_ssrc", label: text::SETTING_SSRC, hint: text::SETTING_SSRC_HINT },
    Known { key: "stream.linger_s", label: text::SETTING_LINGER, hint: text::SETTING_LINGER_HINT },
    Known { key: "stream.stall_timeout_s", label: text::SETTING_STALL, hint: text::SETTING_STALL_HINT },
];

/// The words of a setting that makes a difference to cameras of this profile.
pub fn of(key: &str, profile: Profile) -> Option<&'static Known> {
    if key.starts_with("rtsp.") && profile != Profile::GenericRtsp {
        return None;
    }
    KNOWN.iter().find(|known| known.key == key)
}

/// The known key of this name.
pub fn key(name: &str) -> Option<&'static str> {
    KNOWN.iter().find(|known| known.key == name).map(|known| known.key)
}

/// A value as it is typed and read.
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_typed_reads_back() {
        assert_eq!(typed_number(" 20 "), Some(json!(20)));
        assert_eq!(typed_number("2x"), Some(json!("2x")));
        assert_eq!((typed_number("  "), typed("")), (None, None));
        for value in [json!(20), json!("always")] {
            let text = shown(&value);
            assert_eq!(typed_number(&text), Some(value));
        }
    }

    #[test]
    fn rtsp_settings_are_for_rtsp_cameras() {
        assert!(of("rtsp.teardown", Profile::GenericRtsp).is_some());
        assert_eq!(of("rtsp.teardown", Profile::TestPattern), None);
        assert!(of("stream.stall_timeout_s", Profile::TestPattern).is_some());
        assert_eq!(of("speed", Profile::GenericRtsp), None);
    }
}
