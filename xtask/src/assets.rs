//! Writing files of the site: content hashes, pre-compressed copies, and the map from logical to hashed names.

use anyhow::{Context, Result};
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

/// File endings that compress well.
const COMPRESSIBLE: [&str; 9] = ["js", "mjs", "wasm", "css", "svg", "json", "webmanifest", "html", "txt"];

/// The file that maps logical names to paths; the last one of a site that is written.
pub const MAP: &str = "assets.json";

/// Files that refer to each other by relative path and to no other version of each other.
#[derive(Default)]
pub struct Group {
    files: BTreeMap<String, Vec<u8>>,
}

impl Group {
    pub fn add(&mut self, path: &str, content: Vec<u8>) {
        self.files.insert(path.to_owned(), content);
    }

    pub fn add_tree(&mut self, source: &Path, prefix: &str) -> Result<()> {
        for entry in fs::read_dir(source)? {
            let entry = entry?;
            let path = format!("{prefix}/{}", entry.file_name().to_string_lossy());
            if entry.file_type()?.is_dir() {
                self.add_tree(&entry.path(), &path)?;
            } else {
                self.add(&path, fs::read(entry.path())?);
            }
        }
        Ok(())
    }

    /// Sixteen hex digits of all paths and contents.
    pub fn hash(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.files.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

pub struct Assets {
    root: PathBuf,
    /// Release: brotli 11 and gzip 9. Dev: a quick gzip only, for the larger files.
    thorough: bool,
    /// Logical name to URL path.
    map: BTreeMap<String, String>,
}

impl Assets {
    pub fn new(root: &Path, thorough: bool) -> Result<Self> {
        fs::create_dir_all(root)?;
        Ok(Self { root: root.to_path_buf(), thorough, map: BTreeMap::new() })
    }

    /// Writes `folder/<stem>.<hash>.<ending>` and records it under `name`.
    pub fn hashed(&mut self, name: &str, folder: &str, ending: &str, content: &[u8]) -> Result<()> {
        let stem = name.strip_suffix(&format!(".{ending}")).unwrap_or(name);
        let path = format!("{folder}/{stem}.{}.{ending}", hash(content));
        self.write(&path, content)?;
        self.name(name, &path);
        Ok(())
    }

    /// Writes `folder/<hash of all>/<name>` for each file; answers the path of that folder.
    pub fn group(&mut self, group: &Group, folder: &str) -> Result<String> {
        let folder = format!("{folder}/{}", group.hash());
        for (name, content) in &group.files {
            self.write(&format!("{folder}/{name}"), content)?;
        }
        Ok(folder)
    }

    /// Records where a file is.
    pub fn name(&mut self, name: &str, path: &str) {
        self.map.insert(name.to_owned(), format!("/{path}"));
    }

    /// Copies a folder's files under their own names.
    pub fn tree(&mut self, source: &Path, prefix: &str) -> Result<()> {
        for entry in fs::read_dir(source).with_context(|| format!("{} is missing", source.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            if entry.file_type()?.is_dir() {
                self.tree(&entry.path(), &path)?;
            } else {
                self.write(&path, &fs::read(entry.path())?)?;
            }
        }
        Ok(())
    }

    /// Writes the map.
    pub fn finish(self) -> Result<()> {
        fs::write(self.root.join(MAP), serde_json::to_vec_pretty(&self.map)?)?;
        Ok(())
    }

    fn write(&self, path: &str, content: &[u8]) -> Result<()> {
        let file = self.root.join(path);
        if let Some(parent) = file.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&file, content)?;
        let ending = path.rsplit('.').next().unwrap_or("");
        if !COMPRESSIBLE.contains(&ending) || content.len() < 512 {
            return Ok(());
        }
        let level = if self.thorough { 9 } else { 1 };
        let mut gzip = GzEncoder::new(Vec::new(), flate2::Compression::new(level));
        gzip.write_all(content)?;
        fs::write(self.root.join(format!("{path}.gz")), gzip.finish()?)?;
        if self.thorough {
            let mut compressed = Vec::new();
            let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 24, ..Default::default() };
            brotli::BrotliCompress(&mut &*content, &mut compressed, &parameters)?;
            fs::write(self.root.join(format!("{path}.br")), compressed)?;
        }
        Ok(())
    }
}

/// Sixteen hex digits of the content; names a version, protects nothing.
fn hash(content: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(content);
    format!("{:016x}", hasher.finish())
}
