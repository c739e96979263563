//! Reads ffmpeg's `mpjpeg` output (multipart with Content-length in each part), incrementally and bounded.

use bytes::{Buf, Bytes, BytesMut};

/// Largest picture that is accepted; an 8K JPEG of good quality is about 10 MB.
pub const MAX_PICTURE_BYTES: usize = 16 << 20;
/// Largest part header.
const MAX_HEADER_BYTES: usize = 4096;

/// The bytes do not follow the multipart format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the picture stream is malformed: {0}")]
pub struct Malformed(&'static str);

/// Collects bytes and gives whole pictures.
#[derive(Debug, Default)]
pub struct Splitter {
    buffer: BytesMut,
    /// Length of the picture whose header was read.
    expected: Option<usize>,
}

impl Splitter {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds received bytes.
    pub fn extend(&mut self, data: &[u8]) {
        self.buffer.extend_from_slice(data);
    }

    /// The next whole picture, if one is complete.
    ///
    /// # Errors
    /// The stream is malformed or a part is too large; nothing more can be read.
    pub fn next_picture(&mut self) -> Result<Option<Bytes>, Malformed> {
        let expected = match self.expected {
            Some(expected) => expected,
            None => {
                let Some(length) = self.read_header()? else { return Ok(None) };
                *self.expected.insert(length)
            }
        };
        if self.buffer.len() < expected {
            return Ok(None);
        }
        self.expected = None;
        Ok(Some(self.buffer.split_to(expected).freeze()))
    }

    /// Consumes one part header and returns its Content-length.
    fn read_header(&mut self) -> Result<Option<usize>, Malformed> {
        let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            return if self.buffer.len() > MAX_HEADER_BYTES { Err(Malformed("a part header does not end")) } else { Ok(None) };
        };
        if end > MAX_HEADER_BYTES {
            return Err(Malformed("a part header is too long"));
        }
        let header = std::str::from_utf8(&self.buffer[..end]).map_err(|_| Malformed("a part header is not text"))?;
        let length = header
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse::<usize>().ok())
            .ok_or(Malformed("a part has no Content-length"))?;
        if length > MAX_PICTURE_BYTES {
            return Err(Malformed("a picture is too large"));
        }
        self.buffer.advance(end + 4);
        Ok(Some(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn part(picture: &[u8]) -> Vec<u8> {
        let mut bytes = format!("--ffmpeg\r\nContent-type: image/jpeg\r\nContent-length: {}\r\n\r\n", picture.len()).into_bytes();
        bytes.extend_from_slice(picture);
        bytes.extend_from_slice(b"\r\n");
        bytes
    }

    proptest! {
        #[test]
        fn pictures_come_out_whole_however_the_bytes_arrive(
            pictures in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..6),
            step in 1usize..100,
        ) {
            let stream: Vec<u8> = pictures.iter().flat_map(|picture| part(picture)).collect();
            let mut splitter = Splitter::new();
            let mut seen = Vec::new();
            for piece in stream.chunks(step) {
                splitter.extend(piece);
                while let Some(picture) = splitter.next_picture().expect("a well-formed stream") {
                    seen.push(picture.to_vec());
                }
            }
            prop_assert_eq!(seen, pictures);
        }

        #[test]
        fn hostile_bytes_neither_panic_nor_grow_the_buffer(data in prop::collection::vec(any::<u8>(), 0..20_000)) {
            let mut splitter = Splitter::new();
            splitter.extend(&data);
            while let Ok(Some(_)) = splitter.next_picture() {}
        }
    }

    #[test]
    fn a_part_without_a_length_or_with_an_absurd_one_is_refused() {
        let mut splitter = Splitter::new();
        splitter.extend(b"--ffmpeg\r\nContent-type: image/jpeg\r\n\r\n");
        assert!(splitter.next_picture().is_err());
        let mut splitter = Splitter::new();
        splitter.extend(b"--ffmpeg\r\nContent-length: 99999999999\r\n\r\n");
        assert!(splitter.next_picture().is_err());
    }
}
