//! What a crash left of a recording.

use super::writer::{file_number, sync_folder};
use super::{Index, IndexError, RecordedFile};
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// The names of a job's files, in their order. The number of a file that was removed is missing.
///
/// # Errors
/// The folder can't be read; `NotFound` if it does not exist.
pub fn names(folder: &Path, stem: &str) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in folder.read_dir()? {
        let entry = entry?;
        if let Some(name) = entry.file_name().to_str()
            && let Some(number) = file_number(stem, name)
            && entry.file_type()?.is_file()
        {
            names.push((number, name.to_owned()));
        }
    }
    names.sort_unstable();
    Ok(names.into_iter().map(|(_, name)| name).collect())
}

/// More than a crash can tear: what was being written, and what waited for it.
const MOST_TORN: u64 = 32 << 20;

/// Cuts the torn tails of a job's files at the last whole chunk, removes files without a picture, and tells what there is, in order. What no
/// crash explains (a bad sector in the middle) is not cut off, and a file whose beginning makes no sense is put aside as `{name}.damaged`:
/// somebody may be able to read it. Blocking: every chunk's boxes are read.
///
/// # Errors
/// A file can't be read, cut or removed; those before it are done. `NotFound` if the folder does not exist: its disk may come back.
pub fn recover(folder: &Path, stem: &str) -> io::Result<Vec<RecordedFile>> {
    let names = names(folder, stem)?;
    let mut files = Vec::new();
    for name in &names {
        let path = folder.join(name);
        match recover_file(&path, name)? {
            Found::Whole(file) => files.push(file),
            Found::Empty => std::fs::remove_file(&path)?,
            Found::Damaged => std::fs::rename(&path, folder.join(format!("{name}.damaged")))?,
        }
    }
    if !names.is_empty() {
        sync_folder(folder)?;
    }
    Ok(files)
}

enum Found {
    Whole(RecordedFile),
    /// There is no picture in it.
    Empty,
    /// It does not begin as a recorded file does.
    Damaged,
}

fn recover_file(path: &Path, name: &str) -> io::Result<Found> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let length = file.metadata()?.len();
    if length == 0 {
        return Ok(Found::Empty);
    }
    let index = match Index::read(&mut file) {
        Ok(index) => index,
        Err(IndexError::Io(error)) => return Err(error),
        Err(error @ IndexError::TooLong) => return Err(io::Error::new(ErrorKind::InvalidData, error)),
        Err(IndexError::NotRecorded(why)) => {
            tracing::warn!(file = %path.display(), why, "a recorded file is damaged and put aside");
            return Ok(Found::Damaged);
        }
    };
    // Before it is cut: that changes it.
    let modified = modified_utc_ms(&file);
    let torn = length.saturating_sub(index.bytes());
    let Some(mut found) = index.describe(name.to_owned()) else {
        return Ok(if torn > MOST_TORN { Found::Damaged } else { Found::Empty });
    };
    if torn > MOST_TORN {
        tracing::warn!(file = %path.display(), bytes = torn, "a recorded file is damaged in the middle: what follows is there, but not played");
    } else if torn > 0 {
        tracing::info!(file = %path.display(), bytes = torn, "the torn end of a recorded file is cut off");
        file.set_len(index.bytes())?;
        file.sync_all()?;
    }
    if !index.knows_time() {
        found.ended_utc_ms = modified;
        found.started_utc_ms = modified.saturating_sub(i64::try_from(found.duration.as_millis()).unwrap_or(0));
    }
    Ok(Found::Whole(found))
}

/// The next best thing for a file that does not know its time.
fn modified_utc_ms(file: &File) -> i64 {
    let modified = file.metadata().and_then(|metadata| metadata.modified()).unwrap_or(UNIX_EPOCH);
    i64::try_from(modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "recover/tests.rs"]
mod tests;
