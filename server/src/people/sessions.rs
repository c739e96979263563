//! Where people and guests are signed in: a store for tower-sessions in our database, with a copy in memory that answers every request.
//!
//! The cookie's value is nowhere but in the browser: the database and [`table`] know its SHA-256. A session ends when it was not used for some
//! time (idle; not if it is a display's), after some time whatever happens (absolute), when its person's generation has moved on, or when its
//! row is deleted. When its person may do more than before it goes on under another id ([`Sessions::renew`]).

mod table;

use super::clock::Clock;
use super::store::failed;
use crate::db::Db;
use crate::entities::session;
use crate::error::{AppError, AppResult};
use crate::secrets::{from_hex, to_hex};
use async_trait::async_trait;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use table::{Hash, Table};
use time::{Duration, OffsetDateTime};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result as StoreResult};
use tower_sessions::{ExpiredDeletion, SessionStore};

/// The one key in a session's data.
pub const SIGNED_IN: &str = "signed_in";
/// The oldest session of a person, or of a link, makes room for a new one beyond this.
const MAX_EACH: usize = 50;
/// How long no renewal is tried after one that could not be stored: every request would wait for a database that does not answer.
const AFTER_FAILURE: std::time::Duration = std::time::Duration::from_secs(5);
/// Letters of what a browser calls itself.
const AGENT: usize = 200;

/// How long sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// Without a request.
    pub idle: Duration,
    /// Whatever happens.
    pub absolute: Duration,
    /// Of a display that stays signed in, also when it was switched off for months. Browsers keep no cookie for longer than 400 days.
    pub display: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self { idle: Duration::days(7), absolute: Duration::days(30), display: Duration::days(400) }
    }
}

/// Who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An account, at this generation.
    Person { id: i64, generation: i64 },
    /// Whoever has this link.
    Guest { link: i64 },
}

/// What a session's data holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    pub subject: Subject,
    /// How often the person's rights had risen by then.
    #[serde(default)]
    pub rises: i64,
    pub address: String,
    pub user_agent: String,
    /// It ends then at the latest; of guests, with their link. Unix time, seconds.
    pub until: Option<i64>,
    /// A display: it lives for [`Lifetimes::display`] and may be idle.
    #[serde(default)]
    pub stay: bool,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub subject: Subject,
    /// How often the person's rights had risen when its id was made.
    pub rises: i64,
    pub address: String,
    pub user_agent: String,
    pub created_at: OffsetDateTime,
    pub last_seen_at: OffsetDateTime,
    /// It ends then, however busy it is.
    pub expires_at: OffsetDateTime,
    /// Seen since its row was written.
    unwritten: bool,
}

/// The store. Cheap to clone.
#[derive(Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: Arc<Clock>,
    lifetimes: Lifetimes,
    table: Mutex<Table>,
    /// One renewal at a time, so that a session's parallel requests get the same new id. An async lock, because it is held across the writing.
    /// Inside: when the last one failed.
    renewing: Arc<tokio::sync::Mutex<Option<Instant>>>,
    tasks: TaskTracker,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// What is kept of a session's id.
pub fn hash(id: &Id) -> Hash {
    Sha256::digest(id.0.to_le_bytes()).into()
}

