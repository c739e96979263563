//! The pages, by route.

pub mod not_found;
pub mod wall;
