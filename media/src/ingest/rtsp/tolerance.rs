//! Which packets of a session are left out, and when that is too much.
//!
//! A packet that breaks the rules of its payload format costs the picture that it belongs to, and no more: cameras that put a NAL unit of a reserved type
//! before every picture would otherwise never be seen. A packet of a session that is dead (old live555, Reolink) belongs to nothing here. What is wrong in
//! the framing of the connection is not for here: there is no telling where the next packet begins, and the session ends at once.
//!
//! retina's errors are opaque, so this reads the first words of their texts; `tests/faults` in the server has a row for each kind. Its depacketizers go on
//! after an error, except where the same packet has also completed the picture before it, as with cameras that do not mark the last packet of a picture: the
//! next packet would find that picture still waiting, which is a panic there. Such cameras are recognised by the packet that ends one picture being the first
//! one of the next, and are not tolerated.

use retina::PacketContext;
use std::time::Duration;
use tokio::time::Instant;

/// Without a picture for so long after a packet that was left out, the session is of no use. A camera of one frame per second is above it.
const USELESS: Duration = Duration::from_secs(2);
/// The same without a picture that decoding can start at, where it is not known how often they come: one long group of pictures.
const LONG_GROUP: Duration = Duration::from_secs(12);

/// How errors begin that are found before a packet reaches its depacketizer, which has noticed nothing then.
const BEFORE: [&str; 2] = ["wrong ssrc", "Out-of-order packet"];
/// How errors of the depacketizers of H.264 and H.265 begin that leave nothing behind.
const INSIDE: [&str; 13] = [
    "AP ",
    "Empty NAL",
    "FU",
    "NAL header",
    "Non-fragmented NAL",
    "STAP-A",
    "Short NAL",
    "bad NAL header",
    "bad nal header",
    "forbidden sequence",
    "unexpected/bad nal header",
    "unimplemented/unexpected interleaved mode NAL",
    "zero length in STAP-A",
];

#[derive(Debug, Default)]
pub(super) struct Tolerance {
    /// When the first packet since the newest picture was left out.
    since: Option<Instant>,
    /// The same since the newest key frame.
    since_key: Option<Instant>,
    newest_key: Option<Instant>,
    key_interval: Option<Duration>,
    /// The packet that ended the newest picture.
    end: Option<PacketContext>,
    /// Pictures are ended by the packet after them.
    unmarked: bool,
}

impl Tolerance {
    /// A picture has come, made of the packets from `start` to `end`.
    pub(super) fn picture(&mut self, start: &PacketContext, end: &PacketContext, key: bool, now: Instant) {
        self.since = None;
        if key {
            self.since_key = None;
            self.key_interval = self.newest_key.map(|newest| now.duration_since(newest));
            self.newest_key = Some(now);
        }
        self.unmarked |= self.end.as_ref() == Some(start);
        self.end = Some(*end);
    }

    /// Whether the session may go on after this error.
    pub(super) fn lets_pass(&mut self, error: &str, now: Instant) -> bool {
        let begins = |words: &[&str]| words.iter().any(|words| error.starts_with(words));
        if !(begins(&BEFORE) || (begins(&INSIDE) && !self.unmarked)) {
            return false;
        }
        // Pictures that all build on one that was never whole are no pictures.
        let key_due = self.key_interval.map_or(LONG_GROUP, |interval| (interval * 2).max(USELESS));
        let passed = |since: &mut Option<Instant>| now.duration_since(*since.get_or_insert(now));
        let (any, key) = (passed(&mut self.since), passed(&mut self.since_key));
        any < USELESS && key < key_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RESERVED: &str = "bad nal header 1f\n\nconn: 1\nssrc: 00000001\nseq: 7";

    #[test]
    fn single_packets_are_left_out_and_what_breaks_the_framing_is_not() {
        let now = Instant::now();
        let lets_pass = |text: &str| Tolerance::default().lets_pass(text, now);
        assert!(lets_pass(RESERVED));
        assert!(lets_pass("wrong ssrc after 7 RTP pkts + 0 RTCP pkts; expecting ssrc=None"));
        assert!(lets_pass("FU-A has start bit unset while no frag in progress"));
        assert!(!lets_pass("RTSP framing error: Invalid RTSP message"));
        assert!(!lets_pass("corrupt RTP header while expecting seq=None"));
        assert!(!lets_pass("timestamp changed from 1 to 2 in the middle of a fragmented NAL"));
        assert!(!lets_pass("Error reading from RTSP peer: EOF"));
    }

    #[test]
    fn two_seconds_without_a_picture_are_too_much() {
        let (mut tolerance, now) = (Tolerance::default(), Instant::now());
        assert!(tolerance.lets_pass(RESERVED, now));
        assert!(tolerance.lets_pass(RESERVED, now + USELESS / 2));
        assert!(!tolerance.lets_pass(RESERVED, now + USELESS));
        tolerance.picture(&PacketContext::dummy(), &PacketContext::dummy(), false, now + USELESS);
        assert!(tolerance.lets_pass(RESERVED, now + USELESS));
    }

    #[test]
    fn two_groups_of_pictures_without_a_key_frame_are_too_much() {
        let (mut tolerance, now, second) = (Tolerance::default(), Instant::now(), Duration::from_secs(1));
        let mut packets = Vec::new();
        for frame in 0..3 {
            tolerance.picture(&PacketContext::dummy(), &PacketContext::dummy(), frame % 2 == 0, now + frame * second);
            tolerance.end = None;
            packets.push(tolerance.lets_pass(RESERVED, now + frame * second));
        }
        for frame in 3..8 {
            tolerance.picture(&PacketContext::dummy(), &PacketContext::dummy(), false, now + frame * second);
            tolerance.end = None;
            packets.push(tolerance.lets_pass(RESERVED, now + frame * second));
        }
        assert_eq!(packets, [true, true, true, true, true, true, false, false]);
    }

    #[test]
    fn a_camera_that_marks_no_picture_is_not_tolerated_inside_a_picture() {
        let (mut tolerance, now) = (Tolerance::default(), Instant::now());
        let packet = PacketContext::dummy();
        tolerance.picture(&packet, &packet, true, now);
        tolerance.picture(&packet, &packet, false, now);
        assert!(!tolerance.lets_pass(RESERVED, now));
        assert!(tolerance.lets_pass("wrong ssrc after 7 RTP pkts", now));
    }
}
