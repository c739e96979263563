//! An LL-HLS player without a decoder: blocking reload, preload hints, delta updates. Everything it gets is held against the validator.

use super::http::{Answer, Http};
use super::http2::Http2;
use super::timely;
use bytes::Bytes;
use media::hls::validate::{Code, Finding, MediaChecker, MediaTracks, PartFacts, Playlist, Reloads, segment_is_its_parts};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;

/// After so many reloads a delta update is asked for as well.
const DELTA_EVERY: u32 = 5;

/// What a player asks by: connections of its own, or a part in one that others use as well.
enum Line {
    One(Http),
    Two(Http2),
}

impl Line {
    async fn get(&mut self, path: &str) -> Answer {
        match self {
            Self::One(http) => http.get(path).await,
            Self::Two(http) => http.get(path).await,
        }
    }
}

pub struct Follower {
    playlists: Line,
    hints: Line,
    media: Line,
    /// `/live/1/main/`.
    folder: String,
    full: Reloads,
    delta: Reloads,
    checker: MediaChecker,
    text: String,
    parts: HashMap<String, Bytes>,
    /// Answers to hinted parts that no playlist has listed yet.
    hinted: HashMap<String, Bytes>,
    segments: HashSet<String>,
    pub seen: Seen,
}

/// What has been seen so far.
#[derive(Debug, Default)]
pub struct Seen {
    /// Video time of all parts and segments, in µs.
    pub media_us: u64,
    pub parts: u32,
    pub independent_parts: u32,
    pub whole_segments: u32,
    /// Parts that were got by their hint.
    pub hinted: u32,
    pub reloads: u32,
    /// Delta updates that were compared with the full playlist of the same moment.
    pub deltas: u32,
    /// Answers 503.
    pub unavailable: u32,
    /// URIs of init segments in their order.
    pub maps: Vec<String>,
    /// Sequence numbers of segments after a discontinuity.
    pub discontinuities: BTreeSet<u64>,
    pub most_segments: usize,
}

impl Follower {
    pub async fn new(address: SocketAddr, camera: i64, quality: &str) -> Self {
        let name = format!("follower of {camera} {quality}");
        let line = async || Line::One(Http::connect(address).await.named(&name));
        Self::on([line().await, line().await, line().await], camera, quality)
    }

    /// One that asks for everything on the same HTTP/2 connection.
    pub fn over_http2(connection: &Http2, camera: i64, quality: &str) -> Self {
        Self::on([(); 3].map(|()| Line::Two(connection.clone())), camera, quality)
    }

    fn on([playlists, hints, media]: [Line; 3], camera: i64, quality: &str) -> Self {
        Self {
            playlists,
            hints,
            media,
            folder: format!("/live/{camera}/{quality}/"),
            full: Reloads::new(),
            delta: Reloads::new(),
            checker: MediaChecker::new(MediaTracks::ours()),
            text: String::new(),
            parts: HashMap::new(),
            hinted: HashMap::new(),
            segments: HashSet::new(),
            seen: Seen::default(),
        }
    }

    /// Connects to a server that has taken the place of the other; what was seen stays.
    pub async fn reconnect(&mut self, address: SocketAddr) {
        for line in [&mut self.playlists, &mut self.hints, &mut self.media] {
            *line = Line::One(Http::connect(address).await);
        }
        self.hinted.clear();
    }

    pub fn playlist(&self) -> &Playlist {
        self.full.current().expect("followed at least once")
    }

    /// Follows until so much more video has come.
    pub async fn follow(&mut self, seconds: u64) {
        let until = self.seen.media_us + seconds * 1_000_000;
        while self.seen.media_us < until {
            timely("the playlist goes on", self.step()).await;
        }
    }

    /// Follows until a segment after the discontinuity numbers known so far was seen.
    pub async fn follow_to_discontinuity(&mut self) {
        let known = self.seen.discontinuities.len();
        while self.seen.discontinuities.len() == known {
            timely("a discontinuity", self.step()).await;
        }
    }

