//! Words of the frame around the pages.

pub const PAGES: &str = "Pages";
pub const WALL: &str = "Wall";
pub const HEALTH: &str = "Health";
pub const SETTINGS: &str = "Settings";
pub const SKIP: &str = "Skip to the content";
pub const TRY_AGAIN: &str = "Try again";

/// Title of a page in the browser's tab.
pub fn title(page: &str) -> String {
    format!("{page} – {}", super::PRODUCT)
}
