//! The sans-IO core: chunks in, a bounded window of parts and segments out.
//!
//! It decides where parts and segments end and what is kept how long. It knows no clock (stamps come with the chunks), no text and no
//! waiting: see `playlist` and `shell`.

use super::HlsOptions;
use super::choose::{MIN_SEGMENT, Measure, Targets};
use super::segment::{Init, Names, Part, Piece, Segment};
use crate::cmaf::{Chunk, Epoch, Track};
use crate::time::Stamp;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

mod pdt;
mod view;
use pdt::MediaClock;

/// Parts in a row that could not be 85 % full before the targets are chosen anew.
const MISFITS: u32 = 6;
/// After this long without a frame the old segments are not worth showing before the new ones.
const STALE: Duration = Duration::from_secs(60);
/// Audio chunks held while no video comes (about 10 s of AAC).
const MAX_LONE_AUDIO: usize = 512;
/// Frame durations remembered for choosing anew.
const RECENT: usize = 64;

/// Parts and segments of one stream.
#[derive(Debug)]
pub(super) struct Window {
    options: HlsOptions,
    names: Names,
    /// Grows whenever anything that a playlist shows has changed.
    version: u64,
    /// Grows when targets were chosen anew.
    identity: u32,
    /// Frozen; None until measured.
    targets: Option<Targets>,
    measure: Measure,
    /// Of the chunks that come now.
    init: Option<Arc<Init>>,
    inits: u64,
    /// Only a key frame may come next: a new epoch.
    waiting_for_key: bool,
    /// Whole segments that the playlist lists, oldest first.
    listed: VecDeque<Segment>,
    /// The segment that grows, with its closed parts; None until its first video frame.
    open: Option<Segment>,
    /// The part that grows.
    pending: Pending,
    /// No longer listed, still served until `edge` reaches the number.
    retired: VecDeque<(u64, Segment)>,
    /// Ticks of video ever placed.
    edge: u64,
    next_sequence: u64,
    next_part: u64,
    /// EXT-X-DISCONTINUITY-SEQUENCE: that of the first listed segment's predecessor.
    discontinuity_sequence: u64,
    /// The next segment follows a discontinuity.
    discontinuity: bool,
    audience: bool,
    ended: bool,
    clock: Option<MediaClock>,
    last_received: Option<Stamp>,
    /// Parts in a row that did not fit.
    misfits: u32,
    /// Another part length is wished: the targets are chosen anew at the next key frame.
    wish_changed: bool,
    recent: VecDeque<u64>,
}

#[derive(Debug, Default)]
struct Pending {
    chunks: Vec<Piece>,
    len: u64,
    /// Ticks of video; 0 while it holds audio only.
    duration: u64,
    independent: bool,
}

impl Pending {
    fn push(&mut self, track: Track, bytes: Bytes) {
        self.len += len_of(&bytes);
        self.chunks.push(Piece { track, bytes });
    }
}

impl Window {
    /// `run` is a prefix that no other run of this stream has; `now` seeds the sequence numbers.
    pub fn new(options: HlsOptions, run: String, now: Stamp) -> Self {
        // Four per second since 2025: faster than segments are made, so that a restart always starts above; below 2^31 until 2042.
        let seconds = u64::try_from(now.utc_ms / 1000 - 1_735_689_600).unwrap_or(0);
        Self {
            names: Names::new(run),
            version: 0,
            identity: 0,
            targets: None,
            measure: Measure::default(),
            init: None,
            inits: 0,
            waiting_for_key: true,
            listed: VecDeque::new(),
            open: None,
            pending: Pending::default(),
            retired: VecDeque::new(),
            edge: 0,
            next_sequence: seconds * 4,
            next_part: 1,
            // Small, and therefore kept by the installation, not taken from the clock: hls.js 1.7 walks all numbers from 0 to this one at
            // every playlist (`initPTS.some`, a sparse array), and sixty million of them froze the page for seconds.
            discontinuity_sequence: options.first_discontinuity,
            options,
            discontinuity: false,
            audience: false,
            ended: false,
            clock: None,
            last_received: None,
            misfits: 0,
            wish_changed: false,
            recent: VecDeque::new(),
        }
    }

    /// Announces the epoch of the chunks that follow; what is open is closed.
    pub fn push_epoch(&mut self, epoch: Arc<Epoch>) {
        self.finish_epoch();
        self.inits += 1;
        self.init = Some(Arc::new(Init { number: self.inits, epoch }));
        self.ended = false;
        self.version += 1;
    }

    /// The session is over: what is there is closed, so that viewers see its last frame.
    pub fn end_session(&mut self) {
        self.finish_epoch();
        self.ended = true;
        if !self.audience {
            self.forget_listed();
        }
        self.version += 1;
    }

