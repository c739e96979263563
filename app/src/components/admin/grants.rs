//! What a person may do: a row of ticks for all cameras, for each group and for each camera.

use super::chips::Chip;
use crate::model::{Camera, CameraAction, GrantTarget, Role};
use crate::text::admin as words;
use crate::view::grants::{Ticks, grantable, groups};
use leptos::prelude::*;

#[component]
pub fn Grants(ticks: RwSignal<Ticks>, cameras: Vec<Camera>, #[prop(into)] role: Signal<Role>) -> impl IntoView {
    let names = groups(&cameras, &ticks.get_untracked());
    let known: Vec<_> = cameras.iter().map(|camera| camera.id).collect();
    // Of a camera that was removed a moment ago.
    let gone = ticks.with_untracked(|ticks| {
        let gone = ticks.grants().into_iter().filter(|grant| matches!(&grant.target, GrantTarget::Camera(id) if !known.contains(id)));
        gone.map(|grant| grant.target).collect::<Vec<_>>()
    });
    let empty = cameras.is_empty();
    view! {
        <div class="grants">
            <Row ticks role target=GrantTarget::All name=words::ALL_CAMERAS.to_owned() hint=Some(words::ALL_CAMERAS_HINT.to_owned()) group=None />
            {(!names.is_empty()).then(|| view! { <h3 class="grants__part">{words::GROUPS}</h3> })}
            {names
                .into_iter()
                .map(|name| {
                    let count = cameras.iter().filter(|camera| camera.group.as_deref() == Some(&*name)).count();
                    let hint = Some(if count == 1 { "1 camera".to_owned() } else { format!("{count} cameras") });
                    view! { <Row ticks role target=GrantTarget::Group(name.clone()) name hint group=None /> }
                })
                .collect_view()}
            {(!empty).then(|| view! { <h3 class="grants__part">{words::CAMERAS}</h3> })}
            {cameras
                .iter()
                .map(|camera| {
                    let (name, group) = (camera.name.clone(), camera.group.clone());
                    view! { <Row ticks role target=GrantTarget::Camera(camera.id) name hint=group.clone() group /> }
                })
                .collect_view()}
            {gone
                .into_iter()
                .map(|target| view! { <Row ticks role target name=words::GONE_CAMERA.to_owned() hint=None group=None /> })
                .collect_view()} {empty.then(|| view! { <p class="admin__quiet">{words::NO_CAMERAS}</p> })}
        </div>
    }
}

#[component]
fn Row(
    ticks: RwSignal<Ticks>,
    role: Signal<Role>,
    target: GrantTarget,
    name: String,
    hint: Option<String>,
    /// The camera's.
    group: Option<String>,
) -> impl IntoView {
    let of = StoredValue::new((target, group));
    let chip = {
        let name = name.clone();
        move |action: CameraAction| {
            let on = Signal::derive(move || of.with_value(|(target, _)| ticks.with(|ticks| ticks.has(target, action))));
            let why = Signal::derive(move || {
                let through = of.with_value(|(target, group)| ticks.with(|ticks| ticks.through(target, group.as_deref(), action)));
                through.as_ref().map(words::through)
            });
            let set = Callback::new(move |on| of.with_value(|(target, _)| ticks.update(|ticks| ticks.set(target, action, on))));
            view! { <Chip word=words::action(action) label=words::tick(action, &name) on why set /> }
        }
    };
    let label = name.clone();
    view! {
        <div class="grants__row" role="group" aria-label=label>
            <p class="grants__name">
                <span>{name}</span>
                {hint.map(|hint| view! { <span class="grants__hint">{hint}</span> })}
            </p>
            <div class="grants__chips">{move || grantable(role.get()).iter().map(|action| chip(*action)).collect_view()}</div>
        </div>
    }
}
