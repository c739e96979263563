//! What the server does, apart from how it is asked: one service per noun. No HTTP types here except through [`crate::error::AppError`].

pub mod address;
pub mod cameras;
pub mod diagnostics;
pub mod discovery;
pub mod feed;
pub mod incidents;
pub mod installation;
pub mod pictures;
pub mod recordings;
pub mod recovery;
pub mod sequences;
pub mod status;
pub mod storage;
pub mod system;
pub mod webhook;
