//! An ACME authority (RFC 8555) for tests: it checks nonces, addresses and signatures, fetches proofs over HTTP, and signs what is asked for.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateSigningRequestParams, CertifiedIssuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const TOKEN: &str = "a-token-of-the-authority_0";

pub struct Authority {
    pub directory: String,
    inner: Arc<Inner>,
}

struct Inner {
    base: String,
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// Where the names lead: proofs are fetched there.
    port_80: SocketAddr,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    nonces: HashSet<String>,
    given: u64,
    key: Option<Value>,
    names: Vec<String>,
    proved: Option<Result<(), String>>,
    chain: Option<String>,
    orders: usize,
}

fn ca() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = rcgen::CertificateParams::default();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "A test authority");
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

impl Authority {
    /// Starts one that finds every name at `port_80`; what vouches for its own HTTPS is written to `root`.
    pub async fn start(port_80: SocketAddr, root: &Path) -> Self {
        let issuer = ca();
        std::fs::write(root, issuer.pem()).expect("written");
        let key = KeyPair::generate().expect("a key");
        let own = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name").signed_by(&key, &issuer).expect("signed");
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())))
            .expect("a certificate");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base = format!("https://localhost:{}", listener.local_addr().expect("bound").port());
        let inner = Arc::new(Inner { base: base.clone(), issuer, port_80, state: Mutex::default() });
        let tls = TlsAcceptor::from(Arc::new(config));
        let shared = Arc::clone(&inner);
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let (tls, inner) = (tls.clone(), Arc::clone(&shared));
                tokio::spawn(async move {
                    let Ok(socket) = tls.accept(tcp).await else { return };
                    let service = hyper::service::service_fn(move |request| answer(Arc::clone(&inner), request));
                    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(socket), service).await;
                });
            }
        });
        Self { directory: format!("{base}/directory"), inner }
    }

    pub fn der(&self) -> Vec<u8> {
        self.inner.issuer.der().to_vec()
    }

    /// Orders that were placed.
    pub fn orders(&self) -> usize {
        self.inner.state.lock().expect("whole").orders
    }
}

type Answer = (StatusCode, Value, Option<String>);

