//! What only a browser can do, one file each. Every hook may be called during server rendering and does nothing there.

pub mod api;
pub mod clipboard;
pub mod health;
pub mod heartbeat;
pub mod keys;
pub mod live_line;
pub mod local_time;
pub mod outside;
pub mod place;
pub mod poll;
pub mod poster;
pub mod random;
pub mod remembered;
pub mod role;
pub mod size;
pub mod timer;
pub mod visible;
