//! Who asks, and the one place where it is decided what they may do.

use super::rights::{Actions, Rights};
use crate::error::{AppError, Kind};
use app::model::{CameraAction, Role};
use media::CameraId;
use std::marker::PhantomData;
use std::sync::Arc;
use time::OffsetDateTime;

/// Whom a request comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Who {
    /// Nobody is signed in.
    Nobody,
    Person {
        id: i64,
        name: String,
    },
    /// A program with an API token.
    Token {
        id: i64,
        name: String,
    },
    /// Somebody with a guest link.
    Guest {
        link: i64,
        label: String,
    },
    /// A player with a signed link.
    Player {
        link: i64,
        label: String,
    },
}

/// How they proved it: with this it can be looked up again whether it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Proof {
    None,
    /// Hash of a session's present id.
    Session([u8; 32]),
    /// Number of a token.
    Token(i64),
    /// Number of a signed link.
    Link(i64),
}

/// Who asks and what they may do. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub who: Who,
    pub proof: Proof,
    /// When it ends whatever happens.
    pub expires_at: Option<OffsetDateTime>,
    rights: Arc<Rights>,
}

impl Principal {
    /// Whoever is not signed in: may do nothing.
    pub fn nobody() -> Self {
        Self { who: Who::Nobody, proof: Proof::None, expires_at: None, rights: Arc::new(Rights::none()) }
    }

    pub fn new(who: Who, proof: Proof, rights: Arc<Rights>, expires_at: Option<OffsetDateTime>) -> Self {
        Self { who, proof, expires_at, rights }
    }

    pub fn is_nobody(&self) -> bool {
        self.who == Who::Nobody
    }

    /// The role; of nobody, guests and players the least one.
    pub fn role(&self) -> Role {
        self.rights.role()
    }

    /// The number of the person, if it is one.
    pub fn person(&self) -> Option<i64> {
        match self.who {
            Who::Person { id, .. } => Some(id),
            _ => None,
        }
    }

    /// How they are called in lists and in the audit log.
    pub fn name(&self) -> &str {
        match &self.who {
            Who::Nobody => "",
            Who::Person { name, .. } | Who::Token { name, .. } => name,
            Who::Guest { label, .. } | Who::Player { label, .. } => label,
        }
    }

    /// What they may do with a camera, or with the recording of it that the place is.
    pub fn on(&self, place: Place<'_>) -> Actions {
        match place.recording {
            None => self.rights.on(place.camera.0, place.group),
            Some(recording) => self.rights.on_recording(recording, (!place.gone).then_some(place.camera.0), place.group),
        }
    }

    /// Whether the camera, or the recording, exists for them.
    pub fn sees(&self, place: Place<'_>) -> bool {
        !self.on(place).is_empty()
    }

    pub fn rights(&self) -> &Arc<Rights> {
        &self.rights
    }
}

/// A camera, as far as rights go by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    pub camera: CameraId,
    pub group: Option<&'a str>,
    /// Not the camera itself but this recording of it.
    pub recording: Option<i64>,
    /// The camera was removed: its recordings are for those who see all cameras.
    pub gone: bool,
}

impl<'a> Place<'a> {
    /// A camera of a group.
    pub fn of(camera: CameraId, group: Option<&'a str>) -> Self {
        Self { camera, group, recording: None, gone: false }
    }
}

/// Something that can be allowed on a camera; the type stands in the proof, so that one is not taken for another.
pub trait Deed: Send + Sync + 'static {
    /// What must have been granted; None: anything.
    const ACTION: Option<CameraAction>;
    /// The least role.
    const ROLE: Role = Role::Viewer;
    /// What the audit log is told whenever it is allowed, once an hour for each person and camera.
    const LOGGED: Option<&'static str> = None;
}

/// Deeds by name.
pub mod deed {
    use super::{CameraAction, Deed, Role};

