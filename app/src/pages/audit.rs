//! Who did what, at `/audit`. For admins.

use crate::components::admin::Tabs;
use crate::components::icon::{Glyph, Icon};
use crate::hooks::api::admin as api;
use crate::hooks::local_time::{from_now, when};
use crate::hooks::timer::sleep;
use crate::model::{AuditEntry, AuditQuery, Problem, UserInfo};
use crate::state::{use_toasts, use_wall};
use crate::text;
use crate::text::admin as admin_words;
use crate::text::audit as words;
use crate::view::audit::{lines, pairs, sentence};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

/// Entries that are asked for at once.
const PAGE: u32 = 50;
/// How long somebody types before it is looked for.
const TYPING_MS: u32 = 300;

/// What is looked for.
#[derive(Clone, Copy)]
struct Conditions {
    person: RwSignal<Option<i64>>,
    kind: RwSignal<String>,
    /// A key of [`words::TIMES`].
    time: RwSignal<String>,
    /// As the browser writes a day and time, in its own zone; only with [`words::BETWEEN`].
    from: RwSignal<String>,
    to: RwSignal<String>,
    text: RwSignal<String>,
    refused: RwSignal<bool>,
}

impl Conditions {
    /// Browser only: the time is counted back from now.
    fn query(self) -> AuditQuery {
        let back = words::TIMES.iter().find(|(key, ..)| self.time.with(|time| time == key)).and_then(|(_, _, seconds)| *seconds);
        let filled = |text: String| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let between = self.time.with(|time| time == words::BETWEEN);
        let written = |signal: RwSignal<String>, later_s| between.then(|| signal.with(|local| instant(local, later_s))).flatten();
        AuditQuery {
            from: written(self.from, 0.0).or_else(|| back.map(|seconds| from_now(-seconds))),
            // The minute that is named is meant whole.
            to: written(self.to, 60.0),
            person: self.person.get(),
            action: filled(self.kind.get()),
            outcome: self.refused.get().then(|| "refused".to_owned()),
            text: filled(self.text.get()),
            ..AuditQuery::default()
        }
    }
}

/// What stands in a field for a day and a time, so many seconds later. None while it is not filled in.
fn instant(local: &str, later_s: f64) -> Option<String> {
    let at = js_sys::Date::new(&local.into()).get_time() + later_s * 1000.0;
    (!local.is_empty() && at.is_finite()).then(|| String::from(js_sys::Date::new(&at.into()).to_iso_string()))
}

#[component]
pub fn AuditPage() -> impl IntoView {
    let conditions = Conditions {
        person: RwSignal::new(None),
        kind: RwSignal::new(String::new()),
        time: RwSignal::new("month".to_owned()),
        from: RwSignal::new(String::new()),
        to: RwSignal::new(String::new()),
        text: RwSignal::new(String::new()),
        refused: RwSignal::new(false),
    };
    let people = RwSignal::new(Vec::<UserInfo>::new());
    Effect::new(move |_| {
        spawn_local(async move {
            if let Ok(found) = api::users().await {
                people.try_set(found);
            }
        });
    });
    view! {
        <Title text=text::pages::title(words::TITLE) />
        <div class="page-head admin-head">
            <h1>{words::TITLE}</h1>
            <Export conditions />
        </div>
        <Tabs />
        <div class="admin">
            <p class="admin__intro">{words::INTRO}</p>
            <Filters conditions people />
            <Entries conditions />
            <Retention />
        </div>
    }
}

#[component]
fn Filters(conditions: Conditions, people: RwSignal<Vec<UserInfo>>) -> impl IntoView {
    let Conditions { person, kind, time, from, to, text, refused } = conditions;
    let typed = RwSignal::new(0_u32);
    let type_text = move |written: String| {
        typed.update(|typed| *typed += 1);
        let now = typed.get_untracked();
        spawn_local(async move {
            sleep(TYPING_MS).await;
            if typed.try_get_untracked() == Some(now) {
                text.set(written);
            }
        });
    };
    view! {
        <form class="filters" role="search" aria-label=words::FILTERS on:submit=|event| event.prevent_default()>
            <div class="field">
                <label for="audit-time">{words::TIME}</label>
                <select id="audit-time" on:change:target=move |event| time.set(event.target().value())>
                    {words::TIMES
                        .map(|(key, label, _)| {
                            view! {
                                <option value=key selected=move || time.with(|time| time == key)>
                                    {label}
                                </option>
                            }
                        })
                        .collect_view()}
                </select>
            </div>
            <Show when=move || time.with(|time| time == words::BETWEEN)>
                <Moment id="audit-from" label=words::FROM value=from />
                <Moment id="audit-to" label=words::TO value=to />
            </Show>
            <div class="field">
                <label for="audit-person">{words::PERSON}</label>
                <select id="audit-person" on:change:target=move |event| person.set(event.target().value().parse().ok())>
                    <option value="">{words::ANYBODY}</option>
                    {move || people.get().into_iter().map(|user| view! { <option value=user.id.to_string()>{user.username}</option> }).collect_view()}
                </select>
            </div>
            <div class="field">
                <label for="audit-kind">{words::KIND}</label>
                <select id="audit-kind" on:change:target=move |event| kind.set(event.target().value())>
                    <option value="">{words::ANYTHING}</option>
                    {words::KINDS.map(|(key, label)| view! { <option value=key>{label}</option> }).collect_view()}
                </select>
            </div>
            <div class="field">
                <label for="audit-text">{words::TEXT}</label>
                <input
                    id="audit-text"
                    type="search"
                    maxlength="100"
                    autocomplete="off"
                    spellcheck="false"
                    placeholder=words::TEXT_HINT
                    on:input:target=move |event| type_text(event.target().value())
                />
            </div>
            <label class="pick filters__refused">
                <input type="checkbox" prop:checked=move || refused.get() on:change:target=move |event| refused.set(event.target().checked()) />
                <span>{words::REFUSED_ONLY}</span>
            </label>
        </form>
    }
}

