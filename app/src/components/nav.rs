//! The pages that people can go to, and the ways there: links in the bar of every page but the wall, and a menu where there is no room.

use crate::components::icon::{Glyph, Icon, IconButton};
use crate::hooks::outside::use_outside;
use crate::hooks::role::{guest, use_role};
use crate::model::Role;
use crate::text;
use leptos::html::Div;
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// A page in the navigation.
#[derive(Debug, Clone, Copy)]
struct Place {
    path: &'static str,
    label: &'static str,
    glyph: Glyph,
    /// Whom it is for, and those above.
    least: Role,
    /// Not for guests, who have a link instead of an account.
    people: bool,
    /// Pages beside it, which its own tabs lead to.
    also: &'static [&'static str],
}

/// Every page in the navigation, in its order. A new page needs its line here and its route in `app.rs`.
const PLACES: [Place; 6] = [
    Place { path: "/", label: text::pages::WALL, glyph: Glyph::Grid, least: Role::Viewer, people: false, also: &[] },
    Place { path: "/recordings", label: text::recordings::RECORDINGS, glyph: Glyph::Film, least: Role::Viewer, people: true, also: &[] },
    Place { path: "/health", label: text::pages::HEALTH, glyph: Glyph::Pulse, least: Role::Operator, people: true, also: &[] },
    Place { path: "/settings", label: text::pages::SETTINGS, glyph: Glyph::Sliders, least: Role::Admin, people: true, also: &["/https"] },
    Place {
        path: "/people",
        label: text::admin::PEOPLE,
        glyph: Glyph::People,
        least: Role::Admin,
        people: true,
        also: &["/tokens", "/audit"],
    },
    Place { path: "/account", label: text::people::ACCOUNT, glyph: Glyph::Person, least: Role::Viewer, people: false, also: &[] },
];

impl Place {
    /// Whether an address is this page or below it. An enlarged camera is on the wall, the secure connection is a matter of the settings.
    fn holds(self, path: &str) -> bool {
        match self.path {
            "/" => path == "/" || path.starts_with("/camera/"),
            own => {
                [own].iter().chain(self.also).any(|own| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
            }
        }
    }
}

/// The links to all pages; the one that is shown is marked.
#[component]
fn Links(class: &'static str, #[prop(optional)] on_press: Option<Callback<()>>) -> impl IntoView {
    let path = use_location().pathname;
    let (role, guest) = (use_role(), guest().is_some());
    PLACES
        .into_iter()
        .filter(|place| role >= Some(place.least) && !(guest && place.people))
        .map(|place| {
            let here = Memo::new(move |_| path.with(|path| place.holds(path)));
            view! {
                <a
                    class=class
                    href=place.path
                    aria-current=move || here.get().then_some("page")
                    on:click=move |_| {
                        if let Some(on_press) = on_press {
                            on_press.run(());
                        }
                    }
                >
                    <Icon glyph=place.glyph />
                    <span>{place.label}</span>
                </a>
            }
        })
        .collect_view()
}

/// The pages as a row of links.
#[component]
pub fn PagesRow() -> impl IntoView {
    view! {
        <nav class="pages-row" aria-label=text::pages::PAGES>
            <Links class="pages-row__link" />
        </nav>
    }
}

/// The pages behind one button.
#[component]
pub fn PagesMenu() -> impl IntoView {
    let open = RwSignal::new(false);
    let place = NodeRef::<Div>::new();
    use_outside(place, open);
    view! {
        <div class="pages-menu" node_ref=place>
            <IconButton
                glyph=Glyph::Menu
                label=text::pages::PAGES
                expanded=Signal::from(open)
                on_press=move |_| open.update(|open| *open = !*open)
            />
            <Show when=move || open.get()>
                <nav class="panel pages-menu__panel" aria-label=text::pages::PAGES>
                    <Links class="menu__entry" on_press=Callback::new(move |()| open.set(false)) />
                </nav>
            </Show>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::PLACES;

    fn at(path: &str) -> Vec<&'static str> {
        PLACES.into_iter().filter(|place| place.holds(path)).map(|place| place.path).collect()
    }

    #[test]
    fn an_address_belongs_to_one_page() {
        assert_eq!(at("/"), ["/"]);
        assert_eq!(at("/camera/3"), ["/"]);
        assert_eq!(at("/recordings/7"), ["/recordings"]);
        assert_eq!(at("/health"), ["/health"]);
        assert_eq!(at("/health/"), ["/health"]);
        assert_eq!(at("/https"), ["/settings"]);
        assert_eq!(at("/people/3"), ["/people"]);
        assert_eq!(at("/audit"), ["/people"]);
        assert!(at("/healthy").is_empty());
    }
}
