//! Permits: extractors that hold the proof of a right and give access to the server.

use super::Gate;
use super::standing::Standing;
use crate::error::{AppError, AppResult};
use crate::listen::client::Client;
use crate::people::audit::{Actor, Entry};
use crate::people::principal::{self, Allowed, Deed, Place, Principal, Who};
use crate::people::rights::Actions;
use crate::services::cameras::Wall;
use crate::state::AppState;
use app::model::{Camera, CameraAction, Role};
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use media::CameraId;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::ops::Deref;

/// A sort of right that a route asks for.
pub trait Kind: Send + Sync + 'static {
    /// What shows that it was given.
    type Proof: Send + Sync;
    /// See [`Deed::LOGGED`].
    const LOGGED: Option<&'static str> = None;

    /// Decides. `asked` is what the path names, if it names anything.
    ///
    /// # Errors
    /// 401, 403 or 404; see [`principal::authorize`].
    fn check(state: &AppState, principal: &Principal, asked: Option<Asked>) -> AppResult<Self::Proof>;
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    camera: CameraId,
    /// This recording of the camera, which may be gone by now.
    recording: Option<i64>,
}

impl Asked {
    /// A recording of a camera.
    pub fn recording(camera: i64, recording: i64) -> Self {
        Self { camera: CameraId(camera), recording: Some(recording) }
    }

    /// As far as rights go by it; None: it does not exist. What was recorded outlives its camera: then it is for those who see all cameras.
    pub fn place(self, wall: &Wall) -> Option<Place<'_>> {
        match (wall.place(self.camera), self.recording) {
            (Some(place), recording) => Some(Place { recording, ..place }),
            (None, Some(recording)) => Some(Place { recording: Some(recording), gone: true, ..Place::of(self.camera, None) }),
            (None, None) => None,
        }
    }
}

/// No right is needed: health, signing in.
pub struct Anyone;

/// Whoever is signed in; what they get must be filtered by what they may see.
pub struct SignedIn;

/// Operators and admins: how the server is.
pub struct Operator;

/// Admins: the installation and its people.
pub struct Admin;

/// A deed with the camera that the path names, as `camera` or `id`, or with the recording that it names.
pub struct On<D>(PhantomData<fn() -> D>);

impl Kind for Anyone {
    type Proof = ();

    fn check(_: &AppState, _: &Principal, _: Option<Asked>) -> AppResult<()> {
        Ok(())
    }
}

impl Kind for SignedIn {
    type Proof = ();

    fn check(_: &AppState, principal: &Principal, _: Option<Asked>) -> AppResult<()> {
        if principal.is_nobody() { Err(principal::not_signed_in()) } else { Ok(()) }
    }
}

impl Kind for Operator {
    type Proof = ();

    fn check(state: &AppState, principal: &Principal, _: Option<Asked>) -> AppResult<()> {
        SignedIn::check(state, principal, None)?;
        if principal.role() >= Role::Operator { Ok(()) } else { Err(principal::not_allowed()) }
    }
}

impl Kind for Admin {
    type Proof = ();

    fn check(state: &AppState, principal: &Principal, asked: Option<Asked>) -> AppResult<()> {
        SignedIn::check(state, principal, None)?;
        // A camera that they do not see stays hidden also where only admins may do something with it.
        if let Some(asked) = asked
            && !sees(state, principal, asked.camera)
        {
            return Err(AppError::camera_not_found());
        }
        if principal.role() == Role::Admin { Ok(()) } else { Err(principal::not_allowed()) }
    }
}

impl<D: Deed> Kind for On<D> {
    type Proof = Allowed<D>;
    const LOGGED: Option<&'static str> = D::LOGGED;

    fn check(state: &AppState, principal: &Principal, asked: Option<Asked>) -> AppResult<Allowed<D>> {
        let wall = state.cameras.wall();
        principal::authorize(principal, asked.and_then(|asked| asked.place(&wall)))
    }
}

fn sees(state: &AppState, principal: &Principal, camera: CameraId) -> bool {
    state.cameras.wall().place(camera).is_some_and(|place| principal.sees(place))
}

/// What somebody may do with a camera; nothing with one that does not exist.
pub fn actions_on(state: &AppState, principal: &Principal, camera: i64) -> Actions {
    state.cameras.wall().place(CameraId(camera)).map(|place| principal.on(place)).unwrap_or_default()
}

/// The right `K` was given to whoever asks. Dereferences to the server's state.
pub struct Permit<K: Kind> {
    state: AppState,
    principal: Principal,
    client: Client,
    proof: K::Proof,
}

impl<K: Kind> Deref for Permit<K> {
    type Target = AppState;

    fn deref(&self) -> &AppState {
        &self.state
    }
}

impl<K: Kind> Permit<K> {
    pub fn state(&self) -> &AppState {
        &self.state
    }

    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    pub fn client(&self) -> &Client {
        &self.client
    }

    pub fn address(&self) -> IpAddr {
        self.client.address
    }

    /// For the audit log.
    pub fn actor(&self) -> Actor {
        Actor::of(&self.principal, Some(self.client.address))
    }

    /// To whom something belongs that whoever asks makes: a person, or the person whose token it is. None: the console's.
    pub fn owner(&self) -> Option<i64> {
        match self.principal.who {
            Who::Person { id, .. } => Some(id),
            Who::Token { id, .. } => self.state.people.directory().tokens.get(&id).and_then(|token| token.owner),
            Who::Nobody | Who::Guest { .. } | Who::Player { .. } => None,
        }
    }

