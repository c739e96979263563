//! What surrounds every request, one job a file. Nothing here knows a route's meaning.

pub mod client;
pub mod headers;
pub mod limits;
pub mod observe;
pub mod origin;
pub mod problems;
pub mod redirect;