    /// One blocking reload, with the hinted part asked for at the same time.
    pub async fn step(&mut self) {
        let next = self.full.current().map(|playlist| (playlist.open_sequence(), playlist.open.parts.len()));
        let query = next.map_or_else(String::new, |(msn, part)| format!("?_HLS_msn={msn}&_HLS_part={part}"));
        let hint = self.full.current().and_then(Playlist::part_hint).map(str::to_owned);
        let path = format!("{}index.m3u8{query}", self.folder);
        let hint_path = hint.as_ref().map(|hint| format!("{}{hint}", self.folder));
        let hints = &mut self.hints;
        let ask_for_hint = async move {
            match hint_path {
                Some(path) => Some(hints.get(&path).await),
                None => None,
            }
        };
        let (answer, hinted) = tokio::join!(self.playlists.get(&path), ask_for_hint);
        if let (Some(uri), Some(answer)) = (hint, hinted.filter(|answer| answer.status == 200)) {
            check_media(&answer, &uri);
            self.hinted.insert(uri, answer.body);
        }
        self.seen.reloads += 1;
        if answer.status == 503 {
            answer.problem(503);
            assert!(answer.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{:?}", answer.headers);
            self.seen.unavailable += 1;
            return;
        }
        check_playlist(&answer, &path);
        self.take(answer.text()).await;
        if let Some((msn, part)) = next {
            let now = self.playlist();
            let came = now.open_sequence() > msn || (now.open_sequence() == msn && now.open.parts.len() > part);
            assert!(came, "{path} was answered before its part came:\n{}", self.text);
        }
        if self.seen.reloads.is_multiple_of(DELTA_EVERY) {
            self.compare_delta().await;
        }
    }

    async fn take(&mut self, text: &str) {
        let findings = self.full.push(text);
        self.expect_none(findings, text);
        text.clone_into(&mut self.text);
        let playlist = self.playlist().clone();
        self.seen.most_segments = self.seen.most_segments.max(playlist.segments.len());
        for (sequence, segment) in playlist.numbered() {
            if segment.discontinuity && !(segment.uri.is_empty() && segment.parts.is_empty()) {
                self.seen.discontinuities.insert(sequence);
            }
            self.take_map(segment.map.as_deref()).await;
            for (index, part) in segment.parts.iter().enumerate() {
                if self.parts.contains_key(&part.uri) {
                    continue;
                }
                let bytes = self.part(&part.uri).await;
                self.seen.parts += 1;
                self.seen.independent_parts += u32::from(part.independent);
                let facts = PartFacts {
                    uri: part.uri.clone(),
                    duration_us: part.duration_us,
                    independent: Some(part.independent),
                    discontinuity: segment.discontinuity && index == 0,
                };
                self.check_bytes(&facts, &bytes);
                self.parts.insert(part.uri.clone(), bytes);
            }
            if segment.uri.is_empty() || !self.segments.insert(segment.uri.clone()) {
                continue;
            }
            let bytes = self.fetch(&segment.uri).await;
            if segment.parts.is_empty() {
                let facts = PartFacts {
                    uri: segment.uri.clone(),
                    duration_us: segment.duration_us,
                    independent: None,
                    discontinuity: segment.discontinuity,
                };
                self.check_bytes(&facts, &bytes);
            } else {
                let parts = segment.parts.iter().map(|part| self.parts[&part.uri].as_ref());
                assert_eq!(segment_is_its_parts(&segment.uri, &bytes, parts), None, "segment {sequence}");
                self.seen.whole_segments += 1;
            }
        }
    }

    /// A part: as its hint brought it, else fetched. Now and then both, and they must be the same.
    async fn part(&mut self, uri: &str) -> Bytes {
        let Some(hinted) = self.hinted.remove(uri) else { return self.fetch(uri).await };
        self.seen.hinted += 1;
        if self.seen.hinted.is_multiple_of(10) {
            assert_eq!(self.fetch(uri).await, hinted, "{uri}: its hint brought other bytes");
        }
        hinted
    }

    async fn take_map(&mut self, map: Option<&str>) {
        let Some(map) = map.filter(|map| !self.seen.maps.iter().any(|known| known == map)) else { return };
        let init = self.fetch(map).await;
        self.checker.set_tracks(MediaTracks::from_init(&init).expect("an init segment with video"));
        self.seen.maps.push(map.to_owned());
    }

    async fn fetch(&mut self, uri: &str) -> Bytes {
        let answer = self.media.get(&format!("{}{uri}", self.folder)).await;
        assert_eq!(answer.status, 200, "{uri} is listed and not there: {:?}\n{}", answer.body, self.text);
        check_media(&answer, uri);
        answer.body
    }

    fn check_bytes(&mut self, facts: &PartFacts, bytes: &[u8]) {
        let findings = self.checker.push(facts, bytes);
        assert!(findings.is_empty(), "{findings:#?}\n{}", self.text);
        self.seen.media_us += facts.duration_us;
    }

    fn expect_none(&self, findings: Vec<Finding>, text: &str) {
        // A stream that has just begun has few segments yet; and after a minute in the dark nothing older is listed any more, so that nobody
        // begins with it: the first segment is a new session's.
        let first = text.find("\n#EXTINF").or_else(|| text.find("\n#EXT-X-PART:")).unwrap_or(text.len());
        let anew = text[..first].contains("\n#EXT-X-DISCONTINUITY\n");
        let wanted = |finding: &Finding| match finding.code {
            Code::TooFewSegments => false,
            Code::RemovedTooEarly => !anew,
            _ => true,
        };
        let findings: Vec<_> = findings.into_iter().filter(wanted).collect();
        assert!(findings.is_empty(), "{findings:#?}\nbefore:\n{}\nnow:\n{text}", self.text);
    }

    /// A delta update gives the same playlist as the full one of the same moment.
    async fn compare_delta(&mut self) {
        let delta = self.playlists.get(&format!("{}index.m3u8?_HLS_skip=YES", self.folder)).await;
        check_playlist(&delta, "a delta update");
        let findings = self.delta.push(delta.text());
        self.expect_none(findings, delta.text());
        let full = self.playlists.get(&format!("{}index.m3u8", self.folder)).await;
        self.take(full.text()).await;
        let (delta, full) = (self.delta.current().expect("just taken"), self.playlist());
        if (delta.open_sequence(), delta.open.parts.len()) != (full.open_sequence(), full.open.parts.len()) {
            // A part came in between.
            return;
        }
        let uris = |playlist: &Playlist| playlist.segments.iter().map(|segment| segment.uri.clone()).collect::<Vec<_>>();
        assert_eq!((uris(delta), &delta.open, delta.first_sequence()), (uris(full), &full.open, full.first_sequence()));
        self.seen.deltas += 1;
    }
}

/// What every answer with a playlist has.
#[track_caller]
pub fn check_playlist(answer: &Answer, path: &str) {
    assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
    assert_eq!(answer.header("content-type"), "application/vnd.apple.mpegurl");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{path}");
    assert!(answer.header("cache-control").contains("private") && answer.header("cache-control").contains("no-cache"));
    assert!(answer.header("etag").starts_with('"'), "{path}");
    assert_eq!(answer.header("content-encoding"), "", "{path} was not asked for compressed");
}

/// What every answer with media has.
#[track_caller]
pub fn check_media(answer: &Answer, uri: &str) {
    assert_eq!(answer.header("content-type"), "video/mp4", "{uri}");
    assert_eq!(answer.header("content-length"), answer.body.len().to_string(), "{uri}");
    assert!(answer.header("cache-control").contains("immutable"), "{uri}");
    assert_eq!(answer.header("content-encoding"), "", "{uri}: media is never compressed");
    assert!(!answer.body.is_empty(), "{uri}");
}