async fn answer(inner: Arc<Inner>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, std::convert::Infallible> {
    let path = request.uri().path().to_owned();
    let get = matches!(*request.method(), Method::GET | Method::HEAD);
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let url = |path: &str| format!("{}{path}", inner.base);
    let (status, body, location) = match (get, path.as_str()) {
        (true, "/directory") => {
            let urls = json!({"newNonce": url("/nonce"), "newAccount": url("/account"), "newOrder": url("/order"), "revokeCert": url("/no"), "keyChange": url("/no")});
            (StatusCode::OK, urls, None)
        }
        (true, _) => (StatusCode::OK, Value::Null, None),
        (false, path) => match inner.signed(path, &body) {
            Ok(payload) => inner.act(path, &payload).await,
            Err(kind) => (StatusCode::BAD_REQUEST, json!({"type": format!("urn:ietf:params:acme:error:{kind}"), "detail": kind}), None),
        },
    };
    let nonce = {
        let mut state = inner.state.lock().expect("whole");
        state.given += 1;
        let nonce = format!("nonce-{}", state.given);
        state.nonces.insert(nonce.clone());
        nonce
    };
    let kind = if status.is_success() { "application/json" } else { "application/problem+json" };
    let mut response = Response::builder().status(status).header("replay-nonce", nonce).header("content-type", kind);
    if let Some(location) = location {
        response = response.header("location", location);
    }
    let bytes = match body {
        Value::String(pem) => pem,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Ok(response.body(Full::new(bytes.into())).expect("a response"))
}

fn decode(value: &Value) -> Vec<u8> {
    BASE64.decode(value.as_str().unwrap_or("!")).unwrap_or_default()
}

impl Inner {
    /// The payload of a request whose signature, address and nonce are right.
    fn signed(&self, path: &str, body: &[u8]) -> Result<Value, &'static str> {
        let body: Value = serde_json::from_slice(body).map_err(|_| "malformed")?;
        let protected: Value = serde_json::from_slice(&decode(&body["protected"])).map_err(|_| "malformed")?;
        let mut state = self.state.lock().expect("whole");
        if !protected["nonce"].as_str().is_some_and(|nonce| state.nonces.remove(nonce)) {
            return Err("badNonce");
        }
        if protected["url"] != format!("{}{path}", self.base) {
            return Err("unauthorized");
        }
        let key = match (&protected["jwk"], &protected["kid"]) {
            (Value::Null, Value::String(kid)) if *kid == format!("{}/account/1", self.base) => {
                state.key.clone().ok_or("accountDoesNotExist")?
            }
            (jwk, Value::Null) if path == "/account" => jwk.clone(),
            _ => return Err("unauthorized"),
        };
        let point = [vec![4], decode(&key["x"]), decode(&key["y"])].concat();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let message = format!("{}.{}", text("protected"), text("payload"));
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(message.as_bytes(), &decode(&body["signature"]))
            .map_err(|_| "badSignatureAlgorithm")?;
        if path == "/account" {
            state.key = Some(key);
        }
        Ok(serde_json::from_slice(&decode(&body["payload"])).unwrap_or(Value::Null))
    }

    async fn act(&self, path: &str, payload: &Value) -> Answer {
        let url = |path: &str| format!("{}{path}", self.base);
        let ok = |value: Value| (StatusCode::OK, value, None);
        match path {
            "/account" => {
                (StatusCode::CREATED, json!({"status": "valid", "terms": payload["termsOfServiceAgreed"]}), Some(url("/account/1")))
            }
            "/order" => {
                let mut state = self.state.lock().expect("whole");
                state.orders += 1;
                let identifiers = payload["identifiers"].as_array().cloned().unwrap_or_default();
                state.names = identifiers.iter().filter_map(|one| one["value"].as_str().map(str::to_owned)).collect();
                (state.proved, state.chain) = (None, None);
                drop(state);
                (StatusCode::CREATED, self.order(), Some(url("/order/1")))
            }
            "/order/1" => ok(self.order()),
            "/authorization/1" => ok(self.authorization()),
            "/challenge/1" => {
                let outcome = self.prove().await;
                self.state.lock().expect("whole").proved = Some(outcome);
                ok(self.challenge())
            }
            "/finalize/1" => {
                let csr = decode(&payload["csr"]).into();
                let certificate =
                    CertificateSigningRequestParams::from_der(&csr).expect("a request").signed_by(&self.issuer).expect("signed");
                self.state.lock().expect("whole").chain = Some(format!("{}{}", certificate.pem(), self.issuer.pem()));
                (StatusCode::OK, self.order(), Some(url("/order/1")))
            }
            "/certificate/1" => ok(Value::String(self.state.lock().expect("whole").chain.clone().unwrap_or_default())),
            _ => (StatusCode::NOT_FOUND, json!({"type": "urn:ietf:params:acme:error:malformed", "detail": path}), None),
        }
    }

    fn order(&self) -> Value {
        let state = self.state.lock().expect("whole");
        let status = match (&state.proved, &state.chain) {
            (_, Some(_)) => "valid",
            (None, None) => "pending",
            (Some(Ok(())), None) => "ready",
            (Some(Err(_)), None) => "invalid",
        };
        let identifiers: Vec<Value> = state.names.iter().map(|name| json!({"type": "dns", "value": name})).collect();
        let mut order = json!({
            "status": status,
            "identifiers": identifiers,
            "authorizations": [format!("{}/authorization/1", self.base)],
            "finalize": format!("{}/finalize/1", self.base),
        });
        if state.chain.is_some() {
            order["certificate"] = format!("{}/certificate/1", self.base).into();
        }
        order
    }

    fn authorization(&self) -> Value {
        let challenge = self.challenge();
        let name = self.state.lock().expect("whole").names.first().cloned();
        json!({"identifier": {"type": "dns", "value": name}, "status": challenge["status"], "challenges": [challenge]})
    }

    fn challenge(&self) -> Value {
        let proved = self.state.lock().expect("whole").proved.clone();
        let mut challenge = json!({"type": "http-01", "url": format!("{}/challenge/1", self.base), "token": TOKEN});
        match proved {
            None => challenge["status"] = "pending".into(),
            Some(Ok(())) => challenge["status"] = "valid".into(),
            Some(Err(reason)) => {
                challenge["status"] = "invalid".into();
                challenge["error"] = json!({"type": "urn:ietf:params:acme:error:unauthorized", "detail": reason});
            }
        }
        challenge
    }

    /// Fetches the proof as from port 80 of the name.
    async fn prove(&self) -> Result<(), String> {
        let (name, key) = {
            let state = self.state.lock().expect("whole");
            (state.names.first().cloned().unwrap_or_default(), state.key.clone().unwrap_or_default())
        };
        let mut socket = TcpStream::connect(self.port_80).await.map_err(|error| format!("connection refused: {error}"))?;
        let request = format!("GET /.well-known/acme-challenge/{TOKEN} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n");
        socket.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
        let mut text = String::new();
        socket.read_to_string(&mut text).await.map_err(|error| error.to_string())?;
        let canonical = format!(r#"{{"crv":{},"kty":{},"x":{},"y":{}}}"#, key["crv"], key["kty"], key["x"], key["y"]);
        let expected = format!("{TOKEN}.{}", BASE64.encode(Sha256::digest(canonical)));
        let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        if text.starts_with("HTTP/1.1 200") && body == expected {
            Ok(())
        } else {
            Err("the proof is not the one that was expected".to_owned())
        }
    }
}
