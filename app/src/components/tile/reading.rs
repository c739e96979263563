//! What a tile says of its camera: how live the picture in front is, and what is remarkable about it.

use super::stage::Stage;
use crate::health::Phase;
use crate::hooks::heartbeat::browser_moment;
use crate::hooks::poster::Poster;
use crate::live::proof::Moment;
use crate::model::Quality;
use crate::state::{LinkState, use_link, use_wall};
use crate::text;
use crate::view::face::{Evidence, Face, face};
use crate::view::flag::{Flag, flag};
use crate::view::number;
use crate::view::time::age;
use leptos::prelude::*;

/// What is read off the player in front, the server's status and the page's own line. Small and copied.
#[derive(Clone, Copy)]
pub struct Reading {
    pub face: Memo<Face>,
    /// Of a live picture only.
    pub remark: Memo<Option<Flag>>,
    /// Of a moving picture only.
    pub latency: Memo<Option<String>>,
    /// The page hears the server.
    pub line_up: Memo<bool>,
    evidence: Memo<Evidence>,
    stage: Stage,
    /// Once a second, and at once when the page comes back. None on the server.
    now: Memo<Option<Moment>>,
}

impl Reading {
    /// Of the tile of camera `id`.
    pub fn new(id: i64, stage: Stage, enabled: Memo<bool>) -> Self {
        let (wall, link) = (use_wall(), use_link());
        let status = Memo::new(move |_| {
            let main_status = stage.main_shown.get().then(|| wall.status(id, Quality::Main)).flatten();
            main_status.or_else(|| wall.leading(id)).map(|seen| seen.status)
        });
        let now = Memo::new(move |_| wall.now_ms.get().map(|_| browser_moment()));
        let overdue = Memo::new(move |_| now.get().zip(stage.front().shown.get()).is_some_and(|(now, shown)| shown.is_overdue(now)));
        let line_up = Memo::new(move |_| matches!(link.state.get(), LinkState::Up | LinkState::Starting));
        let evidence = Memo::new(move |_| {
            let front = stage.front();
            Evidence {
                phase: front.phase.get(),
                overdue: overdue.get(),
                line_up: line_up.get(),
                latency_ms: front.stats.get().and_then(|stats| stats.latency_ms),
                given_up: front.health.with(|view| view.is_some_and(|view| view.phase == Phase::GivenUp)),
            }
        });
        let face = Memo::new(move |_| face(enabled.get(), status.get().as_ref(), &evidence.get()));
        let remark = Memo::new(move |_| {
            let live = face.with(Face::is_live);
            live.then(|| status.with(|status| flag(status.as_ref(), stage.front().verdict.get().picture))).flatten()
        });
        let latency = Memo::new(move |_| {
            let evidence = evidence.get();
            evidence.latency_ms.filter(|_| evidence.is_moving()).map(number::latency)
        });
        Self { face, remark, latency, line_up, evidence, stage, now }
    }

    /// Whether pictures are being presented; tracks it.
    pub fn is_moving(self) -> bool {
        self.evidence.with(Evidence::is_moving)
    }

    /// How old the picture is that stands there, while it is not a moving one: the player's, or the one behind it; tracks it.
    pub fn picture_age(self, behind: Poster) -> Option<String> {
        if self.is_moving() && !self.face.with(Face::is_dimmed) {
            return None;
        }
        let now = self.now.get()?;
        let front = self.stage.front();
        let age_ms = if front.has_picture.get() { front.shown.get()?.age_ms(now) } else { behind.taken()?.age_ms(now) };
        Some(text::ago(&age(age_ms as i64)))
    }
}
