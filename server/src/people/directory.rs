//! The copy in memory of accounts, tokens and links: who somebody is is answered from it without a query. Replaced whole after every change,
//! also those that a `nightjar` command makes beside the running server.

use super::rights::{Actions, Rights};
use super::store::failed;
use crate::db::Db;
use crate::entities::{grant, link, setting, token, user};
use crate::error::AppResult;
use crate::secrets::from_hex;
use app::model::{Grant, GrantTarget, Quality, Role, TokenScope};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use time::OffsetDateTime;

/// Key of the number in `settings` that every change counts up.
pub const VERSION_KEY: &str = "people.version";

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: i64,
    pub name: String,
    pub name_key: String,
    pub role: Role,
    pub disabled: bool,
    /// Sessions of an older generation are dead.
    pub generation: i64,
    /// How often a larger grant was given: sessions that were named before get another id.
    pub rises: i64,
    pub grants: Vec<Grant>,
    pub created_at: OffsetDateTime,
    pub password_changed_at: OffsetDateTime,
    pub last_sign_in_at: Option<OffsetDateTime>,
    pub rights: Arc<Rights>,
}

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub id: i64,
    pub name: String,
    /// The first letters, to recognise it by.
    pub prefix: String,
    pub scope: TokenScope,
    pub owner: Option<i64>,
    /// None: all.
    pub camera_ids: Option<Vec<i64>>,
    pub created_at: OffsetDateTime,
    pub expires_at: Option<OffsetDateTime>,
    pub last_used_at: Option<OffsetDateTime>,
    pub rights: Arc<Rights>,
}

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkKind {
    /// Players open it.
    Media,
    /// Browsers of guests open it.
    Guest,
}

/// A link to one camera, or one recording of it, that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub id: i64,
    pub kind: LinkKind,
    pub label: String,
    pub camera: i64,
    /// It shows this stream only.
    pub stream: Option<Quality>,
    /// It shows this recording and nothing else of the camera.
    pub recording: Option<i64>,
    pub actions: Actions,
    pub created_by: Option<i64>,
    pub created_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub last_used_at: Option<OffsetDateTime>,
    pub rights: Arc<Rights>,
}

impl Link {
    /// Where its stream is, below the link; None if it shows all of the camera.
    pub fn path(&self) -> Option<String> {
        self.stream.map(|stream| format!("/live/{}/{}/", self.camera, stream.as_str()))
    }
}

/// Everybody at one moment.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// What the database's number was.
    pub version: i64,
    /// By their ids.
    pub people: BTreeMap<i64, Arc<Person>>,
    /// By their ids; without those whose owner is gone or disabled.
    pub tokens: BTreeMap<i64, Arc<Token>>,
    tokens_by_hash: HashMap<[u8; 32], i64>,
    /// By their ids; without revoked ones and those whose maker is gone or disabled.
    pub links: BTreeMap<i64, Arc<Link>>,
    /// Links that nobody can open while their maker is disabled, by their ids.
    pub resting_links: BTreeMap<i64, Arc<Link>>,
    guests_by_hash: HashMap<[u8; 32], i64>,
}

impl Directory {
    /// Whether there is any account; without one only the set-up is open.
    pub fn has_accounts(&self) -> bool {
        !self.people.is_empty()
    }

    /// An account that may sign in.
    pub fn active(&self, id: i64) -> Option<&Arc<Person>> {
        self.people.get(&id).filter(|person| !person.disabled)
    }

    /// By a name as it is compared.
    pub fn by_name_key(&self, key: &str) -> Option<&Arc<Person>> {
        self.people.values().find(|person| person.name_key == key)
    }

    /// By the hash of its secret.
    pub fn token(&self, hash: &[u8; 32]) -> Option<&Arc<Token>> {
        self.tokens.get(self.tokens_by_hash.get(hash)?)
    }

    /// A guest link by the hash of its secret.
    pub fn guest(&self, hash: &[u8; 32]) -> Option<&Arc<Link>> {
        self.links.get(self.guests_by_hash.get(hash)?)
    }

    /// Every link that was not revoked, also those that rest, by their ids.
    pub fn every_link(&self) -> impl Iterator<Item = &Arc<Link>> {
        let mut links: Vec<_> = self.links.values().chain(self.resting_links.values()).collect();
        links.sort_by_key(|link| link.id);
        links.into_iter()
    }

