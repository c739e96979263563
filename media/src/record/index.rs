//! Where each sample of a recorded file is.

use std::io::{self, Read, Seek};

/// The samples of a recorded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {}

/// Why a file has no index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("the file can't be read: {0}")]
    Io(#[from] io::Error),
    /// It does not begin with an init segment that we understand.
    #[error("this is not a recorded file: {0}")]
    NotRecorded(&'static str),
}

impl Index {
    /// Reads a file up to its last whole chunk. Blocking. Takes anything without panic, in memory that its size bounds.
    ///
    /// # Errors
    /// Reading failed, or the file does not begin as a recorded file does. A torn tail is no error.
    pub fn read(file: &mut (impl Read + Seek)) -> Result<Self, IndexError> {
        file.rewind()?;
        Err(IndexError::NotRecorded("no init segment"))
    }
}
