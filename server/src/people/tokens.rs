//! API tokens: made, used, revoked.

use super::audit::{Actor, Entry};
use super::directory::Token;
use super::principal::{Principal, Proof, Who};
use super::store::{Change, failed};
use super::{People, secret};
use crate::entities::token::{self, CameraIds};
use crate::error::{AppError, AppResult};
use crate::typed::is_invisible;
use app::model::TokenScope;
use sea_orm::{ActiveValue::Set, EntityTrait, PaginatorTrait, QueryOrder};
use secrecy::zeroize::Zeroizing;
use serde_json::json;
use std::net::IpAddr;
use std::sync::Arc;
use time::{Duration, OffsetDateTime};

/// How a token begins: so that people, and programs that look for leaked ones, recognise it.
const HEAD: &str = "nightjar_";
/// Letters that are kept to recognise it by, with the head.
const PREFIX: usize = 15;
const NAME_CHARS: usize = 100;
/// The audit log is told of a token's use once in this time.
const TELL_USE: Duration = Duration::hours(1);
const MAX_TOKENS: u64 = 1000;
/// What is remembered of having been told, by address.
const MAX_NEWS: usize = 256;
/// What is remembered of having been told, by person and camera.
const MAX_LOOKS: usize = 10_000;
const MAX_CAMERAS: usize = 500;

/// A new token.
#[derive(Debug, Clone)]
pub struct NewToken {
    pub name: String,
    pub scope: TokenScope,
    /// It reaches no further than this person, and goes with them. None: made at the console.
    pub owner: Option<i64>,
    /// None: all.
    pub camera_ids: Option<Vec<i64>>,
    pub expires_at: Option<OffsetDateTime>,
}

impl People {
    /// Makes a token. The secret is told this once and is nowhere afterwards.
    ///
    /// # Errors
    /// 422 with the field, 409 if there are too many.
    pub async fn add_token(&self, by: Actor, new: NewToken) -> AppResult<(Arc<Token>, Zeroizing<String>)> {
        let name = checked_label(&new.name, "name")?;
        if let Some(ids) = &new.camera_ids {
            if new.scope == TokenScope::Admin {
                return Err(AppError::invalid("camera_ids", "not_used", "A token that administers reaches all cameras. Leave them out."));
            }
            if ids.is_empty() || ids.len() > MAX_CAMERAS {
                return Err(AppError::invalid(
                    "camera_ids",
                    "camera_ids",
                    format!("Name 1 to {MAX_CAMERAS} cameras, or leave the list out."),
                ));
            }
        }
        let now = self.inner.clock.now();
        if new.expires_at.is_some_and(|at| at <= now) {
            return Err(AppError::invalid("expires_at", "expired", "This moment is past."));
        }
        let secret = Zeroizing::new(format!("{HEAD}{}", &*secret::random()?));
        let prefix: String = secret.chars().take(PREFIX).collect();
        let row = token::ActiveModel {
            name: Set(name.clone()),
            prefix: Set(prefix),
            secret_hash: Set(secret::hash_hex(&secret)),
            scope: Set(new.scope.as_str().to_owned()),
            owner_id: Set(new.owner),
            camera_ids: Set(new.camera_ids.clone().map(CameraIds)),
            created_at: Set(now),
            expires_at: Set(new.expires_at),
            last_used_at: Set(None),
            ..token::ActiveModel::default()
        };
        let this = self.clone();
        let id = self
            .detached(async move {
                let change = Change::begin(&this.inner.db).await?;
                if token::Entity::find().count(change.on()).await.map_err(failed)? >= MAX_TOKENS {
                    return Err(AppError::new(
                        crate::error::Kind::Conflict,
                        "too_many_tokens",
                        format!("There are {MAX_TOKENS} tokens. Revoke some."),
                    ));
                }
                let row = token::Entity::insert(row).exec_with_returning(change.on()).await.map_err(failed)?;
                let reach = json!({ "scope": new.scope, "owner": new.owner, "cameras": new.camera_ids, "expires_at": new.expires_at.map(|at| at.unix_timestamp()) });
                change.commit(Entry::new(by, "api_token.create").target("api_token", row.id, &name).details(reach)).await?;
                this.reload().await?;
                Ok(row.id)
            })
            .await?;
        let token = self.directory().tokens.get(&id).cloned().ok_or_else(token_not_found)?;
        Ok((token, secret))
    }

