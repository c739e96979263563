//! How often the rights of a person have risen: a session that was named before gets another id.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Users {
    Table,
    /// Counted up with each larger grant.
    Rises,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    /// The person's when the session's id was made.
    Rises,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let users =
            Table::alter().table(Users::Table).add_column(ColumnDef::new(Users::Rises).big_integer().not_null().default(0)).to_owned();
        manager.alter_table(users).await?;
        let sessions = Table::alter()
            .table(Sessions::Table)
            .add_column(ColumnDef::new(Sessions::Rises).big_integer().not_null().default(0))
            .to_owned();
        manager.alter_table(sessions).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(Users::Table).drop_column(Users::Rises).to_owned()).await?;
        manager.alter_table(Table::alter().table(Sessions::Table).drop_column(Sessions::Rises).to_owned()).await
    }
}
