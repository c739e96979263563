//! The bar at the top: the mark, how many cameras are online, the search, the layout, adding a camera.

use crate::backend::Guest;
use crate::components::icon::{Glyph, Icon, IconButton, Mark};
use crate::components::layout_menu::LayoutMenu;
use crate::components::nav::PagesMenu;
use crate::hooks::role;
use crate::state::{Dialog, use_dialogs, use_style, use_wall};
use crate::text;
use leptos::prelude::*;

#[component]
pub fn Header() -> impl IntoView {
    let (wall, dialogs, style) = (use_wall(), use_dialogs(), use_style());
    let count = Memo::new(move |_| wall.online());
    let hidden = Memo::new(move |_| style.wall.get().header_hidden);
    let hide = move |hide: bool| style.wall.update(|style| style.header_hidden = hide);
    view! {
        <a class="skip" href="#wall">
            {text::SKIP}
        </a>
        <header class="bar" class:bar--hidden=move || hidden.get()>
            <div class="bar__brand">
                <Mark />
                <span class="bar__name">{text::PRODUCT}</span>
            </div>
            <p class="bar__count" class:is-empty=move || count.get().1 == 0>
                <span class="dot" data-tone=move || if count.get().0 == count.get().1 { "good" } else { "wait" } aria-hidden="true"></span>
                <span>
                    {move || {
                        let (online, all) = count.get();
                        text::of(online, all)
                    }}
                    <span class="bar__unit">{text::ONLINE}</span>
                </span>
            </p>
            <div class="bar__tools">
                <Show when=move || { wall.any() }>
                    <IconButton glyph=Glyph::Search label=text::search::FIND_KEY on_press=move |_| dialogs.show(Dialog::Search) />
                </Show>
                <LayoutMenu />
                {role::administers()
                    .then(|| {
                        view! {
                            <button
                                type="button"
                                class="button button--primary bar__add"
                                aria-label=text::ADD_CAMERA
                                on:click=move |_| dialogs.show(Dialog::Add)
                            >
                                <Icon glyph=Glyph::Plus />
                                <span>{text::ADD_CAMERA}</span>
                            </button>
                        }
                    })}
                <IconButton glyph=Glyph::ChevronUp label=text::HIDE_HEADER on_press=move |_| hide(true) />
                {(!matches!(role::guest(), Some(Guest::Recording(_)))).then(|| view! { <PagesMenu /> })}
            </div>
        </header>
        <Show when=move || hidden.get()>
            <button type="button" class="bar-tab" aria-label=text::SHOW_HEADER title=text::SHOW_HEADER on:click=move |_| hide(false)>
                <Icon glyph=Glyph::ChevronDown />
            </button>
        </Show>
    }
}