    macro_rules! deeds {
        ($($(#[$doc:meta])* $name:ident: $action:expr, $role:ident $(, $logged:literal)?;)*) => {$(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Deed for $name {
                const ACTION: Option<CameraAction> = $action;
                const ROLE: Role = Role::$role;
                $(const LOGGED: Option<&'static str> = Some($logged);)?
            }
        )*};
    }

    deeds! {
        /// Knowing that it exists.
        See: None, Viewer;
        /// Watching live.
        Live: Some(CameraAction::Live), Viewer;
        /// Restarting streams.
        Operate: Some(CameraAction::Live), Operator;
        /// Moving it.
        Ptz: Some(CameraAction::Ptz), Viewer;
        /// Knowing of a recording, and its still.
        Glance: Some(CameraAction::Playback), Viewer;
        /// Watching recordings.
        Playback: Some(CameraAction::Playback), Viewer, "recording.view";
        /// Taking recordings away as files.
        Export: Some(CameraAction::Export), Viewer, "recording.export";
        /// Recording by hand.
        Record: Some(CameraAction::Record), Operator;
        /// Changing settings.
        Configure: Some(CameraAction::Configure), Operator;
    }
}

/// The proof that somebody may do `D` with a camera. Only [`authorize`] makes one.
pub struct Allowed<D> {
    camera: CameraId,
    recording: Option<i64>,
    actions: Actions,
    deed: PhantomData<fn() -> D>,
}

impl<D> Allowed<D> {
    /// The camera it is about.
    pub fn camera(&self) -> CameraId {
        self.camera
    }

    /// Not the camera itself but this recording of it.
    pub fn recording(&self) -> Option<i64> {
        self.recording
    }

    /// Everything they may do with it.
    pub fn actions(&self) -> Actions {
        self.actions
    }
}

impl<D> std::fmt::Debug for Allowed<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Allowed").field(&self.camera).finish()
    }
}

/// Decides. `place` is None for a camera that does not exist.
///
/// # Errors
/// 401 for nobody, whatever they ask for; 404 for a camera that does not exist for them, 403 for one that they see but may not do this with.
pub fn authorize<D: Deed>(principal: &Principal, place: Option<Place<'_>>) -> Result<Allowed<D>, AppError> {
    if principal.is_nobody() {
        return Err(not_signed_in());
    }
    let place = place.ok_or_else(AppError::camera_not_found)?;
    let actions = principal.on(place);
    if actions.is_empty() {
        return Err(if place.recording.is_some() { recording_not_found() } else { AppError::camera_not_found() });
    }
    if D::ACTION.is_some_and(|action| !actions.has(action)) || principal.role() < D::ROLE {
        return Err(not_allowed());
    }
    Ok(Allowed { camera: place.camera, recording: place.recording, actions, deed: PhantomData })
}

/// 401.
pub fn not_signed_in() -> AppError {
    AppError::new(Kind::NotSignedIn, "not_signed_in", "Sign in first. Programs send an API token: Authorization: Bearer TOKEN.")
}

/// 404 for a recording.
pub fn recording_not_found() -> AppError {
    AppError::not_found("recording_not_found", "There is no such recording. It may have been deleted.")
}

/// 403.
pub fn not_allowed() -> AppError {
    AppError::new(Kind::Forbidden, "not_allowed", "Your account may not do this. An admin can change that.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use app::model::{Grant, GrantTarget};

    fn person(role: Role, grants: &[Grant]) -> Principal {
        let who = Who::Person { id: 1, name: "Ann".into() };
        Principal::new(who, Proof::None, Arc::new(Rights::of_person(role, grants)), None)
    }

    fn status<D: Deed>(principal: &Principal, place: Option<Place<'_>>) -> u16 {
        authorize::<D>(principal, place).map_or_else(|error| error.status().as_u16(), |_| 200)
    }

    #[test]
    fn nobody_learns_nothing_and_a_stranger_learns_not_even_what_exists() {
        let gate = Some(Place::of(CameraId(1), None));
        assert_eq!((status::<deed::Live>(&Principal::nobody(), gate), status::<deed::Live>(&Principal::nobody(), None)), (401, 401));
        let viewer = person(Role::Viewer, &[]);
        assert_eq!((status::<deed::Live>(&viewer, gate), status::<deed::Configure>(&viewer, gate)), (404, 404));
        assert_eq!(status::<deed::Live>(&person(Role::Admin, &[]), None), 404);
    }

    #[test]
    fn what_is_seen_but_not_granted_is_403() {
        let gate = Some(Place::of(CameraId(1), None));
        let viewer = person(Role::Viewer, &[Grant { target: GrantTarget::Camera(1), actions: vec![CameraAction::Live] }]);
        assert_eq!(status::<deed::Live>(&viewer, gate), 200);
        assert_eq!(status::<deed::Playback>(&viewer, gate), 403);
        // Live is granted, but restarting streams takes an operator.
        assert_eq!(status::<deed::Operate>(&viewer, gate), 403);
        let operator = person(Role::Operator, &[Grant { target: GrantTarget::All, actions: Actions::OPERATE.list() }]);
        assert_eq!((status::<deed::Operate>(&operator, gate), status::<deed::Configure>(&operator, gate)), (200, 403));
        assert_eq!(status::<deed::Configure>(&person(Role::Admin, &[]), gate), 200);
    }
}
