//! What is buffered, what may go, and the queue of what is to be appended: the bookkeeping around a SourceBuffer, without one.

use std::collections::VecDeque;

/// Buffered spans in seconds, ascending, as `TimeRanges` gives them.
pub type Ranges = [(f64, f64)];

/// A back buffer longer than this (seconds) is cut.
pub const KEEP_BACK_S: f64 = 10.0;
/// What stays when it is cut. Not less: removing takes the rest of a group of pictures with it, and groups of 8 s exist.
const KEEP_AFTER_CUT_S: f64 = 8.0;

/// The span to remove so that at most [`KEEP_BACK_S`] lie behind the playhead; None: nothing to do yet.
pub fn trim(ranges: &Ranges, position_s: f64) -> Option<(f64, f64)> {
    let &(start, _) = ranges.first()?;
    (position_s - start > KEEP_BACK_S).then_some((start, position_s - KEEP_AFTER_CUT_S))
}

/// The most aggressive cut, for a browser that has no room left: everything but the last second before the playhead.
pub fn trim_hard(ranges: &Ranges, position_s: f64) -> Option<(f64, f64)> {
    let &(start, _) = ranges.first()?;
    let end = position_s - 1.0;
    (end > start).then_some((start, end))
}

/// Whether two MIME types with codecs have as many tracks. A media source is bound to the tracks of its first init segment, also through
/// `changeType`: picture with sound and picture alone need one each.
pub fn as_many_tracks(one: &str, other: &str) -> bool {
    let tracks = |mime: &str| mime.split_once("codecs=").map_or(0, |(_, codecs)| codecs.split(',').count());
    tracks(one) == tracks(other)
}

/// One thing to do with the SourceBuffer, in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Work<B> {
    /// Forget everything buffered: a new connection's timeline begins.
    Clear,
    /// A new epoch: `changeType` if the MIME type differs, then append.
    Init { mime: String, segment: B },
    /// Media segments to be appended in one go.
    Media(Vec<B>),
}

/// The queue between the socket and the SourceBuffer, bounded in bytes.
#[derive(Debug)]
pub struct AppendQueue<B> {
    waiting: VecDeque<(Entry<B>, usize)>,
    bytes: usize,
    limit: usize,
}

#[derive(Debug)]
enum Entry<B> {
    Clear,
    Init(String, B),
    Media(B),
}

/// The queue is full: the browser can't keep up. Start again at a key frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overflow {
    /// Media segments that were thrown away.
    pub lost: u64,
}

impl<B> AppendQueue<B> {
    /// At most this many bytes are taken in one append: long appends delay the ones behind them.
    const BATCH: usize = 1 << 20;

    /// An empty queue that holds `limit` bytes at most.
    pub fn new(limit: usize) -> Self {
        Self { waiting: VecDeque::new(), bytes: 0, limit }
    }

    /// Everything that was appended or waits is to go: nothing of it will be played.
    pub fn push_clear(&mut self) {
        self.forget();
        self.waiting.push_back((Entry::Clear, 0));
    }

    /// What follows is of this type and begins with this init segment; `len` in bytes.
    pub fn push_init(&mut self, mime: String, segment: B, len: usize) {
        self.bytes += len;
        self.waiting.push_back((Entry::Init(mime, segment), len));
    }

    /// # Errors
    /// [`Overflow`] once more bytes wait than allowed; the queue is empty then.
    pub fn push_media(&mut self, segment: B, len: usize) -> Result<(), Overflow> {
        self.bytes += len;
        self.waiting.push_back((Entry::Media(segment), len));
        if self.bytes <= self.limit {
            return Ok(());
        }
        let lost = self.waiting.iter().filter(|(entry, _)| matches!(entry, Entry::Media(_))).count();
        self.forget();
        Err(Overflow { lost: u64::try_from(lost).unwrap_or(u64::MAX) })
    }

