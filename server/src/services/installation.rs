//! What a person sets for the whole installation in the application: the defaults that cameras inherit. Stored in the database, in force
//! at once, and laid over the installation's file.

use crate::config::Current;
use crate::db::Db;
use crate::entities::setting;
use crate::error::{AppError, AppResult};
use crate::services::cameras::Cameras;
use crate::tunables::{self, Layer};
use app::model::{InstallationPatch, InstallationSettings};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait};
use serde_json::Value;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

/// The row of the defaults in table `settings`.
const DEFAULTS: &str = "defaults";

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Installation {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    settings: Current,
    cameras: Cameras,
    tasks: TaskTracker,
    /// One change at a time, from its transaction to the running streams. An async lock, because it is held across the transaction.
    writing: tokio::sync::Mutex<()>,
}

/// Puts the stored defaults in force. Before the cameras are started, which run with them.
///
/// # Errors
/// The database cannot be read.
pub async fn load(db: &Db, settings: &Current) -> Result<(), DbErr> {
    let row = setting::Entity::find_by_id(DEFAULTS).one(db.read()).await?;
    settings.set_stored_defaults(row.map(|row| layer(row.value)).unwrap_or_default());
    Ok(())
}

fn layer(value: Value) -> Layer {
    serde_json::from_value(value).unwrap_or_else(|error| {
        tracing::error!(%error, "the stored settings of the installation cannot be read; those of the file are used");
        Layer::new()
    })
}

impl Installation {
    pub fn new(db: Db, settings: Current, cameras: Cameras, tasks: TaskTracker) -> Self {
        Self { inner: Arc::new(Inner { db, settings, cameras, tasks, writing: tokio::sync::Mutex::new(()) }) }
    }

    /// Everything that can be set for all cameras.
    pub fn settings(&self) -> InstallationSettings {
        let settings = &self.inner.settings;
        InstallationSettings { defaults: tunables::installation(&settings.stored_defaults(), &settings.get().defaults) }
    }

    /// Stores a change and brings the streams in line; those that it makes no difference to go on.
    ///
    /// # Errors
    /// 422 with the field: nothing is changed then.
    pub async fn update(&self, patch: InstallationPatch) -> AppResult<InstallationSettings> {
        let inner = Arc::clone(&self.inner);
        // In a task of its own: a client that hangs up cannot leave database and streams out of step.
        let change = async move { inner.apply(patch).await };
        self.inner.tasks.spawn(change).await.map_err(AppError::internal)??;
        Ok(self.settings())
    }
}

impl Inner {
    async fn apply(&self, patch: InstallationPatch) -> AppResult<()> {
        let _one = self.writing.lock().await;
        let before = self.settings.stored_defaults();
        let after = tunables::changed(&before, &patch.defaults).map_err(|fault| fault.at("defaults"))?;
        if *before == after {
            return Ok(());
        }
        let transaction = self.db.begin().await.map_err(AppError::internal)?;
        let value = serde_json::to_value(&after).map_err(AppError::internal)?;
        store(&transaction, DEFAULTS, value).await.map_err(AppError::internal)?;
        transaction.commit().await.map_err(AppError::internal)?;
        self.settings.set_stored_defaults(after);
        self.cameras.follow_settings().await.map_err(AppError::internal)
    }
}

/// Writes one row of table `settings`.
async fn store(transaction: &DatabaseTransaction, key: &str, value: Value) -> Result<(), DbErr> {
    let row = setting::ActiveModel { key: Set(key.to_owned()), value: Set(value) };
    let replace = OnConflict::column(setting::Column::Key).update_column(setting::Column::Value).to_owned();
    setting::Entity::insert(row).on_conflict(replace).exec_without_returning(transaction).await.map(drop)
}
