//! Parts of pages.

pub mod banner;
pub mod camera_dialog;
pub mod delete_dialog;
pub mod empty;
pub mod header;
pub mod icon;
pub mod layout_menu;
pub mod modal;
pub mod overlay;
pub mod tile;
pub mod tile_menu;
pub mod toasts;
