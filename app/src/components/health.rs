//! Parts of the health page.

pub mod feed;
pub mod figures;
mod line;
mod row;
pub mod streams;
