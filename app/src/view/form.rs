//! The camera form as plain data: what is typed, checked and sent.

use crate::model::{Camera, CameraInput, CameraPatch, CredentialsInput, Problem, Profile, SourceAddress, Sources, Transport};
use crate::text;
use crate::view::setting;
use serde_json::Value;
use std::collections::BTreeMap;

/// A field of the form, and the part of the request's body that it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Name,
    MainUrl,
    SubUrl,
    Username,
    Password,
    Transport,
    /// The setting of this key.
    Setting(&'static str),
}

impl Field {
    /// The element's id, unique in the page.
    pub fn id(self) -> &'static str {
        match self {
            Self::Name => "camera-name",
            Self::MainUrl => "camera-main",
            Self::SubUrl => "camera-sub",
            Self::Username => "camera-user",
            Self::Password => "camera-password",
            Self::Transport => "camera-transport",
            Self::Setting(key) => key,
        }
    }

    /// The field that a problem's `field` path names.
    pub fn from_path(path: &str) -> Option<Self> {
        match path {
            "name" => Some(Self::Name),
            "sources" | "sources.main" | "sources.main.url" => Some(Self::MainUrl),
            "sources.sub" | "sources.sub.url" => Some(Self::SubUrl),
            "credentials" | "credentials.username" => Some(Self::Username),
            "credentials.password" => Some(Self::Password),
            "sources.main.transport" | "sources.sub.transport" => Some(Self::Transport),
            path => path.strip_prefix("overrides.").and_then(setting::key).map(Self::Setting),
        }
    }
}

/// What stands in the form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    pub profile: Profile,
    pub main_url: String,
    pub sub_url: String,
    pub transport: Transport,
    pub username: String,
    /// What was typed now; empty with `password_stored` means unchanged.
    pub password: String,
    pub password_stored: bool,
    pub enabled: bool,
    pub always_on: bool,
    /// Settings of its own, by key.
    pub overrides: BTreeMap<String, Value>,
}

impl Draft {
    /// Of a camera that is added.
    pub fn new() -> Self {
        Self { enabled: true, always_on: true, ..Self::default() }
    }

    /// Of a camera that is changed; its password is not known and stays unless one is typed.
    pub fn of(camera: &Camera) -> Self {
        let url = |source: &Option<SourceAddress>| source.as_ref().map(|source| source.url.clone()).unwrap_or_default();
        Self {
            name: camera.name.clone(),
            profile: camera.profile,
            main_url: url(&camera.sources.main),
            sub_url: url(&camera.sources.sub),
            transport: camera.sources.main.as_ref().map(|source| source.transport).unwrap_or_default(),
            username: camera.credentials.as_ref().map(|credentials| credentials.username.clone()).unwrap_or_default(),
            password: String::new(),
            password_stored: camera.credentials.as_ref().is_some_and(|credentials| credentials.has_password),
            enabled: camera.enabled,
            always_on: camera.always_on,
            overrides: camera.overrides.clone(),
        }
    }

    /// What can be seen to be missing for saving, without asking anyone.
    pub fn check(&self) -> Result<(), (Field, &'static str)> {
        if self.name.trim().is_empty() {
            return Err((Field::Name, text::NAME_MISSING));
        }
        self.check_sources()
    }

    /// What can be seen to be missing for a test: a name is not needed for it.
    pub fn check_sources(&self) -> Result<(), (Field, &'static str)> {
        if self.profile != Profile::TestPattern && self.main_url.trim().is_empty() {
            return Err((Field::MainUrl, text::MAIN_MISSING));
        }
        Ok(())
    }

    pub fn sources(&self) -> Sources {
        if self.profile == Profile::TestPattern {
            return Sources::default();
        }
        let address = |url: &str| {
            let url = url.trim();
            (!url.is_empty()).then(|| SourceAddress { url: url.to_owned(), transport: self.transport })
        };
        Sources { main: address(&self.main_url), sub: address(&self.sub_url) }
    }

    /// None: no credentials at all. A password that is absent stays as stored.
    pub fn credentials(&self) -> Option<CredentialsInput> {
        if self.profile == Profile::TestPattern || (self.username.trim().is_empty() && self.password.is_empty()) {
            return None;
        }
        let password = if self.password.is_empty() && self.password_stored { None } else { Some(self.password.clone()) };
        Some(CredentialsInput { username: self.username.trim().to_owned(), password })
    }

