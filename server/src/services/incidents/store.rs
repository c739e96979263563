//! Incidents and slots as rows.

use super::account::{Slot, Sums};
use super::entry::Entry;
use super::words;
use crate::db::Db;
use crate::entities::incident::Steps;
use crate::entities::{camera, incident, stream_slot};
use app::model::{IncidentKind, Quality};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query};
use sea_orm::{ColumnTrait, Condition, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

/// Rows of one statement: SQLite and PostgreSQL limit the values in it.
const ROWS_AT_ONCE: usize = 100;
/// Rows that are deleted in one transaction: others want to write as well.
const DELETED_AT_ONCE: u64 = 500;
/// Entries of one camera; beyond, the oldest go whatever their age.
pub(super) const MAX_PER_CAMERA: u64 = 5_000;

/// Which entries are wanted; the newest come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Filter {
    /// None: of all cameras, and about the server.
    pub camera: Option<i64>,
    pub before: Option<i64>,
    pub from_ms: Option<i64>,
    pub to_ms: Option<i64>,
    pub limit: usize,
}

impl Filter {
    pub(super) fn takes(&self, entry: &Entry) -> bool {
        self.camera.is_none_or(|camera| entry.camera == Some(camera))
            && self.before.is_none_or(|before| entry.id < before)
            && self.from_ms.is_none_or(|from| entry.ended_ms.is_none_or(|ended| ended >= from))
            && self.to_ms.is_none_or(|to| entry.started_ms < to)
    }
}

/// Closes what a run that was killed left open. The answer is an id above every stored one.
pub(super) async fn begin(db: &Db) -> Result<i64, DbErr> {
    let transaction = db.begin().await?;
    let left_open = incident::Entity::find().filter(incident::Column::EndedMs.is_null()).all(&transaction).await?;
    for row in left_open {
        let dark = Duration::from_millis(row.dark_ms.and_then(|ms| u64::try_from(ms).ok()).unwrap_or(0));
        let ended_ms = row.started_ms.saturating_add(i64::try_from(dark.as_millis()).unwrap_or(0));
        let closed = incident::ActiveModel {
            id: Set(row.id),
            ended_ms: Set(Some(ended_ms)),
            summary: Set(words::cut_off(&row.summary, dark)),
            ..Default::default()
        };
        incident::Entity::update(closed).exec(&transaction).await?;
    }
    let last: Option<Option<i64>> =
        incident::Entity::find().select_only().column_as(incident::Column::Id.max(), "last").into_tuple().one(&transaction).await?;
    transaction.commit().await?;
    Ok(last.flatten().unwrap_or(0).saturating_add(1))
}

/// Stores entries and adds to slots, all or nothing. What belongs to a camera that was deleted meanwhile is left out.
pub(super) async fn write(db: &Db, entries: &[Entry], slots: &BTreeMap<Slot, Sums>) -> Result<(), DbErr> {
    let transaction = db.begin().await?;
    let ids: Vec<i64> = camera::Entity::find().select_only().column(camera::Column::Id).into_tuple().all(&transaction).await?;
    let exists: HashSet<i64> = ids.into_iter().collect();
    let mut rows = Vec::new();
    for entry in entries.iter().filter(|entry| entry.camera.is_none_or(|camera| exists.contains(&camera))) {
        rows.push(row(entry));
    }
    let replace = OnConflict::column(incident::Column::Id)
        .update_columns([
            incident::Column::EndedMs,
            incident::Column::Kind,
            incident::Column::Code,
            incident::Column::DarkMs,
            incident::Column::Attempts,
            incident::Column::Summary,
            incident::Column::Steps,
            incident::Column::LeftOut,
        ])
        .to_owned();
    for rows in rows.chunks(ROWS_AT_ONCE) {
        incident::Entity::insert_many(rows.to_vec()).on_conflict(replace.clone()).exec_without_returning(&transaction).await?;
    }
    for ((slot, key), sums) in slots.iter().filter(|((_, key), _)| exists.contains(&key.camera.0)) {
        let row = stream_slot::ActiveModel {
            camera_id: Set(key.camera.0),
            quality: Set(key.quality.as_str().to_owned()),
            slot: Set(*slot),
            live_ms: Set(sums.live),
            dark_ms: Set(sums.dark),
            idle_ms: Set(sums.idle),
        };
        let stored = |column| Expr::col((stream_slot::Entity, column));
        let add = OnConflict::columns([stream_slot::Column::CameraId, stream_slot::Column::Quality, stream_slot::Column::Slot])
            .value(stream_slot::Column::LiveMs, stored(stream_slot::Column::LiveMs).add(sums.live))
            .value(stream_slot::Column::DarkMs, stored(stream_slot::Column::DarkMs).add(sums.dark))
            .value(stream_slot::Column::IdleMs, stored(stream_slot::Column::IdleMs).add(sums.idle))
            .to_owned();
        stream_slot::Entity::insert(row).on_conflict(add).exec_without_returning(&transaction).await?;
    }
    transaction.commit().await
}

