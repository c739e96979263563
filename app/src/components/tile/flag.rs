//! The calm remark on a live picture that stands still or is dark.

use crate::state::use_wall;
use crate::view::flag::Flag;
use leptos::prelude::*;

#[component]
pub fn TileFlag(remark: Memo<Option<Flag>>) -> impl IntoView {
    let wall = use_wall();
    move || remark.get().map(|flag| view! { <p class="tile__flag">{move || flag.words(wall.server_now())}</p> })
}
