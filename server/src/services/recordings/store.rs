//! Recordings in the database. Every change is one transaction, with its line in the audit log.

use crate::db::Db;
use crate::entities::{link, recording, recording_file};
use crate::error::{AppError, AppResult};
use crate::moment;
use crate::people::audit::{self, Entry};
use crate::people::principal::recording_not_found;
use app::model::{Quality, RecordingEnd, RecordingGap};
use media::record::RecordedFile;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use std::collections::HashMap;
use std::path::Path;
use time::OffsetDateTime;

pub type Row = recording::Model;
pub type File = recording_file::Model;

fn failed(error: sea_orm::DbErr) -> AppError {
    AppError::internal(error)
}

/// Pictures that are further apart than this have something missing in between, milliseconds.
const GAP_MS: i64 = 500;

/// A new recording.
pub struct New<'a> {
    /// Its number and its name.
    pub camera: (i64, &'a str),
    pub quality: Quality,
    pub folder: &'a Path,
    pub stem: &'a str,
    pub at: OffsetDateTime,
    pub by: &'a str,
}

/// Which recordings are asked for.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// Of these cameras only.
    pub cameras: Option<Vec<i64>>,
    /// Not of these.
    pub without: Vec<i64>,
    /// This one only.
    pub only: Option<i64>,
    /// That end after this, milliseconds since 1970 UTC.
    pub from_ms: Option<i64>,
    /// That begin before this.
    pub to_ms: Option<i64>,
    /// That are older than this one.
    pub before: Option<i64>,
    pub limit: u64,
}

/// Milliseconds since 1970 UTC as a moment; what is out of range is 1970.
pub fn moment_of(ms: i64) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

