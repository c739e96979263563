//! The icons: our own strokes on a 24 px grid, drawn in the text's colour.

use leptos::prelude::*;

/// What an icon shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Glyph {
    Plus,
    Grid,
    ChevronUp,
    ChevronDown,
    ChevronLeft,
    ChevronRight,
    SpeakerOn,
    SpeakerOff,
    Refresh,
    Photo,
    Enlarge,
    Shrink,
    More,
    Info,
    Pencil,
    Trash,
    Power,
    Close,
    Check,
    Alert,
    Sliders,
    Unplugged,
    Play,
    Camera,
    Signal,
    Clock,
    Eye,
    EyeOff,
    Spaced,
    Lock,
    Menu,
    Pulse,
    Download,
    Person,
    People,
    Search,
    Record,
    Stop,
    Film,
    Share,
}

impl Glyph {
    /// SVG path data.
    fn path(self) -> &'static str {
        match self {
            Self::Plus => "M12 5v14M5 12h14",
            Self::Grid => "M4 5a1 1 0 0 1 1-1h5v7H4zM14 4h5a1 1 0 0 1 1 1v3h-6zM14 12h6v7a1 1 0 0 1-1 1h-5zM4 15h6v5H5a1 1 0 0 1-1-1z",
            Self::ChevronUp => "m6 15 6-6 6 6",
            Self::ChevronDown => "m6 9 6 6 6-6",
            Self::ChevronLeft => "m15 6-6 6 6 6",
            Self::ChevronRight => "m9 6 6 6-6 6",
            Self::SpeakerOn => "M11 5 6.5 9H3v6h3.5L11 19zM15 9.2a4 4 0 0 1 0 5.6M17.8 6.4a8 8 0 0 1 0 11.2",
            Self::SpeakerOff => "M11 5 6.5 9H3v6h3.5L11 19zM16 9.5l5 5M21 9.5l-5 5",
            Self::Refresh => "M20 11a8 8 0 0 0-14.2-4.2L3.5 9M3.5 4v5h5M4 13a8 8 0 0 0 14.2 4.2L20.5 15M20.5 20v-5h-5",
            Self::Photo => {
                "M4 8.5A1.5 1.5 0 0 1 5.5 7h2.2l1.2-2h6.2l1.2 2h2.2A1.5 1.5 0 0 1 20 8.5v9a1.5 1.5 0 0 1-1.5 1.5h-13A1.5 1.5 0 0 1 4 17.5zM12 16.2a3.4 3.4 0 1 0 0-6.8 3.4 3.4 0 0 0 0 6.8z"
            }
            Self::Enlarge => "M14 4h6v6M20 4l-6.5 6.5M10 20H4v-6M4 20l6.5-6.5",
            Self::Shrink => "M20 10h-6V4M14 10l6.5-6.5M4 14h6v6M10 14l-6.5 6.5",
            Self::More => {
                "M4.5 12a.8.8 0 1 0 1.6 0 .8.8 0 0 0-1.6 0zM11.2 12a.8.8 0 1 0 1.6 0 .8.8 0 0 0-1.6 0zM17.9 12a.8.8 0 1 0 1.6 0 .8.8 0 0 0-1.6 0z"
            }
            Self::Info => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11v5.5M12 7.6v.01",
            Self::Pencil => "m4 20 1-4.5L16.5 4a2.1 2.1 0 0 1 3 3L8.5 19zM14.5 6l3.5 3.5",
            Self::Trash => "M4 6.5h16M9.5 6.5V4h5v2.5M6 6.5 7 20h10l1-13.5M10 11v5M14 11v5",
            Self::Power => "M12 3v8M7 6.3a8 8 0 1 0 10 0",
            Self::Close => "M6 6l12 12M18 6 6 18",
            Self::Check => "m5 12.5 4.5 4.5L19 7.5",
            Self::Sliders => "M4 7h8M18 7h2M4 17h2M12 17h8M15 4.5v5M9 14.5v5",
            Self::Alert => "M12 4 2.8 20h18.4zM12 10v4.5M12 17.3v.01",
            Self::Unplugged => {
                "M3 3l18 18M8 8H5.5A1.5 1.5 0 0 0 4 9.5v7A1.5 1.5 0 0 0 5.5 18h9a1.5 1.5 0 0 0 1.4-1M11.5 8h3A1.5 1.5 0 0 1 16 9.5V12l4-2.5v7"
            }
            Self::Play => "M8 5.5v13l10.5-6.5z",
            Self::Camera => {
                "M4 9.5A1.5 1.5 0 0 1 5.5 8h9A1.5 1.5 0 0 1 16 9.5v7a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 4 16.5zM16 12l4.5-2.5v7L16 14"
            }
            Self::Signal => "M12 18.5v.01M8.5 15a5 5 0 0 1 7 0M5.5 11.8a9.3 9.3 0 0 1 13 0M2.5 8.6a13.6 13.6 0 0 1 19 0",
            Self::Clock => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5.2l3.2 2",
            Self::Eye => "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
            Self::EyeOff => {
                "M4 4l16 16M9.9 5.8A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-2.8 3.5M6.3 7.6A16 16 0 0 0 2.5 12S6 18.5 12 18.5a9 9 0 0 0 4-.9M9.9 9.9a3 3 0 0 0 4.2 4.2"
            }
            Self::Spaced => "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z",
            Self::Person => "M12 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5a7.5 7.5 0 0 1 15 0",
            Self::People => {
                "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.4a3.5 3.5 0 0 1 0 6.2M18 14.2a6.5 6.5 0 0 1 3.5 5.8"
            }
            Self::Search => "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.3 15.3 20 20",
            Self::Record => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 15.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7z",
            Self::Stop => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 9h6v6H9z",
            Self::Film => "M3.5 6.5A1.5 1.5 0 0 1 5 5h14a1.5 1.5 0 0 1 1.5 1.5v11A1.5 1.5 0 0 1 19 19H5a1.5 1.5 0 0 1-1.5-1.5zM10 9v6l5-3z",
            Self::Share => "M12 15V4M8 7.5 12 4l4 3.5M7 11H5v9h14v-9h-2",
            Self::Menu => "M4 7h16M4 12h16M4 17h16",
            Self::Download => "M12 4v11M7.5 11 12 15.5l4.5-4.5M5 20h14",
            Self::Pulse => "M3 12h4l2.5-6.5 5 13L17 12h4",
            Self::Lock => "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
        }
    }
}

