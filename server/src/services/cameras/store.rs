//! Cameras and credentials in the database. Every change is one transaction.

use super::input::{Draft, name_key};
use super::record::Record;
use crate::db::Db;
use crate::entities::camera::{Overrides, StoredSources, Tags};
use crate::entities::{camera, credential};
use crate::error::{AppError, AppResult, Kind};
use crate::secrets::{Sealer, SecretError};
use crate::tunables::Layer;
use app::model::CredentialsInput;
use media::ingest::Credentials;
use sea_orm::ActiveValue::{NotSet, Set, Unchanged};
use sea_orm::{ActiveModelTrait, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, SqlErr};
use secrecy::zeroize::Zeroizing;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};

/// The plain form of a sealed value. Not `Debug`: it is the password.
#[derive(Serialize, Deserialize)]
struct Plain {
    username: String,
    password: String,
}

/// The place that a sealed value is bound to.
fn place(camera_id: i64) -> String {
    format!("camera credentials {camera_id}")
}

/// 409 for the name.
pub fn name_taken() -> AppError {
    AppError::new(Kind::Conflict, "name_taken", "Another camera already has this name. Choose a different one.").field("name")
}

fn failed(error: DbErr) -> AppError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => name_taken(),
        _ => AppError::internal(error),
    }
}

/// All cameras in their order, with what they inherit from `defaults`. A row that cannot be used is left out with an error in the log; a key that does not fit stops the start.
///
/// # Errors
/// The database cannot be read, or its passwords were sealed with another key.
pub async fn load(db: &Db, sealer: &Sealer, defaults: &Layer) -> Result<Vec<Record>, String> {
    // On the writing side: a reader of the pool could still hold an older snapshot than the change that was just committed.
    let transaction = db.begin().await.map_err(|error| error.to_string())?;
    let ordered = camera::Entity::find().order_by_asc(camera::Column::Position).order_by_asc(camera::Column::Id);
    let rows = ordered.all(&transaction).await.map_err(|error| error.to_string())?;
    let sealed = credential::Entity::find().all(&transaction).await.map_err(|error| error.to_string())?;
    transaction.commit().await.map_err(|error| error.to_string())?;

    let mut sealed: HashMap<i64, Vec<u8>> = sealed.into_iter().map(|row| (row.camera_id, row.sealed)).collect();
    let mut records = Vec::with_capacity(rows.len());
    for row in rows {
        let (id, name) = (row.id, row.name.clone());
        let sealed = sealed.remove(&id);
        let credentials = match sealed.as_deref().map(|sealed| opened(sealer, id, sealed)).transpose() {
            Ok(credentials) => credentials,
            Err(error @ SecretError::OtherKey) => return Err(format!("Camera {name:?}: {error}")),
            Err(error) => {
                tracing::error!(camera.id = id, %error, "credentials are not usable");
                None
            }
        };
        match Record::new(row, sealed, credentials, defaults) {
            Ok(record) => records.push(record),
            Err(reason) => tracing::error!(camera.id = id, reason, "a stored camera is not usable and is left out"),
        }
    }
    Ok(records)
}

fn opened(sealer: &Sealer, id: i64, sealed: &[u8]) -> Result<Credentials, SecretError> {
    let plain = sealer.open_sealed(&place(id), sealed)?;
    let Plain { username, password } = serde_json::from_slice(&plain).map_err(|_| SecretError::Damaged)?;
    Ok(Credentials { username, password: password.into() })
}

fn seal(sealer: &Sealer, id: i64, input: &CredentialsInput) -> AppResult<Vec<u8>> {
    let plain = Plain { username: input.username.clone(), password: input.password.clone().unwrap_or_default() };
    let json = Zeroizing::new(serde_json::to_vec(&plain).map_err(AppError::internal)?);
    sealer.seal(&place(id), &json).map_err(AppError::internal)
}

fn columns(draft: &Draft) -> AppResult<camera::ActiveModel> {
    let input = &draft.input;
    let profile = serde_json::to_value(input.profile).map_err(AppError::internal)?;
    Ok(camera::ActiveModel {
        id: NotSet,
        position: NotSet,
        name: Set(input.name.clone()),
        name_key: Set(name_key(&input.name)),
        profile: Set(profile.as_str().unwrap_or_default().to_owned()),
        enabled: Set(input.enabled),
        hidden: Set(input.hidden),
        group_name: Set(input.group.clone()),
        tags: Set(Tags(input.tags.clone())),
        sources: Set(StoredSources(input.sources.clone())),
        always_on: Set(input.always_on),
        overrides: Set(Overrides(input.overrides.clone())),
        created_at: NotSet,
    })
}

