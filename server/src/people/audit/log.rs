//! Reading the log, and keeping it within bounds: entries go by age, and the oldest go when there are too many.

use super::{Actor, Entry};
use crate::db::Db;
use crate::entities::{audit, setting};
use crate::error::{AppError, AppResult};
use crate::people::store::failed;
use app::model::AuditRetention;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;
use std::ops::RangeInclusive;
use time::{Duration, OffsetDateTime};

/// Key of the number of days in `settings`.
const RETENTION_KEY: &str = "audit.days";
/// How long the log reaches back unless the installation says otherwise.
const DAYS: u32 = 365;
/// What the installation may say.
const ALLOWED_DAYS: RangeInclusive<u32> = 7..=3650;
/// Entries at most, about 300 MB: whoever knocks at the door day and night does not fill the disk.
const MAX_ENTRIES: i64 = 1_000_000;

/// Which entries are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    pub from: Option<OffsetDateTime>,
    pub to: Option<OffsetDateTime>,
    /// A person: what they did and, of one who still has a name, what was tried under it.
    pub person: Option<(i64, Option<String>)>,
    /// `session.sign_in`, or the beginning of several: `session.`.
    pub action: Option<String>,
    pub outcome: Option<String>,
    /// Somewhere in names, address or action, in any case.
    pub text: Option<String>,
    /// Only entries before this one, for the next page.
    pub before: Option<i64>,
    /// At most so many, up to 1000.
    pub limit: u64,
}

impl Filter {
    fn condition(&self) -> Condition {
        let mut all = Condition::all()
            .add_option(self.from.map(|from| audit::Column::At.gte(from)))
            .add_option(self.to.map(|to| audit::Column::At.lt(to)))
            .add_option(self.outcome.as_ref().map(|outcome| audit::Column::Outcome.eq(outcome)))
            .add_option(self.before.map(|before| audit::Column::Id.lt(before)))
            .add_option(
                self.action.as_ref().map(|action| audit::Column::Action.like(LikeExpr::new(format!("{}%", escaped(action))).escape('\\'))),
            );
        if let Some((id, name)) = &self.person {
            let own = Condition::all().add(audit::Column::ActorKind.eq("person")).add(audit::Column::ActorId.eq(*id));
            // Strangers are kept without a name: no name would be theirs.
            let tried = name
                .as_ref()
                .map(|name| Condition::all().add(audit::Column::ActorKind.eq("nobody")).add(same(audit::Column::ActorName, name)));
            all = all.add(Condition::any().add(own).add_option(tried));
        }
        if let Some(text) = &self.text {
            use audit::Column::{Action, ActorName, Address, TargetName};
            let any =
                [ActorName, TargetName, Address, Action].into_iter().fold(Condition::any(), |any, column| any.add(holds(column, text)));
            all = all.add(any);
        }
        all
    }
}

/// Without a meaning for `LIKE`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '%' | '_') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// In lower case as the databases do it: SQLite changes ASCII letters only, PostgreSQL all.
fn lower(text: &str) -> [String; 2] {
    [text.to_ascii_lowercase(), text.to_lowercase()]
}

fn holds(column: audit::Column, text: &str) -> Condition {
    lower(text).into_iter().fold(Condition::any(), |any, text| {
        let pattern = LikeExpr::new(format!("%{}%", escaped(&text))).escape('\\');
        any.add(Expr::expr(Func::lower(Expr::col(column))).like(pattern))
    })
}

fn same(column: audit::Column, text: &str) -> Condition {
    lower(text).into_iter().fold(Condition::any(), |any, text| any.add(Expr::expr(Func::lower(Expr::col(column))).eq(text)))
}

/// The newest entries first.
///
/// # Errors
/// The database cannot be read.
pub async fn list(db: &Db, filter: &Filter) -> AppResult<Vec<audit::Model>> {
    let query = audit::Entity::find().filter(filter.condition()).order_by_desc(audit::Column::Id).limit(filter.limit.clamp(1, 1000));
    query.all(db.read()).await.map_err(failed)
}

/// Removes entries that are older than `before`; how many.
///
/// # Errors
/// The database cannot be written.
pub async fn prune(db: &Db, before: OffsetDateTime) -> AppResult<u64> {
    remove(db, audit::Column::At.lt(before)).await
}

/// Removes the oldest entries beyond `most`; how many.
///
/// # Errors
/// The database cannot be written.
pub async fn shorten(db: &Db, most: i64) -> AppResult<u64> {
    let newest: Option<i64> = audit::Entity::find()
        .select_only()
        .column_as(audit::Column::Id.max(), "id")
        .into_tuple()
        .one(db.read())
        .await
        .map_err(failed)?
        .flatten();
    // Numbers are given in a row: their distance is a count.
    match newest.map(|newest| newest - most).filter(|last| *last > 0) {
        Some(last) => remove(db, audit::Column::Id.lte(last)).await,
        None => Ok(0),
    }
}

async fn remove(db: &Db, which: impl sea_orm::sea_query::IntoCondition) -> AppResult<u64> {
    let transaction = db.begin().await.map_err(failed)?;
    let removed = audit::Entity::delete_many().filter(which).exec(&transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(removed.rows_affected)
}

/// Removes what is too old or too much.
///
/// # Errors
/// The database is gone.
pub async fn keep(db: &Db) -> AppResult<()> {
    let days = retention(db).await?.days;
    prune(db, OffsetDateTime::now_utc() - Duration::days(i64::from(days))).await?;
    shorten(db, MAX_ENTRIES).await.map(drop)
}

/// How long entries are kept.
///
/// # Errors
/// The database cannot be read.
pub async fn retention(db: &Db) -> AppResult<AuditRetention> {
    let stored = setting::Entity::find_by_id(RETENTION_KEY).one(db.read()).await.map_err(failed)?;
    let days = stored.and_then(|row| row.value.as_u64()).and_then(|days| u32::try_from(days).ok());
    Ok(AuditRetention { days: days.filter(|days| ALLOWED_DAYS.contains(days)).unwrap_or(DAYS) })
}

/// Changes how long entries are kept; what is older goes at once, after it was written that it goes.
///
/// # Errors
/// 422 with the field.
pub async fn set_retention(db: &Db, by: Actor, wanted: AuditRetention) -> AppResult<()> {
    if !ALLOWED_DAYS.contains(&wanted.days) {
        return Err(AppError::out_of_range("days", &ALLOWED_DAYS, "days"));
    }
    let before = retention(db).await?;
    if before == wanted {
        return Ok(());
    }
    let transaction = db.begin().await.map_err(failed)?;
    setting::put(&transaction, RETENTION_KEY, wanted.days.into()).await.map_err(failed)?;
    let entry = Entry::new(by, "audit.retention").changes(&json!(before), &json!(wanted));
    super::insert(&transaction, vec![entry]).await?;
    transaction.commit().await.map_err(failed)?;
    keep(db).await
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_is_looked_for_is_taken_by_the_letter() {
        assert_eq!(escaped("50%_a\\b"), "50\\%\\_a\\\\b");
        assert_eq!(escaped("Ann é"), "Ann é");
    }
}