    /// All tokens, the newest first; also those that rest because their owner is disabled.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn token_rows(&self) -> AppResult<Vec<token::Model>> {
        token::Entity::find().order_by_desc(token::Column::Id).all(self.inner.db.read()).await.map_err(failed)
    }

    /// Revokes a token.
    ///
    /// # Errors
    /// 404.
    pub async fn remove_token(&self, by: Actor, id: i64) -> AppResult<()> {
        let this = self.clone();
        self.detached(async move {
            let change = Change::begin(&this.inner.db).await?;
            let row = token::Entity::find_by_id(id).one(change.on()).await.map_err(failed)?.ok_or_else(token_not_found)?;
            token::Entity::delete_by_id(id).exec(change.on()).await.map_err(failed)?;
            change.commit(Entry::new(by, "api_token.revoke").target("api_token", id, &row.name)).await?;
            this.reload().await
        })
        .await
    }

    /// Whose token this is, if it holds.
    pub fn by_token(&self, secret: &str) -> Option<Principal> {
        let directory = self.directory();
        // Found by its hash: how far a wrong one is right cannot be measured.
        let token = directory.token(&secret::hash(secret))?;
        let principal = self.token_principal(token)?;
        self.lock_used().tokens.insert(token.id, self.inner.clock.now());
        Some(principal)
    }

    /// Tells the audit log that a token is in use, once in a while.
    pub fn note_token_use(&self, principal: &Principal, address: IpAddr) {
        let Who::Token { id, name } = &principal.who else { return };
        let now = self.inner.clock.now();
        let told = self.lock_used().told.insert(*id, now).filter(|at| now - *at < TELL_USE);
        if let Some(at) = told {
            self.lock_used().told.insert(*id, at);
        } else {
            self.inner.audit.note(Entry::new(Actor::of(principal, Some(address)), "api_token.use").target("api_token", id, name));
        }
    }

    /// Tells the audit log that a token was shown that is none, or none any more.
    pub fn note_unknown_token(&self, address: IpAddr) {
        if self.is_news(address, "api_token.use refused", false) {
            self.inner.audit.note(Entry::new(Actor::nobody("", Some(address)), "api_token.use").refused());
        }
    }

    /// Tells the audit log that somebody did something with a recording, or a camera, that shows what was seen: once an hour, not with each piece of video.
    pub fn note_look(&self, principal: &Principal, address: IpAddr, action: &'static str, (kind, id): (&'static str, i64), name: &str) {
        let now = self.inner.clock.now();
        {
            let looks = &mut self.lock_used().looks;
            if looks.len() >= MAX_LOOKS {
                looks.retain(|_, at| now - *at < TELL_USE);
            }
            if looks.len() >= MAX_LOOKS {
                // Told twice rather than not at all.
                looks.clear();
            }
            let key = (action, kind, id, principal.who.clone());
            if looks.get(&key).is_some_and(|at| now - *at < TELL_USE) {
                return;
            }
            looks.insert(key, now);
        }
        self.inner.audit.note(Entry::new(Actor::of(principal, Some(address)), action).target(kind, id, name));
    }

    /// Whether this was not told of this address within the hour. The log has an end: what anybody can do again and again must not push out
    /// what was written before. `in_a_flood`: the answer where more is told than is remembered.
    pub(super) fn is_news(&self, address: IpAddr, what: impl Into<String>, in_a_flood: bool) -> bool {
        let now = self.inner.clock.now();
        let mut used = self.lock_used();
        used.news.retain(|_, at| now - *at < TELL_USE);
        let key = (address, what.into());
        if used.news.contains_key(&key) {
            return false;
        }
        if used.news.len() >= MAX_NEWS {
            return in_a_flood;
        }
        used.news.insert(key, now);
        true
    }

    pub(super) fn token_principal(&self, token: &Token) -> Option<Principal> {
        if token.expires_at.is_some_and(|at| at <= self.inner.clock.now()) {
            return None;
        }
        let who = Who::Token { id: token.id, name: token.name.clone() };
        Some(Principal::new(who, Proof::Token(token.id), Arc::clone(&token.rights), token.expires_at))
    }
}

/// A short text that names something.
pub(super) fn checked_label(text: &str, field: &str) -> AppResult<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(AppError::invalid(field, "name_empty", "Give it a name, to know later what it is for."));
    }
    if text.len() > NAME_CHARS * 4 || text.chars().count() > NAME_CHARS {
        return Err(AppError::invalid(field, "name_too_long", format!("At most {NAME_CHARS} characters.")));
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) || text.contains(['<', '>']) {
        return Err(AppError::invalid(field, "name_characters", "Leave out line breaks, invisible characters, < and >."));
    }
    Ok(text.to_owned())
}

/// 404.
pub fn token_not_found() -> AppError {
    AppError::not_found("token_not_found", "There is no such token. It may have been revoked.")
}
