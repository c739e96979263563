//! The guard: who asks, and whether they may. Every request passes [`resolve`], which is closed by default for whoever is not signed in; every
//! handler takes a [`Permit`], which is the only way to the server's state. A route without a check does not compile, because without a
//! permit it has nothing to work with.

mod permit;
mod resolve;
mod standing;

pub use permit::{Admin, Anyone, Asked, Kind, On, Operator, Permit, SignedIn, actions_on, shown, visible};
pub use resolve::{Cookies, PLAIN_NAME as COOKIE, resolve, sessions, wants_page};
pub use standing::{Lost, Standing};

use crate::state::AppState;
use axum::extract::FromRef;
use leptos::config::LeptosOptions;

/// The state of the router. It cannot be opened outside this module: handlers reach what is in it by a [`Permit`].
#[derive(Clone)]
pub struct Gate(AppState);

impl Gate {
    pub fn new(state: AppState) -> Self {
        Self(state)
    }
}

impl FromRef<Gate> for LeptosOptions {
    fn from_ref(gate: &Gate) -> Self {
        gate.0.leptos.clone()
    }
}
