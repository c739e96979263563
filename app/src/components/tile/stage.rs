//! Which of a tile's two players runs, and whose picture stands in front.

use super::layer::Layer;
use crate::state::{Enlarged, use_wall};
use leptos::prelude::*;

/// The two players of a tile, of the sub stream and of main. Small and copied.
#[derive(Clone, Copy)]
pub struct Stage {
    pub sub: Layer,
    pub main: Layer,
    /// The tile fills the page.
    pub large: Memo<bool>,
    /// Another tile does.
    pub covered: Memo<bool>,
    /// Somebody may be looking at it: it is in sight, not covered, and the page is in the foreground.
    pub visible: Memo<bool>,
    /// A picture is to be had: the camera is on and its tile visible.
    pub wanted: Memo<bool>,
    /// The sub stream's player runs.
    pub sub_active: Memo<bool>,
    /// Main has an element. It starts behind when the tile is enlarged; when that is shrunk, it stays in front until sub has a picture again.
    pub keep_main: Memo<bool>,
    /// Main's picture is in front.
    pub main_shown: Memo<bool>,
}

impl Stage {
    /// Of the tile of camera `id`.
    pub fn new(id: i64, enlarged: Enlarged, enabled: Memo<bool>, in_sight: ReadSignal<bool>) -> Self {
        let wall = use_wall();
        let (sub, main) = (Layer::new(), Layer::new());
        let large = Memo::new(move |_| enlarged.id.get() == Some(id));
        let covered = Memo::new(move |_| enlarged.id.get().is_some_and(|other| other != id));
        let visible = Memo::new(move |_| in_sight.get() && wall.page_visible.get() && !covered.get());
        let wanted = Memo::new(move |_| enabled.get() && visible.get());
        let keep_main =
            Memo::new(move |before: Option<&bool>| large.get() || (before == Some(&true) && !covered.get() && !sub.is_playing()));
        let main_shown = Memo::new(move |_| keep_main.get() && main.has_picture.get());
        let sub_active = Memo::new(move |_| wanted.get() && !(large.get() && main.is_playing()));
        Self { sub, main, large, covered, visible, wanted, sub_active, keep_main, main_shown }
    }

    /// The player whose picture is in front; tracks it.
    pub fn front(self) -> Layer {
        if self.main_shown.get() { self.main } else { self.sub }
    }

    /// Starts both players afresh, because a person asked for it.
    pub fn refresh(self) {
        self.sub.refresh();
        self.main.refresh();
    }

    /// A person has touched the picture: browsers play now what they would not before.
    pub fn gesture(self) {
        self.sub.gesture();
        self.main.gesture();
    }
}
