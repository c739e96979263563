//! The rules of a camera's fields. Pure: text in, a [`Draft`] or the first fault with its field out.

use super::url_rules;
use crate::error::{AppError, AppResult};
use crate::tunables;
use crate::typed::is_invisible;
use app::model::{CameraInput, CameraPatch, CredentialsInput, Profile, SourceAddress, Sources, Transport};
use media::id::Quality;
use std::collections::BTreeMap;
use url::Url;

const NAME_CHARS: usize = 100;
const GROUP_CHARS: usize = 50;
const TAGS: usize = 20;
const TAG_CHARS: usize = 40;
const USERNAME_CHARS: usize = 128;
const PASSWORD_CHARS: usize = 256;

/// A camera whose every field obeys the rules.
#[derive(Debug, Clone)]
pub struct Draft {
    pub input: CameraInput,
    /// The parsed addresses, main first. Empty for profiles without addresses.
    pub urls: Vec<(Quality, Url, Transport)>,
}

/// How names are compared: without regard to case.
pub fn name_key(name: &str) -> String {
    name.to_lowercase()
}

/// Checks a whole camera.
///
/// # Errors
/// 422 with the first wrong field.
pub fn check(mut input: CameraInput) -> AppResult<Draft> {
    input.name = checked_text(&input.name, "name", NAME_CHARS)?;
    if input.name.is_empty() {
        return Err(AppError::invalid("name", "name_empty", "Give the camera a name."));
    }
    input.group = match input.group.as_deref().map(|group| checked_text(group, "group", GROUP_CHARS)).transpose()? {
        Some(group) if group.is_empty() => None,
        group => group,
    };
    input.tags = checked_tags(&input.tags)?;
    input.credentials = input.credentials.map(checked_credentials).transpose()?.flatten();
    tunables::check(&input.overrides)?;
    let urls = checked_sources(input.profile, &mut input.sources)?;
    if input.profile == Profile::TestPattern && input.credentials.is_some() {
        return Err(AppError::invalid("credentials", "not_used", "A demo camera has no user name or password. Leave them out."));
    }
    Ok(Draft { input, urls })
}

/// A name, group or tag: trimmed, not too long, nothing invisible, no angle brackets.
fn checked_text(text: &str, field: &str, max_chars: usize) -> AppResult<String> {
    let text = text.trim();
    // Bytes first: counting the characters of a huge text is work for nothing.
    if text.len() > max_chars * 4 || text.chars().count() > max_chars {
        return Err(AppError::invalid(field, format!("{}_too_long", base(field)), format!("At most {max_chars} characters.")));
    }
    if text.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(AppError::invalid(
            field,
            format!("{}_control_characters", base(field)),
            "There is a line break or another invisible character in it. Type it again.",
        ));
    }
    if text.contains(['<', '>']) {
        return Err(AppError::invalid(field, format!("{}_characters", base(field)), "Leave out < and >."));
    }
    Ok(text.to_owned())
}

/// `tags[3]` → `tag`, so that codes stay few.
fn base(field: &str) -> &str {
    if field.starts_with("tags") { "tag" } else { field }
}

fn checked_tags(tags: &[String]) -> AppResult<Vec<String>> {
    if tags.len() > TAGS {
        return Err(AppError::invalid("tags", "too_many_tags", format!("At most {TAGS} tags.")));
    }
    let mut checked: Vec<String> = Vec::with_capacity(tags.len());
    for (index, tag) in tags.iter().enumerate() {
        let tag = checked_text(tag, &format!("tags[{index}]"), TAG_CHARS)?;
        if tag.is_empty() {
            return Err(AppError::invalid(format!("tags[{index}]"), "tag_empty", "A tag cannot be empty."));
        }
        if !checked.contains(&tag) {
            checked.push(tag);
        }
    }
    Ok(checked)
}