impl Sessions {
    /// Reads the sessions that earlier runs have left.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn load(db: Db, clock: Arc<Clock>, lifetimes: Lifetimes, tasks: TaskTracker) -> AppResult<Self> {
        let rows = session::Entity::find().all(db.read()).await.map_err(failed)?;
        let table = Mutex::new(Table::new(lifetimes, rows.into_iter().filter_map(entry).collect()));
        Ok(Self { inner: Arc::new(Inner { db, clock, lifetimes, table, renewing: Arc::default(), tasks }) })
    }

    pub fn lifetimes(&self) -> Lifetimes {
        self.inner.lifetimes
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.inner.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this session is that of a display, which stays signed in.
    pub fn stays(&self, hash: &Hash) -> bool {
        let table = self.lock();
        table.find(hash, self.inner.clock.now()).is_some_and(|(_, entry)| table.is_display(entry))
    }

    /// A session that holds, by its present id or one that it had until lately; the hash of its present id.
    pub fn find(&self, hash: &Hash) -> Option<(Hash, Entry)> {
        let now = self.inner.clock.now();
        self.lock().find(hash, now).map(|(present, entry)| (present, entry.clone()))
    }

    /// The session was used now.
    pub fn touch(&self, hash: &Hash) {
        let now = self.inner.clock.now();
        self.lock().touch(hash, now);
    }

    /// The sessions of a person that hold, the last used first.
    pub fn of_person(&self, id: i64, generation: i64) -> Vec<(Hash, Entry)> {
        let now = self.inner.clock.now();
        let subject = Subject::Person { id, generation };
        let table = self.lock();
        let mut found: Vec<_> = table
            .iter()
            .filter(|(_, entry)| entry.subject == subject && table.holds(entry, now))
            .map(|(hash, entry)| (*hash, entry.clone()))
            .collect();
        drop(table);
        found.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.last_seen_at));
        found
    }

    /// Gives a session another id if its person's rights have risen `rises` times, and fewer times when its present id was made. The id that the
    /// browser has to be told, with the session's end: also that of an earlier renewal that it does not know of. None for a while after a failure.
    ///
    /// # Errors
    /// The new id could not be stored; the session goes on under the one that it has.
    pub async fn renew(&self, presented: &Hash, rises: i64) -> AppResult<Option<(Id, OffsetDateTime)>> {
        let now = self.inner.clock.now();
        if !self.lock().is_behind(presented, rises, now) {
            return Ok(self.lock().successor(presented, now));
        }
        let mut failed_at = Arc::clone(&self.inner.renewing).lock_owned().await;
        let rests = failed_at.is_some_and(|at| at.elapsed() < AFTER_FAILURE);
        if !rests && self.lock().is_behind(presented, rises, now) {
            let (this, old) = (self.clone(), *presented);
            // The lock goes with it.
            self.detached(async move {
                let renewed = this.rename(&old, rises, now).await;
                *failed_at = renewed.is_err().then(Instant::now);
                renewed
            })
            .await?;
        }
        Ok(self.lock().successor(presented, now))
    }

    async fn rename(&self, old: &Hash, rises: i64, now: OffsetDateTime) -> AppResult<()> {
        let new = Id::default();
        if !rename(&self.inner.db, old, &hash(&new), rises).await? {
            // What has no row has ended: somebody has deleted it.
            self.lock().remove(old);
            return Ok(());
        }
        if !self.lock().rename(old, new, rises, now) {
            // It was ended while its row was on the way to the new name.
            self.end(&[hash(&new)]).await?;
        }
        Ok(())
    }

    /// Ends sessions.
    ///
    /// # Errors
    /// Their rows could not be deleted; they have ended all the same, until the next start.
    pub async fn end(&self, which: &[Hash]) -> AppResult<()> {
        let hashes: Vec<_> = {
            let mut table = self.lock();
            which.iter().map(|hash| to_hex(&table.remove(hash))).collect()
        };
        let db = self.inner.db.clone();
        self.detached(async move {
            let transaction = db.begin().await.map_err(failed)?;
            session::Entity::delete_many().filter(session::Column::IdHash.is_in(hashes)).exec(&transaction).await.map_err(failed)?;
            transaction.commit().await.map_err(failed)
        })
        .await
    }

    /// Runs a change to its end even if the caller goes away, as requests do whose browser has gone: what is stored and the table must not part.
    async fn detached(&self, change: impl Future<Output = AppResult<()>> + Send + 'static) -> AppResult<()> {
        self.inner.tasks.spawn(change).await.map_err(AppError::internal)?
    }

    /// Writes when sessions were last seen, and lets go of those that have ended or for which `keep` is false.
    ///
    /// # Errors
    /// The database cannot be written; the next call tries again.
    pub async fn sweep(&self, keep: impl Fn(&Entry) -> bool) -> AppResult<()> {
        let now = self.inner.clock.now();
        let (ended, seen): (Vec<_>, Vec<_>) = {
            let mut table = self.lock();
            table.forget(now);
            let ended =
                table.iter().filter(|(_, entry)| !table.holds(entry, now) || !keep(entry)).map(|(hash, _)| *hash).collect::<Vec<_>>();
            let seen = table
                .iter()
                .filter(|(hash, entry)| entry.unwritten && !ended.contains(hash))
                .map(|(hash, entry)| (*hash, entry.last_seen_at))
                .collect();
            (ended, seen)
        };
        if !ended.is_empty() {
            self.end(&ended).await?;
        }
        if seen.is_empty() {
            return Ok(());
        }
        let transaction = self.inner.db.begin().await.map_err(failed)?;
        for (hash, at) in &seen {
            session::Entity::update_many()
                .col_expr(session::Column::LastSeenAt, Expr::value(*at))
                .filter(session::Column::IdHash.eq(to_hex(hash)))
                .exec(&transaction)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)?;
        let mut table = self.lock();
        for (hash, at) in seen {
            if let Some(entry) = table.entry(&hash).filter(|entry| entry.last_seen_at == at) {
                entry.unwritten = false;
            }
        }
        Ok(())
    }
}

