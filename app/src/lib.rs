//! Pages, components, the models that server and browser share, and pure UI logic. Compiles natively and to WebAssembly.
//!
//! What does not belong here: sockets, SQL, browser-only handles outside the hook files.

mod app;
pub mod assets;
pub mod backend;
pub mod live;
pub mod model;
pub mod shell;
pub mod text;
pub mod view;

pub use app::App;
pub use shell::shell;
