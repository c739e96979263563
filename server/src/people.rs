//! People: accounts, what they may do, where they are signed in, tokens and links, and who did what.
//!
//! The pure cores are in files of their own ([`rights`], [`password`], [`limiter`], [`signature`], [`clock`]); the database is the truth, and a
//! copy of it in memory ([`directory`]) answers who somebody is without a query, also in the media path.

mod accounts;
pub mod audit;
pub mod clock;
pub mod directory;
pub mod hash;
pub mod limiter;
mod links;
pub mod name;
pub mod password;
pub mod principal;
pub mod rights;
pub mod secret;
mod seen;
pub mod sessions;
pub mod setup;
pub mod signature;
mod store;
mod tokens;

pub use accounts::{NewPerson, PersonPatch};
pub use links::{NewLink, link_not_found};
pub use tokens::{NewToken, token_not_found};

use crate::db::Db;
use crate::entities::{link, setting, token, user};
use crate::error::{AppError, AppResult};
use crate::secrets::Sealer;
use audit::Audit;
use clock::Clock;
use directory::{Directory, LinkKind};
use hash::Hasher;
use limiter::Limiter;
use principal::{Principal, Proof, Who};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use sessions::{Lifetimes, Sessions, Subject};
use setup::SetupToken;
use signature::Signer;
use std::collections::HashMap;
use std::mem::take;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use store::failed;
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower_sessions::session::Id;

/// Key of the latest time that was seen, in `settings`.
const CLOCK_KEY: &str = "people.clock";
/// How often it is looked whether another process changed something. Withdrawn rights must count within 5 s.
const LOOK: Duration = Duration::from_millis(1500);
/// How often what was only noted in memory is written.
const WRITE: Duration = Duration::from_secs(60);
/// How often what has ended is removed.
const SWEEP: Duration = Duration::from_secs(600);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct People {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    clock: Arc<Clock>,
    hasher: Hasher,
    limiter: Mutex<Limiter>,
    sessions: Sessions,
    signer: Signer,
    audit: Audit,
    directory: watch::Sender<Arc<Directory>>,
    /// One reading at a time: an older one must not replace a newer one. An async lock, because it is held across queries.
    reading: tokio::sync::Mutex<()>,
    /// While there is no account.
    setup: Mutex<Option<SetupToken>>,
    used: Mutex<Used>,
    tasks: TaskTracker,
}

/// When what was last used, until it is written.
#[derive(Debug, Default)]
struct Used {
    tokens: HashMap<i64, OffsetDateTime>,
    links: HashMap<i64, OffsetDateTime>,
    sign_ins: HashMap<i64, OffsetDateTime>,
    /// When the audit log was last told of a token.
    told: HashMap<i64, OffsetDateTime>,
    /// When it was last told that somebody looks at what was recorded.
    looks: HashMap<(&'static str, &'static str, i64, Who), OffsetDateTime>,
    /// When it was last told of what anybody can do at any time, by address.
    news: HashMap<(IpAddr, String), OffsetDateTime>,
}

impl Used {
    /// What is to be written.
    fn take(&mut self) -> Self {
        Self { tokens: take(&mut self.tokens), links: take(&mut self.links), sign_ins: take(&mut self.sign_ins), ..Self::default() }
    }

    /// What could not be written. What was used again since then is newer.
    fn give_back(&mut self, used: &Self) {
        for (own, unwritten) in [(&mut self.tokens, &used.tokens), (&mut self.links, &used.links), (&mut self.sign_ins, &used.sign_ins)] {
            for (id, at) in unwritten {
                own.entry(*id).or_insert(*at);
            }
        }
    }

    fn is_empty(&self) -> bool {
        self.tokens.is_empty() && self.links.is_empty() && self.sign_ins.is_empty()
    }
}

