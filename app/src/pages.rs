//! The pages, by route.

pub mod health;
pub mod https;
pub mod not_found;
pub mod settings;
pub mod wall;
