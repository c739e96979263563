//! Cameras that answered a search on the network.

use serde::{Deserialize, Serialize};

/// A device as it describes itself. Only its address is certain: it answered from there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct FoundDevice {
    /// IP address.
    pub address: String,
    /// At most 60 characters, as the other texts.
    pub name: Option<String>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    /// Where it says that it is.
    pub location: Option<String>,
    /// A camera that is at this address already.
    pub camera_id: Option<i64>,
}

/// What a search found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(utoipa::ToSchema))]
pub struct DiscoveryReport {
    /// At most 256, by address.
    pub devices: Vec<FoundDevice>,
    /// The server's own addresses in the networks that were asked.
    pub searched_from: Vec<String>,
}
