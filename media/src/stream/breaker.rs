//! Counts refused logins, and those that were never answered, per host and user, over all streams and probes of it, so that no camera locks its account because of us.
//!
//! [`Breaker`] is the sans-IO count; [`LoginGate`] is the shell that makes logins wait for each other. The promise: with one wrong
//! password at most [`MAX_REFUSALS`] logins reach a host within [`WINDOW`], however many streams, viewers and probes ask at once.

use crate::error::{ErrorCode, StreamError};
use crate::ingest::{LoginMark, SourceSpec};
use crate::stream::session;
use crate::time::Stamp;
use secrecy::ExposeSecret;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Logins with one wrong password that may reach a host within [`WINDOW`].
pub const MAX_REFUSALS: usize = 2;
/// Longer than the lock of any camera we know (Hikvision and Dahua: about 30 min), and the hour of our own promise.
pub const WINDOW: Duration = Duration::from_secs(60 * 60);
/// Accounts remembered before those without a refusal are forgotten.
const MAX_ACCOUNTS: usize = 4096;

/// One user with one password on one host. The password is only there as a keyed hash: it can be compared, not read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Account {
    host: String,
    username: String,
    secret: u64,
}

/// A login that is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    account: Account,
    /// Several cameras may sit behind one address (port forwarding): one that accepted this login is not blocked by the others.
    port: u16,
}

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOutcome {
    Accepted,
    Refused,
    /// It was sent, and the attempt ended before the camera judged it: as good as refused, unless it has been accepted before.
    Unanswered,
    /// It was not sent, or is known to be good.
    Unknown,
}

/// Whether a login may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Go,
    /// As many logins are on their way as may still be refused.
    Wait,
    Blocked {
        until: Stamp,
    },
}

/// Refusals and logins on their way, per account.
#[derive(Debug, Default)]
pub struct Breaker {
    accounts: HashMap<Account, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Refused or left unanswered at, on port; oldest first, none older than [`WINDOW`].
    refused: Vec<(Stamp, u16)>,
    /// Ports of the logins that are on their way.
    pending: Vec<u16>,
    /// Ports that accepted this login and have not refused it since.
    good: HashSet<u16>,
}

impl Entry {
    fn forget_old(&mut self, now: Stamp) {
        self.refused.retain(|(at, _)| now.since(*at) < WINDOW);
    }

    fn verdict(&self, port: u16) -> Verdict {
        let counts = |other: u16| other == port || !self.good.contains(&port);
        let refused: Vec<Stamp> = self.refused.iter().filter(|(_, other)| counts(*other)).map(|(at, _)| *at).collect();
        if refused.len() >= MAX_REFUSALS {
            // Free again when all but one of them have left the window.
            let until = refused.get(refused.len() - MAX_REFUSALS).map_or_else(Stamp::default, |at| at.plus(WINDOW));
            return Verdict::Blocked { until };
        }
        let pending = self.pending.iter().filter(|other| counts(**other)).count();
        if refused.len() + pending >= MAX_REFUSALS { Verdict::Wait } else { Verdict::Go }
    }
}

impl Breaker {
    /// Asks for a login; after `Go` it must be ended with [`Breaker::end`].
    pub fn begin(&mut self, login: &Login, now: Stamp) -> Verdict {
        self.make_room(now);
        let entry = self.accounts.entry(login.account.clone()).or_default();
        entry.forget_old(now);
        let verdict = entry.verdict(login.port);
        if verdict == Verdict::Go {
            entry.pending.push(login.port);
        }
        verdict
    }

    /// The camera has accepted this login and not refused it since.
    pub fn is_proven(&self, login: &Login) -> bool {
        self.accounts.get(&login.account).is_some_and(|entry| entry.good.contains(&login.port))
    }

