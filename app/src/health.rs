//! Whether a tile's picture is alive, and what is done when it is not. Pure: events and times in, actions out; `hooks::health` feeds it.
//!
//! # Who owns what
//!
//! - The **server** owns the camera's session: it notices silence in seconds, reconnects by itself, and says so in the stream's status.
//! - The **player** (`live`, `frontend::players`) owns its connection: it retries what breaks (a closed socket, a refused append) within
//!   seconds and changes the transport when one does not work. It believes what its socket and its decoder say.
//! - The **monitor** here believes neither. It judges by what is on the screen: when the newest picture was presented, and what a small
//!   sample of it looks like. It acts only after seconds of standstill, so it never competes with a player's own retry, and it leaves the
//!   player alone while the cause lies elsewhere:
//!   - the line to the server is cut: the page reconnects, the monitor waits;
//!   - the server says that the camera is away: the player keeps its last picture, and only `recover` is asked for, ever more rarely;
//!   - the camera is switched off or its password was refused: only a person can help.
//! - The **page** ([`storm`]) steps in when most tiles stop at the same moment: that is no camera's fault, and is answered once.
//!
//! # The steps
//!
//! A standstill is a failure. The first few of a minute renew the player's transport; the next ones tear everything down, the video
//! element too, and ask the server to `recover` the stream. Each action is followed by a warm-up and a growing wait. Some time of moving
//! pictures ends the series. A picture that is presented but never changes is renewed once, then only flagged; a black one is only
//! flagged: that is what nights look like.

pub mod log;
pub mod monitor;
pub mod sample;
pub mod settings;
pub mod storm;
pub mod terms;
pub mod window;

pub use log::{Decision, Event, Log};
pub use monitor::Monitor;
pub use sample::{Picture, Sample, Sampler, Verdict};
pub use settings::HealthSettings;
pub use storm::Storm;
pub use terms::{Action, Finding, Outcome, Phase, Probe, Rest, Upstream, View};
