//! The face of a tile: what it says about its camera, from the server's status and the player's own state.

use crate::live::FailReason;
use crate::model::{StreamState, StreamStatus};
use crate::text;
use crate::view::time::parse_rfc3339;

/// What the tile's player is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlayerPhase {
    /// Not started (server rendering, out of sight before it ever ran).
    #[default]
    Off,
    Connecting,
    /// Pictures are on the screen.
    Playing,
    /// They stand still for want of data.
    Stalled,
    /// Lost; it tries again.
    Waiting(FailReason),
    /// It has given up.
    Failed(FailReason),
    NeedsTap,
}

/// The colour family of a state. Always shown with its word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Good,
    Wait,
    Bad,
    Off,
}

impl Tone {
    /// For the `data-tone` attribute.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Wait => "wait",
            Self::Bad => "bad",
            Self::Off => "off",
        }
    }
}

/// What a tile shows over its picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cover {
    /// Nothing: the picture is live.
    None,
    /// A quiet sign that the first picture is on its way.
    Starting,
    /// The browser wants a tap.
    Tap,
    /// A sentence instead of the picture.
    Reason { sentence: String, retry_at_ms: Option<i64> },
}

/// A picture that is later than this is a moving one, but no longer the present (milliseconds).
const DELAYED_MS: f64 = 15_000.0;

/// What this page itself knows of a tile's picture.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    pub phase: PlayerPhase,
    /// The newest picture is too old, whatever the player says.
    pub overdue: bool,
    /// The page hears the server: without, the server's status is old.
    pub line_up: bool,
    pub latency_ms: Option<f64>,
    /// The picture watch has used up the attempts that are set.
    pub given_up: bool,
}

impl Evidence {
    /// Nothing but what the player says.
    pub fn of(phase: PlayerPhase) -> Self {
        Self { phase, overdue: false, line_up: true, latency_ms: None, given_up: false }
    }

    /// Pictures are being presented.
    pub fn is_moving(&self) -> bool {
        self.phase == PlayerPhase::Playing && !self.overdue
    }
}

/// A tile's state in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Face {
    pub tone: Tone,
    /// One or two words beside the name.
    pub word: &'static str,
    pub cover: Cover,
}

impl Face {
    fn new(tone: Tone, word: &'static str, cover: Cover) -> Self {
        Self { tone, word, cover }
    }

    /// The picture may be taken for the present.
    pub fn is_live(&self) -> bool {
        self.cover == Cover::None && self.tone == Tone::Good
    }

    /// The last picture is dimmed, because it is not the present and something is in the way of a new one.
    pub fn is_dimmed(&self) -> bool {
        matches!(self.cover, Cover::Reason { .. } | Cover::Tap)
    }

    /// The last picture is not the present; a new one is on its way.
    pub fn is_old(&self) -> bool {
        self.cover == Cover::Starting
    }
}

