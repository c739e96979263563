use super::*;
use app::model::AllowedValues;
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
            AllowedValues::Switch => vec![true.into(), false.into()],
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
        ("stream.sleep_prone", json!("yes"), "setting_not_allowed", "true or false"),
        ("stream.sleep_prone", json!(1), "setting_not_allowed", "true or false"),
        ("stream.stall_timeout_s", json!(-5), "setting_not_allowed", "from 5 to 120"),
    ] {
        let fault = check(&layer(&[(key, value.clone())])).expect_err("not allowed");
        assert_eq!((fault.key.as_str(), fault.code), (key, code), "{value}");
        assert!(fault.sentence.contains(words), "{}", fault.sentence);
    }
}

#[test]
fn the_installations_values_are_the_stored_ones_over_the_files() {
    const KEY: &str = "stream.stall_timeout_s";
    let find = |stored: &Layer, file: &Layer| installation(stored, file).into_iter().find(|setting| setting.key == KEY).expect("known");
    let (stored, file, none) = (layer(&[(KEY, json!(20))]), layer(&[(KEY, json!(30))]), Layer::new());
    let told = |setting: InstallationSetting| (setting.value, setting.stored, setting.inherited.value, setting.inherited.origin);
    assert_eq!(told(find(&stored, &file)), (json!(20), true, json!(30), SettingOrigin::Installation));
    assert_eq!(told(find(&none, &file)), (json!(30), false, json!(30), SettingOrigin::Installation));
    assert_eq!(told(find(&stored, &none)), (json!(20), true, json!(5), SettingOrigin::BuiltIn));
    assert_eq!(told(find(&none, &none)), (json!(5), false, json!(5), SettingOrigin::BuiltIn));
}

#[test]
fn a_change_sets_or_takes_out_and_is_refused_as_a_whole() {
    let before = layer(&[("stream.linger_s", json!(30)), ("stream.sleep_prone", json!(true))]);
    let after = changed(&before, &layer(&[("stream.linger_s", json!(null)), ("rtsp.teardown", json!("never"))])).expect("allowed");
    assert_eq!(after, layer(&[("rtsp.teardown", json!("never")), ("stream.sleep_prone", json!(true))]));
    let fault = changed(&before, &layer(&[("speed", json!(null))])).expect_err("unknown");
    assert_eq!(fault.at("defaults").problem().field.as_deref(), Some("defaults.speed"));
    assert!(changed(&before, &layer(&[("stream.linger_s", json!(0))])).is_err());
}

proptest! {
    #[test]
    fn a_strange_key_is_never_echoed_raw(key in "\\PC{0,80}") {
        let problem = AppError::from(Fault { key, code: "unknown_setting", sentence: String::new() }).problem();
        let field = problem.field.expect("a field");
        prop_assert!(field.chars().all(|c| c.is_ascii_alphanumeric() || "_.".contains(c)) && field.len() <= 70);
    }
}
