//! What the monitor is told, what it answers, and where it is: the words that it shares with its shell and with what is shown of it.

use super::sample::{Sample, Verdict};

/// What the server says about the stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Upstream {
    /// Nothing yet, or nobody watched it: the player is what there is to judge.
    #[default]
    Unknown,
    Live,
    /// The camera is away; the server keeps trying.
    Down,
    /// Switched off, asleep, or the password was refused: trying does not help.
    Shut,
}

/// One look at a player.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Probe {
    /// Milliseconds of a monotonic clock.
    pub now_ms: f64,
    /// When the newest picture was presented, on the same clock. None: none yet.
    pub picture_at_ms: Option<f64>,
    /// None: it could not or need not be sampled now.
    pub sample: Option<Sample>,
    pub upstream: Upstream,
    /// The page hears the server.
    pub line_up: bool,
    /// Milliseconds between two pictures as far as known, 0 otherwise.
    pub gap_ms: f64,
}

/// Why a tile is not watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Switched off for this camera or the installation.
    Off,
    /// The page is in the background.
    PageHidden,
    /// Scrolled away, behind an enlarged picture, or replaced by the other stream.
    OutOfSight,
    /// The browser wants a tap first.
    WantsTap,
    /// The player has given up for a reason that no retry changes.
    PlayerEnded,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A new transport in the same player.
    Refresh,
    /// Player and video element made anew, and the server asked to recover the stream.
    Rebuild,
    /// Only the server is asked: it says itself that the camera is away.
    Recover,
}

/// How an action went. The tile is watched again in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The player was started anew.
    Restarted,
    /// The server's answer to `recover`.
    Answered {
        restarted: bool,
        reason: String,
    },
    Failed {
        reason: String,
    },
    TimedOut,
}

/// What a probe found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The picture stands still.
    Stale,
    /// Pictures are presented, and they are all the same.
    Frozen,
}

/// Where the monitor is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Phase {
    Resting(Rest),
    /// Not judged before this moment.
    WarmUp {
        until_ms: f64,
    },
    Watching,
    /// The picture stands still; the next action is not before this moment.
    Waiting {
        until_ms: f64,
    },
    Acting {
        action: Action,
        since_ms: f64,
    },
    /// The picture stands still and only a person, or the line's return, changes that.
    Held,
    GivenUp,
}

/// What the panel shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    pub phase: Phase,
    pub verdict: Verdict,
    /// Milliseconds since the last sign of a new picture when this was made.
    pub silent_ms: f64,
    pub failures: u32,
    pub attempts: u32,
    pub upstream: Upstream,
    /// Of the clock of the probes.
    pub at_ms: f64,
    /// Counts decisions.
    pub decisions: u64,
}