    /// Runs a change to its end, with its note in the audit log, even if whoever asked goes away.
    ///
    /// # Errors
    /// Those of the change.
    pub async fn detached<T, F>(self, change: impl FnOnce(Self) -> F) -> AppResult<T>
    where
        T: Send + 'static,
        F: Future<Output = AppResult<T>> + Send + 'static,
    {
        let tasks = self.state.tasks.clone();
        tasks.spawn(change(self)).await.map_err(AppError::internal)?
    }

    /// Writes into the audit log that this was done.
    pub fn note(&self, entry: impl FnOnce(Actor) -> Entry) {
        self.state.people.audit().note(entry(self.actor()));
    }

    /// Whether a camera exists for whoever asks.
    pub fn sees(&self, camera: i64) -> bool {
        sees(&self.state, &self.principal, CameraId(camera))
    }

    /// Whether whoever asks may know how a camera is: its state and its incidents.
    pub fn watches(&self, camera: i64) -> bool {
        actions_on(&self.state, &self.principal, camera).has(CameraAction::Live)
    }

    /// The cameras that exist for whoever asks, in their order.
    pub fn visible(&self) -> Vec<Camera> {
        visible(&self.state, &self.principal)
    }

    /// A camera as whoever asks may read it.
    pub fn shown(&self, camera: Camera) -> Camera {
        shown(&self.principal, camera)
    }

    /// Follows the right while a connection lasts.
    pub fn standing(&self) -> Standing<K> {
        Standing::new(self.state.clone(), self.principal.clone(), None)
    }
}

impl<D: Deed> Permit<On<D>> {
    /// The camera that the path names.
    pub fn camera(&self) -> CameraId {
        self.proof.camera()
    }

    /// Everything that may be done with it.
    pub fn actions(&self) -> Actions {
        self.proof.actions()
    }

    /// The recording that the path names.
    ///
    /// # Errors
    /// 404 if it names none.
    pub fn recording(&self) -> AppResult<i64> {
        self.proof.recording().ok_or_else(principal::recording_not_found)
    }

    /// Follows the right while a connection lasts.
    pub fn standing_on_camera(&self) -> Standing<On<D>> {
        let asked = Asked { camera: self.proof.camera(), recording: self.proof.recording() };
        Standing::new(self.state.clone(), self.principal.clone(), Some(asked))
    }
}

/// The cameras that exist for somebody, in their order.
pub fn visible(state: &AppState, principal: &Principal) -> Vec<Camera> {
    let wall = state.cameras.wall();
    wall.cameras.iter().filter(|camera| principal.sees(place(camera))).map(|camera| shown(principal, camera.clone())).collect()
}

/// A camera as somebody may read it, with what they may do with it: where it is on the network and how one signs in there is for those who
/// may change it. Addresses of some recorders are secrets by themselves.
pub fn shown(principal: &Principal, mut camera: Camera) -> Camera {
    let actions = principal.on(place(&camera));
    camera.actions = actions.list();
    if !actions.has(CameraAction::Configure) {
        for source in [&mut camera.sources.main, &mut camera.sources.sub].into_iter().flatten() {
            source.url.clear();
        }
        camera.credentials = None;
        camera.overrides.clear();
    }
    camera
}

fn place(camera: &Camera) -> Place<'_> {
    Place::of(CameraId(camera.id), camera.group.as_deref())
}

impl<K: Kind> FromRequestParts<Gate> for Permit<K> {
    type Rejection = AppError;

    async fn from_request_parts(parts: &mut Parts, gate: &Gate) -> Result<Self, AppError> {
        let principal = parts.extensions.get::<Principal>().cloned().unwrap_or_else(Principal::nobody);
        let client = parts.extensions.get::<Client>().cloned().unwrap_or_default();
        let (asked, name) = asked(parts, &gate.0, &principal).await?;
        let proof = K::check(&gate.0, &principal, asked)?;
        // Here and not in the handlers: no route to recordings can forget it.
        if let Some((action, asked)) = K::LOGGED.zip(asked) {
            let wall = gate.0.cameras.wall();
            let name = wall.cameras.iter().find(|one| one.id == asked.camera.0).map_or(&*name, |one| &one.name);
            let target = asked.recording.map_or(("camera", asked.camera.0), |recording| ("recording", recording));
            gate.0.people.note_look(&principal, client.address, action, target, name);
        }
        Ok(Self { state: gate.0.clone(), principal, client, proof })
    }
}

/// What the path names, and of a recording what its camera was called. What cannot be the number of a camera is no camera, and of a recording no
/// recording.
async fn asked(parts: &mut Parts, state: &AppState, principal: &Principal) -> AppResult<(Option<Asked>, String)> {
    let camera_path = parts.uri.path().contains("/cameras/") || parts.uri.path().contains("/live/");
    let Ok(fields) = RawPathParams::from_request_parts(parts, &()).await else { return Ok((None, String::new())) };
    let find = |wanted: &dyn Fn(&str) -> bool| fields.iter().find(|(name, _)| wanted(name)).map(|(_, text)| number(text));
    if let Some(recording) = find(&|name| name == "recording") {
        if principal.is_nobody() {
            return Err(principal::not_signed_in());
        }
        // Nothing live: there is time for a query.
        let recording = recording.ok_or_else(principal::recording_not_found)?;
        let (camera, name) = state.recordings.camera_of(recording).await?;
        return Ok((Some(Asked::recording(camera, recording)), name));
    }
    let camera = find(&|name| name == "camera" || (name == "id" && camera_path)).flatten();
    Ok((camera.map(|camera| Asked { camera: CameraId(camera), recording: None }), String::new()))
}

/// Only the one way to write it: "+7" and "007" are not addresses of camera 7.
fn number(text: &str) -> Option<i64> {
    text.parse().ok().filter(|id: &i64| *id > 0 && id.to_string() == text)
}
