//! Webhooks: one HTTP request to a program or device that a person named, a PoE switch or a smart plug for example.
//!
//! What it may look like is checked when it is set, and where it may go every time it is sent ([`send`]). The secret is never told.

mod send;

pub use send::{About, Sender};

use crate::error::AppError;
use app::model::{WebhookInput, WebhookMethod, WebhookReport, WebhookView};
use reqwest::header::{HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;

/// Longest address, body and secret in bytes.
const MAX_URL: usize = 2048;
const MAX_BODY: usize = 8192;
const MAX_SECRET: usize = 4096;
/// What is replaced in the texts of a body.
pub const PLACEHOLDERS: [&str; 3] = ["{camera}", "{camera_id}", "{reason}"];

/// Headers that say how the request is carried: they are not a person's to set.
const RESERVED: [&str; 10] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "proxy-authorization",
];

/// A webhook whose form is good.
#[derive(Debug, Clone)]
pub struct Webhook {
    pub url: Url,
    pub method: WebhookMethod,
    /// As typed, and as JSON.
    pub body: Option<(String, Value)>,
    pub header: Option<HeaderName>,
    pub secret: Option<SecretString>,
}

/// What is wrong with a webhook's form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Of the input.
    pub field: &'static str,
    pub code: &'static str,
    pub sentence: String,
}

impl Fault {
    fn new(field: &'static str, code: &'static str, sentence: impl Into<String>) -> Self {
        Self { field, code, sentence: sentence.into() }
    }
}

impl From<Fault> for AppError {
    fn from(fault: Fault) -> Self {
        Self::invalid(format!("webhook.{}", fault.field), fault.code, fault.sentence)
    }
}

impl Webhook {
    /// Checks the form. A secret that is left out is taken from `stored`, if it would go to the same place.
    ///
    /// # Errors
    /// The first fault. No sentence repeats what was typed: it may hold a password.
    pub fn new(input: &WebhookInput, stored: Option<&Self>) -> Result<Self, Fault> {
        let url = parse_url(&input.url)?;
        let body = input.body.as_deref().map(str::trim).filter(|body| !body.is_empty()).map(parse_body).transpose()?;
        if body.is_some() && input.method == WebhookMethod::Get {
            return Err(Fault::new("body", "body_not_allowed", "A GET request has no body. Choose POST or PUT, or leave the body empty."));
        }
        let header = input.header.as_deref().map(str::trim).filter(|header| !header.is_empty()).map(parse_header).transpose()?;
        let secret = match (&header, input.secret.as_deref().map(str::trim)) {
            (None, None | Some("")) => None,
            (None, Some(_)) => return Err(Fault::new("header", "header_missing", "Enter the name of the header that carries the secret.")),
            (Some(_), Some("")) => return Err(no_secret()),
            (Some(_), Some(secret)) => Some(check_secret(secret)?),
            (Some(header), None) => Some(kept_secret(header, &url, stored)?),
        };
        Ok(Self { url, method: input.method, body, header, secret })
    }

    /// As the API tells it: without the secret.
    pub fn view(&self) -> WebhookView {
        WebhookView {
            url: self.url.to_string(),
            method: self.method,
            body: self.body.as_ref().map(|(text, _)| text.clone()),
            header: self.header.as_ref().map(|header| header.as_str().to_owned()),
            has_secret: self.secret.is_some(),
        }
    }
}

fn parse_url(text: &str) -> Result<Url, Fault> {
    let fault = |code, sentence: &str| Fault::new("url", code, sentence);
    let text = text.trim();
    if text.is_empty() {
        return Err(fault("url_missing", "Enter the address that is called."));
    }
    if text.len() > MAX_URL || text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(fault("url_invalid", "The address is too long, or has a space or an invisible character in it."));
    }
    let url =
        Url::parse(text).map_err(|_| fault("url_invalid", "This is not a complete address. It looks like http://192.168.1.5/relay/1."))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(fault("url_scheme", "The address begins with http:// or https://."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(fault("url_credentials", "Don't put a user name or password into the address; use the secret header."));
    }
    if url.fragment().is_some() {
        return Err(fault("url_path", "Leave out the part of the address behind #: it is never sent."));
    }
    if url.port() == Some(0) {
        return Err(fault("url_port", "The port must be a number from 1 to 65535."));
    }
    Ok(url)
}

fn parse_body(text: &str) -> Result<(String, Value), Fault> {
    let fault = |code, sentence: String| Fault::new("body", code, sentence);
    if text.len() > MAX_BODY {
        return Err(fault("body_too_long", format!("The body is too long: at most {MAX_BODY} characters.")));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let at = format!("line {}, column {}", error.line(), error.column());
        fault("body_not_json", format!("The body is not JSON ({at}). Write a placeholder inside quotes: \"{{camera}}\"."))
    })?;
    match strange_placeholder(&value) {
        Some(name) => {
            Err(fault("body_placeholder", format!("There is no placeholder {{{name}}}. These are replaced: {}.", PLACEHOLDERS.join(", "))))
        }
        None => Ok((text.to_owned(), value)),
    }
}

/// The name of a placeholder that is none of ours.
fn strange_placeholder(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => text.split('{').skip(1).find_map(|rest| {
            let name = rest.split_once('}')?.0;
            let looks_like_one = !name.is_empty() && name.len() <= 40 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            (looks_like_one && !PLACEHOLDERS.contains(&&*format!("{{{name}}}"))).then(|| name.to_owned())
        }),
        Value::Array(values) => values.iter().find_map(strange_placeholder),
        Value::Object(fields) => fields.values().find_map(strange_placeholder),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

fn parse_header(text: &str) -> Result<HeaderName, Fault> {
    let name = HeaderName::try_from(text)
        .map_err(|_| Fault::new("header", "header_invalid", "This is not the name of a header. An example is Authorization."))?;
    if RESERVED.contains(&name.as_str()) {
        return Err(Fault::new("header", "header_not_allowed", "This header belongs to the connection itself. Choose another one."));
    }
    Ok(name)
}

fn check_secret(secret: &str) -> Result<SecretString, Fault> {
    if secret.len() > MAX_SECRET || HeaderValue::try_from(secret).is_err() {
        return Err(Fault::new("secret", "secret_invalid", "The secret is too long, or has characters that no header can carry."));
    }
    Ok(secret.to_owned().into())
}

fn no_secret() -> Fault {
    Fault::new("secret", "secret_missing", "Enter the secret, or leave the header's name empty.")
}

/// The stored secret, if it belongs to this header and would go to the same place: otherwise a changed address would carry it off.
fn kept_secret(header: &HeaderName, url: &Url, stored: Option<&Webhook>) -> Result<SecretString, Fault> {
    let stored = stored.ok_or_else(no_secret)?;
    let secret = stored.secret.as_ref().filter(|_| stored.header.as_ref() == Some(header)).ok_or_else(no_secret)?;
    if stored.url.origin() != url.origin() {
        return Err(Fault::new(
            "secret",
            "secret_missing",
            "The address changed: enter the secret again, so that it is never sent to a place it was not meant for.",
        ));
    }
    Ok(secret.expose_secret().to_owned().into())
}

/// Why a webhook was not received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: &'static str,
    /// A sentence for people, without the address and without the secret.
    pub sentence: String,
}

impl From<Failure> for AppError {
    fn from(failure: Failure) -> Self {
        Self::invalid("webhook.url", failure.code, failure.sentence)
    }
}

/// How it went.
pub type Outcome = Result<WebhookReport, Failure>;

#[cfg(test)]
mod tests;
