//! A reader of the live WebSocket, message by message; media is read by an MP4 parser that is not ours.

use super::timely;
use bytes::Bytes;
use futures::{SinkExt, StreamExt};
use serde_json::Value;
use shiguredo_mp4::TrackKind;
use shiguredo_mp4::demux::Fmp4SegmentDemuxer;
use std::collections::HashMap;
use std::net::SocketAddr;
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};

pub type Socket = WebSocketStream<TcpStream>;

/// The request for a WebSocket, as an admin.
fn request(address: SocketAddr, path: &str) -> Request {
    let mut request = format!("ws://{address}{path}").into_client_request().expect("a request");
    let value = format!("Bearer {}", super::token(address)).parse().expect("a header's value");
    request.headers_mut().insert("authorization", value);
    request
}

/// Opens a WebSocket.
pub async fn open(address: SocketAddr, path: &str) -> Socket {
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (socket, _) = tokio_tungstenite::client_async(request(address, path), stream).await.expect("a WebSocket");
    socket
}

/// Opens a WebSocket as somebody else.
pub async fn open_as(address: SocketAddr, path: &str, (name, value): (&'static str, String)) -> Socket {
    let mut request = request(address, path);
    request.headers_mut().remove("authorization");
    request.headers_mut().insert(name, value.parse().expect("a header's value"));
    let stream = TcpStream::connect(address).await.expect("the server listens");
    let (socket, _) = tokio_tungstenite::client_async(request, stream).await.expect("a WebSocket");
    socket
}

/// Opens a WebSocket with hardly any room in the socket, so that a reader that stops is soon felt.
pub async fn open_narrow(address: SocketAddr, path: &str) -> Socket {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a socket option");
    let stream = socket.connect(address).await.expect("the server listens");
    let (socket, _) = tokio_tungstenite::client_async(request(address, path), stream).await.expect("a WebSocket");
    socket
}

/// The status that a refused WebSocket is answered with.
pub async fn refused(address: SocketAddr, path: &str, headers: &[(&'static str, &str)]) -> u16 {
    let mut request = request(address, path);
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().expect("a header's value"));
    }
    let stream = TcpStream::connect(address).await.expect("the server listens");
    match tokio_tungstenite::client_async(request, stream).await {
        Ok(_) => 101,
        Err(Error::Http(answer)) => answer.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

/// The close code that ends the socket; whatever comes before is passed over.
pub async fn close_code(socket: &mut Socket) -> u16 {
    let closing = async {
        loop {
            match socket.next().await {
                Some(Ok(Message::Close(frame))) => return frame.expect("a close code").code.into(),
                Some(Ok(_)) => {}
                other => panic!("ended without a close code: {other:?}"),
            }
        }
    };
    timely("the server closes the connection", closing).await
}

/// One message of the server.
#[derive(Debug, Clone)]
pub enum Said {
    Init { mime: String, epoch: u64, bytes: Bytes },
    Chunk(Chunk),
    Dropped(u64),
    Status(Value),
    Clock { media_time: f64, wallclock_ms: i64 },
}

/// One media message.
#[derive(Debug, Clone)]
pub struct Chunk {
    pub video: bool,
    pub key: bool,
    pub samples: usize,
    /// In the track's timescale.
    pub decode_time: u64,
    pub duration: u64,
    pub composition_offset: i64,
    pub timescale: u32,
    pub bytes: Bytes,
}

pub struct Reader {
    pub socket: Socket,
    demuxer: Option<Fmp4SegmentDemuxer>,
    /// Decode time that comes next, of video (true) and audio.
    expected: HashMap<bool, u64>,
    jump: Jump,
    /// Sound begins an epoch at or after its key frame: it may skip forward there.
    sound_restarts: bool,
}

/// Whether decode times may jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Jump {
    No,
    /// Once, at some key frame to come.
    Somewhen,
    /// At the next video frame, which must be a key frame.
    Next,
    /// Key frames only, each of which lasts until after the next.
    KeysOnly,
}

impl Reader {
    pub async fn open(address: SocketAddr, camera: i64, quality: &str) -> Self {
        Self::on(open(address, &format!("/live/{camera}/{quality}/mse")).await)
    }

    pub fn on(socket: Socket) -> Self {
        Self { socket, demuxer: None, expected: HashMap::new(), jump: Jump::No, sound_restarts: false }
    }

    pub async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.expect("the server reads");
    }

    /// At some key frame to come decode times may jump, once.
    pub fn expect_jump(&mut self) {
        self.jump = Jump::Somewhen;
    }

    /// From the next init on there are only key frames.
    pub fn expect_keys_only(&mut self) {
        self.jump = Jump::KeysOnly;
    }

    /// The next message, checked by itself and against those before.
    pub async fn next(&mut self) -> Said {
        timely("the next message", self.read()).await
    }

    async fn read(&mut self) -> Said {
        let json = match self.message().await {
            Message::Binary(bytes) => return Said::Chunk(self.chunk(bytes)),
            Message::Text(text) => serde_json::from_str::<Value>(&text).expect("JSON"),
            other => panic!("{other:?}"),
        };
        match json["type"].as_str().expect("a type") {
            "init" => {
                let Message::Binary(bytes) = self.message().await else { panic!("the init segment follows its text at once") };
                let mut demuxer = Fmp4SegmentDemuxer::new();
                demuxer.handle_init_segment(&bytes).expect("an init segment");
                self.demuxer = Some(demuxer);
                self.sound_restarts = true;
                assert!(json["wallclock_ms"].as_i64().is_some_and(|ms| ms > 0), "{json}");
                let mime = json["mime"].as_str().expect("a MIME type").to_owned();
                Said::Init { mime, epoch: json["epoch"].as_u64().expect("a number"), bytes }
            }
            "dropped" => {
                self.jump = Jump::Next;
                Said::Dropped(json["frames"].as_u64().expect("a number"))
            }
            "status" => Said::Status(json),
            "clock" => Said::Clock {
                media_time: json["media_time"].as_f64().expect("seconds"),
                wallclock_ms: json["wallclock_ms"].as_i64().expect("milliseconds"),
            },
            _ => panic!("an unknown message: {json}"),
        }
    }

    async fn message(&mut self) -> Message {
        loop {
            match self.socket.next().await {
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => return message,
                other => panic!("the connection ended: {other:?}"),
            }
        }
    }

    fn chunk(&mut self, bytes: Bytes) -> Chunk {
        assert_eq!(top_boxes(&bytes), ["moof", "mdat"]);
        let demuxer = self.demuxer.as_mut().expect("an init segment comes before media");
        let samples = demuxer.handle_media_segment(&bytes).expect("a media segment");
        let first = samples.first().expect("a sample");
        assert!(samples.iter().all(|sample| sample.track.track_id == first.track.track_id), "one track per message");
        let chunk = Chunk {
            video: first.track.kind == TrackKind::Video,
            key: first.keyframe,
            samples: samples.len(),
            decode_time: first.timestamp,
            duration: samples.iter().map(|sample| u64::from(sample.duration)).sum(),
            composition_offset: first.composition_time_offset.unwrap_or(0),
            timescale: first.track.timescale.get(),
            bytes: bytes.clone(),
        };
        if chunk.video {
            assert_eq!(chunk.samples, 1, "one access unit per message");
        }
        let expected = self.expected.insert(chunk.video, chunk.decode_time + chunk.duration);
        let skips = !chunk.video && std::mem::take(&mut self.sound_restarts);
        let follows = expected.is_none_or(|expected| expected == chunk.decode_time || (skips && expected < chunk.decode_time));
        match (self.jump, chunk.video) {
            (Jump::No, video) => assert!(follows, "decode times run on (video: {video}): {} instead of {expected:?}", chunk.decode_time),
            (Jump::Somewhen, true) if !follows => {
                assert!(chunk.key, "after a jump the first picture is a key frame");
                self.settle();
            }
            (Jump::Next, true) => {
                assert!(chunk.key, "after a loss the first picture is a key frame");
                self.settle();
            }
            (Jump::Somewhen | Jump::Next | Jump::KeysOnly, _) => {}
        }
        chunk
    }

    /// The jump has come; audio follows it on its own.
    fn settle(&mut self) {
        self.jump = Jump::No;
        self.expected.remove(&false);
    }

    /// Messages until there were `frames` video frames.
    pub async fn frames(&mut self, frames: usize) -> Vec<Said> {
        let mut said = Vec::new();
        let mut count = 0;
        while count < frames {
            let one = self.next().await;
            count += usize::from(matches!(&one, Said::Chunk(chunk) if chunk.video));
            said.push(one);
        }
        said
    }

    /// The next init, past everything before it.
    pub async fn init(&mut self) -> (String, u64, Bytes) {
        loop {
            if let Said::Init { mime, epoch, bytes } = self.next().await {
                return (mime, epoch, bytes);
            }
        }
    }

    /// The next video frame, past everything else.
    pub async fn frame(&mut self) -> Chunk {
        loop {
            if let Said::Chunk(chunk) = self.next().await
                && chunk.video
            {
                return chunk;
            }
        }
    }
}

fn top_boxes(mut bytes: &[u8]) -> Vec<String> {
    let mut kinds = Vec::new();
    while let Some((head, _)) = bytes.split_at_checked(8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        kinds.push(String::from_utf8_lossy(&head[4..]).into_owned());
        let (_, rest) = bytes.split_at_checked(usize::try_from(length).expect("64 bits")).expect("a whole box");
        bytes = rest;
    }
    assert!(bytes.is_empty(), "bytes behind the last box");
    kinds
}
