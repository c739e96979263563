//! Files of certificates and keys: written whole and for the owner only, read within bounds.

use media::error::plainly;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// No chain of certificates comes near.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a file.
///
/// # Errors
/// It is not there, cannot be read, or is larger than 1 MiB; the text names it.
pub fn read(path: &Path) -> Result<Vec<u8>, String> {
    read_if_there(path)?.ok_or_else(|| format!("{} does not exist", path.display()))
}

/// As [`read`]; None if there is no such file.
///
/// # Errors
/// As [`read`].
pub fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, String> {
    let fault = |error: io::Error| format!("{} cannot be read: {}", path.display(), plainly(&error));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(error)),
    };
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > MAX_BYTES { Err(format!("{} is too large for a certificate or key", path.display())) } else { Ok(Some(bytes)) }
}

/// Replaces a file, and makes its folder if there is none: after a power cut the old or the new one is there, never half of one.
///
/// # Errors
/// It cannot be written; the text names it.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let put = || {
        let folder = path.parent().unwrap_or(Path::new("."));
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let temporary = path.with_extension(format!("new.{}", std::process::id()));
        let _ = fs::remove_file(&temporary);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        File::open(folder)?.sync_all()
    };
    put().map_err(|error| format!("{} cannot be written: {}", path.display(), plainly(&error)))
}

/// What tells one version of a file from another: which file, when it was written (seconds, nanoseconds), how large it is.
pub type Stamp = (u64, i64, i64, u64);

/// The stamp of a file now; None if it is not there.
pub fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.ino(), metadata.mtime(), metadata.mtime_nsec(), metadata.len()))
}
