//! One video element with its player: a tile has one for the sub stream and, while it is enlarged, one for main.

use crate::health::{Decision, Verdict, View};
use crate::hooks::health::use_health;
use crate::hooks::heartbeat::browser_moment;
use crate::live::history::LatencyHistory;
use crate::live::proof::{Proof, Shown};
use crate::live::{PlayRequest, PlayerEvent, PlayerHandle, PlayerStats, use_players};
use crate::model::Quality;
use crate::state::{use_latencies, use_link, use_toasts, use_wall};
use crate::text;
use crate::view::face::PlayerPhase;
use leptos::html::Video;
use leptos::prelude::*;
use send_wrapper::SendWrapper;
use std::rc::Rc;

/// What a layer's player reports, and the player itself. Owned by the tile, so that it outlives the video element.
#[derive(Clone, Copy)]
pub struct Layer {
    pub phase: RwSignal<PlayerPhase>,
    pub stats: RwSignal<Option<PlayerStats>>,
    /// A picture, maybe an old one, stands in the element.
    pub has_picture: RwSignal<bool>,
    /// The newest picture that was presented. Stays when the player rests, so that the old picture's age is known.
    pub shown: RwSignal<Option<Shown>>,
    /// What a look at the picture itself says.
    pub verdict: RwSignal<Verdict>,
    /// Latency of the last minutes; it has changed whenever `stats` has.
    history: StoredValue<LatencyHistory>,
    /// What a resting player still says is of the past.
    active: StoredValue<bool>,
    /// The monitor itself, for the panel. None: not watched yet.
    pub health: RwSignal<Option<View>>,
    /// What it decided, the newest first.
    pub decisions: RwSignal<Vec<Decision>>,
    /// Counts the times that the player was started afresh by [`Layer::refresh`].
    pub fresh_starts: RwSignal<u32>,
    /// Counts video elements: a new number makes a new element with a new player.
    generation: RwSignal<u32>,
    /// None on the server, so that its threads never meet a value that belongs to the browser's one.
    handle: StoredValue<Option<SendWrapper<Box<dyn PlayerHandle>>>>,
}

impl Layer {
    pub fn new() -> Self {
        Self {
            phase: RwSignal::new(PlayerPhase::Off),
            stats: RwSignal::new(None),
            has_picture: RwSignal::new(false),
            shown: RwSignal::new(None),
            verdict: RwSignal::new(Verdict::default()),
            history: StoredValue::new(LatencyHistory::default()),
            active: StoredValue::new(false),
            health: RwSignal::new(None),
            decisions: RwSignal::new(Vec::new()),
            fresh_starts: RwSignal::new(0),
            generation: RwSignal::new(0),
            handle: StoredValue::new(None),
        }
    }

    pub fn is_playing(self) -> bool {
        self.phase.get() == PlayerPhase::Playing
    }

    /// Reads the latency of the last minutes.
    pub fn with_history<T>(self, read: impl FnOnce(&LatencyHistory) -> T) -> Option<T> {
        self.history.try_with_value(read)
    }

    /// Starts the player afresh, for a person or because the server is back.
    pub fn refresh(self) {
        self.with_handle(|handle| handle.refresh());
        self.fresh_starts.try_update(|starts| *starts = starts.wrapping_add(1));
    }

    /// Starts the same transport afresh.
    pub fn renew(self) {
        self.with_handle(|handle| handle.renew());
    }

    /// Destroys the player and its video element, and makes both anew.
    pub fn rebuild(self) {
        self.generation.try_update(|generation| *generation = generation.wrapping_add(1));
    }

    /// When the newest picture was presented (`performance.now()`).
    pub fn picture_at_ms(self) -> Option<f64> {
        self.ask(|handle| handle.picture_at_ms())
    }

    /// The picture as a few pixels.
    pub fn thumbnail(self) -> Option<Vec<u8>> {
        self.ask(|handle| handle.thumbnail())
    }

    /// Passes a tap on to a player that waits for one. Call it from the tap's own handler.
    pub fn gesture(self) {
        self.with_handle(|handle| handle.gesture());
    }

    fn with_handle(self, action: impl FnOnce(&dyn PlayerHandle)) {
        self.handle.try_with_value(|handle| {
            if let Some(handle) = handle {
                action(&***handle);
            }
        });
    }

    fn ask<T>(self, question: impl FnOnce(&dyn PlayerHandle) -> Option<T>) -> Option<T> {
        self.handle.try_with_value(|handle| handle.as_ref().and_then(|handle| question(&***handle))).flatten()
    }

