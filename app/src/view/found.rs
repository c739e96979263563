//! What is made of a camera that was found on the network: who made it, where its pictures are likely to be, and whether it is here already.

use crate::model::{Camera, FoundDevice};
use crate::view::form::{Draft, free_name};

/// Makers whose cameras say who made them, and have their pictures at the same place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maker {
    Reolink,
    Dahua,
    Amcrest,
    CpPlus,
    Hikvision,
    Axis,
    Tapo,
}

/// What shows who made a camera, in its words as [`plain`] writes them: a name, or how its models begin. Amcrest and CP Plus sell
/// Dahua's cameras, so they are asked for first.
const SIGNS: [(&str, Maker); 19] = [
    (" reolink", Maker::Reolink),
    (" rlc ", Maker::Reolink),
    (" rln", Maker::Reolink),
    (" amcrest", Maker::Amcrest),
    (" cp plus ", Maker::CpPlus),
    (" cpplus ", Maker::CpPlus),
    (" cp unc ", Maker::CpPlus),
    (" dahua", Maker::Dahua),
    (" ipc hfw", Maker::Dahua),
    (" ipc hdw", Maker::Dahua),
    (" ipc hdbw", Maker::Dahua),
    (" hikvision", Maker::Hikvision),
    (" hilook", Maker::Hikvision),
    (" ds 2cd", Maker::Hikvision),
    (" ds 2de", Maker::Hikvision),
    (" axis ", Maker::Axis),
    (" tapo", Maker::Tapo),
    (" tp link ", Maker::Tapo),
    (" tp ipc ", Maker::Tapo),
];

impl Maker {
    pub fn of(device: &FoundDevice) -> Option<Self> {
        let words = [&device.manufacturer, &device.name, &device.model].map(|text| plain(text.as_deref().unwrap_or_default())).concat();
        SIGNS.iter().find(|(sign, _)| words.contains(sign)).map(|(_, maker)| *maker)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Reolink => "Reolink",
            Self::Dahua => "Dahua",
            Self::Amcrest => "Amcrest",
            Self::CpPlus => "CP Plus",
            Self::Hikvision => "Hikvision",
            Self::Axis => "Axis",
            Self::Tapo => "TP-Link Tapo",
        }
    }

    /// Paths of main and sub as these cameras come out of their box. Axis makes a smaller picture only where it is set up.
    fn paths(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Reolink => ("h264Preview_01_main", Some("h264Preview_01_sub")),
            Self::Dahua | Self::Amcrest | Self::CpPlus => {
                ("cam/realmonitor?channel=1&subtype=0", Some("cam/realmonitor?channel=1&subtype=1"))
            }
            Self::Hikvision => ("Streaming/Channels/101", Some("Streaming/Channels/102")),
            Self::Axis => ("axis-media/media.amp", None),
            Self::Tapo => ("stream1", Some("stream2")),
        }
    }
}

/// Small letters and digits, one space between and around words.
fn plain(text: &str) -> String {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.is_empty() { String::new() } else { format!(" {} ", words.join(" ")) }
}

/// What stands for a device in a list: its name, else its model, else its address.
pub fn title(device: &FoundDevice) -> &str {
    device.name.as_deref().or(device.model.as_deref()).unwrap_or(&device.address)
}

/// What else is known of it, without what its title says already.
pub fn facts(device: &FoundDevice) -> String {
    let title = plain(title(device));
    let maker = device.manufacturer.as_deref().or_else(|| Maker::of(device).map(Maker::label));
    let said = |text: &&str| !title.contains(&plain(text));
    let words = [maker, device.model.as_deref(), device.location.as_deref()].into_iter().flatten().filter(said);
    std::iter::once(device.address.as_str()).chain(words).collect::<Vec<_>>().join(" · ")
}

/// The form for a device: a name that is free, and addresses that are likely.
pub fn draft<'a>(device: &FoundDevice, taken: impl Iterator<Item = &'a str> + Clone) -> Draft {
    let host = if device.address.contains(':') { format!("[{}]", device.address) } else { device.address.clone() };
    let url = |path: &str| format!("rtsp://{host}:554/{path}");
    let (main, sub) = Maker::of(device).map_or(("", None), Maker::paths);
    Draft { name: free_name(title(device), taken), main_url: url(main), sub_url: sub.map(url).unwrap_or_default(), ..Draft::new() }
}

/// The name of the camera that is at this address already.
pub fn known_as<'a>(device: &FoundDevice, cameras: &'a [Camera]) -> Option<&'a str> {
    let is_there = |camera: &&Camera| {
        let sources = [&camera.sources.main, &camera.sources.sub];
        device.camera_id == Some(camera.id) || sources.into_iter().flatten().any(|source| host(&source.url) == Some(&device.address))
    };
    cameras.iter().find(is_there).map(|camera| camera.name.as_str())
}

