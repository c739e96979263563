//! Parts of the health page.

mod row;
pub mod streams;
