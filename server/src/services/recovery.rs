//! The recovery ladder: what is done, step by step, for a camera that stays dark. Reconnecting goes on all the time in `media`; this asks
//! once more, tries the other transport, restarts the camera, tells a device that can switch its power, and tells people.
//!
//! When is decided by [`ladder`], one per camera; this is the shell that looks at the streams, takes the steps and logs each of them.

pub mod ladder;
mod reboot;
mod settings;
mod store;
mod watch;
mod words;

pub use reboot::{NoAddress, Reboot};
pub use settings::{LadderSettings, Rung, RungSettings};

use crate::db::Db;
use crate::error::{AppError, AppResult};
use crate::services::cameras::{Cameras, LadderOf};
use crate::services::feed::Feed;
use crate::services::incidents::{Incidents, Note};
use crate::services::installation::Installation;
use crate::services::status::rfc3339;
use crate::services::webhook::{About, Sender};
use app::model::{Alert, CameraRecovery, IncidentKind, NextStep, RungView, ServerMessage};
use futures::FutureExt;
use ladder::{Ladder, Output, Step, Taken};
use media::StreamKey;
use media::id::CameraId;
use media::stream::Streams;
use media::time::Stamp;
use std::collections::{BTreeMap, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How often every camera is looked at. The ladder waits whole seconds, so that nothing is gained by following every change.
const SWEEP: Duration = Duration::from_secs(1);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Recovery {
    inner: Arc<Inner>,
}

/// What the service works with.
pub struct Parts {
    pub db: Db,
    pub cameras: Cameras,
    pub streams: Streams,
    pub installation: Installation,
    pub incidents: Incidents,
    pub feed: Feed,
    pub webhooks: Sender,
    pub reboot: Arc<dyn Reboot>,
    pub tasks: TaskTracker,
}

struct Inner {
    parts: Parts,
    /// By camera. Held for moments, never across an await.
    watched: Mutex<BTreeMap<i64, Watched>>,
    /// By camera.
    alerts: Mutex<BTreeMap<i64, Raised>>,
}

/// An alert that was raised. It lasts until the camera is well again, and is shown while the camera is dark.
struct Raised {
    alert: Alert,
    shown: bool,
}

/// One camera and its ladder.
struct Watched {
    of: LadderOf,
    ladder: Ladder,
    /// Why a rung can't be taken.
    missing: Vec<(Rung, &'static str)>,
    /// A task takes a step for it, and will tell the ladder when it has ended.
    in_hand: bool,
}

impl Recovery {
    pub fn new(parts: Parts) -> Self {
        Self { inner: Arc::new(Inner { parts, watched: Mutex::default(), alerts: Mutex::default() }) }
    }

    /// The ladder of a camera as it is now.
    ///
    /// # Errors
    /// 404.
    pub fn of(&self, camera: i64) -> AppResult<CameraRecovery> {
        let wall = self.inner.parts.cameras.wall();
        let of = wall.ladders().into_iter().find(|of| of.camera.0 == camera).ok_or_else(AppError::camera_not_found)?;
        let missing = self.inner.missing(&of);
        let now = Stamp::now();
        let watched = lock(&self.inner.watched);
        let ladder = watched.get(&camera).map(|watched| &watched.ladder);
        let rungs = Rung::ALL.map(|rung| {
            let reason = missing.iter().find(|(other, _)| *other == rung).map(|(_, reason)| (*reason).to_owned());
            let used = Some(ladder.map_or(0, |ladder| ladder.used(rung, now)));
            RungView { rung, available: reason.is_none(), reason, used }
        });
        let next = ladder.and_then(|ladder| ladder.next_step(now));
        Ok(CameraRecovery {
            camera_id: camera,
            enabled: of.settings.enabled,
            dry_run: of.settings.dry_run,
            rungs: rungs.to_vec(),
            dark_since: ladder.and_then(Ladder::dark_since).map(|since| rfc3339(since.utc_ms)),
            next: next.map(|(rung, at)| NextStep { rung, at: rfc3339(at.utc_ms) }),
        })
    }

    /// Every camera for which people are asked to look.
    pub fn alerts(&self) -> Vec<Alert> {
        shown(&lock(&self.inner.alerts))
    }

    /// Looks after all cameras until cancelled.
    pub async fn run(&self, stopping: CancellationToken) {
        let history = store::recent(&self.inner.parts.db, Stamp::now().utc_ms).await;
        let mut history = history.unwrap_or_else(|error| {
            tracing::error!(%error, "what the recovery ladder did before cannot be read; its limits begin anew");
            HashMap::new()
        });
        self.inner.end_lost_steps();
        let mut sweep = interval(SWEEP);
        sweep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                _ = sweep.tick() => self.sweep(&mut history),
            }
        }
    }

    fn sweep(&self, history: &mut HashMap<i64, Vec<Taken>>) {
        let now = Stamp::now();
        for (camera, outputs) in self.inner.look(now, history) {
            for output in outputs {
                match output {
                    Output::Take(step) => self.begin(camera, step, now),
                    Output::UsedUp(rung) => self.inner.say_used_up(camera, rung),
                }
            }
        }
    }

    /// Takes a step in a task of its own: a receiver that does not answer must not hold up other cameras.
    fn begin(&self, camera: CameraId, step: Step, now: Stamp) {
        let inner = Arc::clone(&self.inner);
        if let Some(watched) = lock(&inner.watched).get_mut(&camera.0) {
            watched.in_hand = true;
        }
        self.inner.parts.tasks.spawn(async move {
            if AssertUnwindSafe(inner.take(camera, step, now)).catch_unwind().await.is_err() {
                tracing::error!(camera.id = camera.0, rung = step.rung.as_str(), "a recovery step broke");
            }
            inner.step_ended(camera);
        });
    }
}

