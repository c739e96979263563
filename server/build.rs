//! The site's files are embedded by a macro that cargo cannot see through: when the site was built anew, the server is too.

#![allow(clippy::print_stdout, reason = "this is how a build script speaks to cargo")]

use std::path::Path;

fn main() {
    let site = Path::new("../target/site");
    // Without the folder the macro would embed nothing, and a debug build would stay blind to a site that is built later.
    if let Err(error) = std::fs::create_dir_all(site) {
        println!("cargo::warning=the folder {} cannot be made: {error}", site.display());
    }
    println!("cargo::rerun-if-changed=../target/site/assets.json");
    println!("cargo::rerun-if-changed=build.rs");
}