/// The face of a tile. The server's own reason comes first: it knows the camera; the player only knows the way from here to the server.
///
/// Live is only what is proved by pictures that are being presented here and now.
pub fn face(enabled: bool, status: Option<&StreamStatus>, evidence: &Evidence) -> Face {
    let player = match evidence.phase {
        PlayerPhase::Playing if evidence.overdue => PlayerPhase::Stalled,
        phase => phase,
    };
    if !enabled {
        return Face::new(Tone::Off, text::STATE_OFF, Cover::Reason { sentence: text::REASON_OFF.to_owned(), retry_at_ms: None });
    }
    // Pictures that come say more than a status that may be minutes old.
    let status = status.filter(|_| evidence.line_up || !evidence.is_moving());
    if let Some(face) = status.and_then(|status| upstream_trouble(status, player)) {
        return face;
    }
    match player {
        PlayerPhase::Playing if evidence.latency_ms.is_some_and(|latency| latency > DELAYED_MS) => {
            Face::new(Tone::Wait, text::STATE_DELAYED, Cover::None)
        }
        PlayerPhase::Playing => Face::new(Tone::Good, text::STATE_LIVE, Cover::None),
        PlayerPhase::Stalled | PlayerPhase::Connecting if evidence.given_up && evidence.line_up => {
            let sentence = text::REASON_GIVEN_UP.to_owned();
            Face::new(Tone::Bad, text::STATE_NO_PICTURE, Cover::Reason { sentence, retry_at_ms: None })
        }
        PlayerPhase::Stalled => {
            let sentence = if evidence.line_up { text::REASON_NO_FRAMES } else { text::REASON_LINE };
            Face::new(Tone::Wait, text::STATE_WAITING, Cover::Reason { sentence: sentence.to_owned(), retry_at_ms: None })
        }
        PlayerPhase::NeedsTap => Face::new(Tone::Wait, text::STATE_PAUSED, Cover::Tap),
        PlayerPhase::Off | PlayerPhase::Connecting => Face::new(Tone::Wait, text::STATE_STARTING, Cover::Starting),
        // The camera is fine as far as the server knows: it is only a moment.
        PlayerPhase::Waiting(FailReason::NoStream) => Face::new(Tone::Wait, text::STATE_STARTING, Cover::Starting),
        PlayerPhase::Waiting(reason) => Face::new(Tone::Wait, text::STATE_RETRYING, reason_cover(reason)),
        PlayerPhase::Failed(reason) => Face::new(Tone::Bad, text::STATE_NO_PICTURE, reason_cover(reason)),
    }
}

fn reason_cover(reason: FailReason) -> Cover {
    Cover::Reason { sentence: text::player_reason(reason).to_owned(), retry_at_ms: None }
}

/// The face of a stream that the server can't get, or None if the server has no complaint.
fn upstream_trouble(status: &StreamStatus, player: PlayerPhase) -> Option<Face> {
    let (tone, word) = match status.state {
        StreamState::Disabled => (Tone::Off, text::STATE_OFF),
        StreamState::AuthBlocked => (Tone::Bad, text::STATE_SIGN_IN),
        StreamState::CircuitOpen => (Tone::Bad, text::STATE_OFFLINE),
        StreamState::Backoff if status.asleep => (Tone::Off, text::STATE_ASLEEP),
        StreamState::Backoff => (Tone::Bad, text::STATE_RETRYING),
        StreamState::Stalled => (Tone::Wait, text::STATE_STALLED),
        // A new attempt after a failure keeps the reason on the screen, so that the tile doesn't flicker between attempts.
        StreamState::Connecting if status.error.is_some() && player != PlayerPhase::Playing => (Tone::Wait, text::STATE_CONNECTING),
        StreamState::Idle | StreamState::Connecting | StreamState::Live => return None,
    };
    let sentence = match (&status.error, status.state) {
        (Some(error), _) if !error.message.trim().is_empty() => error.message.trim().to_owned(),
        (_, StreamState::Disabled) => text::REASON_OFF.to_owned(),
        (None, StreamState::Backoff) if status.asleep => text::REASON_ASLEEP.to_owned(),
        (_, StreamState::Stalled) => text::REASON_STALLED.to_owned(),
        _ => text::REASON_UNKNOWN.to_owned(),
    };
    let retry_at_ms = match status.state {
        StreamState::Connecting => None,
        _ => status.error.as_ref().and_then(|error| error.next_try_at.as_deref()).and_then(parse_rfc3339),
    };
    Some(Face::new(tone, word, Cover::Reason { sentence, retry_at_ms }))
}

/// A camera's state as the server knows it, in a colour and a word: where there is no picture that could prove it to be live.
pub fn standing(enabled: bool, status: Option<&StreamStatus>) -> (Tone, &'static str) {
    if is_online(enabled, status) {
        return (Tone::Good, text::STATE_ONLINE);
    }
    let face = face(enabled, status, &Evidence::of(PlayerPhase::Off));
    (face.tone, face.word)
}

/// Whether the server gets pictures from the camera: what the header counts.
pub fn is_online(enabled: bool, status: Option<&StreamStatus>) -> bool {
    enabled && status.is_some_and(|status| status.state == StreamState::Live)
}

#[cfg(test)]
mod tests;
