//! The files of one recording on the disk. Blocking.

use std::io::{self, ErrorKind};
use std::path::Path;

/// The names of its films, in their order. One that held no picture is missing among the numbers.
///
/// # Errors
/// There is none (`NotFound`), or the folder cannot be read.
pub fn names(folder: &Path, stem: &str) -> io::Result<Vec<String>> {
    let number = |name: &str| name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".mp4")?.parse::<u32>().ok();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        found.extend(name.to_str().and_then(|name| Some((number(name)?, name.to_owned()))));
    }
    found.sort_unstable();
    if found.is_empty() { Err(ErrorKind::NotFound.into()) } else { Ok(found.into_iter().map(|(_, name)| name).collect()) }
}

/// Removes them and the still. What is not there is no failure: then there is nothing to remove.
///
/// # Errors
/// One cannot be removed.
pub fn remove(folder: &Path, stem: &str, poster: &str) -> io::Result<()> {
    let films = match names(folder, stem) {
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
    fn films_are_found_in_their_order_and_removed_with_the_still() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str| std::fs::write(folder.path().join(name), "x").expect("written");
        assert_eq!(names(folder.path(), "a").expect_err("none").kind(), ErrorKind::NotFound);
        remove(folder.path(), "a", "a.jpg").expect("nothing to do");
        let own = ["a-1.mp4", "a-2.mp4", "a-4.mp4", "a-11.mp4"];
        let others = ["a1-1.mp4", "a-.mp4", "a-x.mp4", "b-1.mp4"];
        own.iter().rev().chain(&others).chain(&["a.jpg"]).for_each(|name| write(name));
        assert_eq!(names(folder.path(), "a").expect("found"), own);
        remove(folder.path(), "a", "a.jpg").expect("removed");
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), others.len());
        assert_eq!(names(folder.path(), "a").expect_err("none").kind(), ErrorKind::NotFound);
    }
}
