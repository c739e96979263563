//! Who may see the streams: the login of a request, and the challenge that asks for one.

use std::sync::atomic::Ordering;

use super::Connection;
use crate::auth::{Auth, Verdict};
use crate::rtsp::{Request, Response};
use crate::script::{LoginBehaviour, Script};

impl Connection<'_> {
    pub(super) fn authorised(&mut self, request: &Request, script: &Script) -> bool {
        let Some(auth) = &self.shared.auth else { return script.login == LoginBehaviour::Check };
        match (auth.check(request, &self.nonce), script.login) {
            (Verdict::Right, LoginBehaviour::Check) => {
                if !std::mem::replace(&mut self.logged_in, true) {
                    self.shared.logins_ok.fetch_add(1, Ordering::SeqCst);
                }
                true
            }
            (Verdict::Right, LoginBehaviour::RefuseAll) | (Verdict::Wrong, _) => {
                self.shared.logins_failed.fetch_add(1, Ordering::SeqCst);
                false
            }
            (Verdict::Missing, _) => false,
        }
    }

    pub(super) fn challenge(&self) -> Response {
        let everyone = Auth::digest("", "");
        let auth = self.shared.auth.as_ref().unwrap_or(&everyone);
        auth.challenges(&self.nonce).iter().fold(Response::new(401), |response, challenge| response.with("WWW-Authenticate", challenge))
    }
}
