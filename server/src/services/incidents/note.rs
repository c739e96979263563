//! What other parts of the server put into the incident log.

use app::model::IncidentKind;
use media::id::{CameraId, Quality};
use media::time::Stamp;

/// Longest text of a note or step, in characters: camera answers can be long.
pub(super) const MAX_TEXT: usize = 400;

/// Whether a note stands for a moment, or for one end of something that lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NotePhase {
    /// A remark.
    #[default]
    Moment,
    /// Something begins that lasts until the note that ends it.
    Begins,
    /// The end of what began with the same camera, quality and kind. Without such a beginning it is left out.
    Ends,
}

/// One entry, or one step of the incident that is open for the same stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// None: about the server.
    pub camera: Option<CameraId>,
    /// None: about the camera as a whole; it becomes a step of every incident of this camera that is open.
    pub quality: Option<Quality>,
    pub at: Stamp,
    pub kind: IncidentKind,
    pub phase: NotePhase,
    /// Stable, for programs.
    pub code: Option<String>,
    /// One or two sentences for people, never with a secret.
    pub text: String,
    /// A step of what is open, and no part of its sentence: nothing was done.
    pub aside: bool,
}

impl Note {
    /// A remark about a camera, now.
    pub fn new(camera: CameraId, kind: IncidentKind, text: impl Into<String>) -> Self {
        let text = short(text.into());
        Self { camera: Some(camera), quality: None, at: Stamp::now(), kind, phase: NotePhase::Moment, code: None, text, aside: false }
    }

    /// A remark about the server itself, now.
    pub fn server(text: impl Into<String>) -> Self {
        let (kind, text) = (IncidentKind::Server, short(text.into()));
        Self { camera: None, quality: None, at: Stamp::now(), kind, phase: NotePhase::Moment, code: None, text, aside: false }
    }

    /// About one of the camera's streams.
    #[must_use]
    pub fn stream(self, quality: Quality) -> Self {
        Self { quality: Some(quality), ..self }
    }

    /// What programs know it by; stable.
    #[must_use]
    pub fn code(self, code: impl Into<String>) -> Self {
        Self { code: Some(code.into()), ..self }
    }

    /// A step that an incident's sentence does not tell of.
    #[must_use]
    pub fn aside(self) -> Self {
        Self { aside: true, ..self }
    }

    /// The beginning of something that lasts.
    #[must_use]
    pub fn begins(self) -> Self {
        Self { phase: NotePhase::Begins, ..self }
    }

    /// Its end.
    #[must_use]
    pub fn ends(self) -> Self {
        Self { phase: NotePhase::Ends, ..self }
    }
}

/// Cut to [`MAX_TEXT`], on one line: what cameras and programs say may hold anything, and PostgreSQL takes no NUL.
pub(super) fn short(text: String) -> String {
    let text = if text.contains(char::is_control) { text.replace(char::is_control, " ") } else { text };
    match text.char_indices().nth(MAX_TEXT) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
