//! The settings of the installation at `/settings`: what is done for dark cameras, and what cameras inherit.

use crate::components::icon::{Glyph, Icon};
use crate::components::recordings::RecordingFolder;
use crate::components::settings::Sheet;
use crate::components::settings::defaults::Defaults;
use crate::components::settings::ladder::LadderPart;
use crate::components::settings::webhook::WebhookPart;
use crate::hooks::api;
use crate::model::InstallationSettings;
use crate::state::{use_link, use_toasts};
use crate::text;
use crate::text::settings as words;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

/// Asks for the settings in the browser: they are nobody's first picture.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let link = use_link();
    let settings = RwSignal::new(None::<Result<InstallationSettings, String>>);
    Effect::new(move |_| {
        // Again when the server is back, unless there is something that may be being filled in.
        link.returns.track();
        if settings.with_untracked(|settings| matches!(settings, Some(Ok(_)))) {
            return;
        }
        spawn_local(async move {
            let answer = api::installation().await.map_err(|problem| problem.detail);
            // The page may have been left.
            settings.try_set(Some(answer));
        });
    });
    view! {
        <Title text=text::pages::title(words::TITLE) />
        <div class="page-head">
            <h1>{words::TITLE}</h1>
            <a class="button" href="/https">
                <Icon glyph=Glyph::Lock />
                {text::https::TITLE}
            </a>
        </div>
        {move || match settings.get() {
            None => view! { <p role="status">{words::LOADING}</p> }.into_any(),
            Some(Err(sentence)) => view! { <p class="nothing" role="status">{sentence}</p> }.into_any(),
            Some(Ok(settings)) => view! { <Parts settings /> }.into_any(),
        }}
    }
}

#[component]
fn Parts(settings: InstallationSettings) -> impl IntoView {
    let sheet = Sheet::new(settings);
    let idle = move || sheet.busy.get() || !sheet.is_changed();
    view! {
        <div class="settings">
            <LadderPart sheet />
            <WebhookPart sheet />
            <Recordings />
            <Defaults sheet />
            <div class="settings__save" class:is-needed=move || sheet.is_changed()>
                <button type="button" class="button button--quiet" disabled=idle on:click=move |_| sheet.undo()>
                    {words::UNDO}
                </button>
                <button type="button" class="button button--primary" disabled=idle on:click=move |_| sheet.save()>
                    {words::SAVE}
                </button>
            </div>
        </div>
    }
}

/// The folder is taken by itself: it is tried before it counts.
#[component]
fn Recordings() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <section class="settings__part settings__part--narrow" aria-labelledby="recordings-title">
            <h2 id="recordings-title">{text::people::RECORDINGS}</h2>
            <p class="settings__intro">{text::people::RECORDINGS_INTRO}</p>
            <RecordingFolder action=text::people::FOLDER_USE on_chosen=Callback::new(move |()| toasts.good(text::people::FOLDER_USED)) />
        </section>
    }
}
