//! Behaviour of whole streams: simulated cameras in, playlists and media out, the validator over everything.

mod camera;
mod golden;
