//! Every fault of a camera by itself, met by a whole server with viewers on it: how it is told, that it is got over, and that nobody
//! else notices.
//!
//! All faults of a table run at the same time in one server, one camera each. Their times are printed, never judged: the bounds are proved
//! in simulated time by the policy's own tests, and measured by `scripts/bench faults`. Only the ten seconds in which twenty cameras are
//! back at once are a limit here.

mod accounts;
mod bystanders;
mod harness;
mod table;
