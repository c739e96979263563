//! Rows as typed values, one file per table. No rules about what the values may be: those are in the services.

pub mod audit;
pub mod camera;
pub mod credential;
pub mod grant;
pub mod incident;
pub mod link;
pub mod recording;
pub mod recording_file;
pub mod recovery_step;
pub mod session;
pub mod setting;
pub mod stream_slot;
pub mod token;
pub mod user;
