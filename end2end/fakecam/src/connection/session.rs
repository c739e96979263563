//! A playing session: where in the loop each track is, and its packets with this session's numbers in them.
//!
//! All frames that are due leave in one write. What is done to single packets is in `track.rs`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::track::{FrameFault, TimestampFault, TrackState, signed_ticks};
use super::transport::Transport;
use crate::bend::bend;
use crate::mount::{Mount, SessionGuard, Timeline};
use crate::script::{Action, PacketBehaviour, Script};

/// Behind by more than this, a camera throws its queue away and goes on at the next key frame.
const MAX_LAG: Duration = Duration::from_secs(2);

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
        self.tracks.push(TrackState::new(index, transport, ssrc));
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
            track.key = track.next;
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
            Action::LoseEnd => self.next_frame = FrameFault::LoseEnd,
            Action::StartWithoutEnd => self.next_frame = FrameFault::StartWithoutEnd,
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
                (track.next, track.key) = (0, 0);
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
                let unit = match content.is_video().then(|| track.shown(track.next, unit.key, script.frozen)) {
                    Some(shown) => timeline.unit(track.index, shown).map_or(unit, |(_, unit)| unit),
                    None => unit,
                };
                track.next += 1;
                if if content.is_video() { script.stall_video } else { script.stall_audio } {
                    continue;
                }
                let fault = if content.is_video() { std::mem::replace(&mut self.next_frame, FrameFault::None) } else { FrameFault::None };
                if content.is_video() {
                    self.mount.note_sent(track.next - 1, content.units.len());
                }
                let timestamp = track.timestamp(content, ticks, script);
                let bent = bend(
                    unit,
                    &content.encoding,
                    if fault == FrameFault::StartWithoutEnd { PacketBehaviour::StartWithoutEnd } else { script.packets },
                );
                let unit = bent.as_ref().unwrap_or(unit);
                let sent = track.send(unit, timestamp, script, fault, &mut self.random, &mut self.out);
                if matches!(fault, FrameFault::LoseMiddle | FrameFault::LoseEnd) && unit.packets.len() < 3 {
                    self.next_frame = fault;
                }
                self.mount.units_sent.fetch_add(1, Ordering::Relaxed);
                self.mount.bytes_sent.fetch_add(unit.wire.len() as u64, Ordering::Relaxed);
                if script.rtcp {
                    track.report_if_due(timeline.ticks_at(track.index, now), script, now, &mut self.out);
                }
                if sent == Ended::MidFrame {
                    ended = sent;
                }
            }
        }
        ended
    }
}

fn new_id() -> String {
    format!("{:08X}", rand::random::<u32>())
}
