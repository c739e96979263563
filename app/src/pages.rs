//! The pages, by route.

pub mod account;
pub mod audit;
pub mod health;
pub mod https;
pub mod not_found;
pub mod people;
pub mod person;
pub mod recording;
pub mod recordings;
pub mod settings;
pub mod setup;
pub mod sign_in;
pub mod tokens;
pub mod wall;
pub mod welcome;
