//! The files of the bundle and what goes into them.

use super::scrub::{self, Scrub};
use super::{FILE_BYTES, File, LOG_BYTES, readme};
use crate::config::Settings;
use crate::entities::setting;
use crate::logging;
use crate::services::status;
use crate::services::webhook::Webhook;
use crate::state::AppState;
use app::model::{History, IncidentQuery, SystemHealth};
use media::child::{Child, ChildSpec};
use media::time::Stamp;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use secrecy::ExposeSecret;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::timeout;
use url::Url;

/// Whatever takes longer to be found out is left out.
const PATIENCE: Duration = Duration::from_secs(5);
/// Days of the incident log.
const INCIDENT_DAYS: i64 = 7;
/// Entries read at once, and how many times: 2 000 are more than fit.
const INCIDENT_PAGE: u32 = 200;
const INCIDENT_PAGES: usize = 10;
/// The history as it is kept.
const HISTORY_STEP_S: u32 = 10;
/// Shorter values of a webhook's address are ordinary words.
const SECRET_VALUE: usize = 8;

/// Everything, as read; made into files off the asynchronous threads.
pub struct Gathered {
    scrub: Scrub,
    status: Value,
    cameras: Value,
    incidents: Value,
    history: History,
    system: Option<Arc<SystemHealth>>,
    versions: Value,
    settings: Value,
}

/// Reads everything.
pub async fn gather(state: &AppState) -> Gathered {
    let wall = state.cameras.wall();
    let settings = state.settings.get();
    let mut secrets: Vec<String> =
        Url::parse(&settings.database_url).ok().and_then(|url| url.password().map(str::to_owned)).into_iter().collect();
    // As it was meant, and not only as it stands in the address.
    let decoded: Vec<String> = secrets
        .iter()
        .flat_map(|secret| url::form_urlencoded::parse(secret.as_bytes()).map(|(name, _)| name.into_owned()).collect::<Vec<_>>())
        .collect();
    secrets.extend(decoded);
    let addresses = wall.cameras.iter().flat_map(|camera| [&camera.sources.main, &camera.sources.sub]).flatten();
    secrets.extend(addresses.flat_map(|source| scrub::random_words(&source.url)).map(str::to_owned));
    secrets.extend(state.installation.webhook().iter().flat_map(|webhook| webhook_secrets(webhook)));
    let statuses = state.cameras.statuses().into_iter().map(|(camera_id, status)| {
        let mut value = to_value(&status);
        value["camera_id"] = camera_id.into();
        value
    });
    Gathered {
        scrub: Scrub::new(&state.cameras.logins(), &secrets),
        status: statuses.collect(),
        cameras: wall.cameras.iter().map(|camera| camera_told(to_value(camera))).collect(),
        incidents: timeout(PATIENCE, incidents(state)).await.unwrap_or_default(),
        history: state.system.history(HISTORY_STEP_S),
        system: timeout(PATIENCE, state.system.health()).await.ok().flatten(),
        versions: versions(state).await,
        settings: settings_told(state).await,
    }
}

impl Gathered {
    /// The files, without secrets and bounded.
    pub fn files(self) -> Vec<File> {
        let scrub = &self.scrub;
        let file = |name, value: Value| File { name, text: bounded(scrub.json(value)) };
        vec![
            File { name: "README.txt", text: readme::README.to_owned() },
            file("status.json", self.status),
            file("cameras.json", self.cameras),
            file("incidents.json", self.incidents),
            file("history.json", to_value(&self.history)),
            file("system.json", to_value(&self.system)),
            file("versions.json", self.versions),
            file("settings.json", self.settings),
            File { name: "log.txt", text: log(scrub) },
        ]
    }
}

fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// JSON of at most [`FILE_BYTES`]. A list that is too long loses its end: lists that can be long stand with the newest first.
fn bounded(mut value: Value) -> String {
    let pretty = serde_json::to_string_pretty(&value).unwrap_or_default();
    if pretty.len() <= FILE_BYTES {
        return pretty;
    }
    loop {
        let text = value.to_string();
        match &mut value {
            _ if text.len() <= FILE_BYTES => return text,
            Value::Array(list) if list.len() > 1 => list.truncate(list.len() * 3 / 4),
            _ => return json!({ "left_out": "too large", "bytes": text.len() }).to_string(),
        }
    }
}