fn entry(row: session::Model) -> Option<(Hash, Entry)> {
    let subject = match (row.user_id, row.link_id) {
        (Some(id), None) => Subject::Person { id, generation: row.generation },
        (None, Some(link)) => Subject::Guest { link },
        _ => return None,
    };
    let entry = Entry {
        subject,
        rises: row.rises,
        address: row.address,
        user_agent: row.user_agent,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
        unwritten: false,
    };
    Some((from_hex(&row.id_hash)?, entry))
}

fn backend(error: impl std::fmt::Display) -> Error {
    Error::Backend(error.to_string())
}

/// Only sessions of somebody are stored: visitors who are not signed in leave no trace.
fn signed_in(record: &Record) -> StoreResult<SignedIn> {
    let value = record.data.get(SIGNED_IN).cloned().ok_or_else(|| Error::Encode("nobody is signed in".to_owned()))?;
    serde_json::from_value(value).map_err(|error| Error::Encode(error.to_string()))
}

#[async_trait]
impl SessionStore for Sessions {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        let signed_in = signed_in(record)?;
        let now = self.inner.clock.now();
        let until = signed_in.until.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        let lifetimes = self.inner.lifetimes;
        let latest = now.saturating_add(if signed_in.stay { lifetimes.display } else { lifetimes.absolute });
        let expires_at = until.map_or(latest, |until| until.min(latest));
        let surplus = self.lock().surplus(signed_in.subject, MAX_EACH);
        if !surplus.is_empty() {
            self.end(&surplus).await.map_err(backend)?;
        }
        let entry = Entry {
            subject: signed_in.subject,
            rises: signed_in.rises,
            address: signed_in.address,
            user_agent: signed_in.user_agent.chars().filter(|c| !c.is_control()).take(AGENT).collect(),
            created_at: now,
            last_seen_at: now,
            expires_at,
            unwritten: false,
        };
        // A session that begins has an id that nobody could know before, whatever id its record comes with: after a flush tower-sessions
        // would take the old one again.
        record.id = Id::default();
        let hash = hash(&record.id);
        // The id is a primary key: one that exists already (never, by chance) fails and is not taken over.
        insert(&self.inner.db, &hash, &entry).await.map_err(backend)?;
        self.lock().insert(hash, entry);
        record.expiry_date = expires_at;
        Ok(())
    }

    /// Nothing in a session changes while it lives: a change of rights makes a new one. So one that was ended meanwhile stays ended.
    async fn save(&self, record: &Record) -> StoreResult<()> {
        match self.find(&hash(&record.id)) {
            Some(_) => Ok(()),
            None => Err(Error::Backend("the session has ended".to_owned())),
        }
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let now = self.inner.clock.now();
        let Some(entry) = self.lock().present(&hash(id), now).map(|(_, entry)| entry.clone()) else { return Ok(None) };
        let signed_in = SignedIn {
            subject: entry.subject,
            rises: entry.rises,
            address: entry.address,
            user_agent: entry.user_agent,
            until: None,
            stay: false,
        };
        let value = serde_json::to_value(&signed_in).map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data: HashMap::from([(SIGNED_IN.to_owned(), value)]), expiry_date: entry.expires_at }))
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        let hash = hash(id);
        if self.find(&hash).is_some() {
            self.end(&[hash]).await.map_err(backend)?;
        }
        Ok(())
    }
}

#[async_trait]
impl ExpiredDeletion for Sessions {
    async fn delete_expired(&self) -> StoreResult<()> {
        self.sweep(|_| true).await.map_err(backend)
    }
}

/// False if there is no such row.
async fn rename(db: &Db, old: &Hash, new: &Hash, rises: i64) -> AppResult<bool> {
    let transaction = db.begin().await.map_err(failed)?;
    let renamed = session::Entity::update_many()
        .col_expr(session::Column::IdHash, Expr::value(to_hex(new)))
        .col_expr(session::Column::Rises, Expr::value(rises))
        .filter(session::Column::IdHash.eq(to_hex(old)))
        .exec(&transaction)
        .await
        .map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    Ok(renamed.rows_affected == 1)
}

async fn insert(db: &Db, hash: &Hash, entry: &Entry) -> AppResult<()> {
    let (user_id, link_id, generation) = match entry.subject {
        Subject::Person { id, generation } => (Some(id), None, generation),
        Subject::Guest { link } => (None, Some(link), 0),
    };
    let row = session::ActiveModel {
        id_hash: Set(to_hex(hash)),
        user_id: Set(user_id),
        link_id: Set(link_id),
        generation: Set(generation),
        rises: Set(entry.rises),
        address: Set(entry.address.clone()),
        user_agent: Set(entry.user_agent.clone()),
        created_at: Set(entry.created_at),
        last_seen_at: Set(entry.last_seen_at),
        expires_at: Set(entry.expires_at),
    };
    let transaction = db.begin().await.map_err(failed)?;
    session::Entity::insert(row).exec_without_returning(&transaction).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)
}
