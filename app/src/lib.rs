//! Pages, components, the models that server and browser share, and pure UI logic. Compiles natively and to WebAssembly.
//!
//! What does not belong here: sockets, SQL, browser-only handles outside the hook files.

pub mod live;
pub mod model;
