//! Decode times for pictures that arrive in decode order with presentation times only: the n-th smallest, never waiting.
//!
//! With a reorder depth of `d`, the decode time of a picture is the presentation time that is `d` places earlier in presentation
//! order. It is known as soon as the picture arrives, because no later picture can come before it. Timestamps are sound already
//! ([`crate::clock`]); this is arithmetic only.

use crate::codec::h264::MAX_REORDER;
use std::collections::VecDeque;

const MAX_DEPTH: usize = MAX_REORDER as usize;

/// The reorder buffer of one video track. It lives over epochs and sessions: what it holds is still to be used up.
#[derive(Debug, Clone, Default)]
pub struct Reorder {
    depth: usize,
    /// Depth that the pictures have shown to need since the last change of parameters.
    seen: usize,
    /// Times not yet used as decode times, sorted. At most `depth` after a push; fewer while a new depth is filled up.
    pending: VecDeque<i64>,
    /// The newest presentation times in decode order.
    recent: VecDeque<i64>,
}

impl Reorder {
    /// The very start of a timeline: room for `depth` pictures of `interval` before the first, which is decoded at `start`.
    /// Gives the presentation time of that first picture.
    pub fn start(&mut self, start: i64, interval: i64, depth: u8) -> i64 {
        self.depth = usize::from(depth.min(MAX_REORDER));
        self.pending.clear();
        self.recent.clear();
        let mut time = start;
        for _ in 0..self.depth {
            self.pending.push_back(time);
            time = time.saturating_add(interval);
        }
        time
    }

    /// Sets the depth to that of new parameters; only at a key frame. It never becomes less than what is pending or was seen.
    pub fn set_depth(&mut self, depth: u8) {
        self.depth = usize::from(depth.min(MAX_REORDER)).max(self.pending.len()).max(self.seen);
    }

    /// Forgets what was learned: other parameters come.
    pub fn forget(&mut self) {
        self.seen = 0;
        self.recent.clear();
    }

    /// Depth in use.
    pub fn depth(&self) -> u8 {
        u8::try_from(self.depth).unwrap_or(MAX_REORDER)
    }

    /// Depth that the pictures so far need.
    pub fn seen(&self) -> u8 {
        u8::try_from(self.seen).unwrap_or(MAX_REORDER)
    }

    /// Number of pictures by which decoding runs ahead of presentation now.
    pub fn ahead(&self) -> usize {
        self.pending.len()
    }

    /// Takes a picture's presentation time and gives its decode time; None while the buffer fills up to a new depth.
    pub fn push(&mut self, time: i64) -> Option<i64> {
        let later = self.recent.iter().filter(|&&other| other > time).count();
        self.seen = self.seen.max(later.min(MAX_DEPTH));
        // Applied at once: every picture until the next key frame would make the decode times leap.
        self.depth = self.depth.max(self.seen);
        self.recent.push_back(time);
        if self.recent.len() > MAX_DEPTH {
            self.recent.pop_front();
        }
        let index = self.pending.partition_point(|&other| other <= time);
        self.pending.insert(index, time);
        if self.pending.len() > self.depth { self.pending.pop_front() } else { None }
    }

    /// What is known of the next picture's decode time.
    pub fn next(&self) -> Next {
        match self.pending.front() {
            _ if self.pending.len() < self.depth => Next::Filling,
            Some(&time) => Next::AtMost(time),
            None => Next::Unknown,
        }
    }
}

/// What is known of the next decode time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The buffer fills up: as soon after this one as possible.
    Filling,
    /// Not after this time.
    AtMost(i64),
    /// Nothing.
    Unknown,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order_pictures_are_decoded_when_shown() {
        let mut reorder = Reorder::default();
        assert_eq!(reorder.start(0, 40, 0), 0);
        assert_eq!([0, 40, 80].map(|time| reorder.push(time)), [Some(0), Some(40), Some(80)]);
        assert_eq!(reorder.seen(), 0);
    }

    #[test]
    fn a_b_pyramid_is_decoded_in_even_steps() {
        let mut reorder = Reorder::default();
        assert_eq!(reorder.start(0, 1, 2), 2);
        // I0 P4 B2 b1 b3 P8 B6 b5 b7, shown from 2 on.
        let decoded = [2, 6, 4, 3, 5, 10, 8, 7, 9].map(|time| reorder.push(time));
        assert_eq!(decoded, [0, 1, 2, 3, 4, 5, 6, 7, 8].map(Some));
        assert_eq!(reorder.seen(), 2);
    }

    #[test]
    fn an_unknown_depth_is_learned_and_filled_up() {
        let mut reorder = Reorder::default();
        reorder.start(0, 1, 0);
        // I0 P3 b1 b2 P6 b4 b5: the first b shows that the depth is 1.
        assert_eq!([0, 3, 1, 2, 6, 4, 5].map(|time| reorder.push(time)), [Some(0), Some(3), None, Some(1), Some(2), Some(4), Some(5)]);
        assert_eq!((reorder.seen(), reorder.depth(), reorder.next()), (1, 1, Next::AtMost(6)));
    }

    #[test]
    fn a_greater_depth_is_filled_up_from_the_key_frame_on() {
        let mut reorder = Reorder::default();
        reorder.start(0, 1, 0);
        reorder.push(0);
        reorder.set_depth(1);
        assert_eq!(reorder.next(), Next::Filling);
        assert_eq!([4, 7, 5, 6, 8].map(|time| reorder.push(time)), [None, Some(4), Some(5), Some(6), Some(7)]);
    }
}
