//! Adding and editing a camera: what is on the network, what kind it is, where it is, a test, and saving.

mod actions;
mod advanced;
mod fields;
mod find;
mod verdict;

use crate::components::camera_dialog::actions::{save, test};
use crate::components::camera_dialog::advanced::Advanced;
use crate::components::camera_dialog::fields::{Choice, Kinds, Switch, TextField};
use crate::components::camera_dialog::find::{Chosen, Find, FindEntry, Finder, open_list};
use crate::components::camera_dialog::verdict::Verdict;
use crate::components::icon::{Glyph, Icon};
use crate::components::modal::Modal;
use crate::model::{Camera, ProbeReport, Profile, Transport};
use crate::state::{Dialogs, Toasts, Wall, use_dialogs, use_toasts, use_wall};
use crate::text;
use crate::view::form::{Complaint, Draft, Field};
use leptos::ev::SubmitEvent;
use leptos::prelude::*;

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Busy {
    Test,
    Save,
}

/// What the dialog shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The cameras on the network.
    Find,
    Form,
}

/// The dialog's state.
#[derive(Clone, Copy)]
struct Form {
    /// The camera that is edited, as it was when the dialog opened.
    camera: StoredValue<Option<Camera>>,
    draft: RwSignal<Draft>,
    complaint: RwSignal<Option<Complaint>>,
    report: RwSignal<Option<ProbeReport>>,
    busy: RwSignal<Option<Busy>>,
    stage: RwSignal<Stage>,
    finder: Finder,
    wall: Wall,
    dialogs: Dialogs,
    toasts: Toasts,
}

impl Form {
    /// Changes the draft; what was said about the old one no longer holds.
    fn edit(self, change: impl FnOnce(&mut Draft)) {
        self.draft.update(change);
        self.report.set(None);
        self.complaint.set(None);
    }

    /// The complaint that belongs beside this field.
    fn complaint_at(self, field: Field) -> Option<String> {
        self.complaint.with(|complaint| {
            complaint.as_ref().filter(|complaint| complaint.field == Some(field)).map(|complaint| complaint.sentence.clone())
        })
    }
}

#[component]
pub fn CameraDialog(
    camera_id: Option<i64>,
    /// Begins with the cameras on the network.
    #[prop(optional)]
    find: bool,
) -> impl IntoView {
    let (wall, dialogs) = (use_wall(), use_dialogs());
    let camera = camera_id.and_then(|id| untrack(|| wall.camera(id)));
    let own_title = camera.as_ref().map_or_else(|| text::DIALOG_ADD.to_owned(), |camera| text::dialog_edit(&camera.name));
    let form = Form {
        draft: RwSignal::new(camera.as_ref().map_or_else(Draft::new, Draft::of)),
        camera: StoredValue::new(camera),
        complaint: RwSignal::new(None),
        report: RwSignal::new(None),
        busy: RwSignal::new(None),
        stage: RwSignal::new(if find { Stage::Find } else { Stage::Form }),
        finder: Finder::new(),
        wall,
        dialogs,
        toasts: use_toasts(),
    };
    let close = Callback::new(move |()| dialogs.open.set(None));
    let title = Signal::derive(move || match form.stage.get() {
        Stage::Find => text::find::TITLE.to_owned(),
        Stage::Form => own_title.clone(),
    });
    view! {
        <Modal title on_close=close>
            {move || match form.stage.get() {
                Stage::Find => view! { <Find form close /> }.into_any(),
                Stage::Form => view! { <CameraForm form close /> }.into_any(),
            }}
        </Modal>
    }
}

/// What is typed about a camera.
#[component]
fn CameraForm(form: Form, close: Callback<()>) -> impl IntoView {
    let editing = form.camera.with_value(Option::is_some);
    let chosen = form.finder.chosen.get_untracked();
    let profile = Memo::new(move |_| form.draft.with(|draft| draft.profile));
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        save(form, false);
    };
    view! {
        <form class="form" novalidate=true autocomplete="off" on:submit=on_submit>
            <div class="modal__body">
                {match chosen {
                    Some(device) => view! { <Chosen device /> }.into_any(),
                    None if editing => ().into_any(),
                    None => view! {
                        <FindEntry form />
                        <Kinds form />
                    }
                    .into_any(),
                }}
                <TextField
                    form
                    field=Field::Name
                    label=text::FIELD_NAME
                    hint=text::FIELD_NAME_HINT
                    value=|draft| draft.name.clone()
                    change=|draft, value| draft.name = value
                    autofocus=true
                />
                <Show when=move || profile.get() != Profile::TestPattern>
                    <Addresses form profile />
                </Show>
                <div class="form__switches">
                    <Switch
                        form
                        label=text::FIELD_ALWAYS_ON
                        hint=text::FIELD_ALWAYS_ON_HINT
                        value=|draft| draft.always_on
                        change=|draft, on| draft.always_on = on
                    />
                    <Show when=move || editing>
                        <Switch
                            form
                            label=text::FIELD_ENABLED
                            hint=text::FIELD_ENABLED_HINT
                            value=|draft| draft.enabled
                            change=|draft, on| draft.enabled = on
                        />
                    </Show>
                </div>
                <Advanced form profile />
                <Verdict form />
            </div>
            <Foot form close />
        </form>
    }
}

