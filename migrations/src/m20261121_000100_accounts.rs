//! People, what they may do, where they are signed in, tokens of programs, links, and the audit log.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[derive(DeriveIden)]
enum Cameras {
    Table,
    Id,
}

#[derive(DeriveIden)]
enum Users {
    Table,
    Id,
    Name,
    /// The name as it is compared: normalised by Unicode rules, in lower case.
    NameKey,
    Role,
    /// A PHC string: algorithm, parameters, salt, hash.
    PasswordHash,
    Disabled,
    /// Sessions of an older generation are dead.
    Generation,
    CreatedAt,
    PasswordChangedAt,
    LastSignInAt,
}

/// Neither camera nor group: all cameras.
#[derive(DeriveIden)]
enum Grants {
    Table,
    Id,
    UserId,
    CameraId,
    GroupName,
    Actions,
}

#[derive(DeriveIden)]
enum Sessions {
    Table,
    /// SHA-256 of the cookie's value, in hex: the value itself is nowhere.
    IdHash,
    UserId,
    LinkId,
    Generation,
    Address,
    UserAgent,
    CreatedAt,
    LastSeenAt,
    /// It ends then, however busy it is.
    ExpiresAt,
}

#[derive(DeriveIden)]
enum Tokens {
    Table,
    Id,
    Name,
    /// The first letters, to recognise it by.
    Prefix,
    /// SHA-256 in hex.
    SecretHash,
    Scope,
    OwnerId,
    /// A list of numbers, or null for all cameras.
    CameraIds,
    CreatedAt,
    ExpiresAt,
    LastUsedAt,
}

#[derive(DeriveIden)]
enum Links {
    Table,
    Id,
    /// `media` or `guest`.
    Kind,
    Label,
    CameraId,
    Actions,
    /// SHA-256 in hex of a guest link's secret; media links are signed.
    SecretHash,
    CreatedById,
    CreatedAt,
    ExpiresAt,
    RevokedAt,
    LastUsedAt,
}

#[derive(DeriveIden)]
enum Audit {
    Table,
    Id,
    At,
    /// `person`, `token`, `guest`, `nobody`, `console` or `server`.
    ActorKind,
    ActorId,
    ActorName,
    Address,
    /// `session.sign_in`, `camera.update`, …
    Action,
    /// `ok`, `refused` or `failed`.
    Outcome,
    TargetKind,
    TargetId,
    TargetName,
    Details,
}

fn foreign_key(
    from: (impl IntoIden + 'static, impl IntoIden + 'static),
    to: (impl IntoIden + 'static, impl IntoIden + 'static),
    on_delete: ForeignKeyAction,
) -> ForeignKeyCreateStatement {
    ForeignKey::create().from(from.0, from.1).to(to.0, to.1).on_delete(on_delete).to_owned()
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.create_table(users()).await?;
        manager.create_table(grants()).await?;
        manager.create_index(Index::create().name("grants_user").table(Grants::Table).col(Grants::UserId).to_owned()).await?;
        manager.create_table(links()).await?;
        manager.create_table(sessions()).await?;
        manager.create_index(Index::create().name("sessions_user").table(Sessions::Table).col(Sessions::UserId).to_owned()).await?;
        manager.create_table(tokens()).await?;
        manager.create_table(audit()).await?;
        manager.create_index(Index::create().name("audit_at").table(Audit::Table).col(Audit::At).to_owned()).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Audit::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Tokens::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Sessions::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Links::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Grants::Table).to_owned()).await?;
        manager.drop_table(Table::drop().table(Users::Table).to_owned()).await
    }
}

fn users() -> TableCreateStatement {
    Table::create()
        .table(Users::Table)
        // AUTOINCREMENT: the number of a removed person is never given to another one.
        .col(ColumnDef::new(Users::Id).big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new(Users::Name).text().not_null())
        .col(ColumnDef::new(Users::NameKey).text().not_null().unique_key())
        .col(ColumnDef::new(Users::Role).text().not_null())
        .col(ColumnDef::new(Users::PasswordHash).text().not_null())
        .col(ColumnDef::new(Users::Disabled).boolean().not_null())
        .col(ColumnDef::new(Users::Generation).big_integer().not_null())
        .col(ColumnDef::new(Users::CreatedAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Users::PasswordChangedAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Users::LastSignInAt).timestamp_with_time_zone().null())
        .to_owned()
}

