//! Any sequence of items from a source, muxed and put into playlists. Each step is a byte that says what comes, then what it is made of.
#![no_main]

use bytes::Bytes;
use media::hls::{HlsOptions, HlsStream};
use media::mux::{MuxOptions, MuxOutput, Muxer};
use media::time::Stamp;
use media::unit::{AccessUnit, AudioCodec, AudioFrame, AudioTrack, SourceItem, Tracks, VideoCodec, VideoTrack};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut input = Input(data);
    let mut muxer = Muxer::new(MuxOptions::default());
    let mut out = Vec::new();
    let mut now = Stamp { mono_us: 1_000_000, utc_ms: 1_800_000_000_000 };
    let hls = HlsStream::new(HlsOptions { max_bytes: 1 << 20, ..HlsOptions::default() }, now);
    hls.set_audience(true);
    let mut decode_time = 0;
    let mut sound_time: i64 = 0;
    let mut video_time: i64 = 0;
    muxer.start_session(&tracks(&mut input));
    while let Some(step) = input.byte() {
        now.mono_us += u64::from(input.byte().unwrap_or(40)) * 1000;
        let item = match step % 8 {
            0 => SourceItem::Tracks(tracks(&mut input)),
            1 => SourceItem::Loss(u32::from(step)),
            2 | 3 => {
                sound_time = sound_time.wrapping_add(input.interval());
                SourceItem::Audio(AudioFrame { pts: sound_time, samples: 1024, data: input.bytes(), received: now })
            }
            4 if step == 4 => {
                muxer.start_session(&tracks(&mut input));
                hls.session_ended();
                continue;
            }
            kind => {
                video_time = video_time.wrapping_add(input.interval());
                SourceItem::Video(AccessUnit { pts: video_time, key: kind == 5, data: input.unit(), received: now })
            }
        };
        muxer.push(item, &mut out);
        for output in out.drain(..) {
            match output {
                MuxOutput::Epoch(epoch) => hls.push_epoch(epoch),
                MuxOutput::Chunk(chunk) => {
                    if chunk.track == media::cmaf::Track::Video {
                        assert!(chunk.decode_time >= decode_time, "decode times never go back");
                        decode_time = chunk.decode_time;
                    }
                    hls.push(chunk);
                }
            }
        }
    }
    let _ = (muxer.stats(), hls.position());
});

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// Mostly near a frame's interval, sometimes anything.
    fn interval(&mut self) -> i64 {
        match self.byte() {
            Some(255) => (0..8).fold(0, |value, _| value << 8 | i64::from(self.byte().unwrap_or(0))),
            Some(byte) => i64::from(byte) * 45 - 2000,
            None => 3600,
        }
    }

    fn bytes(&mut self) -> Bytes {
        let length = usize::from(self.byte().unwrap_or(0)).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        Bytes::copy_from_slice(taken)
    }

    /// One NAL unit with its length, or bytes as they are.
    fn unit(&mut self) -> Bytes {
        let raw = self.byte().unwrap_or(0) == 255;
        let bytes = self.bytes();
        if raw {
            return bytes;
        }
        let length = u32::try_from(bytes.len()).unwrap_or(0).to_be_bytes();
        [&length[..], &bytes].concat().into()
    }
}

fn tracks(input: &mut Input<'_>) -> Tracks {
    let choice = input.byte().unwrap_or(0);
    let [first, second, third] = [input.bytes(), input.bytes(), if choice & 1 == 1 { input.bytes() } else { Bytes::new() }];
    let codec = match choice & 1 {
        0 => VideoCodec::H264 { sps: first, pps: second },
        _ => VideoCodec::H265 { vps: first, sps: second, pps: third },
    };
    let video = VideoTrack {
        codec,
        rfc6381: "avc1.640028".to_owned(),
        width: 640,
        height: 360,
        pixel_aspect: (choice & 2 != 0).then_some((4, 3)),
        frame_duration: (choice & 4 != 0).then(|| (u32::from(choice), 100)),
        decoder_config: Bytes::new(),
    };
    let audio = (choice & 8 != 0).then(|| AudioTrack {
        codec: if choice & 16 == 0 { AudioCodec::Aac } else { AudioCodec::PcmA },
        rfc6381: "mp4a.40.2".to_owned(),
        rate_hz: if choice & 32 == 0 { 16_000 } else { u32::from(choice) },
        channels: 1,
        config: Bytes::from_static(&[0x14, 0x08]),
    });
    Tracks { video, audio }
}
