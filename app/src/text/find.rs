//! Words of the search for cameras.

pub const FIND: &str = "Find cameras on this network";
pub const FIND_TEXT: &str = "Or enter the address yourself, below.";
pub const TITLE: &str = "Cameras on this network";
pub const SEARCHING: &str = "Asking the network for cameras …";
pub const SEARCHING_TEXT: &str = "This takes three seconds.";
pub const LIST: &str = "Cameras that answered";
pub const AGAIN: &str = "Search again";
pub const BY_ADDRESS: &str = "Add by address";
pub const DONE: &str = "Done";
/// What stands over the form of a camera from the list, for those who do not see it.
pub const CHOSEN: &str = "The camera from the network";
pub const BACK: &str = "Back to the list";

pub const NOTHING: &str = "No camera answered";
/// What to look at, the likeliest first.
pub const NOTHING_TEXT: [&str; 3] = [
    "Is the camera on, and in the same network as this server? A search does not pass routers or guest networks.",
    "Is ONVIF switched on in the camera? It is among its network settings, and off in many new cameras.",
    "Does Nightjar run in a container? Then it needs the host’s network to search.",
];
pub const NOTHING_ADDRESS: &str = "A camera that can’t be found can be added by its address all the same.";

/// Of the list as a whole.
pub fn answered(count: usize) -> String {
    match count {
        1 => "1 camera answered. Choose it to add it.".to_owned(),
        count => format!("{count} cameras answered. Choose one to add it."),
    }
}

/// Under the nothing that was found. `own`: the server's addresses.
pub fn searched_from(own: &[String]) -> String {
    format!("Searched from {}.", own.join(", "))
}

pub fn added_as(name: &str) -> String {
    format!("Added as {name}")
}

/// Over the form of a chosen camera.
pub fn proposed(maker: &str) -> String {
    format!("These are the usual addresses of {maker} cameras. Enter the camera’s user name and password; Test shows whether it works.")
}

pub const NOT_PROPOSED: &str = "Where this camera has its pictures is not known. Its manual or its app names the path that follows the address; Test shows whether it works.";
