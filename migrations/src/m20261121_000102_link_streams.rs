//! A signed link may show one of a camera's two streams only.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Links {
    Table,
    /// `main` or `sub`; null: both.
    Stream,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let links = Table::alter().table(Links::Table).add_column(ColumnDef::new(Links::Stream).string().null()).to_owned();
        manager.alter_table(links).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(Links::Table).drop_column(Links::Stream).to_owned()).await
    }
}