    /// Another wished length of parts, from the next key frame on: there the frozen targets give way, as they do for a camera whose frames
    /// no longer fit them.
    pub fn set_part_target(&mut self, wish: Duration) {
        if self.options.part_target != wish {
            self.options.part_target = wish;
            self.wish_changed = true;
        }
    }

    /// Without an audience less is kept; after the session's end nothing is listed.
    pub fn set_audience(&mut self, present: bool) {
        if self.audience == present {
            return;
        }
        self.audience = present;
        if !present && self.ended {
            self.forget_listed();
        }
        self.evict();
        self.version += 1;
    }

    /// Adds a chunk. One of another epoch than the announced one is ignored, as are those before its first key frame.
    pub fn push(&mut self, chunk: Arc<Chunk>) {
        if self.init.as_ref().is_none_or(|init| init.epoch.number != chunk.epoch) {
            return;
        }
        if self.waiting_for_key {
            if !chunk.key {
                return;
            }
            self.start_epoch(&chunk);
        }
        self.last_received = Some(chunk.received);
        if let Some(targets) = self.targets {
            self.place(&chunk, targets);
            return;
        }
        let Some(measured) = self.measure.push(chunk, self.options.part_target, self.options.max_bytes / 4) else { return };
        self.targets = Some(measured.targets);
        self.wish_changed = false;
        let last = measured.chunks.len().saturating_sub(1);
        for (index, chunk) in measured.chunks.iter().enumerate() {
            if index == last {
                // The GOP is long: the first segment ends here, so that players have a whole one to start with.
                self.close_segment();
            }
            self.place(chunk, measured.targets);
        }
    }

    fn start_epoch(&mut self, chunk: &Chunk) {
        self.waiting_for_key = false;
        if self.last_received.is_some_and(|last| chunk.received.since(last) > STALE) {
            self.forget_listed();
        }
        self.clock = Some(MediaClock::start(chunk));
    }

    fn finish_epoch(&mut self) {
        self.measure.clear();
        self.close_segment();
        self.pending = Pending::default();
        self.waiting_for_key = true;
        // Nothing precedes the first segment ever: no discontinuity.
        self.discontinuity |= self.edge > 0;
    }

    fn place(&mut self, chunk: &Chunk, targets: Targets) {
        if chunk.track == Track::Audio {
            self.pending.push(chunk.track, chunk.bytes.clone());
            if self.pending.duration == 0 && self.pending.chunks.len() > MAX_LONE_AUDIO {
                let dropped = self.pending.chunks.remove(0);
                self.pending.len -= len_of(&dropped.bytes);
            }
            return;
        }
        let duration = u64::from(chunk.duration.max(1));
        self.recent.push_back(duration);
        if self.recent.len() > RECENT {
            self.recent.pop_front();
        }
        if let Some(clock) = &mut self.clock {
            clock.observe(chunk);
        }
        if chunk.key && (self.wish_changed || self.misfits >= MISFITS) {
            self.choose_anew();
        }
        let targets = self.targets.unwrap_or(targets);
        if duration > targets.part {
            return self.bridge(chunk, duration, targets);
        }
        if self.must_cut(chunk, duration, targets) {
            self.close_segment();
        }
        self.start_segment(chunk);
        if self.pending.duration == 0 {
            self.pending.independent = chunk.key;
        }
        self.pending.push(chunk.track, chunk.bytes.clone());
        self.pending.duration += duration;
        if self.pending.duration >= targets.part_min() {
            self.misfits = 0;
            self.close_part();
        }
    }

    /// Whether the segment ends before this video frame.
    fn must_cut(&mut self, chunk: &Chunk, duration: u64, targets: Targets) -> bool {
        let Some(open) = &self.open else { return false };
        let total = open.duration + self.pending.duration;
        let independent = open.parts.first().map_or(self.pending.independent, |part| part.independent);
        // A segment that could not start at a key frame gives way to one that can, but not by a tiny piece.
        let at_key = chunk.key && (total >= MIN_SEGMENT || (!independent && total >= targets.part));
        let too_long = total + duration > targets.segment_max();
        let too_big = open.len + self.pending.len > self.max_bytes() / 4;
        // The part is below 85 % and the frame does not fit: only a segment's last part may be that short.
        let misfit = self.pending.duration > 0 && self.pending.duration + duration > targets.part;
        if misfit && !at_key && !too_long {
            self.note_misfit(duration);
        }
        at_key || too_long || too_big || misfit
    }

