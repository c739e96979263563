//! How a camera misbehaves: `Script` is what it does until told otherwise, `Action` what happens once.
//!
//! Both are plain data with a JSON form: the library, the control socket and the command line speak the same.
//! Carrying them out is the connection's work.

use serde::{Deserialize, Serialize};

/// Lasting behaviour. `Script::default()` is a camera without faults.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// What a new connection meets.
    pub connect: ConnectBehaviour,
    /// What happens to sent credentials.
    pub login: LoginBehaviour,
    /// A login that is refused gets no answer: what a camera looks like that holds refusals back against guessing.
    pub hold_refusals: bool,
    /// Requests answered with an error instead, in order of precedence.
    pub answers: Vec<Answer>,
    /// Transports offered; the other one gets 461.
    pub transport: TransportBehaviour,
    /// How keepalives (`GET_PARAMETER`, `SET_PARAMETER`, `OPTIONS` in a session) are answered.
    pub keepalive: KeepaliveBehaviour,
    /// Every `SETUP` answers with a new session id.
    pub new_session_id_per_setup: bool,
    /// `RTP-Info` in the answer to `PLAY`.
    pub rtp_info: RtpInfoBehaviour,
    /// Delay before every answer.
    pub answer_delay_ms: u64,
    /// Sessions per mount; more get `session_limit_status` at `SETUP`.
    pub session_limit: Option<u32>,
    /// 453, 403, 500 and 503 are all met in the field.
    pub session_limit_status: u16,
    /// The `timeout` of the `Session` header, and enforced when set: a session without any sign of life is closed.
    pub session_timeout_s: Option<u32>,
    /// Parameter sets in the SDP; without, they come in-band only.
    pub sprop: bool,
    /// Leave the video track out of the SDP.
    pub no_video: bool,
    /// `PLAY` starts with a fresh key frame when nobody else watches the mount, as most cameras do;
    /// else the viewer waits for the next one.
    pub key_on_play: bool,
    /// Send no media at all, while RTSP goes on answering.
    pub stall: bool,
    /// Send no video.
    pub stall_video: bool,
    /// Send no audio.
    pub stall_audio: bool,
    /// Audio starts this long after video.
    pub audio_delay_ms: u64,
    /// Neither read, write nor close: what a half-open connection looks like. New connections are accepted by the kernel only.
    pub half_open: bool,
    /// The picture stands still while everything else goes on: the newest key frame is sent again and again, each with a time of its own.
    /// When it ends, the camera goes on at its next key frame.
    pub frozen: bool,
    /// Slow trickle: at most this many bytes per second and connection.
    pub bytes_per_second: Option<u32>,
    /// RTP timestamps start this many seconds before the 32 bit wrap.
    pub wrap_in_s: Option<f64>,
    /// The camera's media clock runs this much fast.
    pub clock_ppm: f64,
    /// The camera's wall clock, as its sender reports give it, is this far ahead: change it for a clock step.
    pub wall_clock_offset_s: f64,
    /// Probability that an RTP packet is not sent.
    pub loss: f64,
    /// Probability that an RTP packet is sent after its successor.
    pub reorder: f64,
    /// Probability that an RTP packet is sent twice.
    pub duplicate: f64,
    /// RTCP sender reports.
    pub rtcp: bool,
    /// What the packets of every video frame look like.
    pub packets: PacketBehaviour,
    /// So many packets of a session that is long dead come on a new session's channels, before its own first one and between the next.
    pub stale_packets: u32,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            connect: ConnectBehaviour::default(),
            login: LoginBehaviour::default(),
            hold_refusals: false,
            answers: Vec::new(),
            transport: TransportBehaviour::default(),
            keepalive: KeepaliveBehaviour::default(),
            new_session_id_per_setup: false,
            rtp_info: RtpInfoBehaviour::default(),
            answer_delay_ms: 0,
            session_limit: None,
            session_limit_status: 453,
            session_timeout_s: None,
            sprop: true,
            no_video: false,
            key_on_play: true,
            stall: false,
            stall_video: false,
            stall_audio: false,
            audio_delay_ms: 0,
            half_open: false,
            frozen: false,
            bytes_per_second: None,
            wrap_in_s: None,
            clock_ppm: 0.0,
            wall_clock_offset_s: 0.0,
            loss: 0.0,
            reorder: 0.0,
            duplicate: 0.0,
            rtcp: true,
            packets: PacketBehaviour::default(),
            stale_packets: 0,
        }
    }
}