impl Inner {
    /// Looks at every camera; what is to be done now.
    fn look(&self, now: Stamp, history: &mut HashMap<i64, Vec<Taken>>) -> Vec<(CameraId, Vec<Output>)> {
        let ladders = self.parts.cameras.wall().ladders();
        let mut watched = lock(&self.watched);
        watched.retain(|id, _| ladders.iter().any(|of| of.camera.0 == *id));
        let mut found = Vec::new();
        // Since when each camera is dark that is not well.
        let mut unwell = BTreeMap::new();
        for of in ladders {
            let (camera, settings) = (of.camera, of.settings);
            let seen = watch::look(&self.parts.streams, &of);
            let missing = self.missing(&of);
            let one = watched.entry(camera.0).or_insert_with(|| {
                let taken = history.remove(&camera.0).unwrap_or_default();
                Watched { of: of.clone(), ladder: Ladder::new(settings, taken), missing: Vec::new(), in_hand: false }
            });
            one.ladder.set_settings(settings);
            one.ladder.set_available(|rung| !missing.iter().any(|(other, _)| *other == rung));
            (one.of, one.missing) = (of, missing);
            let mut outputs = Vec::new();
            one.ladder.update(now, seen.condition, &mut outputs);
            if !one.ladder.is_well(now) {
                unwell.insert(camera.0, one.ladder.dark_since());
            }
            if !outputs.is_empty() {
                found.push((camera, outputs));
            }
        }
        drop(watched);
        self.follow_alerts(&unwell);
        found
    }

    /// A camera that comes back for a moment only is asked to be looked at again as soon as it is dark again, not after another round.
    fn follow_alerts(&self, unwell: &BTreeMap<i64, Option<Stamp>>) {
        let mut alerts = lock(&self.alerts);
        let before = alerts.len();
        alerts.retain(|id, _| unwell.contains_key(id));
        let mut changed = alerts.len() < before;
        for (id, raised) in alerts.iter_mut() {
            let dark_since = unwell.get(id).copied().flatten();
            if raised.shown != dark_since.is_some() {
                changed = true;
                raised.shown = dark_since.is_some();
                if let Some(since) = dark_since {
                    raised.alert.since = rfc3339(since.utc_ms);
                }
            }
        }
        if changed {
            self.tell_alerts(&alerts);
        }
    }

    fn missing(&self, of: &LadderOf) -> Vec<(Rung, &'static str)> {
        let mut missing = Vec::new();
        if !of.streams.iter().any(|(_, open)| *open) {
            missing.push((Rung::Transport, words::TRANSPORT_FIXED));
        }
        if let Err(reason) = self.parts.reboot.available(Some(of.camera)) {
            missing.push((Rung::Reboot, reason));
        }
        if self.parts.installation.webhook().is_none() {
            missing.push((Rung::Webhook, words::NO_WEBHOOK));
        }
        missing
    }

    fn step_ended(&self, camera: CameraId) {
        if let Some(watched) = lock(&self.watched).get_mut(&camera.0) {
            watched.in_hand = false;
            watched.ladder.finished(Stamp::now());
        }
    }

    /// Where an earlier run has failed between a ladder's asking for a step and its beginning, nobody else would ever tell the ladder of its end.
    fn end_lost_steps(&self) {
        for watched in lock(&self.watched).values_mut().filter(|watched| !watched.in_hand && watched.ladder.is_running()) {
            watched.ladder.finished(Stamp::now());
        }
    }

