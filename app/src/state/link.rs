//! The line between this page and the server.

use futures::future::AbortHandle;
use leptos::prelude::*;

/// How the line is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LinkState {
    /// The page has only just started.
    #[default]
    Starting,
    Up,
    /// The live line is cut, but the server answers.
    Interrupted,
    /// The server does not answer at all. `next_try_ms` in browser time; None while an attempt is under way.
    Gone {
        next_try_ms: Option<i64>,
    },
}

/// The line, and what may be asked of it. Small and copied.
#[derive(Clone, Copy)]
pub struct Link {
    pub state: RwSignal<LinkState>,
    /// Counts the server's returns: whoever shows something of it starts afresh when this changes.
    pub returns: RwSignal<u32>,
    /// Counts the person's wishes to try at once.
    pub nudges: RwSignal<u32>,
    /// Ends the connection that is open, so that a new one is made. None: none is open.
    line: StoredValue<Option<AbortHandle>>,
}

pub(super) fn provide() {
    provide_context(Link {
        state: RwSignal::new(LinkState::Starting),
        returns: RwSignal::new(0),
        nudges: RwSignal::new(0),
        line: StoredValue::new(None),
    });
}

pub fn use_link() -> Link {
    expect_context()
}

impl Link {
    /// The line is up; if it had been cut, everything on the page is told.
    pub fn up(self) {
        let was = self.state.get_untracked();
        if was != LinkState::Up {
            self.state.set(LinkState::Up);
        }
        if matches!(was, LinkState::Interrupted | LinkState::Gone { .. }) {
            self.returns.update(|count| *count += 1);
        }
    }

    /// A connection begins; [`Link::reconnect`] ends it by this handle.
    pub fn opened(self, line: AbortHandle) {
        self.line.try_set_value(Some(line));
    }

    /// Makes a new connection in place of the one that is open. Nothing on the page starts afresh for that.
    pub fn reconnect(self) {
        if let Some(Some(line)) = self.line.try_update_value(Option::take) {
            line.abort();
        }
    }

    /// Whether the server does not answer at all; tracks it.
    pub fn is_gone(self) -> bool {
        matches!(self.state.get(), LinkState::Gone { .. })
    }
}

/// Milliseconds to wait before attempt `attempt` (0 is the first) to reach the server again.
pub fn retry_delay_ms(attempt: u32) -> u32 {
    match attempt {
        0 => 500,
        1 => 1_000,
        2 => 2_000,
        3 => 3_000,
        _ => 5_000,
    }
}
