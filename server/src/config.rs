//! Settings of the installation: built-in defaults, then `nightjar.toml`, then environment `NIGHTJAR_<KEY>`, then flags.
//!
//! `[defaults]` holds what cameras inherit (see [`crate::tunables`]). Only values that must be known before the database is open belong here;
//! what a person changes in the browser is in the database.

mod current;
mod https;

use crate::tunables::{self, Layer};
use crate::typed::whole_number;
pub use current::Current;
pub use https::{ACME_DIRECTORY, HttpsMode, is_dns_name};
use serde::{Deserialize, Deserializer, Serialize};
use std::path::{Path, PathBuf};

/// The file that is read if no other is named and it exists.
pub const DEFAULT_FILE: &str = "nightjar.toml";

/// Form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Which headers the trusted proxies write. Only those are read: a proxy passes the other kind on as its client wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProxyHeaders {
    /// X-Forwarded-For, -Proto and -Host.
    #[default]
    XForwarded,
    /// Forwarded (RFC 7239).
    Forwarded,
}

/// Everything that can be set. Each key is also `NIGHTJAR_<KEY>` in the environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Folder of the database, of the key of the sealed passwords and, unless another one is chosen, of recordings. Made if missing, for the
    /// owner only.
    pub data: PathBuf,
    /// `HOST:PORT` to serve on. All addresses of this machine by default; port 0 takes a free one.
    pub listen: String,
    /// `postgres://…`, or empty for the SQLite database in the data folder.
    pub database_url: String,
    /// Form of the log.
    pub log: LogFormat,
    /// Which messages are logged: `info`, or directives such as `info,media=debug`.
    pub log_level: String,
    /// Permits cameras at loopback addresses (bridges on the same host, tests).
    pub allow_loopback_cameras: bool,
    /// Permits webhooks to loopback addresses (programs on the same host, tests).
    pub allow_loopback_webhooks: bool,
    /// Folders from which `file:` cameras may be read. In the environment: separated by `,`.
    pub media_folders: Vec<PathBuf>,
    /// Origins (`https://cams.example`) besides the server's own whose pages may send changes, for proxies that rewrite Host.
    pub allowed_origins: Vec<String>,
    /// Addresses or networks (`10.0.0.0/8`) of proxies whose word on who asks is taken. Empty: nobody's.
    pub trusted_proxies: Vec<String>,
    /// What those proxies write.
    pub proxy_headers: ProxyHeaders,
    /// The machine's own IPv4 addresses in the networks that are searched for cameras. Empty: every IPv4
    /// network, without loopback and point-to-point ones (tunnels). 16 at most; the rest is named in the log.
    pub discovery_interfaces: Vec<String>,
    /// Hosts that are asked by their own addresses as well (`10.1.0.5`, `10.1.0.5:3702`): a search does not pass routers.
    pub discovery_hosts: Vec<String>,
    /// Days for which the incident log is kept, 1-3650.
    pub incidents_keep_days: u32,
    /// Where the certificate of HTTPS comes from.
    pub https: HttpsMode,
    /// `HOST:PORT` for HTTPS. Empty: the host of `listen`, port 8443.
    pub https_listen: String,
    /// More names and addresses for the certificate that is made here, such as the host's when the server runs in a container.
    pub https_names: Vec<String>,
    /// With `https = "files"`: the certificate and those that vouch for it, PEM.
    pub certificate_file: PathBuf,
    /// Its key, PEM.
    pub key_file: PathBuf,
    /// With `https = "acme"`: the names that the certificate is for. Its terms of service are agreed to by setting this.
    pub acme_domains: Vec<String>,
    /// Whom the authority may write to. Optional.
    pub acme_email: String,
    /// The authority's directory.
    pub acme_directory: String,
    /// Certificate (PEM) that vouches for a private ACME server. Empty: those that the system trusts.
    pub acme_root: PathBuf,
    /// Whether HTTP is sent on to HTTPS. Not set: where the certificate is one that browsers accept for the name.
    pub http_redirect: Option<bool>,
    /// The installation's defaults of the cameras' settings, by key. In the file: the table `[defaults]`.
    #[serde(default, deserialize_with = "flattened")]
    pub defaults: Layer,
}

/// What was given on the command line.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// The file to read in place of [`DEFAULT_FILE`]; it must exist.
    pub config: Option<PathBuf>,
    /// In place of the setting of this name, as the next two.
    pub data: Option<PathBuf>,
    pub listen: Option<String>,
    pub log: Option<LogFormat>,
}

