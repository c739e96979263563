//! A device that answers searches (WS-Discovery): well, wrongly, or with malice.
//!
//! It hears at an address of its own rather than in the multicast group, so that tests that run side by side don't hear each other.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::net::UdpSocket;
use tokio_util::sync::{CancellationToken, DropGuard};

/// What a device says of itself, and how.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Announcement {
    /// Percent-encoded into scopes, as the next three. Empty ones are left out.
    pub name: String,
    pub manufacturer: String,
    pub model: String,
    pub location: String,
    /// What it claims to be its service's address; not looked at by a client that knows cameras.
    pub xaddrs: String,
    pub manner: Manner,
}

/// How a device answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Manner {
    /// As it should.
    #[default]
    Well,
    /// Only to the question for anything, as many recorders do.
    OnlyToAnything,
    /// As the answer to a question that nobody asked.
    ToAnother,
    /// Bytes that are no XML, and XML that is no answer.
    Garbage,
    /// With a document type whose entities grow.
    EntityBomb,
    /// With so many devices that they fill every list.
    Flood,
    /// As a printer does.
    Printer,
}

/// A running responder. Dropping it ends it.
#[derive(Debug)]
pub struct Responder {
    address: SocketAddr,
    questions: Arc<Mutex<BTreeSet<String>>>,
    _end: DropGuard,
}

impl Responder {
    /// Answers for all of these at `listen`; port 0 takes a free one.
    ///
    /// # Errors
    /// The address can't be had.
    pub async fn start(listen: SocketAddr, devices: Vec<Announcement>) -> Result<Self> {
        let socket = UdpSocket::bind(listen).await.with_context(|| format!("discovery on {listen}"))?;
        let address = socket.local_addr()?;
        let (questions, end) = (Arc::<Mutex<BTreeSet<String>>>::default(), CancellationToken::new());
        let (asked, ended) = (Arc::clone(&questions), end.clone());
        tokio::spawn(async move {
            let answering = async {
                let mut buffer = vec![0; 64 << 10];
                loop {
                    let Ok((length, from)) = socket.recv_from(&mut buffer).await else { continue };
                    let question = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let Some(id) = between(&question, "MessageID>", "<") else { continue };
                    asked.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned());
                    for datagram in devices.iter().enumerate().flat_map(|(number, device)| device.answers(number, &question, id)) {
                        // Whoever asked may be gone.
                        let _ = socket.send_to(&datagram, from).await;
                        // As on a wire: without room between them, whoever asked hears nobody else, which no program can help.
                        tokio::time::sleep(Duration::from_millis(1)).await;
                    }
                }
            };
            ended.run_until_cancelled(answering).await
        });
        Ok(Self { address, questions, _end: end.drop_guard() })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many different questions were asked; the same one sent again counts once.
    pub fn questions(&self) -> usize {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(inner, _)| inner)
}

impl Announcement {
    fn answers(&self, number: usize, question: &str, id: &str) -> Vec<Vec<u8>> {
        let own = self.device(&format!("urn:uuid:00000000-0000-0000-0000-{number:012}"), &self.name);
        match self.manner {
            Manner::OnlyToAnything if question.contains("Types>") => Vec::new(),
            Manner::Well | Manner::OnlyToAnything => vec![envelope("", id, &own)],
            Manner::ToAnother => vec![envelope("", "urn:uuid:11111111-2222-4333-8444-555555555555", &own)],
            Manner::Garbage => vec![
                (0..=255).cycle().take(60_000).collect(),
                b"<a/>".to_vec(),
                Vec::new(),
                format!("{}{own}", "<a>".repeat(10_000)).into_bytes(),
                own.clone().into_bytes(),
                envelope("", id, &own[..own.len() / 2]),
            ],
            Manner::EntityBomb => {
                let grow: String =
                    (1..12).map(|level| format!("<!ENTITY e{level} \"{}\">", format!("&e{};", level - 1).repeat(10))).collect();
                let bomb = format!("<!DOCTYPE x [<!ENTITY e0 \"aaaaaaaaaa\">{grow}]>");
                vec![envelope(&bomb, id, &self.device("urn:uuid:bomb", "&e11;"))]
            }
            Manner::Flood => {
                let device = |number| self.device(&format!("urn:uuid:flood-{number}"), &format!("{} {number}", self.name));
                (0..100).map(|page| envelope("", id, &(page * 40..page * 40 + 40).map(device).collect::<String>())).collect()
            }
            Manner::Printer => {
                let device = "<d:ProbeMatch><d:Types>wsdp:Device wprt:PrintDeviceType</d:Types><d:Scopes>http://example.org/printer</d:Scopes></d:ProbeMatch>";
                vec![envelope("", id, device)]
            }
        }
    }

    fn device(&self, endpoint: &str, name: &str) -> String {
        let scope = |kind: &str, value: &str| match value {
            "" => String::new(),
            value if value.starts_with('&') => format!("onvif://www.onvif.org/{kind}/{value} "),
            value => format!("onvif://www.onvif.org/{kind}/{} ", encoded(value)),
        };
        format!(
            "<d:ProbeMatch><a:EndpointReference><a:Address>{endpoint}</a:Address></a:EndpointReference>\
             <d:Types>dn:NetworkVideoTransmitter tds:Device</d:Types>\
             <d:Scopes>onvif://www.onvif.org/type/video_encoder {}{}{}{}</d:Scopes>\
             <d:XAddrs>{}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch>",
            scope("name", name),
            scope("manufacturer", &self.manufacturer),
            scope("hardware", &self.model),
            scope("location", &self.location),
            self.xaddrs,
        )
    }
}

fn encoded(value: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    value.bytes().map(|byte| if plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn envelope(before: &str, relates_to: &str, devices: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>{before}<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" xmlns:d=\"http://schemas.xmlsoap.org/ws/2005/04/discovery\" \
         xmlns:dn=\"http://www.onvif.org/ver10/network/wsdl\"><s:Header><a:RelatesTo>{relates_to}</a:RelatesTo></s:Header>\
         <s:Body><d:ProbeMatches>{devices}</d:ProbeMatches></s:Body></s:Envelope>"
    )
    .into_bytes()
}
