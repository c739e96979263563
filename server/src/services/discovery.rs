//! Finding cameras on the network (WS-Discovery): a question to everybody, and who answers within some seconds.
//!
//! It only finds: what a camera offers is seen when it is added, by the same rules as one whose address was typed. Whoever answers is not
//! trusted in anything; see [`message`] and [`collector`] for the bounds.

mod collector;
mod device;
mod message;
mod network;

use crate::config::Current;
use crate::error::{AppError, AppResult};
use app::model::{Camera, DiscoveryReport, FoundDevice};
use collector::Collector;
pub use device::Device;
use futures::future::{join, join_all};
use message::{Probe, Wanted};
pub use network::{host, own_addresses};
use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::{Host, Url};

/// When the questions are asked, after the first time: datagrams get lost, and devices that sleep miss the first one.
const AGAIN_AFTER: [Duration; 2] = [Duration::from_millis(300), Duration::from_millis(700)];
/// Largest datagram.
const DATAGRAM: usize = 64 << 10;
/// Errors in a row after which a socket is no longer read.
const ERRORS: usize = 16;

/// How it is searched.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// Whom the questions go to in every network.
    pub group: SocketAddrV4,
    /// How long answers are waited for, from the first question.
    pub wait: Duration,
}

impl Default for Terms {
    fn default() -> Self {
        Self { group: network::GROUP, wait: Duration::from_secs(3) }
    }
}

/// What a search found.
#[derive(Debug, PartialEq, Eq)]
pub struct Found {
    /// By address.
    pub devices: Vec<Device>,
    /// The own addresses from which questions went out.
    pub from: BTreeSet<Ipv4Addr>,
}

/// Nothing could be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct NoNetwork;

type Outcome = Result<Arc<Found>, NoNetwork>;

/// Searches, one at a time: who asks meanwhile gets what that one finds. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Discovery {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    terms: Terms,
    settings: Current,
    tasks: TaskTracker,
    stopping: CancellationToken,
    /// The newest search; None inside while it runs.
    newest: Mutex<Option<watch::Receiver<Option<Outcome>>>>,
}

impl Discovery {
    pub fn new(terms: Terms, settings: Current, tasks: TaskTracker, stopping: CancellationToken) -> Self {
        Self { inner: Arc::new(Inner { terms, settings, tasks, stopping, newest: Mutex::default() }) }
    }

    /// The cameras that answer now.
    ///
    /// # Errors
    /// 503 where there is no network to search, and while the server stops.
    pub async fn search(&self) -> AppResult<Arc<Found>> {
        let mut answer = self.running();
        // The task ends without an answer when the server stops.
        let outcome = answer.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
        match outcome {
            Some(Ok(found)) => Ok(found),
            Some(Err(NoNetwork)) => Err(AppError::unavailable(
                "no_network",
                "There is no network that the server could search. Check its network connection, or add the camera by its address.",
                30,
            )),
            None => Err(AppError::unavailable("stopping", "The server is stopping. Search again in a moment.", 5)),
        }
    }

    /// The search that runs, or a new one.
    fn running(&self) -> watch::Receiver<Option<Outcome>> {
        // A receiver is stored at once: a panic elsewhere leaves nothing half done.
        let mut newest = self.inner.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = newest.as_ref().filter(|search| search.borrow().is_none() && search.has_changed().is_ok()) {
            return running.clone();
        }
        let (answer, receiver) = watch::channel(None);
        let inner = Arc::clone(&self.inner);
        self.inner.tasks.spawn(async move {
            let stopping = inner.stopping.clone();
            if let Some(outcome) = stopping.run_until_cancelled(inner.search()).await {
                answer.send_replace(Some(outcome.map(Arc::new)));
            }
        });
        *newest = Some(receiver.clone());
        receiver
    }
}

/// A socket, and whom it asks.
struct Way {
    own: Ipv4Addr,
    socket: UdpSocket,
    targets: Vec<SocketAddrV4>,
}

