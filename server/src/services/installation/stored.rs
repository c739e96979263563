//! The installation's settings in table `settings`.

use crate::db::Db;
use crate::entities::setting;
use crate::error::{AppError, AppResult};
use crate::secrets::Sealer;
use crate::services::webhook::Webhook;
use crate::tunables::Layer;
use app::model::{WebhookInput, WebhookMethod};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const DEFAULTS: &str = "defaults";
const RECORDINGS: &str = "recordings.folder";
const WEBHOOK: &str = "recovery.webhook";
/// What the sealed secret is bound to.
const SECRET_PLACE: &str = "recovery webhook secret";

/// A webhook as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredWebhook {
    url: String,
    method: WebhookMethod,
    body: Option<String>,
    header: Option<String>,
    /// The sealed secret in base64.
    sealed: Option<String>,
}

async fn read(db: &Db, key: &str) -> Result<Option<Value>, DbErr> {
    Ok(setting::Entity::find_by_id(key).one(db.read()).await?.map(|row| row.value).filter(|value| !value.is_null()))
}

/// The stored defaults; none if they cannot be understood.
///
/// # Errors
/// The database cannot be read.
pub async fn defaults(db: &Db) -> Result<Layer, DbErr> {
    let layer = read(db, DEFAULTS).await?.map(serde_json::from_value).transpose();
    Ok(layer
        .unwrap_or_else(|error| {
            tracing::error!(%error, "the stored settings of the installation cannot be read; those of the file are used");
            None
        })
        .unwrap_or_default())
}

/// Stores the defaults.
///
/// # Errors
/// The database cannot be written.
pub async fn put_defaults(transaction: &DatabaseTransaction, layer: &Layer) -> Result<(), DbErr> {
    let value = layer.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    setting::put(transaction, DEFAULTS, Value::Object(value)).await
}

/// The stored webhook; none if it cannot be used.
///
/// # Errors
/// The database cannot be read.
pub async fn webhook(db: &Db, sealer: &Sealer) -> Result<Option<Webhook>, DbErr> {
    let Some(value) = read(db, WEBHOOK).await? else { return Ok(None) };
    Ok(opened(value, sealer).inspect_err(|reason| tracing::error!(reason, "the stored webhook cannot be used; set it again")).ok())
}

fn opened(value: Value, sealer: &Sealer) -> Result<Webhook, String> {
    let stored: StoredWebhook = serde_json::from_value(value).map_err(|error| error.to_string())?;
    let secret = stored.sealed.map(|sealed| unseal(sealer, &sealed)).transpose()?;
    let input = WebhookInput { url: stored.url, method: stored.method, body: stored.body, header: stored.header, secret };
    Webhook::new(&input, None).map_err(|fault| fault.sentence)
}

fn unseal(sealer: &Sealer, sealed: &str) -> Result<String, String> {
    let sealed = BASE64_STANDARD.decode(sealed).map_err(|error| error.to_string())?;
    let plain = sealer.open_sealed(SECRET_PLACE, &sealed).map_err(|error| error.to_string())?;
    String::from_utf8(plain.to_vec()).map_err(|_| "the secret is no text".to_owned())
}

/// Stores a webhook, or takes it out.
///
/// # Errors
/// It cannot be sealed or written.
pub async fn put_webhook(transaction: &DatabaseTransaction, sealer: &Sealer, webhook: Option<&Webhook>) -> AppResult<()> {
    let value = match webhook {
        None => Value::Null,
        Some(webhook) => {
            let view = webhook.view();
            let seal = |secret: &secrecy::SecretString| sealer.seal(SECRET_PLACE, secret.expose_secret().as_bytes());
            let sealed = webhook.secret.as_ref().map(seal).transpose().map_err(AppError::internal)?;
            let stored = StoredWebhook {
                url: view.url,
                method: view.method,
                body: view.body,
                header: view.header,
                sealed: sealed.map(|sealed| BASE64_STANDARD.encode(sealed)),
            };
            serde_json::to_value(stored).map_err(AppError::internal)?
        }
    };
    setting::put(transaction, WEBHOOK, value).await.map_err(AppError::internal)
}

/// The folder that was chosen for recordings.
///
/// # Errors
/// The database cannot be read.
pub async fn recordings(db: &Db) -> Result<Option<String>, DbErr> {
    Ok(read(db, RECORDINGS).await?.and_then(|value| value.as_str().map(str::to_owned)))
}

/// Stores it, or takes it out.
///
/// # Errors
/// The database cannot be written.
pub async fn put_recordings(transaction: &DatabaseTransaction, folder: Option<&str>) -> Result<(), DbErr> {
    setting::put(transaction, RECORDINGS, folder.map_or(Value::Null, Value::from)).await
}
