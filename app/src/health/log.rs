//! What the monitor decided and why, the newest first: shown in a tile's health panel.

use super::sample::Picture;
use super::terms::{Action, Outcome, Rest};
use std::collections::VecDeque;

/// Older decisions go.
const MOST: usize = 50;

/// What the monitor has seen or done.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Pictures are watched from now on.
    Attached,
    Detached(Rest),
    /// No new picture for so long (milliseconds), and what is done about it.
    Stale {
        silent_ms: f64,
        action: Action,
        /// Failures in the window, this one included.
        failures: u32,
        /// The next action is not before so long.
        wait_ms: f64,
    },
    /// Presented pictures were all the same: renewed once.
    FrozenRenewed,
    Done(Outcome),
    /// Somebody else started the player afresh: a person, or the page when the server was back.
    StartedAfresh,
    /// Pictures move again.
    Moving,
    /// They did so for long enough: what went wrong is forgotten.
    Settled,
    /// The picture is of this kind now.
    Looks(Picture),
    /// Probes came too far apart (milliseconds) to judge by.
    HeldBack {
        gap_ms: f64,
    },
    /// The line to the server is cut: nothing is judged.
    LineCut,
    LineBack,
    /// Nothing to be done here: the camera is off or asleep, or its password was refused.
    UpstreamShut,
    /// The server gets pictures again.
    UpstreamBack,
    /// Most pictures of the page stopped together; the page reconnects.
    PageFault,
    GivenUp {
        attempts: u32,
    },
}

/// An event and when it was, milliseconds of the monitor's clock.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    pub at_ms: f64,
    pub event: Event,
}

/// The newest decisions.
#[derive(Debug, Clone, Default)]
pub struct Log {
    decisions: VecDeque<Decision>,
    /// Counts all decisions: whoever shows them looks again when it changes.
    count: u64,
}

impl Log {
    pub fn push(&mut self, at_ms: f64, event: Event) {
        self.decisions.truncate(MOST - 1);
        self.decisions.push_front(Decision { at_ms, event });
        self.count += 1;
    }

    /// How many there ever were: whoever shows them looks again when it changes.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The newest first.
    pub fn iter(&self) -> impl Iterator<Item = &Decision> {
        self.decisions.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_keeps_the_newest() {
        let mut log = Log::default();
        for at in 0..200 {
            log.push(f64::from(at), Event::Moving);
        }
        let times: Vec<f64> = log.iter().map(|decision| decision.at_ms).collect();
        assert_eq!((times.len(), times[0], log.count()), (50, 199.0, 200));
    }
}