/// The keys a file may hold.
const KEYS: [&str; 25] = [
    "data",
    "listen",
    "database_url",
    "log",
    "log_level",
    "allow_loopback_cameras",
    "allow_loopback_webhooks",
    "media_folders",
    "allowed_origins",
    "trusted_proxies",
    "proxy_headers",
    "discovery_interfaces",
    "discovery_hosts",
    "incidents_keep_days",
    "https",
    "https_listen",
    "https_names",
    "certificate_file",
    "key_file",
    "acme_domains",
    "acme_email",
    "acme_directory",
    "acme_root",
    "http_redirect",
    "defaults",
];

/// A configuration that cannot be used, in a sentence that names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub String);

impl Settings {
    /// Reads all layers.
    ///
    /// # Errors
    /// A file that was named and is missing, an unknown key, a value of the wrong kind.
    pub fn load(flags: &Flags) -> Result<Self, ConfigError> {
        Self::load_from(flags, None)
    }

    /// As [`Settings::load`], with `environment` in place of the process's own.
    ///
    /// # Errors
    /// As [`Settings::load`].
    pub fn load_from(flags: &Flags, environment: Option<std::collections::HashMap<String, String>>) -> Result<Self, ConfigError> {
        Self::build(flags, environment).map_err(|error| match error {
            config::ConfigError::Message(text) => ConfigError(text),
            other => ConfigError(format!("The configuration cannot be used: {other}.")),
        })
    }

    fn build(flags: &Flags, environment: Option<std::collections::HashMap<String, String>>) -> Result<Self, config::ConfigError> {
        let mut builder = config::Config::builder()
            .set_default("data", "./data")?
            .set_default("listen", "0.0.0.0:8080")?
            .set_default("database_url", "")?
            .set_default("log", "text")?
            .set_default("log_level", "info")?
            .set_default("allow_loopback_cameras", false)?
            .set_default("allow_loopback_webhooks", false)?
            .set_default("media_folders", Vec::<String>::new())?
            .set_default("allowed_origins", Vec::<String>::new())?
            .set_default("trusted_proxies", Vec::<String>::new())?
            .set_default("proxy_headers", "x_forwarded")?
            .set_default("discovery_interfaces", Vec::<String>::new())?
            .set_default("discovery_hosts", Vec::<String>::new())?
            .set_default("incidents_keep_days", 90)?
            .set_default("https", "self_signed")?
            .set_default("https_listen", "")?
            .set_default("https_names", Vec::<String>::new())?
            .set_default("certificate_file", "")?
            .set_default("key_file", "")?
            .set_default("acme_domains", Vec::<String>::new())?
            .set_default("acme_email", "")?
            .set_default("acme_directory", ACME_DIRECTORY)?
            .set_default("acme_root", "")?;
        if let Some(file) = file_to_read(flags.config.as_deref())? {
            check_keys(&file)?;
            builder = builder.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        let has_url = |name: &str| environment.as_ref().map_or_else(|| std::env::var(name).ok(), |map| map.get(name).cloned());
        if let Some(url) = has_url("DATABASE_URL") {
            // The customary name; NIGHTJAR_DATABASE_URL goes before it.
            builder = builder.set_override_option("database_url", has_url("NIGHTJAR_DATABASE_URL").or(Some(url)))?;
        }
        let environment = config::Environment::with_prefix("NIGHTJAR")
            .try_parsing(true)
            .ignore_empty(true)
            .list_separator(",")
            .with_list_parse_key("media_folders")
            .with_list_parse_key("allowed_origins")
            .with_list_parse_key("trusted_proxies")
            .with_list_parse_key("discovery_interfaces")
            .with_list_parse_key("discovery_hosts")
            .with_list_parse_key("https_names")
            .with_list_parse_key("acme_domains")
            .source(environment);
        builder
            .add_source(environment)
            .set_override_option("data", flags.data.as_ref().map(|path| path.to_string_lossy().into_owned()))?
            .set_override_option("listen", flags.listen.clone())?
            .set_override_option(
                "log",
                flags.log.map(|format| match format {
                    LogFormat::Text => "text",
                    LogFormat::Json => "json",
                }),
            )?
            .build()?
            .try_deserialize()
    }

    /// The SQLite file where no other database is set.
    pub fn sqlite_file(&self) -> PathBuf {
        self.data.join("nightjar.db")
    }

    /// What is wrong with values that parse; empty if all is well.
    pub fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        if !self.database_url.is_empty() && !["postgres://", "postgresql://"].iter().any(|scheme| self.database_url.starts_with(scheme)) {
            complaints.push("database_url must begin with postgres:// (leave it empty for SQLite).".to_owned());
        }
        if let Err(error) = tracing_subscriber::EnvFilter::try_new(&self.log_level) {
            complaints.push(format!("log_level cannot be read: {error}."));
        }
        for folder in &self.media_folders {
            if !folder.is_dir() {
                complaints.push(format!("media_folders: {} is not a folder that can be read.", folder.display()));
            }
        }
        for origin in &self.allowed_origins {
            let parsed = url::Url::parse(origin);
            if !parsed.is_ok_and(|url| url.has_host() && url.origin().ascii_serialization() == *origin) {
                complaints.push(format!("allowed_origins: {origin} is not an origin; write https://host or https://host:port."));
            }
        }
        self.https_complaints(&mut complaints);
        for proxy in &self.trusted_proxies {
            if crate::listen::client::network(proxy).is_none() {
                complaints.push(format!("trusted_proxies: {proxy} is neither an address nor a network such as 10.0.0.0/8."));
            }
        }
        for own in &self.discovery_interfaces {
            if own.parse::<std::net::Ipv4Addr>().is_err() {
                complaints.push(format!("discovery_interfaces: {own} is not an IPv4 address such as 192.168.1.5."));
            }
        }
        for host in &self.discovery_hosts {
            if crate::services::discovery::host(host).is_none() {
                complaints.push(format!("discovery_hosts: {host} is not an IPv4 address such as 10.1.0.5 or 10.1.0.5:3702."));
            }
        }
        if !(1..=3650).contains(&self.incidents_keep_days) {
            complaints.push(format!("incidents_keep_days must be {}.", whole_number(1, 3650, "days")));
        }
        if let Err(fault) = tunables::check(&self.defaults) {
            complaints.push(format!("defaults: {}: {fault}", fault.key));
        }
        complaints
    }
}