/// Reads a page of entries. A row that cannot be understood is left out with a complaint in the log.
pub(super) async fn list(db: &Db, filter: &Filter) -> Result<Vec<Entry>, DbErr> {
    let condition = Condition::all()
        .add_option(filter.camera.map(|camera| incident::Column::CameraId.eq(camera)))
        .add_option(filter.before.map(|before| incident::Column::Id.lt(before)))
        .add_option(filter.from_ms.map(|from| incident::Column::EndedMs.is_null().or(incident::Column::EndedMs.gte(from))))
        .add_option(filter.to_ms.map(|to| incident::Column::StartedMs.lt(to)));
    let limit = u64::try_from(filter.limit).unwrap_or(u64::MAX);
    let rows = incident::Entity::find().filter(condition).order_by_desc(incident::Column::Id).limit(limit).all(db.read()).await?;
    Ok(rows.into_iter().filter_map(entry).collect())
}

/// The slots of a camera from one on, in their order.
pub(super) async fn slots(db: &Db, camera: i64, from: i64) -> Result<Vec<stream_slot::Model>, DbErr> {
    let of_camera = Condition::all().add(stream_slot::Column::CameraId.eq(camera)).add(stream_slot::Column::Slot.gte(from));
    stream_slot::Entity::find().filter(of_camera).order_by_asc(stream_slot::Column::Slot).all(db.read()).await
}

/// Deletes entries that began before `started_ms` or are too many for their camera, and slots before `slot`. True if there may be more.
pub(super) async fn prune(db: &Db, started_ms: i64, slot: i64, max_per_camera: u64) -> Result<bool, DbErr> {
    let old = Condition::all().add(incident::Column::StartedMs.lt(started_ms)).add(incident::Column::EndedMs.is_not_null());
    let mut more = delete(db, old).await? >= DELETED_AT_ONCE;
    let cameras: Vec<Option<i64>> =
        incident::Entity::find().select_only().column(incident::Column::CameraId).distinct().into_tuple().all(db.read()).await?;
    for camera in cameras {
        let of_camera = match camera {
            Some(camera) => incident::Column::CameraId.eq(camera),
            None => incident::Column::CameraId.is_null(),
        };
        let of_this = incident::Entity::find().filter(of_camera.clone());
        if of_this.clone().count(db.read()).await? <= max_per_camera {
            continue;
        }
        let newest = of_this.select_only().column(incident::Column::Id).order_by_desc(incident::Column::Id).offset(max_per_camera);
        let last: Option<i64> = newest.into_tuple().one(db.read()).await?;
        if let Some(last) = last {
            more |= delete(db, Condition::all().add(of_camera).add(incident::Column::Id.lte(last))).await? >= DELETED_AT_ONCE;
        }
    }
    let transaction = db.begin().await?;
    stream_slot::Entity::delete_many().filter(stream_slot::Column::Slot.lt(slot)).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(more)
}

/// Deletes the oldest of what meets a condition; how many.
async fn delete(db: &Db, condition: Condition) -> Result<u64, DbErr> {
    let oldest = Query::select()
        .column(incident::Column::Id)
        .from(incident::Entity)
        .cond_where(condition)
        .order_by(incident::Column::Id, sea_orm::Order::Asc)
        .limit(DELETED_AT_ONCE)
        .to_owned();
    let transaction = db.begin().await?;
    let deleted = incident::Entity::delete_many().filter(incident::Column::Id.in_subquery(oldest)).exec(&transaction).await?;
    transaction.commit().await?;
    Ok(deleted.rows_affected)
}

fn row(entry: &Entry) -> incident::ActiveModel {
    incident::ActiveModel {
        id: Set(entry.id),
        camera_id: Set(entry.camera),
        quality: Set(entry.quality.map(|quality| quality.as_str().to_owned())),
        kind: Set(entry.kind.as_str().to_owned()),
        code: Set(entry.code.clone()),
        started_ms: Set(entry.started_ms),
        ended_ms: Set(entry.ended_ms),
        dark_ms: Set(entry.dark_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX))),
        attempts: Set(entry.attempts.into()),
        summary: Set(entry.summary.clone()),
        steps: Set(Steps(entry.steps.clone())),
        left_out: Set(entry.left_out.into()),
    }
}

fn entry(row: incident::Model) -> Option<Entry> {
    let Some(kind) = named::<IncidentKind>(&row.kind) else {
        tracing::warn!(incident.id = row.id, kind = row.kind, "an entry of the incident log is of an unknown kind and is left out");
        return None;
    };
    Some(Entry {
        id: row.id,
        camera: row.camera_id,
        quality: row.quality.as_deref().and_then(named::<Quality>),
        kind,
        code: row.code,
        started_ms: row.started_ms,
        ended_ms: row.ended_ms,
        dark_ms: row.dark_ms.and_then(|ms| u64::try_from(ms).ok()),
        attempts: u32::try_from(row.attempts).unwrap_or(0),
        summary: row.summary,
        steps: row.steps.0,
        left_out: u32::try_from(row.left_out).unwrap_or(0),
    })
}

/// A value by its name in JSON.
fn named<T: serde::de::DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
}
