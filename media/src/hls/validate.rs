//! Checks of playlists and media of any origin (being written).
