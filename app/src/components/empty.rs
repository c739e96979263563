//! The wall without cameras, and while it loads.

use crate::backend::Guest;
use crate::components::icon::{Glyph, Icon, Mark};
use crate::hooks::{api, role};
use crate::model::{Camera, CameraInput, Problem, Profile};
use crate::state::{Dialog, Wall, use_dialogs, use_style, use_toasts, use_wall};
use crate::text;
use crate::view::form::free_name;
use crate::view::recordings::address;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Adds a demo camera under a name that is free.
async fn create_demo(wall: Wall) -> Result<Camera, Problem> {
    let name = wall.cameras.with_untracked(|cameras| free_name(text::DEMO_NAME, cameras.iter().map(|camera| camera.name.as_str())));
    let input = CameraInput { name, profile: Profile::TestPattern, enabled: true, always_on: true, ..CameraInput::default() };
    let camera = api::create_camera(&input, false).await?;
    wall.upsert(camera.clone());
    Ok(camera)
}

/// The ways to a first camera: one on the network, one whose address is known, and one that is only drawn. `added`: a demo camera is there.
#[component]
pub fn AddButtons(
    added: Callback<Camera>,
    /// A camera of one's own is what is expected here.
    #[prop(optional)]
    primary: bool,
) -> impl IntoView {
    let (dialogs, toasts, wall) = (use_dialogs(), use_toasts(), use_wall());
    let busy = RwSignal::new(false);
    let add_demo = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            match create_demo(wall).await {
                Ok(camera) => drop(added.try_run(camera)),
                Err(problem) => toasts.bad(problem.detail),
            }
            // The buttons may be gone by now, and their signal with them.
            busy.try_set(false);
        });
    };
    view! {
        <button type="button" class="button" class:button--primary=primary on:click=move |_| dialogs.show(Dialog::Find)>
            <Icon glyph=Glyph::Search />
            {text::find::FIND}
        </button>
        <button type="button" class="button" on:click=move |_| dialogs.show(Dialog::Add)>
            <Icon glyph=Glyph::Plus />
            {text::EMPTY_ADD}
        </button>
        <button type="button" class="button" aria-busy=move || busy.get().to_string() disabled=move || busy.get() on:click=add_demo>
            <Icon glyph=Glyph::Clock />
            {text::EMPTY_DEMO}
        </button>
    }
}

/// Shown when there is no camera at all.
#[component]
pub fn EmptyWall() -> impl IntoView {
    let toasts = use_toasts();
    let edits = role::administers();
    let added = Callback::new(move |camera: Camera| toasts.good(text::added(&camera.name)));
    view! {
        <section class="empty" aria-labelledby="empty-title">
            <div class="empty__scene" aria-hidden="true">
                <Mark />
            </div>
            {match role::guest() {
                Some(Guest::Recording(id)) => {
                    view! {
                        <h1 id="empty-title">{text::recordings::GUEST_WALL}</h1>
                        <div class="empty__actions">
                            <a class="button button--primary" href=address(id)>
                                {text::recordings::WATCH}
                            </a>
                        </div>
                    }
                        .into_any()
                }
                _ => {
                    view! {
                        <h1 id="empty-title">{text::EMPTY_TITLE}</h1>
                        <p>{if edits { text::EMPTY_TEXT } else { text::EMPTY_ASK }}</p>
                        {edits
                            .then(|| {
                                view! {
                                    <div class="empty__actions">
                                        <AddButtons added primary=true />
                                    </div>
                                }
                            })}
                    }
                        .into_any()
                }
            }}
        </section>
    }
}

/// Shown when every camera is hidden.
#[component]
pub fn AllHidden() -> impl IntoView {
    let style = use_style();
    view! {
        <section class="empty">
            <h1>{text::HIDDEN_TITLE}</h1>
            <p>{text::HIDDEN_TEXT}</p>
            <div class="empty__actions">
                <button
                    type="button"
                    class="button button--primary"
                    on:click=move |_| style.wall.update(|style| style.show_hidden = true)
                >
                    {text::SHOW_HIDDEN}
                </button>
            </div>
        </section>
    }
}

/// Placeholders in the shape of tiles.
#[component]
pub fn Skeletons() -> impl IntoView {
    view! {
        <div class="skeletons" role="status" aria-label=text::LOADING>
            {(0..4).map(|_| view! { <div class="skeleton"></div> }).collect_view()}
        </div>
    }
}