/// The kept lines of the log; the oldest go if there are too many.
fn log(scrub: &Scrub) -> String {
    let (lines, forgotten) = logging::recent();
    let mut lines: Vec<String> = lines.iter().map(|line| scrub.text(line)).collect();
    let mut surplus = lines.iter().map(|line| line.len() + 1).sum::<usize>().saturating_sub(LOG_BYTES);
    let mut left_out = 0_usize;
    while surplus > 0 && left_out < lines.len() {
        surplus = surplus.saturating_sub(lines[left_out].len() + 1);
        left_out += 1;
    }
    lines.drain(..left_out);
    let earlier = u64::try_from(left_out).unwrap_or(0).saturating_add(forgotten);
    if earlier > 0 {
        lines.insert(0, format!("({earlier} earlier messages are not kept)"));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The log of the last days, the newest first.
async fn incidents(state: &AppState) -> Value {
    let from = status::rfc3339(Stamp::now().utc_ms - INCIDENT_DAYS * 86_400_000);
    let mut query = IncidentQuery { limit: Some(INCIDENT_PAGE), from: Some(from), ..IncidentQuery::default() };
    let mut all = Vec::new();
    for _ in 0..INCIDENT_PAGES {
        match state.incidents.list(None, &query).await {
            Ok(page) if !page.is_empty() => {
                query.before = page.last().map(|incident| incident.id);
                all.extend(page.iter().map(to_value));
            }
            Ok(_) => break,
            Err(error) => {
                all.push(json!({ "left_out": error.code() }));
                break;
            }
        }
    }
    Value::Array(all)
}

/// A camera without its login and with addresses that may be told.
fn camera_told(mut camera: Value) -> Value {
    if let Some(sources) = camera.get_mut("sources").and_then(Value::as_object_mut) {
        for source in sources.values_mut() {
            if let Some(url) = source.get("url").and_then(Value::as_str).map(scrub::address) {
                source["url"] = url.into();
            }
        }
    }
    if let Some(name) = camera.pointer_mut("/credentials/username") {
        *name = name.as_str().map(scrub::user).into();
    }
    camera
}

/// What of a webhook nobody may be told: receivers know their senders by long words in the address, or by what the body says.
fn webhook_secrets(webhook: &Webhook) -> Vec<String> {
    let mut secrets: Vec<String> = webhook.secret.iter().map(|secret| secret.expose_secret().to_owned()).collect();
    secrets.extend(scrub::random_words(webhook.url.path()).map(str::to_owned));
    secrets.extend(webhook.url.query_pairs().map(|(_, value)| value.into_owned()).filter(|value| value.len() >= SECRET_VALUE));
    secrets
}

/// A stored value as it may be told: addresses without what gives access, and no text that is sent to others.
fn stored_told(name: &str, value: Value) -> Value {
    match value {
        Value::String(text) if name == "url" || name.ends_with(".url") => scrub::address(&text).into(),
        Value::String(_) if name == "body" => scrub::MASK.into(),
        Value::Object(fields) => Value::Object(all_told(fields)),
        Value::Array(values) => values.into_iter().map(|value| stored_told("", value)).collect(),
        other => other,
    }
}

fn all_told(fields: Map<String, Value>) -> Map<String, Value> {
    let told = |(name, value): (String, Value)| {
        let value = stored_told(&name, value);
        (name, value)
    };
    fields.into_iter().map(told).collect()
}

/// The settings in force, and what is stored in the database.
async fn settings_told(state: &AppState) -> Value {
    let rows = timeout(PATIENCE, setting::Entity::find().all(state.db.read())).await;
    let stored = match rows {
        Ok(Ok(rows)) => rows.into_iter().map(|row| (row.key, row.value)).collect(),
        _ => Map::new(),
    };
    in_force(&state.settings.get(), stored)
}

/// All of them, so that none is missing whatever is added; those that may hold a login or a name are told in part.
fn in_force(settings: &Settings, stored: Map<String, Value>) -> Value {
    let address = |url: &str| if url.is_empty() { String::new() } else { scrub::address(url) };
    let told = Settings {
        database_url: address(&settings.database_url),
        acme_directory: address(&settings.acme_directory),
        acme_email: scrub::user(&settings.acme_email),
        ..settings.clone()
    };
    let mut told = to_value(&told);
    told["stored"] = all_told(stored).into();
    told
}

async fn versions(state: &AppState) -> Value {
    let kernel = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let system = tokio::fs::read_to_string("/etc/os-release").await.unwrap_or_default();
    let system = system.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).map(|name| name.trim_matches('"').to_owned());
    json!({
        "nightjar": env!("CARGO_PKG_VERSION"),
        "build": if cfg!(debug_assertions) { "debug" } else { "release" },
        "ffmpeg": timeout(PATIENCE, ffmpeg_version()).await.ok().flatten(),
        "database": timeout(PATIENCE, database_version(state)).await.ok().flatten(),
        "kernel": format!("{} {}", text(kernel.sysname()), text(kernel.release())),
        "machine": text(kernel.machine()),
        "system": system,
    })
}

/// The first line of `ffmpeg -version`; None where there is no ffmpeg.
async fn ffmpeg_version() -> Option<String> {
    let spec = ChildSpec { program: "ffmpeg".into(), args: vec!["-hide_banner".into(), "-version".into()], ..ChildSpec::default() };
    let mut child = Child::spawn(&spec).ok()?;
    let mut output = Vec::new();
    child.take_stdout()?.take(64 << 10).read_to_end(&mut output).await.ok()?;
    child.stop().await;
    String::from_utf8_lossy(&output).lines().next().map(str::to_owned)
}

async fn database_version(state: &AppState) -> Option<String> {
    let connection = state.db.read();
    let backend = connection.get_database_backend();
    let (name, query) = match backend {
        DbBackend::Sqlite => ("SQLite", "SELECT sqlite_version() AS version"),
        _ => ("PostgreSQL", "SELECT current_setting('server_version') AS version"),
    };
    let row = connection.query_one_raw(Statement::from_string(backend, query)).await.ok()??;
    Some(format!("{name} {}", row.try_get::<String>("", "version").ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;
    use std::collections::HashMap;

    #[test]
    fn what_is_too_large_loses_its_end() {
        let list: Value = (0..100_000).map(|number| json!({ "number": number, "text": "x".repeat(40) })).collect();
        let text = bounded(list);
        assert!(text.len() <= FILE_BYTES && text.len() > FILE_BYTES / 2);
        let kept: Vec<Value> = serde_json::from_str(&text).expect("JSON");
        assert_eq!(kept[0]["number"], 0);
        let object: Value = serde_json::from_str(&bounded(json!({ "text": "x".repeat(FILE_BYTES) }))).expect("JSON");
        assert_eq!(object["left_out"], "too large");
    }

    #[test]
    fn settings_are_told_without_their_secrets() {
        let url = "postgres://nightjar:db%2Fp%40ss-77@db.lan:5432/nightjar?sslmode=require&password=other-88";
        let environment = HashMap::from(
            [("DATABASE_URL", url), ("NIGHTJAR_TRUSTED_PROXIES", "10.0.0.7"), ("NIGHTJAR_ACME_EMAIL", "ann@cams.example")]
                .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        let settings = Settings::load_from(&Flags::default(), Some(environment)).expect("loads");
        let webhook = json!({"secret": "s-66", "on": true, "url": "https://example.org/relay?key=q-55", "body": "{\"key\": \"b-44\"}"});
        let stored = [("webhook.url", json!("https://hook:pw-99@example.org/x")), ("webhook", webhook)];
        let stored = stored.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let told = Scrub::default().json(in_force(&settings, stored));
        assert_eq!((&told["https"], &told["trusted_proxies"], &told["log"]), (&json!("self_signed"), &json!(["10.0.0.7"]), &json!("text")));
        let text = told.to_string();
        assert!(text.contains("postgres://db.lan:5432/nightjar") && text.contains("\"on\":true"), "{text}");
        for secret in ["p%40ss-77", "p@ss-77", "other-88", "pw-99", "s-66", "q-55", "b-44", "ann@"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
    }
}
