//! The requests of an opening: how each is asked, bounded in time, and what its failure means.

use super::super::connect::Peer;
use super::super::{LoginMark, REQUEST_LIMIT, RtspSpec, TransportChoice, knock};
use super::diagnose::{Answer, Diagnosis, diagnose};
use super::fault::{self, Stage};
use crate::error::{ErrorCode, StreamError};
use crate::redacted::Redacted;
use retina::client::{Credentials, Demuxed, Described, PlayOptions, Session, SessionOptions, SetupOptions, Transport};
use retina::codec::FrameFormat;
use secrecy::ExposeSecret;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::time::timeout;

/// For the answer to a login: some cameras hold a refusal back for seconds.
const LOGIN_LIMIT: Duration = Duration::from_secs(8);
/// After so long without an answer to the first request it is found out what is on the port.
const UNANSWERED: Duration = Duration::from_millis(1500);

/// What the steps of opening share.
pub(super) struct Opening<'a> {
    pub(super) spec: &'a RtspSpec,
    pub(super) peer: &'a Peer,
    /// Reachable and permitted.
    pub(super) address: SocketAddr,
    pub(super) login: &'a LoginMark,
}

impl Opening<'_> {
    /// Whether the camera asks for a login. Found out by a connection of its own, because whether the session's own second request, which
    /// carries the login, was sent cannot be seen from outside.
    pub(super) async fn is_challenged(&self) -> Result<bool, StreamError> {
        if self.spec.credentials.is_none() {
            return Ok(false);
        }
        let diagnosis = OnceLock::new();
        let asked = async {
            tokio::select! {
                biased;
                status = knock::status(self.address, &self.spec.url) => status,
                never = self.diagnose_meanwhile(&diagnosis) => match never {},
            }
        };
        match timeout(REQUEST_LIMIT, asked).await {
            Ok(status) => Ok(status == Some(401)),
            Err(_) => Err(self.unanswered(Stage::Describe, diagnosis.get())),
        }
    }

    pub(super) async fn describe(&self) -> Result<Session<Described>, StreamError> {
        let mut url = self.spec.url.clone();
        // The address that was checked, not whatever the name means a moment later.
        if url.host_str().is_some_and(|host| host.parse::<std::net::IpAddr>().is_err()) && url.set_ip_host(self.address.ip()).is_err() {
            return Err(StreamError::new(ErrorCode::Protocol, "This address can't be used. Enter one like rtsp://192.168.1.20/stream."));
        }
        let quirks = &self.spec.quirks;
        let credentials = self.spec.credentials.as_ref().map(|credentials| Credentials {
            username: credentials.username.clone(),
            password: credentials.password.expose_secret().to_owned(),
        });
        let options = SessionOptions::default()
            .creds(credentials)
            .user_agent(concat!("Nightjar/", env!("CARGO_PKG_VERSION")).to_owned())
            .session_group(Arc::clone(&self.peer.group))
            .teardown(quirks.teardown.to_retina())
            .unassigned_channel_data(quirks.unassigned_data.to_retina())
            .session_id(quirks.session_id.to_retina());
        self.request(Stage::Describe, Session::describe(url, options)).await
    }

    /// Sets up the video over the transport that the user chose or the camera takes. True if that is UDP.
    pub(super) async fn set_up_video(&self, session: &mut Session<Described>, index: usize) -> Result<bool, StreamError> {
        let first_udp = match self.spec.transport {
            TransportChoice::Tcp => false,
            TransportChoice::Udp => true,
            TransportChoice::Auto => self.peer.take_trial(&self.spec.url).unwrap_or(self.peer.learned().over_udp),
        };
        let error = match session.setup_over(self, index, first_udp).await {
            Ok(()) => return Ok(first_udp),
            Err(error) => error,
        };
        if error.code != ErrorCode::UnsupportedTransport {
            return Err(error);
        }
        match self.spec.transport {
            TransportChoice::Tcp => return Err(fault::only_other_transport("TCP", "UDP")),
            TransportChoice::Udp => return Err(fault::only_other_transport("UDP", "TCP")),
            TransportChoice::Auto => {}
        }
        // Remembered before it is tried: some cameras close the connection after a 461, then the next connect begins with this one.
        self.peer.learn(|learned| learned.over_udp = !first_udp);
        session.setup_over(self, index, !first_udp).await?;
        Ok(!first_udp)
    }

    /// Sound is never worth losing the picture for: a camera that refuses it is watched without.
    pub(super) async fn set_up_audio(&self, session: &mut Session<Described>, index: Option<usize>, over_udp: bool) -> Option<usize> {
        let index = index?;
        match session.setup_over(self, index, over_udp).await {
            Ok(()) => Some(index),
            Err(error) => {
                tracing::info!(url = %Redacted(&self.spec.url), code = %error.code, "the camera refused to send its audio; going on without");
                None
            }
        }
    }

    pub(super) async fn play(&self, session: Session<Described>) -> Result<Demuxed, StreamError> {
        let quirks = &self.spec.quirks;
        let options = PlayOptions::default()
            .initial_timestamp(quirks.initial_timestamp.to_retina())
            .initial_seq(quirks.initial_sequence.to_retina())
            .unknown_rtcp_ssrc(quirks.unknown_rtcp_ssrc.to_retina());
        let session = self.request(Stage::Play, session.play(options)).await?;
        session.demuxed().map_err(|error| self.error(Stage::Play, &error, None))
    }

    /// Bounds one request in time and gives its failure a code and a sentence.
    async fn request<T>(&self, stage: Stage, request: impl Future<Output = Result<T, retina::Error>>) -> Result<T, StreamError> {
        let diagnosis = OnceLock::new();
        let answered = async {
            tokio::select! {
                biased;
                answer = request => answer,
                never = self.diagnose_meanwhile(&diagnosis), if stage == Stage::Describe => match never {},
            }
        };
        tokio::pin!(answered);
        let mut answer = timeout(REQUEST_LIMIT, answered.as_mut()).await;
        if answer.is_err() && stage == Stage::Describe && self.waits_for_verdict(&diagnosis) {
            answer = timeout(LOGIN_LIMIT.saturating_sub(REQUEST_LIMIT), answered).await;
        }
        match answer {
            Ok(Ok(answer)) => {
                self.login.judged();
                Ok(answer)
            }
            Ok(Err(error)) => {
                if error.status_code().is_some() {
                    self.login.judged();
                }
                let unexplained = stage == Stage::Describe && error.status_code().is_none();
                let diagnosis = if unexplained { Some(diagnose(self.address).await) } else { None };
                Err(self.error(stage, &error, diagnosis))
            }
            Err(_) if self.login.is_under_way() => Err(fault::login_unanswered()),
            Err(_) => Err(self.unanswered(stage, diagnosis.get())),
        }
    }

    /// Whether it is a login that is not answered, and no camera that is silent.
    fn waits_for_verdict(&self, diagnosis: &OnceLock<Diagnosis>) -> bool {
        let talks = || diagnosis.get() == Some(&Diagnosis::Answered(Answer::Rtsp));
        self.login.is_under_way() || (self.spec.credentials.is_some() && talks())
    }

    fn unanswered(&self, stage: Stage, diagnosis: Option<&Diagnosis>) -> StreamError {
        match diagnosis {
            // It answers a plain question and not ours: say what is true of ours.
            None | Some(Diagnosis::Answered(Answer::Rtsp)) => fault::silent(self.address),
            Some(found) => fault::from_text(stage, "", self.address, Some(found.clone())),
        }
    }

    /// Finds out what is on a port that leaves our first request unanswered, while that may still be answered.
    async fn diagnose_meanwhile(&self, diagnosis: &OnceLock<Diagnosis>) -> Infallible {
        tokio::time::sleep(UNANSWERED).await;
        let _ = diagnosis.set(diagnose(self.address).await);
        std::future::pending().await
    }

    fn error(&self, stage: Stage, error: &retina::Error, diagnosis: Option<Diagnosis>) -> StreamError {
        tracing::debug!(url = %Redacted(&self.spec.url), ?stage, %error, "RTSP request failed");
        match error.status_code() {
            Some(status) => fault::from_status(stage, status, self.spec.credentials.is_some()),
            None => fault::from_text(stage, &error.to_string(), self.address, diagnosis),
        }
    }
}

/// SETUP with our frame format.
trait SetupOver {
    async fn setup_over(&mut self, opening: &Opening<'_>, index: usize, over_udp: bool) -> Result<(), StreamError>;
}

impl SetupOver for Session<Described> {
    async fn setup_over(&mut self, opening: &Opening<'_>, index: usize, over_udp: bool) -> Result<(), StreamError> {
        let transport = if over_udp { Transport::Udp(Default::default()) } else { Transport::Tcp(Default::default()) };
        // Length-prefixed NAL units without parameter sets, raw AAC: what a CMAF chunk holds.
        let options = SetupOptions::default().transport(transport).frame_format(FrameFormat::MP4);
        opening.request(Stage::Setup, self.setup(index, options)).await
    }
}
