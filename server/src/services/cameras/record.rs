//! A stored camera in memory: its row, its opened credentials, and the specs of its streams.

use super::input;
use super::url_rules;
use crate::entities::camera;
use crate::services::recovery::LadderSettings;
use crate::tunables::{self, Effective, Layer};
use app::health::HealthSettings;
use app::model::{Camera, CameraInput, CredentialsInput, CredentialsView, Profile, Transport};
use media::id::Quality;
use media::ingest::rtsp::Quirks;
use media::ingest::{Credentials, FfmpegInput, FfmpegSpec, RtspSpec, SourceSpec, TestPatternSpec, TransportChoice};
use media::stream::StreamSettings;
use secrecy::ExposeSecret;
use time::format_description::well_known::Rfc3339;
use url::Url;

/// A demo camera's streams.
const TEST_PATTERN_MAIN: (u32, u32, u32) = (1280, 720, 15);
const TEST_PATTERN_SUB: (u32, u32, u32) = (640, 360, 15);

/// One camera as it is stored.
#[derive(Debug)]
pub struct Record {
    pub camera: Camera,
    /// The row as read: a change is only written over exactly this.
    pub row: camera::Model,
    /// The credentials as stored.
    pub sealed: Option<Vec<u8>>,
    pub credentials: Option<Credentials>,
    /// What its own streams open, main first.
    pub sources: Vec<(Quality, SourceSpec)>,
    /// What all its streams run with.
    pub stream_settings: StreamSettings,
    /// What is done for it while it is dark.
    pub recovery: LadderSettings,
}

impl Record {
    /// Puts a row into its parts.
    ///
    /// # Errors
    /// The row holds something that this version does not know.
    pub fn new(row: camera::Model, sealed: Option<Vec<u8>>, credentials: Option<Credentials>, defaults: &Layer) -> Result<Self, String> {
        let profile: Profile = serde_json::from_value(serde_json::Value::String(row.profile.clone()))
            .map_err(|_| format!("profile {} is not known", row.profile))?;
        let created_at = row.created_at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).map_err(|error| error.to_string())?;
        let camera = Camera {
            id: row.id,
            name: row.name.clone(),
            profile,
            enabled: row.enabled,
            hidden: row.hidden,
            group: row.group_name.clone(),
            tags: row.tags.0.clone(),
            sources: row.sources.0.clone(),
            credentials: credentials
                .as_ref()
                .map(|held| CredentialsView { username: held.username.clone(), has_password: !held.password.expose_secret().is_empty() }),
            always_on: row.always_on,
            overrides: row.overrides.0.clone(),
            health: HealthSettings::default(),
            // Everybody's own: see `guard::shown`.
            actions: Vec::new(),
            created_at,
        };
        let stored = [(Quality::Main, &camera.sources.main), (Quality::Sub, &camera.sources.sub)];
        let urls = stored
            .into_iter()
            .filter_map(|(quality, source)| source.as_ref().map(|source| (quality, source)))
            .map(|(quality, source)| match url_rules::parse(profile, &source.url) {
                Ok(url) => Ok((quality, url, source.transport)),
                Err(fault) => Err(format!("the address of {quality} is not usable ({})", fault.code())),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let Effective { quirks, stream: stream_settings, health, recovery } = tunables::effective(&camera.overrides, profile, defaults);
        let camera = Camera { health, ..camera };
        let sources = specs(profile, &urls, credentials.as_ref(), quirks, row.id);
        Ok(Self { camera, row, sealed, credentials, sources, stream_settings, recovery })
    }

    /// The camera as it would be written, with its stored password.
    pub fn as_input(&self) -> CameraInput {
        let Camera { name, profile, enabled, hidden, group, tags, sources, always_on, overrides, .. } = self.camera.clone();
        let credentials = self
            .credentials
            .as_ref()
            .map(|held| CredentialsInput { username: held.username.clone(), password: Some(held.password.expose_secret().to_owned()) });
        CameraInput { name, profile, enabled, hidden, group, tags, sources, credentials, always_on, overrides }
    }
}

/// What a camera of these values opens. `id` tells demo cameras apart by their colour.
pub fn specs(
    profile: Profile,
    urls: &[(Quality, Url, Transport)],
    credentials: Option<&Credentials>,
    quirks: Quirks,
    id: i64,
) -> Vec<(Quality, SourceSpec)> {
    if profile == Profile::TestPattern {
        // Neighbouring numbers get colours far apart.
        let hue = u32::try_from(id.rem_euclid(360)).unwrap_or(0) * 67 % 360;
        return [(Quality::Main, TEST_PATTERN_MAIN), (Quality::Sub, TEST_PATTERN_SUB)]
            .map(|(quality, (width, height, fps))| (quality, SourceSpec::TestPattern(TestPatternSpec { width, height, fps, hue })))
            .to_vec();
    }
    urls.iter()
        .filter_map(|(quality, url, transport)| {
            let credentials = credentials.cloned();
            let spec = match url.scheme() {
                "rtsp" => SourceSpec::Rtsp(RtspSpec {
                    url: url.clone(),
                    credentials,
                    transport: match transport {
                        Transport::Auto => TransportChoice::Auto,
                        Transport::Tcp => TransportChoice::Tcp,
                        Transport::Udp => TransportChoice::Udp,
                    },
                    quirks,
                }),
                scheme => {
                    let input = match scheme {
                        "rtsps" => FfmpegInput::Rtsps(url.clone()),
                        "http" | "https" => FfmpegInput::HttpFlv(url.clone()),
                        "file" => FfmpegInput::File(url.to_file_path().ok()?),
                        _ => FfmpegInput::Rtmp(url.clone()),
                    };
                    SourceSpec::Ffmpeg(FfmpegSpec { input, credentials })
                }
            };
            Some((*quality, spec))
        })
        .collect()
}

/// Credentials as the media crate holds them.
pub fn credentials_of(input: Option<&CredentialsInput>) -> Option<Credentials> {
    input.map(|input| Credentials { username: input.username.clone(), password: input.password.clone().unwrap_or_default().into() })
}

/// What a draft opens, with what it inherits from `defaults`.
pub fn draft_specs(draft: &input::Draft, id: i64, defaults: &Layer) -> Vec<(Quality, SourceSpec)> {
    let urls: Vec<_> = draft.urls.iter().map(|(quality, url, transport)| (*quality, url.clone(), *transport)).collect();
    let quirks = tunables::effective(&draft.input.overrides, draft.input.profile, defaults).quirks;
    specs(draft.input.profile, &urls, credentials_of(draft.input.credentials.as_ref()).as_ref(), quirks, id)
}