    /// A frame longer than PART-TARGET (the camera paused, packets were lost): a segment of its own, without parts, since no part may be
    /// that long. Where even TARGETDURATION is too short, the sample is cut to it and a discontinuity stands for the rest of the time.
    fn bridge(&mut self, chunk: &Chunk, duration: u64, targets: Targets) {
        self.note_misfit(duration);
        self.close_segment();
        self.start_segment(chunk);
        let declared = duration.min(targets.duration());
        let bytes = match u32::try_from(declared) {
            Ok(shorter) if declared < duration => chunk.with_duration(shorter),
            _ => chunk.bytes.clone(),
        };
        self.pending.independent = chunk.key;
        self.pending.push(chunk.track, bytes);
        self.pending.duration = declared;
        self.close_piece(None);
        self.close_segment();
        if declared < duration {
            self.discontinuity = true;
        }
    }

    fn note_misfit(&mut self, duration: u64) {
        if self.misfits == 0 {
            // Should it go on, the new interval is measured from here.
            self.recent.clear();
            self.recent.push_back(duration);
        }
        self.misfits += 1;
    }

    fn choose_anew(&mut self) {
        self.close_segment();
        let durations: Vec<u64> = self.recent.iter().copied().collect();
        self.targets = Some(super::choose::choose(&durations, None, self.options.part_target));
        self.misfits = 0;
        self.wish_changed = false;
        self.identity += 1;
        self.forget_listed();
        self.discontinuity = true;
    }

    fn start_segment(&mut self, chunk: &Chunk) {
        if self.open.is_some() {
            return;
        }
        let (Some(init), Some(clock)) = (&self.init, &mut self.clock) else { return };
        let discontinuity = std::mem::take(&mut self.discontinuity);
        if discontinuity {
            *clock = MediaClock::start(chunk);
        }
        self.open = Some(Segment {
            sequence: self.next_sequence,
            init: Arc::clone(init),
            discontinuity,
            start_utc_ms: clock.segment_start(chunk.decode_time),
            parts: Vec::new(),
            duration: 0,
            len: 0,
        });
        self.next_sequence += 1;
    }

    fn close_part(&mut self) {
        if self.pending.duration > 0 {
            self.close_piece(Some(self.next_part));
            self.next_part += 1;
        }
    }

    fn close_piece(&mut self, number: Option<u64>) {
        let Some(open) = &mut self.open else { return };
        let Pending { chunks, len, duration, independent } = std::mem::take(&mut self.pending);
        open.push(Part { number, duration, independent, chunks, len });
        self.edge += duration;
        self.version += 1;
    }

    /// Ends the open segment; audio that waits for its video goes to the next.
    fn close_segment(&mut self) {
        self.close_part();
        let Some(segment) = self.open.take() else { return };
        self.listed.push_back(segment);
        self.version += 1;
        self.evict();
    }

    fn max_bytes(&self) -> u64 {
        u64::try_from(self.options.max_bytes).unwrap_or(u64::MAX)
    }

    fn evict(&mut self) {
        let Some(targets) = self.targets else { return };
        // Nothing may leave the playlist while less than three target durations would stay (RFC 8216bis 6.2.2); one more for slow players.
        let (count, duration) =
            if self.audience { (self.options.segments.max(6), 4 * targets.duration()) } else { (self.options.idle_segments.max(1), 0) };
        let mut total: u64 = self.listed.iter().map(|segment| segment.duration).sum();
        let window = total;
        while self.listed.len() > count {
            let Some(front) = self.listed.front() else { break };
            if total - front.duration < duration {
                break;
            }
            total -= front.duration;
            self.unlist(window);
        }
        let edge = self.edge;
        while self.retired.front().is_some_and(|(until, _)| *until <= edge) || (!self.audience && !self.retired.is_empty()) {
            self.retired.pop_front();
        }
        while self.bytes() > self.max_bytes() && (!self.retired.is_empty() || self.listed.len() > 1) {
            if self.retired.pop_front().is_none() {
                self.unlist(0);
                self.retired.clear();
            }
        }
    }

    /// Takes the oldest segment out of the playlist; it stays available for its own length plus `window` (RFC 8216bis 6.2.2).
    fn unlist(&mut self, window: u64) {
        let Some(segment) = self.listed.pop_front() else { return };
        self.discontinuity_sequence += u64::from(segment.discontinuity);
        self.retired.push_back((self.edge + segment.duration + window, segment));
    }

    /// Takes everything out of the playlist; with an audience it stays available for a while.
    fn forget_listed(&mut self) {
        let window = self.targets.map_or(0, |targets| 4 * targets.duration());
        while !self.listed.is_empty() {
            self.unlist(window);
        }
        if !self.audience {
            self.retired.clear();
        }
        self.version += 1;
    }
}

fn len_of(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
