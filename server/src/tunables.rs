//! Every tunable of a camera in one table, and the one place that decides which value is in force: the camera's own, else its profile's,
//! else the installation's, else the built-in one.
//!
//! What a value does is known to `media`; here are its name, what it may be, and where it comes from.

use crate::error::AppError;
use app::model::{AllowedValues, CameraSetting, Profile, SettingOrigin, SettingValue};
use media::ingest::rtsp::{
    InitialSequenceQuirk, InitialTimestampQuirk, Quirks, SessionIdQuirk, TeardownQuirk, UnassignedDataQuirk, UnknownRtcpSsrcQuirk,
};
use media::stream::StreamSettings;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Values by key, as one layer gives them.
pub type Layer = BTreeMap<String, Value>;

/// What the streams of a camera run with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effective {
    pub quirks: Quirks,
    pub stream: StreamSettings,
}

/// One row of the table.
struct Tunable {
    key: &'static str,
    allowed: Allowed,
    /// Puts an allowed value in force. The number or name is of the kind that `allowed` says.
    put: fn(&mut Effective, &Chosen<'_>),
    built_in: fn(&Effective) -> Value,
}

enum Allowed {
    OneOf(fn() -> Vec<&'static str>),
    /// Both ends included; the unit as people read it.
    Range {
        min: i64,
        max: i64,
        unit: &'static str,
    },
}

/// A value that was found to be allowed.
enum Chosen<'a> {
    Name(&'a str),
    Number(u64),
}

impl Chosen<'_> {
    fn duration(&self, unit: Duration) -> Duration {
        match self {
            Self::Number(number) => unit.saturating_mul(u32::try_from(*number).unwrap_or(u32::MAX)),
            Self::Name(_) => Duration::ZERO,
        }
    }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A named quirk of [`Quirks`]: key, field and type.
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

/// Keys never change: they are stored.
static TUNABLES: [Tunable; 9] = [
    duration!("hls.part_target_ms", 100..=1000 "milliseconds", MILLISECOND, stream.hls_part_target),
    quirk!("rtsp.initial_sequence", initial_sequence, InitialSequenceQuirk),
    quirk!("rtsp.initial_timestamp", initial_timestamp, InitialTimestampQuirk),
    quirk!("rtsp.session_id", session_id, SessionIdQuirk),
    quirk!("rtsp.teardown", teardown, TeardownQuirk),
    quirk!("rtsp.unassigned_data", unassigned_data, UnassignedDataQuirk),
    quirk!("rtsp.unknown_rtcp_ssrc", unknown_rtcp_ssrc, UnknownRtcpSsrcQuirk),
    duration!("stream.linger_s", 1..=600 "seconds", SECOND, stream.policy.linger),
    duration!("stream.stall_timeout_s", 5..=120 "seconds", SECOND, stream.policy.stall_after),
];

/// A key or value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Fault {
    /// As given.
    pub key: String,
    pub code: &'static str,
    pub sentence: String,
}

impl From<Fault> for AppError {
    fn from(fault: Fault) -> Self {
        Self::invalid(format!("overrides.{}", shown(&fault.key)), fault.code, fault.sentence)
    }
}

/// A key as it may be repeated to the caller.
fn shown(key: &str) -> String {
    key.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')).take(60).collect()
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(names) => write!(f, "one of {}", names().join(", ")),
            Self::Range { min, max, unit } => write!(f, "a whole number from {min} to {max} ({unit})"),
        }
    }
}

impl Tunable {
    fn of(key: &str) -> Option<&'static Self> {
        TUNABLES.iter().find(|tunable| tunable.key == key)
    }

    /// None: not allowed.
    fn read<'a>(&self, value: &'a Value) -> Option<Chosen<'a>> {
        match &self.allowed {
            Allowed::OneOf(names) => value.as_str().filter(|name| names().contains(name)).map(Chosen::Name),
            Allowed::Range { min, max, .. } => {
                let number = value.as_i64().filter(|number| (*min..=*max).contains(number))?;
                u64::try_from(number).ok().map(Chosen::Number)
            }
        }
    }

    fn allowed_values(&self) -> AllowedValues {
        match &self.allowed {
            Allowed::OneOf(names) => AllowedValues::OneOf { values: names().into_iter().map(str::to_owned).collect() },
            Allowed::Range { min, max, .. } => AllowedValues::Range { min: *min, max: *max },
        }
    }
}

