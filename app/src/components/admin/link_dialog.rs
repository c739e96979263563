//! The dialog that makes a link, and shows it once; and its fields for a link to a camera.

use super::chips::Choices;
use super::secret::{Made, Secret};
use super::token_dialog::{DAY_S, Lasts, Tick};
use crate::components::entry::EntryField;
use crate::components::form::{DialogForm, Form};
use crate::components::modal::Modal;
use crate::components::segments::Segments;
use crate::hooks::api::admin as api;
use crate::hooks::local_time::from_now;
use crate::model::{Camera, CameraAction, LinkInput, LinkKind, Quality};
use crate::text::admin as words;
use leptos::prelude::*;

/// How long a link may live: days.
pub fn lives(kind: LinkKind) -> Vec<Option<u32>> {
    match kind {
        LinkKind::Media => [1, 3, 6].map(Some).to_vec(),
        LinkKind::Guest => [1, 7, 30, 90, 364].map(Some).to_vec(),
    }
}

/// A dialog that makes a link: first its fields, which call what they are given with the link's path, then its address, once. `made` hears
/// when there is a new link, `close` of every end.
#[component]
pub fn LinkFrame(
    title: &'static str,
    /// Below the address.
    help: &'static str,
    close: Callback<()>,
    made: Callback<()>,
    fields: impl Fn(Callback<String>) -> AnyView + Send + Sync + 'static,
) -> impl IntoView {
    let path = RwSignal::new(None::<String>);
    let title = move || if path.with(Option::is_some) { words::LINK_MADE } else { title };
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
                        <Made close>
                            <Secret label=words::LINK_MADE help value=address />
                        </Made>
                    }
                        .into_any()
                }
                None => fields(done),
            }}
        </Modal>
    }
}

/// A link to a camera.
#[component]
pub fn LinkDialog(cameras: Vec<Camera>, close: Callback<()>, made: Callback<()>) -> impl IntoView {
    let fields = move |done| view! { <Fields cameras=cameras.clone() close done /> }.into_any();
    view! { <LinkFrame title=words::LINK_ADD help=words::LINK_ONCE close made fields /> }
}

#[component]
fn Fields(cameras: Vec<Camera>, close: Callback<()>, done: Callback<String>) -> impl IntoView {
    let label = RwSignal::new(String::new());
    let kind = RwSignal::new(LinkKind::Guest);
    let camera = RwSignal::new(cameras.first().map(|camera| camera.id));
    let sound = RwSignal::new(true);
    let stream = RwSignal::new(None::<Quality>);
    let (guest_days, player_days) = (RwSignal::new(Some(7_u32)), RwSignal::new(Some(1_u32)));
    let days = move |kind: LinkKind| match kind {
        LinkKind::Guest => guest_days,
        LinkKind::Media => player_days,
    };
    let form = Form::new(&["label"]);
    let submit = move || {
        let Some(camera_id) = camera.get_untracked() else { return };
        let actions = if sound.get_untracked() { vec![CameraAction::Live, CameraAction::Audio] } else { vec![CameraAction::Live] };
        let kind = kind.get_untracked();
        let expires_at = from_now(i64::from(days(kind).get_untracked().unwrap_or(1)) * DAY_S);
        let stream = stream.get_untracked().filter(|_| kind == LinkKind::Media);
        let input = LinkInput { kind, label: label.get_untracked(), camera_id, stream, recording_id: None, actions, expires_at };
        form.send(async move { api::add_link(&input).await }, move |link| done.run(link.path.unwrap_or_default()));
    };
    let kinds = [LinkKind::Guest, LinkKind::Media].map(|kind| (kind, words::link_kind(kind), words::link_kind_help(kind))).to_vec();
    view! {
        <DialogForm form submit close label=words::TOKEN_DO busy_label=words::MAKING>
            <EntryField
                id="link-label"
                label=words::LINK_LABEL
                value=label
                complaint=form.complaint("label")
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
                {move || {
                    let kind = kind.get();
                    view! { <Lasts id="link-ends" label=words::LINK_ENDS lives=lives(kind) days=days(kind) /> }
                }}
            </div>
            <Show when=move || kind.get() == LinkKind::Media>
                <fieldset class="field">
                    <legend>{words::LINK_STREAM}</legend>
                    <Segments
                        name="link-stream"
                        options=[None, Some(Quality::Main), Some(Quality::Sub)].map(|stream| (stream, words::link_stream(stream))).to_vec()
                        chosen=stream
                        choose=move |chosen| stream.set(chosen)
                    />
                </fieldset>
            </Show>
            <div class="admin__chips">
                <Tick word=words::LINK_SOUND on=sound />
            </div>
        </DialogForm>
    }
}
