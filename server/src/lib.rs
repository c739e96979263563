//! The server: HTTP routes, server-rendered pages, services, database, configuration and the command line.
//!
//! [`router::app`] turns an [`state::AppState`] into a router, so tests run the whole server in their own process. What does not
//! belong here: bytes of media and protocols of cameras (crate `media`), pages and components (crate `app`), schema history (`migrations`).

pub mod bucket;
pub mod certificates;
pub mod cli;
pub mod config;
pub mod db;
pub mod description;
pub mod entities;
pub mod error;
pub mod extract;
pub mod guard;
mod keep;
pub mod listen;
pub mod logging;
pub mod middleware;
pub mod moment;
pub mod pages;
pub mod people;
pub mod router;
pub mod routes;
pub mod secrets;
pub mod services;
pub mod site;
pub mod state;
pub mod tunables;
pub mod typed;
