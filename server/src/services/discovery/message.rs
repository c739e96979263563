//! The messages of WS-Discovery (SOAP over UDP): the question, and what is read of answers. Pure.
//!
//! Answers come from whoever is on the network: no document type, no entities but XML's own five, bounded depth and number of matches.
//! Elements are told by their local names, because devices differ in prefixes and in the version of the namespace.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Nested elements. A ProbeMatch has six.
const DEPTH: usize = 32;
/// Devices in one answer.
const MATCHES: usize = 16;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// ONVIF's NetworkVideoTransmitter.
    Cameras,
    /// Whatever is there. Many recorders answer only to this.
    Anything,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Probe {
    /// By which answers are recognised: a UUID.
    pub id: String,
    pub text: String,
}

impl Probe {
    pub fn new(wanted: Wanted) -> Self {
        let id = uuid(rand::random());
        let types = match wanted {
            Wanted::Cameras => "<d:Types>dn:NetworkVideoTransmitter</d:Types>",
            Wanted::Anything => "",
        };
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\" xmlns:w=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
             xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\">\
             <e:Header><w:MessageID>urn:uuid:{id}</w:MessageID>\
             <w:To e:mustUnderstand=\"true\">urn:schemas-xmlsoap-org:ws:2005:04:discovery</w:To>\
             <w:Action e:mustUnderstand=\"true\">http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</w:Action></e:Header>\
             <e:Body><d:Probe>{types}</d:Probe></e:Body></e:Envelope>"
        );
        Self { id, text }
    }
}

/// A random UUID (version 4) of these bits.
fn uuid(bits: u128) -> String {
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// A device in an answer, in its own words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Match {
    /// Its name for itself, mostly a UUID.
    pub endpoint: String,
    /// Qualified names, separated by white space.
    pub types: String,
    /// URIs, separated by white space.
    pub scopes: String,
}

/// An answer to a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    /// The question that it claims to be for.
    pub relates_to: String,
    pub matches: Vec<Match>,
}

impl Answer {
    /// Whether it is for one of these questions. Devices write `uuid:`, `urn:uuid:` or nothing before it.
    pub fn is_for<'a>(&self, mut ids: impl Iterator<Item = &'a str>) -> bool {
        let named = self.relates_to.trim();
        let named = named.rsplit_once(':').map_or(named, |(_, id)| id);
        ids.any(|id| id.eq_ignore_ascii_case(named))
    }

    /// Reads a datagram. None: it is no answer that can be read.
    pub fn read(datagram: &[u8]) -> Option<Self> {
        // Some devices write names in the encoding of their country; the rest of their answer is good all the same.
        let text = String::from_utf8_lossy(datagram);
        let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}').trim_matches(['\0', ' ', '\r', '\n']));
        // A bare & in a scope is common.
        reader.config_mut().allow_dangling_amp = true;
        let mut open: Vec<String> = Vec::new();
        let mut answer = Self::default();
        let mut device = None::<Match>;
        loop {
            match reader.read_event().ok()? {
                Event::Start(element) => {
                    if open.len() == DEPTH {
                        return None;
                    }
                    let name = element.local_name().into_inner().to_owned();
                    if name == "ProbeMatch" {
                        device = Some(Match::default());
                    }
                    open.push(name);
                }
                Event::End(_) => {
                    if open.pop().as_deref() == Some("ProbeMatch")
                        && let Some(device) = device.take()
                        && answer.matches.len() < MATCHES
                    {
                        answer.matches.push(device);
                    }
                }
                Event::Text(text) => push(&open, &mut answer, device.as_mut(), &text.xml10_content()),
                Event::CData(text) => push(&open, &mut answer, device.as_mut(), &text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let mut buffer = [0; 4];
                    let character = reference.resolve_char_ref().ok().flatten().map(|c| &*c.encode_utf8(&mut buffer));
                    if let Some(text) = character.or_else(|| resolve_predefined_entity(&reference)) {
                        push(&open, &mut answer, device.as_mut(), text);
                    }
                }
                // Nothing that a device has to say needs one, and attacks do.
                Event::DocType(_) => return None,
                Event::Eof => return open.is_empty().then_some(answer),
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }
}

