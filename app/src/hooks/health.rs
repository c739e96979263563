//! Feeds the health monitors and carries their decisions out. What is decided, and why, is [`crate::health`].
//!
//! Every live layer of a tile registers itself ([`use_health`]); one timer for the page looks at those that are due ([`use_health_rounds`]),
//! a few at a time, so that a wall of many tiles never samples all of them at once.

use crate::components::tile::layer::Layer;
use crate::health::storm::Blame;
use crate::health::{Action, Finding, HealthSettings, Monitor, Outcome, Phase, Probe, Rest, Sampler, Storm, Upstream, Verdict};
use crate::hooks::api;
use crate::hooks::heartbeat::monotonic_ms;
use crate::hooks::timer::after;
use crate::live::TransportKind;
use crate::model::{Quality, StreamState};
use crate::state::{Health, Link, LinkState, Wall, use_health_state, use_link, use_wall};
use crate::view::face::PlayerPhase;
use gloo::timers::callback::Interval;
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How often the page looks for tiles that are due.
const ROUND_MS: u32 = 250;
/// Time between two tiles when all of them are renewed.
const STAGGER_MS: u32 = 150;

/// One layer of a tile with its monitor.
pub struct Watched {
    camera_id: i64,
    quality: Quality,
    layer: Layer,
    wall: Wall,
    monitor: RefCell<Monitor>,
    sampler: RefCell<Sampler>,
    /// When it is looked at next.
    due_ms: Cell<f64>,
    /// Decisions that the layer's list has.
    published: Cell<u64>,
}

/// Watches a layer while it is to be seen. No-op on the server.
pub fn use_health(camera_id: i64, quality: Quality, layer: Layer, active: Signal<bool>) {
    let (wall, health) = (use_wall(), use_health_state());
    let settings = Memo::new(move |_| wall.camera(camera_id).map(|camera| camera.health).unwrap_or_default());
    let rest = Memo::new(move |_| match layer.phase.get() {
        _ if !settings.with(|settings| settings.enabled) => Some(Rest::Off),
        _ if !wall.page_visible.get() => Some(Rest::PageHidden),
        _ if !active.get() => Some(Rest::OutOfSight),
        PlayerPhase::NeedsTap => Some(Rest::WantsTap),
        PlayerPhase::Failed(_) => Some(Rest::PlayerEnded),
        _ => None,
    });
    let kept: StoredValue<Option<SendWrapper<Rc<Watched>>>> = StoredValue::new(None);
    Effect::new(move |_| {
        let settings = settings.get();
        let watched = kept.get_value().unwrap_or_else(|| {
            let watched = SendWrapper::new(Rc::new(Watched::new(camera_id, quality, layer, wall, settings.clone())));
            kept.set_value(Some(watched.clone()));
            health.add(watched.clone());
            watched
        });
        watched.monitor.borrow_mut().configure(settings);
        watched.attach(rest.get());
    });
    Effect::new(move |before: Option<u32>| {
        let starts = layer.fresh_starts.get();
        if before.is_some_and(|before| before != starts)
            && let Some(watched) = kept.get_value()
        {
            watched.started_afresh();
        }
        starts
    });
    on_cleanup(move || {
        if let Some(Some(watched)) = kept.try_update_value(Option::take) {
            health.remove(&watched);
        }
        layer.verdict.try_set(Verdict::default());
        layer.health.try_set(None);
    });
}

/// The page's timer. No-op on the server.
pub fn use_health_rounds() {
    let (health, link) = (use_health_state(), use_link());
    Effect::new(move |_| {
        let interval = Interval::new(ROUND_MS, move || round(health, link));
        let interval = StoredValue::new_local(Some(interval));
        on_cleanup(move || {
            interval.try_update_value(Option::take);
        });
    });
}

fn round(health: Health, link: Link) {
    let now = monotonic_ms();
    let line_up = matches!(link.state.get_untracked(), LinkState::Up | LinkState::Starting);
    let all = health.all();
    for watched in &all {
        if watched.due_ms.get() > now {
            continue;
        }
        watched.due_ms.set(now + watched.monitor.borrow().settings().interval_ms());
        if let Some(finding) = watched.look(now, line_up, true) {
            decide(health, link, &all, watched, finding, line_up);
        }
        watched.publish(now);
    }
}

/// Is it this tile or the page? Then somebody acts.
fn decide(health: Health, link: Link, all: &[Rc<Watched>], found: &Rc<Watched>, finding: Finding, line_up: bool) {
    let now = monotonic_ms();
    let stopped_ms = found.monitor.borrow().judged_since_ms();
    let blame = match (finding, stopped_ms) {
        (Finding::Stale, Some(stopped_ms)) => {
            // What is known of the others is a moment old: they are asked now.
            for other in all.iter().filter(|other| !Rc::ptr_eq(other, found)) {
                let _ = other.look(now, line_up, false);
            }
            let pictures: Vec<f64> = all.iter().filter_map(|watched| watched.monitor.borrow().judged_since_ms()).collect();
            health.storm.try_update_value(|storm: &mut Storm| storm.judge(now, stopped_ms, &pictures)).unwrap_or(Blame::Tile)
        }
        _ => Blame::Tile,
    };
    match blame {
        Blame::Tile => {
            let action = found.monitor.borrow_mut().act(now, finding, js_sys::Math::random());
            found.perform(action);
        }
        Blame::Patience => {}
        Blame::Page { anew } => {
            link.reconnect();
            let judged = all.iter().filter(|watched| watched.monitor.borrow().judged_since_ms().is_some());
            for (place, watched) in (0_u32..).zip(judged) {
                watched.monitor.borrow_mut().page_fault(now);
                watched.publish(now);
                let was = watched.layer.phase.try_get_untracked();
                let watched = Rc::downgrade(watched);
                after(place * STAGGER_MS, move || {
                    let Some(watched) = watched.upgrade().filter(|watched| watched.monitor.borrow().is_attached()) else { return };
                    // Meanwhile the player itself may have seen that it hangs: then it connects anew already, or has, and once is enough.
                    let phase = watched.layer.phase.try_get_untracked();
                    let connects = phase != was && matches!(phase, Some(PlayerPhase::Connecting | PlayerPhase::Waiting(_)));
                    let by_itself = connects || watched.layer.picture_at_ms().is_some_and(|at| at > now);
                    if anew {
                        watched.layer.rebuild();
                    } else if !by_itself {
                        watched.layer.renew();
                    }
                });
            }
        }
    }
}

