//! AAC: the AudioSpecificConfig (ISO 14496-3 1.6.2.1).

/// Sampling frequencies by index (ISO 14496-3 table 1.18).
const RATES_HZ: [u32; 13] = [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// What an AudioSpecificConfig says about the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioConfig {
    /// Audio object type: 2 is AAC-LC, 5 SBR (HE-AAC).
    pub object_type: u8,
    /// Core sampling frequency.
    pub rate_hz: u32,
    /// `channelConfiguration`; 0 means that a program config element says it.
    pub channels: u8,
}

/// Parses the head of an AudioSpecificConfig. None if it is cut short or uses a reserved frequency index.
pub fn parse_config(config: &[u8]) -> Option<AudioConfig> {
    let mut head = [0_u8; 8];
    let length = config.len().min(head.len());
    head[..length].copy_from_slice(&config[..length]);
    let bits = u64::from_be_bytes(head);
    let available = length * 8;
    let mut position = 0_usize;
    let mut take = |count: usize| -> Option<u32> {
        position += count;
        (position <= available).then(|| u32::try_from((bits >> (64 - position)) & ((1 << count) - 1)).unwrap_or(0))
    };
    let object_type = match take(5)? {
        31 => 32 + take(6)?,
        short => short,
    };
    let rate_hz = match take(4)? {
        15 => take(24)?,
        index => *RATES_HZ.get(usize::try_from(index).ok()?)?,
    };
    let channels = take(4)?;
    if rate_hz == 0 {
        return None;
    }
    Some(AudioConfig { object_type: u8::try_from(object_type).ok()?, rate_hz, channels: u8::try_from(channels).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_configurations() {
        assert_eq!(parse_config(&[0x14, 0x08]), Some(AudioConfig { object_type: 2, rate_hz: 16_000, channels: 1 }));
        assert_eq!(parse_config(&[0x12, 0x10]), Some(AudioConfig { object_type: 2, rate_hz: 44_100, channels: 2 }));
        // Explicit 24-bit frequency.
        assert_eq!(parse_config(&[0x17, 0x80, 0x1f, 0x40, 0x08]), Some(AudioConfig { object_type: 2, rate_hz: 16_000, channels: 1 }));
    }

    #[test]
    fn cut_or_reserved_configurations_are_refused() {
        for config in [&[][..], &[0x14], &[0x16, 0x90], &[0x17, 0x80, 0x00], &[0x17, 0x80, 0, 0, 0]] {
            assert_eq!(parse_config(config), None, "{config:02x?}");
        }
    }
}
