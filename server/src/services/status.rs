//! The status of a stream as the API tells it.

use app::model;
use media::id::Quality;
use media::stream::picture::PictureState;
use media::stream::status::{StreamState, StreamStatus};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Milliseconds since 1970 as RFC 3339 UTC.
pub fn rfc3339(utc_ms: i64) -> String {
    let nanos = i128::from(utc_ms) * 1_000_000;
    // Only a moment outside the years 0-9999 has no text; the epoch stands for it.
    let moment = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    moment.format(&Rfc3339).unwrap_or_else(|_| "1970-01-01T00:00:00Z".to_owned())
}

/// The name as the API has it.
pub fn quality(quality: Quality) -> model::Quality {
    match quality {
        Quality::Main => model::Quality::Main,
        Quality::Sub => model::Quality::Sub,
    }
}

/// The state as the API has it.
pub fn state(state: StreamState) -> model::StreamState {
    match state {
        StreamState::Idle => model::StreamState::Idle,
        StreamState::Connecting => model::StreamState::Connecting,
        StreamState::Live => model::StreamState::Live,
        StreamState::Stalled => model::StreamState::Stalled,
        StreamState::Backoff => model::StreamState::Backoff,
        StreamState::AuthBlocked => model::StreamState::AuthBlocked,
        StreamState::CircuitOpen => model::StreamState::CircuitOpen,
        StreamState::Disabled => model::StreamState::Disabled,
    }
}

/// How the picture is, as the API has it.
pub fn picture(picture: PictureState) -> model::PictureState {
    match picture {
        PictureState::Ok => model::PictureState::Ok,
        PictureState::Frozen => model::PictureState::Frozen,
        PictureState::Dark => model::PictureState::Dark,
    }
}

/// The status as the API tells it.
pub fn stream_status(status: &StreamStatus) -> model::StreamStatus {
    model::StreamStatus {
        quality: quality(status.quality),
        state: state(status.state),
        since: rfc3339(status.since_utc_ms),
        fps: status.fps,
        bitrate_kbps: status.bitrate_kbps,
        video: status.video.as_ref().map(|video| model::VideoInfo { codec: video.codec.clone(), width: video.width, height: video.height }),
        audio: status.audio.as_ref().map(|audio| model::AudioInfo {
            codec: audio.codec.clone(),
            channels: audio.channels,
            rate_hz: audio.rate_hz,
        }),
        sound: status.sound,
        picture: picture(status.picture),
        picture_since: status.picture_since_utc_ms.map(rfc3339),
        last_frame_age_ms: status.last_frame_age_ms,
        key_frame_interval_ms: status.key_frame_interval_ms,
        connected_at: status.connected_at_utc_ms.map(rfc3339),
        bytes_received: status.bytes_received,
        reconnects: status.reconnects,
        frames_dropped: status.frames_dropped,
        viewers: model::ViewerCounts {
            mse: status.viewers.mse,
            hls: status.viewers.hls,
            webrtc: status.viewers.webrtc,
            mjpeg: status.viewers.mjpeg,
        },
        source: status.source.clone(),
        asleep: status.asleep,
        error: status.error.as_ref().map(|failing| model::StreamError {
            code: failing.error.code.as_str().to_owned(),
            message: failing.error.message.clone(),
            since: rfc3339(failing.since_utc_ms),
            next_try_at: failing.next_try_utc_ms.map(rfc3339),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_utc() {
        assert_eq!(rfc3339(1_795_225_105_250), "2026-11-21T01:38:25.25Z");
        assert_eq!(rfc3339(i64::MAX), "1970-01-01T00:00:00Z");
    }

    #[test]
    fn states_have_the_same_names_on_both_sides() {
        for one in StreamState::ALL {
            assert_eq!(serde_json::to_value(state(one)).expect("JSON"), one.as_str());
        }
        for one in [PictureState::Ok, PictureState::Frozen, PictureState::Dark] {
            assert_eq!(serde_json::to_value(picture(one)).expect("JSON"), one.as_str());
        }
    }
}