/// What a new TCP connection meets. Holds for the whole camera: mounts are not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConnectBehaviour {
    /// RTSP.
    #[default]
    Accept,
    /// The listener is closed: connection refused.
    Refuse,
    /// Accepted, then never a byte.
    Silent,
    /// Accepted and closed at once.
    Close,
    /// An HTTP server sits on the port.
    Http,
    /// A TLS server sits on the port: it answers plain text with an alert.
    Tls,
}

/// What happens to sent credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoginBehaviour {
    /// They are checked.
    #[default]
    Check,
    /// Always 401, right or wrong.
    RefuseAll,
}

/// Which RTP transports the camera knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportBehaviour {
    /// TCP interleaved and UDP.
    #[default]
    Both,
    /// UDP gets 461.
    TcpOnly,
    /// TCP interleaved gets 461 (Eufy).
    UdpOnly,
}

/// How keepalives are answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeepaliveBehaviour {
    /// 200.
    #[default]
    Answer,
    /// 200 with the CSeq of the request before.
    WrongCseq,
    /// 400 with the CSeq of the request before.
    BadRequestWrongCseq,
    /// The same, but to `SET_PARAMETER` only, which is announced all the same (Tapo C100, C220, C520WS).
    RefuseSetParameter,
    /// No answer.
    Ignore,
}

/// What the answer to `PLAY` says about the first packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RtpInfoBehaviour {
    /// Every track.
    #[default]
    Full,
    /// The first track only.
    FirstTrackOnly,
    /// No such header.
    Missing,
}

/// What the packets of every video frame look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PacketBehaviour {
    /// As RFC 6184 and RFC 7798 want them.
    #[default]
    Right,
    /// The marker bit, which ends a frame, is on every packet.
    MarkEvery,
    /// Supplemental information comes before every frame in a packet of its own, with the marker bit.
    MarkSei,
    /// Parameter sets come as one unit with start codes between them; a start code is at the end of every other frame.
    StartCodes,
    /// A NAL unit of a reserved type comes before every frame.
    ReservedType,
    /// A NAL unit with the forbidden bit comes before every frame.
    ForbiddenBit,
    /// A packet without payload comes before every frame.
    NoPayload,
    /// Before every fragment but the first comes one without payload.
    EmptyFragments,
    /// Before every frame begins a fragmented unit that has no end.
    StartWithoutEnd,
}

/// The requests that open a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "RTSP's own names of its methods")]
pub enum Step {
    Options,
    Describe,
    Setup,
    Play,
}

/// An error answer to one kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// At which request.
    pub step: Step,
    /// RTSP status code.
    pub status: u16,
    /// How many times, over all connections; `None` is for ever.
    #[serde(default)]
    pub times: Option<u32>,
}

/// Something that happens once, to the sessions of one mount or of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Close the connections: with a FIN, or with a reset.
    DropConnections {
        /// RST instead of FIN.
        #[serde(default)]
        reset: bool,
    },
    /// Send half of the next video frame, then close.
    DropMidNal,
    /// Leave packets out of the middle of the next video frame of more than two packets.
    LoseMidNal,
    /// Bytes that are no interleaved frame, between two frames.
    Garbage {
        /// How many.
        bytes: usize,
    },
    /// The next video frame of more than two packets is without its last one, and the sequence numbers run on: lost before the camera numbered them.
    LoseEnd,
    /// Before the next video frame begins a fragmented unit that has no end.
    StartWithoutEnd,
    /// Write half a packet, then go on with the next: what happens when a camera's TCP window fills.
    CutPacket,
    /// All later timestamps are moved, for as long as the session lives.
    JumpTimestamps {
        /// Forward, or back when negative.
        seconds: f64,
    },
    /// The next video frame alone carries a timestamp that is off.
    OutlierTimestamp {
        /// Forward, or back when negative.
        seconds: f64,
    },
    /// The next video frames repeat the timestamp of the frame before.
    EqualTimestamps {
        /// How many.
        frames: u32,
    },
    /// The next video frames' timestamps run backwards, frame by frame; then they are right again.
    BackwardsTimestamps {
        /// How many.
        frames: u32,
    },
    /// The camera forgets the session id: later requests in the session get 454, answers carry another id. Media goes on.
    ChangeSessionId,
    /// Another loop from the next frame on, timestamps running on: new parameter sets, perhaps another resolution.
    Switch {
        /// A name that `Fixture::named` knows.
        fixture: String,
    },
    /// Off, and back after a while. Always the whole camera.
    Reboot {
        /// Until connections are accepted again.
        seconds: f64,
        /// The power went: sockets stay open without a word until the camera is back, then they are reset.
        #[serde(default)]
        power_loss: bool,
    },
}