/// Both fields left empty in the dialog means: no credentials.
fn checked_credentials(input: CredentialsInput) -> AppResult<Option<CredentialsInput>> {
    let too_long = |field: &str, most: usize| AppError::invalid(field, "credentials_too_long", format!("At most {most} characters."));
    let password = input.password.as_deref().unwrap_or("");
    if input.username.chars().count() > USERNAME_CHARS {
        return Err(too_long("credentials.username", USERNAME_CHARS));
    }
    if password.chars().count() > PASSWORD_CHARS {
        return Err(too_long("credentials.password", PASSWORD_CHARS));
    }
    let invisible = |field: &str| {
        AppError::invalid(field, "credentials_control_characters", "There is a line break or another control character in it.")
    };
    if input.username.chars().any(char::is_control) {
        return Err(invisible("credentials.username"));
    }
    if password.chars().any(char::is_control) {
        return Err(invisible("credentials.password"));
    }
    if input.username.is_empty() {
        if password.is_empty() {
            return Ok(None);
        }
        return Err(AppError::invalid("credentials.username", "username_missing", "Enter the user name that belongs to the password."));
    }
    Ok(Some(input))
}

fn checked_sources(profile: Profile, sources: &mut Sources) -> AppResult<Vec<(Quality, Url, Transport)>> {
    if profile == Profile::TestPattern {
        if sources.main.is_some() || sources.sub.is_some() {
            return Err(AppError::invalid("sources", "not_used", "A demo camera has no addresses. Leave the sources out."));
        }
        return Ok(Vec::new());
    }
    let mut urls = Vec::with_capacity(2);
    let Some(main) = sources.main.as_mut() else {
        return Err(AppError::invalid("sources.main.url", "url_missing", "Enter the address of the main stream."));
    };
    urls.push((Quality::Main, checked_source(profile, Quality::Main, main)?, main.transport));
    if let Some(sub) = sources.sub.as_mut() {
        urls.push((Quality::Sub, checked_source(profile, Quality::Sub, sub)?, sub.transport));
    }
    Ok(urls)
}

fn checked_source(profile: Profile, quality: Quality, source: &mut SourceAddress) -> AppResult<Url> {
    let field = url_field(quality);
    let url = url_rules::parse(profile, &source.url).map_err(|fault| AppError::invalid(field, fault.code(), fault.to_string()))?;
    if profile == Profile::Ffmpeg && source.transport == Transport::Udp {
        let field = format!("sources.{}.transport", quality.as_str());
        return Err(AppError::invalid(field, "transport_not_used", "This kind of address is always read over TCP. Choose auto."));
    }
    source.url = source.url.trim().to_owned();
    Ok(url)
}

/// The field that holds the address of a stream.
pub fn url_field(quality: Quality) -> String {
    format!("sources.{}.url", quality.as_str())
}

