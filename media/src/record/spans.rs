//! The spans of files, and of a little memory, that a movie's payload is made of, and reading them.

use super::movie::Movie;
use bytes::{Bytes, BytesMut};
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pieces that are walked at most to find a place.
const PIECES_PER_MARK: usize = 256;
/// Bytes that a reader gives at a time.
const READ_BYTES: usize = 256 << 10;

/// Spans of files, one after the other. Eight bytes each: there is one for nearly every sample.
#[derive(Debug, Default)]
pub(super) struct Spans {
    sources: Vec<Source>,
    /// Numbers of the newest file and of what may be put in between.
    file: usize,
    insert: Option<(usize, u32)>,
    pieces: Vec<Piece>,
    marks: Vec<Mark>,
    /// Size of all pieces.
    length: u64,
    /// Where the newest piece ends in its source.
    end: u64,
}

#[derive(Debug)]
enum Source {
    File(PathBuf),
    Memory(Bytes),
}

#[derive(Debug, Clone, Copy)]
struct Piece {
    /// Bytes of the source between the piece before (or the mark) and this one.
    gap: u32,
    size: u32,
}

/// A place to begin at.
#[derive(Debug, Clone, Copy)]
struct Mark {
    /// The first piece behind it.
    piece: usize,
    /// Bytes of all pieces before it.
    before: u64,
    source: usize,
    /// From where its first piece's gap counts.
    position: u64,
}

/// Where bytes of the payload lie.
struct Place {
    source: usize,
    position: u64,
    /// At least 1.
    size: u64,
}

impl Spans {
    /// The pieces that follow lie in this file. What may be inserted between them is held in memory once.
    pub fn begin(&mut self, path: PathBuf, insert: Option<Bytes>) {
        self.insert = insert.and_then(|insert| {
            let size = u32::try_from(insert.len()).ok().filter(|size| *size > 0)?;
            self.sources.push(Source::Memory(insert));
            Some((self.sources.len() - 1, size))
        });
        self.sources.push(Source::File(path));
        self.file = self.sources.len() - 1;
        self.mark(self.file, 0);
    }

    /// Size of what [`Self::insert`] inserts.
    pub fn insert_size(&self) -> u32 {
        self.insert.map_or(0, |(_, size)| size)
    }

    /// Inserts it.
    pub fn insert(&mut self) {
        if let Some((source, size)) = self.insert {
            self.mark(source, 0);
            self.pieces.push(Piece { gap: 0, size });
            self.length = self.length.saturating_add(u64::from(size));
            self.mark(self.file, 0);
        }
    }

    /// Appends a span of the newest file.
    pub fn push(&mut self, position: u64, size: u32) {
        if size == 0 {
            return;
        }
        let here = self.marks.last().map_or(0, |mark| mark.piece);
        if let Some(fresh) = self.marks.last_mut().filter(|mark| mark.piece == self.pieces.len()) {
            // Nothing lies behind the mark yet: it may as well be here.
            fresh.position = position;
            self.end = position;
        }
        match position.checked_sub(self.end).and_then(|gap| u32::try_from(gap).ok()) {
            Some(gap) if self.pieces.len() - here < PIECES_PER_MARK => self.pieces.push(Piece { gap, size }),
            _ => {
                self.mark(self.file, position);
                self.pieces.push(Piece { gap: 0, size });
            }
        }
        self.length = self.length.saturating_add(u64::from(size));
        self.end = position.saturating_add(u64::from(size));
    }

    pub fn length(&self) -> u64 {
        self.length
    }

    pub fn memory(&self) -> usize {
        let size = |source: &Source| match source {
            Source::File(path) => path.capacity(),
            Source::Memory(bytes) => bytes.len(),
        };
        let sources: usize = self.sources.iter().map(|source| size(source) + size_of::<Source>()).sum();
        sources + self.pieces.capacity() * size_of::<Piece>() + self.marks.capacity() * size_of::<Mark>()
    }

    pub fn shrink(&mut self) {
        self.pieces.shrink_to_fit();
        self.marks.shrink_to_fit();
    }

    fn mark(&mut self, source: usize, position: u64) {
        self.marks.push(Mark { piece: self.pieces.len(), before: self.length, source, position });
        self.end = position;
    }

    /// The span that begins at an offset of the payload and runs to the end of its piece. None behind the end.
    fn find(&self, offset: u64) -> Option<Place> {
        let number = self.marks.partition_point(|mark| mark.before <= offset).checked_sub(1)?;
        let mark = self.marks.get(number)?;
        let (mut before, mut position) = (mark.before, mark.position);
        for piece in self.pieces.get(mark.piece..)?.iter().take(PIECES_PER_MARK) {
            let (gap, size) = (u64::from(piece.gap), u64::from(piece.size));
            position += gap;
            if offset < before + size {
                let inside = offset - before;
                return Some(Place { source: mark.source, position: position + inside, size: size - inside });
            }
            before += size;
            position += size;
        }
        None
    }
}

/// Gives the bytes of a range in pieces of at most 256 KiB. Blocking; keeps the file it is in open between calls. Ends after an error.
#[derive(Debug)]
pub struct MovieReader {
    movie: Arc<Movie>,
    range: Range<u64>,
    open: Option<(usize, File)>,
}

impl MovieReader {
    pub(super) fn new(movie: Arc<Movie>, range: Range<u64>) -> Self {
        let range = range.start..range.end.min(movie.len());
        Self { movie, range, open: None }
    }

    fn read(&mut self, wanted: usize) -> io::Result<Bytes> {
        let header = self.movie.header();
        let at = usize::try_from(self.range.start).unwrap_or(usize::MAX);
        if at < header.len() {
            return Ok(header.slice(at..header.len().min(at + wanted)));
        }
        let mut offset = self.range.start - u64::try_from(header.len()).unwrap_or(0);
        let mut out = BytesMut::zeroed(wanted);
        let mut filled = 0;
        while let Some(rest) = out.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            let place = self.movie.spans().find(offset).ok_or(io::ErrorKind::UnexpectedEof)?;
            let size = usize::try_from(place.size).unwrap_or(usize::MAX).min(rest.len());
            let target = rest.get_mut(..size).unwrap_or_default();
            match self.movie.spans().sources.get(place.source).ok_or(io::ErrorKind::NotFound)? {
                Source::File(path) => Self::file(&mut self.open, place.source, path)?.read_exact_at(target, place.position)?,
                Source::Memory(bytes) => {
                    let from = usize::try_from(place.position).unwrap_or(usize::MAX);
                    let found = bytes.get(from..).and_then(|rest| rest.get(..size)).ok_or(io::ErrorKind::UnexpectedEof)?;
                    target.copy_from_slice(found);
                }
            }
            filled += size;
            offset += place.size.min(u64::try_from(size).unwrap_or(0));
        }
        Ok(out.freeze())
    }

    fn file<'a>(open: &'a mut Option<(usize, File)>, number: usize, path: &Path) -> io::Result<&'a File> {
        let (_, file) = match open.take() {
            Some((current, file)) if current == number => open.insert((current, file)),
            _ => open.insert((number, File::open(path)?)),
        };
        Ok(file)
    }
}

impl Iterator for MovieReader {
    type Item = io::Result<Bytes>;

    fn next(&mut self) -> Option<Self::Item> {
        let left = self.range.end.checked_sub(self.range.start).filter(|left| *left > 0)?;
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(READ_BYTES);
        let read = self.read(wanted);
        self.range.start = match &read {
            Ok(bytes) => self.range.start.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX)),
            Err(_) => self.range.end,
        };
        Some(read)
    }
}