    /// Reads everything.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn load(db: &Db) -> AppResult<Self> {
        let db = db.read();
        let version = version(db).await?;
        let mut directory = Self { version, ..Self::default() };
        let mut grants: HashMap<i64, Vec<Grant>> = HashMap::new();
        for row in grant::Entity::find().order_by_asc(grant::Column::Id).all(db).await.map_err(failed)? {
            let target = match (row.camera_id, row.group_name) {
                (Some(id), _) => GrantTarget::Camera(id),
                (None, Some(name)) => GrantTarget::Group(name),
                (None, None) => GrantTarget::All,
            };
            grants.entry(row.user_id).or_default().push(Grant { target, actions: row.actions.0 });
        }
        for row in user::Entity::find().all(db).await.map_err(failed)? {
            let grants = grants.remove(&row.id).unwrap_or_default();
            let person = person(row, grants);
            directory.people.insert(person.id, Arc::new(person));
        }
        for row in token::Entity::find().all(db).await.map_err(failed)? {
            directory.add_token(row);
        }
        let holding = link::Entity::find().filter(link::Column::RevokedAt.is_null());
        for row in holding.all(db).await.map_err(failed)? {
            directory.add_link(row);
        }
        Ok(directory)
    }

    fn add_token(&mut self, row: token::Model) {
        let Some(hash) = from_hex::<32>(&row.secret_hash) else { return };
        let owner = match row.owner_id.map(|id| self.active(id)) {
            None => None,
            Some(Some(owner)) => Some(Arc::clone(&owner.rights)),
            Some(None) => return,
        };
        // An unknown scope is from a newer version: the least.
        let scope = row.scope.parse().unwrap_or(TokenScope::Read);
        let camera_ids = row.camera_ids.map(|ids| ids.0);
        let rights = Arc::new(Rights::of_token(scope, camera_ids.as_deref(), owner));
        self.tokens_by_hash.insert(hash, row.id);
        let token = Token {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            scope,
            owner: row.owner_id,
            camera_ids,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            rights,
        };
        self.tokens.insert(token.id, Arc::new(token));
    }

    fn add_link(&mut self, row: link::Model) {
        let (maker, rests) = match row.created_by_id.map(|id| self.active(id)) {
            None => (None, false),
            Some(Some(maker)) => (Some(Arc::clone(&maker.rights)), false),
            Some(None) => (Some(Arc::new(Rights::none())), true),
        };
        let kind = match row.kind.as_str() {
            link::MEDIA => LinkKind::Media,
            link::GUEST => LinkKind::Guest,
            _ => return,
        };
        if let Some(hash) = row.secret_hash.as_deref().and_then(from_hex::<32>).filter(|_| !rests) {
            self.guests_by_hash.insert(hash, row.id);
        }
        // One that is not known shows nothing.
        let stream = match row.stream.as_deref().map(stream_of) {
            Some(None) => return,
            stream => stream.flatten(),
        };
        let actions = Actions::of(&row.actions.0);
        let link = Link {
            id: row.id,
            kind,
            label: row.label,
            camera: row.camera_id,
            stream,
            recording: row.recording_id,
            actions,
            created_by: row.created_by_id,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            rights: Arc::new(Rights::of_link((row.camera_id, row.recording_id), actions, maker)),
        };
        let links = if rests { &mut self.resting_links } else { &mut self.links };
        links.insert(link.id, Arc::new(link));
    }
}

fn stream_of(stored: &str) -> Option<Quality> {
    [Quality::Main, Quality::Sub].into_iter().find(|quality| quality.as_str() == stored)
}

/// The number that every change counts up.
///
/// # Errors
/// The database cannot be read.
pub async fn version(db: &impl ConnectionTrait) -> AppResult<i64> {
    let row = setting::Entity::find_by_id(VERSION_KEY).one(db).await.map_err(failed)?;
    Ok(row.and_then(|row| row.value.as_i64()).unwrap_or(0))
}

fn person(row: user::Model, grants: Vec<Grant>) -> Person {
    // An unknown role is from a newer version: the least.
    let role = row.role.parse().unwrap_or(Role::Viewer);
    Person {
        rights: Arc::new(Rights::of_person(role, &grants)),
        id: row.id,
        name: row.name,
        name_key: row.name_key,
        role,
        disabled: row.disabled,
        generation: row.generation,
        rises: row.rises,
        grants,
        created_at: row.created_at,
        password_changed_at: row.password_changed_at,
        last_sign_in_at: row.last_sign_in_at,
    }
}
