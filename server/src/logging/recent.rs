//! The newest lines of the log, kept in memory for the diagnostics: where nobody keeps the log itself, they are all there is.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};

/// Memory of all that is kept.
const MOST_BYTES: usize = 4 << 20;
/// What a line takes beside its text: its place in a list that grows by doubling, and what the allocator adds.
const LINE_COST: usize = 3 * size_of::<Box<str>>();
/// Longest kept part of one message, in bytes.
const LINE_BYTES: usize = 4 << 10;

static RECENT: Mutex<Recent> = Mutex::new(Recent { lines: VecDeque::new(), bytes: 0, forgotten: 0 });

/// As many lines as fit.
#[derive(Debug)]
struct Recent {
    lines: VecDeque<Box<str>>,
    /// Memory that they take, with what managing them takes.
    bytes: usize,
    forgotten: u64,
}

impl Recent {
    fn push(&mut self, line: Box<str>, most_bytes: usize) {
        self.bytes += cost(&line);
        self.lines.push_back(line);
        while self.bytes > most_bytes
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= cost(&oldest);
            self.forgotten += 1;
        }
    }
}

fn cost(line: &str) -> usize {
    line.len() + LINE_COST
}

/// The kept lines, oldest first, and how many older ones were forgotten.
pub fn recent() -> (Vec<Box<str>>, u64) {
    let recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    (recent.lines.iter().cloned().collect(), recent.forgotten)
}

/// Takes messages in; each is written at once.
#[derive(Debug)]
pub struct RecentWriter;

/// For `with_writer`.
pub fn writer() -> RecentWriter {
    RecentWriter
}

impl io::Write for RecentWriter {
    fn write(&mut self, message: &[u8]) -> io::Result<usize> {
        let line = plain(message);
        if !line.is_empty() {
            RECENT.lock().unwrap_or_else(PoisonError::into_inner).push(line.into(), MOST_BYTES);
        }
        Ok(message.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The text without colours, cut to its longest kept length.
fn plain(message: &[u8]) -> String {
    let text = String::from_utf8_lossy(message);
    let mut out = String::with_capacity(text.len().min(LINE_BYTES));
    let mut characters = text.trim_end().chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            // A colour is ESC [ … m.
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else if out.len() + character.len_utf8() > LINE_BYTES {
            out.push('…');
            break;
        } else {
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_lines_go_when_there_are_too_many() {
        let mut recent = Recent { lines: VecDeque::new(), bytes: 0, forgotten: 0 };
        for number in 0..1000 {
            recent.push(format!("line {number:04}").into(), 12 * (9 + LINE_COST) - 1);
        }
        assert_eq!(recent.lines.len(), 11, "9 bytes each, and what keeping them takes");
        assert_eq!((recent.bytes, recent.forgotten), (11 * (9 + LINE_COST), 989));
        assert_eq!(recent.lines.back().map(|line| &**line), Some("line 0999"));
    }

    #[test]
    fn colours_are_left_out_and_long_messages_cut() {
        assert_eq!(plain(b"\x1b[2m06:00\x1b[0m \x1b[32m INFO\x1b[0m stopped\n"), "06:00  INFO stopped");
        assert_eq!(plain("ä".repeat(LINE_BYTES).as_bytes()).len(), LINE_BYTES + '…'.len_utf8());
        assert_eq!(plain(b"cut \x1b["), "cut ");
        assert_eq!(plain(&[0xff, b'a']), "\u{fffd}a");
    }
}
