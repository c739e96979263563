//! The devices that answered, with bounds on what anybody may add. Pure.

use super::device::Device;
use super::message::Answer;
use std::collections::HashMap;
use std::net::IpAddr;

/// Devices in all.
pub const DEVICES: usize = 256;
/// Devices behind one address: recorders announce several.
pub const DEVICES_OF_ONE: usize = 8;
/// Datagrams that are read of one sender: each question is asked several times, and may be answered each time.
const DATAGRAMS_OF_ONE: usize = 16;
/// Datagrams that are read in all.
const DATAGRAMS: usize = 4096;

/// Gathers answers to some questions.
#[derive(Debug)]
pub struct Collector {
    questions: Vec<String>,
    devices: Vec<Device>,
    /// Datagrams that were read, by sender.
    heard: HashMap<IpAddr, usize>,
    datagrams: usize,
}

impl Collector {
    /// `questions`: the ids of those that were asked.
    pub fn new(questions: Vec<String>) -> Self {
        Self { questions, devices: Vec::new(), heard: HashMap::new(), datagrams: 0 }
    }

    /// Takes a datagram that came from this address.
    pub fn take(&mut self, from: IpAddr, datagram: &[u8]) {
        // First, so that no more senders are remembered either.
        if self.datagrams == DATAGRAMS {
            return;
        }
        let heard = self.heard.entry(from).or_default();
        if *heard == DATAGRAMS_OF_ONE {
            return;
        }
        *heard += 1;
        self.datagrams += 1;
        let Some(answer) = Answer::read(datagram) else { return };
        if !answer.is_for(self.questions.iter().map(String::as_str)) {
            return;
        }
        for device in answer.matches.iter().filter_map(|found| Device::of(from, found)) {
            self.add(device);
        }
    }

    fn add(&mut self, device: Device) {
        if let Some(known) = self.devices.iter_mut().find(|known| known.is_same(&device)) {
            known.complete(device);
        } else if self.devices.len() < DEVICES
            && self.devices.iter().filter(|known| known.address == device.address).count() < DEVICES_OF_ONE
        {
            self.devices.push(device);
        }
    }

    /// What was found, by address.
    pub fn into_devices(mut self) -> Vec<Device> {
        self.devices.sort_by(|a, b| (a.address, &a.name, &a.endpoint).cmp(&(b.address, &b.name, &b.endpoint)));
        self.devices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(question: &str, endpoint: &str, name: &str) -> Vec<u8> {
        format!(
            "<Envelope><Header><RelatesTo>uuid:{question}</RelatesTo></Header><Body><ProbeMatches><ProbeMatch>\
             <EndpointReference><Address>{endpoint}</Address></EndpointReference>\
             <Scopes>onvif://www.onvif.org/name/{name}</Scopes></ProbeMatch></ProbeMatches></Body></Envelope>"
        )
        .into_bytes()
    }

    fn address(number: u32) -> IpAddr {
        IpAddr::from(std::net::Ipv4Addr::from(0x0a00_0000 + number))
    }

    #[test]
    fn only_answers_to_our_questions_count() {
        let mut collector = Collector::new(vec!["a".into(), "b".into()]);
        collector.take(address(1), &answer("c", "x", "Other"));
        collector.take(address(2), b"nonsense");
        collector.take(address(3), &answer("b", "x", "Gate"));
        let devices = collector.into_devices();
        assert_eq!(devices.iter().map(|device| (device.address, device.name.as_deref())).collect::<Vec<_>>(), [(address(3), Some("Gate"))]);
    }

    #[test]
    fn one_sender_has_few_places_and_leaves_the_rest_to_others() {
        let mut collector = Collector::new(vec!["a".into()]);
        for number in 0..1000 {
            collector.take(address(1), &answer("a", &format!("x{number}"), &format!("Liar{number}")));
        }
        collector.take(address(2), &answer("a", "y", "Gate"));
        let devices = collector.into_devices();
        assert_eq!(devices.len(), DEVICES_OF_ONE + 1);
        assert_eq!(devices.last().and_then(|device| device.name.as_deref()), Some("Gate"));
    }

    #[test]
    fn there_is_an_end_to_all_of_it() {
        let mut collector = Collector::new(vec!["a".into()]);
        for number in 0..20_000 {
            collector.take(address(number), &answer("a", "x", "Liar"));
        }
        assert_eq!((collector.devices.len(), collector.datagrams, collector.heard.len()), (DEVICES, DATAGRAMS, DATAGRAMS));
    }
}
