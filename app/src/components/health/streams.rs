//! The list of all streams: sortable, filtered, each row opens to its details.
//!
//! What is measured changes twice a second, and a list that moves under the eye can't be read: the order is worked out anew when the
//! person asks for another one or the cameras change, and otherwise every few seconds while neither pointer nor focus is on it.

use super::row::StreamRow;
use crate::components::icon::{Glyph, Icon};
use crate::hooks::timer::use_every;
use crate::model::{History, Quality, StreamHistory, StreamState};
use crate::state::{Wall, use_wall};
use crate::text::health as text;
use crate::view::streams::{Column, Entry, Sort, StreamKey, arrange, in_trouble, streams_of};
use leptos::ev::Event;
use leptos::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// The last hour of every stream.
pub(super) type Hours = HashMap<(i64, Quality), Arc<StreamHistory>>;

/// The delay at the viewers now: of the newest point that has one, if that is one of the last two (the newest has only begun).
pub(super) fn newest_latency(hour: &StreamHistory) -> Option<u32> {
    hour.latency_ms.iter().rev().take(2).find_map(|ms| *ms)
}

/// How often the order follows what is measured.
const REORDER_MS: u32 = 4_000;

/// A column's head in words.
pub(super) fn head(column: Column) -> &'static str {
    match column {
        Column::Camera => text::COLUMN_CAMERA,
        Column::State => text::COLUMN_STATE,
        Column::Fps => text::COLUMN_FPS,
        Column::Bitrate => text::COLUMN_BITRATE,
        Column::Latency => text::COLUMN_LATENCY,
        Column::Video => text::COLUMN_VIDEO,
        Column::LastFrame => text::COLUMN_LAST_FRAME,
        Column::Connected => text::COLUMN_CONNECTED,
        Column::Reconnects => text::COLUMN_RECONNECTS,
        Column::Dropped => text::COLUMN_DROPPED,
        Column::Viewers => text::COLUMN_VIEWERS,
    }
}

#[component]
pub fn Streams(history: RwSignal<History>) -> impl IntoView {
    let wall = use_wall();
    let (sort, only_trouble) = (RwSignal::new(Sort::default()), RwSignal::new(false));
    let (touched, turns) = (RwSignal::new(false), RwSignal::new(0_u32));
    let open = RwSignal::new(Vec::<StreamKey>::new());
    use_every(REORDER_MS, move || {
        if !touched.get_untracked() {
            turns.update(|turns| *turns = turns.wrapping_add(1));
        }
    });
    let keys = Memo::new(move |_| wall.cameras.with(|cameras| cameras.iter().flat_map(streams_of).collect::<Vec<_>>()));
    let count = Memo::new(move |_| {
        let statuses = keys.get().into_iter().filter_map(|key| wall.status(key.camera_id, key.quality));
        statuses.fold((0, 0), |(live, trouble), seen| {
            (live + usize::from(seen.status.state == StreamState::Live), trouble + usize::from(in_trouble(&seen.status)))
        })
    });
    let hours = Memo::new(move |_| {
        let streams = history.with(|history| history.streams.clone());
        streams.into_iter().map(|hour| ((hour.camera_id, hour.quality), Arc::new(hour))).collect::<Hours>()
    });
    let order = Memo::new(move |_| {
        turns.track();
        let (keys, sort, only_trouble) = (keys.get(), sort.get(), only_trouble.get());
        untrack(|| arrange(keys.into_iter().map(|key| entry(wall, hours, key)).collect(), sort, only_trouble))
    });
    let empty = Memo::new(move |_| order.with(Vec::is_empty));
    view! {
        <section class="streams" aria-labelledby="streams-title">
            <div class="streams__head">
                <h2 id="streams-title">{text::STREAMS}</h2>
                <p class="streams__count">{move || text::streams_summary(count.get().0, keys.with(Vec::len))}</p>
                <SortChoice sort />
                <button
                    type="button"
                    class="chip"
                    aria-pressed=move || only_trouble.get().to_string()
                    on:click=move |_| only_trouble.update(|only| *only = !*only)
                >
                    {move || text::trouble_count(count.get().1)}
                </button>
            </div>
            <Show when=move || !empty.get() fallback=move || view! { <NothingListed any=Signal::derive(move || keys.with(|keys| !keys.is_empty())) /> }>
                <div class="streams__scroll">
                    <table
                        class="streams__table"
                        aria-labelledby="streams-title"
                        on:pointerenter=move |_| touched.set(true)
                        on:pointerleave=move |_| touched.set(false)
                        on:focusin=move |_| touched.set(true)
                        on:focusout=move |_| touched.set(false)
                    >
                        <thead>
                            <tr>{Column::ALL.into_iter().map(|column| view! { <Head column sort /> }).collect_view()}</tr>
                        </thead>
                        <For each=move || order.get() key=|key| *key let:key>
                            <StreamRow key open hours />
                        </For>
                    </table>
                </div>
            </Show>
        </section>
    }
}

