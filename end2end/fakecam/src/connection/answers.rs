//! What the camera answers: which streams there are, what is in them, and the session of whoever sets one up.

use std::sync::Arc;

use super::session::Session;
use super::transport::Transport;
use super::{Connection, mount_path};
use crate::rtsp::{Request, Response};
use crate::script::{RtpInfoBehaviour, Script, Step, TransportBehaviour};
use crate::sdp;

impl Connection<'_> {
    pub(super) async fn respond(&mut self, request: &Request, script: &Script) -> Response {
        let (path, track) = mount_path(request.path());
        let step = match request.method.as_str() {
            "OPTIONS" => Some(Step::Options),
            "DESCRIBE" => Some(Step::Describe),
            "SETUP" => Some(Step::Setup),
            "PLAY" => Some(Step::Play),
            _ => None,
        };
        if let Some(status) = step.and_then(|step| self.shared.scripted_answer(Some(path), step)) {
            return if status == 401 { self.challenge() } else { Response::new(status) };
        }
        // As in most cameras, OPTIONS is for everyone.
        if request.method != "OPTIONS" && !self.authorised(request, script) {
            return self.challenge();
        }
        match request.method.as_str() {
            "OPTIONS" => Response::new(200).with("Public", "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER"),
            "DESCRIBE" => self.describe(request, path, script).await,
            "SETUP" => self.setup(request, path, track, script).await,
            method @ ("PLAY" | "PAUSE" | "TEARDOWN" | "GET_PARAMETER" | "SET_PARAMETER") => {
                let asked = request.header("session").map(|id| id.split(';').next().unwrap_or("").trim());
                let Some(session) = &mut self.session else {
                    return Response::new(if method.ends_with("PARAMETER") { 200 } else { 454 });
                };
                let known = asked.is_none_or(|id| session.knows(id));
                let response = Response::new(if known { 200 } else { 454 }).with("Session", &session.id);
                match method {
                    _ if !known => response,
                    "PLAY" => {
                        session.start(script);
                        match session.rtp_info(&request.url, script.rtp_info == RtpInfoBehaviour::FirstTrackOnly) {
                            Some(info) if script.rtp_info != RtpInfoBehaviour::Missing => response.with("RTP-Info", info),
                            _ => response,
                        }
                        .with("Range", "npt=now-")
                    }
                    "PAUSE" => {
                        session.pause();
                        response
                    }
                    "TEARDOWN" => {
                        session.torn_down();
                        response
                    }
                    _ => response,
                }
            }
            _ => Response::new(405),
        }
    }

    async fn describe(&self, request: &Request, path: &str, script: &Script) -> Response {
        match self.shared.mount(path).await {
            Ok(Some(mount)) => {
                let base = format!("{}/", request.url.trim_end_matches('/'));
                let sdp = sdp::describe(&mount.timeline().content, script);
                Response::new(200).with("Content-Base", base).with_body("application/sdp", sdp)
            }
            Ok(None) => Response::new(404),
            Err(error) => {
                tracing::error!(error = format!("{error:#}"), path, "fixture");
                Response::new(500)
            }
        }
    }

    async fn setup(&mut self, request: &Request, path: &str, track: Option<usize>, script: &Script) -> Response {
        let mount = match self.shared.mount(path).await {
            Ok(Some(mount)) => mount,
            Ok(None) => return Response::new(404),
            Err(_) => return Response::new(500),
        };
        let content = Arc::clone(&mount.timeline().content);
        // A client may set up the only track by the aggregate URL.
        let Some(track) = track.or((content.tracks.len() == 1).then_some(0)).filter(|track| *track < content.tracks.len()) else {
            return Response::new(404);
        };
        let Some(offer) = request.header("transport") else { return Response::new(400) };
        let wants_tcp = offer.contains("RTP/AVP/TCP");
        let refused = if wants_tcp { TransportBehaviour::UdpOnly } else { TransportBehaviour::TcpOnly };
        if script.transport == refused || offer.contains("multicast") {
            return Response::new(461);
        }
        if self.session.as_ref().is_some_and(|session| session.mount.path != path) {
            return Response::new(455);
        }
        let Ok(peer) = self.write.peer_addr() else { return Response::new(500) };
        let Some((transport, answer)) = Transport::open(offer, wants_tcp, peer, track).await else { return Response::new(461) };
        let session = match &mut self.session {
            Some(session) => session,
            None => {
                let Some(guard) = mount.open_session(script.session_limit) else { return Response::new(script.session_limit_status) };
                self.session.insert(Session::new(mount, guard))
            }
        };
        if script.new_session_id_per_setup {
            session.change_id(true);
        }
        let ssrc = session.add_track(track, transport);
        Response::new(200)
            .with("Session", format_args!("{};timeout={}", session.id, script.session_timeout_s.unwrap_or(60)))
            .with("Transport", format_args!("{answer};ssrc={ssrc:08X}"))
    }
}
