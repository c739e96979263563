//! The corner where short messages appear.

use crate::components::icon::{Glyph, Icon, IconButton};
use crate::state::use_toasts;
use crate::text;
use leptos::prelude::*;

#[component]
pub fn ToastCorner() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <div class="toasts" role="status" aria-live="polite">
            <For each=move || toasts.list.get() key=|toast| toast.id let:toast>
                <div class="toast" data-tone=if toast.good { "good" } else { "bad" }>
                    <Icon glyph=if toast.good { Glyph::Check } else { Glyph::Alert } />
                    <p>{toast.sentence.clone()}</p>
                    {toast
                        .link
                        .clone()
                        .map(|(label, href)| {
                            view! {
                                <a class="toast__link" href=href on:click=move |_| toasts.dismiss(toast.id)>
                                    {label}
                                </a>
                            }
                        })}
                    <IconButton glyph=Glyph::Close label=text::DISMISS on_press=move |_| toasts.dismiss(toast.id) />
                </div>
            </For>
        </div>
    }
}
