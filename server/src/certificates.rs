//! Certificates for HTTPS: where they come from, which one is served, and what people are told of it.
//!
//! There is always one to serve once [`Certificates::start`] has returned: while the person's own files or the authority by ACME give none, the
//! installation's own stands in. A certificate that cannot be used never replaces one that can.

mod acme;
mod files;
mod own;
mod pair;

use crate::config::{Current, HttpsMode, Settings};
use crate::services::status::rfc3339;
use crate::state::AppState;
use app::model::{HttpsAuthority, HttpsStatus};
use own::{Authority, Names};
pub use pair::{Facts, Pair};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often files and addresses are looked at. A look is a few system calls.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// People are told when a certificate that nobody renews here ends within this time.
const ENDS_SOON: time::Duration = time::Duration::days(14);

/// The certificates of the server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Certificates(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    served: Mutex<Served>,
    challenges: acme::Challenges,
    /// Asks for a look before its time.
    again: Notify,
}

#[derive(Debug, Default)]
struct Served {
    pair: Option<Pair>,
    /// `pair` comes from where the settings say, not from the installation's own authority in its place.
    as_set: bool,
    authority: Option<Authority>,
    problem: Option<String>,
    /// Where HTTPS is served, once it is.
    address: Option<SocketAddr>,
    /// Of the person's files, when they were last read.
    stamps: Option<[Option<files::Stamp>; 2]>,
    acme: Orders,
}

/// How ordering by ACME goes.
#[derive(Debug, Default)]
struct Orders {
    failures: u32,
    /// None: at once.
    next: Option<Instant>,
    next_utc: Option<OffsetDateTime>,
}

impl Certificates {
    /// Nothing is read or made yet.
    pub fn new(data: &Path) -> Self {
        let inner = Inner {
            folder: data.join("certificates"),
            served: Mutex::default(),
            challenges: acme::Challenges::default(),
            again: Notify::new(),
        };
        Self(Arc::new(inner))
    }