    /// The body of a new camera or a test.
    pub fn input(&self) -> CameraInput {
        CameraInput {
            name: self.name.trim().to_owned(),
            profile: self.profile,
            enabled: self.enabled,
            sources: self.sources(),
            credentials: self.credentials(),
            always_on: self.always_on,
            overrides: self.overrides.clone(),
            ..CameraInput::default()
        }
    }

    /// The change from `camera`: only what differs, so that a renamed camera is not reconnected.
    pub fn patch(&self, camera: &Camera) -> CameraPatch {
        let before = Self::of(camera);
        let name = self.name.trim();
        CameraPatch {
            name: (name != before.name).then(|| name.to_owned()),
            profile: (self.profile != before.profile).then_some(self.profile),
            enabled: (self.enabled != before.enabled).then_some(self.enabled),
            always_on: (self.always_on != before.always_on).then_some(self.always_on),
            overrides: (self.overrides != before.overrides).then(|| self.overrides.clone()),
            sources: (self.sources() != before.sources()).then(|| self.sources()),
            credentials: (self.username.trim() != before.username || !self.password.is_empty()).then(|| self.credentials()),
            ..CameraPatch::default()
        }
    }

    /// Moves a user name and password out of the addresses into their own fields: a URL never carries them here.
    pub fn tidy(&mut self) {
        for url in [&mut self.main_url, &mut self.sub_url] {
            if let Some(parts) = split_credentials(url) {
                *url = parts.url;
                self.username = parts.username;
                self.password = parts.password;
            }
        }
    }
}

/// `wanted`, or with the next free number behind it if a camera has that name already (names differ without regard to case).
pub fn free_name<'a>(wanted: &str, taken: impl Iterator<Item = &'a str> + Clone) -> String {
    let is_taken = |name: &str| taken.clone().any(|other| other.to_lowercase() == name.to_lowercase());
    if !is_taken(wanted) {
        return wanted.to_owned();
    }
    (2..).map(|number| format!("{wanted} {number}")).find(|name| !is_taken(name)).unwrap_or_default()
}

/// A URL that carried credentials, taken apart.
#[derive(Debug, PartialEq, Eq)]
struct Parts {
    url: String,
    username: String,
    password: String,
}

/// `rtsp://user:p%40ss@host/…` in its parts, percent-decoded. None if there is nothing to take out. The last `@` before the path
/// counts: cameras' passwords contain `@` more often than host names do.
fn split_credentials(url: &str) -> Option<Parts> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(authority_end);
    let (userinfo, host) = authority.rsplit_once('@')?;
    let (username, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
    Some(Parts { url: format!("{scheme}://{host}{path}"), username: percent_decode(username), password: percent_decode(password) })
}

/// Decodes `%40`; what is not a whole escape stays as it is.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut place = 0;
    while let Some(byte) = bytes.get(place) {
        let escaped = (*byte == b'%').then(|| text.get(place + 1..place + 3)).flatten().and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(decoded) => {
                out.push(decoded);
                place += 3;
            }
            None => {
                out.push(*byte);
                place += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// Where a failed test or save is shown: beside a field, or below the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    pub field: Option<Field>,
    pub sentence: String,
    /// The camera can't be reached now, but what was typed is sound: it may be saved all the same.
    pub can_force: bool,
}

/// Codes of a camera that may be right and only be away now (see the API page). Wrong input is not among them.
const AWAY: [&str; 14] = [
    "unreachable",
    "refused",
    "timeout",
    "dns",
    "auth_failed",
    "auth_blocked",
    "not_found",
    "unsupported_transport",
    "no_video",
    "protocol",
    "stalled",
    "session_limit",
    "tls",
    "ffmpeg_failed",
];

impl Complaint {
    /// The server's complaint as the form shows it.
    pub fn of(problem: &Problem) -> Self {
        let field = problem.field.as_deref().and_then(Field::from_path);
        let away = problem.status == 422 || problem.status >= 500;
        Self { field, sentence: problem.detail.clone(), can_force: away && AWAY.contains(&problem.code.as_str()) }
    }

    pub fn local(field: Field, sentence: &str) -> Self {
        Self { field: Some(field), sentence: sentence.to_owned(), can_force: false }
    }
}

#[cfg(test)]
mod tests;
