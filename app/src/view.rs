//! What the pages show, as plain functions of what is known: no signals, no browser, tested natively.

pub mod address;
pub mod audit;
pub mod face;
pub mod figures;
pub mod flag;
pub mod form;
pub mod found;
pub mod grants;
pub mod history;
pub mod layout;
pub mod number;
pub mod password;
pub mod recordings;
pub mod search;
pub mod setting;
pub mod spark;
pub mod streams;
pub mod time;