    /// How TLS is spoken with these certificates: HTTP/2 where the client can.
    ///
    /// # Errors
    /// The library refuses its own defaults.
    pub fn tls(&self) -> Result<Arc<ServerConfig>, String> {
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Sees to it that there is a certificate, then follows files, addresses and due dates as long as the server runs.
    pub async fn start(&self, state: &AppState) {
        let settings = state.settings.get();
        let this = self.clone();
        // An order by ACME needs the listener, which comes next: only what is decided here.
        let _ = tokio::task::spawn_blocking(move || this.look(&settings, OffsetDateTime::now_utc())).await;
        let this = self.clone();
        let (settings, stopping) = (state.settings.clone(), state.stopping.clone());
        state.tasks.spawn(async move { this.run(settings, stopping).await });
    }

    /// Follows files, addresses and due dates until `stopping`.
    async fn run(&self, settings: Current, stopping: CancellationToken) {
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let asked = tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                () = self.0.again.notified() => true,
                _ = ticks.tick() => false,
            };
            if asked {
                self.lock().acme.next = None;
                self.lock().stamps = None;
            }
            let now = settings.get();
            tokio::select! {
                biased;
                () = stopping.cancelled() => return,
                () = self.renew(&now) => {}
            }
        }
    }

    /// Asks [`Certificates::run`] for a look now, as after a change of the settings.
    pub fn look_again(&self) {
        self.0.again.notify_one();
    }

    /// Brings what is served in line with the settings, the files and the date.
    async fn renew(&self, settings: &Settings) {
        let this = self.clone();
        let copy = settings.clone();
        // A panic in there leaves what is served as it was; the next look tries again.
        let _ = tokio::task::spawn_blocking(move || this.look(&copy, OffsetDateTime::now_utc())).await;
        if settings.https == HttpsMode::Acme {
            self.order(settings).await;
        }
    }

    /// Everything that is decided on this machine.
    fn look(&self, settings: &Settings, now: OffsetDateTime) {
        let found = match settings.https {
            HttpsMode::Off => return,
            HttpsMode::SelfSigned => Err(None),
            HttpsMode::Files => self.look_at_files(settings, now),
            HttpsMode::Acme if self.serves_for_names(settings, now) => Ok(None),
            HttpsMode::Acme => match acme::stored(&self.0.folder, settings) {
                Some(pair) if pair.facts.is_valid_at(now) => Ok(Some(pair)),
                // What is wrong is told by the order that comes next.
                _ => Err(self.lock().problem.clone()),
            },
        };
        match found {
            Ok(new) => {
                let mut served = self.lock();
                if let Some(pair) = new {
                    served.put(pair, true);
                }
                let soon = served.pair.as_ref().is_some_and(|pair| pair.facts.not_after - now < ENDS_SOON);
                if settings.https == HttpsMode::Files {
                    served.problem = soon
                        .then(|| "The certificate in the file ends soon. Put a new one in its place; it is taken up by itself.".to_owned());
                }
            }
            Err(problem) => {
                if let Some(problem) = &problem
                    && self.lock().problem.as_ref() != Some(problem)
                {
                    tracing::error!(problem, "HTTPS: the certificate that is set cannot be used");
                }
                let keep = {
                    let mut served = self.lock();
                    served.problem = problem;
                    served.as_set
                        && settings.https != HttpsMode::SelfSigned
                        && served.pair.as_ref().is_some_and(|pair| pair.facts.is_valid_at(now))
                };
                if !keep {
                    self.serve_own(settings, now);
                }
            }
        }
    }

    fn serves_for_names(&self, settings: &Settings, now: OffsetDateTime) -> bool {
        let served = self.lock();
        served.as_set && served.pair.as_ref().is_some_and(|pair| pair.facts.is_valid_at(now) && acme::is_for_names(pair, settings))
    }

    /// Ok(None): nothing new. The error is for people.
    fn look_at_files(&self, settings: &Settings, now: OffsetDateTime) -> Result<Option<Pair>, Option<String>> {
        let paths = [&settings.certificate_file, &settings.key_file];
        // None after a failure: a broken pair is read again each time, because its other half may follow within the same second.
        let stamps = paths.map(|path| files::stamp(path));
        {
            let served = self.lock();
            if served.stamps == Some(stamps) && served.as_set {
                return Ok(None);
            }
        }
        let read = || {
            let pair = Pair::from_pem(&files::read(paths[0])?, &files::read(paths[1])?)?;
            if pair.facts.is_valid_at(now) { Ok(pair) } else { Err("the certificate has run out or is not valid yet".to_owned()) }
        };
        let outcome: Result<Pair, String> = read();
        self.lock().stamps = outcome.is_ok().then_some(stamps);
        match outcome {
            Ok(pair) => {
                tracing::info!(names = pair.facts.names.join(", "), "HTTPS: the certificate was read from its file");
                Ok(Some(pair))
            }
            Err(reason) => {
                let stand_in = if self.lock().as_set { "the one before it stays in use" } else { "one made here stands in" };
                Err(Some(format!("{BROKEN} {reason}; {stand_in}.")))
            }
        }
    }

    fn serve_own(&self, settings: &Settings, now: OffsetDateTime) {
        match own::provide(&self.0.folder, &Names::of_this_machine(settings), now) {
            Ok((authority, pair)) => {
                let mut served = self.lock();
                served.put(pair, settings.https == HttpsMode::SelfSigned);
                served.authority = Some(authority);
            }
            Err(reason) => {
                tracing::error!(reason, "HTTPS: no certificate could be made");
                self.lock().problem = Some(format!("No certificate could be made: {reason}."));
            }
        }
    }

    /// Orders a certificate if one is due and it is time to ask.
    async fn order(&self, settings: &Settings) {
        let now = OffsetDateTime::now_utc();
        {
            let served = self.lock();
            let holds = |pair: &Pair| !acme::is_due(pair, now) && acme::is_for_names(pair, settings);
            let due = !served.as_set || !served.pair.as_ref().is_some_and(holds);
            if !due || served.acme.next.is_some_and(|next| Instant::now() < next) {
                return;
            }
        }
        match acme::order(&self.0.folder, settings, &self.0.challenges).await {
            Ok(pair) => {
                tracing::info!(names = pair.facts.names.join(", "), "HTTPS: a certificate came by ACME");
                let mut served = self.lock();
                served.put(pair, true);
                served.problem = None;
                served.acme = Orders::default();
            }
            Err(reason) => {
                tracing::error!(reason, "HTTPS: no certificate came by ACME");
                let mut served = self.lock();
                served.problem = Some(format!("No certificate came by ACME: {reason}."));
                served.acme.failures += 1;
                let pause = acme::pause_after(served.acme.failures);
                served.acme.next = Some(Instant::now() + pause);
                served.acme.next_utc = Some(now + pause);
            }
        }
    }

    /// Says where HTTPS is served, or why it is not.
    pub fn listens(&self, address: Result<SocketAddr, String>) {
        let mut served = self.lock();
        match address {
            Ok(address) => served.address = Some(address),
            Err(problem) => served.problem = Some(problem),
        }
    }

    /// Where HTTPS is served.
    pub fn address(&self) -> Option<SocketAddr> {
        self.lock().address
    }

    /// The answer to an ACME challenge that is open now.
    pub fn challenge(&self, token: &str) -> Option<String> {
        self.0.challenges.answer(token)
    }

    /// The installation's own authority (PEM, DER), where it has one in use.
    pub fn authority(&self) -> Option<(String, Vec<u8>)> {
        self.lock().authority.as_ref().map(|authority| (authority.pem.clone(), authority.der.clone()))
    }

    /// Whether a browser that goes to `host` accepts the certificate without having been told of this installation.
    pub fn is_trusted_for(&self, host: &str) -> bool {
        let served = self.lock();
        served.address.is_some()
            && served.as_set
            && served.authority.is_none()
            && served
                .pair
                .as_ref()
                .is_some_and(|pair| !pair.facts.self_issued && pair.facts.covers(host) && pair.facts.is_valid_at(OffsetDateTime::now_utc()))
    }

    /// For people and for the API.
    pub fn status(&self, settings: &Settings) -> HttpsStatus {
        let served = self.lock();
        let utc = |moment: OffsetDateTime| rfc3339(moment.unix_timestamp().saturating_mul(1000));
        let facts = served.pair.as_ref().map(|pair| &pair.facts);
        HttpsStatus {
            mode: settings.https.as_str().to_owned(),
            port: served.address.map(|address| address.port()),
            names: facts.map(|facts| facts.names.clone()).unwrap_or_default(),
            not_before: facts.map(|facts| utc(facts.not_before)),
            not_after: facts.map(|facts| utc(facts.not_after)),
            fingerprint: facts.map(|facts| facts.fingerprint.clone()),
            stand_in: served.pair.is_some() && !served.as_set,
            authority: served.authority.as_ref().map(|authority| HttpsAuthority {
                fingerprint: authority.facts.fingerprint.clone(),
                not_after: utc(authority.facts.not_after),
            }),
            problem: served.problem.clone(),
            next_order_at: served.acme.next_utc.map(utc),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Served> {
        // Nothing is left half done between two statements that could panic.
        self.0.served.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How the problem with a person's own files begins.
const BROKEN: &str = "The certificate files cannot be used:";

impl Served {
    fn put(&mut self, pair: Pair, as_set: bool) {
        if as_set {
            self.authority = None;
        }
        self.pair = Some(pair);
        self.as_set = as_set;
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.lock().pair.as_ref().map(|pair| Arc::clone(&pair.key))
    }
}
