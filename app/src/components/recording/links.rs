//! The links to a recording, and ending them.

use crate::components::confirm::Confirm;
use crate::hooks::api::admin::revoke_link;
use crate::hooks::api::recordings::links_to;
use crate::hooks::local_time::when;
use crate::model::{CameraAction, LinkInfo};
use crate::state::use_toasts;
use crate::text::admin as link_words;
use crate::text::recordings as words;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Those that whoever looks made, for admins all; nothing if there are none. `made` counts up with every new one.
#[component]
pub fn LinksTo(id: i64, made: RwSignal<u32>) -> impl IntoView {
    let toasts = use_toasts();
    let links = RwSignal::new(Vec::<LinkInfo>::new());
    let revoking = RwSignal::new(None::<(i64, String)>);
    Effect::new(move |_| {
        made.track();
        spawn_local(async move {
            // Without an answer there is nothing to say: the links are also on the page for tokens and links.
            if let Ok(found) = links_to(id).await {
                links.try_set(found);
            }
        });
    });
    let dialog = move || {
        revoking.get().map(|(link, name)| {
            let title = link_words::revoke_title(&name);
            let done = Callback::new(move |()| {
                toasts.good(link_words::revoked(&name));
                made.update(|made| *made = made.wrapping_add(1));
            });
            view! {
                <Confirm
                    title
                    sentence=link_words::REVOKE_LINK_TEXT
                    label=link_words::REVOKE
                    busy_label=link_words::REVOKING
                    act=move || revoke_link(link)
                    done
                    close=Callback::new(move |()| revoking.set(None))
                />
            }
        })
    };
    view! {
        <Show when=move || !links.read().is_empty()>
            <section class="admin__part" aria-labelledby="clip-links">
                <h2 id="clip-links">{words::LINKS}</h2>
                <ul class="cards clip-links">
                    <For each=move || links.get() key=|link| link.id let:link>
                        <Line link revoking />
                    </For>
                </ul>
            </section>
        </Show>
        {dialog}
    }
}

#[component]
fn Line(link: LinkInfo, revoking: RwSignal<Option<(i64, String)>>) -> impl IntoView {
    let (id, label) = (link.id, link.label.clone());
    let used = link.last_used_at.as_deref().map_or_else(|| link_words::NEVER_USED.to_owned(), |at| link_words::used(&when(at)));
    let download = link.actions.contains(&CameraAction::Export).then(|| view! { <span class="tag">{words::SHARE_DOWNLOAD}</span> });
    view! {
        <li class="card" class:card--off=!link.active>
            <span class="card__words">
                <span class="card__title">{link.label} " " {download}</span>
                <span class="card__facts">
                    {used} " · " {link_words::ends(&when(&link.expires_at))} " · " {link_words::made_by(link.created_by.as_deref())}
                </span>
            </span>
            <button
                type="button"
                class="button button--small"
                aria-label=link_words::revoke_label(&label)
                on:click=move |_| revoking.set(Some((id, label.clone())))
            >
                {link_words::REVOKE}
            </button>
        </li>
    }
}
