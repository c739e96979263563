//! Parts of the pages of recordings.

pub mod facts;
pub mod links;
pub mod player;
pub mod row;
pub mod share_dialog;
pub mod title;