impl People {
    /// Reads everybody. Without an account a set-up token is made.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn start(db: Db, sealer: &Sealer, lifetimes: Lifetimes, tasks: TaskTracker) -> AppResult<Self> {
        let stored = setting::Entity::find_by_id(CLOCK_KEY).one(db.read()).await.map_err(failed)?;
        let stored = stored.and_then(|row| row.value.as_i64()).and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        let clock = Arc::new(Clock::new(stored));
        let directory = Directory::load(&db).await?;
        let setup = if directory.has_accounts() { None } else { Some(SetupToken::new()?) };
        let inner = Inner {
            sessions: Sessions::load(db.clone(), Arc::clone(&clock), lifetimes, tasks.clone()).await?,
            db,
            clock,
            hasher: Hasher::default(),
            limiter: Mutex::new(Limiter::default()),
            signer: Signer::new(sealer.derive("signed media links")),
            audit: Audit::default(),
            directory: watch::channel(Arc::new(directory)).0,
            reading: tokio::sync::Mutex::new(()),
            setup: Mutex::new(setup),
            used: Mutex::new(Used::default()),
            tasks,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Everybody now.
    pub fn directory(&self) -> Arc<Directory> {
        self.inner.directory.borrow().clone()
    }

    /// Everybody, and again after each change of accounts, grants, tokens and links.
    pub fn watch(&self) -> watch::Receiver<Arc<Directory>> {
        self.inner.directory.subscribe()
    }

    /// The store of sessions.
    pub fn sessions(&self) -> &Sessions {
        &self.inner.sessions
    }

    /// Takes notes of what is done.
    pub fn audit(&self) -> &Audit {
        &self.inner.audit
    }

    /// The time that expiry goes by.
    pub fn now(&self) -> OffsetDateTime {
        self.inner.clock.now()
    }

    /// What the console shows while there is no account.
    pub fn setup_token(&self) -> Option<String> {
        self.inner.setup.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|token| token.show().to_owned())
    }

    /// Who holds a session, if it still counts. The proof is its present id, also if it was found by a former one.
    pub fn by_session(&self, hash: [u8; 32]) -> Option<Principal> {
        let (hash, entry) = self.inner.sessions.find(&hash)?;
        let directory = self.directory();
        match entry.subject {
            Subject::Person { id, generation } => {
                let person = directory.active(id).filter(|person| person.generation == generation)?;
                let who = Who::Person { id, name: person.name.clone() };
                Some(Principal::new(who, Proof::Session(hash), Arc::clone(&person.rights), Some(entry.expires_at)))
            }
            Subject::Guest { link } => self.link_principal(directory.links.get(&link)?, Proof::Session(hash), LinkKind::Guest),
        }
    }

    /// The id that the browser has to be told, with the session's end: rights have risen since it was told the one that it sent.
    ///
    /// # Errors
    /// A new one could not be stored.
    pub async fn renewed(&self, presented: &[u8; 32], principal: &Principal) -> AppResult<Option<(Id, OffsetDateTime)>> {
        let rises = principal.person().and_then(|id| self.directory().active(id).map(|person| person.rises)).unwrap_or(0);
        self.inner.sessions.renew(presented, rises).await
    }

    /// How often the rights of somebody who signs in have risen.
    pub fn rises(&self, subject: Subject) -> i64 {
        match subject {
            Subject::Person { id, .. } => self.directory().active(id).map_or(0, |person| person.rises),
            Subject::Guest { .. } => 0,
        }
    }

    /// Who it is now: rights may have grown, shrunk or gone since.
    pub fn again(&self, principal: &Principal) -> Option<Principal> {
        let directory = self.directory();
        match principal.proof {
            Proof::None => None,
            Proof::Session(hash) => self.by_session(hash),
            Proof::Token(id) => self.token_principal(directory.tokens.get(&id)?),
            Proof::Link(id) => self.link_principal(directory.links.get(&id)?, Proof::Link(id), LinkKind::Media),
        }
    }

    /// Writes what is noted, follows changes of other processes and removes what has ended, until cancelled.
    pub async fn run(&self, stopping: CancellationToken) {
        let writing = self.inner.audit.run(&self.inner.db, stopping.clone());
        let keeping = self.keep(stopping);
        tokio::join!(writing, keeping);
    }

