//! The files of one recording on the disk. Blocking.

use std::io::{self, ErrorKind};
use std::path::Path;

/// Removes its films and its still. What is not there is no failure: then there is nothing to remove.
///
/// # Errors
/// One cannot be removed.
pub fn remove(folder: &Path, stem: &str, poster: &str) -> io::Result<()> {
    let films = match media::record::names(folder, stem) {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    for name in films.iter().map(String::as_str).chain([poster]) {
        match std::fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn films_are_removed_with_the_still_and_nothing_else_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str| std::fs::write(folder.path().join(name), "x").expect("written");
        remove(folder.path(), "a", "a.jpg").expect("nothing to do");
        remove(&folder.path().join("gone"), "a", "a.jpg").expect("nothing to do");
        let own = ["a-1.mp4", "a-2.mp4", "a-4.mp4", "a-11.mp4"];
        let others = ["a1-1.mp4", "a-.mp4", "a-x.mp4", "b-1.mp4"];
        own.iter().rev().chain(&others).chain(&["a.jpg"]).for_each(|name| write(name));
        assert_eq!(media::record::names(folder.path(), "a").expect("found"), own);
        remove(folder.path(), "a", "a.jpg").expect("removed");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), others.len());
    }
}
