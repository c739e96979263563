//! Rows as typed values, one file per table. No rules about what the values may be: those are in the services.

pub mod camera;
pub mod credential;
pub mod incident;
pub mod setting;
pub mod stream_slot;
