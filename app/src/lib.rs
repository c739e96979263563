//! Pages, components, the models that server and browser share, and pure UI logic. Compiles natively and to WebAssembly.
//!
//! What does not belong here: sockets, SQL, browser-only handles outside the hook files.

mod app;
pub mod assets;
pub mod backend;
mod components;
pub mod health;
mod hooks;
mod lazy;
pub mod live;
pub mod model;
mod pages;
pub mod shell;
mod state;
pub mod text;
pub mod view;

pub use app::App;
pub use lazy::{NotLoaded, prepare};
pub use shell::shell;