/// What a stream is put in its place by.
fn entry(wall: Wall, hours: Memo<Hours>, key: StreamKey) -> Entry {
    Entry {
        key,
        status: wall.status(key.camera_id, key.quality).map(|seen| seen.status),
        latency_ms: hours.with(|hours| hours.get(&(key.camera_id, key.quality)).and_then(|hour| newest_latency(hour))),
    }
}

/// `any`: there are streams, and none of them in trouble.
#[component]
fn NothingListed(any: Signal<bool>) -> impl IntoView {
    move || {
        if any.get() {
            view! { <p class="nothing">{text::NO_TROUBLE}</p> }.into_any()
        } else {
            view! {
                <div class="nothing">
                    <h3>{text::NO_STREAMS}</h3>
                    <p>{text::NO_STREAMS_TEXT}</p>
                </div>
            }
            .into_any()
        }
    }
}

#[component]
fn Head(column: Column, sort: RwSignal<Sort>) -> impl IntoView {
    let direction = Memo::new(move |_| {
        let sort = sort.get();
        (sort.column == column).then_some(sort.descending)
    });
    let aria = move || match direction.get() {
        Some(true) => "descending",
        Some(false) => "ascending",
        None => "none",
    };
    view! {
        <th scope="col" class=format!("cell cell--{}", column.as_str()) aria-sort=aria>
            <button type="button" class="streams__sort" on:click=move |_| sort.update(|sort| *sort = sort.pressed(column))>
                {head(column)}
                <span class="streams__arrow" class:is-shown=move || direction.get().is_some()>
                    <Icon glyph=Signal::derive(move || if direction.get() == Some(true) { Glyph::ChevronDown } else { Glyph::ChevronUp }) />
                </span>
            </button>
        </th>
    }
}

/// The choice of the order where the list has no heads: on phones it is cards.
#[component]
fn SortChoice(sort: RwSignal<Sort>) -> impl IntoView {
    let choose = move |event: Event| {
        if let Some(column) = Column::parse(&event_target_value(&event)) {
            sort.set(Sort { column, descending: column.starts_descending() });
        }
    };
    let direction = move || if sort.get().descending { text::DESCENDING } else { text::ASCENDING };
    view! {
        <div class="sort-choice">
            <label class="sort-choice__label">
                <span>{text::SORT_BY}</span>
                <select class="select" prop:value=move || sort.get().column.as_str() on:change=choose>
                    {Column::ALL.into_iter().map(|column| view! { <option value=column.as_str()>{head(column)}</option> }).collect_view()}
                </select>
            </label>
            <button
                type="button"
                class="icon-button"
                aria-label=direction
                title=direction
                on:click=move |_| sort.update(|sort| sort.descending = !sort.descending)
            >
                <Icon glyph=Signal::derive(move || if sort.get().descending { Glyph::ChevronDown } else { Glyph::ChevronUp }) />
            </button>
        </div>
    }
}
