//! What a camera's ladder is set to. The values come from the table of tunables.

use std::time::Duration;

/// One thing that can be done for a dark camera, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rung {
    /// Ask for the streams anew, ahead of the next attempt that is planned.
    Reconnect,
    /// Try UDP where it was TCP, and the other way round.
    Transport,
    /// Let the camera restart itself.
    Reboot,
    /// Tell another program, which can switch the camera's power.
    Webhook,
    /// Tell people.
    Alert,
}

impl Rung {
    /// In the order in which they are tried.
    pub const ALL: [Self; 5] = [Self::Reconnect, Self::Transport, Self::Reboot, Self::Webhook, Self::Alert];

    /// The name as it stands in JSON, in keys of settings and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reconnect => "reconnect",
            Self::Transport => "transport",
            Self::Reboot => "reboot",
            Self::Webhook => "webhook",
            Self::Alert => "alert",
        }
    }

    /// The rung of this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rung| rung.as_str() == name)
    }

    /// Its place on the ladder, from 0.
    pub(super) fn place(self) -> usize {
        match self {
            Self::Reconnect => 0,
            Self::Transport => 1,
            Self::Reboot => 2,
            Self::Webhook => 3,
            Self::Alert => 4,
        }
    }
}

/// One rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RungSettings {
    /// How long the camera must have been dark since the step before, or since it went dark.
    pub wait: Duration,
    /// How often within 24 hours; 0: never.
    pub per_day: u32,
}

/// A camera's ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LadderSettings {
    pub enabled: bool,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    pub reconnect: RungSettings,
    pub transport: RungSettings,
    pub reboot: RungSettings,
    pub webhook: RungSettings,
    pub alert: RungSettings,
    /// How long after the last rung the first one may come again; zero: not before the camera has been live.
    pub again_after: Duration,
    /// How long the camera must be live for the next darkness to begin at the first rung.
    pub settled_after: Duration,
}

impl Default for LadderSettings {
    fn default() -> Self {
        let rung = |wait_s, per_day| RungSettings { wait: Duration::from_secs(wait_s), per_day };
        Self {
            enabled: true,
            dry_run: false,
            reconnect: rung(15, 100),
            transport: rung(30, 24),
            reboot: rung(120, 2),
            webhook: rung(120, 3),
            alert: rung(120, 24),
            again_after: Duration::from_secs(3600),
            settled_after: Duration::from_secs(60),
        }
    }
}

impl LadderSettings {
    pub fn of(&self, rung: Rung) -> RungSettings {
        match rung {
            Rung::Reconnect => self.reconnect,
            Rung::Transport => self.transport,
            Rung::Reboot => self.reboot,
            Rung::Webhook => self.webhook,
            Rung::Alert => self.alert,
        }
    }
}
