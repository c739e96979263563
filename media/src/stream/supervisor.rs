//! The one long task of a stream: carries out what [`super::policy`] decides, and moves what the source delivers through the muxer
//! into the hub and the playlist. No query, no file and no child process stands in that path.
//!
//! A panic anywhere below costs this stream one session: it is caught here, counted, and the stream starts again.

use crate::cmaf::Track;
use crate::error::{ErrorCode, StreamError};
use crate::mux::{MuxOptions, MuxOutput, Muxer};
use crate::stream::handle::{Command, Shared};
use crate::stream::knock::{self, Knock};
use crate::stream::meter::Meter;
use crate::stream::picture::PictureCheck;
use crate::stream::policy::{Action, Input, Policy, Transition};
use crate::stream::registry::{StreamConfig, StreamEvent};
use crate::stream::session::{self, Happened, Opened, Slot, Upstream};
use crate::stream::status::{AudioInfo, StatusError, StreamState, StreamStatus, VideoInfo};
use crate::unit::{SourceItem, Tracks};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, Sleep};
use tokio_util::sync::CancellationToken;

/// How often a live stream publishes its measurements.
const STATUS_INTERVAL: Duration = Duration::from_secs(1);
/// An attempt after so many failures in a row uses the part of the connect limit that failing streams share.
const FAILING_AFTER: u32 = 3;
/// Panics that are carried over as failures into the new policy: its waits grow, but it must not forget how to count.
const MAX_CARRIED_PANICS: u32 = 6;

/// State of one stream's task. Private to it; the outside has [`Shared`].
pub(super) struct Supervisor {
    upstream: Arc<Upstream>,
    shared: Arc<Shared>,
    events: broadcast::Sender<StreamEvent>,
    cancel: CancellationToken,
    commands: mpsc::Receiver<Command>,
    config_changes: watch::Receiver<Arc<StreamConfig>>,
    consumer_changes: watch::Receiver<super::handle::Consumers>,
    /// The configuration that `policy` works with.
    config: Arc<StreamConfig>,
    policy: Policy,
    meter: Meter,
    picture: PictureCheck,
    /// Sound is in what viewers get.
    sound: bool,
    /// Lives as long as the task: decode times and epoch numbers go on over sessions.
    muxer: Muxer,
    slot: Slot,
    /// Looks whether a lost camera is back; only while the policy wants it.
    knock: Option<Knock>,
    /// Tracks of the newest session; kept after it for people to see.
    tracks: Option<Tracks>,
    /// How the open session is carried.
    carried: Option<String>,
    /// Filled by the policy, emptied by `act`.
    actions: Vec<Action>,
    /// Filled by the muxer, emptied at once; kept for its capacity.
    outputs: Vec<MuxOutput>,
}

impl Supervisor {
    pub(super) fn new(
        upstream: Arc<Upstream>,
        shared: Arc<Shared>,
        commands: mpsc::Receiver<Command>,
        events: broadcast::Sender<StreamEvent>,
        cancel: CancellationToken,
    ) -> Self {
        let config_changes = shared.config.subscribe();
        let consumer_changes = shared.consumers.subscribe();
        let config = Arc::clone(&shared.config.borrow());
        let policy = new_policy(&config);
        Self {
            upstream,
            events,
            cancel,
            commands,
            config_changes,
            consumer_changes,
            config,
            policy,
            meter: Meter::default(),
            picture: PictureCheck::default(),
            sound: false,
            muxer: Muxer::new(MuxOptions::default()),
            slot: Slot::Empty,
            knock: None,
            tracks: None,
            carried: None,
            actions: Vec::new(),
            outputs: Vec::new(),
            shared,
        }
    }

    /// Runs until cancelled, then ends the session.
    pub(super) async fn run(mut self) {
        loop {
            match AssertUnwindSafe(self.run_once()).catch_unwind().await {
                Ok(()) => break,
                Err(panic) => self.after_panic(panic).await,
            }
        }
        self.slot.end(&self.upstream).await;
        self.session_over();
        self.shared.hub.close();
        self.shared.status.send_replace(StreamStatus::idle(self.shared.key.quality, session::now().utc_ms));
    }

