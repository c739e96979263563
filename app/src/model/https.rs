//! How HTTPS is served.

use serde::{Deserialize, Serialize};

/// Answer of `GET /api/v1/system/https`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HttpsStatus {
    /// `off`, `self_signed`, `files` or `acme`.
    pub mode: String,
    /// Port of HTTPS; null while it is not served.
    pub port: Option<u16>,
    /// Host names and addresses that the certificate in use holds for.
    pub names: Vec<String>,
    pub not_before: Option<String>,
    pub not_after: Option<String>,
    /// SHA-256 of the certificate in use: `AB:CD:…`.
    pub fingerprint: Option<String>,
    /// The certificate in use was made here because the one that is set cannot be used.
    pub stand_in: bool,
    /// The installation's own authority, if the certificate in use is by it: what devices install.
    pub authority: Option<HttpsAuthority>,
    /// What is wrong, in a sentence.
    pub problem: Option<String>,
    /// When a certificate is ordered again after a failure.
    pub next_order_at: Option<String>,
}

/// The authority that was made for this installation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct HttpsAuthority {
    /// SHA-256: devices show it before they install the certificate.
    pub fingerprint: String,
    pub not_after: String,
}
