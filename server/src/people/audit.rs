//! Who did what, when and from where. Changes of accounts are written with the change itself; everything else goes through a bounded queue
//! and is written in batches, so that nobody waits for the log. What the queue cannot take is counted, and the count is written.

mod log;

use super::principal::{Principal, Who};
use super::store::failed;
use crate::db::Db;
use crate::entities::audit;
use crate::error::AppResult;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait};
use serde_json::{Map, Value, json};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use time::OffsetDateTime;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

pub use log::{Filter, keep, list, prune, retention, set_retention, shorten};

/// Entries that wait to be written.
const QUEUE: usize = 4096;
/// Entries of one transaction.
const BATCH: usize = 200;
/// Letters of a text that came from outside.
const TEXT: usize = 200;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    kind: &'static str,
    id: Option<i64>,
    name: String,
    address: String,
}

impl Actor {
    /// A `nightjar` command.
    pub fn console() -> Self {
        Self { kind: "console", id: None, name: String::new(), address: String::new() }
    }

    /// The server by itself.
    pub fn server() -> Self {
        Self { kind: "server", ..Self::console() }
    }

    /// Nobody who is known yet; `name` is what they say.
    pub fn nobody(name: &str, address: Option<IpAddr>) -> Self {
        Self { kind: "nobody", id: None, name: cut(name), address: text(address) }
    }

    /// Whoever asks.
    pub fn of(principal: &Principal, address: Option<IpAddr>) -> Self {
        let (kind, id) = match &principal.who {
            Who::Nobody => ("nobody", None),
            Who::Person { id, .. } => ("person", Some(*id)),
            Who::Token { id, .. } => ("token", Some(*id)),
            Who::Guest { link, .. } => ("guest", Some(*link)),
            Who::Player { link, .. } => ("player", Some(*link)),
        };
        Self { kind, id, name: principal.name().to_owned(), address: text(address) }
    }
}

fn text(address: Option<IpAddr>) -> String {
    address.map(|address| address.to_canonical().to_string()).unwrap_or_default()
}

fn cut(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT).collect()
}

/// How it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Ok,
    /// Not allowed, or a wrong password.
    Refused,
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    at: OffsetDateTime,
    actor: Actor,
    /// `session.sign_in`, `user.create`, …
    action: &'static str,
    outcome: Outcome,
    target: (&'static str, String, String),
    details: Value,
}

impl Entry {
    /// Something that went well and is about nothing in particular.
    pub fn new(actor: Actor, action: &'static str) -> Self {
        let target = ("", String::new(), String::new());
        Self { at: OffsetDateTime::now_utc(), actor, action, outcome: Outcome::Ok, target, details: json!({}) }
    }

    /// What it was done to.
    #[must_use]
    pub fn target(mut self, kind: &'static str, id: impl std::fmt::Display, name: &str) -> Self {
        self.target = (kind, id.to_string(), cut(name));
        self
    }

    /// It was not allowed, or the password was wrong.
    #[must_use]
    pub fn refused(mut self) -> Self {
        self.outcome = Outcome::Refused;
        self
    }

    /// More about it, as an object. Secrets are masked by the names of their fields, whatever they are.
    #[must_use]
    pub fn details(mut self, details: Value) -> Self {
        self.details = masked(details);
        self
    }

    /// What changed between two states of the same thing.
    #[must_use]
    pub fn changes(self, before: &Value, after: &Value) -> Self {
        let changes = changes(&masked(before.clone()), &masked(after.clone()), before, after);
        Self { details: json!({ "changes": changes }), ..self }
    }
}

/// The fields whose values differ.
fn changes(before: &Value, after: &Value, real_before: &Value, real_after: &Value) -> Value {
    let empty = Map::new();
    let (real_before, real_after) = (real_before.as_object().unwrap_or(&empty), real_after.as_object().unwrap_or(&empty));
    let mut found = Map::new();
    for key in real_before.keys().chain(real_after.keys().filter(|key| !real_before.contains_key(*key))) {
        if real_before.get(key) != real_after.get(key) {
            found.insert(key.clone(), json!({ "before": before.get(key), "after": after.get(key) }));
        }
    }
    Value::Object(found)
}

/// The same without the values of fields that hold secrets.
fn masked(value: Value) -> Value {
    const SECRET: [&str; 5] = ["password", "secret", "token", "hash", "key_file"];
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| {
                let lower = key.to_ascii_lowercase();
                let plain = value.is_null() || value.is_boolean() || value.is_number();
                let value = if !plain && SECRET.iter().any(|word| lower.contains(word)) { "…".into() } else { masked(value) };
                (key, value)
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        other => other,
    }
}