/// Where the camera is and how to sign in there.
#[component]
fn Addresses(form: Form, profile: Memo<Profile>) -> impl IntoView {
    let rtsp = Memo::new(move |_| profile.get() == Profile::GenericRtsp);
    view! {
        <TextField
            form
            field=Field::MainUrl
            label=text::FIELD_MAIN
            hint=Signal::derive(move || if rtsp.get() { text::FIELD_MAIN_HINT } else { text::FIELD_OTHER_HINT })
            placeholder=Signal::derive(move || if rtsp.get() { text::FIELD_MAIN_PLACEHOLDER } else { text::FIELD_OTHER_PLACEHOLDER })
            value=|draft| draft.main_url.clone()
            change=|draft, value| draft.main_url = value
            address=true
        />
        <TextField
            form
            field=Field::SubUrl
            label=text::FIELD_SUB
            optional=true
            hint=text::FIELD_SUB_HINT
            placeholder=Signal::derive(move || if rtsp.get() { text::FIELD_SUB_PLACEHOLDER } else { "" })
            value=|draft| draft.sub_url.clone()
            change=|draft, value| draft.sub_url = value
            address=true
        />
        <div class="form__pair">
            <TextField
                form
                field=Field::Username
                label=text::FIELD_USER
                optional=true
                value=|draft| draft.username.clone()
                change=|draft, value| draft.username = value
            />
            <TextField
                form
                field=Field::Password
                label=text::FIELD_PASSWORD
                optional=true
                secret=true
                placeholder=Signal::derive(move || if form.draft.with(|draft| draft.password_stored) { text::PASSWORD_UNCHANGED } else { "" })
                value=|draft| draft.password.clone()
                change=|draft, value| draft.password = value
            />
        </div>
        <Show when=move || rtsp.get()>
            <Choice
                form
                field=Field::Transport
                label=text::FIELD_TRANSPORT
                hint=text::FIELD_TRANSPORT_HINT
                options=[(Transport::Auto, text::TRANSPORT_AUTO), (Transport::Tcp, text::TRANSPORT_TCP), (Transport::Udp, text::TRANSPORT_UDP)]
            />
        </Show>
    }
}

/// Test, cancel, save; and saving all the same.
#[component]
fn Foot(form: Form, close: Callback<()>) -> impl IntoView {
    let can_force = Memo::new(move |_| form.complaint.with(|complaint| complaint.as_ref().is_some_and(|complaint| complaint.can_force)));
    let busy = move || form.busy.get().is_some();
    let chosen = form.finder.chosen.with_untracked(Option::is_some);
    view! {
        <footer class="modal__foot">
            <Show when=move || can_force.get()>
                <p class="modal__note" role="status">
                    {text::SAVE_ANYWAY_TEXT}
                </p>
            </Show>
            <button type="button" class="button" disabled=busy on:click=move |_| test(form)>
                <Icon glyph=Glyph::Signal />
                {move || if form.busy.get() == Some(Busy::Test) { text::TESTING } else { text::TEST }}
            </button>
            <span class="modal__space"></span>
            {if chosen {
                view! {
                    <button type="button" class="button button--quiet" disabled=busy on:click=move |_| open_list(form)>
                        {text::find::BACK}
                    </button>
                }
                    .into_any()
            } else {
                view! {
                    <button type="button" class="button button--quiet" on:click=move |_| close.run(())>
                        {text::CANCEL}
                    </button>
                }
                    .into_any()
            }}
            <Show when=move || can_force.get()>
                <button type="button" class="button" disabled=busy on:click=move |_| save(form, true)>
                    {text::SAVE_ANYWAY}
                </button>
            </Show>
            <button type="submit" class="button button--primary" disabled=busy>
                {move || if form.busy.get() == Some(Busy::Save) { text::SAVING } else { text::SAVE }}
            </button>
        </footer>
    }
}
