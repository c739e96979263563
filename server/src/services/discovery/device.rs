//! What a device says of itself, made fit to be shown: whether it is a camera at all, its name, maker, model and place. Pure.

use super::message::Match;
use crate::typed::is_invisible;
use percent_encoding::percent_decode_str;
use std::net::IpAddr;

/// Longest text, in characters.
const TEXT: usize = 60;
/// Before every ONVIF scope.
const SCOPES: &str = "onvif://www.onvif.org/";

/// A camera or recorder that answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Where its answer came from. The addresses that devices announce (XAddrs) are often old, internal or somebody else's.
    pub address: IpAddr,
    /// What tells two devices behind one address apart.
    pub(super) endpoint: String,
    pub name: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub location: Option<String>,
}

impl Device {
    /// None: not a camera (printers and computers answer as well).
    pub fn of(address: IpAddr, found: &Match) -> Option<Self> {
        let scopes: Vec<(&str, &str)> = found.scopes.split_whitespace().filter_map(onvif_scope).collect();
        let transmits = found.types.split_whitespace().any(|name| name.rsplit(':').next() == Some("NetworkVideoTransmitter"));
        if scopes.is_empty() && !transmits {
            return None;
        }
        let value = |kinds: &[&str]| {
            let mut of_kind = scopes.iter().filter(|(kind, _)| kinds.iter().any(|wanted| kind.eq_ignore_ascii_case(wanted)));
            of_kind.find_map(|(_, value)| shown(value))
        };
        let places = scopes.iter().filter(|(kind, _)| kind.eq_ignore_ascii_case("location"));
        Some(Self {
            address,
            endpoint: found.endpoint.trim().chars().take(TEXT * 2).collect(),
            name: value(&["name"]),
            manufacturer: value(&["manufacturer", "mfr"]),
            model: value(&["hardware", "model"]),
            location: places.filter_map(|(_, value)| place(value)).find_map(shown),
        })
    }

    /// Whether a person would take both for the same.
    pub fn is_same(&self, other: &Self) -> bool {
        let same_endpoint = !self.endpoint.is_empty() && self.endpoint == other.endpoint;
        let words = |device: &Self| [device.name.clone(), device.manufacturer.clone(), device.model.clone()];
        self.address == other.address && (same_endpoint || words(self) == words(other))
    }

    /// Takes over what the other one knows better.
    pub fn complete(&mut self, other: Self) {
        let pairs = [
            (&mut self.name, other.name),
            (&mut self.manufacturer, other.manufacturer),
            (&mut self.model, other.model),
            (&mut self.location, other.location),
        ];
        for (own, others) in pairs {
            if own.is_none() {
                *own = others;
            }
        }
    }
}

/// `onvif://www.onvif.org/KIND/VALUE`.
fn onvif_scope(scope: &str) -> Option<(&str, &str)> {
    let (before, rest) = scope.split_at_checked(SCOPES.len())?;
    before.eq_ignore_ascii_case(SCOPES).then(|| rest.split_once('/').unwrap_or((rest, "")))
}

/// The place in `Entrance` or `room/Kitchen`. Country and city are the factory's, not the camera's.
fn place(value: &str) -> Option<&str> {
    match value.split_once('/') {
        Some((kind, _)) if kind.eq_ignore_ascii_case("country") || kind.eq_ignore_ascii_case("city") => None,
        Some((_, place)) => Some(place),
        None => Some(value),
    }
}

/// Percent-decoded once; nothing invisible and no brackets, so that it may become a camera's name; white space as one space; cut.
fn shown(value: &str) -> Option<String> {
    let decoded = percent_decode_str(value).decode_utf8_lossy();
    let visible: String = decoded
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(|c| !is_invisible(*c) && !matches!(c, '<' | '>' | '\u{fffd}'))
        .collect();
    let words = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words.chars().take(TEXT).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 168, 1, 20));

    fn found(types: &str, scopes: &str) -> Option<Device> {
        Device::of(HERE, &Match { endpoint: "urn:uuid:x".into(), types: types.into(), scopes: scopes.into() })
    }

    #[test]
    fn scopes_say_what_it_is() {
        let scopes = "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/location/country/china \
                      ONVIF://www.onvif.org/name/HIKVISION%20DS-2CD2043 onvif://www.onvif.org/hardware/DS-2CD2043 \
                      onvif://www.onvif.org/MFR/Hikvision onvif://www.onvif.org/location/room/Kitchen onvif://www.onvif.org/Profile/Streaming";
        let device = found("dn:NetworkVideoTransmitter", scopes).expect("a camera");
        assert_eq!(device.name.as_deref(), Some("HIKVISION DS-2CD2043"));
        assert_eq!(device.model.as_deref(), Some("DS-2CD2043"));
        assert_eq!(device.manufacturer.as_deref(), Some("Hikvision"));
        assert_eq!(device.location.as_deref(), Some("Kitchen"));
    }

    #[test]
    fn printers_and_computers_are_left_out() {
        assert_eq!(found("wsdp:Device wprt:PrintDeviceType", "http://example.org/x"), None);
        assert!(found("tds:Device", "onvif://www.onvif.org/hardware/x").is_some());
        let bare = found("NetworkVideoTransmitter", "").expect("a camera without a word");
        assert_eq!((bare.name, bare.model), (None, None));
    }

    #[test]
    fn texts_are_made_harmless() {
        let name = |value: &str| found("", &format!("onvif://www.onvif.org/name/{value}")).expect("a camera").name;
        assert_eq!(name("%3Cb%3EGate%3C/b%3E").as_deref(), Some("bGate/b"));
        assert_eq!(name("a%00%0A%E2%80%AEb%20%20c").as_deref(), Some("a b c"));
        assert_eq!(name("%2520").as_deref(), Some("%20"), "decoded once");
        assert_eq!(name("%ff%fe"), None);
        assert_eq!(name(""), None);
        assert_eq!(name(&"%C3%A4".repeat(500)).map(|text| text.chars().count()), Some(TEXT));
    }

    #[test]
    fn the_same_device_twice_is_one() {
        let one = found("", "onvif://www.onvif.org/name/Gate").expect("a camera");
        let mut again = Device { endpoint: "urn:uuid:y".into(), ..one.clone() };
        assert!(one.is_same(&again), "a device that makes up a new name for every answer");
        again.name = Some("Yard".into());
        assert!(!one.is_same(&again), "two behind one address");
        again.address = IpAddr::from([192, 168, 1, 21]);
        again.name.clone_from(&one.name);
        assert!(!one.is_same(&again));
    }

    proptest! {
        #[test]
        fn whatever_it_says_is_short_and_visible(types in ".{0,60}", scopes in "(onvif://www.onvif.org/(name|hardware|location|mfr)/(\\PC|%[0-9a-f]{2}|[\u{0}-\u{1f}]){0,90} ?){0,4}") {
            if let Some(device) = found(&types, &scopes) {
                for text in [device.name, device.manufacturer, device.model, device.location].into_iter().flatten() {
                    prop_assert!(!text.trim().is_empty() && text.chars().count() <= TEXT, "{text:?}");
                    prop_assert!(!text.chars().any(|c| c.is_control() || is_invisible(c) || matches!(c, '<' | '>')), "{text:?}");
                }
            }
        }
    }
}
