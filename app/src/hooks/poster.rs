//! A camera's last picture with its age, for a tile that has no picture of its own.

use crate::hooks::timer::sleep;
use crate::live::proof::Moment;
use crate::live::{Still, use_players};
use leptos::prelude::*;
use leptos::task::spawn_local;
use send_wrapper::SendWrapper;

/// A player usually shows its own picture sooner (ms).
const PATIENCE_MS: u32 = 800;

/// The picture that stands behind the player.
#[derive(Clone, Copy)]
pub struct Poster {
    still: RwSignal<Option<SendWrapper<Still>>>,
}

impl Poster {
    /// None: the one that came with the page, whose age nobody told.
    pub fn url(self) -> Option<String> {
        self.still.with(|still| still.as_ref().map(|still| still.url.clone()))
    }

    /// When it was taken.
    pub fn taken(self) -> Option<Moment> {
        self.still.with(|still| still.as_ref().map(|still| still.taken))
    }
}

/// Fetches the picture whenever `wanted` becomes true and stays so for a moment. Nothing on the server.
pub fn use_poster(camera_id: i64, wanted: Memo<bool>) -> Poster {
    let poster = Poster { still: RwSignal::new(None) };
    let players = use_players();
    Effect::new(move |_| {
        let Some(players) = players.clone().filter(|_| wanted.get()) else { return };
        spawn_local(async move {
            sleep(PATIENCE_MS).await;
            if wanted.try_get_untracked() == Some(true) {
                players.still(camera_id, move |still| {
                    // Dropped, and with it the picture, if the tile has gone.
                    let _ = poster.still.try_set(Some(SendWrapper::new(still)));
                });
            }
        });
    });
    poster
}