/// The camera as it would be after a change. `current` has the stored password in its credentials.
pub fn merge(mut current: CameraInput, patch: CameraPatch) -> CameraInput {
    let CameraPatch { name, profile, enabled, hidden, group, tags, sources, credentials, always_on, overrides } = patch;
    set(&mut current.name, name);
    set(&mut current.profile, profile);
    set(&mut current.enabled, enabled);
    set(&mut current.hidden, hidden);
    set(&mut current.group, group);
    set(&mut current.tags, tags);
    set(&mut current.sources, sources);
    set(&mut current.always_on, always_on);
    set::<BTreeMap<_, _>>(&mut current.overrides, overrides);
    if let Some(change) = credentials {
        let stored = current.credentials.take().and_then(|credentials| credentials.password);
        current.credentials = change.map(|input| CredentialsInput { password: input.password.or(stored), ..input });
    }
    current
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn camera() -> CameraInput {
        CameraInput {
            name: " Gate ".into(),
            sources: Sources { main: Some(SourceAddress { url: " rtsp://cam.lan/main".into(), transport: Transport::Auto }), sub: None },
            enabled: true,
            ..CameraInput::default()
        }
    }

    fn fault(input: CameraInput) -> (String, String) {
        let problem = check(input).expect_err("must be refused").problem();
        assert_eq!(problem.status, 422);
        (problem.field.expect("a field"), problem.code)
    }

    #[test]
    fn a_good_camera_is_trimmed() {
        let draft = check(camera()).expect("good");
        assert_eq!(draft.input.name, "Gate");
        assert_eq!(draft.urls[0].1.as_str(), "rtsp://cam.lan/main");
        assert_eq!(draft.input.sources.main.expect("main").url, "rtsp://cam.lan/main");
    }

    #[test]
    fn names_that_are_refused() {
        for (name, code) in [
            ("", "name_empty"),
            ("  \t", "name_empty"),
            ("a\nb", "name_control_characters"),
            ("a\u{202e}b", "name_control_characters"),
            ("<script>alert(1)</script>", "name_characters"),
        ] {
            assert_eq!(fault(CameraInput { name: name.into(), ..camera() }), ("name".into(), code.into()), "{name:?}");
        }
        assert_eq!(fault(CameraInput { name: "x".repeat(10_000), ..camera() }).1, "name_too_long");
        assert_eq!(fault(CameraInput { name: "é".repeat(101), ..camera() }).1, "name_too_long");
        assert!(check(CameraInput { name: "é".repeat(100), ..camera() }).is_ok());
    }

    #[test]
    fn other_fields_that_are_refused() {
        assert_eq!(fault(CameraInput { group: Some("g".repeat(51)), ..camera() }), ("group".into(), "group_too_long".into()));
        assert_eq!(fault(CameraInput { tags: vec!["t".into(); 21], ..camera() }).1, "too_many_tags");
        assert_eq!(fault(CameraInput { tags: vec!["a".into(), " ".into()], ..camera() }), ("tags[1]".into(), "tag_empty".into()));
        assert_eq!(fault(CameraInput { sources: Sources::default(), ..camera() }), ("sources.main.url".into(), "url_missing".into()));
        let overrides = BTreeMap::from([("speed".to_owned(), serde_json::Value::Null)]);
        assert_eq!(fault(CameraInput { overrides, ..camera() }), ("overrides.speed".into(), "unknown_setting".into()));
        assert_eq!(fault(CameraInput { profile: Profile::TestPattern, ..camera() }).0, "sources");
        let nameless = Some(CredentialsInput { username: String::new(), password: Some("x".into()) });
        assert_eq!(fault(CameraInput { credentials: nameless, ..camera() }).0, "credentials.username");
    }

    proptest::proptest! {
        #[test]
        fn any_body_is_a_camera_or_a_problem(
            name in "\\PC{0,12}", url in "(rtsp|file|x)?:?/?/?[ -~é]{0,24}", key in "(rtsp[.]teardown|stream[.]linger_s|[ -~]{0,8})",
            value in "null|true|-?[0-9]{1,22}([.]5)?|\"[ -~&&[^\"\\\\]]{0,8}\"|\\[\\]|[{][}]",
        ) {
            let body = format!(
                "{{\"name\":{},\"sources\":{{\"main\":{{\"url\":{}}}}},\"overrides\":{{{}:{value}}}}}",
                serde_json::json!(name), serde_json::json!(url), serde_json::json!(key),
            );
            let Ok(input) = serde_json::from_str::<CameraInput>(&body) else { return Ok(()) };
            match check(input) {
                // What was accepted once is accepted as it is stored.
                Ok(draft) => proptest::prop_assert!(check(draft.input).is_ok()),
                Err(error) => proptest::prop_assert_eq!(error.problem().status, 422),
            }
        }
    }

    #[test]
    fn a_change_keeps_the_password_unless_it_names_one() {
        let stored =
            CameraInput { credentials: Some(CredentialsInput { username: "admin".into(), password: Some("old".into()) }), ..camera() };
        let change = |credentials| merge(stored.clone(), CameraPatch { credentials, ..CameraPatch::default() }).credentials;
        assert_eq!(change(None).expect("kept").password.as_deref(), Some("old"));
        let renamed = change(Some(Some(CredentialsInput { username: "root".into(), password: None }))).expect("kept");
        assert_eq!((renamed.username.as_str(), renamed.password.as_deref()), ("root", Some("old")));
        let replaced = change(Some(Some(CredentialsInput { username: "root".into(), password: Some("new".into()) }))).expect("kept");
        assert_eq!(replaced.password.as_deref(), Some("new"));
        assert_eq!(change(Some(None)), None);
    }
}