/// The host in an address, without brackets. None: there is none.
fn host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match authority.strip_prefix('[') {
        Some(inner) => inner.split_once(']').map(|(host, _)| host),
        None => authority.split(':').next().filter(|host| !host.is_empty()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SourceAddress;

    fn device(name: &str, manufacturer: &str, model: &str) -> FoundDevice {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        FoundDevice {
            address: "192.168.1.20".into(),
            name: some(name),
            manufacturer: some(manufacturer),
            model: some(model),
            ..FoundDevice::default()
        }
    }

    fn addresses(name: &str, manufacturer: &str, model: &str) -> (String, String) {
        let draft = draft(&device(name, manufacturer, model), std::iter::empty());
        (draft.main_url, draft.sub_url)
    }

    #[test]
    fn known_makers_have_their_addresses() {
        let at = |main: &str, sub: &str| {
            let url = |path: &str| format!("rtsp://192.168.1.20:554/{path}");
            (url(main), if sub.is_empty() { String::new() } else { url(sub) })
        };
        let reolink = at("h264Preview_01_main", "h264Preview_01_sub");
        let dahua = at("cam/realmonitor?channel=1&subtype=0", "cam/realmonitor?channel=1&subtype=1");
        let hikvision = at("Streaming/Channels/101", "Streaming/Channels/102");
        for (words, expected) in [
            (["Front", "Reolink", ""], &reolink),
            (["IPC-BO", "", "RLC-810A"], &reolink),
            (["Dahua", "", "IPC-HFW2431S"], &dahua),
            (["Amcrest", "", "IP2M-841"], &dahua),
            (["CP-PLUS", "", ""], &dahua),
            (["HIKVISION DS-2CD2043G0", "", "DS-2CD2043G0"], &hikvision),
            (["IP CAMERA", "", "DS-2DE4A425"], &hikvision),
            (["AXIS M1065", "", ""], &at("axis-media/media.amp", "")),
            (["C200", "TP-Link", ""], &at("stream1", "stream2")),
            (["Praxis 3", "", "Door"], &at("", "")),
            (["", "", ""], &at("", "")),
        ] {
            assert_eq!(&addresses(words[0], words[1], words[2]), expected, "{words:?}");
        }
        let six = FoundDevice { address: "fd00::5".into(), ..FoundDevice::default() };
        assert_eq!(draft(&six, std::iter::empty()).main_url, "rtsp://[fd00::5]:554/");
    }

    #[test]
    fn a_draft_has_a_free_name_and_no_login() {
        let draft = draft(&device("Gate", "", ""), ["gate", "Gate 2"].into_iter());
        assert_eq!((&*draft.name, &*draft.username, &*draft.password), ("Gate 3", "", ""));
        assert!(draft.enabled && draft.always_on);
        assert!(super::draft(&device("", "", ""), std::iter::empty()).name == "192.168.1.20");
    }

    #[test]
    fn the_list_says_each_thing_once() {
        assert_eq!(facts(&device("Gate", "Reolink", "RLC-810A")), "192.168.1.20 · Reolink · RLC-810A");
        assert_eq!(facts(&device("HIKVISION DS-2CD2043", "", "DS-2CD2043")), "192.168.1.20");
        assert_eq!(facts(&device("IPC", "", "RLC-810A")), "192.168.1.20 · Reolink · RLC-810A");
        assert_eq!((title(&device("", "", "M1065")), title(&device("", "", ""))), ("M1065", "192.168.1.20"));
    }

    #[test]
    fn a_camera_at_the_same_host_is_known_by_its_name() {
        let camera = |id, name: &str, url: &str| {
            let mut camera: Camera = serde_json::from_value(serde_json::json!({
                "id": id, "name": name, "profile": "generic_rtsp", "enabled": true, "hidden": false, "group": null, "tags": [],
                "sources": {}, "credentials": null, "always_on": true, "overrides": {}, "created_at": "2026-01-01T00:00:00Z"
            }))
            .expect("a camera");
            camera.sources.main = Some(SourceAddress { url: url.to_owned(), transport: Default::default() });
            camera
        };
        let cameras = [camera(1, "Yard", "rtsp://192.168.1.200:554/main"), camera(2, "Gate", "rtsp://192.168.1.20:554/main")];
        let found = device("x", "", "");
        assert_eq!(known_as(&found, &cameras), Some("Gate"));
        assert_eq!(known_as(&found, &cameras[..1]), None);
        assert_eq!(known_as(&FoundDevice { camera_id: Some(1), ..found }, &cameras[..1]), Some("Yard"), "by its name on the network");
        for (url, expected) in [
            ("rtsp://a:b@192.168.1.20/x", Some("192.168.1.20")),
            ("rtsp://[fd00::5]:554/", Some("fd00::5")),
            ("rtsp://", None),
            ("/srv/film.mp4", None),
        ] {
            assert_eq!(host(url), expected, "{url}");
        }
    }
}
