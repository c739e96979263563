//! Behaviour of whole streams: simulated cameras in, playlists and media out, the validator over everything.

mod blocking;
mod camera;
mod faults;
mod golden;
mod simulation;
mod watcher;
