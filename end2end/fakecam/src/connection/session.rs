//! A playing session: where in the loop each track is, and its packets with this session's numbers in them.
//!
//! Packets come ready from the loop; here only sequence number, timestamp, SSRC and channel are written into a copy.
//! All frames that are due leave in one write. Faults of the media (timestamps, loss, cuts) are done here.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::transport::Transport;
use crate::loops::Track;
use crate::mount::{Mount, SessionGuard, Timeline, epoch_ms};
use crate::packetize::{PREFIX, RTP_HEADER, Unit};
use crate::script::{Action, Script};

/// Behind by more than this, a camera throws its queue away and goes on at the next key frame.
const MAX_LAG: Duration = Duration::from_secs(2);
const REPORT_INTERVAL: Duration = Duration::from_secs(5);
/// Between the NTP era and 1970.
const NTP_UNIX_OFFSET_S: f64 = 2_208_988_800.0;

/// Whether the connection has to end after what was collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    No,
    MidFrame,
}

#[derive(Debug)]
pub(super) struct Session {
    pub id: String,
    pub mount: Arc<Mount>,
    pub playing: bool,
    guard: SessionGuard,
    tracks: Vec<TrackState>,
    version: u64,
    stalled: bool,
    /// Earlier ids are still understood (a change per `SETUP`), or forgotten.
    old_ids: Vec<String>,
    next_frame: FrameFault,
    /// Bytes for the RTSP connection, kept for its allocation.
    out: Vec<u8>,
    random: StdRng,
}