/// An icon. It has no meaning of its own for screen readers: the control around it carries the label.
#[component]
pub fn Icon(#[prop(into)] glyph: Signal<Glyph>) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=move || glyph.get().path() />
        </svg>
    }
}

/// The mark: a crescent that is a closed wing, with the bird's amber eye.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path class="mark__moon" d="M19.6 3.4A13 13 0 1 0 28.7 19 10.6 10.6 0 0 1 19.6 3.4z" />
            <circle class="mark__eye" cx="13.2" cy="16.4" r="4.1" />
            <circle class="mark__pupil" cx="14.1" cy="15.7" r="1.7" />
        </svg>
    }
}

/// A square button that shows an icon only; `label` is its name and tooltip.
#[component]
pub fn IconButton(
    #[prop(into)] glyph: Signal<Glyph>,
    #[prop(into)] label: Signal<String>,
    #[prop(optional, into)] pressed: Option<Signal<bool>>,
    #[prop(optional, into)] expanded: Option<Signal<bool>>,
    on_press: impl Fn(leptos::ev::MouseEvent) + 'static,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="icon-button"
            aria-label=move || label.get()
            title=move || label.get()
            aria-pressed=move || pressed.map(|pressed| if pressed.get() { "true" } else { "false" })
            aria-expanded=move || expanded.map(|expanded| if expanded.get() { "true" } else { "false" })
            on:click=on_press
        >
            <Icon glyph=glyph />
        </button>
    }
}
