//! A client that looks at a stream after every chunk, fetches all media, and holds all of it against the validator.

use crate::hls::validate::{Finding, MediaChecker, MediaTracks, PartFacts, Playlist, Reloads, Severity, segment_is_its_parts};
use crate::hls::{HlsStream, PlaylistError, PlaylistRequest, Skip, Sound};
use futures::FutureExt;
use std::collections::{HashMap, HashSet, VecDeque};

pub struct Watcher {
    stream: HlsStream,
    full: Reloads,
    delta: Reloads,
    plain: Reloads,
    media: MediaChecker,
    etag: String,
    text: String,
    /// Bytes of the parts that were listed, by URI.
    parts: HashMap<String, Vec<u8>>,
    /// URIs of the whole segments seen.
    segments: HashSet<String>,
    /// What has left the playlist, and how much media had been seen then.
    left: VecDeque<(u64, String)>,
    listed: Vec<String>,
    pub media_us: u64,
    pub looks: u32,
    pub last_map: Option<String>,
}

pub fn errors(findings: Vec<Finding>) -> Vec<Finding> {
    findings.into_iter().filter(|finding| finding.severity() == Severity::Error).collect()
}

pub fn text(stream: &HlsStream, skip: Skip, low_latency: bool) -> Result<String, PlaylistError> {
    let request = PlaylistRequest { skip, low_latency, ..PlaylistRequest::default() };
    let rendered = stream.playlist(request).now_or_never().expect("nothing to wait for")?;
    Ok(String::from_utf8(rendered.text().to_vec()).unwrap())
}

pub fn fetch(stream: &HlsStream, uri: &str) -> Option<Vec<u8>> {
    let body = stream.resource(uri, Sound::With).now_or_never().expect("whole resources are there at once")?;
    let bytes = body.parts.concat();
    assert_eq!(u64::try_from(bytes.len()).unwrap(), body.len);
    Some(bytes)
}

impl Watcher {
    pub fn new(stream: &HlsStream) -> Self {
        Self {
            stream: stream.clone(),
            full: Reloads::new(),
            delta: Reloads::new(),
            plain: Reloads::new(),
            media: MediaChecker::new(MediaTracks::ours()),
            etag: String::new(),
            text: String::new(),
            parts: HashMap::new(),
            segments: HashSet::new(),
            left: VecDeque::new(),
            listed: Vec::new(),
            media_us: 0,
            looks: 0,
            last_map: None,
        }
    }

    /// Reads the playlist if it has changed and asserts that nothing is wrong.
    pub fn look(&mut self) {
        let request = PlaylistRequest { low_latency: true, ..PlaylistRequest::default() };
        let rendered = match self.stream.playlist(request).now_or_never().expect("nothing to wait for") {
            Ok(rendered) => rendered,
            Err(PlaylistError::NotReady { .. }) => return,
            Err(error) => panic!("{error}"),
        };
        if rendered.etag() == self.etag {
            return;
        }
        rendered.etag().clone_into(&mut self.etag);
        self.looks += 1;
        let text = std::str::from_utf8(rendered.text()).unwrap();
        let findings = errors(self.full.push(text));
        assert!(findings.is_empty(), "{findings:#?}\nbefore:\n{}\nnow:\n{text}", self.text);
        text.clone_into(&mut self.text);
        let playlist = self.full.current().expect("just pushed").clone();
        self.fetch_new(&playlist);
        self.check_left(&playlist);
        self.check_variants(&playlist);
    }

    pub fn playlist(&self) -> &Playlist {
        self.full.current().expect("looked at least once")
    }

    fn fetch_new(&mut self, playlist: &Playlist) {
        for (sequence, segment) in playlist.numbered() {
            if segment.map.is_some() && segment.map != self.last_map && !segment.parts.is_empty() {
                let map = segment.map.as_deref().unwrap();
                assert!(fetch(&self.stream, map).is_some(), "{map} is gone");
                self.last_map = segment.map.clone();
            }
            for (index, part) in segment.parts.iter().enumerate() {
                if self.parts.contains_key(&part.uri) {
                    continue;
                }
                let bytes = fetch(&self.stream, &part.uri).expect("listed parts can be fetched");
                let facts = PartFacts {
                    uri: part.uri.clone(),
                    duration_us: part.duration_us,
                    independent: Some(part.independent),
                    discontinuity: segment.discontinuity && index == 0,
                };
                self.check_media(&facts, &bytes);
                self.parts.insert(part.uri.clone(), bytes);
            }
            if segment.uri.is_empty() || !self.segments.insert(segment.uri.clone()) {
                continue;
            }
            let bytes = fetch(&self.stream, &segment.uri).expect("listed segments can be fetched");
            if segment.parts.is_empty() {
                let facts = PartFacts {
                    uri: segment.uri.clone(),
                    duration_us: segment.duration_us,
                    independent: None,
                    discontinuity: segment.discontinuity,
                };
                self.check_media(&facts, &bytes);
            } else {
                let parts = segment.parts.iter().map(|part| self.parts[&part.uri].as_slice());
                assert_eq!(segment_is_its_parts(&segment.uri, &bytes, parts), None, "segment {sequence}");
            }
        }
    }

    fn check_media(&mut self, facts: &PartFacts, bytes: &[u8]) {
        let findings = errors(self.media.push(facts, bytes));
        assert!(findings.is_empty(), "{findings:#?}\n{}", self.text);
        self.media_us += facts.duration_us;
    }

    /// What has left must stay available for three target durations, and not for ever.
    fn check_left(&mut self, playlist: &Playlist) {
        let uris = |playlist: &Playlist| -> Vec<String> {
            let parts = playlist.numbered().flat_map(|(_, segment)| segment.parts.iter().map(|part| part.uri.clone()));
            parts.chain(playlist.segments.iter().map(|segment| segment.uri.clone())).collect()
        };
        let now = uris(playlist);
        let known: HashSet<&str> = now.iter().map(String::as_str).collect();
        for uri in self.listed.iter().filter(|uri| !known.contains(uri.as_str())) {
            self.left.push_back((self.media_us, uri.clone()));
        }
        self.listed = now;
        let three = playlist.target_duration_s.unwrap() * 3_000_000;
        while let Some((since, uri)) = self.left.front() {
            if self.media_us < since + three {
                assert!(fetch(&self.stream, uri).is_some(), "{uri} has gone too early");
                break;
            }
            if self.media_us < since + 12 * three {
                break;
            }
            assert!(fetch(&self.stream, uri).is_none(), "{uri} is kept for ever");
            self.parts.remove(uri);
            self.left.pop_front();
        }
    }

    fn check_variants(&mut self, full: &Playlist) {
        let delta = text(&self.stream, Skip::Yes, true).unwrap();
        let findings = errors(self.delta.push(&delta));
        assert!(findings.is_empty(), "{findings:#?}\n{delta}");
        let seen = self.delta.current().unwrap();
        let uris = |playlist: &Playlist| playlist.segments.iter().map(|segment| segment.uri.clone()).collect::<Vec<_>>();
        assert_eq!(uris(seen), uris(full));
        assert_eq!(seen.open, full.open);

        let plain = text(&self.stream, Skip::Yes, false).unwrap();
        let findings = errors(self.plain.push(&plain));
        assert!(findings.is_empty(), "{findings:#?}\n{plain}");
        assert!(!plain.contains("PART") && !plain.contains("PRELOAD"), "{plain}");
    }
}
