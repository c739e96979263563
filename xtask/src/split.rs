//! Cutting the program into the module that every page loads and those that are loaded when they are opened.
//!
//! The cuts are the functions marked `wasm_split` (`app/src/lazy.rs`). The linker's relocations tell what each of them reaches; what
//! only one reaches becomes its module, what some share becomes chunks between them, everything else stays in the main module. They all
//! work on one memory and call each other through one table, so they belong to one build and are useless beside another.

use crate::prune::prune;
use crate::wasm::{CUSTOM, HEADER, sections};
use anyhow::{Context, Result, anyhow, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use wasm_split_cli_support::{Options, transform};

/// Makes the linker keep its relocations, which say what uses what.
pub const LINK_ARGUMENTS: &str = "-Clink-args=--emit-relocs";

/// The script that fetches modules, as the main module imports it.
pub const LOADER: &str = "parts.js";

pub struct Parts {
    /// The module that every page loads, still to be processed by wasm-bindgen.
    pub main: PathBuf,
    /// The other modules' files by their names.
    pub modules: BTreeMap<String, Vec<u8>>,
    /// What each part needs, by the names of the files.
    pub needs: BTreeMap<String, Vec<String>>,
    pub loader: Vec<u8>,
}

/// Cuts `input`. Works in `folder`, which must not exist.
pub fn split(input: &Path, folder: &Path, keep_names: bool) -> Result<Parts> {
    let input = fs::read(input).with_context(|| format!("{} cannot be read", input.display()))?;
    let (input, pruned) = prune(&input)?;
    ensure!(pruned > 0, "what is never called was not found: has the framework changed its names?");
    let main = folder.join("main.wasm");
    let link = format!("./{LOADER}");
    let mut options = Options::new(&input);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = &link;
    options.main_module = "./nightjar.js";
    let split = transform(options).map_err(|error| anyhow!("the program cannot be split: {error:?}"))?;
    let mut modules = BTreeMap::new();
    for file in &split.split_modules {
        let name = file.file_name().context("a module has a name")?.to_string_lossy().into_owned();
        let content = fs::read(file)?;
        modules.insert(name, if keep_names { content } else { without_custom_sections(&content)? });
    }
    let needs = split.prefetch_map.into_iter().map(|(part, stems)| (part, stems.iter().map(|stem| format!("{stem}.wasm")).collect()));
    Ok(Parts { main, modules, needs: needs.collect(), loader: fs::read(folder.join(LOADER))? })
}

/// The module without names of functions and the like, which are of use to debuggers only.
fn without_custom_sections(module: &[u8]) -> Result<Vec<u8>> {
    let mut kept = module.get(..HEADER).context("a module is shorter than its header")?.to_vec();
    for section in sections(module)?.iter().filter(|section| section.kind != CUSTOM) {
        kept.extend_from_slice(&module[section.start..section.end]);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_custom_sections_go() {
        let header = *b"\0asm\x01\0\0\0";
        let with = [&header[..], &[0, 3, 1, b'a', 7], &[1, 0x81, 0, 9], &[0, 1, 0]].concat();
        assert_eq!(without_custom_sections(&with).expect("a module"), [&header[..], &[1, 0x81, 0, 9]].concat());
        assert!(without_custom_sections(&[&header[..], &[1, 9, 9]].concat()).is_err());
        assert!(without_custom_sections(b"\0asm").is_err());
    }
}
