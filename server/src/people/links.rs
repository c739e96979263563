//! Links to one camera, or one recording of it: signed ones for players, secret ones for guests. Both expire, can be revoked, and reach no
//! further than whoever made them.

use super::audit::{Actor, Entry};
use super::directory::{Link, LinkKind};
use super::principal::{Principal, Proof, Who, recording_not_found};
use super::rights::Actions;
use super::sessions::Subject;
use super::signature::Claims;
use super::store::{Change, failed};
use super::tokens::checked_label;
use super::{People, secret};
use crate::entities::grant::StoredActions;
use crate::entities::{link, recording};
use crate::error::{AppError, AppResult, Kind};
use app::model::{CameraAction, Quality};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, SqlErr};
use secrecy::zeroize::Zeroizing;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// A media link lives this long at most: its address is in logs of players and routers.
const LONGEST_MEDIA: Duration = Duration::days(7);
const LONGEST_GUEST: Duration = Duration::days(365);
const MAX_LINKS: u64 = 5000;
/// Those of one person: nobody uses up everybody's.
const MAX_EACH: u64 = 500;

/// A new link.
#[derive(Debug, Clone)]
pub struct NewLink {
    pub kind: LinkKind,
    pub label: String,
    pub camera: i64,
    /// It shows this stream only. For players.
    pub stream: Option<Quality>,
    /// It shows this recording only, which is one of the camera's. For guests.
    pub recording: Option<i64>,
    pub actions: Vec<CameraAction>,
    /// It reaches no further than this person, and goes with them.
    pub created_by: Option<i64>,
    pub expires_at: OffsetDateTime,
}

impl People {
    /// Makes a link; the second value is the part of its address that must be kept secret, told this once.
    ///
    /// # Errors
    /// 422 with the field, 409 if there are too many.
    pub async fn add_link(&self, by: Actor, new: NewLink) -> AppResult<(Arc<Link>, Zeroizing<String>)> {
        let label = checked_label(&new.label, "label")?;
        let now = self.inner.clock.now();
        let longest = match new.kind {
            LinkKind::Media => LONGEST_MEDIA,
            LinkKind::Guest => LONGEST_GUEST,
        };
        if new.expires_at <= now || new.expires_at > now + longest {
            let detail = format!("It must end within {} days from now.", longest.whole_days());
            return Err(AppError::invalid("expires_at", "out_of_range", detail));
        }
        let actions = Actions::of(&new.actions);
        match new.recording {
            None if !actions.has(CameraAction::Live) => {
                return Err(AppError::invalid("actions", "live_missing", "A link shows at least the live picture."));
            }
            Some(_) if !actions.has(CameraAction::Playback) || actions.and(Actions::TAKEN) != actions => {
                return Err(AppError::invalid(
                    "actions",
                    "playback_only",
                    "A link to a recording gives playback, and audio and export if you like.",
                ));
            }
            Some(_) if new.kind == LinkKind::Media => {
                return Err(AppError::invalid("recording_id", "guests_only", "A link to a recording is for guests. Choose that kind."));
            }
            _ => {}
        }
        if new.kind == LinkKind::Guest && new.stream.is_some() {
            return Err(AppError::invalid("stream", "not_for_guests", "A guest’s page shows the camera, whichever stream it plays."));
        }
        let guest_secret = match new.kind {
            LinkKind::Guest => Some(secret::random()?),
            LinkKind::Media => None,
        };
        let row = link::ActiveModel {
            kind: Set(match new.kind {
                LinkKind::Media => link::MEDIA.to_owned(),
                LinkKind::Guest => link::GUEST.to_owned(),
            }),
            label: Set(label.clone()),
            camera_id: Set(new.camera),
            stream: Set(new.stream.map(|stream| stream.as_str().to_owned())),
            recording_id: Set(new.recording),
            actions: Set(StoredActions(new.actions.clone())),
            secret_hash: Set(guest_secret.as_ref().map(|secret| secret::hash_hex(secret))),
            created_by_id: Set(new.created_by),
            created_at: Set(now),
            expires_at: Set(new.expires_at),
            revoked_at: Set(None),
            last_used_at: Set(None),
            ..link::ActiveModel::default()
        };
        let this = self.clone();
        let id = self
            .detached(async move {
                let change = Change::begin(&this.inner.db).await?;
                let holding = link::Entity::find().filter(link::Column::RevokedAt.is_null());
                let theirs = holding.clone().filter(link::Column::CreatedById.eq(new.created_by));
                let own = if new.created_by.is_some() { theirs.count(change.on()).await.map_err(failed)? } else { 0 };
                if own >= MAX_EACH || holding.count(change.on()).await.map_err(failed)? >= MAX_LINKS {
                    return Err(AppError::new(Kind::Conflict, "too_many_links", "There are too many links. Revoke some, or wait until they end."));
                }
                if let Some(id) = new.recording {
                    let there = recording::Entity::find_by_id(id).filter(recording::Column::Deleted.eq(false));
                    there.one(change.on()).await.map_err(failed)?.ok_or_else(recording_not_found)?;
                }
                let row = link::Entity::insert(row).exec_with_returning(change.on()).await.map_err(|error| match error.sql_err() {
                    Some(SqlErr::ForeignKeyConstraintViolation(_)) => AppError::camera_not_found(),
                    _ => failed(error),
                })?;
                let mut reach = json!({ "kind": row.kind, "camera": new.camera, "stream": row.stream, "actions": new.actions, "expires_at": new.expires_at.unix_timestamp() });
                if let (Some(recording), Some(reach)) = (new.recording, reach.as_object_mut()) {
                    reach.insert("recording".to_owned(), recording.into());
                }
                change.commit(Entry::new(by, "link.create").target("link", row.id, &label).details(reach)).await?;
                this.reload().await?;
                Ok(row.id)
            })
            .await?;
        let link = self.directory().links.get(&id).cloned().ok_or_else(link_not_found)?;
        let secret = guest_secret.unwrap_or_else(|| {
            let claims = Claims { link: id, camera: link.camera, expires: link.expires_at.unix_timestamp() };
            Zeroizing::new(self.inner.signer.sign(claims))
        });
        Ok((link, secret))
    }

