//! The settings in force, shared by everything that follows a change while the server runs: what the file says, and the cameras' defaults
//! that a person has set in the application, which go before the file's.

use super::Settings;
use crate::tunables::Layer;
use std::sync::{Arc, PoisonError, RwLock};

/// Cheap to clone; all clones see the same settings.
#[derive(Debug, Clone)]
pub struct Current {
    file: Arc<RwLock<Arc<Settings>>>,
    /// The database's copy in memory.
    stored: Arc<RwLock<Arc<Layer>>>,
}

impl Current {
    pub fn new(settings: Settings) -> Self {
        Self { file: Arc::new(RwLock::new(Arc::new(settings))), stored: Arc::default() }
    }

    /// The settings of the file, environment and flags now. Whoever decides several things by them keeps this value meanwhile.
    pub fn get(&self) -> Arc<Settings> {
        // A whole Arc is stored at once, so a panic elsewhere leaves nothing half done.
        Arc::clone(&self.file.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What cameras inherit from the installation: the stored values, then the file's.
    pub fn defaults(&self) -> Layer {
        let mut defaults = self.get().defaults.clone();
        defaults.extend(self.stored_defaults().iter().map(|(key, value)| (key.clone(), value.clone())));
        defaults
    }

    /// The defaults that were set in the application.
    pub fn stored_defaults(&self) -> Arc<Layer> {
        Arc::clone(&self.stored.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts other stored defaults in force for whoever asks next; the caller brings the streams in line.
    pub fn set_stored_defaults(&self, defaults: Layer) {
        *self.stored.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(defaults);
    }

    /// Puts `new` in force, except for what is fixed at the start; the answer names the settings that it differs in.
    pub fn replace(&self, new: Settings) -> Vec<&'static str> {
        let mut current = self.file.write().unwrap_or_else(PoisonError::into_inner);
        let old = Arc::clone(&current);
        let fixed = [
            ("data", old.data != new.data),
            ("listen", old.listen != new.listen),
            ("database_url", old.database_url != new.database_url),
            ("log", old.log != new.log),
            ("https", old.https != new.https),
            ("https_listen", old.https_listen != new.https_listen),
        ];
        *current = Arc::new(Settings {
            data: old.data.clone(),
            listen: old.listen.clone(),
            database_url: old.database_url.clone(),
            log: old.log,
            https: old.https,
            https_listen: old.https_listen.clone(),
            ..new
        });
        fixed.into_iter().filter_map(|(key, differs)| differs.then_some(key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, LogFormat};
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn what_is_fixed_at_the_start_stays_and_is_named() {
        let settings = Settings::load_from(&Flags::default(), Some(HashMap::new())).expect("loads");
        let current = Current::new(settings.clone());
        let new = Settings { listen: "127.0.0.1:9".into(), log: LogFormat::Json, log_level: "debug".into(), ..settings.clone() };
        let clone = current.clone();
        assert_eq!(current.replace(new), ["listen", "log"]);
        let now = clone.get();
        assert_eq!((&*now.listen, now.log, &*now.log_level), (&*settings.listen, LogFormat::Text, "debug"));
        assert!(current.replace(Settings::clone(&now)).is_empty());
    }
}
