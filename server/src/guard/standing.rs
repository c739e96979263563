//! A right while a connection lasts: it may be withdrawn, or its session may end.

use super::permit::{Asked, Kind};
use crate::people::directory::Directory;
use crate::people::principal::{Principal, Proof};
use crate::people::rights::Actions;
use crate::services::cameras::Wall;
use crate::state::AppState;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often it is looked whether a session still holds. Whoever loses a right is cut off within 5 s.
const LOOK: Duration = Duration::from_secs(2);

/// Why a connection must end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// Nobody is signed in any more.
    SignedOut,
    /// The camera is gone, or is no longer theirs to see.
    Gone,
}

/// Looks after the right `K` of one connection.
pub struct Standing<K> {
    state: AppState,
    principal: Principal,
    asked: Option<Asked>,
    /// What may be done with what was asked for; nothing if the connection is about nothing in particular.
    actions: Actions,
    directory: watch::Receiver<Arc<Directory>>,
    wall: watch::Receiver<Arc<Wall>>,
    look: Interval,
    kind: PhantomData<fn() -> K>,
}

impl<K: Kind> Standing<K> {
    pub(super) fn new(state: AppState, principal: Principal, asked: Option<Asked>) -> Self {
        let (mut directory, mut wall) = (state.people.watch(), state.cameras.watch());
        // Also what changed between the request and now.
        directory.mark_changed();
        wall.mark_changed();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let actions = allowed(&state, &principal, asked);
        Self { state, principal, asked, actions, directory, wall, look, kind: PhantomData }
    }

    /// What may be done now with what was asked for.
    pub fn actions(&self) -> Actions {
        self.actions
    }

    /// Who is connected, with their rights now.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Waits until the right is lost. May be dropped and called again.
    pub async fn lost(&mut self) -> Lost {
        loop {
            match self.changed().await {
                Ok(()) => {}
                Err(lost) => return lost,
            }
        }
    }

    /// Waits until rights or cameras have changed in some way. May be dropped and called again.
    ///
    /// # Errors
    /// The right is lost.
    pub async fn changed(&mut self) -> Result<(), Lost> {
        loop {
            tokio::select! {
                // The senders live as long as the state that is held here.
                changed = self.directory.changed() => if changed.is_err() { return Err(Lost::SignedOut) },
                changed = self.wall.changed() => if changed.is_err() { return Err(Lost::Gone) },
                _ = self.look.tick() => {
                    // Whoever watches is not idle.
                    if let Proof::Session(hash) = self.principal.proof {
                        self.state.people.sessions().touch(&hash);
                    }
                }
            }
            let now = self.state.people.again(&self.principal).ok_or(Lost::SignedOut)?;
            K::check(&self.state, &now, self.asked).map_err(|_| Lost::Gone)?;
            let actions = allowed(&self.state, &now, self.asked);
            let same = now == self.principal && actions == self.actions;
            (self.principal, self.actions) = (now, actions);
            if !same {
                return Ok(());
            }
        }
    }
}

fn allowed(state: &AppState, principal: &Principal, asked: Option<Asked>) -> Actions {
    let wall = state.cameras.wall();
    asked.and_then(|asked| asked.place(&wall)).map(|place| principal.on(place)).unwrap_or_default()
}
