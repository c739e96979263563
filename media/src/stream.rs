//! One supervised stream per [`crate::StreamKey`]: its long task, its status, and the fan-out of its chunks.

pub mod hub;
pub mod policy;
pub mod registry;
pub mod status;
pub mod supervisor;
