//! What a person sets for the whole installation in the application: the defaults that cameras inherit, and the webhook of the recovery
//! ladder. Stored in the database, in force at once; the defaults are laid over the installation's file.

pub(super) mod stored;

use crate::config::Current;
use crate::db::Db;
use crate::error::{AppError, AppResult};
use crate::secrets::Sealer;
use crate::services::cameras::Cameras;
use crate::services::recovery::{Reboot, Rung};
use crate::services::webhook::{About, Sender, Webhook};
use crate::tunables::{self, Layer};
use app::model::{InstallationPatch, InstallationSettings, RungView, WebhookInput, WebhookReport};
use sea_orm::DbErr;
use std::sync::{Arc, PoisonError, RwLock};
use tokio_util::task::TaskTracker;

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Installation {
    inner: Arc<Inner>,
}

/// What the service is made of.
pub struct Parts {
    pub db: Db,
    pub sealer: Sealer,
    pub settings: Current,
    pub cameras: Cameras,
    pub webhooks: Sender,
    pub reboot: Arc<dyn Reboot>,
    pub tasks: TaskTracker,
}

struct Inner {
    parts: Parts,
    /// The database's copy in memory.
    webhook: RwLock<Option<Arc<Webhook>>>,
    /// One change at a time, from its transaction to the running streams. An async lock, because it is held across the transaction.
    writing: tokio::sync::Mutex<()>,
}

/// Puts the stored defaults in force. Before the cameras are started, which run with them.
///
/// # Errors
/// The database cannot be read.
pub async fn load(db: &Db, settings: &Current) -> Result<(), DbErr> {
    settings.set_stored_defaults(stored::defaults(db).await?);
    Ok(())
}

impl Installation {
    /// Reads the webhook.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn open(parts: Parts) -> Result<Self, DbErr> {
        let webhook = stored::webhook(&parts.db, &parts.sealer).await?.map(Arc::new);
        Ok(Self { inner: Arc::new(Inner { parts, webhook: RwLock::new(webhook), writing: tokio::sync::Mutex::new(()) }) })
    }

    /// Everything that can be set for all cameras.
    pub fn settings(&self) -> InstallationSettings {
        let settings = &self.inner.parts.settings;
        InstallationSettings {
            defaults: tunables::installation(&settings.stored_defaults(), &settings.get().defaults),
            webhook: self.webhook().map(|webhook| webhook.view()),
            rungs: self.rungs(),
        }
    }

    /// The webhook of the recovery ladder.
    pub fn webhook(&self) -> Option<Arc<Webhook>> {
        self.inner.webhook.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Stores a change and brings the streams in line; those that it makes no difference to go on.
    ///
    /// # Errors
    /// 422 with the field: nothing is changed then.
    pub async fn update(&self, patch: InstallationPatch) -> AppResult<InstallationSettings> {
        let inner = Arc::clone(&self.inner);
        // In a task of its own: a client that hangs up cannot leave database and streams out of step.
        let change = async move { inner.apply(patch).await };
        self.inner.parts.tasks.spawn(change).await.map_err(AppError::internal)??;
        Ok(self.settings())
    }

    /// Sends a webhook as typed, with the stored secret if it has none of its own. Nothing is stored.
    ///
    /// # Errors
    /// 422 with the field: it may not be sent, or was not received.
    pub async fn test_webhook(&self, input: &WebhookInput) -> AppResult<WebhookReport> {
        let hook = Webhook::new(input, self.webhook().as_deref())?;
        let about = About { camera: "Test".to_owned(), camera_id: 0, reason: "A test of the webhook.".to_owned() };
        Ok(self.inner.parts.webhooks.send(&hook, &about).await?)
    }

    fn rungs(&self) -> Vec<RungView> {
        let missing = |rung| match rung {
            Rung::Reboot => self.inner.parts.reboot.available(None).err().map(str::to_owned),
            Rung::Webhook if self.webhook().is_none() => Some("No webhook is set.".to_owned()),
            Rung::Reconnect | Rung::Transport | Rung::Webhook | Rung::Alert => None,
        };
        let view = |rung| {
            let reason = missing(rung);
            RungView { rung, available: reason.is_none(), reason, used: None }
        };
        Rung::ALL.map(view).to_vec()
    }
}

impl Inner {
    async fn apply(&self, patch: InstallationPatch) -> AppResult<()> {
        let _one = self.writing.lock().await;
        let before = self.parts.settings.stored_defaults();
        let after = tunables::changed(&before, &patch.defaults).map_err(|fault| fault.at("defaults"))?;
        let webhook = match &patch.webhook {
            None => None,
            Some(None) => Some(None),
            Some(Some(input)) => Some(Some(self.checked(input).await?)),
        };
        let transaction = self.parts.db.begin().await.map_err(AppError::internal)?;
        if *before != after {
            stored::put_defaults(&transaction, &after).await.map_err(AppError::internal)?;
        }
        if let Some(webhook) = &webhook {
            stored::put_webhook(&transaction, &self.parts.sealer, webhook.as_ref()).await?;
        }
        transaction.commit().await.map_err(AppError::internal)?;
        if let Some(webhook) = webhook {
            *self.webhook.write().unwrap_or_else(PoisonError::into_inner) = webhook.map(Arc::new);
        }
        if *before != after {
            self.follow(after).await?;
        }
        Ok(())
    }

    async fn follow(&self, defaults: Layer) -> AppResult<()> {
        self.parts.settings.set_stored_defaults(defaults);
        self.parts.cameras.follow_settings().await.map_err(AppError::internal)
    }

    /// Its form, and whether it may go where it points.
    async fn checked(&self, input: &WebhookInput) -> AppResult<Webhook> {
        let stored = self.webhook.read().unwrap_or_else(PoisonError::into_inner).clone();
        let hook = Webhook::new(input, stored.as_deref())?;
        self.parts.webhooks.check(&hook).await?;
        Ok(hook)
    }
}
