//! The size of an element, followed.

use crate::view::layout::Room;
use leptos::html::{ElementType, Main};
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{HtmlElement, ResizeObserver};

/// The inner width of the element and the height from its top to the end of its box, less paddings. None before the page runs.
pub fn use_room(element: NodeRef<Main>) -> ReadSignal<Option<Room>>
where
    <Main as ElementType>::Output: JsCast,
{
    let (room, set_room) = signal(None);
    Effect::new(move |_| {
        let Some(element) = element.get() else { return };
        let element: HtmlElement = element.unchecked_into();
        let measured = element.clone();
        let measure = move || {
            let style = window().get_computed_style(&measured).ok().flatten();
            let pixels = |name: &str| {
                let value = style.as_ref().and_then(|style| style.get_property_value(name).ok()).unwrap_or_default();
                value.trim_end_matches("px").parse::<f64>().unwrap_or(0.0)
            };
            let width = f64::from(measured.client_width()) - pixels("padding-left") - pixels("padding-right");
            let height = f64::from(measured.client_height()) - pixels("padding-top") - pixels("padding-bottom");
            let now = Some(Room { width: width.max(1.0), height: height.max(1.0) });
            if room.get_untracked() != now {
                set_room.set(now);
            }
        };
        measure();
        let callback = Closure::<dyn FnMut()>::new(measure);
        let Ok(observer) = ResizeObserver::new(callback.as_ref().unchecked_ref()) else { return };
        observer.observe(&element);
        let kept = StoredValue::new_local(Some((observer, callback)));
        on_cleanup(move || {
            if let Some(Some((observer, _callback))) = kept.try_update_value(Option::take) {
                observer.disconnect();
            }
        });
    });
    room
}
