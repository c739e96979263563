//! Where the browser finds the site's files: logical names (`nightjar.js`) to the hashed URL paths that the site build gave them.

use std::collections::BTreeMap;
use std::sync::Arc;

/// The map of `assets.json`. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Assets(Arc<BTreeMap<String, String>>);

impl Assets {
    /// Reads `assets.json` as `cargo xtask site` writes it.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json).map(|map| Self(Arc::new(map)))
    }

    /// The URL path of a logical name. A name that is not in the map answers its unhashed place, so that a missing
    /// site build shows as a 404 on a readable name.
    pub fn url(&self, name: &str) -> String {
        self.0.get(name).cloned().unwrap_or_else(|| format!("/pkg/{name}"))
    }

    /// The URL paths of a module of the program and of what it shares with others, by [`crate::lazy::Lazy::module`].
    pub fn module(&self, name: &str) -> impl Iterator<Item = &String> {
        let prefix = format!("modules/{name}/");
        self.0.iter().filter_map(move |(logical, url)| logical.starts_with(&prefix).then_some(url))
    }
}

impl From<BTreeMap<String, String>> for Assets {
    fn from(map: BTreeMap<String, String>) -> Self {
        Self(Arc::new(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_hashed_and_unknown_ones_stay_readable() {
        let assets = Assets::from_json(br#"{"nightjar.js":"/pkg/nightjar.0123.js"}"#).expect("valid JSON");
        assert_eq!(assets.url("nightjar.js"), "/pkg/nightjar.0123.js");
        assert_eq!(assets.url("nightjar.css"), "/pkg/nightjar.css");
        assert!(Assets::from_json(b"[]").is_err());
    }

    #[test]
    fn a_module_is_more_than_one_file() {
        let assets = Assets::from_json(br#"{"modules/a/1":"/pkg/1","modules/a/2":"/pkg/2","modules/ab/3":"/pkg/3"}"#).expect("valid JSON");
        assert_eq!(assets.module("a").collect::<Vec<_>>(), ["/pkg/1", "/pkg/2"]);
        assert_eq!(assets.module("b").count(), 0);
    }
}