/// The first key or value of a layer that cannot be used.
///
/// # Errors
/// There is one; the sentence says what is allowed.
pub fn check(layer: &Layer) -> Result<(), Fault> {
    for (key, value) in layer {
        let fault = |code, sentence| Fault { key: key.clone(), code, sentence };
        let Some(tunable) = Tunable::of(key) else {
            let known: Vec<_> = TUNABLES.iter().map(|tunable| tunable.key).collect();
            return Err(fault("unknown_setting", format!("There is no setting of this name. Known settings: {}.", known.join(", "))));
        };
        if tunable.read(value).is_none() {
            return Err(fault("setting_not_allowed", format!("This must be {}. Leave it out to inherit it.", tunable.allowed)));
        }
    }
    Ok(())
}

/// What cameras of a profile need to be different. Stands before the installation's values: it is what these devices are known to need.
fn profile_layer(profile: Profile) -> Layer {
    match profile {
        Profile::GenericRtsp | Profile::Ffmpeg | Profile::TestPattern => Layer::new(),
    }
}

/// The layers above the built-in values, the nearest first.
struct Layers<'a>([(SettingOrigin, &'a Layer); 3]);

impl Layers<'_> {
    /// The value that counts among those `from` this layer on. Values that are not allowed (stored by another version) don't count.
    fn resolve(&self, tunable: &Tunable, from: usize) -> SettingValue {
        let found = self.0.iter().skip(from).find_map(|(origin, layer)| {
            let value = layer.get(tunable.key).filter(|value| tunable.read(value).is_some())?;
            Some(SettingValue { value: value.clone(), origin: *origin })
        });
        found.unwrap_or_else(|| SettingValue { value: (tunable.built_in)(&Effective::default()), origin: SettingOrigin::BuiltIn })
    }

    fn effective(&self) -> Effective {
        let mut effective = Effective::default();
        for tunable in &TUNABLES {
            let SettingValue { value, .. } = self.resolve(tunable, 0);
            if let Some(chosen) = tunable.read(&value) {
                (tunable.put)(&mut effective, &chosen);
            }
        }
        effective
    }

    fn settings(&self) -> Vec<CameraSetting> {
        let setting = |tunable: &Tunable| {
            let SettingValue { value, origin } = self.resolve(tunable, 0);
            let (key, allowed) = (tunable.key.to_owned(), tunable.allowed_values());
            CameraSetting { key, value, origin, inherited: self.resolve(tunable, 1), allowed }
        };
        TUNABLES.iter().map(setting).collect()
    }
}