    fn say_used_up(&self, camera: CameraId, rung: Rung) {
        let limit = lock(&self.watched).get(&camera.0).map_or(0, |watched| watched.of.settings.of(rung).per_day);
        self.log(step_note(camera, rung, words::used_up(rung, limit)).aside());
    }

    fn log(&self, note: Note) {
        tracing::info!(camera.id = note.camera.map(|camera| camera.0), code = note.code, "{}", note.text);
        self.parts.incidents.note(note);
    }

    /// Takes one step and logs how it went.
    async fn take(&self, camera: CameraId, step: Step, now: Stamp) {
        if step.dry_run {
            return self.log(step_note(camera, step.rung, words::would(step)).aside());
        }
        if let Err(error) = store::record(&self.parts.db, camera, step.rung, now.utc_ms).await {
            tracing::error!(camera.id = camera.0, %error, "a recovery step could not be recorded");
            return self.log(step_note(camera, step.rung, words::NOT_RECORDED.to_owned()).aside());
        }
        let Some(of) = lock(&self.watched).get(&camera.0).map(|watched| watched.of.clone()) else { return };
        let seen = watch::look(&self.parts.streams, &of);
        let text = match step.rung {
            // No more than the next attempt that would have been made: a step, and nothing to sum an incident up by.
            Rung::Reconnect => {
                let text = words::reconnect(&self.reconnect(&seen.dark).await);
                return self.log(step_note(camera, step.rung, text).aside());
            }
            Rung::Transport => match self.other_transport(&of, &seen.dark).await {
                Some(name) => words::transport(name),
                None => return self.log(step_note(camera, step.rung, words::NO_TRANSPORT.to_owned()).aside()),
            },
            Rung::Reboot => words::reboot(&self.parts.reboot.reboot(camera).await),
            Rung::Webhook => words::webhook(&self.call(&of, words::dark(step.dark_for, seen.error.as_deref())).await),
            Rung::Alert => self.alert(camera, now, step, seen.error.as_deref()),
        };
        self.log(step_note(camera, step.rung, text));
    }

    async fn reconnect(&self, dark: &[StreamKey]) -> String {
        let mut answers = Vec::new();
        for handle in dark.iter().filter_map(|key| self.parts.streams.handle(*key)) {
            let reason = handle.recover().await.reason;
            if !answers.contains(&reason) {
                answers.push(reason);
            }
        }
        answers.join(" ")
    }

    /// The transport that is tried from now on. None: there is no other one.
    async fn other_transport(&self, of: &LadderOf, dark: &[StreamKey]) -> Option<&'static str> {
        let open = |key: &&StreamKey| of.streams.iter().any(|(quality, open)| *quality == key.quality && *open);
        let keys: Vec<StreamKey> = dark.iter().filter(open).copied().collect();
        let names: Vec<_> = keys.iter().filter_map(|key| self.parts.streams.try_other_transport(*key)).collect();
        self.reconnect(&keys).await;
        names.first().copied()
    }

    async fn call(&self, of: &LadderOf, reason: String) -> Result<String, String> {
        let hook = self.parts.installation.webhook().ok_or_else(|| words::NO_WEBHOOK.to_owned())?;
        let about = About { camera: of.name.clone(), camera_id: of.camera.0, reason };
        self.parts.webhooks.send(&hook, &about).await.map(|report| report.message).map_err(|failure| failure.sentence)
    }

    fn alert(&self, camera: CameraId, now: Stamp, step: Step, error: Option<&str>) -> String {
        let dark_ms = i64::try_from(step.dark_for.as_millis()).unwrap_or(i64::MAX);
        let text = words::alert(&words::dark(step.dark_for, error));
        let message = error.unwrap_or(words::NO_PICTURES).to_owned();
        let alert = Alert { camera_id: camera.0, since: rfc3339(now.utc_ms.saturating_sub(dark_ms)), message };
        let mut alerts = lock(&self.alerts);
        alerts.insert(camera.0, Raised { alert, shown: true });
        self.tell_alerts(&alerts);
        text
    }

    /// Under the lock: steps end in tasks of their own, and what is told last must be how it is.
    fn tell_alerts(&self, alerts: &BTreeMap<i64, Raised>) {
        self.parts.feed.tell(&ServerMessage::Alerts { alerts: shown(alerts) });
    }
}

fn shown(alerts: &BTreeMap<i64, Raised>) -> Vec<Alert> {
    alerts.values().filter(|raised| raised.shown).map(|raised| raised.alert.clone()).collect()
}

/// What the incident log is told of a rung.
fn step_note(camera: CameraId, rung: Rung, text: String) -> Note {
    Note::new(camera, IncidentKind::RecoveryStep, text).code(format!("recovery_{}", rung.as_str()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept here is whole after every statement.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
