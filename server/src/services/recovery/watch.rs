//! How a camera is, from the status of its streams.

use super::ladder::Condition;
use crate::services::cameras::LadderOf;
use media::StreamKey;
use media::stream::{StreamState, StreamStatus, Streams};

/// What a look at a camera's streams shows.
#[derive(Debug)]
pub struct Seen {
    pub condition: Condition,
    /// The streams that fail.
    pub dark: Vec<StreamKey>,
    /// Why the first of them fails.
    pub error: Option<String>,
}

/// Looks at a camera. While one of its streams gives pictures the camera is there, and what would help the other one could cost this one.
pub fn look(streams: &Streams, of: &LadderOf) -> Seen {
    let keys = of.streams.iter().map(|(quality, _)| StreamKey::new(of.camera, *quality));
    let statuses: Vec<(StreamKey, StreamStatus)> =
        keys.filter_map(|key| streams.handle(key).map(|handle| (key, handle.status()))).collect();
    judge(&statuses)
}

fn judge(statuses: &[(StreamKey, StreamStatus)]) -> Seen {
    let dark: Vec<_> = statuses.iter().filter(|(_, status)| is_dark(status)).collect();
    let condition = if statuses.iter().any(|(_, status)| status.state == StreamState::Live) {
        Condition::Live
    } else if dark.is_empty() {
        Condition::Resting
    } else {
        Condition::Dark { login_blocked: dark.iter().any(|(_, status)| status.state == StreamState::AuthBlocked) }
    };
    Seen {
        condition,
        dark: dark.iter().map(|(key, _)| *key).collect(),
        error: dark.iter().find_map(|(_, status)| status.error.as_ref().map(|error| error.error.message.clone())),
    }
}

fn is_dark(status: &StreamStatus) -> bool {
    match status.state {
        StreamState::Stalled | StreamState::CircuitOpen | StreamState::AuthBlocked => true,
        StreamState::Backoff => !status.asleep,
        // An attempt after a failure; the first one is no trouble yet.
        StreamState::Connecting => status.error.is_some(),
        StreamState::Idle | StreamState::Live | StreamState::Disabled => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::id::{CameraId, Quality};
    use media::stream::status::StatusError;
    use media::{ErrorCode, StreamError};

    fn stream(quality: Quality, state: StreamState, failing: bool, asleep: bool) -> (StreamKey, StreamStatus) {
        let error = StreamError::new(ErrorCode::Timeout, "No answer.");
        let error = failing.then_some(StatusError { error, since_utc_ms: 0, next_try_utc_ms: None });
        (StreamKey::new(CameraId(1), quality), StreamStatus { state, error, asleep, ..StreamStatus::idle(quality, 0) })
    }

    #[test]
    fn a_camera_is_dark_only_while_it_fails_and_nothing_of_it_is_live() {
        use StreamState::*;
        let of = |streams: &[(StreamKey, StreamStatus)]| judge(streams).condition;
        let main = |state, failing| stream(Quality::Main, state, failing, false);
        let sub = |state, failing| stream(Quality::Sub, state, failing, false);
        const DARK: Condition = Condition::Dark { login_blocked: false };
        assert_eq!(of(&[main(Backoff, true), sub(Live, false)]), Condition::Live);
        assert_eq!(of(&[main(Backoff, true), sub(Idle, false)]), DARK);
        assert_eq!(of(&[main(Connecting, true)]), DARK);
        assert_eq!(of(&[main(Connecting, false)]), Condition::Resting);
        assert_eq!(of(&[main(CircuitOpen, true), sub(AuthBlocked, true)]), Condition::Dark { login_blocked: true });
        assert_eq!(of(&[stream(Quality::Main, Backoff, false, true)]), Condition::Resting, "asleep");
        assert_eq!(of(&[main(Disabled, false), sub(Idle, false)]), Condition::Resting);
        assert_eq!(of(&[]), Condition::Resting);
        let seen = judge(&[main(Stalled, true), sub(Idle, false)]);
        assert_eq!((seen.dark.len(), seen.error.as_deref()), (1, Some("No answer.")));
    }
}