fn with_layers<T>(camera: &Layer, profile: Profile, installation: &Layer, then: impl FnOnce(&Layers<'_>) -> T) -> T {
    let profile = profile_layer(profile);
    then(&Layers([(SettingOrigin::Camera, camera), (SettingOrigin::Profile, &profile), (SettingOrigin::Installation, installation)]))
}

/// What a camera's streams run with.
pub fn effective(camera: &Layer, profile: Profile, installation: &Layer) -> Effective {
    with_layers(camera, profile, installation, |layers| layers.effective())
}

/// Every setting of a camera with where it comes from.
pub fn settings(camera: &Layer, profile: Profile, installation: &Layer) -> Vec<CameraSetting> {
    with_layers(camera, profile, installation, |layers| layers.settings())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn layer(entries: &[(&str, Value)]) -> Layer {
        entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
    }

    #[test]
    fn the_nearest_layer_counts() {
        const KEY: &str = "stream.stall_timeout_s";
        let (camera, profile, installation) = (layer(&[(KEY, json!(20))]), layer(&[(KEY, json!(30))]), layer(&[(KEY, json!(40))]));
        let none = Layer::new();
        let resolve = |camera, profile, installation| {
            let layers =
                Layers([(SettingOrigin::Camera, camera), (SettingOrigin::Profile, profile), (SettingOrigin::Installation, installation)]);
            let setting = layers.settings().into_iter().find(|setting| setting.key == KEY).expect("known");
            let stall = layers.effective().stream.policy.stall_after.as_secs();
            assert_eq!(json!(stall), setting.value, "what is told is what runs");
            (stall, setting.origin, setting.inherited.value.as_i64().expect("a number"), setting.inherited.origin)
        };
        use SettingOrigin::{BuiltIn, Camera, Installation, Profile};
        assert_eq!(resolve(&camera, &profile, &installation), (20, Camera, 30, Profile));
        assert_eq!(resolve(&none, &profile, &installation), (30, Profile, 30, Profile));
        assert_eq!(resolve(&camera, &none, &installation), (20, Camera, 40, Installation));
        assert_eq!(resolve(&none, &none, &installation), (40, Installation, 40, Installation));
        assert_eq!(resolve(&none, &none, &none), (5, BuiltIn, 5, BuiltIn));
        let stored_by_another_version = layer(&[(KEY, json!("long"))]);
        assert_eq!(resolve(&stored_by_another_version, &none, &installation), (40, Installation, 40, Installation));
    }

    #[test]
    fn without_layers_everything_is_as_built_in() {
        let none = Layer::new();
        assert_eq!(effective(&none, Profile::GenericRtsp, &none), Effective::default());
        for setting in settings(&none, Profile::GenericRtsp, &none) {
            assert_eq!(check(&layer(&[(&setting.key, setting.value.clone())])), Ok(()), "a built-in value is an allowed one");
        }
    }

    #[test]
    fn every_allowed_value_reaches_what_runs() {
        let none = Layer::new();
        for setting in settings(&none, Profile::GenericRtsp, &none) {
            let values: Vec<Value> = match setting.allowed {
                AllowedValues::OneOf { values } => values.into_iter().map(Value::from).collect(),
                AllowedValues::Range { min, max } => vec![min.into(), max.into()],
            };
            for value in values.into_iter().filter(|value| *value != setting.value) {
                let own = layer(&[(&setting.key, value.clone())]);
                assert_eq!(check(&own), Ok(()));
                assert_ne!(effective(&own, Profile::GenericRtsp, &none), Effective::default(), "{}: {value}", setting.key);
            }
        }
    }

    #[test]
    fn what_is_not_allowed_is_named_with_what_is() {
        for (key, value, code, words) in [
            ("speed", json!(1), "unknown_setting", "rtsp.teardown"),
            ("rtsp.teardown", json!("sometimes"), "setting_not_allowed", "auto, always, never"),
            ("rtsp.teardown", json!(null), "setting_not_allowed", "auto, always, never"),
            ("hls.part_target_ms", json!(99), "setting_not_allowed", "from 100 to 1000"),
            ("hls.part_target_ms", json!(1001), "setting_not_allowed", "from 100 to 1000"),
            ("hls.part_target_ms", json!(200.5), "setting_not_allowed", "whole number"),
            ("stream.stall_timeout_s", json!("5"), "setting_not_allowed", "from 5 to 120"),
            ("stream.stall_timeout_s", json!(-5), "setting_not_allowed", "from 5 to 120"),
        ] {
            let fault = check(&layer(&[(key, value.clone())])).expect_err("not allowed");
            assert_eq!((fault.key.as_str(), fault.code), (key, code), "{value}");
            assert!(fault.sentence.contains(words), "{}", fault.sentence);
        }
    }

    proptest! {
        #[test]
        fn a_strange_key_is_never_echoed_raw(key in "\\PC{0,80}") {
            let problem = AppError::from(Fault { key, code: "unknown_setting", sentence: String::new() }).problem();
            let field = problem.field.expect("a field");
            prop_assert!(field.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) && field.len() <= 70);
        }
    }
}
