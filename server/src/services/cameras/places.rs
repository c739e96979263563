//! Where a camera's addresses lead, for the question whether its stored password may be sent there. Pure.

use super::input::Draft;
use super::url_rules;
use crate::error::{AppError, AppResult};
use app::model::{Camera, Profile};
use std::collections::HashSet;
use url::Url;

/// What becomes of a camera's stored password when its address leads to another place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredPassword {
    /// It is used there, too.
    Follows,
    /// It must be typed again: otherwise whoever may change the address, but does not know the password, could have it sent to a server of
    /// their own.
    Stays,
}

impl StoredPassword {
    /// Whether `draft`, which has the stored password of `before`, may be opened with it.
    ///
    /// # Errors
    /// 422.
    pub fn check(self, before: &Camera, draft: &Draft) -> AppResult<()> {
        let held =
            draft.input.credentials.as_ref().and_then(|login| login.password.as_deref()).is_some_and(|password| !password.is_empty());
        if self == Self::Follows || !held || !leads_elsewhere(before, draft) {
            return Ok(());
        }
        Err(AppError::invalid(
            "credentials.password",
            "password_needed",
            "This address leads to another place. Type the camera's password again: the stored one is only sent where it was used before.",
        ))
    }
}

/// Whether any address is at a place that none of the camera's own is at.
fn leads_elsewhere(before: &Camera, draft: &Draft) -> bool {
    let sources = [&before.sources.main, &before.sources.sub];
    let known: HashSet<_> =
        sources.into_iter().flatten().filter_map(|source| parsed(before.profile, &source.url)).map(|url| place(&url)).collect();
    draft.urls.iter().any(|(_, url, _)| !known.contains(&place(url)))
}

fn parsed(profile: Profile, url: &str) -> Option<Url> {
    url_rules::parse(profile, url).ok()
}

/// Who is spoken to, and how: over another scheme the password may travel in clear.
fn place(url: &Url) -> (String, String, u16) {
    (url.scheme().to_owned(), url.host_str().unwrap_or_default().to_ascii_lowercase(), url_rules::port_of(url))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::cameras::input;
    use app::model::{CameraInput, CredentialsInput, SourceAddress, Sources, Transport};

    fn camera(profile: Profile, main: &str, sub: Option<&str>) -> CameraInput {
        let address = |url: &str| SourceAddress { url: url.to_owned(), transport: Transport::Auto };
        CameraInput {
            name: "Gate".into(),
            profile,
            sources: Sources { main: Some(address(main)), sub: sub.map(address) },
            credentials: Some(CredentialsInput { username: "admin".into(), password: Some("secret".into()) }),
            ..CameraInput::default()
        }
    }

    fn stored(input: CameraInput) -> Camera {
        Camera { id: 1, name: input.name, profile: input.profile, enabled: true, sources: input.sources, ..Camera::default() }
    }

    #[test]
    fn the_stored_password_goes_nowhere_else() {
        let before = stored(camera(Profile::GenericRtsp, "rtsp://cam.lan/1", Some("rtsp://cam.lan:8554/2")));
        let code = |profile, main: &str, sub: Option<&str>| {
            let draft = input::check(camera(profile, main, sub)).expect("a camera");
            assert!(StoredPassword::Follows.check(&before, &draft).is_ok());
            StoredPassword::Stays.check(&before, &draft).err().map(|error| error.problem().code)
        };
        let needed = Some("password_needed".to_owned());
        for (main, sub) in
            [("rtsp://cam.lan/other", None), ("rtsp://CAM.lan:554/1?x=y", None), ("rtsp://cam.lan:8554/1", Some("rtsp://cam.lan/2"))]
        {
            assert_eq!(code(Profile::GenericRtsp, main, sub), None, "{main}");
        }
        for (main, sub) in [
            ("rtsp://evil.example/1", None),
            ("rtsp://cam.lan:555/1", None),
            ("rtsp://cam.lan.evil.example/1", None),
            ("rtsp://cam.lan/1", Some("rtsp://192.0.2.1/2")),
        ] {
            assert_eq!(code(Profile::GenericRtsp, main, sub), needed, "{main} {sub:?}");
        }
        assert_eq!(code(Profile::Ffmpeg, "http://cam.lan:554/1", None), needed, "in clear where it was not");
        let draft = input::check(CameraInput { credentials: None, ..camera(Profile::GenericRtsp, "rtsp://evil.example/1", None) });
        assert!(StoredPassword::Stays.check(&before, &draft.expect("a camera")).is_ok(), "without it there is nothing to be sent");
    }
}