/// A day and a time.
#[component]
fn Moment(id: &'static str, label: &'static str, value: RwSignal<String>) -> impl IntoView {
    view! {
        <div class="field">
            <label for=id>{label}</label>
            <input
                id=id
                type="datetime-local"
                prop:value=move || value.get()
                on:change:target=move |event| value.set(event.target().value())
            />
        </div>
    }
}

#[component]
fn Export(conditions: Conditions) -> impl IntoView {
    // The address is made when it is pressed: the time is counted back from then.
    let address = RwSignal::new(String::new());
    let ready = move |format: &'static str| {
        let pairs = untrack(|| pairs(&conditions.query()));
        let query: String =
            pairs.iter().map(|(name, value)| format!("&{name}={}", String::from(js_sys::encode_uri_component(value)))).collect();
        address.set(format!("/api/v1/audit/export?format={format}{query}"));
    };
    let link = move |format: &'static str, label: &'static str| {
        let href = move || if address.with(String::is_empty) { format!("/api/v1/audit/export?format={format}") } else { address.get() };
        view! {
            <a class="button" href=href download="" rel="external" on:click=move |_| ready(format)>
                <Icon glyph=Glyph::Download />
                {label}
            </a>
        }
    };
    view! {
        <div class="admin__buttons" role="group" aria-label=words::EXPORT>
            {link("csv", words::EXPORT_CSV)} {link("json", words::EXPORT_JSON)}
        </div>
    }
}

#[component]
fn Entries(conditions: Conditions) -> impl IntoView {
    let found = RwSignal::new(None::<Result<Vec<AuditEntry>, Problem>>);
    let (more, busy) = (RwSignal::new(false), RwSignal::new(false));
    // Answers to what was asked before are dropped.
    let asked = RwSignal::new(0_u32);
    let load = move |query: AuditQuery| {
        asked.update(|asked| *asked += 1);
        let now = asked.get_untracked();
        busy.set(true);
        spawn_local(async move {
            let older = query.before.is_some();
            let answer = api::audit(&AuditQuery { limit: Some(PAGE), ..query }).await;
            if asked.try_get_untracked() != Some(now) {
                return;
            }
            busy.set(false);
            if let Ok(page) = &answer {
                more.set(page.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX));
            }
            found.update(|found| match (found, answer) {
                (Some(Ok(list)), Ok(page)) if older => list.extend(page),
                (found, answer) => *found = Some(answer),
            });
        });
    };
    Effect::new(move |_| load(conditions.query()));
    let older = move |_| {
        let before = found.with_untracked(|found| found.as_ref().and_then(|found| found.as_ref().ok()?.last().map(|entry| entry.id)));
        load(AuditQuery { before, ..untrack(|| conditions.query()) });
    };
    let retry = move |_| load(untrack(|| conditions.query()));
    let state = Memo::new(move |_| {
        found.with(|found| match found {
            None => None,
            Some(Err(problem)) => Some(Err(problem.detail.clone())),
            Some(Ok(list)) => Some(Ok(list.is_empty())),
        })
    });
    let list = move || found.with(|found| found.as_ref().and_then(|found| found.as_ref().ok().cloned()).unwrap_or_default());
    view! {
        {move || match state.get() {
            None => view! { <p class="admin__quiet" role="status">{admin_words::LOADING}</p> }.into_any(),
            Some(Err(sentence)) => {
                view! {
                    <div class="admin__failure" role="alert">
                        <p>{sentence}</p>
                        <button type="button" class="button" on:click=retry>
                            {admin_words::TRY_AGAIN}
                        </button>
                    </div>
                }
                    .into_any()
            }
            Some(Ok(true)) => view! { <p class="admin__quiet" role="status">{words::EMPTY}</p> }.into_any(),
            Some(Ok(false)) => {
                view! {
                    <ol class="log" aria-label=words::LIST aria-busy=move || busy.get().to_string()>
                        <For each=list key=|entry| entry.id let:entry>
                            <Entry entry />
                        </For>
                    </ol>
                    <Show when=move || more.get()>
                        <button type="button" class="button" disabled=move || busy.get() on:click=older>
                            {move || if busy.get() { admin_words::LOADING } else { words::MORE }}
                        </button>
                    </Show>
                }
                    .into_any()
            }
        }}
    }
}

