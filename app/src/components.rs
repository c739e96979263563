//! Parts of pages.

pub mod admin;
pub mod banner;
pub mod camera_dialog;
pub mod confirm;
pub mod delete_dialog;
pub mod empty;
pub mod entry;
pub mod form;
pub mod header;
pub mod health;
pub mod history;
pub mod icon;
pub mod incident_list;
pub mod layout_menu;
pub mod modal;
pub mod nav;
pub mod overlay;
pub mod page_shell;
pub mod recordings;
pub mod search;
pub mod segments;
pub mod setting_row;
pub mod settings;
pub mod tile;
pub mod tile_menu;
pub mod toasts;
