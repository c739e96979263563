//! The session description of a loop.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::loops::{Encoding, Loop};
use crate::script::Script;

/// SDP with the tracks that the script lets through; track numbers are the loop's.
pub(crate) fn describe(content: &Loop, script: &Script) -> String {
    let mut sdp =
        String::from("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=fakecam\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\na=range:npt=now-\r\n");
    for (index, track) in content.tracks.iter().enumerate() {
        if track.is_video() && script.no_video {
            continue;
        }
        let (payload_type, rate) = (track.payload_type, track.clock_rate);
        let media = if track.is_video() { "video" } else { "audio" };
        let (name, parameters) = encoding_lines(&track.encoding, script.sprop);
        write!(sdp, "m={media} 0 RTP/AVP {payload_type}\r\na=rtpmap:{payload_type} {name}/{rate}\r\n").expect("strings take writes");
        if let Some(parameters) = parameters {
            write!(sdp, "a=fmtp:{payload_type} {parameters}\r\n").expect("strings take writes");
        }
        write!(sdp, "a=control:trackID={index}\r\n").expect("strings take writes");
    }
    sdp
}

fn encoding_lines(encoding: &Encoding, sprop: bool) -> (&'static str, Option<String>) {
    match encoding {
        Encoding::H264 { sps, pps } => {
            let mut parameters = format!("packetization-mode=1;profile-level-id={:02X}{:02X}{:02X}", sps[1], sps[2], sps[3]);
            if sprop {
                write!(parameters, ";sprop-parameter-sets={},{}", STANDARD.encode(sps), STANDARD.encode(pps)).expect("strings take writes");
            }
            ("H264", Some(parameters))
        }
        Encoding::H265 { vps, sps, pps } => {
            let [vps, sps, pps] = [vps, sps, pps].map(|nal| STANDARD.encode(nal));
            ("H265", sprop.then(|| format!("sprop-vps={vps};sprop-sps={sps};sprop-pps={pps}")))
        }
        Encoding::Aac { config: [a, b] } => {
            let mode = "profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3";
            ("mpeg4-generic", Some(format!("{mode};config={a:02X}{b:02X}")))
        }
        Encoding::Pcma => ("PCMA", None),
        Encoding::Pcmu => ("PCMU", None),
    }
}