    async fn run_once(&mut self) {
        let timer = tokio::time::sleep(Duration::ZERO);
        tokio::pin!(timer);
        let mut armed = false;
        let mut status_tick = tokio::time::interval(STATUS_INTERVAL);
        status_tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // Read before waiting for changes: they may have happened before this task first ran.
        self.on_config();
        self.on_consumers();
        self.act();
        loop {
            armed = self.arm(timer.as_mut(), armed);
            let live = self.policy.state() == StreamState::Live;
            tokio::select! {
                biased;
                () = self.cancel.cancelled() => return,
                Some(command) = self.commands.recv() => self.on_command(command),
                Ok(()) = self.config_changes.changed() => self.on_config(),
                Ok(()) = self.consumer_changes.changed() => self.on_consumers(),
                () = timer.as_mut(), if armed => {
                    armed = false;
                    self.policy.handle(session::now(), Input::Tick, &mut self.actions);
                }
                _ = status_tick.tick(), if live => self.publish(),
                met = knock::answer(&mut self.knock) => {
                    self.knock = None;
                    self.policy.handle(session::now(), Input::Knocked(met), &mut self.actions);
                    self.publish();
                }
                happened = self.slot.next() => self.on_session(happened),
            }
            self.act();
        }
    }

    /// Sets the timer to the policy's next moment. The stall moment moves with every frame, so a timer that is too early is left
    /// alone: its tick does nothing but set it anew.
    fn arm(&self, timer: Pin<&mut Sleep>, armed: bool) -> bool {
        let Some(wake_at) = self.policy.wake_at() else { return false };
        let wait = Duration::from_micros(wake_at.mono_us.saturating_sub(session::now().mono_us));
        let deadline = Instant::now() + wait;
        if !armed || deadline < timer.deadline() {
            timer.reset(deadline);
        }
        true
    }

    fn on_command(&mut self, command: Command) {
        let now = session::now();
        // A caller that stopped waiting needs no answer.
        match command {
            Command::Recover(reply) => {
                let _ = reply.send(self.policy.recover(now, &mut self.actions));
            }
            Command::Restart(reply) => {
                let _ = reply.send(self.policy.restart(now, &mut self.actions));
            }
        }
    }

    fn on_config(&mut self) {
        let now = session::now();
        let new = Arc::clone(&self.config_changes.borrow_and_update());
        let old = std::mem::replace(&mut self.config, new);
        self.policy.set_settings(self.config.settings.policy);
        self.shared.hls.set_part_target(self.config.settings.hls_part_target);
        if self.config.source != old.source {
            let gate = &self.upstream.gate;
            let login_changed = gate.login(&old.source) != gate.login(&self.config.source);
            self.tracks = None;
            self.picture = PictureCheck::default();
            self.policy.handle(now, Input::Reconfigured { login_changed }, &mut self.actions);
        }
        self.policy.handle(now, Input::Enabled(self.config.enabled), &mut self.actions);
        self.on_consumers();
    }

    fn on_consumers(&mut self) {
        let consumers = *self.consumer_changes.borrow_and_update();
        self.shared.hls.set_audience(consumers.viewers.hls > 0);
        let wanted = self.config.always_on || consumers.any();
        self.policy.handle(session::now(), Input::Wanted(wanted), &mut self.actions);
        self.publish();
    }

