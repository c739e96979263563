//! What the recovery ladder did: its limits hold over restarts.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum RecoverySteps {
    Table,
    Id,
    CameraId,
    /// Name of the rung.
    Rung,
    /// Milliseconds since 1970 UTC.
    AtMs,
}

#[derive(DeriveIden)]
enum Cameras {
    Table,
    Id,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let steps = Table::create()
            .table(RecoverySteps::Table)
            .col(ColumnDef::new(RecoverySteps::Id).big_integer().not_null().auto_increment().primary_key())
            .col(ColumnDef::new(RecoverySteps::CameraId).big_integer().not_null())
            .col(ColumnDef::new(RecoverySteps::Rung).text().not_null())
            .col(ColumnDef::new(RecoverySteps::AtMs).big_integer().not_null())
            .foreign_key(
                ForeignKey::create()
                    .from(RecoverySteps::Table, RecoverySteps::CameraId)
                    .to(Cameras::Table, Cameras::Id)
                    .on_delete(ForeignKeyAction::Cascade),
            )
            .to_owned();
        manager.create_table(steps).await?;
        let by_time = Index::create().name("recovery_steps_at").table(RecoverySteps::Table).col(RecoverySteps::AtMs).to_owned();
        manager.create_index(by_time).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(RecoverySteps::Table).to_owned()).await
    }
}
