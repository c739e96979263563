//! Accounts, tokens and links in the database. Every change is one transaction, which begins by counting up the directory's version: that
//! row's lock puts changes of all processes in order, and tells the others to read again.

use super::audit::{self, Entry};
use super::directory::VERSION_KEY;
use crate::db::Db;
use crate::entities::grant::{self, StoredActions};
use crate::entities::{setting, user};
use crate::error::{AppError, AppResult, Kind};
use app::model::{Grant, GrantTarget, Role};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect, SqlErr};
use time::OffsetDateTime;

/// 500.
pub fn failed(error: DbErr) -> AppError {
    AppError::internal(error)
}

/// A change on its way.
pub struct Change {
    transaction: DatabaseTransaction,
}

impl Change {
    /// Begins one.
    ///
    /// # Errors
    /// The database is gone or busy.
    pub async fn begin(db: &Db) -> AppResult<Self> {
        let transaction = db.begin().await.map_err(failed)?;
        // First a write, so that the row is ours before its number is read.
        count(&transaction, 0, setting::Column::Key).await?;
        let version = super::directory::version(&transaction).await?;
        count(&transaction, version + 1, setting::Column::Value).await?;
        Ok(Self { transaction })
    }

    /// The transaction, for queries of the change.
    pub fn on(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Writes what was done into the audit log and ends the change: both are stored, or neither.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn commit(self, entry: Entry) -> AppResult<()> {
        audit::insert(&self.transaction, vec![entry]).await?;
        self.transaction.commit().await.map_err(failed)
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn people(&self) -> AppResult<u64> {
        user::Entity::find().count(&self.transaction).await.map_err(failed)
    }

    /// An account.
    ///
    /// # Errors
    /// 404.
    pub async fn person(&self, id: i64) -> AppResult<user::Model> {
        user::Entity::find_by_id(id).one(&self.transaction).await.map_err(failed)?.ok_or_else(user_not_found)
    }

    /// Adds an account; its id.
    ///
    /// # Errors
    /// 409 for a name that is taken.
    pub async fn insert_person(&self, person: user::ActiveModel, grants: &[Grant]) -> AppResult<i64> {
        let row = user::Entity::insert(person).exec_with_returning(&self.transaction).await.map_err(|error| name_conflict(&error))?;
        self.replace_grants(row.id, grants).await?;
        Ok(row.id)
    }

    /// Replaces what a person may do.
    ///
    /// # Errors
    /// 422 for a camera that does not exist.
    pub async fn replace_grants(&self, user_id: i64, grants: &[Grant]) -> AppResult<()> {
        grant::Entity::delete_many().filter(grant::Column::UserId.eq(user_id)).exec(&self.transaction).await.map_err(failed)?;
        for (index, one) in grants.iter().enumerate() {
            let (camera_id, group_name) = match &one.target {
                GrantTarget::All => (None, None),
                GrantTarget::Group(name) => (None, Some(name.clone())),
                GrantTarget::Camera(id) => (Some(*id), None),
            };
            let row = grant::ActiveModel {
                user_id: Set(user_id),
                camera_id: Set(camera_id),
                group_name: Set(group_name),
                actions: Set(StoredActions(one.actions.clone())),
                ..grant::ActiveModel::default()
            };
            grant::Entity::insert(row).exec_without_returning(&self.transaction).await.map_err(|error| match error.sql_err() {
                Some(SqlErr::ForeignKeyConstraintViolation(_)) => {
                    AppError::invalid(format!("grants[{index}].target"), "camera_not_found", "There is no such camera.")
                }
                _ => failed(error),
            })?;
        }
        Ok(())
    }

    /// Makes sure that somebody who can still change things is left when `without` no longer can.
    ///
    /// # Errors
    /// 409.
    pub async fn admin_stays(&self, without: i64) -> AppResult<()> {
        let admins = user::Entity::find()
            .filter(user::Column::Role.eq(Role::Admin.as_str()))
            .filter(user::Column::Disabled.eq(false))
            .filter(user::Column::Id.ne(without))
            .select_only()
            .column(user::Column::Id);
        if admins.count(&self.transaction).await.map_err(failed)? == 0 {
            return Err(AppError::new(
                Kind::Conflict,
                "last_admin",
                "This is the last admin. Make somebody else an admin first, or nobody could change anything any more.",
            ));
        }
        Ok(())
    }

    /// Stores a new hash and ends all sessions of the person.
    ///
    /// # Errors
    /// 404.
    pub async fn set_password(&self, id: i64, hash: String, now: OffsetDateTime) -> AppResult<()> {
        let changed = user::Entity::update_many()
            .col_expr(user::Column::PasswordHash, Expr::value(hash))
            .col_expr(user::Column::PasswordChangedAt, Expr::value(now))
            .col_expr(user::Column::Generation, Expr::col(user::Column::Generation).add(1))
            .filter(user::Column::Id.eq(id))
            .exec(&self.transaction)
            .await
            .map_err(failed)?;
        if changed.rows_affected == 0 { Err(user_not_found()) } else { Ok(()) }
    }

    /// Ends all sessions of a person.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn next_generation(&self, id: i64) -> AppResult<()> {
        user::Entity::update_many()
            .col_expr(user::Column::Generation, Expr::col(user::Column::Generation).add(1))
            .filter(user::Column::Id.eq(id))
            .exec(&self.transaction)
            .await
            .map_err(failed)?;
        Ok(())
    }

    /// The sessions of the person go on under other ids.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn next_rise(&self, id: i64) -> AppResult<()> {
        user::Entity::update_many()
            .col_expr(user::Column::Rises, Expr::col(user::Column::Rises).add(1))
            .filter(user::Column::Id.eq(id))
            .exec(&self.transaction)
            .await
            .map_err(failed)?;
        Ok(())
    }
}

async fn count(transaction: &DatabaseTransaction, version: i64, update: setting::Column) -> AppResult<()> {
    let row = setting::ActiveModel { key: Set(VERSION_KEY.to_owned()), value: Set(version.into()) };
    let replace = OnConflict::column(setting::Column::Key).update_column(update).to_owned();
    setting::Entity::insert(row).on_conflict(replace).exec_without_returning(transaction).await.map_err(failed)?;
    Ok(())
}

/// 404.
pub fn user_not_found() -> AppError {
    AppError::not_found("user_not_found", "There is no such account. It may have been removed.")
}

/// 409 for a name that is taken.
pub fn name_conflict(error: &DbErr) -> AppError {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            AppError::new(Kind::Conflict, "username_taken", "There is an account with this name already.").field("username")
        }
        _ => AppError::internal(error),
    }
}
