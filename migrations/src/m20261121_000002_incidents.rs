//! The incident log, and how much of the time each stream was live.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Cameras {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Incidents {
    Table,
    /// Given by the server, growing with time.
    Id,
    /// Null: about the server itself.
    CameraId,
    Quality,
    Kind,
    Code,
    /// Milliseconds since 1970: SQLite keeps times as text, whose order is not that of time once fractions differ in length.
    StartedMs,
    EndedMs,
    DarkMs,
    Attempts,
    Summary,
    Steps,
    LeftOut,
}

#[derive(DeriveIden)]
enum StreamSlots {
    Table,
    CameraId,
    Quality,
    /// Five minutes: seconds since 1970 divided by 300.
    Slot,
    LiveMs,
    DarkMs,
    IdleMs,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let incidents = Table::create()
            .table(Incidents::Table)
            .col(ColumnDef::new(Incidents::Id).big_integer().not_null().primary_key())
            .col(ColumnDef::new(Incidents::CameraId).big_integer().null())
            .col(ColumnDef::new(Incidents::Quality).text().null())
            .col(ColumnDef::new(Incidents::Kind).text().not_null())
            .col(ColumnDef::new(Incidents::Code).text().null())
            .col(ColumnDef::new(Incidents::StartedMs).big_integer().not_null())
            .col(ColumnDef::new(Incidents::EndedMs).big_integer().null())
            .col(ColumnDef::new(Incidents::DarkMs).big_integer().null())
            .col(ColumnDef::new(Incidents::Attempts).big_integer().not_null())
            .col(ColumnDef::new(Incidents::Summary).text().not_null())
            .col(ColumnDef::new(Incidents::Steps).json_binary().not_null())
            .col(ColumnDef::new(Incidents::LeftOut).big_integer().not_null())
            .foreign_key(
                ForeignKey::create()
                    .from(Incidents::Table, Incidents::CameraId)
                    .to(Cameras::Table, Cameras::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(incidents).await?;
        let by_camera =
            Index::create().name("incidents_by_camera").table(Incidents::Table).col(Incidents::CameraId).col(Incidents::Id).to_owned();
        manager.create_index(by_camera).await?;
        let by_time = Index::create().name("incidents_by_time").table(Incidents::Table).col(Incidents::StartedMs).to_owned();
        manager.create_index(by_time).await?;

        let slots = Table::create()
            .table(StreamSlots::Table)
            .col(ColumnDef::new(StreamSlots::CameraId).big_integer().not_null())
            .col(ColumnDef::new(StreamSlots::Quality).text().not_null())
            .col(ColumnDef::new(StreamSlots::Slot).big_integer().not_null())
            .col(ColumnDef::new(StreamSlots::LiveMs).big_integer().not_null())
            .col(ColumnDef::new(StreamSlots::DarkMs).big_integer().not_null())
            .col(ColumnDef::new(StreamSlots::IdleMs).big_integer().not_null())
            .primary_key(Index::create().col(StreamSlots::CameraId).col(StreamSlots::Quality).col(StreamSlots::Slot))
            .foreign_key(
                ForeignKey::create()
                    .from(StreamSlots::Table, StreamSlots::CameraId)
                    .to(Cameras::Table, Cameras::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(slots).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(StreamSlots::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Incidents::Table).to_owned()).await
    }
}