/// Takes entries from everywhere.
#[derive(Debug)]
pub struct Audit {
    queue: mpsc::Sender<Entry>,
    /// An async lock, because whoever writes holds it all the time: one that fails leaves it to the next.
    waiting: Mutex<mpsc::Receiver<Entry>>,
    lost: AtomicU64,
}

impl Default for Audit {
    fn default() -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        Self { queue, waiting: Mutex::new(waiting), lost: AtomicU64::new(0) }
    }
}

impl Audit {
    /// Notes something; never waits.
    pub fn note(&self, entry: Entry) {
        if self.queue.try_send(entry).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes what is noted, until cancelled and everything is written.
    pub async fn run(&self, db: &Db, stopping: CancellationToken) {
        let mut waiting = self.waiting.lock().await;
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let stop = tokio::select! {
                biased;
                received = waiting.recv_many(&mut batch, BATCH) => received == 0,
                () = stopping.cancelled() => true,
            };
            self.write(db, &mut batch).await;
            if stop {
                waiting.close();
                while waiting.recv_many(&mut batch, BATCH).await > 0 {
                    self.write(db, &mut batch).await;
                }
                return;
            }
        }
    }

    async fn write(&self, db: &Db, batch: &mut Vec<Entry>) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            tracing::error!(lost, "more was done than the audit log could take");
            batch.push(Entry::new(Actor::server(), "audit.lost").details(json!({ "entries": lost })));
        }
        if batch.is_empty() {
            return;
        }
        let entries = std::mem::take(batch);
        let count = u64::try_from(entries.len()).unwrap_or(0);
        if let Err(error) = write(db, entries).await {
            tracing::error!(%error, entries = count, "the audit log could not be written");
            self.lost.fetch_add(count, Ordering::Relaxed);
        }
    }
}

async fn write(db: &Db, entries: Vec<Entry>) -> AppResult<()> {
    let transaction = db.begin().await.map_err(failed)?;
    insert(&transaction, entries).await?;
    transaction.commit().await.map_err(failed)
}

/// Writes entries as a part of a change.
///
/// # Errors
/// The database is gone.
pub async fn insert(db: &impl ConnectionTrait, entries: Vec<Entry>) -> AppResult<()> {
    let rows = entries.into_iter().map(|entry| audit::ActiveModel {
        at: Set(entry.at),
        actor_kind: Set(entry.actor.kind.to_owned()),
        actor_id: Set(entry.actor.id),
        actor_name: Set(entry.actor.name),
        address: Set(entry.actor.address),
        action: Set(entry.action.to_owned()),
        outcome: Set(match entry.outcome {
            Outcome::Ok => "ok".to_owned(),
            Outcome::Refused => "refused".to_owned(),
        }),
        target_kind: Set(entry.target.0.to_owned()),
        target_id: Set(entry.target.1),
        target_name: Set(entry.target.2),
        details: Set(entry.details),
        ..audit::ActiveModel::default()
    });
    audit::Entity::insert_many(rows).exec_without_returning(db).await.map_err(failed)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_changes_are_found() {
        let before = json!({ "name": "Gate", "credentials": { "username": "admin", "has_password": true }, "password": "old" });
        let after = json!({ "name": "Yard", "credentials": { "username": "admin", "has_password": true }, "password": "new", "tags": [] });
        let entry = Entry::new(Actor::console(), "camera.update").changes(&before, &after);
        assert_eq!(
            entry.details["changes"],
            json!({
                "name": { "before": "Gate", "after": "Yard" },
                "password": { "before": "…", "after": "…" },
                "tags": { "before": null, "after": [] },
            })
        );
        let deep = Entry::new(Actor::console(), "x").details(json!({ "list": [{ "setupToken": "abc", "ok": 1 }] }));
        assert_eq!(deep.details, json!({ "list": [{ "setupToken": "…", "ok": 1 }] }));
    }

    #[test]
    fn what_strangers_say_is_cut() {
        let actor = Actor::nobody(&format!("a\nb{}", "x".repeat(1000)), None);
        assert!(actor.name.starts_with("abx") && actor.name.len() == TEXT);
    }

    #[test]
    fn a_full_queue_makes_nobody_wait_and_is_counted() {
        let audit = Audit::default();
        for _ in 0..QUEUE + 7 {
            audit.note(Entry::new(Actor::server(), "x"));
        }
        assert_eq!(audit.lost.load(Ordering::Relaxed), 7);
    }
}
