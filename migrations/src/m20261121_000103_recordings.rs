//! Recordings, the files that they are in, and links to one of them.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Recordings {
    Table,
    Id,
    /// No foreign key: what was recorded outlives its camera.
    CameraId,
    /// As the camera was called when the recording began.
    CameraName,
    /// `main` or `sub`.
    Quality,
    /// `manual`.
    Kind,
    Title,
    /// The folder that its files are in, as a whole path.
    Folder,
    /// What the names of its files begin with; no other recording's do, wherever it was made.
    Stem,
    /// Milliseconds since 1970 UTC: of the first picture; until there is one, when it was asked for.
    StartMs,
    /// Null while it runs, as are `Bytes`' final value and `EndedBy`.
    EndMs,
    DurationMs,
    Bytes,
    /// How it ended.
    EndedBy,
    RecordedBy,
    HasPoster,
    /// Somebody deleted it: its files are removed as soon as their disk is there.
    Deleted,
}

#[derive(DeriveIden)]
enum RecordingFiles {
    Table,
    Id,
    RecordingId,
    /// Below the recording's folder.
    Name,
    StartMs,
    EndMs,
    DurationMs,
    Bytes,
    Pictures,
}

#[derive(DeriveIden)]
enum Links {
    Table,
    /// It shows this recording only; null: the camera.
    RecordingId,
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(recordings()).await?;
        let by_camera = Index::create().name("recordings_camera").table(Recordings::Table).col(Recordings::CameraId).to_owned();
        manager.create_index(by_camera).await?;
        manager.create_table(files()).await?;
        let of_recording =
            Index::create().name("recording_files_recording").table(RecordingFiles::Table).col(RecordingFiles::RecordingId).to_owned();
        manager.create_index(of_recording).await?;
        // Without a foreign key, which SQLite could not take out again; links go with their recording in its own transaction.
        let column = ColumnDef::new(Links::RecordingId).big_integer().null().to_owned();
        manager.alter_table(Table::alter().table(Links::Table).add_column(column).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Without the number they would open the whole camera.
        let links = Query::delete().from_table(Links::Table).and_where(Expr::col(Links::RecordingId).is_not_null()).to_owned();
        manager.exec_stmt(links).await?;
        manager.alter_table(Table::alter().table(Links::Table).drop_column(Links::RecordingId).to_owned()).await?;
        manager.drop_table(Table::drop().table(RecordingFiles::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Recordings::Table).to_owned()).await
    }
}

fn recordings() -> TableCreateStatement {
    Table::create()
        .table(Recordings::Table)
        // AUTOINCREMENT: the number of a recording that was deleted is never given to another one.
        .col(ColumnDef::new(Recordings::Id).big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new(Recordings::CameraId).big_integer().not_null())
        .col(ColumnDef::new(Recordings::CameraName).text().not_null())
        .col(ColumnDef::new(Recordings::Quality).text().not_null())
        .col(ColumnDef::new(Recordings::Kind).text().not_null())
        .col(ColumnDef::new(Recordings::Title).text().not_null())
        .col(ColumnDef::new(Recordings::Folder).text().not_null())
        .col(ColumnDef::new(Recordings::Stem).text().not_null())
        .col(ColumnDef::new(Recordings::StartMs).big_integer().not_null())
        .col(ColumnDef::new(Recordings::EndMs).big_integer().null())
        .col(ColumnDef::new(Recordings::DurationMs).big_integer().not_null())
        .col(ColumnDef::new(Recordings::Bytes).big_integer().not_null())
        .col(ColumnDef::new(Recordings::EndedBy).text().null())
        .col(ColumnDef::new(Recordings::RecordedBy).text().not_null())
        .col(ColumnDef::new(Recordings::HasPoster).boolean().not_null())
        .col(ColumnDef::new(Recordings::Deleted).boolean().not_null())
        .to_owned()
}

fn files() -> TableCreateStatement {
    let mut of_recording = ForeignKey::create()
        .from(RecordingFiles::Table, RecordingFiles::RecordingId)
        .to(Recordings::Table, Recordings::Id)
        .on_delete(ForeignKeyAction::Cascade)
        .to_owned();
    Table::create()
        .table(RecordingFiles::Table)
        .col(ColumnDef::new(RecordingFiles::Id).big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new(RecordingFiles::RecordingId).big_integer().not_null())
        .col(ColumnDef::new(RecordingFiles::Name).text().not_null())
        .col(ColumnDef::new(RecordingFiles::StartMs).big_integer().not_null())
        .col(ColumnDef::new(RecordingFiles::EndMs).big_integer().not_null())
        .col(ColumnDef::new(RecordingFiles::DurationMs).big_integer().not_null())
        .col(ColumnDef::new(RecordingFiles::Bytes).big_integer().not_null())
        .col(ColumnDef::new(RecordingFiles::Pictures).big_integer().not_null())
        .foreign_key(&mut of_recording)
        .to_owned()
}
