//! Certificates by ACME (RFC 8555), proved over HTTP (http-01): the authority fetches a token from this server under each name.

use super::files;
use super::pair::Pair;
use crate::config::Settings;
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount, NewOrder, OrderStatus, RetryPolicy,
};
use rand::Rng;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;

const ACCOUNT: &str = "acme-account.json";
const CERTIFICATE: (&str, &str) = ("acme.pem", "acme.key");
/// For a whole order; authorities answer within seconds.
const ORDER_WITHIN: Duration = Duration::from_secs(180);
/// First and longest pause after a failure. Authorities count failures: Let's Encrypt takes five an hour.
const PAUSE: (Duration, Duration) = (Duration::from_secs(15 * 60), Duration::from_secs(12 * 3600));

/// Tokens that the authority may fetch now, with their answers. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Challenges(Arc<Mutex<HashMap<String, String>>>);

impl Challenges {
    /// What is to be answered at `/.well-known/acme-challenge/{token}`.
    pub fn answer(&self, token: &str) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned()
    }

    fn put(&self, token: &str, answer: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.to_owned(), answer.to_owned());
    }

    fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// When to try again after `failures` in a row, with jitter so that not everybody comes back at the same minute.
pub fn pause_after(failures: u32) -> Duration {
    let pause = PAUSE.0.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1))).min(PAUSE.1);
    pause.mul_f64(rand::rng().random_range(0.8..1.2))
}

/// The certificate of the last order, if it is one for the names that are set.
pub fn stored(folder: &Path, settings: &Settings) -> Option<Pair> {
    let pair = Pair::from_pem(&files::read(&folder.join(CERTIFICATE.0)).ok()?, &files::read(&folder.join(CERTIFICATE.1)).ok()?).ok()?;
    is_for_names(&pair, settings).then_some(pair)
}

/// Whether it holds for every name that is set.
pub fn is_for_names(pair: &Pair, settings: &Settings) -> bool {
    settings.acme_domains.iter().all(|domain| pair.facts.covers(domain))
}

/// Whether less than a third of the certificate's life is left.
pub fn is_due(pair: &Pair, now: OffsetDateTime) -> bool {
    let life = pair.facts.not_after - pair.facts.not_before;
    pair.facts.not_after - now < life / 3
}

/// Gets a certificate for the names that are set, and keeps it in `folder`.
///
/// # Errors
/// In words: what the authority said, or that it was not reached.
pub async fn order(folder: &Path, settings: &Settings, challenges: &Challenges) -> Result<Pair, String> {
    let outcome = tokio::time::timeout(ORDER_WITHIN, place(folder, settings, challenges)).await;
    challenges.clear();
    outcome.unwrap_or_else(|_| Err("the authority did not answer in time".to_owned()))
}

async fn place(folder: &Path, settings: &Settings, challenges: &Challenges) -> Result<Pair, String> {
    let account = account(folder, settings).await?;
    let names: Vec<Identifier> = settings.acme_domains.iter().map(|domain| Identifier::Dns(domain.to_ascii_lowercase())).collect();
    let said = |error: instant_acme::Error| format!("the authority refused the order: {error}");
    let mut order = account.new_order(&NewOrder::new(&names)).await.map_err(said)?;
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.map_err(said)?;
        match authorization.status {
            AuthorizationStatus::Pending => {}
            AuthorizationStatus::Valid => continue,
            other => return Err(format!("the authority gives a proof up before it began ({other:?})")),
        }
        let Some(mut challenge) = authorization.challenge(ChallengeType::Http01) else {
            return Err("the authority offers no proof over HTTP (http-01)".to_owned());
        };
        challenges.put(&challenge.token.clone(), challenge.key_authorization().as_str());
        let name = challenge.identifier().to_string();
        challenge.set_ready().await.map_err(|error| unproved(&format!("{name}: {error}")))?;
    }
    let patience = RetryPolicy::default().timeout(Duration::from_secs(90));
    let status = order.poll_ready(&patience).await.map_err(said)?;
    if status != OrderStatus::Ready {
        return Err(why_not_ready(&mut order).await);
    }
    let key = order.finalize().await.map_err(said)?;
    let chain = order.poll_certificate(&patience).await.map_err(said)?;
    let pair = Pair::from_pem(chain.as_bytes(), key.as_bytes())?;
    if !is_for_names(&pair, settings) {
        // A failure like any other, which is followed by a pause: it would be ordered again and again.
        return Err("the authority\u{2019}s certificate does not hold for every name that is set".to_owned());
    }
    let folder = folder.to_owned();
    blocking(move || {
        files::write(&folder.join(CERTIFICATE.1), key.as_bytes())?;
        files::write(&folder.join(CERTIFICATE.0), chain.as_bytes())
    })
    .await?;
    Ok(pair)
}

/// What the authority says of the name that it could not prove.
async fn why_not_ready(order: &mut instant_acme::Order) -> String {
    let mut reasons = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        let name = authorization.identifier().to_string();
        if let Ok(state) = authorization.refresh().await {
            reasons
                .extend(state.challenges.iter().filter_map(|challenge| challenge.error.as_ref()).map(|error| format!("{name}: {error}")));
        }
    }
    unproved(&if reasons.is_empty() { "it gave no reason".to_owned() } else { reasons.join("; ") })
}

fn unproved(reasons: &str) -> String {
    format!(
        "the authority could not fetch its proof from port 80 of this server: {reasons}. Check that the name leads here and that port 80 is forwarded to the HTTP port"
    )
}

/// The account at the authority: the stored one if it belongs to the directory that is set, or a new one.
async fn account(folder: &Path, settings: &Settings) -> Result<Account, String> {
    let path: PathBuf = folder.join(ACCOUNT);
    let builder = || {
        let builder =
            if settings.acme_root.as_os_str().is_empty() { Account::builder() } else { Account::builder_with_root(&settings.acme_root) };
        builder.map_err(|error| format!("acme_root cannot be used: {error}"))
    };
    let read = path.clone();
    if let Some(text) = blocking(move || files::read_if_there(&read)).await?
        && let Ok((directory, credentials)) = serde_json::from_slice::<(String, AccountCredentials)>(&text)
        && directory == settings.acme_directory
    {
        return builder()?.from_credentials(credentials).await.map_err(|error| format!("the authority was not reached: {error}"));
    }
    let mail = format!("mailto:{}", settings.acme_email);
    let contact: &[&str] = if settings.acme_email.is_empty() { &[] } else { &[&mail] };
    let new = NewAccount { contact, terms_of_service_agreed: true, only_return_existing: false };
    let (account, credentials) = builder()?
        .create(&new, settings.acme_directory.clone(), None)
        .await
        .map_err(|error| format!("no account could be opened at the authority: {error}"))?;
    let text = serde_json::to_vec(&(&settings.acme_directory, credentials)).map_err(|error| error.to_string())?;
    blocking(move || files::write(&path, &text)).await?;
    Ok(account)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, String> + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string()).and_then(|outcome| outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_are_followed_by_ever_longer_pauses() {
        for (failures, minutes) in [(1, 15.0), (2, 30.0), (3, 60.0), (20, 720.0)] {
            let pause = pause_after(failures).as_secs_f64() / 60.0;
            assert!((minutes * 0.79..minutes * 1.21).contains(&pause), "{failures}: {pause}");
        }
    }
}
