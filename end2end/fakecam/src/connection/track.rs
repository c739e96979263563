//! One track of a session: its numbers, and the packets of a unit with those numbers written in.

use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;

use super::session::Ended;
use super::transport::Transport;
use crate::loops::Track;
use crate::mount::epoch_ms;
use crate::packetize::{PREFIX, RTP_HEADER, Unit};
use crate::script::Script;

const REPORT_INTERVAL: Duration = Duration::from_secs(5);
/// Between the NTP era and 1970.
const NTP_UNIX_OFFSET_S: f64 = 2_208_988_800.0;

#[derive(Debug)]
pub(super) struct TrackState {
    pub index: usize,
    transport: Transport,
    ssrc: u32,
    pub sequence: u16,
    /// RTP timestamp of media time 0.
    pub base: u32,
    /// Moved by jumps.
    pub offset: u32,
    /// The next unit, counted on over the loop's seam.
    pub next: u64,
    /// The newest key frame that was sent, and whether the frames after it may not be shown: they build on frames that were never sent.
    pub key: u64,
    pub stuck: bool,
    last_timestamp: u32,
    packets: u32,
    octets: u32,
    report_due: Option<Instant>,
    pub timestamps: TimestampFault,
    /// Held back to be sent after its successor.
    held: Option<Vec<u8>>,
    /// Of a dead session, still to come.
    stale: Option<Stale>,
}