    /// Revokes a link; who uses it is cut off.
    ///
    /// # Errors
    /// 404.
    pub async fn revoke_link(&self, by: Actor, id: i64) -> AppResult<()> {
        let now = self.inner.clock.now();
        let this = self.clone();
        self.detached(async move {
            let change = Change::begin(&this.inner.db).await?;
            let row = link::Entity::find_by_id(id)
                .filter(link::Column::RevokedAt.is_null())
                .one(change.on())
                .await
                .map_err(failed)?
                .ok_or_else(link_not_found)?;
            link::Entity::update_many()
                .col_expr(link::Column::RevokedAt, Expr::value(Some(now)))
                .filter(link::Column::Id.eq(id))
                .exec(change.on())
                .await
                .map_err(failed)?;
            change.commit(Entry::new(by, "link.revoke").target("link", id, &row.label)).await?;
            this.reload().await
        })
        .await
    }

    /// A player's link, if we signed it, it holds, and it leads to what is asked for: `asked` is the rest of the address, as it was sent.
    pub fn by_media_link(&self, text: &str, asked: &str) -> Option<Principal> {
        let claims = self.inner.signer.read(text, self.inner.clock.now())?;
        let directory = self.directory();
        let link = directory.links.get(&claims.link).filter(|link| link.camera == claims.camera)?;
        if link.path().is_some_and(|path| !asked.starts_with(&path)) {
            return None;
        }
        let principal = self.link_principal(link, Proof::Link(link.id), LinkKind::Media)?;
        self.lock_used().links.insert(link.id, self.inner.clock.now());
        Some(principal)
    }

    /// Opens a guest link: what the guest's session is about.
    ///
    /// # Errors
    /// 404 for a link that does not hold.
    pub fn open_guest_link(&self, address: IpAddr, secret: &str) -> AppResult<(Subject, Arc<Link>)> {
        let directory = self.directory();
        let now = self.inner.clock.now();
        let found = directory.guest(&secret::hash(secret)).filter(|link| link.kind == LinkKind::Guest && link.expires_at > now);
        let Some(link) = found else {
            if self.is_news(address, "link.open refused", false) {
                self.inner.audit.note(Entry::new(Actor::nobody("", Some(address)), "link.open").refused());
            }
            return Err(link_not_found());
        };
        self.lock_used().links.insert(link.id, now);
        if self.is_news(address, format!("link.open {}", link.id), true) {
            let actor = Actor::of(&Principal::new(guest(link), Proof::None, Arc::clone(&link.rights), None), Some(address));
            self.inner.audit.note(Entry::new(actor, "link.open").target("link", link.id, &link.label));
        }
        Ok((Subject::Guest { link: link.id }, Arc::clone(link)))
    }

    pub(super) fn link_principal(&self, link: &Link, proof: Proof, kind: LinkKind) -> Option<Principal> {
        if link.kind != kind || link.expires_at <= self.inner.clock.now() {
            return None;
        }
        let who = match kind {
            LinkKind::Media => Who::Player { link: link.id, label: link.label.clone() },
            LinkKind::Guest => guest(link),
        };
        Some(Principal::new(who, proof, Arc::clone(&link.rights), Some(link.expires_at)))
    }

    /// Removes links that have ended or were revoked.
    ///
    /// # Errors
    /// The database cannot be written.
    pub(super) async fn sweep_links(&self) -> AppResult<()> {
        let now = self.inner.clock.now();
        let over = Condition::any().add(link::Column::ExpiresAt.lte(now)).add(link::Column::RevokedAt.is_not_null());
        let transaction = self.inner.db.begin().await.map_err(failed)?;
        let removed = link::Entity::delete_many().filter(over).exec(&transaction).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        if removed.rows_affected == 0 { Ok(()) } else { self.reload().await }
    }
}

fn guest(link: &Link) -> Who {
    Who::Guest { link: link.id, label: link.label.clone() }
}

/// 404.
pub fn link_not_found() -> AppError {
    AppError::not_found("link_not_found", "This link does not exist, or not any more. Ask for a new one.")
}