    fn on_session(&mut self, happened: Happened) {
        let now = session::now();
        match happened {
            Happened::Opened(Opened::Source(source)) => {
                self.meter.connected(now);
                self.muxer.start_session(source.tracks());
                self.tracks = Some(source.tracks().clone());
                self.carried = Some(source.describe());
                self.slot = Slot::Open(source);
                self.policy.handle(now, Input::Connected, &mut self.actions);
                self.publish();
            }
            Happened::Opened(Opened::Failed(error)) => {
                self.slot = Slot::Empty;
                self.fail(error);
            }
            Happened::Opened(Opened::Blocked { until }) => {
                self.slot = Slot::Empty;
                self.policy.handle(now, Input::LoginBlocked { until }, &mut self.actions);
                self.publish();
            }
            Happened::Item(Ok(item)) => self.on_item(item),
            Happened::Item(Err(error)) => self.fail(error),
            Happened::Closed => {
                self.slot = Slot::Empty;
                self.policy.handle(now, Input::Closed, &mut self.actions);
            }
        }
    }

    fn fail(&mut self, error: StreamError) {
        self.policy.handle(session::now(), Input::Failed(error), &mut self.actions);
        // Half-open attempts fail without a change of state; the error and the next attempt are new all the same.
        self.publish();
    }

    /// The media path.
    fn on_item(&mut self, item: SourceItem) {
        let now = session::now();
        let sound_before = self.sound;
        let mut picture_changed = false;
        let is_video = match &item {
            SourceItem::Video(unit) => {
                self.meter.video(now, unit.key, unit.data.len());
                if let Some(Tracks { video, .. }) = &self.tracks {
                    picture_changed = self.picture.frame(now, &video.codec, (video.width, video.height), unit.key, &unit.data);
                }
                self.shared.note_frame(now.mono_us);
                true
            }
            SourceItem::Audio(frame) => {
                self.meter.audio(now, frame.data.len());
                false
            }
            SourceItem::Loss(packets) => {
                self.meter.lost(*packets);
                false
            }
            SourceItem::Tracks(tracks) => {
                self.tracks = Some(tracks.clone());
                false
            }
        };
        self.muxer.push(item, &mut self.outputs);
        // Live means that a picture came out, not that something came in.
        let mut key = false;
        for output in self.outputs.drain(..) {
            match output {
                MuxOutput::Epoch(epoch) => {
                    self.sound &= epoch.audio_muxed;
                    self.shared.hub.publish_epoch(Arc::clone(&epoch));
                    self.shared.hls.push_epoch(epoch);
                }
                MuxOutput::Chunk(chunk) => {
                    key |= chunk.key;
                    self.sound |= chunk.track == Track::Audio;
                    self.shared.hub.publish(Arc::clone(&chunk));
                    self.shared.hls.push(chunk);
                }
            }
        }
        if is_video || key {
            self.policy.frame(now, key, self.meter.frame_interval(), self.muxer.lag(), &mut self.actions);
        }
        if picture_changed || self.sound != sound_before {
            self.publish();
        }
    }

