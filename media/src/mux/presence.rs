//! Whether announced sound really comes.
//!
//! A track in the init segment without samples stops browsers: what is buffered of picture and sound together is nothing. Cameras with a
//! microphone that is switched off announce sound all the same, some begin it late, and some stop it in mid-session. So an epoch has a
//! sound track only if sound is coming; it is taken in or left out at a key frame.

use crate::time::Stamp;

/// So much picture without any sound, and the sound is gone.
const SILENCE_US: u64 = 1_000_000;
/// One picture counts at most so much: a pause of the network is not the microphone's.
const PER_PICTURE_US: u64 = 250_000;

/// Starts with trust: most cameras that announce sound send it.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Time of pictures since the last sound.
    silence_us: u64,
    last_picture: Option<Stamp>,
}

impl Presence {
    /// A picture came: time passes.
    pub fn picture(&mut self, received: Stamp) {
        if let Some(last) = self.last_picture.replace(received) {
            let passed = received.mono_us.saturating_sub(last.mono_us).min(PER_PICTURE_US);
            self.silence_us = self.silence_us.saturating_add(passed);
        }
    }

    /// A sound came: it is there (again).
    pub fn sound(&mut self) {
        self.silence_us = 0;
    }

    /// Whether sound comes that was announced.
    pub fn is_there(&self) -> bool {
        self.silence_us < SILENCE_US
    }
}
