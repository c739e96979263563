//! The webhook of the recovery ladder: where it goes, what it says, a test.

use super::Sheet;
use crate::components::segments::Segments;
use crate::hooks::api;
use crate::model::{InstallationPatch, Problem, WebhookInput, WebhookMethod, WebhookView};
use crate::text;
use crate::text::settings as words;
use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// What stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Draft {
    url: String,
    method: WebhookMethod,
    body: String,
    header: String,
    /// Empty: the stored one stays.
    secret: String,
}

impl Draft {
    fn of(stored: Option<&WebhookView>) -> Self {
        let Some(stored) = stored else { return Self::default() };
        Self {
            url: stored.url.clone(),
            method: stored.method,
            body: stored.body.clone().unwrap_or_default(),
            header: stored.header.clone().unwrap_or_default(),
            secret: String::new(),
        }
    }

    fn input(&self) -> WebhookInput {
        let text = |text: &str| (!text.trim().is_empty()).then(|| text.to_owned());
        WebhookInput {
            url: self.url.clone(),
            method: self.method,
            // A body that was typed for another method is not lost, only not sent.
            body: text(&self.body).filter(|_| self.method != WebhookMethod::Get),
            header: text(&self.header),
            secret: text(&self.secret),
        }
    }
}

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Busy {
    Test,
    Save,
}

#[derive(Clone, Copy)]
struct Form {
    sheet: Sheet,
    draft: RwSignal<Draft>,
    complaint: RwSignal<Option<Problem>>,
    /// What a test has shown.
    received: RwSignal<Option<String>>,
    busy: RwSignal<Option<Busy>>,
}

impl Form {
    fn edit(self, change: impl FnOnce(&mut Draft)) {
        self.draft.update(change);
        self.complaint.set(None);
        self.received.set(None);
    }

    fn complaint_at(self, field: &'static str) -> Option<String> {
        self.complaint.with(|problem| {
            let problem = problem.as_ref()?;
            let here = problem.field.as_deref()?.strip_prefix("webhook.").unwrap_or("url") == field;
            here.then(|| problem.detail.clone())
        })
    }

    fn begin(self, busy: Busy) {
        self.complaint.set(None);
        self.received.set(None);
        self.busy.set(Some(busy));
    }

    /// False if the page was left meanwhile.
    fn end(self) -> bool {
        self.busy.try_set(None).is_none()
    }

    /// Stores a webhook, or removes the stored one; `done` is said then.
    fn put(self, webhook: Option<WebhookInput>, done: &'static str) {
        self.begin(Busy::Save);
        let patch = InstallationPatch { webhook: Some(webhook), ..InstallationPatch::default() };
        spawn_local(async move {
            let answer = api::update_installation(&patch).await;
            if !self.end() {
                return;
            }
            match answer {
                Ok(settings) => {
                    self.draft.set(Draft::of(settings.webhook.as_ref()));
                    self.sheet.take(settings);
                    self.sheet.toasts.good(done.to_owned());
                }
                Err(problem) if problem.field.is_none() => self.sheet.toasts.bad(problem.detail),
                Err(problem) => self.complaint.set(Some(problem)),
            }
        });
    }

    /// Sends what stands in the form once, without storing it.
    fn test(self) {
        self.begin(Busy::Test);
        let input = self.draft.get_untracked().input();
        spawn_local(async move {
            let answer = api::test_webhook(&input).await;
            if !self.end() {
                return;
            }
            match answer {
                Ok(report) => self.received.set(Some(report.message)),
                Err(problem) => self.complaint.set(Some(problem)),
            }
        });
    }
}

#[component]
pub fn WebhookPart(sheet: Sheet) -> impl IntoView {
    let stored = Memo::new(move |_| sheet.stored.with(|stored| stored.webhook.clone()));
    let form = Form {
        sheet,
        draft: RwSignal::new(Draft::of(stored.get_untracked().as_ref())),
        complaint: RwSignal::new(None),
        received: RwSignal::new(None),
        busy: RwSignal::new(None),
    };
    let on_submit = move |event: SubmitEvent| {
        event.prevent_default();
        form.put(Some(form.draft.get_untracked().input()), words::WEBHOOK_SAVED);
    };
    let has_secret = Memo::new(move |_| stored.with(|stored| stored.as_ref().is_some_and(|stored| stored.has_secret)));
    view! {
        <section class="settings__part" aria-labelledby="webhook-title">
            <h2 id="webhook-title">{words::WEBHOOK}</h2>
            <p class="settings__intro">{words::WEBHOOK_HINT}</p>
            <form class="webhook" novalidate=true autocomplete="off" on:submit=on_submit>
                <Text form field="url" label=words::WEBHOOK_URL hint="" placeholder=words::WEBHOOK_URL_PLACEHOLDER value=|draft| draft.url.clone() change=|draft, text| draft.url = text />
                <Method form />
                <Show when=move || form.draft.with(|draft| draft.method != WebhookMethod::Get)>
                    <Body form />
                </Show>
                <div class="settings__rows">
                    <Text form field="header" label=words::WEBHOOK_HEADER hint="" placeholder="Authorization" value=|draft| draft.header.clone() change=|draft, text| draft.header = text />
                    <Text
                        form
                        field="secret"
                        label=words::WEBHOOK_SECRET
                        hint=words::WEBHOOK_SECRET_HINT
                        placeholder=Signal::derive(move || if has_secret.get() { text::PASSWORD_UNCHANGED } else { "" })
                        value=|draft| draft.secret.clone()
                        change=|draft, text| draft.secret = text
                        secret=true
                    />
                </div>
                <p class="webhook__received" role="status">
                    {move || form.received.get()}
                </p>
                <Buttons form />
            </form>
        </section>
    }
}