pub fn unsigned(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub fn ms_of(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(0)
}

/// What a newer version wrote is told as the plainest.
pub fn end_of(stored: &str) -> RecordingEnd {
    RecordingEnd::ALL.into_iter().find(|end| end.as_str() == stored).unwrap_or(RecordingEnd::Stopped)
}

pub fn quality_of(stored: &str) -> Quality {
    if stored == Quality::Sub.as_str() { Quality::Sub } else { Quality::Main }
}

/// Stores a recording that begins; its number.
///
/// # Errors
/// The database cannot be written.
pub async fn insert(db: &Db, new: New<'_>, entry: impl FnOnce(i64) -> Entry) -> AppResult<i64> {
    let folder = new.folder.to_str().ok_or_else(|| AppError::internal("the folder of recordings is not written in Unicode"))?;
    let row = recording::ActiveModel {
        camera_id: Set(new.camera.0),
        camera_name: Set(new.camera.1.to_owned()),
        quality: Set(new.quality.as_str().to_owned()),
        kind: Set("manual".to_owned()),
        title: Set(String::new()),
        folder: Set(folder.to_owned()),
        stem: Set(new.stem.to_owned()),
        start_ms: Set(ms_of(new.at)),
        end_ms: Set(None),
        duration_ms: Set(0),
        bytes: Set(0),
        ended_by: Set(None),
        recorded_by: Set(new.by.to_owned()),
        has_poster: Set(false),
        deleted: Set(false),
        ..recording::ActiveModel::default()
    };
    let transaction = db.begin().await.map_err(failed)?;
    let row = recording::Entity::insert(row).exec_with_returning(&transaction).await.map_err(failed)?;
    audit::insert(&transaction, vec![entry(row.id)]).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(row.id)
}

/// Stores how a recording ended. Nothing happens if it has an end already.
///
/// # Errors
/// The database cannot be written.
pub async fn finish(db: &Db, id: i64, files: &[RecordedFile], ended_by: RecordingEnd) -> AppResult<()> {
    let transaction = db.begin().await.map_err(failed)?;
    let row = recording::Entity::find_by_id(id).filter(recording::Column::EndedBy.is_null()).one(&transaction).await.map_err(failed)?;
    let Some(row) = row else { return Ok(()) };
    let start_ms = files.first().map_or(row.start_ms, |file| file.started_utc_ms);
    let end_ms = files.last().map_or(start_ms, |file| file.ended_utc_ms);
    let sum = |of: fn(&RecordedFile) -> u64| signed(files.iter().map(of).fold(0, u64::saturating_add));
    let duration = |file: &RecordedFile| u64::try_from(file.duration.as_millis()).unwrap_or(u64::MAX);
    let changed = recording::ActiveModel {
        id: Set(id),
        start_ms: Set(start_ms),
        end_ms: Set(Some(end_ms.max(start_ms))),
        duration_ms: Set(sum(duration)),
        bytes: Set(sum(|file| file.bytes)),
        ended_by: Set(Some(ended_by.as_str().to_owned())),
        ..recording::ActiveModel::default()
    };
    recording::Entity::update(changed).exec(&transaction).await.map_err(failed)?;
    if !files.is_empty() {
        let rows = files.iter().map(|file| recording_file::ActiveModel {
            recording_id: Set(id),
            name: Set(file.name.clone()),
            start_ms: Set(file.started_utc_ms),
            end_ms: Set(file.ended_utc_ms),
            duration_ms: Set(signed(duration(file))),
            bytes: Set(signed(file.bytes)),
            pictures: Set(signed(file.pictures)),
            ..recording_file::ActiveModel::default()
        });
        recording_file::Entity::insert_many(rows).exec_without_returning(&transaction).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// There is a still of it now.
///
/// # Errors
/// The database cannot be written.
pub async fn has_poster(db: &Db, id: i64) -> AppResult<()> {
    let transaction = db.begin().await.map_err(failed)?;
    recording::Entity::update_many()
        .col_expr(recording::Column::HasPoster, Expr::value(true))
        .filter(recording::Column::Id.eq(id))
        .exec(&transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Stores what somebody says about it. `entry`: of how it was.
///
/// # Errors
/// 404.
pub async fn rename(db: &Db, id: i64, title: &str, entry: impl FnOnce(&Row) -> Entry) -> AppResult<()> {
    let transaction = db.begin().await.map_err(failed)?;
    let row = recording::Entity::find_by_id(id).filter(here()).one(&transaction).await.map_err(failed)?.ok_or_else(recording_not_found)?;
    let entry = entry(&row);
    let changed = recording::ActiveModel { id: Set(id), title: Set(title.to_owned()), ..recording::ActiveModel::default() };
    recording::Entity::update(changed).exec(&transaction).await.map_err(failed)?;
    audit::insert(&transaction, vec![entry]).await?;
    transaction.commit().await.map_err(failed)
}

/// Deletes it, with the links to it. Its files are named until [`forget`]. `entry`: of how it was.
///
/// # Errors
/// 404.
pub async fn delete(db: &Db, id: i64, entry: impl FnOnce(&Row) -> Entry) -> AppResult<Row> {
    let transaction = db.begin().await.map_err(failed)?;
    let row = recording::Entity::find_by_id(id).filter(here()).one(&transaction).await.map_err(failed)?.ok_or_else(recording_not_found)?;
    link::Entity::delete_many().filter(link::Column::RecordingId.eq(id)).exec(&transaction).await.map_err(failed)?;
    let changed = recording::ActiveModel { id: Set(id), deleted: Set(true), ..recording::ActiveModel::default() };
    recording::Entity::update(changed).exec(&transaction).await.map_err(failed)?;
    audit::insert(&transaction, vec![entry(&row)]).await?;
    transaction.commit().await.map_err(failed)?;
    Ok(row)
}

/// Lets go of a deleted recording whose files are gone.
///
/// # Errors
/// The database cannot be written.
pub async fn forget(db: &Db, id: i64) -> AppResult<()> {
    let transaction = db.begin().await.map_err(failed)?;
    recording::Entity::delete_by_id(id).exec(&transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}

/// Those that were deleted and whose files may still be there.
///
/// # Errors
/// The database cannot be read.
pub async fn deleted(db: &Db) -> AppResult<Vec<Row>> {
    recording::Entity::find().filter(recording::Column::Deleted.eq(true)).all(db.read()).await.map_err(failed)
}

/// Not deleted.
fn here() -> sea_orm::sea_query::SimpleExpr {
    recording::Column::Deleted.eq(false)
}

/// One.
///
/// # Errors
/// 404.
pub async fn find(db: &Db, id: i64) -> AppResult<Row> {
    recording::Entity::find_by_id(id).filter(here()).one(db.read()).await.map_err(failed)?.ok_or_else(recording_not_found)
}

/// Those without an end: they run, or the server broke off.
///
/// # Errors
/// The database cannot be read.
pub async fn unfinished(db: &Db) -> AppResult<Vec<Row>> {
    recording::Entity::find().filter(recording::Column::EndedBy.is_null()).filter(here()).all(db.read()).await.map_err(failed)
}

/// The newest of a span with their files.
///
/// # Errors
/// The database cannot be read.
pub async fn list(db: &Db, span: &Span) -> AppResult<Vec<(Row, Vec<File>)>> {
    use recording::Column;
    let mut wanted = Condition::all().add(here());
    if let Some(cameras) = &span.cameras {
        wanted = wanted.add(Column::CameraId.is_in(cameras.iter().copied()));
    }
    if !span.without.is_empty() {
        wanted = wanted.add(Column::CameraId.is_not_in(span.without.iter().copied()));
    }
    if let Some(only) = span.only {
        wanted = wanted.add(Column::Id.eq(only));
    }
    if let Some(from) = span.from_ms {
        // One that runs ends after every moment.
        wanted = wanted.add(Condition::any().add(Column::EndMs.is_null()).add(Column::EndMs.gt(from)));
    }
    if let Some(to) = span.to_ms {
        wanted = wanted.add(Column::StartMs.lt(to));
    }
    if let Some(before) = span.before {
        wanted = wanted.add(Column::Id.lt(before));
    }
    // In the order in which they were asked for: their numbers. A clock that is set back does not shuffle them.
    let rows = recording::Entity::find().filter(wanted).order_by_desc(Column::Id).limit(span.limit).all(db.read()).await.map_err(failed)?;
    let files = recording_file::Entity::find()
        .filter(recording_file::Column::RecordingId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(recording_file::Column::Id)
        .all(db.read())
        .await
        .map_err(failed)?;
    let mut by_recording: HashMap<i64, Vec<File>> = HashMap::new();
    for file in files {
        by_recording.entry(file.recording_id).or_default().push(file);
    }
    Ok(rows.into_iter().map(|row| (by_recording.remove(&row.id).unwrap_or_default(), row)).map(|(files, row)| (row, files)).collect())
}

/// The times between the files of a recording, newest first: its camera was dark, or began anew. A blink is none.
pub fn gaps(row: &Row, files: &[File]) -> Vec<RecordingGap> {
    let between = files.windows(2).filter_map(|pair| match pair {
        [before, after] if after.start_ms - before.end_ms >= GAP_MS => Some((before.end_ms, after.start_ms)),
        _ => None,
    });
    let told = |(start, end): (i64, i64)| RecordingGap {
        recording_id: row.id,
        camera_id: row.camera_id,
        quality: quality_of(&row.quality),
        start: moment::told(moment_of(start)),
        end: moment::told(moment_of(end)),
    };
    let mut gaps: Vec<_> = between.map(told).collect();
    gaps.reverse();
    gaps
}
