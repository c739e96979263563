//! Steps in the database, for the limits to hold over restarts. Only the last day is kept.

use super::ladder::{DAY, Taken};
use super::settings::Rung;
use crate::db::Db;
use crate::entities::recovery_step;
use media::id::CameraId;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, QueryOrder};
use std::collections::HashMap;

/// What was done for each camera in the last 24 hours, the oldest first.
///
/// # Errors
/// The database cannot be read.
pub async fn recent(db: &Db, now_utc_ms: i64) -> Result<HashMap<i64, Vec<Taken>>, DbErr> {
    let rows = recovery_step::Entity::find()
        .filter(recovery_step::Column::AtMs.gt(day_before(now_utc_ms)))
        .order_by_asc(recovery_step::Column::AtMs)
        .all(db.read())
        .await?;
    let mut recent: HashMap<i64, Vec<Taken>> = HashMap::new();
    for row in rows {
        // A rung that another version knows counts for nothing here.
        let Some(rung) = Rung::of(&row.rung) else { continue };
        recent.entry(row.camera_id).or_default().push(Taken { rung, dry_run: false, at_utc_ms: row.at_ms });
    }
    Ok(recent)
}

/// Records a step before it is taken, and forgets old ones.
///
/// # Errors
/// The database cannot be written: the step must not be taken then, because its limit would not hold.
pub async fn record(db: &Db, camera: CameraId, rung: Rung, at_utc_ms: i64) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    recovery_step::Entity::delete_many().filter(recovery_step::Column::AtMs.lte(day_before(at_utc_ms))).exec(&transaction).await?;
    let row =
        recovery_step::ActiveModel { id: NotSet, camera_id: Set(camera.0), rung: Set(rung.as_str().to_owned()), at_ms: Set(at_utc_ms) };
    recovery_step::Entity::insert(row).exec_without_returning(&transaction).await?;
    transaction.commit().await
}

fn day_before(utc_ms: i64) -> i64 {
    utc_ms.saturating_sub(i64::try_from(DAY.as_millis()).unwrap_or(i64::MAX))
}