    /// Carries out what the policy decided.
    fn act(&mut self) {
        // Nothing here feeds the policy, so one pass empties the list.
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Open => {
                    let failing = self.policy.failures() >= FAILING_AFTER && !self.policy.answers_again();
                    let silence = self.policy.silence();
                    self.slot = Slot::Opening(self.upstream.open(self.config.source.clone(), failing, silence));
                }
                Action::Close => {
                    self.slot.close(&self.upstream);
                    self.session_over();
                }
                Action::Changed(transition) => self.announce(transition),
            }
        }
        match self.policy.wants_knock(session::now()) {
            Some(pause) if self.knock.is_none() => self.knock = Some(knock::start(&self.upstream, &self.config, pause)),
            Some(_) => {}
            None => self.knock = None,
        }
    }

    /// What was live is no longer.
    fn session_over(&mut self) {
        self.meter.session_ended();
        self.picture.session_ended();
        self.sound = false;
        self.carried = None;
        self.shared.hub.clear();
        self.shared.hls.session_ended();
    }

    fn announce(&mut self, transition: Transition) {
        let Transition { at, from, to, reason, code, attempt, dark_for } = transition;
        let (camera, quality) = (self.shared.key.camera.0, self.shared.key.quality.as_str());
        let asleep = to == StreamState::Backoff && code.is_none();
        let calm = asleep || matches!(to, StreamState::Live | StreamState::Idle | StreamState::Connecting | StreamState::Disabled);
        if calm {
            tracing::info!(camera.id = camera, stream.quality = quality, state = to.as_str(), attempt, "{reason}");
        } else {
            tracing::warn!(camera.id = camera, stream.quality = quality, state = to.as_str(), attempt, "{reason}");
        }
        let silent_for = self.shared.last_frame_age_ms().filter(|_| from == StreamState::Live).map(Duration::from_millis);
        // Without listeners there is nobody to tell.
        let _ = self.events.send(StreamEvent { key: self.shared.key, at, from, to, reason, code, attempt, dark_for, silent_for });
        self.publish();
    }

    fn publish(&self) {
        self.shared.status.send_replace(self.status());
    }

    fn status(&self) -> StreamStatus {
        let now = session::now();
        let reading = self.meter.read(now);
        let skipped = self.shared.hub.dropped().saturating_add(self.muxer.stats().dropped_unusable);
        let next_try = self.policy.next_try();
        StreamStatus {
            quality: self.shared.key.quality,
            state: self.policy.state(),
            since_utc_ms: self.policy.since().utc_ms,
            fps: reading.fps,
            bitrate_kbps: reading.bitrate_kbps,
            video: self.tracks.as_ref().map(|tracks| VideoInfo {
                codec: tracks.video.rfc6381.clone(),
                width: tracks.video.width,
                height: tracks.video.height,
            }),
            audio: self.tracks.as_ref().and_then(|tracks| tracks.audio.as_ref()).map(|audio| AudioInfo {
                codec: audio.rfc6381.clone(),
                channels: audio.channels,
                rate_hz: audio.rate_hz,
            }),
            sound: self.sound,
            picture: self.picture.state(),
            picture_since_utc_ms: self.picture.since().map(|since| since.utc_ms),
            last_frame_age_ms: self.shared.last_frame_age_ms(),
            key_frame_interval_ms: reading.key_frame_interval.and_then(|interval| u32::try_from(interval.as_millis()).ok()),
            connected_at_utc_ms: reading.connected_at.map(|at| at.utc_ms),
            bytes_received: reading.bytes,
            reconnects: reading.reconnects,
            frames_dropped: reading.lost_packets.saturating_add(skipped),
            viewers: self.consumer_changes.borrow().viewers,
            source: self.carried.clone(),
            asleep: self.policy.asleep(),
            error: self.policy.failure().map(|failure| StatusError {
                error: failure.error.clone(),
                since_utc_ms: failure.since.utc_ms,
                next_try_utc_ms: next_try.map(|at| at.utc_ms),
            }),
        }
    }

    /// Throws the session and the policy away, keeps what viewers hold, and starts over with a wait.
    async fn after_panic(&mut self, panic: Box<dyn std::any::Any + Send>) {
        let text =
            panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown");
        let panics = self.meter.panicked();
        let (camera, quality) = (self.shared.key.camera.0, self.shared.key.quality.as_str());
        tracing::error!(camera.id = camera, stream.quality = quality, panics, panic = text, "A stream's task broke and is started again.");
        drop(panic);
        self.actions.clear();
        self.outputs.clear();
        self.knock = None;
        self.slot.end(&self.upstream).await;
        self.session_over();
        self.policy = new_policy(&self.config);
        let error = StreamError::new(
            ErrorCode::Internal,
            "Nightjar made a mistake with this stream and started it again. The log has the details.",
        );
        for _ in 0..panics.min(MAX_CARRIED_PANICS) {
            self.policy.handle(session::now(), Input::Failed(error.clone()), &mut self.actions);
        }
    }
}

fn new_policy(config: &StreamConfig) -> Policy {
    let jitter = Box::new(|ceiling: Duration| ceiling.mul_f64(rand::random::<f64>()));
    Policy::new(config.settings.policy, jitter, session::now())
}
