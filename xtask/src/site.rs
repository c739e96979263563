//! The steps of the site build: WebAssembly by cargo, cut into modules, its JavaScript glue by wasm-bindgen, style by grass, static files.

use crate::assets::{self, Assets, Group};
use crate::split::{self, split};
use anyhow::{Context, Result, ensure};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

const TARGET: &str = "wasm32-unknown-unknown";

/// How much time to spend on small output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Dev,
    Release,
}

impl Profile {
    fn cargo_name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Release => "wasm-release",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            Self::Dev => "debug",
            Self::Release => "wasm-release",
        }
    }
}

pub fn build(profile: Profile) -> Result<()> {
    // Before all else: while the browser crate compiles, this file may become that of a newer program.
    let program = fs::read(env::current_exe()?)?;
    let root = workspace_root()?;
    let out = env::var_os("NIGHTJAR_SITE").map_or_else(|| root.join("target/site"), PathBuf::from);
    let wasm = compile(&root, profile)?;
    let inputs = inputs(&root, profile, program, &wasm)?;
    let stamp = stamp_of(&out);
    // A start that changed nothing is quick, and the server that embeds the folder is not built again.
    if out.join(assets::MAP).exists() && fs::read_to_string(&stamp).is_ok_and(|built| built == inputs) {
        return Ok(());
    }

    let work = root.join("target/site-work");
    reset(&work)?;
    let parts = split(&wasm, &work.join("parts"), profile == Profile::Dev)?;
    let glue = work.join("glue");
    Bindgen::new()
        .input_path(&parts.main)
        .out_name("nightjar")
        .typescript(false)
        // The other modules find memory, table and stack by the linker's names.
        .keep_lld_exports(true)
        .demangle(false)
        .remove_name_section(profile == Profile::Release)
        .remove_producers_section(profile == Profile::Release)
        .web(true)?
        .generate(&glue)
        .context("wasm-bindgen failed")?;

    // The scripts import each other and the modules fit no other build: they share one folder, named after all of their content.
    let mut program = Group::default();
    program.add("nightjar.wasm", fs::read(glue.join("nightjar_bg.wasm"))?);
    program.add("nightjar.js", fs::read(glue.join("nightjar.js"))?);
    program.add(split::LOADER, parts.loader);
    for (name, content) in parts.modules {
        program.add(&name, content);
    }
    // wasm-bindgen writes inline JavaScript of dependencies as modules that the glue imports by relative path.
    let snippets = glue.join("snippets");
    if snippets.is_dir() {
        program.add_tree(&snippets, "snippets")?;
    }

    let fresh = work.join("site");
    let mut assets = Assets::new(&fresh, profile == Profile::Release)?;
    let style = grass::from_path(root.join("style/main.scss"), &style_options(profile)).context("style/main.scss does not compile")?;
    assets.hashed("nightjar.css", "pkg", "css", style.as_bytes())?;
    let folder = assets.group(&program, "pkg")?;
    for name in ["nightjar.wasm", "nightjar.js", split::LOADER] {
        assets.name(name, &format!("{folder}/{name}"));
    }
    for (part, files) in &parts.needs {
        for file in files {
            assets.name(&format!("modules/{part}/{file}"), &format!("{folder}/{file}"));
        }
    }
    assets.hashed("hls.js", "vendor", "js", &fs::read(hls_js(&root)?)?)?;
    assets.tree(&root.join("public"), "")?;
    assets.finish()?;

    // A running development server reads this folder: swap it in whole. Without a stamp while nothing is sure.
    if stamp.exists() {
        fs::remove_file(&stamp)?;
    }
    let old = work.join("old");
    if out.exists() {
        fs::rename(&out, &old)?;
    }
    if let Some(parent) = out.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::rename(&fresh, &out)?;
    fs::remove_dir_all(&work)?;
    fs::write(&stamp, inputs)?;
    Ok(())
}

/// Where it stands what a site was made from: beside its folder, named after it.
fn stamp_of(site: &Path) -> PathBuf {
    // The whole name stays: `site.1` and `site.2` are two sites.
    site.with_added_extension("inputs")
}

/// A hash of all that the site is made from. `program`: the content of this program's file, which is a part of it.
fn inputs(root: &Path, profile: Profile, program: Vec<u8>, wasm: &Path) -> Result<String> {
    let mut all = Group::default();
    all.add("xtask", program);
    all.add("wasm", fs::read(wasm)?);
    all.add("hls.js", fs::read(hls_js(root)?)?);
    for folder in ["style", "public"] {
        all.add_tree(&root.join(folder), folder)?;
    }
    Ok(format!("{} {}", profile.cargo_name(), all.hash()))
}

fn workspace_root() -> Result<PathBuf> {
    // At run time first: worktrees that share a target folder share this program too, whoever built it last.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    Ok(manifest.parent().context("xtask lies in the workspace")?.to_path_buf())
}

fn reset(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    Ok(())
}

/// Compiles the browser crate and returns the path of its `.wasm`.
fn compile(root: &Path, profile: Profile) -> Result<PathBuf> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let status = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(root)
        .args(["rustc", "--package", "frontend", "--lib", "--target", TARGET, "--profile", profile.cargo_name()])
        .arg("--target-dir")
        .arg(&target)
        .args(["--", split::LINK_ARGUMENTS])
        .status()
        .context("cargo could not be started")?;
    ensure!(status.success(), "the browser crate does not compile (is the target there? `rustup target add {TARGET}`)");
    let folder = target.join(TARGET).join(profile.folder());
    // Other worktrees may share the target folder: the file was linked by the build that just ended.
    Ok(folder.join("frontend.wasm"))
}

fn style_options(profile: Profile) -> grass::Options<'static> {
    grass::Options::default().style(match profile {
        Profile::Dev => grass::OutputStyle::Expanded,
        Profile::Release => grass::OutputStyle::Compressed,
    })
}

fn hls_js(root: &Path) -> Result<PathBuf> {
    let file = root.join("end2end/node_modules/hls.js/dist/hls.light.min.js");
    ensure!(file.exists(), "hls.js is missing: run `npm ci --prefix end2end` (scripts/run does it)");
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::stamp_of;
    use std::path::Path;

    /// `site.1` and `site.2` shared one: what was built of the one kept the other from being built.
    #[test]
    fn every_site_has_a_stamp_of_its_own() {
        assert_eq!(stamp_of(Path::new("target/site")), Path::new("target/site.inputs"));
        assert_eq!(stamp_of(Path::new("target/site/")), Path::new("target/site.inputs"));
        assert_eq!(stamp_of(Path::new("/a/site.1")), Path::new("/a/site.1.inputs"));
    }
}
