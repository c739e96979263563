//! Passwords at rest: Argon2id, off the async threads and few at a time, because each takes 19 MiB and a core for some tens of milliseconds.

use super::password;
use crate::error::{AppError, AppResult};
use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// OWASP Password Storage Cheat Sheet: memory in KiB, passes, lanes.
const COST: (u32, u32, u32) = (19 * 1024, 2, 1);
const AT_ONCE: usize = 2;
/// More than this waiting is a flood: better a quick no than a long wait.
const MAX_WAITING: usize = 64;
/// A hash of no password, under the same cost: what unknown names are compared with, so that they take as long as known ones.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bmlnaHRqYXIgbm9ib2R5IQ$6jB0cFoGrw0YSFzqvZqIZuMMl5Q7FJc3y8cRkP1u2xw";

/// Hashes and compares. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Hasher {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    turns: Semaphore,
    waiting: AtomicUsize,
}

/// The outcome of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Wrong,
    Right,
    /// Right, and hashed under older parameters: store this in place of it.
    RightButOld(String),
}

impl Default for Hasher {
    fn default() -> Self {
        Self { inner: Arc::new(Inner { turns: Semaphore::new(AT_ONCE), waiting: AtomicUsize::new(0) }) }
    }
}

impl Hasher {
    /// A new hash with a salt of its own.
    ///
    /// # Errors
    /// 503 if too many are waiting.
    pub async fn hash(&self, text: &str) -> AppResult<String> {
        let text = password::normal(text);
        self.work(move || hash(&text)).await?
    }

    /// Compares with a stored hash; None for an unknown account, which takes as long and is always wrong.
    ///
    /// # Errors
    /// 503 if too many are waiting.
    pub async fn verify(&self, text: &str, stored: Option<&str>) -> AppResult<Verdict> {
        let text = password::normal(text);
        let known = stored.is_some();
        let stored = stored.unwrap_or(NOBODYS).to_owned();
        self.work(move || {
            let right = verify(&text, &stored) && known;
            match right {
                false => Ok(Verdict::Wrong),
                true if is_current(&stored) => Ok(Verdict::Right),
                true => hash(&text).map(Verdict::RightButOld),
            }
        })
        .await?
    }

    async fn work<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> AppResult<T> {
        let place = Place::take(Arc::clone(&self.inner)).ok_or_else(|| {
            AppError::unavailable("busy_signing_in", "Many people are signing in at this moment. Try again in a few seconds.", 3)
        })?;
        let _turn = place.0.turns.acquire().await.map_err(AppError::internal)?;
        tokio::task::spawn_blocking(job).await.map_err(AppError::internal)
    }
}

/// A place in the queue; given back when dropped, also when the caller goes away.
struct Place(Arc<Inner>);

impl Place {
    fn take(inner: Arc<Inner>) -> Option<Self> {
        if inner.waiting.fetch_add(1, Ordering::Relaxed) >= MAX_WAITING {
            inner.waiting.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        Some(Self(inner))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

fn argon2() -> Result<Argon2<'static>, argon2::Error> {
    let (memory, passes, lanes) = COST;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, lanes, None)?))
}

fn hash(text: &str) -> AppResult<String> {
    let argon2 = argon2().map_err(AppError::internal)?;
    argon2.hash_password(text.as_bytes()).map(|hash| hash.to_string()).map_err(AppError::internal)
}

/// By the parameters that stand in the hash.
fn verify(text: &str, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| Argon2::default().verify_password(text.as_bytes(), &hash).is_ok())
}

fn is_current(stored: &str) -> bool {
    let Ok(hash) = PasswordHash::new(stored) else { return false };
    let (memory, passes, lanes) = COST;
    let params = Params::try_from(&hash).map(|params| (params.m_cost(), params.t_cost(), params.p_cost()));
    hash.algorithm.as_str() == "argon2id" && params.is_ok_and(|params| params == (memory, passes, lanes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let hasher = Hasher::default();
        let stored = hasher.hash("violet ferry onion").await.expect("hashed");
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, hasher.hash("violet ferry onion").await.expect("hashed"), "each has a salt of its own");
        assert_eq!(hasher.verify("violet ferry onion", Some(&stored)).await.expect("compared"), Verdict::Right);
        assert_eq!(hasher.verify("violet ferry anion", Some(&stored)).await.expect("compared"), Verdict::Wrong);
        assert_eq!(hasher.verify("violet ferry onion", Some("damaged")).await.expect("compared"), Verdict::Wrong);
    }

    #[tokio::test]
    async fn nobodys_hash_costs_what_a_real_one_does() {
        assert!(is_current(NOBODYS));
        assert_eq!(Hasher::default().verify("", None).await.expect("compared"), Verdict::Wrong);
    }

    #[tokio::test]
    async fn a_hash_of_older_parameters_is_renewed() {
        let old = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(1024, 1, 1, None).expect("parameters"));
        let stored = old.hash_password(b"violet ferry onion").expect("hashed").to_string();
        let Verdict::RightButOld(new) = Hasher::default().verify("violet ferry onion", Some(&stored)).await.expect("compared") else {
            panic!("not renewed")
        };
        assert!(is_current(&new) && verify("violet ferry onion", &new));
    }

    #[tokio::test]
    async fn a_flood_is_turned_away_and_leaves_no_trace() {
        let hasher = Hasher::default();
        let _all = hasher.inner.turns.acquire_many(2).await.expect("open");
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| Place::take(Arc::clone(&hasher.inner)).expect("a place")).collect();
        assert_eq!(hasher.hash("x").await.expect_err("full").code(), "busy_signing_in");
        drop(waiting);
        assert_eq!(hasher.inner.waiting.load(Ordering::Relaxed), 0);
    }
}