impl Inner {
    async fn search(&self) -> Result<Found, NoNetwork> {
        let ways = self.ways();
        let probes = [Probe::new(Wanted::Cameras), Probe::new(Wanted::Anything)];
        let collector = Mutex::new(Collector::new(probes.iter().map(|probe| probe.id.clone()).collect()));
        let asked = Mutex::new(BTreeSet::new());
        let listening = join_all(ways.iter().map(|way| listen(&way.socket, &collector)));
        // The listeners have no end of their own.
        let _ = tokio::time::timeout(self.terms.wait, join(ask(&ways, &probes, &asked), listening)).await;
        let mut from = asked.into_inner().unwrap_or_else(PoisonError::into_inner);
        if from.is_empty() {
            return Err(NoNetwork);
        }
        from.remove(&Ipv4Addr::UNSPECIFIED);
        let devices = collector.into_inner().unwrap_or_else(PoisonError::into_inner).into_devices();
        tracing::info!(devices = devices.len(), networks = from.len(), "the network was searched for cameras");
        Ok(Found { devices, from })
    }

    /// One for every network, and one for the hosts that are asked by their addresses.
    fn ways(&self) -> Vec<Way> {
        let settings = self.settings.get();
        let mut wanted: Vec<(Ipv4Addr, Vec<SocketAddrV4>)> =
            own_addresses(&settings.discovery_interfaces).into_iter().map(|own| (own, vec![self.terms.group])).collect();
        let hosts: Vec<SocketAddrV4> = settings.discovery_hosts.iter().filter_map(|text| host(text)).collect();
        if !hosts.is_empty() {
            wanted.push((Ipv4Addr::UNSPECIFIED, hosts));
        }
        let open = |(own, targets)| match network::socket(own) {
            Ok(socket) => Some(Way { own, socket, targets }),
            Err(error) => {
                tracing::info!(%error, address = %own, "a network cannot be searched");
                None
            }
        };
        wanted.into_iter().filter_map(open).collect()
    }
}

/// Asks on every way, several times. `asked`: the ways on which a question went out.
async fn ask(ways: &[Way], probes: &[Probe], asked: &Mutex<BTreeSet<Ipv4Addr>>) {
    let mut pauses = AGAIN_AFTER.into_iter();
    loop {
        for way in ways {
            for target in &way.targets {
                for probe in probes {
                    match way.socket.send_to(probe.text.as_bytes(), target).await {
                        Ok(_) => drop(asked.lock().unwrap_or_else(PoisonError::into_inner).insert(way.own)),
                        Err(error) => tracing::debug!(%error, own = %way.own, %target, "a question did not go out"),
                    }
                }
            }
        }
        let Some(pause) = pauses.next() else { return };
        tokio::time::sleep(pause).await;
    }
}

/// Hears until it is dropped.
async fn listen(socket: &UdpSocket, collector: &Mutex<Collector>) {
    let mut buffer = vec![0; DATAGRAM];
    let mut errors = 0;
    while errors < ERRORS {
        match socket.recv_from(&mut buffer).await {
            Ok((length, from)) => {
                errors = 0;
                let datagram = buffer.get(..length).unwrap_or_default();
                collector.lock().unwrap_or_else(PoisonError::into_inner).take(from.ip(), datagram);
            }
            Err(error) => {
                errors += 1;
                tracing::debug!(%error, "answers cannot be heard");
            }
        }
    }
}

/// What was found, for somebody who sees these cameras.
pub fn report(found: &Found, cameras: &[Camera]) -> DiscoveryReport {
    let known: Vec<(IpAddr, i64)> = cameras
        .iter()
        .flat_map(|camera| [&camera.sources.main, &camera.sources.sub].into_iter().flatten().map(|source| (camera.id, &source.url)))
        .filter_map(|(id, url)| Some((address_in(url)?, id)))
        .collect();
    let device = |device: &Device| FoundDevice {
        address: device.address.to_string(),
        name: device.name.clone(),
        manufacturer: device.manufacturer.clone(),
        model: device.model.clone(),
        location: device.location.clone(),
        camera_id: known.iter().find(|(address, _)| *address == device.address).map(|(_, id)| *id),
    };
    DiscoveryReport {
        devices: found.devices.iter().map(device).collect(),
        searched_from: found.from.iter().map(ToString::to_string).collect(),
    }
}

fn address_in(url: &str) -> Option<IpAddr> {
    let url = Url::parse(url).ok()?;
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        // Schemes that the parser does not know have no addresses for it, only names.
        Host::Domain(name) => name.parse().ok(),
    }
}

#[cfg(test)]
mod tests;
