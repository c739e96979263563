//! Measured numbers as a person reads them: units chosen so that the width hardly changes.

/// Milliseconds below a second, tenths of a second above: `142 ms`, `1.3 s`.
pub fn latency(milliseconds: f64) -> String {
    let milliseconds = milliseconds.max(0.0);
    if milliseconds < 999.5 { format!("{milliseconds:.0} ms") } else { format!("{:.1} s", milliseconds / 1_000.0) }
}

/// Shorter lengths of time with their tenths: `0.4 ms`, `12 ms`, `1.3 s`.
pub fn duration(milliseconds: f64) -> String {
    let milliseconds = milliseconds.max(0.0);
    if milliseconds < 9.95 { format!("{milliseconds:.1} ms") } else { latency(milliseconds) }
}

/// `850 kbit/s`, `4.2 Mbit/s`.
pub fn bitrate(kbps: u32) -> String {
    if kbps < 1_000 { format!("{kbps} kbit/s") } else { format!("{:.1} Mbit/s", f64::from(kbps) / 1_000.0) }
}

/// `850 B`, `12 kB`, `4.2 MB`, `1.5 TB`: thousands, as disks are sold.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    let mut unit = "B";
    for larger in ["kB", "MB", "GB", "TB", "PB"] {
        if value < 999.5 {
            break;
        }
        value /= 1_000.0;
        unit = larger;
    }
    if unit == "B" || value >= 9.95 { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

/// `12.5 fps`, `25 fps`.
pub fn fps(value: f64) -> String {
    format!("{} fps", count(value))
}

/// A number with at most one digit behind the point: `12.5`, `25`.
pub fn count(value: f64) -> String {
    let rounded = (value * 10.0).round() / 10.0;
    if (rounded - rounded.round()).abs() < 0.05 { format!("{rounded:.0}") } else { format!("{rounded:.1}") }
}

/// `20 000`: groups of three digits with a narrow space that doesn't break.
pub fn thousands(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

/// The family name of an RFC 6381 codec: `H.264`, `AAC`. An unknown one stays as it is.
pub fn codec(rfc6381: &str) -> String {
    let family = rfc6381.split('.').next().unwrap_or(rfc6381);
    match family {
        "avc1" | "avc3" => "H.264",
        "hvc1" | "hev1" => "H.265",
        "av01" => "AV1",
        "vp09" => "VP9",
        "mp4a" => "AAC",
        "opus" | "Opus" => "Opus",
        "flac" | "fLaC" => "FLAC",
        "alaw" | "pcma" => "G.711 A-law",
        "ulaw" | "pcmu" => "G.711 µ-law",
        "jpeg" | "mjpg" => "MJPEG",
        _ => return rfc6381.to_owned(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_the_size() {
        assert_eq!(latency(-3.0), "0 ms");
        assert_eq!(latency(142.4), "142 ms");
        assert_eq!(latency(999.9), "1.0 s");
        assert_eq!(latency(1_340.0), "1.3 s");
        assert_eq!(duration(0.42), "0.4 ms");
        assert_eq!(duration(12.3), "12 ms");
        assert_eq!(bitrate(850), "850 kbit/s");
        assert_eq!(bitrate(4_210), "4.2 Mbit/s");
        assert_eq!(bytes(0), "0 B");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(999_600), "1.0 MB");
        assert_eq!(bytes(12_300), "12 kB");
        assert_eq!(bytes(4_240_000), "4.2 MB");
        assert_eq!(bytes(u64::MAX), "18447 PB");
        assert_eq!(thousands(850), "850");
        assert_eq!(thousands(1_048_576), "1\u{202f}048\u{202f}576");
        assert_eq!(fps(24.98), "25 fps");
        assert_eq!(fps(12.5), "12.5 fps");
    }

    #[test]
    fn codecs_have_the_names_people_know() {
        assert_eq!(codec("avc1.640028"), "H.264");
        assert_eq!(codec("hvc1.1.6.L93.B0"), "H.265");
        assert_eq!(codec("mp4a.40.2"), "AAC");
        assert_eq!(codec("xyz"), "xyz");
    }
}