#[component]
fn Buttons(form: Form) -> impl IntoView {
    let busy = move || form.busy.get().is_some();
    view! {
        <div class="webhook__buttons">
            <button type="button" class="button" disabled=busy on:click=move |_| form.test()>
                {move || if form.busy.get() == Some(Busy::Test) { words::WEBHOOK_TESTING } else { words::WEBHOOK_TEST }}
            </button>
            <button type="submit" class="button button--primary" disabled=busy>
                {words::WEBHOOK_SAVE}
            </button>
            <Show when=move || form.sheet.stored.with(|stored| stored.webhook.is_some())>
                <button type="button" class="button button--quiet" disabled=busy on:click=move |_| form.put(None, words::WEBHOOK_REMOVED)>
                    {words::WEBHOOK_REMOVE}
                </button>
            </Show>
        </div>
    }
}

#[component]
fn Text(
    form: Form,
    /// Of the webhook in the request's body.
    field: &'static str,
    label: &'static str,
    hint: &'static str,
    #[prop(into)] placeholder: Signal<&'static str>,
    value: fn(&Draft) -> String,
    change: fn(&mut Draft, String),
    #[prop(optional)] secret: bool,
) -> impl IntoView {
    let complaint = Memo::new(move |_| form.complaint_at(field));
    let id = format!("webhook-{field}");
    view! {
        <div class="field" class:field--wrong=move || complaint.with(Option::is_some)>
            <label for=id.clone()>{label}</label>
            <input
                id=id.clone()
                type=if secret { "password" } else { "text" }
                placeholder=move || placeholder.get()
                prop:value=move || form.draft.with(value)
                autocomplete=if secret { "new-password" } else { "off" }
                autocapitalize="off"
                spellcheck="false"
                maxlength="2000"
                aria-invalid=move || complaint.with(Option::is_some).to_string()
                aria-describedby=format!("{id}-hint {id}-complaint")
                on:input:target=move |event| form.edit(|draft| change(draft, event.target().value()))
            />
            <p class="field__complaint" id=format!("{id}-complaint") role="alert">
                {move || complaint.get()}
            </p>
            <p class="field__hint" id=format!("{id}-hint")>
                {hint}
            </p>
        </div>
    }
}

#[component]
fn Method(form: Form) -> impl IntoView {
    let options = [WebhookMethod::Post, WebhookMethod::Put, WebhookMethod::Get].map(|method| (method, method.as_str())).to_vec();
    let chosen = Signal::derive(move || form.draft.with(|draft| draft.method));
    view! {
        <fieldset class="field webhook__method">
            <legend>{words::WEBHOOK_METHOD}</legend>
            <Segments name="webhook-method" options chosen choose=move |method| form.edit(|draft| draft.method = method) />
        </fieldset>
    }
}

#[component]
fn Body(form: Form) -> impl IntoView {
    let complaint = Memo::new(move |_| form.complaint_at("body"));
    view! {
        <div class="field" class:field--wrong=move || complaint.with(Option::is_some)>
            <label for="webhook-body">
                {words::WEBHOOK_BODY} <span class="field__optional">{text::OPTIONAL}</span>
            </label>
            <textarea
                id="webhook-body"
                rows="4"
                spellcheck="false"
                maxlength="8000"
                placeholder=r#"{"outlet": 3, "action": "cycle", "camera": "{camera}"}"#
                prop:value=move || form.draft.with(|draft| draft.body.clone())
                aria-invalid=move || complaint.with(Option::is_some).to_string()
                aria-describedby="webhook-body-hint webhook-body-complaint"
                on:input:target=move |event| form.edit(|draft| draft.body = event.target().value())
            ></textarea>
            <p class="field__complaint" id="webhook-body-complaint" role="alert">
                {move || complaint.get()}
            </p>
            <p class="field__hint" id="webhook-body-hint">
                {words::WEBHOOK_BODY_HINT}
            </p>
        </div>
    }
}