impl Watched {
    fn new(camera_id: i64, quality: Quality, layer: Layer, wall: Wall, settings: HealthSettings) -> Self {
        // Tiles that appear together are looked at one after the other.
        let due_ms = monotonic_ms() + settings.interval_ms() * js_sys::Math::random();
        Self {
            camera_id,
            quality,
            layer,
            wall,
            monitor: RefCell::new(Monitor::new(settings)),
            sampler: RefCell::default(),
            due_ms: Cell::new(due_ms),
            published: Cell::new(0),
        }
    }

    fn attach(&self, rest: Option<Rest>) {
        let now = monotonic_ms();
        match rest {
            None => self.monitor.borrow_mut().attach(now),
            Some(rest) => {
                self.monitor.borrow_mut().detach(now, rest);
                self.sampler.borrow_mut().forget();
            }
        }
        self.publish(now);
    }

    fn started_afresh(&self) {
        let now = monotonic_ms();
        self.monitor.borrow_mut().started_afresh(now);
        self.sampler.borrow_mut().forget();
        self.publish(now);
    }

    /// `sampled`: the picture is looked at as well.
    fn look(&self, now_ms: f64, line_up: bool, sampled: bool) -> Option<Finding> {
        if !self.monitor.borrow().is_attached() {
            return None;
        }
        let pixels = if sampled { self.layer.thumbnail() } else { None };
        let sample = pixels.and_then(|pixels| self.sampler.borrow_mut().take(pixels));
        let status = untrack(|| self.wall.status(self.camera_id, self.quality)).map(|seen| seen.status);
        let upstream = status.as_ref().map_or(Upstream::Unknown, |status| match status.state {
            _ if status.asleep => Upstream::Shut,
            StreamState::Live => Upstream::Live,
            StreamState::Idle => Upstream::Unknown,
            StreamState::Connecting | StreamState::Stalled | StreamState::Backoff | StreamState::CircuitOpen => Upstream::Down,
            StreamState::AuthBlocked | StreamState::Disabled => Upstream::Shut,
        });
        let stills = self.layer.stats.try_get_untracked().flatten().is_some_and(|stats| stats.transport == TransportKind::Stills);
        let gap_ms = status.map_or(0.0, |status| match status.key_frame_interval_ms {
            // Stills are key frames, asked for once a second.
            Some(interval) if stills => f64::from(interval) + 1_000.0,
            _ if status.fps > 0.01 => 1_000.0 / f64::from(status.fps),
            _ => 0.0,
        });
        let probe = Probe { now_ms, picture_at_ms: self.layer.picture_at_ms(), sample, upstream, line_up, gap_ms };
        self.monitor.borrow_mut().probe(&probe)
    }

    fn perform(self: &Rc<Self>, action: Action) {
        match action {
            Action::Refresh => {
                self.layer.renew();
                return self.done(Outcome::Restarted);
            }
            Action::Rebuild => self.layer.rebuild(),
            Action::Recover => {}
        }
        let watched = Rc::downgrade(self);
        let (camera_id, quality) = (self.camera_id, self.quality);
        spawn_local(async move {
            let outcome = match api::recover(camera_id, quality).await {
                Ok(answer) => Outcome::Answered { restarted: answer.restarted, reason: answer.reason },
                Err(problem) => Outcome::Failed { reason: problem.detail },
            };
            if let Some(watched) = watched.upgrade() {
                watched.done(outcome);
            }
        });
    }

    fn done(&self, outcome: Outcome) {
        let now = monotonic_ms();
        self.monitor.borrow_mut().done(now, outcome);
        self.sampler.borrow_mut().forget();
        self.publish(now);
    }

    /// Tells the tile. Its signals may be gone already.
    fn publish(&self, now_ms: f64) {
        let monitor = self.monitor.borrow();
        let view = monitor.view(now_ms);
        if self.layer.verdict.try_get_untracked().is_some_and(|before| before != view.verdict) {
            self.layer.verdict.try_set(view.verdict);
        }
        let resting = matches!(view.phase, Phase::Resting(_));
        let same =
            self.layer.health.try_get_untracked().is_none_or(|before| resting && before.is_some_and(|before| before.phase == view.phase));
        if !same {
            self.layer.health.try_set(Some(view));
        }
        if self.published.replace(view.decisions) != view.decisions {
            self.layer.decisions.try_set(monitor.log().iter().cloned().collect());
        }
    }
}