/// Stores a new camera at the end of the order.
///
/// # Errors
/// 409 if the name is taken.
pub async fn insert(db: &Db, sealer: &Sealer, draft: &Draft) -> AppResult<i64> {
    let transaction = db.begin().await.map_err(failed)?;
    let last: Option<Option<i64>> = camera::Entity::find()
        .select_only()
        .column_as(camera::Column::Position.max(), "last")
        .into_tuple()
        .one(&transaction)
        .await
        .map_err(failed)?;
    let row = camera::ActiveModel {
        position: Set(last.flatten().map_or(0, |last| last.saturating_add(1))),
        created_at: Set(time::OffsetDateTime::now_utc()),
        ..columns(draft)?
    };
    let id = row.insert(&transaction).await.map_err(failed)?.id;
    if let Some(credentials) = &draft.input.credentials {
        put_credentials(&transaction, sealer, id, credentials).await?;
    }
    transaction.commit().await.map_err(failed)?;
    Ok(id)
}

/// Writes a change over `current`. False if the stored camera is no longer that one.
///
/// # Errors
/// 404 if it was deleted, 409 if the name is taken.
pub async fn update(db: &Db, sealer: &Sealer, current: &Record, draft: &Draft) -> AppResult<bool> {
    let id = current.camera.id;
    let transaction = db.begin().await.map_err(failed)?;
    let row = camera::Entity::find_by_id(id).one(&transaction).await.map_err(failed)?.ok_or_else(AppError::camera_not_found)?;
    let sealed = credential::Entity::find_by_id(id).one(&transaction).await.map_err(failed)?.map(|row| row.sealed);
    if row != current.row || sealed != current.sealed {
        return Ok(false);
    }
    let changed = camera::ActiveModel { id: Unchanged(id), ..columns(draft)? };
    changed.update(&transaction).await.map_err(failed)?;
    let before = current.as_input().credentials;
    if before != draft.input.credentials {
        credential::Entity::delete_by_id(id).exec(&transaction).await.map_err(failed)?;
        if let Some(credentials) = &draft.input.credentials {
            put_credentials(&transaction, sealer, id, credentials).await?;
        }
    }
    transaction.commit().await.map_err(failed)?;
    Ok(true)
}

async fn put_credentials(transaction: &DatabaseTransaction, sealer: &Sealer, id: i64, input: &CredentialsInput) -> AppResult<()> {
    let row = credential::ActiveModel { camera_id: Set(id), sealed: Set(seal(sealer, id, input)?) };
    credential::Entity::insert(row).exec_without_returning(transaction).await.map_err(failed)?;
    Ok(())
}

/// Deletes a camera; its credentials go with it.
///
/// # Errors
/// 404.
pub async fn delete(db: &Db, id: i64) -> AppResult<()> {
    let transaction = db.begin().await.map_err(failed)?;
    let deleted = camera::Entity::delete_by_id(id).exec(&transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    if deleted.rows_affected == 0 { Err(AppError::camera_not_found()) } else { Ok(()) }
}

/// Numbers the positions anew: first `ids`, then all others in the order they had.
///
/// # Errors
/// 422 for an unknown or repeated camera.
pub async fn reorder(db: &Db, ids: &[i64]) -> AppResult<()> {
    let transaction = db.begin().await.map_err(failed)?;
    let ordered = camera::Entity::find().order_by_asc(camera::Column::Position).order_by_asc(camera::Column::Id);
    let rows = ordered.all(&transaction).await.map_err(failed)?;
    let known: HashSet<i64> = rows.iter().map(|row| row.id).collect();
    let mut named = HashSet::new();
    for (index, id) in ids.iter().enumerate() {
        let field = format!("camera_ids[{index}]");
        if !known.contains(id) {
            return Err(AppError::invalid(field, "camera_not_found", "There is no such camera. It may have been deleted."));
        }
        if !named.insert(*id) {
            return Err(AppError::invalid(field, "camera_repeated", "This camera stands in the list twice."));
        }
    }
    let rest = rows.iter().map(|row| row.id).filter(|id| !named.contains(id));
    for (position, id) in (0_i64..).zip(ids.iter().copied().chain(rest)) {
        camera::Entity::update_many()
            .col_expr(camera::Column::Position, sea_orm::sea_query::Expr::value(position))
            .filter(camera::Column::Id.eq(id))
            .exec(&transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}