    /// A player's event; the tile may have gone in the meantime.
    fn take(self, event: &PlayerEvent) {
        if *event == PlayerEvent::Cleared {
            self.has_picture.try_set(false);
            return;
        }
        if self.active.try_get_value() != Some(true) {
            return;
        }
        let phase = match event {
            PlayerEvent::Connecting { .. } | PlayerEvent::StepDown { .. } | PlayerEvent::StepUp { .. } => PlayerPhase::Connecting,
            PlayerEvent::FirstFrame { .. } => {
                self.has_picture.try_set(true);
                let bound_ms = self.shown.try_get_untracked().flatten().map_or(Proof::LEAST_MS, |shown| shown.bound_ms);
                self.shown.try_set(Some(Shown { at: browser_moment(), lag_ms: 0.0, bound_ms }));
                PlayerPhase::Playing
            }
            PlayerEvent::Stalled { .. } => PlayerPhase::Stalled,
            PlayerEvent::Waiting { reason, .. } => PlayerPhase::Waiting(*reason),
            PlayerEvent::Failed { reason } => PlayerPhase::Failed(*reason),
            PlayerEvent::NeedsGesture => PlayerPhase::NeedsTap,
            PlayerEvent::Stats(stats) => {
                self.measured(stats);
                return;
            }
            PlayerEvent::Dropped(_) | PlayerEvent::MutedByBrowser | PlayerEvent::Cleared => return,
        };
        if self.phase.try_get_untracked().is_some_and(|before| before != phase) {
            self.phase.try_set(phase);
        }
    }

    fn measured(self, stats: &PlayerStats) {
        let now = browser_moment();
        self.history.try_update_value(|history| history.push(now.mono_ms, stats.latency_ms));
        let lag_ms = stats.latency_ms.or_else(|| Some(self.shown.try_get_untracked().flatten()?.lag_ms)).unwrap_or(0.0);
        self.shown.try_set(Some(Shown { at: now.minus_ms(stats.frame_age_ms), lag_ms, bound_ms: stats.bound_ms }));
        self.stats.try_set(Some(*stats));
    }

    fn reset(self) {
        // Taken out first: dropping a player may run code that looks at this layer.
        let handle = self.handle.try_update_value(Option::take);
        drop(handle);
        self.phase.try_set(PlayerPhase::Off);
        self.stats.try_set(None);
        self.has_picture.try_set(false);
        self.shown.try_set(None);
        self.verdict.try_set(Verdict::default());
    }
}

/// The video element. The player is made with it and destroyed with it; `active` and `muted` are passed on as they change.
#[component]
pub fn LiveVideo(
    camera_id: i64,
    quality: Quality,
    layer: Layer,
    #[prop(into)] active: Signal<bool>,
    #[prop(into)] muted: Signal<bool>,
    /// This layer is the one to be seen.
    #[prop(into)]
    shown: Signal<bool>,
) -> impl IntoView {
    let (wall, link, toasts, latencies) = (use_wall(), use_link(), use_toasts(), use_latencies());
    let players = use_players();
    let element = NodeRef::<Video>::new();

    Effect::new(move |_| {
        let (Some(video), Some(players)) = (element.get(), players.as_ref()) else { return };
        // Of the element before, if there was one.
        layer.reset();
        let status = untrack(|| wall.status(camera_id, quality));
        let request = PlayRequest {
            active: active.get_untracked(),
            muted: muted.get_untracked(),
            frame_interval_ms: status.as_ref().filter(|seen| seen.status.fps > 0.0).map(|seen| 1_000.0 / f64::from(seen.status.fps)),
            key_interval_ms: status.as_ref().and_then(|seen| seen.status.key_frame_interval_ms).map(f64::from),
            video_codec: status.and_then(|seen| seen.status.video).map(|video| video.codec),
            ..PlayRequest::new(camera_id, quality)
        };
        let on_event = move |event: PlayerEvent| {
            if event == PlayerEvent::MutedByBrowser {
                wall.listening.set(None);
                toasts.bad(text::MUTED_BY_BROWSER);
            }
            if let PlayerEvent::Stats(PlayerStats { latency_ms: Some(ms), .. }) = event {
                latencies.note(camera_id, quality, ms);
            }
            layer.take(&event);
        };
        layer.handle.set_value(Some(SendWrapper::new(players.play(video, request, Rc::new(on_event)))));
    });
    Effect::new(move |_| {
        let active = active.get();
        layer.active.set_value(active);
        // What stands there was taken before the rest: it is not live until the player says so anew.
        layer.phase.try_set(if active { PlayerPhase::Connecting } else { PlayerPhase::Off });
        layer.with_handle(|handle| handle.set_active(active));
    });
    Effect::new(move |_| {
        let muted = muted.get();
        layer.with_handle(|handle| handle.set_muted(muted));
    });
    Effect::new(move |before: Option<u32>| {
        let returns = link.returns.get();
        // The server is back: don't wait for the player's own next attempt.
        if before.is_some_and(|before| before != returns) && active.get_untracked() && layer.phase.get_untracked() != PlayerPhase::Playing {
            layer.refresh();
        }
        returns
    });
    use_health(camera_id, quality, layer, active);
    on_cleanup(move || layer.reset());

    view! {
        <For each=move || [layer.generation.get()] key=|generation| *generation let:_generation>
            <video
                class="tile__video"
                class:is-shown=move || shown.get() && layer.has_picture.get()
                node_ref=element
                data-quality=quality.as_str()
                muted=true
                playsinline=true
                disablepictureinpicture=true
                disableremoteplayback=true
                tabindex="-1"
                aria-hidden="true"
            ></video>
        </For>
    }
}