/// In TOML `rtsp.teardown = "always"` is a table in a table, and `"rtsp.teardown" = "always"` is a name with a dot. Both are the same key.
fn flattened<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Layer, D::Error> {
    fn flatten(prefix: &str, layer: Layer, out: &mut Layer) {
        for (name, value) in layer {
            let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match value {
                serde_json::Value::Object(inner) => flatten(&key, inner.into_iter().collect(), out),
                value => drop(out.insert(key, value)),
            }
        }
    }
    let mut out = Layer::new();
    flatten("", Layer::deserialize(deserializer)?, &mut out);
    Ok(out)
}

fn file_to_read(named: Option<&Path>) -> Result<Option<PathBuf>, config::ConfigError> {
    match named {
        Some(path) if path.is_file() => Ok(Some(path.to_owned())),
        Some(path) => Err(config::ConfigError::Message(format!("The configuration file {} does not exist.", path.display()))),
        None => Ok(Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.is_file())),
    }
}

/// A misspelt key would silently leave the default in force.
fn check_keys(file: &Path) -> Result<(), config::ConfigError> {
    let source = config::File::from(file).format(config::FileFormat::Toml);
    let table: std::collections::HashMap<String, config::Value> =
        config::Config::builder().add_source(source).build()?.try_deserialize()?;
    let mut unknown: Vec<&String> = table.keys().filter(|key| !KEYS.contains(&key.as_str())).collect();
    unknown.sort();
    match unknown.first() {
        Some(key) => Err(config::ConfigError::Message(format!(
            "{}: there is no setting \"{key}\". Known settings: {}.",
            file.display(),
            KEYS.join(", ")
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn load(file: &str, environment: &[(&str, &str)], flags: Flags) -> Result<Settings, ConfigError> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("nightjar.toml");
        std::fs::write(&path, file).expect("a written file");
        let environment: HashMap<String, String> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Settings::load_from(&Flags { config: Some(path), ..flags }, Some(environment))
    }

    #[test]
    fn every_setting_may_stand_in_a_file() {
        let settings = serde_json::to_value(load("", &[], Flags::default()).expect("loads")).expect("JSON");
        let mut settings: Vec<&String> = settings.as_object().expect("settings by key").keys().collect();
        let mut keys = KEYS;
        settings.sort_unstable();
        keys.sort_unstable();
        assert_eq!(settings, keys);
    }

    #[test]
    fn flags_go_before_environment_before_file_before_defaults() {
        let file = "data = \"/from/file\"\nlisten = \"127.0.0.1:1\"\nlog = \"json\"\n";
        let environment = [("NIGHTJAR_LISTEN", "127.0.0.1:2"), ("NIGHTJAR_DATA", "/from/env")];
        let flags = Flags { listen: Some("127.0.0.1:3".into()), ..Flags::default() };
        let settings = load(file, &environment, flags).expect("loads");
        assert_eq!(settings.listen, "127.0.0.1:3");
        assert_eq!(settings.data, PathBuf::from("/from/env"));
        assert_eq!(settings.log, LogFormat::Json);
        assert!(!settings.allow_loopback_cameras);
    }

    #[test]
    fn the_environment_sets_switches_and_lists() {
        let environment = [("NIGHTJAR_ALLOW_LOOPBACK_CAMERAS", "true"), ("NIGHTJAR_MEDIA_FOLDERS", "/a,/b"), ("NIGHTJAR_SITE", "/ignored")];
        let settings = load("", &environment, Flags::default()).expect("loads");
        assert!(settings.allow_loopback_cameras);
        assert_eq!(settings.media_folders, [PathBuf::from("/a"), PathBuf::from("/b")]);
        assert_eq!(settings.listen, "0.0.0.0:8080");
    }

    #[test]
    fn both_names_of_the_database_url_work_and_ours_goes_first() {
        let one = load("", &[("DATABASE_URL", "postgres://a/b")], Flags::default()).expect("loads");
        assert_eq!(one.database_url, "postgres://a/b");
        let both = [("DATABASE_URL", "postgres://a/b"), ("NIGHTJAR_DATABASE_URL", "postgres://c/d")];
        assert_eq!(load("", &both, Flags::default()).expect("loads").database_url, "postgres://c/d");
    }

    #[test]
    fn a_misspelt_key_is_named() {
        let error = load("lisen = \"x\"\n", &[], Flags::default()).expect_err("unknown key");
        assert!(error.0.contains("\"lisen\""), "{error}");
    }

    #[test]
    fn defaults_of_cameras_are_read_in_both_spellings() {
        let file = "[defaults]\nrtsp.teardown = \"always\"\n\"stream.stall_timeout_s\" = 20\nhls = { part_target_ms = 300 }\n";
        let settings = load(file, &[], Flags::default()).expect("loads");
        let mut keys: Vec<_> = settings.defaults.iter().map(|(key, value)| format!("{key}={value}")).collect();
        keys.sort();
        assert_eq!(keys, ["hls.part_target_ms=300", "rtsp.teardown=\"always\"", "stream.stall_timeout_s=20"]);
        assert!(settings.complaints().is_empty(), "{:?}", settings.complaints());
        let wrong = load("[defaults]\nrtsp.teardown = \"sometimes\"\n", &[], Flags::default()).expect("loads").complaints();
        assert!(wrong.iter().any(|text| text.contains("rtsp.teardown") && text.contains("always")), "{wrong:?}");
        let unknown = load("[defaults]\nspeed = 3\n", &[], Flags::default()).expect("loads").complaints();
        assert!(unknown.iter().any(|text| text.contains("speed")), "{unknown:?}");
    }

    #[test]
    fn complaints_name_the_key() {
        let environment = [
            ("NIGHTJAR_DATABASE_URL", "mysql://x"),
            ("NIGHTJAR_MEDIA_FOLDERS", "/does/not/exist/here"),
            ("NIGHTJAR_INCIDENTS_KEEP_DAYS", "0"),
            ("NIGHTJAR_DISCOVERY_INTERFACES", "192.168.1.5,eth0"),
            ("NIGHTJAR_DISCOVERY_HOSTS", "10.1.0.5,camera.lan"),
        ];
        let complaints = load("", &environment, Flags::default()).expect("loads").complaints();
        assert!(complaints.iter().any(|text| text.contains("incidents_keep_days")));
        assert!(complaints.iter().any(|text| text.contains("database_url")));
        assert!(complaints.iter().any(|text| text.contains("eth0")) && complaints.iter().any(|text| text.contains("camera.lan")));
        assert!(!complaints.iter().any(|text| text.contains("192.168.1.5 is") || text.contains("10.1.0.5 is")), "{complaints:?}");
        assert!(complaints.iter().any(|text| text.contains("/does/not/exist/here")));
    }
}
