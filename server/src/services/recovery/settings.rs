//! What a camera's ladder is set to. The values come from the table of tunables.

pub use app::model::RecoveryRung as Rung;
use std::time::Duration;

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
