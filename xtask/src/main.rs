//! Builds what the browser loads: `cargo xtask site [--release]` writes `target/site/`.
//!
//! The server embeds that folder, so everything in it is final: content-hashed names, brotli and gzip copies beside each
//! compressible file, and `assets.json` with the logical name of each hashed file.

mod assets;
mod prune;
mod site;
mod split;
mod wasm;

use anyhow::{Result, bail};
use std::env;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["site"] => site::build(site::Profile::Dev),
        ["site", "--release"] => site::build(site::Profile::Release),
        _ => bail!("usage: cargo xtask site [--release]"),
    }
}
