//! The JSON of the outside contract (`/api/v1`), shared by server and browser. Times are RFC 3339 UTC strings.

pub mod admin;
pub mod camera;
pub mod discovery;
pub mod https;
pub mod incident;
pub mod people;
pub mod problem;
pub mod recording;
pub mod recovery;
pub mod settings;
pub mod status;
pub mod system;
pub mod ws;

pub use admin::*;
use camera::present_or_null;
pub use camera::*;
pub use discovery::*;
pub use https::*;
pub use incident::*;
pub use people::*;
pub use problem::Problem;
pub use recording::*;
pub use recovery::*;
pub use settings::*;
pub use status::*;
pub use system::*;
pub use ws::{ClientMessage, LatencyReport, MAX_LATENCIES, ServerMessage, close_code};
