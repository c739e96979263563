//! One video element with its player: a tile has one for the sub stream and, while it is enlarged, one for main.

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
    /// None on the server, so that its threads never meet a value that belongs to the browser's one.
    handle: StoredValue<Option<SendWrapper<Box<dyn PlayerHandle>>>>,
}

impl Layer {
    pub fn new() -> Self {
        Self {
            phase: RwSignal::new(PlayerPhase::Off),
            stats: RwSignal::new(None),
            has_picture: RwSignal::new(false),
            handle: StoredValue::new(None),
        }
    }

    pub fn is_playing(self) -> bool {
        self.phase.get() == PlayerPhase::Playing
    }

    /// Starts the player afresh.
    pub fn refresh(self) {
        self.with_handle(|handle| handle.refresh());
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

    /// A player's event; the tile may have gone in the meantime.
    fn take(self, event: &PlayerEvent) {
        let phase = match event {
            PlayerEvent::Connecting { .. } | PlayerEvent::StepDown { .. } | PlayerEvent::StepUp { .. } => PlayerPhase::Connecting,
            PlayerEvent::FirstFrame { .. } => {
                self.has_picture.try_set(true);
                PlayerPhase::Playing
            }
            PlayerEvent::Stalled { .. } => PlayerPhase::Stalled,
            PlayerEvent::Waiting { reason, .. } => PlayerPhase::Waiting(*reason),
            PlayerEvent::Failed { reason } => PlayerPhase::Failed(*reason),
            PlayerEvent::NeedsGesture => PlayerPhase::NeedsTap,
            PlayerEvent::Stats(stats) => {
                self.stats.try_set(Some(*stats));
                return;
            }
            PlayerEvent::Dropped(_) | PlayerEvent::MutedByBrowser => return,
        };
        if self.phase.try_get_untracked().is_some_and(|before| before != phase) {
            self.phase.try_set(phase);
        }
    }

    fn reset(self) {
        // Taken out first: dropping a player may run code that looks at this layer.
        let handle = self.handle.try_update_value(Option::take);
        drop(handle);
        self.phase.try_set(PlayerPhase::Off);
        self.stats.try_set(None);
        self.has_picture.try_set(false);
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
        let status = untrack(|| wall.status(camera_id, quality));
        let request = PlayRequest {
            active: active.get_untracked(),
            muted: muted.get_untracked(),
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
        layer.with_handle(|handle| handle.set_active(active));
        if !active {
            layer.phase.try_set(PlayerPhase::Off);
        }
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
    on_cleanup(move || layer.reset());

    view! {
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
    }
}
