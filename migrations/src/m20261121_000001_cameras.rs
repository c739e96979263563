//! Cameras, their sealed credentials, and settings of the installation.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Cameras {
    Table,
    Id,
    /// Place on the wall, from 0; ties by id.
    Position,
    Name,
    /// The name in lower case by Unicode rules, which SQLite's own NOCASE does not know.
    NameKey,
    Profile,
    Enabled,
    Hidden,
    GroupName,
    Tags,
    Sources,
    AlwaysOn,
    Overrides,
    CreatedAt,
}

#[derive(DeriveIden)]
enum Credentials {
    Table,
    CameraId,
    /// User name and password, encrypted for this row.
    Sealed,
}

#[derive(DeriveIden)]
enum Settings {
    Table,
    Key,
    Value,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let cameras = Table::create()
            .table(Cameras::Table)
            // AUTOINCREMENT: the number of a deleted camera is never given to another one.
            .col(ColumnDef::new(Cameras::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(Cameras::Position).big_integer().not_null())
            .col(ColumnDef::new(Cameras::Name).text().not_null())
            .col(ColumnDef::new(Cameras::NameKey).text().not_null().unique_key())
            .col(ColumnDef::new(Cameras::Profile).text().not_null())
            .col(ColumnDef::new(Cameras::Enabled).boolean().not_null())
            .col(ColumnDef::new(Cameras::Hidden).boolean().not_null())
            .col(ColumnDef::new(Cameras::GroupName).text().null())
            .col(ColumnDef::new(Cameras::Tags).json_binary().not_null())
            .col(ColumnDef::new(Cameras::Sources).json_binary().not_null())
            .col(ColumnDef::new(Cameras::AlwaysOn).boolean().not_null())
            .col(ColumnDef::new(Cameras::Overrides).json_binary().not_null())
            .col(ColumnDef::new(Cameras::CreatedAt).timestamp_with_time_zone().not_null())
            .to_owned();
        manager.create_table(cameras).await?;

        let credentials = Table::create()
            .table(Credentials::Table)
            .col(ColumnDef::new(Credentials::CameraId).big_integer().not_null().primary_key())
            .col(ColumnDef::new(Credentials::Sealed).binary().not_null())
            .foreign_key(
                ForeignKey::create()
                    .from(Credentials::Table, Credentials::CameraId)
                    .to(Cameras::Table, Cameras::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(credentials).await?;

        let settings = Table::create()
            .table(Settings::Table)
            .col(ColumnDef::new(Settings::Key).text().not_null().primary_key())
            .col(ColumnDef::new(Settings::Value).json_binary().not_null())
            .to_owned();
        manager.create_table(settings).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Settings::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Credentials::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Cameras::Table).to_owned()).await
    }
}