/// The numbers of a dead session whose packets still come.
#[derive(Debug)]
struct Stale {
    left: u32,
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TimestampFault {
    None,
    Outlier { seconds: f64 },
    Equal { frames: u32 },
    Backwards { frames: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameFault {
    None,
    /// Half of it, then the end.
    CutAndClose,
    /// The packets in its middle are lost.
    LoseMiddle,
    /// A fragmented unit that has no end comes before it.
    StartWithoutEnd,
    /// The last packet is never numbered nor sent.
    LoseEnd,
    /// Half of one packet is missing, the stream goes on.
    CutPacket,
}

impl TrackState {
    pub(super) fn new(index: usize, transport: Transport, ssrc: u32) -> Self {
        Self {
            index,
            transport,
            ssrc,
            sequence: rand::random(),
            base: rand::random(),
            offset: 0,
            next: 0,
            key: 0,
            stuck: false,
            last_timestamp: 0,
            packets: 0,
            octets: 0,
            report_due: None,
            timestamps: TimestampFault::None,
            held: None,
            stale: None,
        }
    }

    /// Which unit goes out in the place of `index`: another one only while the picture is frozen, and then until the next key frame.
    pub(super) fn shown(&mut self, index: u64, key: bool, frozen: bool) -> u64 {
        if key && !frozen {
            self.key = index;
            self.stuck = false;
        } else {
            self.stuck |= frozen;
        }
        if self.stuck { self.key } else { index }
    }

    /// Media ticks as the camera's own clock counts them.
    fn skewed(&self, ticks: u64, script: &Script) -> u32 {
        let skew = (ticks as f64 * script.clock_ppm / 1e6) as i64;
        self.base.wrapping_add(ticks as u32).wrapping_add(skew as u32).wrapping_add(self.offset)
    }

    pub(super) fn timestamp(&mut self, track: &Track, ticks: u64, script: &Script) -> u32 {
        let right = self.skewed(ticks, script);
        let interval = track.loop_ticks as u32 / track.units.len() as u32;
        let (timestamp, then) = match self.timestamps {
            TimestampFault::None => (right, TimestampFault::None),
            TimestampFault::Outlier { seconds } => (right.wrapping_add(signed_ticks(seconds, track.clock_rate)), TimestampFault::None),
            TimestampFault::Equal { frames: 0 } | TimestampFault::Backwards { frames: 0 } => (right, TimestampFault::None),
            TimestampFault::Equal { frames } => (self.last_timestamp, TimestampFault::Equal { frames: frames - 1 }),
            TimestampFault::Backwards { frames } => {
                (self.last_timestamp.wrapping_sub(interval), TimestampFault::Backwards { frames: frames - 1 })
            }
        };
        self.timestamps = then;
        self.last_timestamp = timestamp;
        timestamp
    }

    /// Appends the unit's packets to `out`, or sends them as datagrams.
    pub(super) fn send(
        &mut self,
        unit: &Unit,
        timestamp: u32,
        script: &Script,
        fault: FrameFault,
        random: &mut StdRng,
        out: &mut Vec<u8>,
    ) -> Ended {
        let count = unit.packets.len();
        self.send_stale(unit, script, out);
        for (position, start) in unit.packets.iter().enumerate() {
            let end = unit.packets.get(position + 1).copied().unwrap_or(unit.wire.len());
            if fault == FrameFault::LoseEnd && count > 2 && position + 1 == count {
                continue;
            }
            let from = out.len();
            out.extend_from_slice(&unit.wire[*start..end]);
            self.stamp(&mut out[from..], timestamp);
            let middle = position == count / 2;
            let lost = (script.loss > 0.0 && random.random_bool(script.loss.min(1.0)))
                || (fault == FrameFault::LoseMiddle && count > 2 && position > 0 && position + 1 < count);
            if lost {
                out.truncate(from);
                continue;
            }
            let twice = script.duplicate > 0.0 && random.random_bool(script.duplicate.min(1.0));
            if self.held.is_none() && script.reorder > 0.0 && random.random_bool(script.reorder.min(1.0)) {
                self.held = Some(out.split_off(from));
                continue;
            }
            if middle && matches!(fault, FrameFault::CutAndClose | FrameFault::CutPacket) {
                let half = (out.len() - from) / 2;
                out.truncate(from + half);
            }
            if twice {
                out.extend_from_within(from..);
            }
            if let Some(held) = self.held.take() {
                out.extend_from_slice(&held);
            }
            self.dispatch(from, out);
            if middle && fault == FrameFault::CutAndClose {
                return Ended::MidFrame;
            }
        }
        Ended::No
    }

    /// Some packets of a dead session, as live555 of old wrote them to the socket that had got the number of the closed one.
    fn send_stale(&mut self, unit: &Unit, script: &Script, out: &mut Vec<u8>) {
        let stale = self.stale.get_or_insert_with(|| Stale {
            left: script.stale_packets,
            ssrc: !self.ssrc,
            sequence: rand::random(),
            timestamp: rand::random(),
        });
        let Transport::Interleaved { channel } = self.transport else { return };
        let end = unit.packets.get(1).copied().unwrap_or(unit.wire.len());
        // A frame's worth: they are of another clock, and in no step with this session.
        for _ in 0..stale.left.min(5) {
            let mut packet = unit.wire[..end].to_vec();
            packet[1] = channel;
            packet[PREFIX + 2..PREFIX + 4].copy_from_slice(&stale.sequence.to_be_bytes());
            packet[PREFIX + 4..PREFIX + 8].copy_from_slice(&stale.timestamp.to_be_bytes());
            packet[PREFIX + 8..PREFIX + 12].copy_from_slice(&stale.ssrc.to_be_bytes());
            out.extend_from_slice(&packet);
            stale.left -= 1;
            stale.sequence = stale.sequence.wrapping_add(1);
        }
        stale.timestamp = stale.timestamp.wrapping_add(3600);
    }

    fn stamp(&mut self, packet: &mut [u8], timestamp: u32) {
        if let Transport::Interleaved { channel } = self.transport {
            packet[1] = channel;
        }
        packet[PREFIX + 2..PREFIX + 4].copy_from_slice(&self.sequence.to_be_bytes());
        packet[PREFIX + 4..PREFIX + 8].copy_from_slice(&timestamp.to_be_bytes());
        packet[PREFIX + 8..PREFIX + 12].copy_from_slice(&self.ssrc.to_be_bytes());
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add((packet.len() - PREFIX - RTP_HEADER) as u32);
    }

    /// UDP: takes the packets off `out` again and sends them as datagrams.
    fn dispatch(&self, from: usize, out: &mut Vec<u8>) {
        let Transport::Udp { rtp, .. } = &self.transport else { return };
        let mut rest = &out[from..];
        while rest.len() >= PREFIX {
            let length = usize::from(u16::from_be_bytes([rest[2], rest[3]])).min(rest.len() - PREFIX);
            // A full socket buffer or a closed port is a lost packet, as on a real network.
            let _ = rtp.try_send(&rest[PREFIX..PREFIX + length]);
            rest = &rest[PREFIX + length..];
        }
        out.truncate(from);
    }

    /// Sender report and CNAME (RFC 3550, 6.4.1 and 6.5), every few seconds. `media` is the media time of `now` in ticks.
    pub(super) fn report_if_due(&mut self, media: u64, script: &Script, now: Instant, out: &mut Vec<u8>) {
        if self.report_due.is_some_and(|due| due > now) {
            return;
        }
        self.report_due = Some(now + REPORT_INTERVAL);
        let media = self.skewed(media, script);
        let ntp = epoch_ms(now) / 1000.0 + NTP_UNIX_OFFSET_S + script.wall_clock_offset_s;
        let mut report = vec![0x80, 200, 0, 6];
        report.extend_from_slice(&self.ssrc.to_be_bytes());
        report.extend_from_slice(&(ntp as u32).to_be_bytes());
        report.extend_from_slice(&((ntp.fract() * 4_294_967_296.0) as u32).to_be_bytes());
        for word in [media, self.packets, self.octets] {
            report.extend_from_slice(&word.to_be_bytes());
        }
        report.extend_from_slice(&[0x81, 202, 0, 4]);
        report.extend_from_slice(&self.ssrc.to_be_bytes());
        report.extend_from_slice(b"\x01\x07fakecam\0\0\0");
        match &self.transport {
            Transport::Interleaved { channel } => {
                out.extend_from_slice(&[b'$', channel + 1]);
                out.extend_from_slice(&u16::try_from(report.len()).expect("a report is short").to_be_bytes());
                out.extend_from_slice(&report);
            }
            Transport::Udp { rtcp, .. } => {
                let _ = rtcp.try_send(&report);
            }
        }
    }
}

pub(super) fn signed_ticks(seconds: f64, clock_rate: u32) -> u32 {
    (seconds * f64::from(clock_rate)) as i64 as u32
}
