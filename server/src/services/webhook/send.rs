//! Sending a webhook. The name is resolved once, every address it has is checked, and only the checked ones are connected to; redirects
//! and proxies are not followed, so that no answer and no later look-up leads anywhere else.

use super::{Failure, Outcome, Webhook};
use crate::services::address::{AddressPolicy, Refusal};
use app::model::{WebhookMethod, WebhookReport};
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use reqwest::{Client, Method, StatusCode, redirect};
use secrecy::ExposeSecret;
use serde_json::Value;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use url::Host;

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// For the whole request. The answer's body is not read.
const LIMIT: Duration = Duration::from_secs(10);
/// Requests under way at once.
const AT_ONCE: usize = 4;
const AGENT: &str = concat!("Nightjar/", env!("CARGO_PKG_VERSION"));

/// What a webhook tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    pub camera: String,
    pub camera_id: i64,
    pub reason: String,
}

/// Sends webhooks. Cheap to clone.
#[derive(Clone)]
pub struct Sender {
    addresses: AddressPolicy,
    places: Arc<Semaphore>,
}

impl std::fmt::Debug for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl Sender {
    pub fn new(addresses: AddressPolicy) -> Self {
        Self { addresses, places: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Whether a webhook may go where it points now, without sending anything.
    ///
    /// # Errors
    /// The host is unknown or refused.
    pub async fn check(&self, hook: &Webhook) -> Result<(), Failure> {
        self.permitted(hook).await.map(drop)
    }

    /// Sends it once. Received means: answered with 200-299.
    pub async fn send(&self, hook: &Webhook, about: &About) -> Outcome {
        let Ok(_place) = self.places.acquire().await else { return Err(failure("webhook_failed", "The server is stopping.")) };
        let started = Instant::now();
        let addresses = self.permitted(hook).await?;
        match tokio::time::timeout(LIMIT, request(hook, about, &addresses)).await {
            Ok(Ok(status)) => judge(status, started.elapsed()),
            Ok(Err(error)) => Err(explain(&error)),
            Err(_) => Err(timed_out()),
        }
    }

    async fn permitted(&self, hook: &Webhook) -> Result<Vec<SocketAddr>, Failure> {
        let refused = |refusal: Refusal| failure(refusal.code(), refusal.of_webhook());
        let (Some(host), Some(port)) = (hook.url.host_str(), hook.url.port_or_known_default()) else {
            return Err(refused(Refusal::Unknown));
        };
        let addresses = self.addresses.check_webhook(host, port).await.map_err(refused)?;
        Ok(addresses.into_iter().map(|ip| SocketAddr::new(ip, port)).collect())
    }
}

async fn request(hook: &Webhook, about: &About, addresses: &[SocketAddr]) -> Result<StatusCode, reqwest::Error> {
    let client = Client::builder()
        .user_agent(AGENT)
        .redirect(redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT_LIMIT)
        .timeout(LIMIT)
        .pool_max_idle_per_host(0);
    let client = match hook.url.host() {
        // Never looked up again. A literal address is connected to as it is.
        Some(Host::Domain(name)) => client.resolve_to_addrs(name, addresses),
        _ => client,
    };
    let method = match hook.method {
        WebhookMethod::Post => Method::POST,
        WebhookMethod::Put => Method::PUT,
        WebhookMethod::Get => Method::GET,
    };
    let mut request = client.build()?.request(method, hook.url.clone());
    if let Some((_, body)) = &hook.body {
        request = request.header(CONTENT_TYPE, "application/json").body(filled(body, about).to_string());
    }
    if let (Some(name), Some(secret)) = (&hook.header, &hook.secret)
        && let Ok(mut value) = HeaderValue::try_from(secret.expose_secret())
    {
        value.set_sensitive(true);
        request = request.header(name, value);
    }
    request.send().await.map(|answer| answer.status())
}

/// The body with its placeholders replaced. Only inside texts, so that whatever a camera is called, the body stays what it was.
pub(super) fn filled(value: &Value, about: &About) -> Value {
    match value {
        Value::String(text) => Value::String(replaced(text, about)),
        Value::Array(values) => values.iter().map(|value| filled(value, about)).collect(),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), filled(value, about))).collect(),
        other => other.clone(),
    }
}

/// In one pass: a camera that is called `{reason}` is called that.
fn replaced(text: &str, about: &About) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        out.push_str(before);
        let id = about.camera_id.to_string();
        let known = [("{camera}", &about.camera), ("{camera_id}", &id), ("{reason}", &about.reason)];
        match known.into_iter().find_map(|(name, value)| from.strip_prefix(name).map(|after| (value, after))) {
            Some((value, after)) => {
                out.push_str(value);
                rest = after;
            }
            None => {
                out.push('{');
                rest = from.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

fn judge(status: StatusCode, took: Duration) -> Outcome {
    if status.is_success() {
        let took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        return Ok(WebhookReport { status: status.as_u16(), message: format!("Received: the answer was {status}."), took_ms });
    }
    if status.is_redirection() {
        return Err(failure(
            "webhook_redirect",
            format!("The receiver answered {status} and pointed to another address, which is not followed. Enter the final address."),
        ));
    }
    Err(failure("webhook_answer", format!("The receiver answered {status}. Check the address, the method, the body and the secret.")))
}

fn explain(error: &reqwest::Error) -> Failure {
    // The error's own text holds the address, which may hold a token.
    tracing::debug!(timeout = error.is_timeout(), connect = error.is_connect(), "a webhook was not received");
    if error.is_timeout() {
        timed_out()
    } else if error.is_connect() {
        failure(
            "webhook_unreachable",
            "No connection to the receiver: it is off, does not listen on this port, or its certificate is not trusted.",
        )
    } else {
        failure("webhook_failed", "The receiver closed the connection or did not answer in HTTP.")
    }
}

fn timed_out() -> Failure {
    failure("webhook_timeout", format!("The receiver did not answer within {} s.", LIMIT.as_secs()))
}

fn failure(code: &'static str, sentence: impl Into<String>) -> Failure {
    Failure { code, sentence: sentence.into() }
}
