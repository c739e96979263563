//! What is remarkable about a live picture: that it stands still, or that nothing is to be seen. Informations, never errors.

use crate::health::Picture;
use crate::model::{PictureState, StreamStatus};
use crate::text;
use crate::view::time::{age, parse_rfc3339};

/// The remark on a tile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flag {
    /// The same picture again and again; since when by the server's clock (ms), if the server noticed it.
    Frozen {
        since_ms: Option<i64>,
    },
    Dark,
}

/// From what the server sees in the stream and what this page sees on the screen. That nothing is to be seen explains a standstill.
pub fn flag(status: Option<&StreamStatus>, on_screen: Picture) -> Option<Flag> {
    let picture = status.map_or(PictureState::Ok, |status| status.picture);
    match (picture, on_screen) {
        (PictureState::Dark, _) | (_, Picture::Black) => Some(Flag::Dark),
        (PictureState::Frozen, _) => {
            Some(Flag::Frozen { since_ms: status.and_then(|status| status.picture_since.as_deref()).and_then(parse_rfc3339) })
        }
        (PictureState::Ok, Picture::Frozen) => Some(Flag::Frozen { since_ms: None }),
        (PictureState::Ok, Picture::Unknown | Picture::Fine | Picture::Even) => None,
    }
}

impl Flag {
    /// In words, at `server_now_ms` if that is known.
    pub fn words(self, server_now_ms: Option<i64>) -> String {
        match self {
            Self::Dark => text::FLAG_DARK.to_owned(),
            Self::Frozen { since_ms } => match since_ms.zip(server_now_ms) {
                Some((since, now)) => text::flag_frozen_for(&age(now - since)),
                None => text::FLAG_FROZEN.to_owned(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Quality;

    fn status(picture: PictureState) -> StreamStatus {
        let picture_since = (picture != PictureState::Ok).then(|| "2026-11-21T01:40:00Z".to_owned());
        StreamStatus { picture, picture_since, ..StreamStatus::idle(Quality::Sub) }
    }

    #[test]
    fn both_witnesses_are_heard_and_darkness_explains_a_standstill() {
        assert_eq!(flag(None, Picture::Unknown), None);
        assert_eq!(flag(Some(&status(PictureState::Ok)), Picture::Even), None);
        assert_eq!(flag(Some(&status(PictureState::Ok)), Picture::Black), Some(Flag::Dark));
        assert_eq!(flag(Some(&status(PictureState::Dark)), Picture::Fine), Some(Flag::Dark));
        assert_eq!(flag(Some(&status(PictureState::Frozen)), Picture::Black), Some(Flag::Dark));
        assert_eq!(flag(Some(&status(PictureState::Ok)), Picture::Frozen), Some(Flag::Frozen { since_ms: None }));
        let frozen = flag(Some(&status(PictureState::Frozen)), Picture::Fine).expect("a flag");
        assert_eq!(frozen.words(Some(1_795_225_240_000)), "Picture has not changed for 40 s");
        assert_eq!(frozen.words(None), "Picture does not change");
    }
}