/// Adds text to what the open elements say that it is.
fn push(open: &[String], answer: &mut Answer, device: Option<&mut Match>, text: &str) {
    let mut inwards = open.iter().rev().map(String::as_str);
    let place = match (inwards.next(), inwards.next(), device) {
        (Some("RelatesTo"), Some("Header"), _) => &mut answer.relates_to,
        (Some("Address"), Some("EndpointReference"), Some(device)) => &mut device.endpoint,
        (Some("Types"), _, Some(device)) => &mut device.types,
        (Some("Scopes"), _, Some(device)) => &mut device.scopes,
        _ => return,
    };
    place.push_str(text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEAD: &str = "<?xml version=\"1.0\"?><SOAP-ENV:Envelope xmlns:SOAP-ENV=\"http://www.w3.org/2003/05/soap-envelope\"><SOAP-ENV:Header>\
                        <wsa:RelatesTo>urn:uuid:AB-1</wsa:RelatesTo></SOAP-ENV:Header><SOAP-ENV:Body><d:ProbeMatches>";
    const FOOT: &str = "</d:ProbeMatches></SOAP-ENV:Body></SOAP-ENV:Envelope>";

    fn device(inner: &str) -> String {
        format!("<d:ProbeMatch>{inner}</d:ProbeMatch>")
    }

    fn read(inner: &str) -> Option<Answer> {
        Answer::read(format!("{HEAD}{inner}{FOOT}").as_bytes())
    }

    #[test]
    fn an_answer_is_read() {
        let inner = "<wsa:EndpointReference><wsa:Address>urn:uuid:cam</wsa:Address></wsa:EndpointReference>\
                     <d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>\
                     <d:Scopes>\n onvif://www.onvif.org/name/Front%20door onvif://x/a&amp;b&#45;c </d:Scopes>\
                     <d:XAddrs>http://192.168.1.9/onvif/device_service</d:XAddrs>";
        let answer = read(&device(inner)).expect("readable");
        assert!(answer.is_for(["ab-1"].into_iter()) && !answer.is_for(["ab-2"].into_iter()));
        assert_eq!(answer.matches[0].endpoint, "urn:uuid:cam");
        assert_eq!(answer.matches[0].types, "dn:NetworkVideoTransmitter tds:Device");
        assert_eq!(answer.matches[0].scopes.trim(), "onvif://www.onvif.org/name/Front%20door onvif://x/a&b-c");
    }

    #[test]
    fn what_devices_do_wrong_is_forgiven_where_it_does_no_harm() {
        let bare = read(&device("<Scopes>onvif://www.onvif.org/name/A&B</Scopes>")).expect("a bare &");
        assert_eq!(bare.matches[0].scopes, "onvif://www.onvif.org/name/A&B");
        let mut bytes = format!("\u{feff}{HEAD}").into_bytes();
        bytes.extend_from_slice(b"<ProbeMatch><Scopes>caf\xe9</Scopes></ProbeMatch>");
        bytes.extend_from_slice(FOOT.as_bytes());
        bytes.extend_from_slice(b"\r\n\0\0");
        assert_eq!(Answer::read(&bytes).expect("readable").matches[0].scopes, "caf\u{fffd}");
    }

    #[test]
    fn hostile_answers_are_none() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
        assert_eq!(Answer::read(format!("{bomb}{HEAD}{}{FOOT}", device("<Scopes>&b;</Scopes>")).as_bytes()), None);
        let unknown = read(&device("<Scopes>a&b;c</Scopes>")).expect("without what it does not know");
        assert_eq!(unknown.matches[0].scopes, "ac");
        assert_eq!(read(&"<a>".repeat(40)), None);
        assert_eq!(read("<a></b>"), None);
        assert_eq!(Answer::read(b"<a>"), None, "cut off");
        let many = read(&device("<Types>x</Types>").repeat(500)).expect("readable");
        assert_eq!(many.matches.len(), MATCHES);
        let misplaced = Answer::read(b"<a><RelatesTo>ab-1</RelatesTo><Types>x</Types></a>").expect("readable");
        assert_eq!(misplaced, Answer::default());
    }

    #[test]
    fn every_question_has_an_id_of_its_own() {
        let (one, two) = (Probe::new(Wanted::Cameras), Probe::new(Wanted::Anything));
        assert_ne!(one.id, two.id);
        assert!(one.text.contains(&format!("urn:uuid:{}", one.id)) && one.text.contains("NetworkVideoTransmitter"));
        assert!(!two.text.contains("Types"));
        assert_eq!(uuid(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(uuid(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
    }

    proptest! {
        #[test]
        fn nothing_that_comes_in_breaks_it(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
            let _ = Answer::read(&bytes);
        }

        #[test]
        fn pieces_of_xml_do_not_break_it(
            pieces in proptest::collection::vec(
                prop_oneof![
                    Just("<ProbeMatch>"), Just("</ProbeMatch>"), Just("<Scopes>"), Just("</Scopes>"), Just("<Types/>"), Just("<![CDATA["),
                    Just("]]>"), Just("&amp;"), Just("&#x0;"), Just("&#99999999;"), Just("&"), Just("<!--"), Just("-->"), Just("<?x"), Just("?>"),
                    Just("<a b='"), Just("é"), Just(" "), Just("<"), Just(">"), Just("onvif://www.onvif.org/name/%ff%00"), Just("<!DOCTYPE a [")
                ],
                0..60,
            )
        ) {
            let text: String = pieces.concat();
            if let Some(answer) = read(&text) {
                prop_assert!(answer.matches.len() <= MATCHES);
                let length: usize = answer.matches.iter().map(|found| found.scopes.len() + found.types.len() + found.endpoint.len()).sum();
                prop_assert!(length <= text.len(), "nothing grows");
            }
        }
    }
}
