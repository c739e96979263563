//! The machine-readable clock strip: 2 rows of 32 black or white cells over the top twelfth of the picture.
//!
//! It survives H.264 at 500 kbit/s, scaling and a browser canvas, so that a test can tell which frame of which loop
//! it is looking at without OCR. Layout, most significant bit first, left to right, upper row first:
//! 16 bits sync `0xA5C3`, 16 bits loop id, 24 bits frame index (display order), 8 bits CRC-8 (polynomial 0x07) over
//! the id and index bytes. `end2end/lib/clock-strip.ts` is the same decoder for a canvas.
//! Nothing about RTP or time belongs here: `/frame-clock` says when a frame index was sent.

/// Cells per row.
pub const COLUMNS: usize = 32;
/// Rows of cells.
pub const ROWS: usize = 2;
/// The strip covers `1 / HEIGHT_FRACTION` of the picture's height.
pub const HEIGHT_FRACTION: u32 = 12;

const SYNC: u16 = 0xA5C3;

/// What one strip says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Strip {
    /// Which loop this picture belongs to: tells that a tile shows its own camera.
    pub loop_id: u16,
    /// Frame index inside the loop, in display order, below 2^24.
    pub frame: u32,
}

/// One gray byte per cell (0 or 255), row after row: ffmpeg scales it up with nearest-neighbour.
#[must_use]
pub fn encode(strip: Strip) -> [u8; COLUMNS * ROWS] {
    let [_, f2, f1, f0] = strip.frame.to_be_bytes();
    let [i1, i0] = strip.loop_id.to_be_bytes();
    let crc = crc8(&[i1, i0, f2, f1, f0]);
    let [s1, s0] = SYNC.to_be_bytes();
    let word = u64::from_be_bytes([s1, s0, i1, i0, f2, f1, f0, crc]);
    std::array::from_fn(|bit| if word >> (63 - bit) & 1 == 1 { 235 } else { 16 })
}

/// Reads the strip of a gray (luma) picture. `None` when sync or CRC do not match.
#[must_use]
pub fn decode_gray(luma: &[u8], width: usize, height: usize) -> Option<Strip> {
    if luma.len() < width * height || width < COLUMNS || height < HEIGHT_FRACTION as usize * ROWS {
        return None;
    }
    let cell_width = width as f64 / COLUMNS as f64;
    let cell_height = height as f64 / f64::from(HEIGHT_FRACTION) / ROWS as f64;
    let mut word = 0u64;
    for row in 0..ROWS {
        for column in 0..COLUMNS {
            // The middle half of the cell: its edges bleed into each other after scaling and compression.
            let (x0, x1) = ((column as f64 + 0.25) * cell_width, (column as f64 + 0.75) * cell_width);
            let (y0, y1) = ((row as f64 + 0.25) * cell_height, (row as f64 + 0.75) * cell_height);
            let (mut sum, mut count) = (0u64, 0u64);
            for y in y0 as usize..(y1.ceil() as usize).max(y0 as usize + 1) {
                for x in x0 as usize..(x1.ceil() as usize).max(x0 as usize + 1) {
                    sum += u64::from(luma[y * width + x]);
                    count += 1;
                }
            }
            word = word << 1 | u64::from(sum > 126 * count);
        }
    }
    from_word(word)
}

fn from_word(word: u64) -> Option<Strip> {
    let [s1, s0, i1, i0, f2, f1, f0, crc] = word.to_be_bytes();
    let intact = u16::from_be_bytes([s1, s0]) == SYNC && crc8(&[i1, i0, f2, f1, f0]) == crc;
    intact.then(|| Strip { loop_id: u16::from_be_bytes([i1, i0]), frame: u32::from_be_bytes([0, f2, f1, f0]) })
}

/// CRC-8, polynomial 0x07, initial value 0.
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0u8, |crc, byte| (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 == 0 { crc << 1 } else { crc << 1 ^ 0x07 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(strip: Strip, width: usize, height: usize) -> Vec<u8> {
        let cells = encode(strip);
        let strip_height = height / HEIGHT_FRACTION as usize;
        let mut luma = vec![90u8; width * height];
        for y in 0..strip_height {
            for x in 0..width {
                luma[y * width + x] = cells[y * ROWS / strip_height * COLUMNS + x * COLUMNS / width];
            }
        }
        luma
    }

    #[test]
    fn reads_back_what_was_drawn_at_any_size() {
        for (width, height) in [(1920, 1080), (640, 360), (333, 187), (64, 48)] {
            let strip = Strip { loop_id: 0x1234, frame: 0x00AB_CDEF };
            assert_eq!(decode_gray(&picture(strip, width, height), width, height), Some(strip), "{width}x{height}");
        }
    }

    #[test]
    fn a_damaged_cell_or_a_picture_without_a_strip_is_refused() {
        let mut luma = picture(Strip { loop_id: 1, frame: 7 }, 640, 360);
        for y in 15..30 {
            for x in 600..620 {
                luma[y * 640 + x] = 255 - luma[y * 640 + x];
            }
        }
        assert_eq!(decode_gray(&luma, 640, 360), None);
        assert_eq!(decode_gray(&vec![128; 640 * 360], 640, 360), None);
        assert_eq!(decode_gray(&[0; 10], 640, 360), None);
    }

    #[test]
    fn crc_is_the_common_one() {
        assert_eq!(crc8(b"123456789"), 0xF4);
    }
}