    /// The next thing to do. Media segments that lie side by side come together.
    pub fn next_work(&mut self) -> Option<Work<B>> {
        let (entry, len) = self.waiting.pop_front()?;
        self.bytes = self.bytes.saturating_sub(len);
        Some(match entry {
            Entry::Clear => Work::Clear,
            Entry::Init(mime, segment) => Work::Init { mime, segment },
            Entry::Media(first) => {
                let mut batch = vec![first];
                let mut batch_bytes = len;
                while batch_bytes < Self::BATCH && matches!(self.waiting.front(), Some((Entry::Media(_), _))) {
                    if let Some((Entry::Media(segment), len)) = self.waiting.pop_front() {
                        batch_bytes += len;
                        self.bytes = self.bytes.saturating_sub(len);
                        batch.push(segment);
                    }
                }
                Work::Media(batch)
            }
        })
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Bytes waiting.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Throws everything away.
    pub fn forget(&mut self) {
        self.waiting.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_back_buffer_is_cut_only_past_its_limit() {
        assert_eq!(trim(&[], 50.0), None);
        assert_eq!(trim(&[(0.0, 10.2)], 10.0), None);
        assert_eq!(trim(&[(100.0, 110.5)], 110.3), Some((100.0, 102.3)));
        assert_eq!(trim(&[(100.0, 101.0), (105.0, 112.0)], 111.0), Some((100.0, 103.0)), "old islands count");
        assert_eq!(trim_hard(&[(100.0, 110.0)], 109.0), Some((100.0, 108.0)));
        assert_eq!(trim_hard(&[(100.0, 110.0)], 100.5), None);
    }

    #[test]
    fn the_queue_keeps_order_and_batches_media_only() {
        let mut queue = AppendQueue::new(100);
        queue.push_init("a".into(), 0, 1);
        for segment in 1..=3 {
            queue.push_media(segment, 10).expect("room");
        }
        queue.push_init("b".into(), 4, 1);
        queue.push_media(5, 10).expect("room");
        assert_eq!(queue.bytes(), 42);
        assert_eq!(queue.next_work(), Some(Work::Init { mime: "a".into(), segment: 0 }));
        assert_eq!(queue.next_work(), Some(Work::Media(vec![1, 2, 3])));
        assert_eq!(queue.next_work(), Some(Work::Init { mime: "b".into(), segment: 4 }));
        assert_eq!(queue.next_work(), Some(Work::Media(vec![5])));
        assert_eq!(queue.next_work(), None);
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn a_full_queue_is_emptied_and_says_what_was_lost() {
        let mut queue = AppendQueue::new(25);
        queue.push_init("a".into(), 0, 1);
        queue.push_media(1, 12).expect("room");
        queue.push_media(2, 12).expect("room");
        assert_eq!(queue.push_media(3, 12), Err(Overflow { lost: 3 }));
        assert!(queue.is_empty());
        assert_eq!(queue.bytes(), 0);
    }

    #[test]
    fn clear_drops_what_waited_before_it() {
        let mut queue = AppendQueue::new(100);
        queue.push_media(1, 10).expect("room");
        queue.push_clear();
        queue.push_media(2, 10).expect("room");
        assert_eq!(queue.next_work(), Some(Work::Clear));
        assert_eq!(queue.next_work(), Some(Work::Media(vec![2])));
    }

    #[test]
    fn sound_that_comes_or_goes_changes_the_number_of_tracks() {
        let (both, alone) = ("video/mp4; codecs=\"avc1.640015,mp4a.40.2\"", "video/mp4; codecs=\"avc1.64001e\"");
        assert!(as_many_tracks(both, "video/mp4; codecs=\"hvc1.1.6.L93.B0, mp4a.40.2\""));
        assert!(as_many_tracks(alone, "video/mp4; codecs=\"avc1.640015\""));
        assert!(!as_many_tracks(both, alone));
    }
}
