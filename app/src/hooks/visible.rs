//! Whether an element is in sight.

use leptos::html::Article;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, IntersectionObserverInit};

/// True while the element is in the window or just outside it. False on the server and until the page runs.
pub fn use_in_sight(element: NodeRef<Article>) -> ReadSignal<bool> {
    let (in_sight, set_in_sight) = signal(false);
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        let element: Element = element.unchecked_into();
        let callback = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            if let Some(entry) = entries.iter().last() {
                set_in_sight.set(entry.unchecked_into::<IntersectionObserverEntry>().is_intersecting());
            }
        });
        let options = IntersectionObserverInit::new();
        // Half a tile ahead: a scrolled-in picture is already running when it is seen.
        options.set_root_margin("120px");
        let Ok(observer) = IntersectionObserver::new_with_options(callback.as_ref().unchecked_ref(), &options) else {
            set_in_sight.set(true);
            return;
        };
        observer.observe(&element);
        let kept = StoredValue::new_local(Some((observer, callback)));
        on_cleanup(move || {
            if let Some(Some((observer, _callback))) = kept.try_update_value(Option::take) {
                observer.disconnect();
            }
        });
    });
    in_sight
}