    async fn keep(&self, stopping: CancellationToken) {
        let ticks = |period| {
            let mut ticks = interval(period);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        };
        let (mut look, mut write, mut sweep) = (ticks(LOOK), ticks(WRITE), ticks(SWEEP));
        loop {
            let done = tokio::select! {
                biased;
                () = stopping.cancelled() => break,
                _ = look.tick() => self.look().await,
                _ = write.tick() => self.write().await,
                _ = sweep.tick() => self.sweep().await,
            };
            if let Err(error) = done {
                tracing::warn!(%error, "accounts could not be kept up to date; trying again");
            }
        }
        if let Err(error) = self.write().await {
            tracing::warn!(%error, "what was last used could not be written");
        }
    }

    /// Reads again if another process has changed something.
    async fn look(&self) -> AppResult<()> {
        if directory::version(self.inner.db.read()).await? == self.directory().version {
            return Ok(());
        }
        self.reload().await
    }

    /// Reads again after a camera or a recording was removed: the grants for it and the links to it have gone with it.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn reread(&self) -> AppResult<()> {
        self.reload().await
    }

    /// Replaces the copy in memory by what is stored.
    async fn reload(&self) -> AppResult<()> {
        let _one = self.inner.reading.lock().await;
        let directory = Directory::load(&self.inner.db).await?;
        if directory.has_accounts() {
            *self.inner.setup.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        self.inner.directory.send_replace(Arc::new(directory));
        Ok(())
    }

    /// Lets go of sessions that have ended, and writes the clock and when what was last used.
    ///
    /// # Errors
    /// The database cannot be written; nothing is lost, the next call tries again.
    pub async fn write(&self) -> AppResult<()> {
        let directory = self.directory();
        let counts = |entry: &sessions::Entry| match entry.subject {
            Subject::Person { id, generation } => directory.active(id).is_some_and(|person| person.generation == generation),
            Subject::Guest { link } => directory.links.contains_key(&link),
        };
        self.inner.sessions.sweep(counts).await?;
        let used = self.lock_used().take();
        let written = self.write_used(&used).await;
        if written.is_err() {
            self.lock_used().give_back(&used);
        }
        written?;
        // So that lists tell it.
        if used.is_empty() { Ok(()) } else { self.reload().await }
    }

    async fn write_used(&self, used: &Used) -> AppResult<()> {
        let transaction = self.inner.db.begin().await.map_err(failed)?;
        setting::put(&transaction, CLOCK_KEY, self.now().unix_timestamp().into()).await.map_err(failed)?;
        for (id, at) in &used.tokens {
            let update = token::Entity::update_many().col_expr(token::Column::LastUsedAt, Expr::value(Some(*at)));
            update.filter(token::Column::Id.eq(*id)).exec(&transaction).await.map_err(failed)?;
        }
        for (id, at) in &used.links {
            let update = link::Entity::update_many().col_expr(link::Column::LastUsedAt, Expr::value(Some(*at)));
            update.filter(link::Column::Id.eq(*id)).exec(&transaction).await.map_err(failed)?;
        }
        for (id, at) in &used.sign_ins {
            let update = user::Entity::update_many().col_expr(user::Column::LastSignInAt, Expr::value(Some(*at)));
            update.filter(user::Column::Id.eq(*id)).exec(&transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// Removes what has ended and nobody asks for any more.
    ///
    /// # Errors
    /// The database is gone.
    pub async fn sweep(&self) -> AppResult<()> {
        self.lock_limiter().sweep(Instant::now());
        self.sweep_links().await?;
        audit::keep(&self.inner.db).await
    }

    /// Runs a change to its end even if the caller goes away.
    async fn detached<T: Send + 'static>(&self, change: impl Future<Output = AppResult<T>> + Send + 'static) -> AppResult<T> {
        self.inner.tasks.spawn(change).await.map_err(AppError::internal)?
    }

    fn lock_limiter(&self) -> MutexGuard<'_, Limiter> {
        self.inner.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_used(&self) -> MutexGuard<'_, Used> {
        self.inner.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
