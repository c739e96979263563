//! Every tunable of a camera in one table, and the one place that decides which value is in force: the camera's own, else its profile's,
//! else the installation's, else the built-in one.
//!
//! What a value does is known to the part that runs with it; here are its name, what it may be, and where it comes from. A new tunable is
//! a field of [`Effective`] and a row of the table.

mod row;
mod table;

use crate::error::AppError;
use crate::services::recovery::LadderSettings;
use app::health::HealthSettings;
use app::model::{CameraSetting, InstallationSetting, Profile, SettingOrigin, SettingValue};
use media::ingest::rtsp::Quirks;
use media::stream::StreamSettings;
use row::Tunable;
use serde_json::Value;
use std::collections::BTreeMap;
use table::TUNABLES;

/// Values by key, as one layer gives them.
pub type Layer = BTreeMap<String, Value>;

/// What a camera runs with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effective {
    pub quirks: Quirks,
    pub stream: StreamSettings,
    /// For the browsers that watch its pictures.
    pub health: HealthSettings,
    pub recovery: LadderSettings,
}

/// A key or value that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Fault {
    /// As given.
    pub key: String,
    pub code: &'static str,
    pub sentence: String,
}

impl Fault {
    /// 422 for the field `table.key`, where `table` is the part of the body that held the key.
    pub fn at(self, table: &str) -> AppError {
        AppError::invalid(format!("{table}.{}", shown(&self.key)), self.code, self.sentence)
    }
}

impl From<Fault> for AppError {
    /// A camera's own value.
    fn from(fault: Fault) -> Self {
        fault.at("overrides")
    }
}

/// A key as it may be repeated to the caller.
fn shown(key: &str) -> String {
    key.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')).take(60).collect()
}

/// The first key or value of a layer that cannot be used.
///
/// # Errors
/// There is one; the sentence says what is allowed.
pub fn check(layer: &Layer) -> Result<(), Fault> {
    layer.iter().try_for_each(|(key, value)| {
        let tunable = known(key)?;
        if tunable.read(value).is_none() {
            let sentence = format!("This must be {}.", tunable.allowed);
            return Err(Fault { key: key.clone(), code: "setting_not_allowed", sentence });
        }
        Ok(())
    })
}

fn known(key: &str) -> Result<&'static Tunable, Fault> {
    table::row(key).ok_or_else(|| {
        let known: Vec<_> = TUNABLES.iter().map(|tunable| tunable.key).collect();
        let sentence = format!("There is no setting of this name. Known settings: {}.", known.join(", "));
        Fault { key: key.to_owned(), code: "unknown_setting", sentence }
    })
}

/// A layer with changes: a value sets its key, `null` takes it out.
///
/// # Errors
/// The first key that is not known or value that is not allowed.
pub fn changed(layer: &Layer, changes: &Layer) -> Result<Layer, Fault> {
    let mut layer = layer.clone();
    for (key, value) in changes {
        if value.is_null() {
            known(key)?;
            layer.remove(key);
        } else {
            check(&Layer::from([(key.clone(), value.clone())]))?;
            layer.insert(key.clone(), value.clone());
        }
    }
    Ok(layer)
}

/// What cameras of a profile need to be different. Stands before the installation's values: it is what these devices are known to need.
fn profile_layer(profile: Profile) -> Layer {
    match profile {
        Profile::GenericRtsp | Profile::Ffmpeg | Profile::TestPattern => Layer::new(),
    }
}

/// The layers above the built-in values, the nearest first.
struct Layers<'a, const N: usize>([(SettingOrigin, &'a Layer); N]);

impl<const N: usize> Layers<'_, N> {
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

fn with_layers<T>(camera: &Layer, profile: Profile, installation: &Layer, then: impl FnOnce(&Layers<'_, 3>) -> T) -> T {
    let profile = profile_layer(profile);
    then(&Layers([(SettingOrigin::Camera, camera), (SettingOrigin::Profile, &profile), (SettingOrigin::Installation, installation)]))
}

/// What a camera runs with.
pub fn effective(camera: &Layer, profile: Profile, installation: &Layer) -> Effective {
    with_layers(camera, profile, installation, |layers| layers.effective())
}

/// Every setting of a camera with where it comes from.
pub fn settings(camera: &Layer, profile: Profile, installation: &Layer) -> Vec<CameraSetting> {
    with_layers(camera, profile, installation, |layers| layers.settings())
}

/// The installation's value of every setting: what was `stored` in the application, over what the `file` says.
pub fn installation(stored: &Layer, file: &Layer) -> Vec<InstallationSetting> {
    let layers = Layers([(SettingOrigin::Installation, stored), (SettingOrigin::Installation, file)]);
    let setting = |tunable: &Tunable| {
        let inherited = layers.resolve(tunable, 1);
        let own = stored.get(tunable.key).filter(|value| tunable.read(value).is_some());
        InstallationSetting {
            key: tunable.key.to_owned(),
            value: own.unwrap_or(&inherited.value).clone(),
            stored: own.is_some(),
            inherited,
            allowed: tunable.allowed_values(),
        }
    };
    TUNABLES.iter().map(setting).collect()
}

#[cfg(test)]
mod tests;