#[derive(Debug)]
struct TrackState {
    index: usize,
    transport: Transport,
    ssrc: u32,
    sequence: u16,
    /// RTP timestamp of media time 0.
    base: u32,
    /// Moved by jumps.
    offset: u32,
    next: u64,
    last_timestamp: u32,
    packets: u32,
    octets: u32,
    report_due: Option<Instant>,
    timestamps: TimestampFault,
    /// Held back to be sent after its successor.
    held: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum TimestampFault {
    None,
    Outlier { seconds: f64 },
    Equal { frames: u32 },
    Backwards { frames: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FrameFault {
    None,
    /// Half of it, then the end.
    CutAndClose,
    /// The packets in its middle are lost.
    LoseMiddle,
    /// Half of one packet is missing, the stream goes on.
    CutPacket,
}

impl Session {
    pub(super) fn new(mount: Arc<Mount>, guard: SessionGuard) -> Self {
        let version = mount.timeline().version;
        Self {
            id: new_id(),
            mount,
            playing: false,
            guard,
            tracks: Vec::new(),
            version,
            stalled: false,
            old_ids: Vec::new(),
            next_frame: FrameFault::None,
            out: Vec::new(),
            // A fixed seed: the same losses in every run.
            random: StdRng::seed_from_u64(7),
        }
    }

    /// Adds or replaces a track; its SSRC.
    pub(super) fn add_track(&mut self, index: usize, transport: Transport) -> u32 {
        let ssrc = rand::random();
        self.tracks.retain(|track| track.index != index);
        self.tracks.push(TrackState {
            index,
            transport,
            ssrc,
            sequence: rand::random(),
            base: rand::random(),
            offset: 0,
            next: 0,
            last_timestamp: 0,
            packets: 0,
            octets: 0,
            report_due: None,
            timestamps: TimestampFault::None,
            held: None,
        });
        ssrc
    }

    pub(super) fn change_id(&mut self, keep_old: bool) {
        let old = std::mem::replace(&mut self.id, new_id());
        if keep_old {
            self.old_ids.push(old);
        } else {
            self.old_ids.clear();
        }
    }

    pub(super) fn knows(&self, id: &str) -> bool {
        self.id == id || self.old_ids.iter().any(|old| old == id)
    }

    pub(super) fn torn_down(&self) {
        self.guard.torn_down();
    }

    pub(super) fn pause(&mut self) {
        self.playing = false;
        self.guard.set_playing(false);
    }

    /// Chooses the first frames. The media itself flows once `playing` is set, after the answer to `PLAY`.
    pub(super) fn start(&mut self, script: &Script) {
        self.seek_to_live(script);
        self.guard.set_playing(true);
        let timeline = self.mount.timeline();
        for track in &mut self.tracks {
            let Some((content, _)) = timeline.unit(track.index, track.next) else { continue };
            if let Some(seconds) = script.wrap_in_s {
                let now = timeline.ticks_at(track.index, Instant::now()) as u32;
                let ahead = (seconds * f64::from(content.clock_rate)) as u32;
                track.base = 0u32.wrapping_sub(ahead).wrapping_sub(now);
            }
            if !content.is_video() && script.audio_delay_ms > 0 {
                let at = Instant::now() + Duration::from_millis(script.audio_delay_ms);
                track.next = timeline.first_at(track.index, at, false);
            }
        }
    }

    /// Moves to what the camera sees now, beginning with a key frame.
    fn seek_to_live(&mut self, script: &Script) {
        let now = Instant::now();
        let fresh = script.key_on_play;
        if fresh {
            self.mount.key_frame_now(u64::from(self.playing));
        }
        let timeline = self.mount.timeline();
        // A fresh key frame is due a moment before now.
        let from = now.checked_sub(Duration::from_millis(2)).filter(|_| fresh).unwrap_or(now);
        self.version = timeline.version;
        for track in &mut self.tracks {
            let video = timeline.unit(track.index, 0).is_some_and(|(track, _)| track.is_video());
            track.next = timeline.first_at(track.index, from, video);
        }
    }

    pub(super) fn rtp_info(&self, url: &str, first_only: bool) -> Option<String> {
        let timeline = self.mount.timeline();
        let url = url.trim_end_matches('/');
        let of_track = |track: &TrackState| {
            let timestamp = track.base.wrapping_add(timeline.presentation_ticks(track.index, track.next)? as u32);
            Some(format!("url={url}/trackID={};seq={};rtptime={timestamp}", track.index, track.sequence))
        };
        let all: Vec<String> = self.tracks.iter().take(if first_only { 1 } else { usize::MAX }).filter_map(of_track).collect();
        (!all.is_empty()).then(|| all.join(","))
    }

    pub(super) fn act(&mut self, action: &Action) {
        let timeline = self.mount.timeline();
        let mut videos = self.tracks.iter_mut().filter(|track| timeline.unit(track.index, 0).is_some_and(|(track, _)| track.is_video()));
        match *action {
            Action::DropMidNal => self.next_frame = FrameFault::CutAndClose,
            Action::LoseMidNal => self.next_frame = FrameFault::LoseMiddle,
            Action::CutPacket => self.next_frame = FrameFault::CutPacket,
            Action::ChangeSessionId => self.change_id(false),
            Action::JumpTimestamps { seconds } => {
                for track in &mut self.tracks {
                    if let Some((content, _)) = timeline.unit(track.index, 0) {
                        track.offset = track.offset.wrapping_add(signed_ticks(seconds, content.clock_rate));
                    }
                }
            }
            Action::OutlierTimestamp { seconds } => videos.for_each(|track| track.timestamps = TimestampFault::Outlier { seconds }),
            Action::EqualTimestamps { frames } => videos.for_each(|track| track.timestamps = TimestampFault::Equal { frames }),
            Action::BackwardsTimestamps { frames } => {
                if let Some(track) = videos.next() {
                    track.timestamps = TimestampFault::Backwards { frames };
                }
            }
            Action::DropConnections { .. } | Action::Garbage { .. } | Action::Switch { .. } | Action::Reboot { .. } => {}
        }
    }

    /// When the next packets are due.
    pub(super) fn next_due(&mut self, script: &Script) -> Option<Instant> {
        if script.stall {
            self.stalled = true;
        }
        if !self.playing || script.stall {
            return None;
        }
        if std::mem::take(&mut self.stalled) {
            self.seek_to_live(script);
        }
        let timeline = self.mount.timeline();
        self.follow(&timeline);
        self.tracks.iter().filter_map(|track| timeline.due(track.index, track.next)).min()
    }

    /// Another timeline begins at its first unit.
    fn follow(&mut self, timeline: &Timeline) {
        if timeline.version != self.version {
            self.version = timeline.version;
            for track in &mut self.tracks {
                track.next = 0;
            }
        }
    }

    /// What `collect` has gathered for the RTSP connection.
    pub(super) fn collected(&self) -> &[u8] {
        &self.out
    }

    /// Gathers everything due; UDP packets are sent at once.
    pub(super) fn collect(&mut self, script: &Script, now: Instant) -> Ended {
        self.out.clear();
        let timeline = self.mount.timeline();
        self.follow(&timeline);
        let mut ended = Ended::No;
        for track in &mut self.tracks {
            while let Some(due) = timeline.due(track.index, track.next).filter(|due| *due <= now) {
                let Some((content, unit)) = timeline.unit(track.index, track.next) else { break };
                if now - due > MAX_LAG {
                    track.next = timeline.first_at(track.index, now, content.is_video());
                    continue;
                }
                let ticks = timeline.presentation_ticks(track.index, track.next).unwrap_or(0);
                track.next += 1;
                if if content.is_video() { script.stall_video } else { script.stall_audio } {
                    continue;
                }
                let fault = if content.is_video() { std::mem::replace(&mut self.next_frame, FrameFault::None) } else { FrameFault::None };
                let timestamp = track.timestamp(content, ticks, script);
                let sent = track.send(unit, timestamp, script, fault, &mut self.random, &mut self.out);
                if fault == FrameFault::LoseMiddle && unit.packets.len() < 3 {
                    self.next_frame = fault;
                }
                self.mount.units_sent.fetch_add(1, Ordering::Relaxed);
                self.mount.bytes_sent.fetch_add(unit.wire.len() as u64, Ordering::Relaxed);
                if script.rtcp && track.report_due.is_none_or(|due| due <= now) {
                    track.report_due = Some(now + REPORT_INTERVAL);
                    let media = track.skewed(timeline.ticks_at(track.index, now), script);
                    track.report(media, now, &mut self.out);
                }
                if sent == Ended::MidFrame {
                    ended = sent;
                }
            }
        }
        ended
    }
}

impl TrackState {
    /// Media ticks as the camera's own clock counts them.
    fn skewed(&self, ticks: u64, script: &Script) -> u32 {
        let skew = (ticks as f64 * script.clock_ppm / 1e6) as i64;
        self.base.wrapping_add(ticks as u32).wrapping_add(skew as u32).wrapping_add(self.offset)
    }

    fn timestamp(&mut self, track: &Track, ticks: u64, script: &Script) -> u32 {
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

    fn send(&mut self, unit: &Unit, timestamp: u32, script: &Script, fault: FrameFault, random: &mut StdRng, out: &mut Vec<u8>) -> Ended {
        let count = unit.packets.len();
        for (position, start) in unit.packets.iter().enumerate() {
            let end = unit.packets.get(position + 1).copied().unwrap_or(unit.wire.len());
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

    /// Sender report and CNAME (RFC 3550, 6.4.1 and 6.5).
    fn report(&self, media: u32, now: Instant, out: &mut Vec<u8>) {
        let ntp = epoch_ms(now) / 1000.0 + NTP_UNIX_OFFSET_S;
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

fn signed_ticks(seconds: f64, clock_rate: u32) -> u32 {
    (seconds * f64::from(clock_rate)) as i64 as u32
}

fn new_id() -> String {
    format!("{:08X}", rand::random::<u32>())
}
