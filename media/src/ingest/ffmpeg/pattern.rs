//! The demo camera: a dark test card with the wall clock, drawn and encoded by ffmpeg. It is what a new user sees first.
//!
//! Everything that stands still is drawn once and looped, so that a frame costs three lines of text, a moving mark and the encoder.

use super::{FfmpegSource, Plan, output_args, quiet_args};
use crate::child::Secrets;
use crate::error::{ErrorCode, StreamError};
use crate::ingest::TestPatternSpec;
use std::ffi::OsString;
use std::path::Path;

/// Sizes below are for a picture of this height and are scaled with it.
const DESIGN_HEIGHT: u32 = 720;
const MARGIN: u32 = 64;
/// Found through fontconfig, which takes the nearest it has. All its digits are equally wide: a clock must not wobble.
const FONT: &str = "DejaVu Sans";

/// Opens the pattern; without text if this ffmpeg can't draw any.
pub(in crate::ingest) async fn open(spec: &TestPatternSpec, program: &Path) -> Result<FfmpegSource, StreamError> {
    let allowed =
        (160..=3840).contains(&spec.width) && (90..=2160).contains(&spec.height) && (1..=60).contains(&spec.fps) && spec.hue < 360;
    if !allowed || !spec.width.is_multiple_of(2) || !spec.height.is_multiple_of(2) {
        return Err(StreamError::new(
            ErrorCode::Internal,
            "A demo camera is 160-3840 pixels wide and 90-2160 high (both even), with 1-60 frames per second and a hue of 0-359.",
        ));
    }
    match FfmpegSource::start(plan(spec, true), program, None).await {
        Err(error) if error.code == ErrorCode::FfmpegFailed => {
            tracing::warn!(%error, "the demo camera can't draw text; trying without");
            FfmpegSource::start(plan(spec, false), program, None).await
        }
        result => result,
    }
}

fn plan(spec: &TestPatternSpec, with_text: bool) -> Plan {
    let mut args = quiet_args();
    let text = |arg: &str| OsString::from(arg);
    args.extend(["-re", "-f", "lavfi", "-i"].map(OsString::from));
    args.push(graph(spec, with_text).into());
    // One thread and no slices: the least total work, and the fewest NAL units per picture.
    args.extend(["-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-threads", "1", "-crf", "23"].map(OsString::from));
    args.extend(["-x264-params", "sliced-threads=0:scenecut=0", "-pix_fmt", "yuv420p", "-g"].map(OsString::from));
    args.extend([text(&spec.fps.to_string()), text("-an")]);
    args.extend(output_args());
    Plan { args, script: None, secrets: Secrets::default(), name: "demo camera" }
}

/// The filter graph (ffmpeg-filters). Only numbers of the spec go into it.
fn graph(spec: &TestPatternSpec, with_text: bool) -> String {
    let (width, height, fps) = (spec.width, spec.height, spec.fps);
    let hue = spec.hue;
    let px = |design: u32| (design * height).div_ceil(DESIGN_HEIGHT).max(1);
    let margin = px(MARGIN);
    let accent = color(hue, 0.75, 0.62);
    let text = |text: &str, x: &str, y: String, size: u32, color: &str| {
        format!("drawtext=font='{FONT}':text='{text}':x={x}:y={y}:fontsize={}:fontcolor={color}", px(size))
    };

    // Drawn once: a glow on ink, a faint grid, colour and grey steps, a track for the moving mark, the labels.
    let mut filters = vec![
        // At one size and then scaled: the filter's radius does not follow the size.
        format!(
            "gradients=s=1280x720:r={fps}:c0={}:c1=0x0b0f14:n=2:t=radial:x0=640:y0=302:x1=1344:y1=720:speed=0.00001:seed=1",
            color(hue, 0.45, 0.20)
        ),
        "trim=end_frame=1".to_owned(),
        format!("scale={width}x{height},setsar=1"),
        format!("drawgrid=w={0}:h={0}:x={1}:y={2}:t=1:c=white@0.03", px(80), width / 2, height / 2),
        "format=yuv420p".to_owned(),
    ];
    let (chip, gap, steps) = (px(56).min(width / 24), px(8), 8);
    let chips_top = height.saturating_sub(px(104));
    for step in 0..steps {
        let left = margin + step * (chip + gap);
        let right = width.saturating_sub(margin + (steps - step) * (chip + gap) - gap);
        let grey = 24 + step * 29;
        let size = format!("y={chips_top}:w={chip}:h={}:t=fill", px(10));
        filters.push(format!("drawbox=x={left}:{size}:c={}", color((hue + step * 45) % 360, 0.6, 0.58)));
        filters.push(format!("drawbox=x={right}:{size}:c=0x{grey:02x}{grey:02x}{grey:02x}"));
    }
    let track = width.saturating_sub(2 * margin);
    filters.push(format!("drawbox=x={margin}:y={}:w={track}:h={}:t=fill:c=white@0.14", height.saturating_sub(px(66)), px(2)));
    if with_text {
        filters.push(text("NIGHTJAR", &margin.to_string(), px(56).to_string(), 26, "0xe6e9ee"));
        filters.push(text("DEMO CAMERA", &margin.to_string(), px(94).to_string(), 18, "0x8b95a3"));
        filters.push(text(&format!("{width}×{height}  {fps} fps"), &format!("w-tw-{margin}"), px(58).to_string(), 18, "0x8b95a3"));
    }

    // Per frame: the clock, the date, the number of the frame within its second, the mark that sweeps to and fro every two seconds.
    filters.push("loop=loop=-1:size=1".to_owned());
    filters.push(format!("setpts=N/({fps}*TB)"));
    if with_text {
        filters.push(text(r"%{localtime\:%H\\\:%M\\\:%S}", "(w-tw)/2", format!("(h-{})/2-{}", px(176), px(20)), 176, "0xf2f4f7"));
        filters.push(text(r"%{localtime\:%A %-d %B %Y}", "(w-tw)/2", format!("h/2+{}", px(96)), 26, "0xaab3c0"));
        let frame = format!(r"%{{eif\:mod(n\,{fps})+1\:d\:2}}");
        filters.push(text(&frame, &format!("w-tw-{margin}"), px(90).to_string(), 22, &accent));
    }
    let mark = px(40) / 2 * 2;
    format!(
        "{}[card];color=c={accent}:s={mark}x{}:r={fps},format=yuv420p[mark];\
         [card][mark]overlay=x='{margin}+{}*abs(mod(t\\,2)-1)':y={}:eval=frame:format=yuv420[out0]",
        filters.join(","),
        (px(6) / 2 * 2).max(2),
        track.saturating_sub(mark),
        height.saturating_sub(px(68)),
    )
}

/// `0xrrggbb` of a hue in degrees, a saturation and a lightness of 0-1 (CSS Color 4 section 7.1).
fn color(hue: u32, saturation: f32, lightness: f32) -> String {
    let a = saturation * lightness.min(1.0 - lightness);
    let channel = |n: u16| {
        let k = (f32::from(n) + f32::from(u16::try_from(hue % 360).unwrap_or(0)) / 30.0) % 12.0;
        let value = lightness - a * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        format!("{:02x}", (value * 255.0).round().clamp(0.0, 255.0) as u8)
    };
    format!("0x{}{}{}", channel(0), channel(8), channel(4))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hues_are_the_css_ones() {
        assert_eq!(color(0, 1.0, 0.5), "0xff0000");
        assert_eq!(color(120, 1.0, 0.5), "0x00ff00");
        assert_eq!(color(240, 1.0, 0.25), "0x000080");
        assert_eq!(color(77, 0.0, 1.0), "0xffffff");
    }
}
