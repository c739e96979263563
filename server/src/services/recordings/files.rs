//! The files of one recording on the disk: its films, its still, and the note that says that this is their disk. Blocking.

use serde_json::json;
use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// The name of its still.
pub fn poster(stem: &str) -> String {
    format!("{stem}.jpg")
}

/// The name of its note.
fn note(stem: &str) -> String {
    format!("{stem}.json")
}

/// Begins a recording in a folder that is there. Its note tells the disk that it is on from another one, or from the empty place of one that
/// is not mounted; and whoever finds the files without a database, what they are.
///
/// # Errors
/// It cannot be written.
pub fn begin(folder: &Path, stem: &str, camera: &str, at: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(folder.join(note(stem)))?;
    file.write_all(json!({ "camera": camera, "begun": at }).to_string().as_bytes())?;
    file.sync_all()
}

/// Whether the disk with the recording is there.
///
/// # Errors
/// It is not (`NotFound`), or it cannot be read.
pub fn on_disk(folder: &Path, stem: &str) -> io::Result<()> {
    folder.join(note(stem)).symlink_metadata().map(drop)
}

/// Removes everything of a recording, its note last.
///
/// # Errors
/// The disk is not there (`NotFound`), or one cannot be removed.
pub fn remove(folder: &Path, stem: &str) -> io::Result<()> {
    on_disk(folder, stem)?;
    for entry in folder.read_dir()? {
        let name = entry?.file_name();
        let own = name.to_str().and_then(|name| name.strip_prefix(stem)).is_some_and(|rest| rest.starts_with(['-', '.']));
        if own && name != *note(stem) {
            gone(std::fs::remove_file(folder.join(&name)))?;
        }
    }
    gone(std::fs::remove_file(folder.join(note(stem))))
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_removed_with_all_of_its_files_and_nothing_else_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path();
        assert_eq!(remove(path, "a").expect_err("another disk").kind(), ErrorKind::NotFound);
        begin(path, "a", "Gate", "2026-11-21T21:30:00Z").expect("begun");
        assert_eq!(begin(path, "a", "Gate", "").expect_err("it is there").kind(), ErrorKind::AlreadyExists);
        let own = ["a-1.mp4", "a-11.mp4", "a-2.mp4.damaged", "a.jpg"];
        let others = ["a1-1.mp4", "ab.jpg", "b-1.mp4"];
        own.iter().chain(&others).for_each(|name| std::fs::write(path.join(name), "x").expect("written"));
        on_disk(path, "a").expect("there");
        remove(path, "a").expect("removed");
        let mut left: Vec<_> = path.read_dir().expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
        left.sort();
        assert_eq!(left, others);
        assert_eq!(on_disk(path, "a").expect_err("gone").kind(), ErrorKind::NotFound);
    }
}
