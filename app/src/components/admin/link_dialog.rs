//! The dialog that makes a link to a camera, and shows it once.

use super::chips::Choices;
use super::in_days;
use super::secret::Secret;
use super::token_dialog::{Lasts, Tick};
use crate::components::entry::EntryField;
use crate::components::modal::Modal;
use crate::hooks::api::admin as api;
use crate::model::{Camera, CameraAction, LinkInput, LinkKind, Problem};
use crate::text;
use crate::text::admin as words;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

fn lives(kind: LinkKind) -> Vec<Option<u32>> {
    match kind {
        LinkKind::Media => [1, 3, 6].map(Some).to_vec(),
        LinkKind::Guest => [1, 7, 30, 90, 364].map(Some).to_vec(),
    }
}

#[component]
pub fn LinkDialog(cameras: Vec<Camera>, close: Callback<()>, made: Callback<()>) -> impl IntoView {
    let path = RwSignal::new(None::<String>);
    let cameras = StoredValue::new(cameras);
    let title = move || if path.with(Option::is_some) { words::LINK_MADE } else { words::LINK_ADD };
    let done = Callback::new(move |told: String| {
        path.set(Some(told));
        made.run(());
    });
    view! {
        <Modal title=Signal::derive(move || title().to_owned()) on_close=close>
            {move || match path.get() {
                Some(path) => {
                    let address = format!("{}{path}", window().location().origin().unwrap_or_default());
                    view! {
                        <div class="modal__body">
                            <Secret label=words::LINK_MADE help=words::LINK_ONCE value=address />
                        </div>
                        <footer class="modal__foot">
                            <span class="modal__space"></span>
                            <button type="button" class="button" on:click=move |_| close.run(())>
                                {words::DONE}
                            </button>
                        </footer>
                    }
                        .into_any()
                }
                None => view! { <Form cameras=cameras.get_value() close done /> }.into_any(),
            }}
        </Modal>
    }
}

#[component]
fn Form(cameras: Vec<Camera>, close: Callback<()>, done: Callback<String>) -> impl IntoView {
    let label = RwSignal::new(String::new());
    let kind = RwSignal::new(LinkKind::Guest);
    let camera = RwSignal::new(cameras.first().map(|camera| camera.id));
    let sound = RwSignal::new(true);
    let (guest_days, player_days) = (RwSignal::new(Some(7_u32)), RwSignal::new(Some(1_u32)));
    let problem = RwSignal::new(None::<(String, String)>);
    let busy = RwSignal::new(false);
    let of = move |own: &'static str| {
        problem.with(|problem| problem.as_ref().filter(|(field, _)| field == own).map(|(_, sentence)| sentence.clone()))
    };
    let submit = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(camera_id) = camera.get_untracked() else { return };
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        problem.set(None);
        let actions = if sound.get_untracked() { vec![CameraAction::Live, CameraAction::Audio] } else { vec![CameraAction::Live] };
        let kind = kind.get_untracked();
        let days = match kind {
            LinkKind::Guest => guest_days,
            LinkKind::Media => player_days,
        };
        let expires_at = in_days(days.get_untracked().unwrap_or(1));
        let input = LinkInput { kind, label: label.get_untracked(), camera_id, actions, expires_at };
        spawn_local(async move {
            match api::add_link(&input).await {
                Ok(link) => done.run(link.path.unwrap_or_default()),
                Err(Problem { field, detail, .. }) => {
                    let field = field.filter(|field| field == "label").unwrap_or_default();
                    problem.try_set(Some((field, detail)));
                    busy.try_set(false);
                }
            }
        });
    };
    let kinds = [LinkKind::Guest, LinkKind::Media].map(|kind| (kind, words::link_kind(kind), words::link_kind_help(kind))).to_vec();
    view! {
        <form class="form" method="post" novalidate on:submit=submit>
            <div class="modal__body">
                <EntryField
                    id="link-label"
                    label=words::LINK_LABEL
                    value=label
                    complaint=Signal::derive(move || of("label"))
                    autocomplete="off"
                    hint=words::LINK_LABEL_HINT
                    autofocus=true
                />
                <Choices name="link-kind" legend=words::LINK_KIND options=kinds chosen=kind />
                <div class="form__pair">
                    <div class="field">
                        <label for="link-camera">{words::LINK_CAMERA}</label>
                        <select id="link-camera" on:change:target=move |event| camera.set(event.target().value().parse().ok())>
                            {cameras
                                .iter()
                                .map(|one| {
                                    let id = one.id;
                                    view! {
                                        <option value=id.to_string() selected=move || camera.get() == Some(id)>
                                            {one.name.clone()}
                                        </option>
                                    }
                                })
                                .collect_view()}
                        </select>
                    </div>
                    {move || match kind.get() {
                        LinkKind::Guest => {
                            view! { <Lasts id="link-ends" label=words::LINK_ENDS lives=lives(LinkKind::Guest) days=guest_days /> }
                        }
                        LinkKind::Media => {
                            view! { <Lasts id="link-ends" label=words::LINK_ENDS lives=lives(LinkKind::Media) days=player_days /> }
                        }
                    }}
                </div>
                <div class="admin__chips">
                    <Tick word=words::LINK_SOUND on=sound />
                </div>
                {move || of("").map(|sentence| view! { <p class="complaint" role="alert">{sentence}</p> })}
            </div>
            <footer class="modal__foot">
                <span class="modal__space"></span>
                <button type="button" class="button" on:click=move |_| close.run(())>
                    {text::CANCEL}
                </button>
                <button type="submit" class="button button--primary" disabled=move || busy.get()>
                    {move || if busy.get() { words::MAKING } else { words::TOKEN_DO }}
                </button>
            </footer>
        </form>
    }
}
