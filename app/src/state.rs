//! What the whole page shares, as small `Copy` structs of signals provided by [`provide`] and read by `use_…`.

pub mod details;
pub mod dialog;
pub mod enlarged;
pub mod health;
pub mod latency;
pub mod link;
pub mod style;
pub mod toast;
pub mod wall;

pub use details::use_details;
pub use dialog::{Dialog, Dialogs, use_dialogs};
pub use enlarged::Enlarged;
pub use health::{Health, use_health_state};
pub use latency::use_latencies;
pub use link::{Link, LinkState, use_link};
pub use style::use_style;
pub use toast::{Toasts, use_toasts};
pub use wall::{Wall, use_wall};

/// Provides every state at the root of the application.
pub fn provide() {
    wall::provide();
    latency::provide();
    link::provide();
    health::provide();
    style::provide();
    toast::provide();
    dialog::provide();
    details::provide();
}
