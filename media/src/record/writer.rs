//! Files that are only ever whole: what a write left half done is cut off again. Blocking.

use super::assemble::Batch;
use super::{Job, RecordedFile};
use bytes::Bytes;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

/// Small pieces (frames of sound) are put together before they are written.
const BUFFER: usize = 256 << 10;
/// Files of one stem, those of earlier recordings with it included.
const MAX_FILES: u32 = 1_000_000;

/// Writes the files of one job.
#[derive(Debug)]
pub(super) struct Writer {
    job: Job,
    /// Of the newest file.
    number: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    name: String,
    /// Bytes that are written and synced.
    whole: u64,
}

/// Why a batch was not written.
#[derive(Debug)]
pub(super) enum WriteError {
    Full,
    Failed(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full,
            _ => Self::Failed(error),
        }
    }
}

impl Writer {
    pub fn new(job: Job) -> Self {
        Self { job, number: 0, open: None }
    }

    /// Writes a batch, syncs it, and tells of its file. After an error the file ends with the batch before, and is closed.
    pub fn write(&mut self, batch: &Batch) -> Result<RecordedFile, WriteError> {
        if batch.begins {
            self.finish()?;
            // Once: where a folder is gone later, its disk is, and the place that it leaves is on another one.
            if self.number == 0 {
                DirBuilder::new().recursive(true).mode(0o700).create(&self.job.folder)?;
            }
        }
        self.check_space(batch.bytes)?;
        let mut open = match self.open.take() {
            Some(open) if open.file.metadata()?.nlink() == 0 => return Err(WriteError::Failed(ErrorKind::NotFound.into())),
            Some(open) => open,
            None => self.create()?,
        };
        let written = append(&mut open.file, open.whole, &batch.pieces);
        match written {
            Ok(whole) => {
                if open.whole == 0 {
                    sync_folder(&self.job.folder)?;
                }
                open.whole = whole;
                let file = batch.summary.of_file(open.name.clone(), whole);
                self.open = Some(open);
                Ok(file)
            }
            Err(error) => {
                if open.whole == 0 {
                    std::fs::remove_file(self.job.folder.join(&open.name))?;
                }
                Err(error.into())
            }
        }
    }

    /// Ends the file that is open. Everything in it is synced already; this is for what the file system says of it.
    pub fn finish(&mut self) -> io::Result<()> {
        let Some(open) = self.open.take() else { return Ok(()) };
        open.file.sync_all()?;
        sync_folder(&self.job.folder)
    }

    fn check_space(&self, bytes: usize) -> Result<(), WriteError> {
        let disk = rustix::fs::statvfs(&self.job.folder).map_err(io::Error::from)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let needed = self.job.keep_free.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if free < needed { Err(WriteError::Full) } else { Ok(()) }
    }

    fn create(&mut self) -> io::Result<Open> {
        while self.number < MAX_FILES {
            self.number += 1;
            let name = file_name(&self.job.stem, self.number);
            match OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.job.folder.join(&name)) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                file => return file.map(|file| Open { file, name, whole: 0 }),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }
}

/// The name of a job's file.
fn file_name(stem: &str, number: u32) -> String {
    format!("{stem}-{number}.mp4")
}

/// The number in the name of a job's file.
pub(super) fn file_number(stem: &str, name: &str) -> Option<u32> {
    let number = name.strip_prefix(stem)?.strip_prefix('-')?.strip_suffix(".mp4")?.parse().ok()?;
    (file_name(stem, number) == name).then_some(number)
}

/// What a folder says of its files reaches the disk.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A file, or what stands for one in a test.
trait Disk: Write {
    fn sync(&self) -> io::Result<()>;
    fn cut(&self, length: u64) -> io::Result<()>;
}

impl Disk for File {
    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn cut(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Appends all pieces or nothing. `whole` is the size before; gives the one after.
fn append(disk: &mut impl Disk, whole: u64, pieces: &[Bytes]) -> io::Result<u64> {
    let written = write_all(disk, pieces).and_then(|bytes| disk.sync().map(|()| bytes));
    match written {
        Ok(bytes) => Ok(whole.saturating_add(bytes)),
        Err(error) => {
            // If that fails, too, the tail is torn, as after a crash.
            if let Err(error) = disk.cut(whole).and_then(|()| disk.sync()) {
                tracing::warn!(%error, "a recorded file could not be cut back to its last whole write");
            }
            Err(error)
        }
    }
}

fn write_all(disk: &mut impl Disk, pieces: &[Bytes]) -> io::Result<u64> {
    let mut buffered = BufWriter::with_capacity(BUFFER, disk);
    let mut bytes = 0;
    for piece in pieces {
        let written = buffered.write_all(piece);
        if let Err(error) = written {
            // What is in the buffer must not be written when it is dropped.
            drop(buffered.into_parts());
            return Err(error);
        }
        bytes += u64::try_from(piece.len()).unwrap_or(0);
    }
    let flushed = buffered.flush();
    drop(buffered.into_parts());
    flushed.map(|()| bytes)
}

#[cfg(test)]
#[path = "writer/tests.rs"]
mod tests;