    /// Ends a login. Says until when the account is blocked, if it is now.
    pub fn end(&mut self, login: &Login, outcome: LoginOutcome, now: Stamp) -> Option<Stamp> {
        let entry = self.accounts.get_mut(&login.account)?;
        if let Some(index) = entry.pending.iter().position(|port| *port == login.port) {
            entry.pending.swap_remove(index);
        }
        entry.forget_old(now);
        match outcome {
            LoginOutcome::Accepted => {
                entry.good.insert(login.port);
                entry.refused.retain(|(_, port)| *port != login.port);
            }
            LoginOutcome::Refused | LoginOutcome::Unanswered => {
                entry.good.remove(&login.port);
                entry.refused.push((now, login.port));
            }
            LoginOutcome::Unknown => {}
        }
        match entry.verdict(login.port) {
            Verdict::Blocked { until } => Some(until),
            Verdict::Go | Verdict::Wait => None,
        }
    }

    fn make_room(&mut self, now: Stamp) {
        if self.accounts.len() < MAX_ACCOUNTS {
            return;
        }
        self.accounts.retain(|_, entry| {
            entry.forget_old(now);
            !entry.pending.is_empty() || !entry.refused.is_empty()
        });
    }
}

/// The gate that every login passes, a stream's and a probe's.
#[derive(Debug, Default)]
pub struct LoginGate {
    hasher: RandomState,
    /// Held for a map access only, never across an await.
    breaker: Mutex<Breaker>,
    ended: Notify,
}

impl LoginGate {
    /// The login that opening `spec` sends; None for sources without a host.
    pub fn login(&self, spec: &SourceSpec) -> Option<Login> {
        let (url, port) = spec.remote()?;
        let host = url.host_str()?.to_ascii_lowercase();
        let (username, secret) = spec
            .credentials()
            .map_or((String::new(), 0), |login| (login.username.clone(), self.hasher.hash_one(login.password.expose_secret())));
        Some(Login { account: Account { host, username, secret }, port })
    }

    /// Waits until the login may be sent; `Err` is when it may be tried again. `mark` says from then on how far it has come.
    ///
    /// # Errors
    /// The account is blocked until then.
    pub async fn enter<'a>(&'a self, login: Option<Login>, mark: &'a LoginMark, now: impl Fn() -> Stamp) -> Result<LoginPass<'a>, Stamp> {
        let Some(login) = login else { return Ok(LoginPass { gate: self, mark, login: None }) };
        loop {
            let ended = self.ended.notified();
            tokio::pin!(ended);
            // Registered before the question, so that an end in between is not missed.
            ended.as_mut().enable();
            let (verdict, proven) = {
                let mut breaker = self.breaker();
                (breaker.begin(&login, now()), breaker.is_proven(&login))
            };
            match verdict {
                Verdict::Go => {
                    if !proven {
                        mark.doubt();
                    }
                    return Ok(LoginPass { gate: self, mark, login: Some(login) });
                }
                Verdict::Blocked { until } => return Err(until),
                Verdict::Wait => ended.await,
            }
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, login: &Login, outcome: LoginOutcome, now: Stamp) -> Option<Stamp> {
        let blocked = self.breaker().end(login, outcome, now);
        self.ended.notify_waiters();
        blocked
    }
}

/// A login that was let through. Dropping it unfinished counts as [`LoginOutcome::Unanswered`] if it is under way.
#[derive(Debug)]
pub struct LoginPass<'a> {
    gate: &'a LoginGate,
    mark: &'a LoginMark,
    login: Option<Login>,
}

impl LoginPass<'_> {
    /// Tells what became of it. Returns until when the account is blocked, if it is now and this login had its part in that.
    pub fn finish<T>(mut self, result: &Result<T, StreamError>, now: Stamp) -> Option<Stamp> {
        let outcome = match result {
            Ok(_) => LoginOutcome::Accepted,
            Err(error) if error.code == ErrorCode::AuthFailed => LoginOutcome::Refused,
            Err(_) => self.without_answer(),
        };
        let login = self.login.take()?;
        self.gate.end(&login, outcome, now).filter(|_| outcome != LoginOutcome::Unknown)
    }

    fn without_answer(&self) -> LoginOutcome {
        if self.mark.is_under_way() { LoginOutcome::Unanswered } else { LoginOutcome::Unknown }
    }
}

impl Drop for LoginPass<'_> {
    fn drop(&mut self) {
        if let Some(login) = self.login.take() {
            self.gate.end(&login, self.without_answer(), session::now());
        }
    }
}

#[cfg(test)]
#[path = "breaker/tests.rs"]
mod tests;