#[component]
fn Entry(entry: AuditEntry) -> impl IntoView {
    let wall = use_wall();
    let refused = entry.outcome == "refused";
    let plain = lines(&entry, |_| None).is_empty();
    let words_of = sentence(&entry);
    let address = entry.address.clone();
    let at = entry.at.clone();
    let head = move || {
        view! {
            <span class="dot" data-tone=if refused { "bad" } else { "off" } aria-hidden="true"></span>
            <time class="log__time" datetime=at.clone() title=at.clone()>
                {when(&at)}
            </time>
            <span class="log__sentence">
                {words_of.clone()} " " {refused.then(|| view! { <span class="tag tag--bad">{words::REFUSED}</span> })}
            </span>
            <span class="log__address">{address.clone()}</span>
        }
    };
    let line = |line: crate::view::audit::Line| {
        view! {
            <dt>{line.field}</dt>
            <dd>
                {line
                    .before
                    .map(|before| {
                        view! {
                            <del>{before}</del>
                            <span class="log__to" aria-label="to">
                                " → "
                            </span>
                        }
                    })} <span>{line.after}</span>
            </dd>
        }
    };
    // The cameras' names may come after the entry.
    let shown = move || lines(&entry, |id| wall.camera(id).map(|camera| camera.name)).into_iter().map(line).collect_view();
    view! {
        <li class="log__entry">
            {if plain {
                view! { <div class="log__head">{head()}</div> }.into_any()
            } else {
                view! {
                    <details>
                        <summary class="log__head">
                            {head()} <span class="log__more" aria-hidden="true">
                                <Icon glyph=Glyph::ChevronDown />
                            </span>
                        </summary>
                        <dl class="log__lines">{shown}</dl>
                    </details>
                }
                    .into_any()
            }}
        </li>
    }
}

#[component]
fn Retention() -> impl IntoView {
    let toasts = use_toasts();
    let (stored, typed) = (RwSignal::new(None::<u32>), RwSignal::new(String::new()));
    let complaint = RwSignal::new(None::<String>);
    Effect::new(move |_| {
        spawn_local(async move {
            if let Ok(retention) = api::audit_retention().await {
                stored.try_set(Some(retention.days));
                typed.try_set(retention.days.to_string());
            }
        });
    });
    let unchanged = move || stored.get().is_none_or(|days| typed.with(|typed| *typed == days.to_string()));
    let change = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Ok(days) = typed.with_untracked(|typed| typed.trim().parse::<u32>()) else {
            return complaint.set(Some(words::NOT_A_NUMBER.to_owned()));
        };
        complaint.set(None);
        spawn_local(async move {
            match api::keep_audit(days).await {
                Ok(()) => {
                    toasts.good(words::KEPT);
                    stored.try_set(Some(days));
                    typed.try_set(days.to_string());
                }
                Err(problem) => drop(complaint.try_set(Some(problem.detail))),
            }
        });
    };
    view! {
        <Show when=move || stored.get().is_some()>
            <form class="retention field" class:field--wrong=move || complaint.with(Option::is_some) novalidate on:submit=change>
                <label for="audit-days">{words::KEEP}</label>
                <div class="retention__row">
                    <input
                        id="audit-days"
                        type="text"
                        inputmode="numeric"
                        maxlength="4"
                        autocomplete="off"
                        prop:value=move || typed.get()
                        aria-describedby="audit-days-complaint audit-days-hint"
                        aria-invalid=move || complaint.with(Option::is_some).to_string()
                        on:input:target=move |event| typed.set(event.target().value())
                    />
                    <span>{words::KEEP_UNIT}</span>
                    <button type="submit" class="button" disabled=unchanged>
                        {words::KEEP_DO}
                    </button>
                </div>
                <p class="field__complaint" id="audit-days-complaint" role="alert">
                    {move || complaint.get()}
                </p>
                <p class="field__hint" id="audit-days-hint">
                    {words::KEEP_HINT}
                </p>
            </form>
        </Show>
    }
}