fn grants() -> TableCreateStatement {
    Table::create()
        .table(Grants::Table)
        .col(ColumnDef::new(Grants::Id).big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new(Grants::UserId).big_integer().not_null())
        .col(ColumnDef::new(Grants::CameraId).big_integer().null())
        .col(ColumnDef::new(Grants::GroupName).text().null())
        .col(ColumnDef::new(Grants::Actions).json_binary().not_null())
        .foreign_key(&mut foreign_key((Grants::Table, Grants::UserId), (Users::Table, Users::Id), ForeignKeyAction::Cascade))
        .foreign_key(&mut foreign_key((Grants::Table, Grants::CameraId), (Cameras::Table, Cameras::Id), ForeignKeyAction::Cascade))
        .to_owned()
}

fn links() -> TableCreateStatement {
    Table::create()
        .table(Links::Table)
        .col(ColumnDef::new(Links::Id).big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new(Links::Kind).text().not_null())
        .col(ColumnDef::new(Links::Label).text().not_null())
        .col(ColumnDef::new(Links::CameraId).big_integer().not_null())
        .col(ColumnDef::new(Links::Actions).json_binary().not_null())
        .col(ColumnDef::new(Links::SecretHash).text().null().unique_key())
        .col(ColumnDef::new(Links::CreatedById).big_integer().null())
        .col(ColumnDef::new(Links::CreatedAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Links::ExpiresAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Links::RevokedAt).timestamp_with_time_zone().null())
        .col(ColumnDef::new(Links::LastUsedAt).timestamp_with_time_zone().null())
        .foreign_key(&mut foreign_key((Links::Table, Links::CameraId), (Cameras::Table, Cameras::Id), ForeignKeyAction::Cascade))
        // A link reaches no further than the person who made it: without that person it is gone.
        .foreign_key(&mut foreign_key((Links::Table, Links::CreatedById), (Users::Table, Users::Id), ForeignKeyAction::Cascade))
        .to_owned()
}

fn sessions() -> TableCreateStatement {
    Table::create()
        .table(Sessions::Table)
        .col(ColumnDef::new(Sessions::IdHash).text().not_null().primary_key())
        .col(ColumnDef::new(Sessions::UserId).big_integer().null())
        .col(ColumnDef::new(Sessions::LinkId).big_integer().null())
        .col(ColumnDef::new(Sessions::Generation).big_integer().not_null())
        .col(ColumnDef::new(Sessions::Address).text().not_null())
        .col(ColumnDef::new(Sessions::UserAgent).text().not_null())
        .col(ColumnDef::new(Sessions::CreatedAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Sessions::LastSeenAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Sessions::ExpiresAt).timestamp_with_time_zone().not_null())
        .foreign_key(&mut foreign_key((Sessions::Table, Sessions::UserId), (Users::Table, Users::Id), ForeignKeyAction::Cascade))
        .foreign_key(&mut foreign_key((Sessions::Table, Sessions::LinkId), (Links::Table, Links::Id), ForeignKeyAction::Cascade))
        .to_owned()
}

fn tokens() -> TableCreateStatement {
    Table::create()
        .table(Tokens::Table)
        .col(ColumnDef::new(Tokens::Id).big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new(Tokens::Name).text().not_null())
        .col(ColumnDef::new(Tokens::Prefix).text().not_null())
        .col(ColumnDef::new(Tokens::SecretHash).text().not_null().unique_key())
        .col(ColumnDef::new(Tokens::Scope).text().not_null())
        .col(ColumnDef::new(Tokens::OwnerId).big_integer().null())
        .col(ColumnDef::new(Tokens::CameraIds).json_binary().null())
        .col(ColumnDef::new(Tokens::CreatedAt).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Tokens::ExpiresAt).timestamp_with_time_zone().null())
        .col(ColumnDef::new(Tokens::LastUsedAt).timestamp_with_time_zone().null())
        .foreign_key(&mut foreign_key((Tokens::Table, Tokens::OwnerId), (Users::Table, Users::Id), ForeignKeyAction::Cascade))
        .to_owned()
}

fn audit() -> TableCreateStatement {
    Table::create()
        .table(Audit::Table)
        .col(ColumnDef::new(Audit::Id).big_integer().not_null().auto_increment().primary_key())
        .col(ColumnDef::new(Audit::At).timestamp_with_time_zone().not_null())
        .col(ColumnDef::new(Audit::ActorKind).text().not_null())
        .col(ColumnDef::new(Audit::ActorId).big_integer().null())
        .col(ColumnDef::new(Audit::ActorName).text().not_null())
        .col(ColumnDef::new(Audit::Address).text().not_null())
        .col(ColumnDef::new(Audit::Action).text().not_null())
        .col(ColumnDef::new(Audit::Outcome).text().not_null())
        .col(ColumnDef::new(Audit::TargetKind).text().not_null())
        .col(ColumnDef::new(Audit::TargetId).text().not_null())
        .col(ColumnDef::new(Audit::TargetName).text().not_null())
        .col(ColumnDef::new(Audit::Details).json_binary().not_null())
        .to_owned()
}
