//! Words of the search for a camera on the wall.

pub const FIND: &str = "Find a camera";
/// The same with its key.
pub const FIND_KEY: &str = "Find a camera (/)";
pub const FIELD: &str = "Name, group or tag";
pub const RESULTS: &str = "Cameras";
pub const HIDDEN: &str = "Not on the wall";
pub const HINT: &str = "Arrow keys to choose, Enter to open";

pub fn nothing(query: &str) -> String {
    format!("No camera has “{query}” in its name, group or tags.")
}

/// For those who do not see the list.
pub fn count(found: usize) -> String {
    match found {
        1 => "1 camera found".to_owned(),
        found => format!("{found} cameras found"),
    }
}
