//! What a crash left of a recording.

use super::writer::{file_number, sync_folder};
use super::{Index, IndexError, RecordedFile};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Cuts the torn tails of a job's files at the last whole chunk, removes files without a picture, and tells what there is, in order.
/// Blocking: every chunk's boxes are read.
///
/// # Errors
/// A file can't be read, cut or removed; those before it are done. A folder that does not exist has no files.
pub fn recover(folder: &Path, stem: &str) -> io::Result<Vec<RecordedFile>> {
    let mut names = Vec::new();
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str()
            && let Some(number) = file_number(stem, name)
            && entry.file_type()?.is_file()
        {
            names.push((number, name.to_owned()));
        }
    }
    names.sort_unstable();
    let mut files = Vec::new();
    for (_, name) in &names {
        let path = folder.join(name);
        match recover_file(&path, name)? {
            Some(file) => files.push(file),
            None => std::fs::remove_file(&path)?,
        }
    }
    if !names.is_empty() {
        sync_folder(folder)?;
    }
    Ok(files)
}

/// None if there is no picture in the file.
fn recover_file(path: &Path, name: &str) -> io::Result<Option<RecordedFile>> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let index = match Index::read(&mut file) {
        Ok(index) => index,
        Err(IndexError::Io(error)) => return Err(error),
        Err(error @ IndexError::TooLong) => return Err(io::Error::new(ErrorKind::InvalidData, error)),
        Err(IndexError::NotRecorded(why)) => {
            tracing::warn!(file = %path.display(), why, "a recorded file has nothing in it");
            return Ok(None);
        }
    };
    let length = file.metadata()?.len();
    // Before it is cut: that changes it.
    let modified = modified_utc_ms(&file);
    let Some(mut found) = index.describe(name.to_owned()) else { return Ok(None) };
    if index.bytes() < length {
        tracing::info!(file = %path.display(), bytes = length - index.bytes(), "the torn end of a recorded file is cut off");
        file.set_len(index.bytes())?;
        file.sync_all()?;
    }
    if !index.knows_time() {
        found.ended_utc_ms = modified;
        found.started_utc_ms = modified.saturating_sub(i64::try_from(found.duration.as_millis()).unwrap_or(0));
    }
    Ok(Some(found))
}

/// The next best thing for a file that does not know its time.
fn modified_utc_ms(file: &File) -> i64 {
    let modified = file.metadata().and_then(|metadata| metadata.modified()).unwrap_or(UNIX_EPOCH);
    i64::try_from(modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "recover/tests.rs"]
mod tests;
