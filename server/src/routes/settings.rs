//! What is set for the whole installation.

use crate::error::AppResult;
use crate::extract::ApiJson;
use crate::guard::{Admin, Gate, Permit};
use crate::people::audit::Entry;
use app::model::{InstallationPatch, InstallationSettings, RecordingPlace, RecordingPlaceInput, WebhookInput, WebhookReport};
use axum::Json;
use serde_json::json;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub fn router() -> OpenApiRouter<Gate> {
    OpenApiRouter::new().routes(routes!(read, update)).routes(routes!(test_webhook)).routes(routes!(recordings, choose_recordings))
}

/// The defaults that cameras inherit: their values, where they come from, and what they may be; and the webhook of the recovery ladder.
#[utoipa::path(get, path = "/api/v1/settings", tag = "settings", responses((status = OK, body = InstallationSettings)))]
async fn read(permit: Permit<Admin>) -> Json<InstallationSettings> {
    Json(permit.installation.settings())
}

/// Changes defaults and the webhook; defaults apply at once, and only to cameras that inherit them. A value that is not allowed changes
/// nothing; `field` is `defaults.` and its key, or `webhook.url` and the like.
#[utoipa::path(
    patch,
    path = "/api/v1/settings",
    tag = "settings",
    request_body = InstallationPatch,
    responses((status = OK, body = InstallationSettings))
)]
async fn update(permit: Permit<Admin>, ApiJson(patch): ApiJson<InstallationPatch>) -> AppResult<Json<InstallationSettings>> {
    let updated = |permit: Permit<Admin>| async move {
        let before = permit.installation.settings();
        let after = permit.installation.update(patch).await?;
        permit.note(|actor| Entry::new(actor, "settings.update").changes(&json!(before), &json!(after)));
        Ok(Json(after))
    };
    permit.detached(updated).await
}

/// Sends this webhook once, now, and says how it went; nothing is stored. It is received if it is answered with 200-299, otherwise the
/// problem's `code` says why not. Without a `secret` the stored one is sent, if the address is at the same place.
#[utoipa::path(
    post,
    path = "/api/v1/settings/webhook/test",
    tag = "settings",
    request_body = WebhookInput,
    responses((status = OK, body = WebhookReport))
)]
async fn test_webhook(permit: Permit<Admin>, ApiJson(input): ApiJson<WebhookInput>) -> AppResult<Json<WebhookReport>> {
    permit.installation.test_webhook(&input).await.map(Json)
}

/// Where recordings go, and how much room there is.
#[utoipa::path(get, path = "/api/v1/settings/recordings", tag = "settings", responses((status = OK, body = RecordingPlace)))]
async fn recordings(permit: Permit<Admin>) -> AppResult<Json<RecordingPlace>> {
    permit.storage.place().await.map(Json)
}

/// Chooses where recordings go. The folder is made and written to once before it is taken.
#[utoipa::path(
    put,
    path = "/api/v1/settings/recordings",
    tag = "settings",
    request_body = RecordingPlaceInput,
    responses((status = OK, body = RecordingPlace))
)]
async fn choose_recordings(permit: Permit<Admin>, ApiJson(input): ApiJson<RecordingPlaceInput>) -> AppResult<Json<RecordingPlace>> {
    let chosen = |permit: Permit<Admin>| async move {
        let before = permit.storage.folder();
        let place = permit.storage.choose(input.folder.as_deref()).await?;
        if before != std::path::Path::new(&place.folder) {
            permit.note(|actor| {
                Entry::new(actor, "settings.recordings").changes(&json!({ "folder": before }), &json!({ "folder": place.folder }))
            });
        }
        Ok(Json(place))
    };
    permit.detached(chosen).await
}
